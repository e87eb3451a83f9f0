"""A lesson as HTML: prose on the left, the code it speaks of on the right, in rows that scroll together.

A row is a stretch of prose, from a heading or from the last excerpt on, and the excerpts of the source that follow it.
Figures take the whole width. What unfolds, the worked solutions, stays in the prose.
"""

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from lessons.sync import ROOT, find, span
from minunet.errors import InputError

# What the converter to MathML does not know, and what looks the same.
ALIKE = {
    r"\begin{aligned}": r"\begin{array}{rlrl}",
    r"\end{aligned}": r"\end{array}",
    r"\begin{pmatrix}": r"\left( \begin{matrix}",
    r"\end{pmatrix}": r"\end{matrix} \right)",
}
PRIMES = re.compile(r"<msup>(<m[io]>[^<]*</m[io]>)<m[io]>(&#x0203[2-7];)</m[io]></msup>")
SOURCE = re.compile(r"<!-- source: ([\w.]+):([\w.]+)( no-docstring)? -->")


@dataclass
class Row:
    """What stands side by side; a wide row has no right side."""

    left: list[str] = field(default_factory=list)
    right: list[str] = field(default_factory=list)
    wide: bool = False

    def html(self) -> str:
        kind = "wide" if self.wide else "row" if self.right else "row alone"
        left, right = "\n".join(self.left), "\n".join(self.right)
        return f'<section class="{kind}"><div class="prose">{left}</div><div class="code">{right}</div></section>'


@dataclass
class Page:
    """A page of the course: its title, its rows, and (anchor, heading, text) of each part, for the search."""

    title: str
    rows: list[Row]
    parts: list[tuple[str, str, str]]


