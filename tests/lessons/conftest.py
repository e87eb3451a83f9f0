"""What the tests of the site share: the site as it is written, a headless browser, and what is cut off on a page."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lessons import sync
from lessons.site.__main__ import main
from lessons.site.build import page_name
from lessons.site.pdf import launch
from minunet.errors import InputError
from tests.conftest import NO_BROWSER

PAGES = [page_name(path) for path in sync.pages()]
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
UNFOLD = "document.querySelectorAll('details').forEach(each => each.open = true)"
# Formulas, code and pictures that are wider inside than outside, or stand out of what holds them; tables that do.
CUT = """() => [...document.querySelectorAll('math, .formula, .part, .keep, .block, pre, pre code, .line, img, .table')]
  .filter(each => each.getClientRects().length)
  .filter(each => {  // what scrolls in its frame is not cut; on paper nothing scrolls
    const frame = each.parentElement.closest(each.matches('code .keep') ? '.table' : '.columns');
    return !frame || getComputedStyle(frame).overflowX !== 'auto';
  })
  .filter(each => {
    const holder = each.closest('.block') || each.closest('.prose, .code, .alone, .wide, .file') || document.body;
    const spills = each.getBoundingClientRect().right > holder.getBoundingClientRect().right + 1;
    const scrolls = each.matches('.table') || getComputedStyle(each).display === 'inline';
    const inner = !scrolls && each.scrollWidth > each.clientWidth + 1;
    return spills || inner || holder.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
  })
  .map(each => `${each.tagName} ${each.className} ${each.scrollWidth} > ${each.clientWidth}: ` +
               each.textContent.slice(0, 60))"""


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("site")
    assert main(["--out", str(out)]) == 0
    return out


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, as the system or Playwright has it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except InputError as error:
            pytest.skip(f"{NO_BROWSER}{error}")
        yield browser
        browser.close()


@pytest.fixture
def context(browser) -> Iterator[Any]:
    """Windows of a browser that remembers nothing from other tests, and is light."""
    context = browser.new_context(viewport=DESK, color_scheme="light")
    yield context
    context.close()


@pytest.fixture
def tab(context) -> Iterator[Any]:
    with new_tab(context) as page:
        yield page


@contextmanager
def new_tab(context: Any) -> Iterator[Any]:
    """A page of the browser that fails the test for whatever it complains about or asks the network for."""
    page = context.new_page()
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("requestfailed", lambda request: trouble.append(f"failed: {request.url}"))
    page.on("request", lambda request: trouble.append(request.url) if request.url.startswith("http") else None)
    yield page
    page.close()
    assert trouble == []
