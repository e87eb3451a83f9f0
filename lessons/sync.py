"""`python -m lessons.sync`: put the code that the lessons show back in step with the source.

In a lesson, a comment names what the block under it shows:

    <!-- source: minunet.layers.conv:conv2d_backward -->

and the block of Python that follows is that function, class, method (`unet:UNet.forward`) or constant as it stands in
the source, without its indentation. With ` no-docstring` at the end of the comment the docstring is left out.

Here stands also, once, what all that read the pages have to agree on: what a block is, and the anchor of a heading.
"""

import argparse
import ast
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from minunet.errors import InputError, exit_status
from minunet.files import UNFINISHED, whole_file

LESSONS = Path(__file__).parent
ROOT = LESSONS.parent
# On the site a figure that moves, in the place of the paragraph behind this mark.
LIVE = re.compile(r"<!-- live: (\w+) -->\n?")
SOURCE = re.compile(r"<!-- source: (?P<module>[\w.]+):(?P<name>[\w.]+)(?P<bare> no-docstring)? -->")
MARK = re.compile(rf"^{SOURCE.pattern}\n\n?```python\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
ANY_MARK = re.compile(r"^<!-- source:.*$", re.MULTILINE)
BLOCK = re.compile(  # of Python or shell; one without a mark runs, and prints what is `printed`
    r"(?P<mark><!-- (?:source|not run): [^\n]*-->\n\n?)?"
    r"^(?P<indent> *)```(?P<language>python|sh)\n(?P<code>.*?)^ *```$(?:\n+ *```text\n(?P<printed>.*?)^ *```$)?",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Excerpt:
    """A block of a lesson that shows code of the project."""

    module: str
    name: str
    bare: bool  # without its docstring
    code: str  # as the lesson shows it

    def source(self) -> str:
        """As it stands in the source."""
        return source_of(self.module, self.name, bare=self.bare)


def lessons(folder: Path = LESSONS) -> list[Path]:
    """The numbered lessons."""
    return sorted(folder.glob("[0-9][0-9]-*.md"))


def pages(folder: Path = LESSONS) -> list[Path]:
    """All pages of the course in the order in which they are read; the interlude stands after lesson 7."""
    numbered = lessons(folder)
    order = ["README.md", "course.md", *(path.name for path in numbered[:8]), "interlude.md"]
    order += [*(path.name for path in numbered[8:]), "find-the-bug.md", "glossary.md", "cheat-sheet.md"]
    return [folder / name for name in order if (folder / name).exists()]


def excerpts(page: Path) -> Iterator[Excerpt]:
    """The excerpts of a page, in order. Raises InputError for a comment without a block under it."""
    text = page.read_text(encoding="utf-8")
    found = list(MARK.finditer(text))
    marks = ANY_MARK.findall(text)
    if len(found) != len(marks):
        good = {match.group(0).splitlines()[0] for match in found}
        bad = next((mark for mark in marks if mark not in good), marks[-1])
        raise InputError(f"{page}: no block of Python follows {bad}")
    for match in found:
        yield Excerpt(match["module"], match["name"], match["bare"] is not None, match["code"])


def source_file(module: str) -> Path:
    """The file of a module of the project."""
    path = ROOT / (module.replace(".", "/") + ".py")
    return path if path.exists() else ROOT / module.replace(".", "/") / "__init__.py"


def find(module: str, name: str) -> tuple[Path, ast.stmt]:
    """Where a function, class, method or constant is defined. Raises InputError if it is not there."""
    path = source_file(module)
    if not path.exists():
        raise InputError(f"There is no module {module}.")
    body: list[ast.stmt] = ast.parse(path.read_text(encoding="utf-8")).body
    for part in name.split("."):
        node = next((node for node in body if part in _names(node)), None)
        if node is None:
            raise InputError(f"{module} has no {name}.")
        body = getattr(node, "body", [])
    assert node is not None
    return path, node


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def span(node: ast.stmt) -> tuple[int, int]:
    """First and last line of a definition, decorators included, counted from 1."""
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)]), node.end_lineno or node.lineno


def place_of(mark: re.Match[str]) -> tuple[Path, int, str]:
    """Where what a comment names stands: the file and the first line, and the lines in words, to follow the name."""
    path, node = find(mark["module"], mark["name"])
    first, last = span(node)
    lines = f"line {first}" if first == last else f"lines {first} to {last}"
    return path, first, f", {lines}{', without its docstring' if mark['bare'] else ''}"


def anchor_of(heading: str) -> str:
    """The anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def own_folder(out: Path, mark: str) -> None:
    """Raises InputError for a folder to write into that is not new, empty, or marked by an earlier time."""
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file, not a folder.")
    if out.resolve().is_relative_to(LESSONS.resolve()):
        raise InputError(f"{out} is among the lessons themselves. Choose another folder.")
    held = [path for path in out.iterdir() if not UNFINISHED.fullmatch(path.name)] if out.is_dir() else []
    if held and not (out / mark).is_file():
        raise InputError(f"{out} holds something else already. Choose another folder.")


def source_of(module: str, name: str, *, bare: bool = False) -> str:
    """The lines of a definition, with a newline at the end."""
    path, node = find(module, name)
    first, last = span(node)
    lines = path.read_text(encoding="utf-8").splitlines()
    keep = set(range(first, last + 1))
    if bare and isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
        docstring = node.body[0]
        after = (docstring.end_lineno or docstring.lineno) + 1
        keep -= set(range(docstring.lineno, after + (not lines[after - 1].strip())))  # and the empty line below
    if any(line.lstrip().startswith("```") for line in lines[first - 1 : last]):
        raise InputError(f"{module}:{name} holds three backticks, which would end the block of a page.")
    return textwrap.dedent("\n".join(lines[number - 1] for number in sorted(keep))).strip("\n") + "\n"


def synced(text: str) -> str:
    """The text of a page with every excerpt as the source has it now."""

    def replace(match: re.Match[str]) -> str:
        head = match.group(0)[: match.start("code") - match.start()]
        return head + source_of(match["module"], match["name"], bare=match["bare"] is not None) + "```"

    return MARK.sub(replace, text)


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 all in step (or put in step), 1 with --check if something is not, 2 bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m lessons.sync",
        description="Refresh the code that the lessons show from the source.",
        allow_abbrev=False,
    )
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 if a page is out of step")
    options = parser.parse_args(arguments)
    return exit_status(lambda: _sync(check=options.check))


def _sync(*, check: bool) -> int:
    drifted = 0
    for page in pages():
        names = [f"{each.module}:{each.name}" for each in excerpts(page) if each.code != each.source()]
        drifted += len(names)
        for name in names:
            print(f"{page.name}: {name} {'is not as in the source' if check else 'refreshed'}")
        if names and not check:
            text = synced(page.read_text(encoding="utf-8"))
            with whole_file(page) as file:
                file.write(text)
    if check and drifted:
        print("Run `python -m lessons.sync` to refresh them.")
    if not drifted:
        print(f"{len(pages())} pages show the code as it is in the source")
    return 1 if check and drifted else 0


if __name__ == "__main__":
    sys.exit(main())
