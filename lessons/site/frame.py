"""What stands around the text of a page: its head, the list of lessons with the contents of the page, and the steps."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lessons.site.live import LAYERS
from lessons.site.markdown import Page

TEMPLATE = Path(__file__).parent / "page.html"
NUMBERED = re.compile(r"(\d+)\. (.*)")
DESCRIPTION = "A U-Net for image segmentation, written by hand: lessons with code that runs."
PICTURE = "figures/the_u.png"  # og:image; relative, as all addresses here: the pages do not know where they will lie


@dataclass(frozen=True)
class Entry:
    """A page in the list of all."""

    name: str  # of its file
    page: Page


def framed(book: Sequence[Entry], name: str, page: Page, body: str) -> str:
    """The whole file of a page; one that is not in the book has no steps."""
    place = next((number for number, entry in enumerate(book) if entry.name == name), None)
    parts = {
        "TITLE": html.escape(page.title),
        "DESCRIPTION": html.escape(_short(page.description or DESCRIPTION)),
        "PICTURE": html.escape(page.picture or PICTURE),
        "LESSONS": _lessons(book, name, page),
        "TOP": "" if place is None else _steps(book, place, "top"),
        "BODY": body,
        "LIVE": "".join(f'<script src="script/{each}"></script>\n' for each in (*LAYERS, "live.js") if page.live),
        "END": "" if place is None else _done(name) + _steps(book, place, "end"),
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    return re.sub(r"<!-- ([A-Z]+) -->", lambda mark: parts[mark[1]], text)


def _lessons(book: Sequence[Entry], name: str, page: Page) -> str:
    """The list of all pages, under the current one its contents."""
    items = []
    for entry in book:
        found = NUMBERED.fullmatch(entry.page.title)
        number, title = (found[1], found[2]) if found else ("", entry.page.title)
        current = ' aria-current="page"' if entry.name == name else ""
        link = (
            f'<a href="{entry.name}"{current}><span class="number">{number}</span>'
            f'<span class="title">{html.escape(title)}</span></a>'
        )
        items.append(f'<li data-page="{entry.name}">{link}{_contents(page) if current else ""}</li>')
    return f'<ol class="lessons">{"".join(items)}</ol><p id="count" hidden></p>'


def _contents(page: Page) -> str:
    links = "".join(f'<li><a href="#{anchor}">{html.escape(heading)}</a></li>' for anchor, heading in page.contents)
    return f'<ol class="contents" aria-label="On this page">{links}</ol>' if links else ""


def _steps(book: Sequence[Entry], place: int, where: str) -> str:
    """The links to the page before and the page after."""
    parts = []
    if place:
        parts.append(_step(book[place - 1], "prev", "Previous"))
    if place + 1 < len(book):
        parts.append(_step(book[place + 1], "next", "Next"))
    return f'<nav class="steps {where}" aria-label="Previous and next, {where}">{"".join(parts)}</nav>'


def _step(entry: Entry, kind: str, word: str) -> str:
    return f'<a rel="{kind}" href="{entry.name}"><small>{word}</small> <span>{html.escape(entry.page.title)}</span></a>'


def _done(name: str) -> str:
    return (
        f'<p class="done"><button id="done" type="button" data-page="{name}" hidden>Mark this page as done</button></p>'
    )


def _short(text: str, most: int = 200) -> str:
    words = text if len(text) <= most else text[: most - 3].rsplit(" ", 1)[0] + "..."
    return words[:1].upper() + words[1:]
