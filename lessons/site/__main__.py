"""`python -m lessons.site`: the course as web pages that need no network, code beside the prose."""

import argparse
import html
import json
import os
import shutil
import sys
from pathlib import Path

try:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import TextLexer, get_lexer_for_filename
    from pygments.util import ClassNotFound

    from lessons.site.markdown import Page, read_page
except ModuleNotFoundError as error:
    print(f"minunet: the pages need {error.name}: pip install -e '.[course]'", file=sys.stderr)
    raise SystemExit(2) from None
from lessons.sync import LESSONS, ROOT, pages
from minunet.errors import InputError, exit_status

HERE = Path(__file__).parent
SHOWN = {".py", ".cu", ".md", ".sh", ".json", ".txt"}  # files that a folder's page leads to
MARK = ".minunet-site"  # in a folder that this command has made, and may empty


class Site:
    """The pages, and every file of the project that they link to, as a page of its own."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.sources: dict[Path, str] = {}  # file of the project -> page of the site
        self.page = Path()  # the one that is being read

    def build(self) -> int:
        """Write everything; returns the number of lessons."""
        read = {}
        for path in pages():
            self.page = path
            try:
                read[path] = read_page(path, self.link, self.source_link)
            except InputError as error:
                raise InputError(f"{path.name}: {error}") from error
        (self.out / "figures").mkdir(parents=True, exist_ok=True)
        for picture in sorted((LESSONS / "figures").glob("*.png")):
            shutil.copyfile(picture, self.out / "figures" / picture.name)
        for name in ("style.css", "search.js"):
            shutil.copyfile(HERE / name, self.out / name)
        with open(self.out / "style.css", "a", encoding="utf-8") as file:
            file.write(HtmlFormatter(style="default").get_style_defs(".block"))
        index = [
            {"page": page_name(path), "title": page.title, "anchor": anchor, "heading": heading, "text": text}
            for path, page in read.items()
            for anchor, heading, text in page.parts
        ]
        (self.out / "index.js").write_text(f"const INDEX = {json.dumps(index)};\n", encoding="utf-8")
        order = list(read)
        for number, path in enumerate(order):
            before = order[number - 1] if number else None
            after = order[number + 1] if number + 1 < len(order) else None
            rows = "\n".join(row.html() for row in read[path].rows)
            self.write(page_name(path), read[path].title, rows, _steps(read, before, after))
        written: set[Path] = set()
        while left := sorted(self.sources.keys() - written):  # a page of the project may link to others
            for source in left:
                self.write(
                    self.sources[source], source.relative_to(ROOT.resolve()).as_posix(), self.source_page(source)
                )
                written.add(source)
        return sum(path.name[0].isdigit() for path in order)

    def source_page(self, path: Path) -> str:
        """A file with numbered lines, a page of Markdown as it is read, or the files of a folder."""
        title = f"<h1>{html.escape(path.relative_to(ROOT.resolve()).as_posix())}</h1>"
        if path.is_dir():
            shown = [each for each in sorted(path.iterdir()) if each.is_dir() or each.suffix in SHOWN]
            names = [each for each in shown if not each.name.startswith(("_", "."))]
            links = (f'<li><a href="{self.source(each)}">{html.escape(each.name)}</a></li>' for each in names)
            return f"{title}<ul>{''.join(links)}</ul>"
        if path.suffix == ".md":
            self.page = path
            return "\n".join(row.html() for row in read_page(path, self.link, self.source_link).rows)
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise InputError(f"a page links to {path}, which is not text") from None
        try:
            lexer = get_lexer_for_filename(path.name, stripnl=False)
        except ClassNotFound:
            lexer = TextLexer(stripnl=False)
        formatter = HtmlFormatter(cssclass="block whole", linenos="inline", lineanchors="L", anchorlinenos=False)
        return title + highlight(text, lexer, formatter)

    def link(self, target: str) -> str:
        """Where a link of a page leads on the site: to a page, a figure, or the page of a file of the project."""
        if target.startswith(("http://", "https://", "#")):
            return target
        path, _, anchor = target.partition("#")
        found = (self.page.parent / path).resolve()
        if not found.exists():
            raise InputError(f"the link {target} leads nowhere")
        if found.suffix == ".png":
            if found.parent != (LESSONS / "figures").resolve():
                raise InputError(f"the picture {target} is not in lessons/figures")
            return f"figures/{found.name}"
        known = {page.resolve(): page_name(page) for page in pages()}
        page = known[found] if found in known else self.source(found)
        return f"{page}#{anchor}" if anchor else page

    def source_link(self, path: Path, line: int) -> str:
        return f"{self.source(path)}#L-{line}"

    def source(self, path: Path) -> str:
        """The page of a file or folder of the project."""
        if not path.resolve().is_relative_to(ROOT.resolve()):
            raise InputError(f"the link to {path} leads out of the project")
        name = path.resolve().relative_to(ROOT.resolve()).as_posix().replace("/", ".")
        return self.sources.setdefault(path.resolve(), f"source.{name}.html")

    def write(self, name: str, title: str, body: str, steps: str = "") -> None:
        text = (HERE / "page.html").read_text(encoding="utf-8")
        for key, value in (("TITLE", html.escape(title)), ("STEPS", steps), ("BODY", body)):
            text = text.replace(f"<!-- {key} -->", value)
        (self.out / name).write_text(text, encoding="utf-8")


def page_name(path: Path) -> str:
    return "index.html" if path.name == "README.md" else f"{path.stem}.html"


def _steps(read: dict[Path, Page], before: Path | None, after: Path | None) -> str:
    """The links to the page before and the page after."""
    parts = []
    if before is not None:
        parts.append(f'<a rel="prev" href="{page_name(before)}">&larr; {html.escape(read[before].title)}</a>')
    if after is not None:
        parts.append(f'<a rel="next" href="{page_name(after)}">{html.escape(read[after].title)} &rarr;</a>')
    return f"<nav>{' '.join(parts)}</nav>"


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 written, 2 something is wrong with a page or with the folder."""
    parser = argparse.ArgumentParser(
        prog="python -m lessons.site",
        description="Write the course as web pages: prose on the left, the code it speaks of on the right. Open "
        "index.html in a browser; no network is needed. Formulas are drawn by the browser, best with a font for maths "
        "on the system (on Debian: fonts-lmodern).",
        allow_abbrev=False,
    )
    parser.add_argument("--out", type=Path, default=Path("site"), metavar="DIR", help="folder (default: site)")
    options = parser.parse_args(arguments)
    return exit_status(lambda: _build(options.out))


def _build(out: Path) -> int:
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; --out must be a folder.")
    if out.resolve().is_relative_to(LESSONS.resolve()):
        raise InputError(f"{out} is among the lessons themselves. Choose another --out.")
    if out.is_dir() and any(out.iterdir()) and not (out / MARK).exists():
        raise InputError(f"{out} holds something else already. Choose another --out.")
    try:
        if out.is_dir():  # pages of an earlier time
            shutil.rmtree(out)
        out.mkdir(parents=True)
        (out / MARK).touch()
        count = Site(out).build()
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error}.") from error
    print(f"{count} lessons; open {os.path.join(out, 'index.html')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
