"""The course as web pages in a headless browser: no error, no network, maths drawn, links that work, on a phone too."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lessons import sync
from lessons.site import __main__ as site_command
from lessons.site.__main__ import main, page_name
from lessons.site.markdown import as_maths, read_page
from minunet.errors import InputError
from tests.conftest import NO_BROWSER

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PAGES = [page_name(path) for path in sync.pages()]
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 375, "height": 740}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("site")
    assert main(["--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, as the system or Playwright has it."""
    from playwright.sync_api import Error, sync_playwright

    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        except Error as error:
            pytest.skip(f"{NO_BROWSER}{str(error).splitlines()[0]}; `playwright install chromium` brings one")
        yield browser
        browser.close()


@pytest.fixture
def tab(browser) -> Iterator[Any]:
    """A page of the browser that fails the test for whatever it complains about or asks the network for."""
    page = browser.new_page(viewport=DESK)
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("requestfailed", lambda request: trouble.append(f"failed: {request.url}"))
    page.on("request", lambda request: trouble.append(request.url) if request.url.startswith("http") else None)
    yield page
    page.close()
    assert trouble == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_and_its_maths_is_drawn(site, tab, name):
    tab.goto((site / name).as_uri())
    assert tab.title().endswith(" - minunet") and tab.locator("h1").count() == 1
    heights = tab.evaluate("[...document.querySelectorAll('math')].map(each => each.getClientRects().length)")
    assert all(heights)  # one in a fold that is closed has none
    shown = tab.evaluate(
        "[...document.querySelectorAll('.prose p, .prose li, .prose td')].map(e => e.innerText).join(' ')"
    )
    assert not re.search(r"\\(frac|sum|text|mathrm|partial)|\$[^$\n]+\$|!\[|\]\(", shown)
    source = next(path for path in sync.pages() if page_name(path) == name).read_text(encoding="utf-8")
    assert tab.locator("math[display=block]").count() == len(re.findall(r"^```math$", source, re.MULTILINE))
    for picture in tab.locator("img").all():
        assert picture.evaluate("each => each.complete && each.naturalWidth > 0")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read_on_a_phone(site, tab, name):
    tab.set_viewport_size(PHONE)
    tab.goto((site / name).as_uri())
    tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert tab.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 16


