"""`python -m lessons.site`: the course as a book of web pages that need no network, or as one PDF."""

import argparse
import sys
import tempfile
from pathlib import Path

try:
    from lessons.site.build import Site
    from lessons.site.pdf import print_book, write_book
except ModuleNotFoundError as error:
    print(f"minunet: the pages need {error.name}: pip install -e '.[course]'", file=sys.stderr)
    raise SystemExit(2) from None
from lessons.sync import own_folder, pages
from minunet.errors import InputError, exit_status
from minunet.files import whole_file

MARK = ".minunet-site"  # in a folder that this command has made: the list of its files
PDF = Path("minunet-course.pdf")
TITLE = "minunet: the course"  # of the PDF, as in book.html
OPEN = """\
Open it with a double click on index.html, or in a browser as
  {address}
It needs no network and no server. From another machine, or to see it on a phone:
  python -m http.server --directory {folder}
then http://localhost:8000, or that machine's name."""
HELP = """\
How to open it, from a fresh clone: install once (`pip install -e '.[course]'`), run `python -m lessons.site`, and open
site/index.html with a double click. The pages are files in a folder: no network, no server. Take the whole folder if
you copy it. Which pages are done, and dark or light, is kept by your browser on your machine; a browser that keeps it
for each file apart, or not at all for files, keeps it for all pages if they are served:
`python -m http.server --directory site`, then http://localhost:8000. Formulas are drawn by the browser, best with a
font for maths on the system (on Debian: fonts-lmodern)."""


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 written, 2 something is wrong with a page, the folder or the file, or there is no browser."""
    parser = argparse.ArgumentParser(
        prog="python -m lessons.site",
        description="Write the course as a book of web pages, or as one PDF.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--out", type=Path, default=Path("site"), metavar="DIR", help="folder (default: site)")
    parser.add_argument(
        "--pdf", type=Path, nargs="?", const=PDF, metavar="FILE",
        help=f"write no folder, but one PDF of all pages, solutions unfolded (default: {PDF}); needs Chromium",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    if options.pdf is not None:
        return exit_status(lambda: _print(options.pdf))
    return exit_status(lambda: _build(options.out))


def _build(out: Path) -> int:
    place = out.resolve()
    if Path.cwd().is_relative_to(place):  # it would be replaced, and whoever stands in it with it
        raise InputError(f"{out} is where you are: go to the folder above and give --out {place.name}.")
    own_folder(out, MARK)
    _refuse_others(out)
    site = Site(pages())
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=MARK, dir=place.parent) as folder:  # the old site stays until the end
            new = Path(folder, "new")
            new.mkdir()
            site.write(new)
            (new / MARK).write_text("\n".join(sorted(_files(new))), encoding="utf-8")
            _refuse_others(out)  # that have come meanwhile
            if place.exists():
                place.rename(Path(folder, "old"))
            new.rename(place)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error}.") from error
    print(f"{len(site.book)} pages, {_lessons(site)} of them lessons, in {out}.")
    print(OPEN.format(address=(place / "index.html").as_uri(), folder=out))
    return 0


def _refuse_others(out: Path) -> None:
    """Raise InputError if the folder of an earlier site holds what this command has not written: it would be lost."""
    if out.is_dir() and any(out.iterdir()):
        known = {MARK, *(out / MARK).read_text(encoding="utf-8").splitlines()}
        if others := sorted(_files(out) - known):
            raise InputError(f"{out} holds more than an earlier site, {others[0]}. Choose another folder, or move it.")


def _files(folder: Path) -> set[str]:
    """The files in a folder and its folders, and links, as paths within it."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}


def _print(file: Path) -> int:
    if file.is_dir():
        raise InputError(f"{file} is a folder; --pdf takes the name of a file.")
    there = file.read_bytes() if file.exists() else b""
    if there and (TITLE.encode() not in there or there.count(b"%%EOF") != 1):  # or somebody has written notes into it
        raise InputError(f"{file} is there already, and no book of this course, or was changed. Choose another name.")
    if not file.resolve().parent.is_dir():
        raise InputError(f"There is no folder {file.resolve().parent} for the PDF.")
    site = Site(pages())
    with tempfile.TemporaryDirectory() as folder:
        printed = print_book(write_book(site.book, Path(folder)))
    with whole_file(file, "wb") as stream:
        stream.write(printed)
    print(f"{len(site.book)} pages of the course, {_lessons(site)} of them lessons, in {file}")
    return 0


def _lessons(site: Site) -> int:
    return sum(entry.name[0].isdigit() for entry in site.book)


if __name__ == "__main__":
    sys.exit(main())
