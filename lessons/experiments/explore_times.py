"""How long the page that opens the U takes: to be written, to its first whole view, and a click.

Run: python lessons/experiments/explore_times.py [PICTURE]

Cells, and, with a photograph, pets; each written and opened three times by a browser without a window, medians. The
longest task is what the browser does without answering meanwhile, from the first line of the page to its first view.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from lessons.site.pdf import launch
from minunet.explore.__main__ import main as explore

ROUNDS = 3
WATCH = """window.tasks = [];
const watch = list => tasks.push(...list.getEntries().map(each => each.duration));
new PerformanceObserver(watch).observe({type: "longtask"});"""
READY = "state.answer && !document.body.hasAttribute('aria-busy')"
CLICK = "(() => { const began = performance.now(); go('up1.conv2', 3, 2, 2); return performance.now() - began; })()"


def measure(browser: Any, arguments: list[str]) -> list[float]:
    """Seconds to write, MB, seconds from opening to the first whole view, and milliseconds: longest task, a click."""
    with tempfile.TemporaryDirectory() as folder:
        page, began = Path(folder, "page.html"), time.perf_counter()
        if explore([*arguments, "--out", str(page)]):
            raise SystemExit(2)
        written = time.perf_counter() - began
        tab = browser.new_page(viewport={"width": 1440, "height": 900})
        tab.add_init_script(WATCH)
        opened = time.perf_counter()
        tab.goto(page.as_uri())
        tab.wait_for_function(READY, polling=10)
        seen = time.perf_counter() - opened
        longest = tab.evaluate("Math.max(0, ...tasks)")
        row = [written, page.stat().st_size / 1e6, seen, longest, tab.evaluate(CLICK)]
        tab.close()
    return row


def main(pictures: list[str]) -> None:
    from playwright.sync_api import sync_playwright

    print("network   written    page   first view   longest task     a click")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for name, arguments in {"cells": [], **({"pets": pictures} if pictures else {})}.items():
            rows = [measure(browser, arguments) for _ in range(ROUNDS)]
            s, size, first, longest, click = (statistics.median(column) for column in zip(*rows, strict=True))
            print(f"{name:8} {s:7.2f} s {size:4.1f} MB {first:9.2f} s {longest:11.0f} ms {click:8.0f} ms")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
