"""The site in use: search, menu, contents, progress, copies, dark paper; code beside the prose; by keyboard, too."""

import io
import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from lessons import sync
from tests.conftest import DESK, PHONE, new_tab
from tests.lessons.conftest import PAGES, UNFOLD

LESSON = "03-convolution.html"
# Blocks of which a word meets the button.
COVERED = """() => [...document.querySelectorAll('.block.input')].filter(block => {
  const range = document.createRange(), button = block.querySelector('.copy').getBoundingClientRect(), boxes = [];
  const texts = document.createTreeWalker(block.querySelector('code'), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) for (const word of texts.currentNode.data.matchAll(/\\S+/g)) {
    range.setStart(texts.currentNode, word.index);
    range.setEnd(texts.currentNode, word.index + word[0].length);
    boxes.push(...range.getClientRects());
  }
  return boxes.some(each => each.right > button.left && each.left < button.right &&
                            each.bottom > button.top && each.top < button.bottom);
}).map(block => block.textContent.slice(0, 60))"""


def test_code_stands_beside_the_prose_and_stays_while_it_is_read(site, tab):
    tab.goto((site / LESSON).as_uri())
    row = tab.locator(".row", has=tab.locator("text=Ask of every input number")).first
    prose, code = row.locator(".prose"), row.locator(".code")
    left, right = prose.bounding_box(), code.bounding_box()
    assert right["x"] >= left["x"] + left["width"] and abs(right["y"] - left["y"]) < 5
    assert "def conv2d_loops_backward" in code.inner_text()
    tab.evaluate(f"window.scrollTo(0, {left['y'] + left['height'] / 2})")
    assert 0 <= code.bounding_box()["y"] < 200  # on the screen, while the prose has scrolled on
    assert prose.bounding_box()["y"] < 0
    tab.set_viewport_size(PHONE)
    assert code.bounding_box()["y"] > prose.bounding_box()["y"] + prose.bounding_box()["height"] - 1


LABELLED = """() => [...document.querySelectorAll('.output')].map(each => {
  const holder = each.closest('.columns') || each, before = holder.previousElementSibling;
  const label = getComputedStyle(each, '::before').content;
  return [label === '"prints"', Boolean(before && before.matches('.input'))];
})"""


def test_what_code_prints_is_labelled_and_no_other_text(site, tab):
    tab.goto((site / "source.README.md.html").as_uri())
    assert tab.evaluate(LABELLED) == [[False, False]] * 2  # classes.txt and the map
    tab.goto((site / "06-skip-connections.html").as_uri())
    assert tab.locator(".columns").count() and all(labelled for both in tab.evaluate(LABELLED) for labelled in both)


def test_a_line_under_a_link_lies_below_its_underscores(site, tab):
    """Of a link in code and of one in text: between the rows of both is white."""
    tab.goto((site / "01-tensors.html").as_uri())
    link = tab.locator("main a[href*='__init__']").first
    for inside in ("<code>__</code>", "__"):
        link.evaluate("(each, inside) => { each.innerHTML = inside; each.style.padding = '0 0 8px'; }", inside)
        tab.add_style_tag(content="main a, main a code { background: #fff !important; border-radius: 0 !important; }")
        lined = pixels(link)
        link.evaluate("each => { each.style.textDecoration = 'none'; }")
        bare = pixels(link)
        link.evaluate("each => { each.style.textDecoration = ''; }")
        ink = np.flatnonzero(bare.min(axis=1) < 200)
        line = np.flatnonzero((lined != bare).any(axis=1))
        assert line.size and line.min() > ink.max() + 1, inside


def pixels(element) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(element.screenshot())).convert("L")).astype(int)


@pytest.mark.parametrize("width", [PHONE["width"], DESK["width"]])
def test_code_in_a_line_is_not_cut_in_mid_word(site, tab, width):
    """What stands between spaces and slashes is on one line; an option also in a block."""
    tab.set_viewport_size({"width": width, "height": 900})
    for name in (PAGES[1], "source.README.md.html"):
        tab.goto((site / name).as_uri())
        cut = "[...document.querySelectorAll('code .keep')].filter(each => each.getClientRects().length > 1)"
        assert tab.locator("code .keep").count() > 20 and tab.evaluate(f"{cut}.map(each => each.innerText)") == []


