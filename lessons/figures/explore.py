"""The page that opens the U, as a browser shows it. Run: python -m lessons.figures.explore"""

import io
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from lessons.site.pdf import launch
from minunet.explore.__main__ import main
from minunet.files import whole_file

FILE = Path(__file__).with_suffix(".png")
READY = "!document.body.hasAttribute('aria-busy') && state.counting[`${address()} 1`]"


def shoot(browser: Any) -> Image.Image:
    """The page for the included cells on a screen of 1440 x 900, at a sum of the way up."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "cells.html")
        if main(["--out", str(page)]):
            raise RuntimeError("no page was written")
        tab = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light")
        tab.goto(f"{page.as_uri()}#up2.conv1,8,24,20")
        tab.wait_for_function(READY)
        picture = tab.screenshot(full_page=True)
        tab.close()
    return Image.open(io.BytesIO(picture)).convert("RGB")


def draw() -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launch(playwright)
        picture = shoot(browser).quantize(256, Image.Quantize.MAXCOVERAGE)  # a quarter of the size, and nothing is lost
        browser.close()
    with whole_file(FILE, "wb") as file:
        picture.save(file, format="PNG", optimize=True)


if __name__ == "__main__":
    sys.exit(draw())
