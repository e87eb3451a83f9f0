"""All pages bound into one, which a browser without a window prints as a PDF."""

import html
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lessons.site.build import body_of, write_looks
from lessons.site.frame import Entry
from minunet.errors import InputError

TEMPLATE = Path(__file__).parent / "book.html"
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NEEDED = "a PDF is printed by Chromium, and none was found"
INSTALL = "`playwright install chromium` brings one"


def write_book(book: Sequence[Entry], out: Path) -> Path:
    """The pages as one, in a folder; returns its file."""
    write_looks(out)
    names = {entry.name for entry in book}
    items = [f'<li><a href="#{_prefix(each.name)}">{html.escape(each.page.title)}</a></li>' for each in book]
    pages = [
        f'<article id="{_prefix(each.name)}">{_bound(each.name, body_of(each.page), names)}</article>' for each in book
    ]
    text = TEMPLATE.read_text(encoding="utf-8")
    text = text.replace("<!-- CONTENTS -->", "".join(items)).replace("<!-- PAGES -->", "\n".join(pages))
    (out / "book.html").write_text(text, encoding="utf-8")
    return out / "book.html"


def _prefix(name: str) -> str:
    return f"page-{name.removesuffix('.html')}"


def _bound(name: str, body: str, names: set[str]) -> str:
    """A page within the book: anchors of its own, links to places of the book, and what folds open."""

    def link(match: re.Match[str]) -> str:
        target, inside = match[1], match[2]
        page, _, anchor = target.partition("#")
        if target.startswith("http"):
            return match[0]
        if (page or name) not in names:  # a file or a figure, which is not in the book: its name stays
            return inside
        there = _prefix(page or name) + (f"--{anchor}" if anchor else "")
        return f'<a href="#{there}">{inside}</a>'

    body = re.sub(r'<a\b[^>]*?href="([^"]*)"[^>]*>(.*?)</a>', link, body, flags=re.DOTALL)
    body = re.sub(r' id="([^"]+)"', rf' id="{_prefix(name)}--\1"', body)
    return body.replace("<details", "<details open")


def launch(playwright: Any) -> Any:
    """A browser without a window: Playwright's own, for the system's may be a snap, which does not see /tmp.

    Without its sandbox, which root and many containers cannot start: it opens no pages but those written here. Raises
    InputError if there is none.
    """
    from playwright.sync_api import Error

    for browser in (None, *filter(None, map(shutil.which, BROWSERS))):
        try:
            return playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        except Error as error:
            why = str(error).splitlines()[0]
    raise InputError(f"{NEEDED} ({why}); {INSTALL}.")


def print_book(page: Path) -> bytes:
    """The PDF of a page. Raises InputError if there is no browser."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ModuleNotFoundError:
        raise InputError(f"{NEEDED}: pip install -e '.[test]', and {INSTALL}.") from None
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            tab = browser.new_page()
            tab.goto(page.as_uri())
            return tab.pdf(prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
        except Error as error:
            raise InputError(f"the browser could not print the pages: {str(error).splitlines()[0]}") from error
        finally:
            browser.close()