def test_the_map_scrolls_on_a_phone_and_shows_that_it_does(site, tab):
    tab.goto((site / "source.README.md.html").as_uri())
    columns = tab.locator(".columns")
    assert columns.evaluate("each => each.scrollWidth <= each.clientWidth")
    tab.set_viewport_size(PHONE)
    columns.and_(tab.locator("[tabindex='0']")).wait_for()  # a stop of the keyboard
    assert columns.evaluate("each => each.scrollWidth > each.clientWidth")
    assert "gradient" in columns.evaluate("each => getComputedStyle(each).backgroundImage")
    heights = columns.locator(".line").evaluate_all("all => all.map(each => each.getBoundingClientRect().height)")
    assert len(heights) > 30 and len({round(height) for height in heights}) == 1  # none wraps


def test_the_column_is_centred_and_has_one_measure(site, tab):
    tab.goto((site / LESSON).as_uri())
    column = tab.locator("main > .alone")
    boxes = [box for each in column.all() if (box := each.bounding_box())]
    assert len({(round(box["x"]), round(box["width"])) for box in boxes}) == 1
    text = tab.locator("main").bounding_box()
    middle = text["x"] + text["width"] / 2
    for each in [*column.all()[:2], *tab.locator("main > :is(.row, .wide)").all()]:
        box = each.bounding_box()
        assert abs(box["x"] + box["width"] / 2 - middle) < 1


@pytest.mark.parametrize("page", ["index.html", LESSON])
def test_the_search_finds_and_leads_there(site, tab, page):
    """Also from a page whose figure moves: its scripts share their names with nobody."""
    tab.goto((site / page).as_uri())
    tab.fill("#query", "col2im transpose")
    hits = tab.locator("#found li")
    assert 1 <= hits.count() <= 12 and tab.locator("#said").inner_text() == f"{hits.count()} found"
    assert hits.first.locator("a").inner_text() and hits.locator("mark").count()
    link = tab.locator(f"#found a[href^='{LESSON}']").first
    assert link.count() == 1
    link.click()
    assert LESSON in tab.url
    tab.fill("#query", "ties")
    assert tab.locator("#found a").first.get_attribute("href").startswith("04-relu-and-pool.html#")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/04-relu-and-pool.html#*")
    tab.fill("#query", "ties")
    tab.mouse.click(600, 25)  # beside them
    assert not tab.locator("#found").is_visible()
    tab.focus("#query")
    tab.keyboard.press("Enter")  # follows nothing that is hidden
    tab.fill("#query", "qzxv")
    assert tab.locator("#found").inner_text() == "Nothing found." and "04-relu" in tab.url
    tab.keyboard.press("Escape")
    assert not tab.locator("#found").is_visible()


def test_the_search_leads_to_a_term_and_shows_no_tex(site, tab):
    tab.goto((site / "index.html").as_uri())
    tab.fill("#query", "Dice coefficient")
    tab.locator("#found a[href='glossary.html#term-dice-coefficient']").click()
    tab.wait_for_url("**/glossary.html#term-dice-coefficient")
    assert "Twice the overlap" in tab.locator(":target").inner_text()
    assert tab.locator("tr[id]").count() == tab.locator("tbody tr").count()
    shown = tab.evaluate("INDEX.map(part => part.heading + part.text).join(' ')")
    assert not re.search(r"\\(frac|sum|text|mathrm|partial|cdot)", shown)


@pytest.mark.parametrize("words", ["cross-entropy", "max_pool2d", "dx,", "conv2d(x", "isn't", r"[a-z]\d+.*", "%é"])
def test_the_search_takes_signs_as_they_are(site, tab, words):
    tab.goto((site / "index.html").as_uri())
    tab.fill("#query", words)
    assert tab.locator("#found").is_visible()
    assert bool(tab.locator("#found a").count()) == (words[0] in "cmd")


def test_the_list_of_lessons_and_the_steps_lead_through_the_book(site, tab):
    tab.goto((site / PAGES[0]).as_uri())
    assert tab.locator("#book [data-page]").evaluate_all("all => all.map(each => each.dataset.page)") == PAGES
    for name in PAGES[1:3]:
        tab.locator(".steps.top [rel=next]").click()
        tab.wait_for_load_state()
        assert tab.url.endswith(name)
        assert tab.locator("#book a[aria-current=page]").get_attribute("href") == name
    tab.locator(".steps.end [rel=prev]").click()
    tab.wait_for_load_state()
    assert tab.url.endswith(PAGES[1])
    tab.goto((site / PAGES[-1]).as_uri())
    assert tab.locator("[rel=next]").count() == 0 and tab.locator("[rel=prev]").count() == 2


