"""Code: blocks, coloured for light and for dark paper, in lines that wrap under their own beginning; and in text."""

import html
import re

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_by_name, get_lexer_for_filename
from pygments.style import StyleMeta
from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

from minunet.errors import InputError

LIGHT, DARK = "xcode", "github-dark"  # whose colours can be told from the paper, comments too
INDENT = re.compile(r"((?:<span[^>]*>)*)( +)(?=\S)")  # also of a text over several lines, which is one colour
COLUMN = re.compile(r"\S {2,}\S")  # a text in which this is found twice is laid out in columns
CUT = re.compile(r"(?<=\w/)(?=\w)")  # in a path
OPTION = re.compile(r"(?<![\w.-])--?\w[\w-]*")  # of a command
LONG = 30  # signs of a piece of code that a line of a phone may be too short for
BROAD = 120  # signs of a line for which a page's column is too narrow


def coloured(code: str, language: str) -> str:
    """A block of code, or of what code has printed. Raises InputError for a language that has no colours."""
    try:
        lexer = get_lexer_by_name(language or "text", stripnl=False)
    except ClassNotFound:
        raise InputError(f"a block in the unknown language {language!r}") from None
    lines = highlight(code, lexer, HtmlFormatter(nowrap=True)).removesuffix("\n").split("\n")
    width = max(map(len, code.split("\n")))  # by which what is printed is set smaller, where there is little room
    if language == "sh":
        lines = [OPTION.sub(r'<span class="keep">\g<0></span>', line) for line in lines]
    kind, style = ("output", f' style="--signs:{width}"') if language in ("", "text") else ("input", "")
    block = f'<div class="block {kind}"{style}><pre><code>{"".join(map(_line, lines))}</code></pre></div>\n'
    if kind == "output" and sum(COLUMN.search(line) is not None for line in code.split("\n")) > 1:
        broad = " broad" if width > BROAD else ""
        return f'<div class="table columns{broad}">{block}</div>\n'  # it scrolls, for wrapped it could not be read
    return block


def in_line(code: str) -> str:
    """Code in a line of text, which ends at a space or slash of it, and elsewhere only in what is too long."""
    words = code.split(" ")
    return f"<code>{' '.join('<wbr>'.join(map(_piece, CUT.split(word))) for word in words)}</code>"


def _piece(piece: str) -> str:
    text = html.escape(piece)
    return f'<span class="keep">{text}</span>' if len(piece) <= LONG else text


def _line(line: str) -> str:
    """A line that goes on, where it is too long, two signs further in than it begins."""
    found = INDENT.match(line)
    if found is None:
        return f'<span class="line">{line}\n</span>'
    text = f'{found[1]}<span class="indent">{found[2]}</span>{line[found.end() :]}'
    return f'<span class="line" style="--in:{len(found[2])}">{text}\n</span>'


def coloured_file(name: str, text: str) -> str:
    """A whole file with numbered lines, which can be linked to."""
    try:
        lexer = get_lexer_for_filename(name, stripnl=False)
    except ClassNotFound:
        lexer = TextLexer(stripnl=False)
    return highlight(text, lexer, HtmlFormatter(cssclass="block whole", linenos="inline", lineanchors="L"))


def colours() -> str:
    """The style sheet of the colours: each for light paper, and for light and dark where light-dark() is known."""
    light, dark = (_colours_of(get_style_by_name(name)) for name in (LIGHT, DARK))
    rules = []
    for name in sorted(light.keys() | dark.keys()):
        day, night = light.get(name, "var(--ink)"), dark.get(name, "var(--ink)")
        rules.append(f".block .{name} {{ color: {day}; color: light-dark({day}, {night}) }}\n")
    return "".join(rules)


def _colours_of(style: StyleMeta) -> dict[str, str]:
    names = ((STANDARD_TYPES.get(token, ""), rules["color"]) for token, rules in style)
    return {name: f"#{colour}" for name, colour in names if name and colour and name != "w"}
