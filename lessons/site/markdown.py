"""A lesson as HTML: a column of prose; where code of the project follows, prose on the left and the code on the right.

A row is a stretch of prose, from a heading or from the last excerpt on, and the excerpts of the source that follow it.
Figures may be wider than the column. What unfolds, the worked solutions, stays in the prose.
"""

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from PIL import Image

from lessons.site.code import coloured, in_line
from lessons.site.live import live_figure
from lessons.site.maths import as_display, in_text
from lessons.site.tables import finished_table
from lessons.sync import LESSONS, LIVE, ROOT, SOURCE, anchor_of, place_of

ALONE = re.compile(r'<div class="block|<details|^<h[1-6]')
TEX = re.compile(r"[\\^_{}]")  # in a formula that is not read as it is written
KEPT = re.compile(r'\(?<span class="math inline">(?:(?!<wbr>|</span>).)*</span>[,.;:!?)]+')  # one line holds it


@dataclass
class Row:
    """What stands side by side; a wide row has no right side."""

    left: list[str] = field(default_factory=list)
    right: list[str] = field(default_factory=list)
    wide: bool = False

    def html(self) -> str:
        if self.wide or not self.right:
            return _box("wide" if self.wide else "alone", self.left)
        own = [number for number, text in enumerate(self.left, 1) if ALONE.search(text)]
        first = own[-1] if own else 0  # of what is read beside the code: prose and formulas, not blocks or headings
        before, beside = self.left[:first], self.left[first:]
        if _height(beside) < _height(self.right) / 3:  # a sentence and its code
            return _box("alone", [*self.left, *self.right])
        row = f'<div class="row">{_box("prose", beside)}{_box("code", self.right)}</div>'
        return f"{_box('alone', before)}{row}" if before else row


@dataclass
class Page:
    """A page of the course: its title, its rows, (anchor, heading, text) of each part for the search, and so on."""

    title: str = ""
    rows: list[Row] = field(default_factory=lambda: [Row()])
    parts: list[tuple[str, str, str]] = field(default_factory=list)
    contents: list[tuple[str, str]] = field(default_factory=list)  # (anchor, heading) of what is not within another
    description: str = ""  # its question, or its first paragraph
    picture: str = ""  # its first figure
    live: bool = False  # whether a figure of it moves


def _box(kind: str, blocks: Sequence[str]) -> str:
    return f'<div class="{kind}">{"".join(blocks)}</div>'


def _height(blocks: Sequence[str]) -> float:
    """About how many lines of code are as high as some blocks."""
    height = 0.0
    for block in blocks:
        if 'class="line"' in block:
            height += 2 + block.count('class="line"')
        else:
            height += 1 + 1.5 * len(re.sub(r"<[^>]+>", "", block)) / 50 + 3 * block.count('class="formula')
    return height


def make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    parser.use(anchors_plugin, max_level=3, slug_func=anchor_of)
    parser.use(
        dollarmath_plugin,
        allow_space=False,
        allow_digits=False,  # $5 is money
        renderer=lambda formula, options: (as_display if options["display_mode"] else in_text)(formula),
    )
    parser.add_render_rule("image", lambda self, tokens, number, options, env: as_picture(tokens[number]))
    parser.add_render_rule("fence", lambda self, tokens, number, options, env: as_fence(tokens[number]))
    parser.add_render_rule("code_inline", lambda self, tokens, number, options, env: in_line(tokens[number].content))
    return parser


def read_page(path: Path, link: Callable[[str], str], source_link: Callable[[Path, int], str]) -> Page:
    """A page of Markdown; `link` says where a link of it leads on the site, `source_link` where a line of a file is."""
    parser = make_parser()
    tokens = parser.parse(path.read_text(encoding="utf-8"))
    page = Page()
    folded, position = 0, 0
    caption: str | None = None
    moving: str | None = None  # the live figure in whose place the next block stands
    while position < len(tokens):
        end = _end_of(tokens, position)
        block = tokens[position:end]
        first = block[0]
        _relink(block, link)
        terms = _terms(block)
        row, inside = page.rows[-1], folded  # whether the block stands in a fold that was opened before it
        if first.type == "html_block":
            folded += first.content.count("<details") - first.content.count("</details")
            mark = SOURCE.search(first.content)
            if mark is not None:
                caption = _caption(mark, source_link)
                position = end
                continue
            if (live := LIVE.search(first.content)) is not None:
                moving, page.live = live[1], True
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
            text = _finished(parser.renderer.render(block, parser.options, {}))
        if moving is not None:
            text, moving = live_figure(moving, text), None
        if _is_only(block, "image"):  # to be opened large, on a phone
            source = next(str(each.attrs["src"]) for each in block[1].children or [])
            text = f'<p><a class="figure" href="{source}">{_inner(text)}</a></p>\n'
            page.picture = page.picture or source
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
            _note(page, block, terms)
        position = end
    page.rows = [row for row in page.rows if row.left or row.right]
    return page