def test_the_contents_show_what_is_being_read(site, tab):
    tab.goto((site / LESSON).as_uri())
    entries = tab.locator(".contents a")
    assert entries.count() == tab.locator("h2").count()
    assert tab.locator(".contents [aria-current]").count() == 0
    entries.nth(1).click()
    tab.wait_for_function("document.querySelector('.contents [aria-current]')")
    assert tab.locator(".contents [aria-current]").inner_text() == entries.nth(1).inner_text()
    tab.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    tab.wait_for_function("document.querySelector('.contents li:last-child [aria-current]')")


def test_the_menu_of_a_phone(site, tab):
    tab.set_viewport_size(PHONE)
    tab.goto((site / LESSON).as_uri())
    book, button = tab.locator("#book"), tab.locator("#menu")
    assert not book.is_visible() and button.get_attribute("aria-expanded") == "false"
    button.click()
    assert book.is_visible() and button.get_attribute("aria-expanded") == "true"
    assert tab.evaluate("document.activeElement.getAttribute('aria-current')") == "page"
    tab.keyboard.press("Escape")
    assert not book.is_visible() and tab.evaluate("document.activeElement.id") == "menu"
    tab.keyboard.press("Enter")
    book.locator(".contents a").first.click()
    assert not book.is_visible() and "#" in tab.url
    button.click()
    tab.mouse.click(PHONE["width"] - 5, 600)  # beside it
    assert not book.is_visible()
    button.click()
    book.locator("a").last.focus()
    assert book.is_visible()
    tab.keyboard.press("Tab")  # past its end
    assert not book.is_visible() and tab.evaluate("document.activeElement.closest('main') !== null")


def test_without_scripts_a_phone_has_the_list_of_lessons(site, browser):
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    with new_tab(context) as tab:
        tab.goto((site / LESSON).as_uri())
        assert not any(each.is_visible() for each in tab.locator("#menu, #theme, #query, #done").all())
        tab.locator(f"#book a[href='{PAGES[-1]}']").click()
        assert tab.url.endswith(PAGES[-1])
        assert tab.locator("main").bounding_box()["y"] > tab.locator("#book").bounding_box()["height"]
    context.close()


def test_a_table_that_scrolls_is_a_stop_of_the_keyboard(site, tab):
    tab.goto((site / "course.html").as_uri())
    assert tab.locator(".table").count() and tab.locator(".table[tabindex]").count() == 0
    tab.set_viewport_size({"width": 320, "height": 700})
    tab.locator(".table[tabindex='0']").first.wait_for()
    for table in tab.locator(".table").all():
        scrolls = table.evaluate("each => each.scrollWidth > each.clientWidth")
        assert scrolls == (table.get_attribute("role") == "group") == (table.get_attribute("tabindex") == "0")
    assert tab.get_by_role("group", name="Table: How to take the course").count() == 1


def test_progress_is_kept(site, tab):
    tab.goto((site / LESSON).as_uri())
    assert tab.locator(".tick").count() == 0 and not tab.locator("#count").is_visible()
    tab.locator("#done").click()
    assert tab.locator("#done").inner_text() == "✓ Done"
    tab.goto((site / "index.html").as_uri())
    assert tab.locator(f"[data-page='{LESSON}'] .tick").count() == tab.locator(".tick").count() == 1
    assert tab.locator("#count").inner_text() == f"1 of {len(PAGES)} pages done"
    tab.goto((site / LESSON).as_uri())
    tab.locator("#done").click()
    assert tab.locator(".tick").count() == 0


def test_without_storage_nothing_breaks(site, tab):
    """Nor with something strange in it."""
    deny = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no'); } });"
    tab.add_init_script(f"if (location.hash === '#denied') {deny}")
    tab.goto((site / LESSON).as_uri() + "#denied")
    assert not tab.locator("#done").is_visible()
    tab.locator("#theme").click()
    assert tab.locator("html").get_attribute("data-theme") == "dark"
    tab.fill("#query", "ties")
    assert tab.locator("#found li").count()
    tab.goto((site / "04-relu-and-pool.html").as_uri())
    for strange in ("{", '"x"', "[1, {}]", json.dumps({"a": 1})):
        tab.evaluate("text => { localStorage['minunet.done'] = text; localStorage['minunet.theme'] = text; }", strange)
        tab.reload()
        assert tab.locator("#done").inner_text() == "Mark this page as done"


