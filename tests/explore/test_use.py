"""The page in use: addresses, skips that are switched off, names of all kinds, and whoever clicks too early."""

import json

import numpy as np
import pytest

from minunet.explore.page import write_page
from tests.explore.pages import arrays_of, assert_equal, exact, numbers, opened, opened_scene, random_scene, settled

VIEW = "[state.view.name, state.view.k, state.view.i, state.view.j].join()"
HASTE = "(() => { let now = 0; performance.now = () => (now += 1000); })()"  # then there is a pause after every step


def scene():
    return random_scene(16, 24, depth=3, truth=True)


@pytest.fixture
def page(tab, tmp_path):
    return opened_scene(tab, scene(), tmp_path)


def test_an_address_opens_a_number(tab, tmp_path):
    opened_scene(tab, scene(), tmp_path, "#up1.conv1,3,5,6")
    tab.wait_for_function(f"{VIEW} === 'up1.conv1,3,5,6'")
    assert tab.locator("#map-caption").inner_text().startswith("map 3, row 5, column 6: ")
    assert tab.get_by_role("heading", level=2).inner_text().startswith("up1: level 2, 8 maps of 8")


def test_back_returns_and_forward_goes_on(page):
    for name in ("down1", "up2"):
        page.locator(".card", has_text=name).click()
    assert page.evaluate(VIEW).startswith("up2.relu2,")
    page.go_back()
    page.wait_for_function(f"{VIEW}.startsWith('down1.relu2')")
    page.go_forward()
    page.wait_for_function(f"{VIEW}.startsWith('up2.relu2')")


def test_back_returns_to_the_first_number(page):
    """FAULT in main.js, `readAddress`: the address of the first view has no #, and is ignored."""
    first = page.evaluate(VIEW)
    page.locator(".card", has_text="down1").click()
    page.go_back()
    page.wait_for_function(f"{VIEW} === '{first}'", timeout=5000)


def test_a_small_map_on_a_card_is_chosen_by_a_click(page):
    """The 4 maps of input lie in 2 rows, the 8 of up1 in 3; what lies beside the last is none."""
    for name, k, right, down in (("input", 3, 0.75, 0.75), ("input", 1, 0.75, 0.25), ("up1", 5, 0.84, 0.5)):
        choose_on_card(page, name, right, down)
        assert page.evaluate("[state.view.name, state.view.k]") == [f"{name}.relu2", k]
    choose_on_card(page, "up1", 0.84, 0.84)  # the ninth place of eight maps
    assert page.evaluate("[state.view.name, state.view.k]") == ["up1.relu2", 5]
    choose_on_card(page, "picture", 0.84, 0.84)  # one picture of all its channels
    assert page.evaluate("[state.view.name, state.view.k]") == ["x", 2]
    choose_on_card(page, "picture", 0.2, 0.2)
    assert page.evaluate("[state.view.name, state.view.k]") == ["x", 2]
    page.locator("#backward").click()
    settled(page)
    choose_on_card(page, "picture", 0.75, 0.25)  # a map of gradients for each channel
    assert page.evaluate("[state.view.name, state.view.k]") == ["x", 1]


def choose_on_card(page, name, right, down):
    canvas = page.locator(".card", has_text=name).first.locator("canvas")
    box = canvas.bounding_box()
    canvas.click(position={"x": right * box["width"], "y": down * box["height"]})


def test_a_click_on_the_rim_of_a_card_is_inside_of_it(page):
    """A browser rounds the place of a click down, and cards lie between pixels."""
    for name, out in (("input", False), ("classes", True)):
        box = page.locator(".card", has_text=name).first.locator("canvas").bounding_box()
        for x, y in ((30, 0.3), (0.3, 30), (box["width"] - 0.3, box["height"] - 0.3)):
            page.mouse.click(box["x"] + x, box["y"] + y)
            view = page.evaluate("state.view")
            assert 0 <= view["k"] < (3 if out else 4) and view["i"] >= 0 <= view["j"]
            assert (
                page.locator("#map-caption")
                .inner_text()
                .startswith(page.evaluate("nameOf(state.view.name, state.view.k)"))
            )


def test_what_counts_is_never_of_numbers_that_were_half_computed(tab, tmp_path):
    """Another number is chosen while everything is computed again, with a pause after every step."""
    tab.add_init_script(HASTE)
    opened_scene(tab, scene(), tmp_path)
    tab.evaluate("go('input.relu1', 0, 5, 5); at('zero').click(); go('up2.conv1', 1, 7, 9)")
    settled(tab)
    tab.wait_for_function(
        "Object.keys(state.counting).length === 1 && Object.keys(state.counting)[0].startsWith('#up2.conv1')"
    )
    right = """() => {
      const steps = countingFor(model, params, state.arrays, state.edits, state.view);
      for (;;) { const {value, done} = steps.next(); if (done) return Array.from(value.d); }
    }"""
    assert tab.evaluate("Array.from(Object.values(state.counting)[0].d)") == tab.evaluate(right)