def as_fence(token: Token) -> str:
    """A block of code or of maths."""
    language = token.info.strip()
    return as_display(token.content) if language == "math" else coloured(token.content, language)


def as_picture(token: Token) -> str:
    """A figure with its size, so that nothing jumps, and a narrow drawing of it for phones where there is one."""
    source, alt = str(token.attrs["src"]), html.escape(token.content)
    image = f'<img src="{source}" alt="{alt}"{_size(source)}>'
    narrow = source.removesuffix(".png") + ".narrow.png"
    if not (LESSONS / narrow).exists():
        return image
    return f'<picture><source media="(max-width: 30rem)" srcset="{narrow}"{_size(narrow)}>{image}</picture>'


def _finished(text: str) -> str:
    """A formula and the comma behind it on one line, and tables that fit a phone."""
    text = KEPT.sub(r'<span class="keep">\g<0></span>', text)
    return re.sub("<table>.*?</table>", lambda table: finished_table(table[0]), text, flags=re.DOTALL)


def _size(source: str) -> str:
    if not (LESSONS / source).exists():
        return ""
    with Image.open(LESSONS / source) as image:
        return f' width="{image.width}" height="{image.height}"'


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
    path, first, lines = place_of(mark)
    name = path.relative_to(ROOT).as_posix()
    return f'<a href="{source_link(path, first)}">{html.escape(name)}</a>{lines}'


def _is_only(block: Sequence[Token], kind: str) -> bool:
    """Whether a block is a paragraph with one thing in it, a picture or a piece of code."""
    inline = block[1] if len(block) == 3 and block[0].type == "paragraph_open" else None
    return inline is not None and [each.type for each in inline.children or []] == [kind]


def _inner(paragraph: str) -> str:
    return paragraph.strip().removeprefix("<p>").removesuffix("</p>")


def _words(token: Token) -> str:
    """What a reader sees of a piece of text; of its formulas, those that are read as they are written."""
    if token.type == "fence":
        return "" if token.info.strip() == "math" else token.content
    words = ""
    for each in token.children or []:
        if each.type == "softbreak":
            words += " "
        elif each.type == "math_inline" and TEX.search(each.content):
            words += "..."
        elif each.type != "image":
            words += each.content
    return words


def _terms(block: Sequence[Token]) -> list[tuple[str, str, str]]:
    """The rows of a glossary, a term in italics and what it is: each becomes a part of its page, with an anchor."""
    parts = []
    for number in (number for number, each in enumerate(block) if each.type == "tr_open"):
        term, *cells = (each for each in block[number : _end_of(block, number)] if each.type == "inline")
        if [each.type for each in term.children or []] == ["em_open", "text", "em_close"]:
            anchor = f"term-{anchor_of(_words(term))}"
            block[number].attrs["id"] = anchor
            parts.append((anchor, _words(term), _words(cells[0])))
    return parts


def _note(page: Page, block: Sequence[Token], terms: list[tuple[str, str, str]]) -> None:
    """The text of a block, for the search, the title, and the contents."""
    if block[0].type == "heading_open":
        heading = _words(block[1])
        if block[0].tag == "h1":
            page.title = heading
        if block[0].tag == "h2":
            page.contents.append((str(block[0].attrs.get("id", "")), heading))
        page.parts.append((str(block[0].attrs.get("id", "")), heading, ""))
    elif terms:
        page.parts += terms
    elif page.parts:
        words = " ".join(_words(each) for each in block if each.type in ("inline", "fence"))
        first = next((_words(each) for each in block if each.type == "inline"), "")
        page.description = page.description or first.removeprefix("The question: ").strip()
        anchor, heading, text = page.parts[-1]
        page.parts[-1] = anchor, heading, f"{text} {words}".strip()
