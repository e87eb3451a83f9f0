"""All pages as one PDF, printed by the tests' browser: nothing is cut, and everything is there."""

import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from playwright.sync_api import Error

from lessons import sync
from lessons.site.__main__ import main
from lessons.site.build import Site
from lessons.site.pdf import launch, write_book
from tests.lessons.conftest import CUT, PAGES

PAPER = {"width": 680, "height": 993}  # pixels: A4 without its margins


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return write_book(Site(sync.pages()).book, tmp_path_factory.mktemp("book"))


def test_nothing_of_the_book_is_cut(book, tab):
    tab.set_viewport_size(PAPER)
    tab.emulate_media(media="print", color_scheme="dark")
    tab.goto(book.as_uri())
    assert tab.evaluate(CUT) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= PAPER["width"]
    assert tab.locator("details:not([open])").count() == 0 and tab.locator("#query, .copy, nav").count() == 0
    assert tab.locator("article").count() == len(PAGES)
    tall = "[...document.querySelectorAll('img')].filter(each => each.getBoundingClientRect().height > 930).length"
    assert tab.evaluate(tall) == 0  # a figure fits on a sheet
    assert tab.evaluate("getComputedStyle(document.body).color") == "rgb(31, 35, 40)"  # dark ink, also on dark screens


def test_a_page_of_the_site_on_paper(site, tab):
    """Printed from the browser: no list, no search box, no buttons; what folds is open."""
    tab.set_viewport_size(PAPER)
    tab.goto((site / "03-convolution.html").as_uri())
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.emulate_media(media="print")
    assert tab.evaluate(CUT) == [] and tab.locator("details:not([open])").count() == 0
    assert not any(each.is_visible() for each in tab.locator("header, #book, .copy, .steps, #done").all())
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.locator("details[open]").count() == 0


def test_the_cheat_sheet_is_two_pages(site, tab):
    tab.goto((site / "cheat-sheet.html").as_uri())
    assert len(re.findall(rb"/Type\s*/Page\b", tab.pdf(prefer_css_page_size=True))) == 2


def test_links_of_the_book_stay_in_it(book):
    text = book.read_text(encoding="utf-8")
    names = re.findall(r' id="([^"]+)"', text)
    assert len(names) == len(set(names))
    links = re.findall(r'<a [^>]*href="([^"]+)"', text)
    assert all(link.startswith(("#", "http")) for link in links)
    assert {link[1:] for link in links if link.startswith("#")} <= set(names)


def in_a_thread(arguments: list[str]) -> int:
    """The command, which starts a browser of its own: two in one thread do not go together."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(main, arguments).result()


def test_the_pdf(browser, tmp_path, capsys):
    file = tmp_path / "book.pdf"
    file.write_bytes(b"%PDF-1.4 /Title (minunet: the course) %%EOF")
    assert in_a_thread(["--pdf", str(file)]) == 0
    assert f"{len(PAGES)} pages of the course" in capsys.readouterr().out
    printed = file.read_bytes()
    assert printed.startswith(b"%PDF-") and b"/Outlines" in printed
    assert 5 * len(PAGES) < len(re.findall(rb"/Type\s*/Page\b", printed)) < 15 * len(PAGES)
    assert b"minunet: the course" in printed and printed.count(b"%%EOF") == 1  # by which it is known again
    assert [path.name for path in tmp_path.iterdir()] == ["book.pdf"]


def test_where_no_pdf_can_be_written(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "thesis.pdf").write_bytes(b"%PDF-1.4 /Title (mine)")
    (tmp_path / "notes.pdf").write_bytes(b"%PDF-1.4 /Title (minunet: the course) %%EOF a note %%EOF")
    for name in ("mine.txt", "thesis.pdf", "notes.pdf"):
        assert main(["--pdf", str(tmp_path / name)]) == 2
        assert "no book of this course" in capsys.readouterr().err
    for name, sentence in ((".", "is a folder"), ("no/book.pdf", "There is no folder")):
        assert main(["--pdf", str(tmp_path / name)]) == 2
        assert sentence in capsys.readouterr().err
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_the_browser_of_playwright_comes_first(monkeypatch):
    tried: list[str | None] = []

    def start(executable_path, args):
        tried.append(executable_path)
        if executable_path is None:
            raise Error("none")
        return "browser"

    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if name == "chromium" else None)
    assert launch(SimpleNamespace(chromium=SimpleNamespace(launch=start))) == "browser"
    assert tried == [None, "/usr/bin/chromium"]


def test_without_a_browser_there_is_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "none"))
    monkeypatch.setattr("lessons.site.__main__.pages", lambda: sync.pages()[-1:])
    assert in_a_thread(["--pdf", str(tmp_path / "book.pdf")]) == 2
    said = capsys.readouterr().err
    assert "a PDF is printed by Chromium" in said and "playwright install chromium" in said and "Traceback" not in said
    assert not (tmp_path / "book.pdf").exists()
