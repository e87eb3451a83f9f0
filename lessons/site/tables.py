"""Tables on a phone: one that holds formulas is told row by row; one that is too wide scrolls (script/tables.js)."""

import re

LONG = 10  # signs of a formula for which a column of a phone may be too narrow
MATHS = re.compile(r"<math.*?</math>", re.DOTALL)
CELL = re.compile(r"<t([dh])(?P<more>(?: [^>]*)?)>(?P<text>.*?)</t\1>", re.DOTALL)


def finished_table(table: str) -> str:
    """A table with what it needs on a phone; no heading without words."""
    table = table.replace("<th></th>", "<td></td>")
    kind, longest = "table", max((len(_plain(each[0])) for each in MATHS.finditer(table)), default=0)
    if longest > LONG:
        kind, table = "table by-row", _labelled(table)
    return f'<div class="{kind}">{table}</div>'


def _labelled(table: str) -> str:
    """Each cell knows the heading of its column, for where there are no columns."""
    head, body = table.split("</thead>", 1)
    labels = [_plain(cell["text"]) for cell in CELL.finditer(head)]

    def row(match: re.Match[str]) -> str:
        cells = iter(labels)
        return CELL.sub(lambda cell: f'<td data-label="{next(cells, "")}"{cell["more"]}>{cell["text"]}</td>', match[0])

    return f"{head}</thead>{re.sub('<tr[ >].*?</tr>', row, body, flags=re.DOTALL)}"


def _plain(text: str) -> str:
    return re.sub(r"<[^>]+>", "", text).strip()