def test_all_terms_of_a_sum_can_be_shown(page):
    """And each of them chosen; another number begins with the largest again."""
    page.evaluate("go('up1.conv1', 2, 5, 6)")
    terms = page.evaluate("model.step['up1.conv1'].inputs.map(name => state.arrays[name].c)")[0]
    bars = page.locator("#sum .bars button")
    shown = bars.count()
    assert shown == 6 and terms == 16 and bars.last.inner_text() == "11 more"
    bars.last.click()
    assert bars.count() == terms and "more" not in page.locator("#sum .bars").inner_text()
    bars.last.click()
    assert bars.count() == terms and bars.last.get_attribute("aria-pressed") == "true"
    page.locator("#map").press("ArrowRight")
    assert bars.count() == shown


@pytest.mark.parametrize(
    "address",
    ["#", "#nothing,1,2,3", "#up1.conv1", "#up1.conv1,8,0,0", "#up1.conv1,0,8,0", "#up1.conv1,0,0,12",
     "#up1.conv1,-1,0,0", "#up1.conv1,1.5,0,0", "#up1.conv1,a,b,c", "#constructor,0,0,0", "#__proto__,0,0,0",
     "#<b>,0,0,0", "#%E4%BD%A0,0,0,0"],
)  # fmt: skip
def test_an_address_of_nothing_is_ignored(tab, tmp_path, address):
    opened_scene(tab, scene(), tmp_path, address)
    assert tab.evaluate(VIEW) == "input.conv1,0,8,12"


def test_an_address_that_cannot_be_decoded_is_ignored(tab, tmp_path):
    """FAULT in main.js, `readAddress`: decodeURIComponent throws."""
    opened_scene(tab, scene(), tmp_path, "#%")
    assert tab.evaluate(VIEW) == "input.conv1,0,8,12"


def test_a_click_on_a_pixel_asks_about_it(page):
    box = page.locator("#map").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 3.5 / 24, box["y"] + box["height"] * 10.5 / 16)
    assert page.evaluate(VIEW) == "input.conv1,0,10,3"
    box = page.locator(".card canvas").last.bounding_box()  # of the answer
    page.mouse.click(box["x"] + box["width"] * 20.5 / 24, box["y"] + box["height"] * 2.5 / 16)
    likely = page.evaluate("state.answer[2 * 24 + 20]")
    assert page.evaluate(VIEW) == f"out,{likely},2,20"
    page.locator("#maps").click(position={"x": 44 * 2 + 20, "y": 20})
    assert page.evaluate(VIEW) == "out,2,2,20"


def changed(page) -> str:
    return page.locator("#changed").inner_text().split(" %")[0]


def wanted(before, after) -> str:
    """How many per cent of the pixels have another class."""
    answers = [recording.steps["out"].y.argmax(axis=3) for recording in (before, after)]
    return f"{100 * np.mean(answers[0] != answers[1]):.1f}"


def test_a_skip_switched_off_changes_the_answer_and_as_it_was_undoes_it(page):
    """FAULT in main.js, `toggleMap`: it computes before the map is one that is 0: a first click does nothing."""
    before, _ = exact(scene())
    out = page.evaluate("Array.from(state.arrays.out.d)")
    assert not page.locator("#changes").is_visible()
    off = []
    for name, step in (("down1 to up1", "up1.concat"), ("input to up2", "up2.concat")):
        page.get_by_role("switch", name=name).click()
        settled(page)
        off.append(step)
        assert changed(page) == wanted(before, exact(scene(), off=off)[0]) != "0.0"
    page.evaluate("go('down1.relu2', 5, 0, 0)")
    page.get_by_role("button", name="set this map to zero").click()
    settled(page)
    assert changed(page) == wanted(before, exact(scene(), off=off, zeroed={"down1.relu2": [5]})[0])
    page.get_by_role("button", name="as it was").click()
    settled(page)
    assert page.evaluate("Array.from(state.arrays.out.d)") == out
    assert not page.locator("#changes").is_visible() and page.get_by_role("switch", checked=False).count() == 0


def test_each_change_can_be_undone_alone(page):
    out = page.evaluate("Array.from(state.arrays.out.d)")
    for control in (page.get_by_role("switch").first, page.locator("#zero")):
        for _ in range(2):
            control.click()
            settled(page)
        assert page.evaluate("Array.from(state.arrays.out.d)") == out and not page.locator("#changes").is_visible()


def test_a_skip_that_is_off_says_so_in_the_sum(page):
    page.get_by_role("switch").first.click()
    settled(page)
    page.evaluate("go('up1.concat', 1, 2, 2)")
    assert "Switched off: 0 in place of map 1 of down1.relu2" in page.locator("#sum").inner_text()


