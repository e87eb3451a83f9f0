"""The page that opens the U, as a browser shows it. Run: python -m lessons.figures.explore"""

import io
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from lessons.site.pdf import launch
from minunet.explore.__main__ import main
from minunet.files import whole_file

FILE = Path(__file__).with_suffix(".png")
READY = "!document.body.hasAttribute('aria-busy') && state.counting[`${address()} 1`]"


def shoot(browser: Any, width: int) -> Image.Image:
    """The page for the included cells, at a sum of the way up; on a phone only the U."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "cells.html")
        if main(["--out", str(page)]):
            raise RuntimeError("no page was written")
        tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="light", device_scale_factor=1)
        tab.goto(f"{page.as_uri()}#up2.conv1,8,24,20")
        tab.wait_for_function(READY)
        tab.wait_for_timeout(500)  # until what is drawn is on the screen
        picture = tab.screenshot(full_page=True)
        height = tab.evaluate("document.querySelector('main').getBoundingClientRect().bottom")
        tab.close()
    drawn = Image.open(io.BytesIO(picture)).convert("RGB")
    return drawn if width > 640 else drawn.crop((0, 0, width, int(height)))


def draw() -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launch(playwright)
        for file, width in ((FILE, 1440), (FILE.with_suffix(".narrow.png"), 390)):
            picture = shoot(browser, width).quantize(256, Image.Quantize.MAXCOVERAGE)  # a quarter of the size
            with whole_file(file, "wb") as opened:
                picture.save(opened, format="PNG", optimize=True)
        browser.close()


if __name__ == "__main__":
    draw()