def test_a_button_copies_the_code_and_nothing_else(site, tab):
    tab.goto((site / LESSON).as_uri())
    copied: list[str] = []
    tab.expose_function("took", lambda text: copied.append(text))
    tab.evaluate("Object.defineProperty(navigator, 'clipboard', { value: { writeText: took }, configurable: true })")
    block = tab.locator(".block.input", has_text="edge = np.array").first
    block.hover()
    block.locator(".copy").click()
    tab.wait_for_function("document.querySelector('.copy:focus').textContent === 'Copied'")
    code = (sync.LESSONS / "03-convolution.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    assert copied == [code]
    assert tab.locator(".block.output .copy").count() == 0
    assert tab.locator(".block.input .copy").count() == tab.locator(".block.input").count()
    tab.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")  # then the older way
    tab.evaluate("document.addEventListener('copy', () => took(document.activeElement.value))")
    block.locator(".copy").click()
    tab.wait_for_function("document.querySelector('textarea') === null")
    assert copied == [code, code]
    tab.evaluate("document.execCommand = () => false")
    place = tab.evaluate("scrollY")
    block.locator(".copy").click()
    tab.wait_for_function("document.querySelector('.copy:focus').textContent === 'Not copied'")
    assert tab.evaluate("scrollY") == place and copied == [code, code]


@pytest.mark.parametrize("options", [{"viewport": DESK}, {"viewport": PHONE, "has_touch": True, "is_mobile": True}])
def test_the_button_lies_on_no_code(site, browser, options):
    context = browser.new_context(**options)
    with new_tab(context) as tab:
        for name in PAGES:
            tab.goto((site / name).as_uri())
            tab.evaluate(UNFOLD)
            assert tab.evaluate(COVERED) == [], name
        touched = "getComputedStyle(document.querySelector('.copy')).opacity"
        tab.goto((site / LESSON).as_uri())
        assert tab.evaluate(touched) == ("1" if "has_touch" in options else "0")
    context.close()


def test_the_switch_to_dark_paper(site, tab):
    paper = "getComputedStyle(document.body).backgroundColor"
    tab.goto((site / LESSON).as_uri())
    light = tab.evaluate(paper)
    switch = tab.locator("#theme")
    switch.focus()
    tab.keyboard.press("Enter")
    dark = tab.evaluate(paper)
    assert dark != light and switch.get_attribute("aria-pressed") == "true"
    tab.goto((site / "index.html").as_uri())  # it is kept
    assert tab.evaluate(paper) == dark
    assert tab.evaluate("getComputedStyle(document.querySelector('.figure')).backgroundColor") == "rgb(230, 232, 235)"
    tab.locator("#theme").click()
    assert tab.evaluate(paper) == light
    tab.emulate_media(color_scheme="dark")  # as the system has it, again
    tab.wait_for_function("document.getElementById('theme').getAttribute('aria-pressed') === 'true'")
    assert tab.evaluate(paper) == dark
    rim = "getComputedStyle(document.querySelector('.figure')).borderColor"
    assert tab.evaluate(rim) == "rgba(0, 0, 0, 0)"
    tab.locator("#theme").click()
    assert tab.evaluate(rim) == "rgb(216, 220, 225)"


def test_a_browser_that_does_not_know_light_dark_has_light_paper(site, tmp_path, tab):
    old = shutil.copytree(site, tmp_path / "old")
    for sheet in (old / "style").glob("*.css"):
        sheet.write_text(sheet.read_text(encoding="utf-8").replace("light-dark(", "not-known("), encoding="utf-8")
    styles = """['body', '.block.input', '.figure', '.block .k'].map(name => document.querySelector(name))
      .map(each => getComputedStyle(each)).map(style => [style.color, style.backgroundColor, style.borderColor])"""
    tab.goto((site / LESSON).as_uri())
    light = tab.evaluate(styles)
    tab.emulate_media(color_scheme="dark")
    assert tab.evaluate(styles) != light
    tab.goto((old / LESSON).as_uri())
    assert tab.evaluate(styles) == light and not tab.locator("#theme").is_visible()


def test_by_keyboard(site, tab):
    """The first stop leads past the lists; what has the focus shows it."""
    tab.goto((site / LESSON).as_uri())
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.closest('main') !== null")
