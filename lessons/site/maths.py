"""Formulas: TeX to MathML, which browsers draw by themselves, in pieces between which a line may break.

A browser breaks no line inside of MathML. So a formula is laid out as parts: one for each relation (`= ...`), which
stay whole while a line holds them, and in them pieces at the signs and factors, where a narrow screen may break.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence

from latex2mathml.converter import convert

from minunet.errors import InputError

# What the converter to MathML does not know, and what looks the same.
ALIKE = {
    r"\begin{aligned}": r"\begin{array}{rlrl}",
    r"\end{aligned}": r"\end{array}",
    r"\begin{pmatrix}": r"\left( \begin{matrix}",
    r"\end{pmatrix}": r"\end{matrix} \right)",
}
PRIMES = re.compile(r"<msup>(<m[io]>[^<]*</m[io]>)<m[io]>(&#x0203[2-7];)</m[io]></msup>")
SPACE = "http://www.w3.org/1998/Math/MathML"
RELATIONS = set("=≈≤≥<>←→⇒⟹≔") | {"+="}
SIGNS = set("+-−±")
LONG, LONG_PIECE = 28, 20  # signs
AFTER_LOG = "0.17em"  # a space where no line breaks
ET.register_namespace("", SPACE)


def as_maths(formula: str, *, display: bool) -> str:
    """A formula as one piece of MathML. Raises InputError for a formula that cannot be read."""
    known = formula.strip()
    for name, other in ALIKE.items():
        known = known.replace(name, other)
    try:
        drawn = convert(known, display="block" if display else "inline")
        ET.fromstring(drawn)  # it takes over what \text and its kind hold as it is, < and & too
    except Exception as error:
        raise InputError(f"the formula {formula.strip()!r} cannot be drawn: {type(error).__name__}: {error}") from error
    unknown = re.search(r">(\\\w+)<", drawn)
    if unknown is not None:  # the converter lets pass what it does not know
        raise InputError(f"the formula {formula.strip()!r} cannot be drawn: {unknown[1]} is not known")
    drawn = PRIMES.sub(r'<mrow>\1<mo lspace="0" rspace="0">\2</mo></mrow>', drawn)  # they are raised as they are
    drawn = re.sub(r"<mo><mrow>(?:<mo>([^<]*)</mo>)(?:<mo>([^<]*)</mo>)</mrow></mo>", r"<mo>\1\2</mo>", drawn)  # +=
    return re.sub(r"<mi>log</mi>(?!<mo[^>]*>&#x00028;)", rf'<mi>log</mi><mspace width="{AFTER_LOG}"/>', drawn)


def in_text(formula: str) -> str:
    """A formula in a line of text, which may break in it if it is long."""
    top = _top(as_maths(formula, display=False))
    if _signs(top) < LONG:
        return _maths(top)
    pieces = [piece for part in _parts(top) for piece in _pieces(part)]
    return "<wbr>".join(_maths(piece) for piece in pieces)


def as_display(formula: str) -> str:
    """A formula on lines of its own; aligned lines keep their columns."""
    top = _top(as_maths(formula, display=True))
    if len(top) == 1 and _name(top[0]) == "mtable":
        lines = [[list(cell) for cell in row] for row in top[0]]
        body = "".join(
            f"<div>{_laid_out([cells[0]])}</div><div>{_laid_out(_parts(sum(cells[1:], [])))}</div>" for cells in lines
        )
        return f'<div class="formula aligned">{body}</div>\n'
    return f'<div class="formula">{_laid_out(_parts(top))}</div>\n'


def _laid_out(parts: Iterable[Sequence[ET.Element]]) -> str:
    spans = []
    for part in parts:
        inner = "<wbr>".join(_piece(piece) for piece in _pieces(part))
        spans.append(f'<span class="part{" gap" if _is_wide(part[-1]) else ""}">{inner}</span>' if part else "")
    return "<wbr>".join(spans)


def _piece(piece: Sequence[ET.Element]) -> str:
    """MathML; a long sum as two, its signs and what is summed."""
    sums = [number for number, each in enumerate(piece, 1) if _name(each) in ("munder", "munderover")]
    if not sums or _signs(piece) < LONG_PIECE or sums[-1] == len(piece):
        return _maths(piece, display=True)
    halves = (piece[: sums[-1]], piece[sums[-1] :])
    return f'<span class="part">{"<wbr>".join(_maths(half, display=True) for half in halves)}</span>'


def _signs(elements: Iterable[ET.Element]) -> int:
    """How long a formula is."""
    return sum(len(text) for each in elements for text in each.itertext())


def _top(drawn: str) -> list[ET.Element]:
    """What stands side by side in a formula."""
    elements = list(ET.fromstring(drawn))
    return list(elements[0]) if len(elements) == 1 and _name(elements[0]) == "mrow" else elements


def _parts(top: Sequence[ET.Element]) -> list[list[ET.Element]]:
    """Cut after wide spaces, and before each relation but the first after such a space."""
    parts: list[list[ET.Element]] = [[]]
    relations = 0
    for element, depth in zip(top, _depths(top), strict=True):
        if depth == 0 and _sign(element) in RELATIONS:
            relations += 1
            if relations > 1:
                parts.append([])
        parts[-1].append(element)
        if depth == 0 and _is_wide(element):
            parts.append([])
            relations = 0
    return [part for part in parts if part]


def _pieces(part: Sequence[ET.Element]) -> list[list[ET.Element]]:
    """Cut before relations, signs and brackets, and after narrow spaces, outside of all brackets."""
    pieces: list[list[ET.Element]] = [[]]
    for number, (element, depth) in enumerate(zip(part, _depths(part), strict=True)):
        follows = number > 0 and _sign(part[number - 1]) not in RELATIONS | SIGNS | {"("}
        breaks = _sign(element) in RELATIONS | SIGNS
        spaced = _name(part[number - 1]) == "mspace" and part[number - 1].get("width") != AFTER_LOG
        if depth == 0 and follows and (breaks or spaced):
            if breaks and _sign(element) in SIGNS:
                element.set("form", "infix")  # it would become the sign of a number
            pieces.append([])
        if not _is_wide(element):
            pieces[-1].append(element)
    return [piece for piece in pieces if piece]


def _depths(elements: Sequence[ET.Element]) -> list[int]:
    """How many brackets are open before each."""
    depths, depth = [], 0
    for element in elements:
        depths.append(depth)
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(_sign(element), 0)
    return depths


def _maths(elements: Sequence[ET.Element], *, display: bool = False) -> str:
    style = ' displaystyle="true"' if display else ""
    inner = "".join(ET.tostring(each, encoding="unicode", method="xml") for each in elements)
    inner = inner.replace(f' xmlns="{SPACE}"', "")
    return f"<math{style}><mrow>{inner}</mrow></math>"


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _sign(element: ET.Element) -> str:
    return (element.text or "").strip() if _name(element) in ("mo", "mi") else ""


def _is_wide(element: ET.Element) -> bool:
    return _name(element) == "mspace" and float(element.get("width", "0em").removesuffix("em")) >= 1