def slug(heading: str) -> str:
    """The anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def as_maths(formula: str, *, display: bool) -> str:
    """MathML, which browsers draw by themselves. Raises InputError for a formula that cannot be read."""
    known = formula.strip()
    for name, other in ALIKE.items():
        known = known.replace(name, other)
    if re.search(r"\\text\{[^}]*[<>&]", known):  # it would go into the page as it is
        raise InputError(f"the formula {formula.strip()!r} cannot be drawn: <, > and & do not go into \\text")
    try:
        drawn = convert(known, display="block" if display else "inline")
    except Exception as error:
        raise InputError(f"the formula {formula.strip()!r} cannot be drawn: {type(error).__name__}: {error}") from error
    unknown = re.search(r">(\\\w+|&)<", drawn)
    if unknown is not None:  # the converter lets pass what it does not know
        raise InputError(f"the formula {formula.strip()!r} cannot be drawn: {unknown[1]} is not known")
    drawn = PRIMES.sub(r'<mrow>\1<mo lspace="0" rspace="0">\2</mo></mrow>', drawn)  # they are raised as they are
    return re.sub(r"<mi>log</mi>(?!<mo[^>]*>&#x00028;)", r'<mi>log</mi><mspace width="0.17em"/>', drawn)


def coloured(code: str, language: str) -> str:
    """A block of code. Raises InputError for a language that has no colours."""
    try:
        lexer = get_lexer_by_name(language or "text", stripnl=False)
    except ClassNotFound:
        raise InputError(f"a block in the unknown language {language!r}") from None
    return highlight(code, lexer, HtmlFormatter(cssclass="block"))


def make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    parser.use(anchors_plugin, max_level=3, slug_func=slug)
    parser.use(
        dollarmath_plugin,
        allow_space=False,
        allow_digits=False,  # $5 is money
        renderer=lambda formula, options: as_maths(formula, display=options["display_mode"]),
    )
    parser.add_render_rule("fence", lambda self, tokens, number, options, env: as_fence(tokens[number]))
    return parser


def read_page(path: Path, link: Callable[[str], str], source_link: Callable[[Path, int], str]) -> Page:
    """A page of Markdown; `link` says where a link of it leads on the site, `source_link` where a line of a file is."""
    parser = make_parser()
    tokens = parser.parse(path.read_text(encoding="utf-8"))
    page = Page("", [Row()], [])
    folded, position = 0, 0
    caption: str | None = None
    while position < len(tokens):
        end = _end_of(tokens, position)
        block = tokens[position:end]
        first = block[0]
        _relink(block, link)
        row, inside = page.rows[-1], folded  # whether the block stands in a fold that was opened before it
        if first.type == "html_block":
            folded += first.content.count("<details") - first.content.count("</details")
            mark = SOURCE.search(first.content)
            if mark is not None:
                caption = _caption(mark, source_link)
                position = end
                continue
        if first.type == "fence":
            text = as_fence(first)
            if caption is not None:
                text, caption = f'<figure class="source"><figcaption>{caption}</figcaption>{text}</figure>', None
                if not folded:
                    row.right.append(text)
                    position = end
                    continue
        else:
            text = parser.renderer.render(block, parser.options, {})
        if _is_only(block, "image"):  # to be opened large, on a phone
            text = f'<p><a href="{block[1].children[0].attrs["src"]}">{_inner(text)}</a></p>\n'
        if _is_only(block, "code_inline"):  # a command by itself
            text = coloured(block[1].content.strip("`") + "\n", "sh")
        if _is_only(block, "image") and not inside:
            page.rows += [Row([text], wide=True), Row()]
        else:
            if (row.right or first.tag == "h2") and not inside:  # prose after code, or something new begins
                row = Row()
                page.rows.append(row)
            row.left.append(text)
        if not inside:  # what is folded is not found by the search: it would be told too early
            _note(page, block)
        position = end
    page.rows = [row for row in page.rows if row.left or row.right]
    return page


def as_fence(token: Token) -> str:
    """A block of code or of maths."""
    language = token.info.strip()
    return as_maths(token.content, display=True) if language == "math" else coloured(token.content, language)


def _end_of(tokens: Sequence[Token], start: int) -> int:
    """Where the block that begins at `start` ends."""
    depth = 0
    for number in range(start, len(tokens)):
        depth += tokens[number].nesting
        if depth == 0:
            return number + 1
    return len(tokens)


def _relink(block: Sequence[Token], link: Callable[[str], str]) -> None:
    for token in [each for outer in block for each in [outer, *(outer.children or [])]]:
        for name in ("href", "src"):
            if name in token.attrs:
                token.attrs[name] = link(str(token.attrs[name]))


def _caption(mark: re.Match[str], source_link: Callable[[Path, int], str]) -> str:
    path, node = find(mark[1], mark[2])
    first, last = span(node)
    name = path.relative_to(ROOT).as_posix()
    note = ", without its docstring" if mark[3] else ""
    lines = f"line {first}" if first == last else f"lines {first} to {last}"
    return f'<a href="{source_link(path, first)}">{html.escape(name)}</a>, {lines}{note}'


def _is_only(block: Sequence[Token], kind: str) -> bool:
    """Whether a block is a paragraph with one thing in it, a picture or a piece of code."""
    inline = block[1] if len(block) == 3 and block[0].type == "paragraph_open" else None
    return inline is not None and [each.type for each in inline.children or []] == [kind]


def _inner(paragraph: str) -> str:
    return paragraph.strip().removeprefix("<p>").removesuffix("</p>")


def _words(token: Token) -> str:
    """What a reader sees of a piece of text."""
    if token.type == "fence":
        return "" if token.info.strip() == "math" else token.content
    return "".join(
        " " if each.type == "softbreak" else each.content for each in token.children or [] if each.type != "image"
    )


def _note(page: Page, block: Sequence[Token]) -> None:
    """The text of a block, for the search, and the title."""
    if block[0].type == "heading_open":
        heading = "".join(each.content for each in block[1].children or [])
        if block[0].tag == "h1":
            page.title = heading
        page.parts.append((str(block[0].attrs.get("id", "")), heading, ""))
    elif page.parts:
        words = " ".join(_words(each) for each in block if each.type in ("inline", "fence"))
        anchor, heading, text = page.parts[-1]
        page.parts[-1] = anchor, heading, f"{text} {words}".strip()
