"""Each page of the site in a headless browser: it opens without a network, nothing is cut, everybody can use it."""

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest

from lessons import sync
from lessons.site.build import page_name
from tests.conftest import DESK, PHONE, new_tab
from tests.lessons.conftest import CUT, PAGES, UNFOLD

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
SHOWN = "[...document.querySelectorAll('main :is(p, li, td)')].map(each => each.innerText).join(' ')"
RAW = re.compile(r"\\(frac|sum|text|mathrm|partial)|\$[^$\n]+\$|!\[|\]\(")  # Markdown and TeX that nobody has read


def violations(tab: Any, rules: list[str] | None = None) -> list[str]:
    """What axe-core finds wrong with a page: of everything that it knows, or of some rules.

    Code and maths are plain text for it: it would look at each word and sign, of which there are thousands, and reads
    no MathML. The colours of code are checked by themselves below.
    """
    if not tab.evaluate("typeof axe === 'object'"):
        tab.evaluate("document.querySelectorAll('.block code').forEach(e => { e.textContent = e.textContent; })")
        tab.evaluate("document.querySelectorAll('math').forEach(each => each.replaceWith(each.textContent))")
        tab.evaluate(AXE)
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    if rules:
        options["runOnly"] = {"type": "rule", "values": rules}
    found = tab.evaluate("options => axe.run(options)", options)["violations"]
    return [f"{each['id']}: {node['html'][:150]}" for each in found for node in each["nodes"]]


@pytest.fixture(scope="module", params=PAGES)
def opened(request, site, browser) -> Iterator[tuple[str, Any]]:
    """Each page in turn, opened once for the tests that follow; with what folds open."""
    context = browser.new_context(viewport=DESK, color_scheme="light")
    with new_tab(context) as tab:
        tab.goto((site / request.param).as_uri())
        tab.evaluate(UNFOLD)
        yield request.param, tab
    context.close()


def test_a_page_opens_and_its_maths_is_drawn(opened):
    name, tab = opened
    assert tab.title().endswith(" - minunet") and tab.locator("h1").count() == 1
    assert not RAW.search(tab.evaluate(SHOWN))
    source = next(path for path in sync.pages() if page_name(path) == name).read_text(encoding="utf-8")
    assert tab.locator(".formula").count() == len(re.findall(r"^ *```math$", source, re.MULTILINE))
    assert tab.evaluate("[...document.images].every(each => each.complete && each.naturalWidth > 0)")
    heights = tab.evaluate("[...document.querySelectorAll('math')].map(each => each.getBoundingClientRect().height)")
    assert all(heights)


def test_nothing_of_a_page_is_cut(opened):
    """On a phone, on two desks: no formula, code, figure or table; nothing scrolls sideways."""
    _, tab = opened
    for width in (375, PHONE["width"], 1280, DESK["width"]):
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate(CUT) == [], width
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert width > 400 or tab.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 16


def test_a_page_can_be_used_by_everybody(opened):
    """axe-core finds nothing: all of its rules on light paper, and on dark those about colours."""
    _, tab = opened
    tab.set_viewport_size(DESK)
    assert violations(tab) == []
    tab.emulate_media(color_scheme="dark")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 25, 29)"
    assert violations(tab, ["color-contrast", "link-in-text-block"]) == []


def test_files_can_be_read_on_a_phone_and_by_everybody(site, tab):
    """Of the pages of files, those with the longest names, a folder and a page of Markdown."""
    names = sorted(site.glob("source.*.html"), key=lambda path: -len(path.name))[:6]
    names += [site / "source.lessons.exercises.html", site / "source.RESULTS.md.html"]
    tab.set_viewport_size(PHONE)
    for page in names:
        tab.goto(page.as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.name
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        for page in names[-3:]:
            tab.goto(page.as_uri())
            assert violations(tab) == [], page.name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_of_code_can_be_told_from_its_paper(site, tab, scheme):
    """Every colour of a word of code on all pages; the contrast as WCAG 2 has it, 4.5 to 1."""
    tab.emulate_media(color_scheme=scheme)
    tab.goto((site / "03-convolution.html").as_uri())
    names = {name for page in PAGES for name in re.findall(r'<span class="(\w+)">', (site / page).read_text("utf-8"))}
    measured = tab.evaluate(
        """names => names.flatMap(name => ['--paper', '--shade'].map(paper => {
          const block = document.querySelector('.block.input'), word = document.createElement('span');
          word.className = name;
          word.style.backgroundColor = `var(${paper})`;
          block.append(word);
          const style = getComputedStyle(word), colours = [style.color, style.backgroundColor];
          word.remove();
          return [name, ...colours];
        }))""",
        sorted(names),
    )
    assert len(measured) > 30
    for name, ink, paper in measured:
        lighter, darker = sorted((luminance(ink), luminance(paper)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (name, ink, paper)


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
