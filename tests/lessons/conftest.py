"""What the tests of the site share: the site as it is written, and what is cut off on a page."""

from pathlib import Path

import pytest

from lessons import sync
from lessons.site.__main__ import main
from lessons.site.build import page_name

PAGES = [page_name(path) for path in sync.pages()]
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
