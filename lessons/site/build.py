"""The pages, and every file of the project that they link to, written into a folder that opens without a network."""

import html
import json
import shutil
from functools import partial
from pathlib import Path

from lessons.site.code import coloured_file, colours
from lessons.site.frame import Entry, framed
from lessons.site.live import LAYERS
from lessons.site.markdown import Page, read_page
from lessons.sync import LESSONS, ROOT
from minunet.errors import InputError
from minunet.explore.__main__ import CELLS, look_at_cells
from minunet.explore.page import write_page
from minunet.model.trained import load_model

HERE = Path(__file__).parent
SHOWN = {".py", ".cu", ".js", ".md", ".sh", ".json", ".txt"}  # files that a folder's page leads to
EXPLORE, LIVE = ROOT / "minunet" / "explore", "explore.html"  # links to the first lead to the page that it makes


class Site:
    """The pages of the course, read; then written as a site (`write`), or bound into one page by pdf.py."""

    def __init__(self, paths: list[Path]) -> None:
        self.sources: dict[Path, str] = {}  # file of the project -> page of the site
        self.known = {path.resolve(): page_name(path) for path in paths}
        self.book = [Entry(page_name(path), self.read(path)) for path in paths]

    def read(self, path: Path) -> Page:
        """A page of Markdown. Raises InputError, with the name of the page, for what is wrong with it."""
        try:
            return read_page(path, partial(self.link, path), self.source_link)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error

    def write(self, out: Path) -> None:
        """Write everything."""
        write_looks(out)
        (out / LIVE).write_text(write_page(look_at_cells(load_model(CELLS))), encoding="utf-8")
        index = [
            {"page": entry.name, "title": entry.page.title, "anchor": anchor, "heading": heading, "text": text}
            for entry in self.book
            for anchor, heading, text in entry.page.parts
        ]
        (out / "index.js").write_text(f"const INDEX = {json.dumps(index)};\n", encoding="utf-8")
        for entry in self.book:
            text = framed(self.book, entry.name, entry.page, body_of(entry.page))
            (out / entry.name).write_text(text, encoding="utf-8")
        written: set[Path] = set()
        while left := sorted(self.sources.keys() - written):  # a page of the project may link to others
            for source in left:
                page, body = self.source_page(source)
                text = framed(self.book, self.sources[source], page, body)
                (out / self.sources[source]).write_text(text, encoding="utf-8")
                written.add(source)

    def source_page(self, path: Path) -> tuple[Page, str]:
        """A file with numbered lines, a page of Markdown as it is read, or the files of a folder; and its body."""
        name = path.relative_to(ROOT.resolve()).as_posix()
        page, title = Page(title=name, description=f"{name}, a file of minunet."), f"<h1>{html.escape(name)}</h1>"
        if path.is_dir():
            shown = [each for each in sorted(path.iterdir()) if each.is_dir() or each.suffix in SHOWN]
            names = [each for each in shown if not each.name.startswith(("_", "."))]
            links = (f'<li><a href="{self.source(each)}">{html.escape(each.name)}</a></li>' for each in names)
            return page, f'<div class="alone">{title}<ul>{"".join(links)}</ul></div>'
        if path.suffix == ".md":
            return page, body_of(self.read(path))
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise InputError(f"a page links to {path}, which is not text") from None
        return page, f'<div class="file">{title}{coloured_file(path.name, text)}</div>'

    def link(self, page: Path, target: str) -> str:
        """Where a link of a page leads on the site: to a page, a figure, or the page of a file of the project."""
        if target.startswith(("http://", "https://", "#")):
            return target
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve()
        if not found.exists():
            raise InputError(f"the link {target} leads nowhere")
        if found.suffix == ".png":
            if found.parent != (LESSONS / "figures").resolve():
                raise InputError(f"the picture {target} is not in lessons/figures")
            return f"figures/{found.name}"
        if found == EXPLORE.resolve():
            return LIVE
        name = self.known[found] if found in self.known else self.source(found)
        return f"{name}#{anchor}" if anchor else name

    def source_link(self, path: Path, line: int) -> str:
        return f"{self.source(path)}#L-{line}"

    def source(self, path: Path) -> str:
        """The page of a file or folder of the project."""
        if not path.resolve().is_relative_to(ROOT.resolve()):
            raise InputError(f"the link to {path} leads out of the project")
        name = path.resolve().relative_to(ROOT.resolve()).as_posix().replace("/", ".")
        return self.sources.setdefault(path.resolve(), f"source.{name}.html")


def write_looks(out: Path) -> None:
    """Figures, style sheets, scripts and the icon."""
    (out / "figures").mkdir(parents=True, exist_ok=True)
    for picture in sorted((LESSONS / "figures").glob("*.png")):
        shutil.copyfile(picture, out / "figures" / picture.name)
    for folder in ("style", "script"):
        shutil.copytree(HERE / folder, out / folder, dirs_exist_ok=True)
    for name in LAYERS:
        shutil.copyfile(EXPLORE / name, out / "script" / name)
    shutil.copyfile(HERE / "icon.svg", out / "icon.svg")
    with open(out / "style" / "code.css", "a", encoding="utf-8") as file:
        file.write(colours())


def body_of(page: Page) -> str:
    return "\n".join(row.html() for row in page.rows)


def page_name(path: Path) -> str:
    return "index.html" if path.name == "README.md" else f"{path.stem}.html"
