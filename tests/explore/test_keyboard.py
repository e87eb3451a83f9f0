"""By keyboard alone: every card, switch, step, map, pixel and sum; and what each control is called."""

import re

import pytest

from tests.explore.pages import opened_scene, random_scene, settled

FOCUS = """(() => {
  const at = document.activeElement, style = getComputedStyle(at);
  if (at === document.body) return null;
  return {
    name: at.getAttribute("aria-label") ?? (at.labels?.[0] ?? at).textContent.trim(),
    role: at.getAttribute("role") ?? (at.type === "checkbox" ? "checkbox" : at.localName),
    framed: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
  };
})()"""


@pytest.fixture
def page(tab, tmp_path):
    """A network of 3 levels whose truth is known."""
    return opened_scene(tab, random_scene(16, 24, depth=3, truth=True), tmp_path)


def stops(page) -> list[dict]:
    """Where the keyboard stops from the beginning to the end of the page."""
    page.evaluate("document.activeElement.blur()")
    found = []
    while len(found) < 100:
        page.keyboard.press("Tab")
        if (stop := page.evaluate(FOCUS)) is None:
            return found
        found.append(stop)
    raise AssertionError("the keyboard does not come to the end")


def to(page, name: str, role: str = "button") -> None:
    """With Tab to the first control whose name begins like this, from where the keyboard is; once round if needed."""
    for _ in range(150):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop and stop["role"] == role and stop["name"].startswith(name):
            return
    raise AssertionError(f"the keyboard does not come to {name}")


def view(page) -> list:
    return page.evaluate("[state.view.name, state.view.k, state.view.i, state.view.j]")


@pytest.mark.parametrize("mode", ["Forward", "Backward"])
def test_the_keyboard_stops_in_the_order_of_the_way(page, mode):
    page.get_by_role("button", name=mode).click()
    settled(page)
    found = stops(page)
    names = [stop["name"] for stop in found]
    cards = ["picture", "input", "down1", "down2", "up1", "up2", "classes", "answer"]
    first = names.index(next(name for name in names if name.startswith("picture")))
    assert all(name.startswith(card) for name, card in zip(names[first:], cards, strict=False))
    rest = iter(stop["role"] for stop in found[first + len(cards) :])
    assert all(role in rest for role in ("switch", "button", "slider", "application", "checkbox", "button"))
    assert all(stop["framed"] and stop["name"] for stop in found)


def test_every_control_has_a_name_and_a_role(page):
    role = page.get_by_role
    modes = role("group", name="what is shown").get_by_role("button")
    assert [each.inner_text() for each in modes.all()] == ["Forward: values", "Backward: gradients"]
    assert [each.get_attribute("aria-pressed") for each in modes.all()] == ["true", "false"]
    for name in ("picture", "input", "down1", "down2", "up1", "up2", "classes", "answer"):
        assert role("main").get_by_role("button", name=re.compile(f"^{name}")).count() == 1
    for name in ("skip from down1 to up1", "skip from input to up2"):
        assert role("switch", name=name, checked=True).count() == 1
    assert role("group", name="steps").get_by_role("button").count() == 4
    assert role("group", name="steps").get_by_role("button", pressed=True).count() == 1
    maps = role("slider", name="maps")
    values = [maps.get_attribute(f"aria-{name}") for name in ("valuemin", "valuemax", "valuenow")]
    assert values == ["0", "3", "0"]
    assert maps.get_attribute("aria-valuetext").startswith("map 0, the last is 3; largest ")
    assert role("application", name="map 0, row 8, column 12: ").count() == 1
    assert role("img", name="picture").count() == 1
    assert role("button", name="set this map to zero").count() == 1
    assert role("checkbox", name="a scale of its own", checked=False).count() == 1
    assert role("checkbox", name="gradient of the loss").count() == role("button", name="as it was").count() == 0
    page.get_by_role("button", name="Backward").click()
    settled(page)
    assert role("checkbox", name="gradient of the loss").count() == role("button", name="Check it").count() == 1
    assert modes.nth(1).get_attribute("aria-pressed") == "true"


def test_cards_and_steps(page):
    for card, title in {"down1": "down1: level 2", "classes": "classes: level 1", "picture": "picture"}.items():
        to(page, card)
        page.keyboard.press("Enter")
        assert page.get_by_role("heading", level=2).inner_text().startswith(title)
    to(page, "up1")
    page.keyboard.press("Space")
    assert view(page)[0] == "up1.relu2"
    for key, name in {"[": "up1.conv2", "]": "up1.relu2"}.items():
        page.keyboard.press(key)
        assert view(page)[0] == name
    page.keyboard.press("]")
    assert view(page)[0] == "up2.conv_transpose"
    to(page, "conv1")
    page.keyboard.press("Enter")
    assert view(page)[0] == "up2.conv1"


