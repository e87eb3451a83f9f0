"""`python -m lessons.notebooks DIR`: the pages of the course that have blocks, as Jupyter notebooks.

A block of Python becomes a cell, a block of shell a `%%bash` cell, and the prose between them Markdown. Excerpts of the
source stay listings in the Markdown: they belong to their files, and a changed copy would change nothing. What the page
says that a block prints does not become the output of its cell, which stays empty until it is run, but a fold under it:
so you can predict first, run the cell, and compare.
"""

import argparse
import hashlib
import json
import os
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

try:
    import nbformat
except ModuleNotFoundError as error:
    print(f"minunet: the notebooks need {error.name}: pip install -e '.[course]'", file=sys.stderr)
    raise SystemExit(2) from None
from lessons import sync
from lessons.sync import BLOCK, LESSONS, LIVE, ROOT, SOURCE, anchor_of, pages, place_of
from minunet.commands import new_folder
from minunet.errors import InputError, exit_status
from minunet.files import locked, own_folder, remove_unfinished, whole_file

MARK = ".minunet-notebooks"  # in a folder that this command has made: file -> SHA-256 of what it may hold
FENCE = re.compile(r"^ *```(?P<language>\w*)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
FOLD = re.compile(r"<details><summary>(?P<summary>.*?)</summary>(?P<body>.*?)</details>\n?", re.DOTALL)
FIRST_CELL = """\
# Run this cell first. It was written from lessons/{page} by `python -m lessons.notebooks`.
#
# The notebook needs a clone of the project and its environment. In the root of the clone, once:
#     python3 -m venv .venv && .venv/bin/pip install -e '.[course]' jupyterlab
# and then, each time:
#     source .venv/bin/activate && jupyter lab
# In another editor, choose .venv/bin/python as the kernel.
#
# Run the cells from top to bottom: they share their names. Predict what a cell prints, run it, and
# unfold "What it should print" below it, where a line of three dots stands for any lines. After a
# change of the source, restart the kernel.
import os
import sys
from pathlib import Path

folders = [Path.cwd(), *Path.cwd().parents, Path({clone!r})]
clone = next((each for each in folders if (each / "lessons" / "sync.py").exists()), None)
if clone is None:
    raise FileNotFoundError("No clone of minunet is here: put this notebook into one.")
os.chdir(clone)  # where the commands of the course run
sys.path.insert(0, str(clone))
os.environ["PYTHONPATH"] = str(clone)  # for the commands, and `python` is this Python:
os.environ["PATH"] = f"{{Path(sys.executable).parent}}{{os.pathsep}}{{os.environ['PATH']}}"
"""


class Folder:
    """The folder of the notebooks: what a page's links and figures are there."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.names = {path.resolve(): f"{path.stem}.ipynb" for path in pages() if any(blocks(path))}
        self.figures: set[Path] = set()  # that the pages show

    def notebook(self, page: Path) -> str:
        """A page as the text of a notebook. Raises InputError for a link that leads nowhere."""
        cells = [nbformat.v4.new_code_cell(FIRST_CELL.format(page=page.name, clone=str(ROOT.resolve())).strip())]
        text = unfolded(page.read_text(encoding="utf-8"))
        position = 0
        for match in runs(text):
            cells.append(nbformat.v4.new_markdown_cell(self.prose(text[position : match.start()], page)))
            cells.append(nbformat.v4.new_code_cell(code_of(match)))
            if match["printed"] is not None:
                cells.append(nbformat.v4.new_markdown_cell(folded(match["printed"])))
            position = match.end()
        cells.append(nbformat.v4.new_markdown_cell(self.prose(text[position:], page)))
        cells = [cell for cell in cells if cell.source]
        for number, cell in enumerate(cells):
            cell.id = f"cell-{number}"  # the same each time
        kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
        book = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        nbformat.validate(book)
        return nbformat.writes(book) + "\n"

    def prose(self, text: str, page: Path) -> str:
        """What stands between two blocks that run."""
        parts, position = [], 0
        for match in FENCE.finditer(text):
            parts.append(self.linked(text[position : match.start()], page))
            formula = f"$$\n{match['text']}$$"
            parts.append(formula if match["language"] == "math" else match.group(0))
            position = match.end()
        return "".join([*parts, self.linked(text[position:], page)]).strip("\n")

    def linked(self, text: str, page: Path) -> str:
        """Prose without a block in it, with its links as they are in the folder."""
        text = SOURCE.sub(self.caption, LIVE.sub("", text))
        return re.sub(r"\]\(([^)\s]+)\)", lambda match: f"]({self.link(match[1], page)})", text)

    def link(self, target: str, page: Path) -> str:
        if target.startswith(("http://", "https://")):
            return target
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page.resolve()
        if not found.exists():
            raise InputError(f"{page.name}: the link {target} leads nowhere.")
        if found.suffix == ".png":
            self.figures.add(found)
            return f"figures/{found.name}"
        if anchor and found in self.names:
            anchor = heading_of(found, anchor)
        name = self.names.get(found, self.relative(found)) if path else ""
        return f"{name}#{anchor}" if anchor else name

    def relative(self, path: Path) -> str:
        return quote(Path(os.path.relpath(path.resolve(), self.out.resolve())).as_posix())

    def caption(self, mark: re.Match[str]) -> str:
        """Where an excerpt comes from; the page has it as a comment, which nobody would see."""
        path, _, lines = place_of(mark)
        name = path.relative_to(ROOT).as_posix()
        # not yet as a link of the page, for those are relative to the page
        return f"[`{name}`]({os.path.relpath(path, LESSONS)}){lines}:\n"


def runs(text: str) -> Iterator[re.Match[str]]:
    """The blocks of a page that run."""
    return (match for match in BLOCK.finditer(text) if match["mark"] is None)


def blocks(page: Path) -> Iterator[re.Match[str]]:
    return runs(page.read_text(encoding="utf-8"))


def unfolded(text: str) -> str:
    """A fold cannot hold a cell: one with a block that runs in it is opened."""

    def replace(match: re.Match[str]) -> str:
        return f"**{match['summary']}**\n{match['body']}" if any(runs(match["body"])) else match.group(0)

    return FOLD.sub(replace, text)


def code_of(match: re.Match[str]) -> str:
    """A block as a cell. As in the tests, shell stops at what fails; the checker may say that you are not done."""
    code = textwrap.dedent(match["code"]).rstrip("\n")
    if match["language"] == "python":
        return code
    return f"%%bash {'--no-raise-error' if 'lessons.check' in code else '-e'}\n{code}"


def folded(printed: str) -> str:
    return f"<details><summary>What it should print</summary>\n\n```text\n{textwrap.dedent(printed)}```\n\n</details>"


def heading_of(page: Path, anchor: str) -> str:
    """What Jupyter calls the heading that GitHub calls `anchor`."""
    for heading in re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE):
        if anchor_of(heading) == anchor:
            return quote(re.sub(r"[`*]", "", heading).strip().replace(" ", "-"), safe=":,")
    raise InputError(f"{page.name} has no heading #{anchor}.")


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 written, 2 something is wrong with a page or with the folder."""
    parser = argparse.ArgumentParser(
        prog="python -m lessons.notebooks",
        description="Write the pages of the course as Jupyter notebooks. Choose a folder in your clone, so that links "
        "to the source can be followed; to open them, pip install jupyterlab. A notebook that was changed since it "
        "was written is never overwritten.",
        allow_abbrev=False,
    )
    parser.add_argument("out", type=Path, metavar="DIR", help="folder, new or written by this command")
    options = parser.parse_args(arguments)
    return exit_status(lambda: _write(options.out))


def _write(out: Path) -> int:
    sync.own_folder(out, MARK)
    folder = Folder(out)
    texts = {folder.names[page.resolve()]: folder.notebook(page) for page in pages() if page.resolve() in folder.names}
    files = {name: text.encode() for name, text in texts.items()}
    files |= {f"figures/{figure.name}": figure.read_bytes() for figure in sorted(folder.figures)}
    with locked(new_folder(out, out)):
        _write_files(out, files)
    print(f"{len(texts)} notebooks in {out}")
    print("To open them: `pip install jupyterlab`, then `jupyter lab` in the root of the clone")
    return 0


def _write_files(out: Path, files: dict[str, bytes]) -> None:
    """Each file whole or not at all. The mark describes the folder at every moment: a next time can always go on."""
    if not (out / MARK).exists():
        _write_mark(out, {})  # from now on the folder is known again
    own_folder(out / "figures")
    written, new = _written(out), {name: [_digest(data)] for name, data in files.items()}
    for name in sorted(written.keys() | files.keys()):
        if (out / name).exists() and _digest((out / name).read_bytes()) not in written.get(name, []):
            raise InputError(f"{out / name} was changed since it was written. Choose another folder, or remove it.")
    _write_mark(out, {name: written.get(name, []) + new.get(name, []) for name in written.keys() | files.keys()})
    for folder in (out, out / "figures"):
        remove_unfinished(folder)
    for name in written.keys() - files.keys():  # of pages of an earlier time
        (out / name).unlink(missing_ok=True)
    for name, data in files.items():
        with whole_file(out / name, "wb") as file:
            file.write(data)
    _write_mark(out, new)


def _write_mark(out: Path, digests: dict[str, list[str]]) -> None:
    with whole_file(out / MARK) as file:
        file.write(json.dumps(digests, indent=1, sort_keys=True))


def _written(out: Path) -> dict[str, list[str]]:
    """What each file of this command may hold: what it wrote the last time, and what it was about to write."""
    try:
        known = json.loads((out / MARK).read_text(encoding="utf-8"))
        return {
            str(name): [digests] if isinstance(digests, str) else [str(each) for each in digests]
            for name, digests in known.items()
            if name.removeprefix("figures/") == Path(name).name
        }
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise InputError(f"{out / MARK} cannot be read: {error}. Choose another folder.") from error


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