@pytest.mark.parametrize("clicks", [[0, 1], [1, 0]])
def test_two_switches_one_right_after_the_other(page, clicks):
    """The second begins at its own step, and the first may not have come so far."""
    page.evaluate(HASTE)
    page.evaluate("clicks => clicks.forEach(n => document.querySelectorAll('[role=switch]')[n].click())", clicks)
    settled(page)
    recording, _ = exact(scene(), off=["up1.concat", "up2.concat"])
    assert_equal(numbers(page), arrays_of(recording, scene()))


def test_whoever_clicks_while_gradients_are_computed_breaks_nothing(page):
    """There are none yet, nor have those of another pixel anything to say."""
    page.evaluate(HASTE)
    page.evaluate(
        "() => { setMode(true); document.getElementById('own').click(); dispatchEvent(new Event('resize')); }"
    )
    settled(page)
    assert "Gradient of the score" in page.locator("#sum").inner_text()


def test_a_scale_of_its_own_is_that_of_one_map(page):
    page.evaluate("go('down1.conv1', 2, 1, 1)")
    own = page.evaluate("Math.max(...state.arrays['down1.conv1'].d.filter((_, n) => n % 8 === 2).map(Math.abs))")
    page.get_by_role("checkbox", name="a scale of its own").check()
    assert float(page.locator("#empty").inner_text().split()[7].rstrip(";")) == pytest.approx(own, abs=1e-4)


def test_maps_that_are_0_everywhere_are_counted(tab, tmp_path):
    dead = scene()
    dead.params["down1.conv1.weight"][..., [1, 6]] = 0
    dead.params["down1.conv1.bias"][[1, 6]] = [-1, -2]
    opened_scene(tab, dead, tmp_path)
    empty = sum(not exact(dead)[0].steps["down1.relu1"].y[..., k].any() for k in range(8))
    tab.evaluate("go('down1.relu1')")
    assert empty >= 2 and tab.locator("#empty").inner_text().endswith(
        f"; maps that are 0 everywhere (hatched): {empty} of 8"
    )


ODD = ("<b>bold</b>", "</script><script>alert(1)</script>", "quotes \" ' `", "&amp; & \u00fc \u6f22 {{data}} <!--")


@pytest.mark.parametrize("about", ["<i>&lt;\"'.png", "</title></script>{{script}} \u6f22.png"])
def test_names_of_all_kinds_are_shown_as_they_are(tab, tmp_path, about):
    odd = random_scene(names=ODD, classes=4)
    page = write_page(type(odd)(**{**vars(odd), "about": (about, "second")}))
    opened(tab, page, tmp_path)
    assert tab.evaluate("model.classes") == list(ODD)
    assert tab.locator("#classes li").all_text_contents() == list(ODD)
    assert about in tab.title() and tab.locator("#about").text_content() == f"{about}; second"
    tab.evaluate("go('out', 1, 2, 3)")
    assert tab.locator(".classes button").all_text_contents() == list(ODD)
    assert tab.locator("#map-caption").text_content().startswith(f"{ODD[1]}, row 2, column 3: ")
    tab.evaluate("Object.assign(state.aim, {i: 0, j: 0, k: 1})")
    tab.keyboard.press("b")
    settled(tab)
    assert f"score of {ODD[1]} at" in tab.locator("#sum").text_content()
    assert tab.locator("#stage b b, #classes b, i i").count() == 0 and tab.locator("script").count() == 2


def test_who_wants_no_motion_sees_everything_at_once(page):
    count = """async () => {
      const names = [], paint = paintCard;
      paintCard = name => { names.push(name); paint(name); };
      await compute(0);
      paintCard = paint;
      return names;
    }"""
    blocks = [block.name for block in scene().net.blocks()]
    assert page.evaluate(count) == [*blocks, "x", "out", "answer"]  # one by one, and then what is left
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(count) == ["x", *blocks, "answer"]