def test_a_file_can_be_read_on_a_phone(site, tab):
    """Of the pages of files, those with the longest names."""
    tab.set_viewport_size(PHONE)
    for page in sorted(site.glob("source.*.html"), key=lambda path: -len(path.name))[:8]:
        tab.goto(page.as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.name


def test_all_links_lead_somewhere(site):
    """Also those of the pages of source files: every file is there, and in it every anchor."""
    text = {path.name: path.read_text(encoding="utf-8") for path in site.glob("*.html")}
    anchors = {name: set(re.findall(r'(?:id|name)="([^"]+)"', page)) for name, page in text.items()}
    for name, page in text.items():
        for link in re.findall(r'(?:href|src)="([^"]+)"', page):
            if not link.startswith(("http", "data:")):
                file, _, anchor = link.partition("#")
                assert (site / (file or name)).exists(), (name, link)
                assert not anchor or anchor in anchors[file or name], (name, link)


def test_code_stands_beside_the_prose_and_stays_while_it_is_read(site, tab):
    tab.goto((site / "03-convolution.html").as_uri())
    row = tab.locator(".row", has=tab.locator("text=The three gradients")).first
    prose, code = row.locator(".prose"), row.locator(".code")
    left, right = prose.bounding_box(), code.bounding_box()
    assert right["x"] >= left["x"] + left["width"] and abs(right["y"] - left["y"]) < 5
    assert "def conv2d_loops_backward" in code.inner_text()
    tab.evaluate(f"window.scrollTo(0, {left['y'] + left['height'] / 2})")
    assert 0 <= code.bounding_box()["y"] < 200  # on the screen, while the prose has scrolled on
    assert prose.bounding_box()["y"] < 0
    tab.set_viewport_size(PHONE)
    assert code.bounding_box()["y"] > prose.bounding_box()["y"] + prose.bounding_box()["height"] - 1


def test_the_search_finds_and_leads_there(site, tab):
    tab.goto((site / "index.html").as_uri())
    tab.keyboard.press("/")
    tab.keyboard.type("col2im transpose")
    hits = tab.locator("#found li")
    assert 1 <= hits.count() <= 12
    link = tab.locator("#found a[href^='03-convolution.html']").first
    assert link.count() == 1
    link.click()
    assert "03-convolution.html" in tab.url
    tab.fill("#query", "ties")
    assert tab.locator("#found a").first.get_attribute("href").startswith("04-relu-and-pool.html#")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/04-relu-and-pool.html#*")
    tab.fill("#query", "ties")
    tab.locator("h1").click()
    assert not tab.locator("#found").is_visible()
    tab.fill("#query", "qzxv")
    assert tab.locator("#found").inner_text() == "Nothing found."
    tab.keyboard.press("Escape")
    assert not tab.locator("#found").is_visible()


def test_a_formula_that_cannot_be_read_is_an_error():
    assert as_maths(r"\begin{pmatrix} a \end{pmatrix}", display=True).count("<mrow>") == 2  # brackets of its own
    assert "<mrow><mi>s</mi><mo" in as_maths("s''", display=False)  # primes are not raised twice
    assert "mfrac" in as_maths(r"\frac{a}{b}", display=True)
    assert "mtable" in as_maths(r"\begin{aligned} a &= b \\ c &= d \end{aligned}", display=True)
    for formula in (r"\left( a", r"\nosuchthing{a}", "a & b", r"\text{a<b}"):
        with pytest.raises(InputError, match="cannot be drawn"):
            as_maths(formula, display=True)


def test_blocks_of_a_page(tmp_path):
    """Formulas in lists, money, excerpts one after the other, figures and headings in a fold."""
    page = tmp_path / "page.md"
    page.write_text(
        "# 1. Title\n\nFrom $5 to $6, and $x_1$.\n\n- a\n\n  ```math\n  \\frac{a}{b}\n  ```\n\n"
        "<!-- source: minunet.layers.relu:relu -->\n```python\nx\n```\n\n"
        "<!-- source: minunet.layers.relu:relu_backward -->\n```python\ny\n```\n\n"
        "<details><summary>s</summary>\n\n## Inside\n\n![p](figures/a.png)\n\n</details>\n",
        encoding="utf-8",
    )
    read = read_page(page, lambda target: target, lambda path, line: f"{path.name}#{line}")
    assert read.title == "1. Title"
    assert [(len(row.right), row.wide) for row in read.rows] == [(2, False), (0, False)]
    left = "".join(read.rows[0].left)
    assert "$5 to $6" in left and left.count("<math") == 2 and "mfrac" in left
    fold = "".join(read.rows[1].left)
    assert fold.index("<details") < fold.index("Inside") < fold.index("<img") < fold.index("</details>")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[a](nowhere.md)", "leads nowhere"),
        ("```mermaid\n```", "unknown language 'mermaid'"),
        ("$\\left( a$", "cannot be drawn"),
    ],
)
def test_what_is_wrong_with_a_page_is_a_sentence(tmp_path, monkeypatch, capsys, text, sentence):
    (tmp_path / "README.md").write_text(f"# T\n\n{text}\n", encoding="utf-8")
    monkeypatch.setattr(site_command, "pages", lambda: [tmp_path / "README.md"])
    assert main(["--out", str(tmp_path / "out")]) == 2
    assert "README.md: " in (said := capsys.readouterr().err) and sentence in said


def test_a_site_is_made_anew(site, tmp_path):
    out = shutil.copytree(site, tmp_path / "site")
    (out / "99-old.html").write_text("old")
    assert main(["--out", str(out)]) == 0
    assert not (out / "99-old.html").exists() and (out / "index.html").exists()
    assert main(["--out", str(sync.LESSONS / "site")]) == 2


def test_bad_folders(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    assert main(["--out", str(tmp_path / "file")]) == 2
    assert "is a file" in capsys.readouterr().err
    assert main(["--out", str(tmp_path)]) == 2
    assert "holds something else" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine" and len(list(tmp_path.iterdir())) == 1