def test_the_first_and_the_last_step_are_the_ends(page):
    for key, name in {"[": "x", "]": "out"}.items():
        for _ in range(30):
            page.keyboard.press(key)
        assert view(page)[0] == name


def test_maps(page):
    to(page, "maps", "slider")
    for key, k in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowRight", 3), ("ArrowRight", 3), ("ArrowLeft", 2)):
        page.keyboard.press(key)
        assert view(page)[1] == k and page.evaluate("document.activeElement.ariaValueNow") == str(k)
    page.evaluate("go('down2.conv2', 0, 0, 0)")
    page.keyboard.press("ArrowDown")
    assert view(page)[1] == page.evaluate("Math.min(state.across, 15)")
    page.keyboard.press("ArrowUp")
    assert view(page)[1] == 0


def test_pixels_and_where_they_come_from(page):
    page.evaluate("go('input.conv1', 0, 8, 12)")
    to(page, "map 0, row 8, column 12", "application")
    for key, place in (("ArrowUp", (7, 12)), ("ArrowLeft", (7, 11)), ("ArrowDown", (8, 11)), ("ArrowRight", (8, 12))):
        page.keyboard.press(key)
        assert view(page)[2:] == list(place)
        assert f"row {place[0]}, column {place[1]}: " in page.evaluate("document.activeElement.ariaLabel")
    page.keyboard.press("Enter")  # the strongest input
    assert view(page)[0] == "x" and view(page)[2:] == [8, 12]
    page.keyboard.press("Escape")
    page.wait_for_function("state.view.name === 'input.conv1'")
    for _ in range(20):
        page.keyboard.press("ArrowUp")
    assert view(page)[2] == 0


def test_the_terms_of_the_sum(page):
    page.evaluate("go('down1.conv1', 0, 1, 1)")
    terms = page.locator(".bars button")
    to(page, terms.nth(2).inner_text())
    before, name = page.locator("table").first.inner_text(), terms.nth(2).inner_text()
    page.keyboard.press("Enter")
    assert page.locator("table").first.inner_text() != before
    assert page.locator(".bars [aria-pressed=true]").all_inner_texts() == [name]
    to(page, f"{name} of down1.pool")
    page.keyboard.press("Enter")
    assert view(page)[:2] == ["down1.pool", int(name.removeprefix("map "))]


@pytest.mark.parametrize("control", ["conv2", "map 1", "set this map to zero", "map 3 of"])
def test_the_keyboard_stays_where_something_was_chosen(page, control):
    """FAULT in closer.js, where steps and terms are made anew: then Tab begins at the top of the page again."""
    page.evaluate("go('down1.conv1', 0, 1, 1); state.view.input = 3; look()")
    to(page, control)
    page.keyboard.press("Enter")
    settled(page)
    assert page.evaluate(FOCUS) is not None


def test_the_two_modes_and_the_check(page):
    page.keyboard.press("b")
    settled(page)
    assert page.evaluate("state.backward") and page.get_by_role("button", name="Backward", pressed=True).count() == 1
    to(page, "Check it")
    page.keyboard.press("Enter")
    assert "the gradient says" in page.locator("#sum .formula").inner_text()
    to(page, "gradient of the loss", "checkbox")
    page.keyboard.press("Space")
    settled(page)
    assert "Gradient of the loss, which is " in page.locator("#sum").inner_text()
    page.keyboard.press("f")
    settled(page)
    assert not page.evaluate("state.backward") and page.locator(".bars").count() == 1


def test_switches_and_maps_that_are_0(page):
    to(page, "skip from down1 to up1", "switch")
    page.keyboard.press("Space")
    settled(page)
    assert page.get_by_role("switch", checked=False).count() == 1
    to(page, "set this map to zero")
    page.keyboard.press("Enter")
    settled(page)
    assert page.evaluate("state.edits.zeroed.get('input.conv1').has(0)")
    to(page, "as it was")
    page.keyboard.press("Enter")
    settled(page)
    assert page.get_by_role("switch", checked=True).count() == 2 and page.evaluate("!state.edits.zeroed.size")


def test_the_answer_asks_about_its_pixel(page):
    to(page, "answer")
    page.keyboard.press("Enter")
    assert view(page)[0] == "out" and page.locator(".classes tr").count() == 4


def test_keys_of_the_browser_are_left_alone(page):
    for keys in ("Control+b", "Alt+f", "Meta+b"):
        page.keyboard.press(keys)
    settled(page)
    assert not page.evaluate("state.backward")