def test_without_scripts_there_is_a_sentence(browser, tmp_path):
    (tmp_path / "page.html").write_text(write_page(random_scene()), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto((tmp_path / "page.html").as_uri())
    assert "needs JavaScript" in tab.locator("noscript").inner_text()
    context.close()


def test_what_goes_wrong_is_said_in_the_header(browser, tmp_path):
    """Not in `tab`, which allows no errors."""
    (tmp_path / "page.html").write_text(write_page(random_scene()), encoding="utf-8")
    context = browser.new_context()
    tab = context.new_page()
    tab.goto((tmp_path / "page.html").as_uri())
    settled(tab)
    tab.evaluate("setTimeout(() => { throw new Error('oh dear') })")
    tab.wait_for_function("document.getElementById('compared').textContent.includes('oh dear')")
    context.close()


def test_a_step_that_fails_is_named(browser, tmp_path):
    page = write_page(random_scene()).replace("value > 0 ? value : 0", "value.missing.number")
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    context = browser.new_context()
    tab = context.new_page()
    tab.goto((tmp_path / "page.html").as_uri())
    tab.wait_for_function("document.getElementById('compared').textContent.endsWith(', at input.relu1')")
    context.close()


def test_the_data_in_the_page_is_json_and_holds_no_tag():
    page = write_page(random_scene(names=ODD, classes=4))
    text = page.split('id="data">')[1].split("</script>")[0]
    assert "<" not in text and json.loads(text)["classes"] == list(ODD)


def test_a_copied_map_sees_what_its_source_sees(page):
    """Not what the other half of the concatenation sees."""
    margin = page.evaluate("cropOf(...model.step['up2.concat'].inputs.map(name => state.arrays[name])).top")
    said = []
    for k, source, i, j in ((3, "input.relu2", 7, 9), (6, "up2.conv_transpose", 7, 9)):
        page.evaluate(f"go('up2.concat', {k}, {i}, {j})")
        said.append(page.locator("#seen-caption").inner_text())
        shift = margin if source == "input.relu2" else 0
        page.evaluate(f"go('{source}', {k % 4}, {i + shift}, {j + shift})")
        assert page.locator("#seen-caption").inner_text() == said[-1]
    assert said[0].startswith("it sees 5 \u00d7 5 of 16 \u00d7 24 pixels;") and said[1] != said[0]


def test_what_is_cut_off_by_the_edge_is_said(page):
    page.evaluate("go('input.conv1', 0, 0, 9)")
    assert (
        page.locator("#seen-caption")
        .inner_text()
        .startswith("it sees 2 \u00d7 3 of 16 \u00d7 24 pixels, cut off by its")
    )
    page.evaluate("go('input.conv1', 0, 5, 9)")
    assert page.locator("#seen-caption").inner_text().startswith("it sees 3 \u00d7 3 of 16 \u00d7 24 pixels; bright")


def test_in_backward_another_class_is_asked_about_by_choosing_it(page):
    page.locator("#backward").click()
    settled(page)
    before = page.evaluate("state.aim")
    other = (before["k"] + 1) % 3
    page.evaluate(f"go('out', {other}, 2, 3)")
    settled(page)
    assert page.evaluate("state.aim") == {**before, "k": other}
    assert (
        f"score of class {other} at row {before['i']}, column {before['j']}, which is "
        in page.locator("#sum").inner_text()
    )
    assert page.evaluate("[state.view.k, state.view.i, state.view.j]") == [other, before["i"], before["j"]]


def test_the_place_stays_from_card_to_card(page):
    """Down to maps of 4 x 6, and up again."""
    page.evaluate("go('input.conv1', 1, 9, 17)")
    for name in ("down1", "down2", "up1", "up2"):
        page.locator(".card", has_text=name).first.press("Enter")
    assert page.evaluate("[state.view.name, state.view.i, state.view.j]") == ["up2.relu2", 9, 17]


def test_without_a_truth_the_loss_is_offered_to_nobody(tab, tmp_path):
    opened_scene(tab, random_scene(16, 24, depth=3), tmp_path)
    tab.locator("#backward").click()
    settled(tab)
    loss = tab.locator("#asked")
    assert loss.inner_text().endswith("it needs the true classes, --mask FILE") and loss.locator("input").is_disabled()


def test_on_a_phone_a_card_leads_to_the_closer_look_and_undoing_does_not_jump(page):
    page.set_viewport_size({"width": 390, "height": 844})
    for name in ("up1", "answer"):
        page.evaluate("scrollTo(0, 0)")
        page.locator(".card", has_text=name).locator("canvas").click()
        assert page.locator("#where").bounding_box()["y"] < 844 - 100
    page.evaluate("scrollTo(0, 0)")
    page.locator(".switch").first.click()
    settled(page)
    page.get_by_role("button", name="as it was").click()
    settled(page)
    assert page.evaluate("scrollY") == 0


def test_a_new_question_is_never_shown_with_the_old_gradient(tab, tmp_path):
    tab.add_init_script(HASTE)
    opened_scene(tab, scene(), tmp_path)
    tab.locator("#backward").click()
    settled(tab)
    asked = tab.locator("#sum b").inner_text()
    tab.evaluate("askAbout([.9, .9]); moved(0, 0, 1); look()")
    assert tab.locator("#sum b").inner_text() == asked  # until the gradients of the new one are there
    settled(tab)
    aim = tab.evaluate("state.aim")
    assert f"at row {aim['i']}, column {aim['j']}, which is" in tab.locator("#sum b").inner_text() != asked
