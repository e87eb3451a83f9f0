"""The page compares itself with minunet when it opens: an error in it, or other weights, are seen in the header."""

import re
from dataclasses import replace

import numpy as np
import pytest

from minunet.errors import InputError
from minunet.explore.page import Scene, checks, packed, write_page
from minunet.model.trained import load_model
from minunet.predict import WEIGHTS
from tests.explore.pages import exact, opened, opened_scene, random_scene

FORWARD = "layers[step.kind].forward(step, inputs, params, "  # where a step is computed, and with which weights
WEIGHTED = """layers[step.kind].forward(step, inputs, {{get: name => {{
  const {{shape, d}} = params.get(name);
  return {{shape, d: {}}};
}}}}, """
FLIPPED = """shape.length < 4 ? d : d.map((_, n) => {
  const inner = shape[2] * shape[3], place = n / inner | 0;
  return d[(shape[0] * shape[1] - 1 - place) * inner + n % inner];
})"""
EXCHANGED = """shape.length < 4 ? d : d.map((_, n) => {
  const inner = shape[2] * shape[3], place = n / inner | 0, row = place / shape[1] | 0, column = place % shape[1];
  return d[(column * shape[1] + row) * inner + n % inner];
})"""
# What is written in unet.js, and what somebody might have written instead.
PLANTED = {
    "kernels turned by 180 degrees": (FORWARD, WEIGHTED.format(FLIPPED)),
    "rows and columns of kernels exchanged": (FORWARD, WEIGHTED.format(EXCHANGED)),
    "a bias forgotten": (FORWARD, WEIGHTED.format("name === 'up1.conv_transpose.bias' ? d.map(() => 0) : d")),
    "the skip behind": (
        "if (!off) y.d.set(skip.d.subarray(from, from + skip.c), n);\n"
        "        y.d.set(x.d.subarray(below, below + x.c), n + skip.c);",
        "y.d.set(x.d.subarray(below, below + x.c), n); y.d.set(skip.d.subarray(from, from + skip.c), n + x.c);",
    ),
    "no skip": ("if (!off) y.d.set(", "if (off) y.d.set("),
    "the crop in the corner": ("(skip.h - x.h) >> 1", "0 * (skip.h - x.h)"),
    "the smallest of a pool": ("x.d[n] > x.d[best]", "x.d[n] < x.d[best]"),
    "no ReLU": ("value > 0 ? value : 0)}),\n    backward", "value)}),\n    backward"),
    "group norm without its mean": ("(d[n + k] - centre[k]) * scale[k]", "d[n + k] * scale[k]"),
}


def header(tab) -> str:
    return tab.get_by_role("status").first.inner_text()


def scene() -> Scene:
    """With all that can go wrong: a crop, and group norm."""
    return random_scene(20, 24, padding="valid", norm="group")


def test_a_page_without_errors_is_equal(tab, tmp_path):
    page = write_page(scene())
    count = sum(len(numbers) for _, numbers in checks(scene().net, packed(scene().params)[1], scene().x).values())
    said = re.fullmatch(
        r"(\d+) numbers compared with minunet: equal \(to \de\u2212\d+\)", header(opened(tab, page, tmp_path))
    )
    assert said and int(said[1]) == count == 8 * len(scene().net.steps())
    assert tab.locator(".wrong").count() == 0


@pytest.mark.parametrize("planted", PLANTED)
def test_an_error_is_seen_in_the_header(tab, tmp_path, planted):
    right, wrong = PLANTED[planted]
    page = write_page(scene())
    assert page.count(right) == 1, "unet.js was rewritten"
    said = header(opened(tab, page.replace(right, wrong), tmp_path))
    assert said.startswith("NOT equal to minunet: ") and tab.locator(".wrong").count() == 1


def test_the_step_that_differs_most_is_named(tab, tmp_path):
    page = write_page(random_scene())
    wrong = page.replace("arrays[step.name] = ", "if (step.name === 'out') y.d[0] += 1;\n    arrays[step.name] = ")
    assert wrong != page and re.match("NOT equal to minunet: out differs by ", header(opened(tab, wrong, tmp_path)))


# Each weight in turn 1 % larger: whether the header says that the numbers are equal.
EQUAL = """async places => {
  const found = [];
  for (const [name, n] of places) {
    const {d} = params.get(name), before = d[n];
    d[n] *= 1.01;
    state.untouched = null;
    await compute(0);
    d[n] = before;
    found.push(document.getElementById("compared").textContent.includes(": equal ("));
  }
  return found;
}"""


def changed_by(scene: Scene, name: str, n: int) -> float:
    """What a weight that is 1 % larger changes in the scores, as a part of the largest."""
    recording, params = exact(scene)
    before = recording.steps["out"].y
    params[name].flat[n] *= 1.01
    after, _ = scene.net.forward(params, scene.x[None].astype("float64"))
    return abs(after - before).max() / abs(before).max()


def test_a_weight_that_is_1_percent_off_is_seen(tab, tmp_path, rng):
    """Fifty by chance. Those are left out of which no score knows, as a ReLU lets nothing of them through.

    Of the others one in twenty may be missed, that changes few pixels: of each step eight numbers are compared.
    """
    small = random_scene()
    names = rng.choice(list(small.params), 50)
    places = [(str(name), int(rng.integers(small.params[name].size))) for name in names]
    equal = opened_scene(tab, small, tmp_path).evaluate(EQUAL, places)
    known = [same for place, same in zip(places, equal, strict=True) if changed_by(small, *place) > 1e-4]
    assert len(known) > 25 and sum(known) <= len(known) / 20


def test_another_weight_in_the_text_of_the_page_is_seen(tab, tmp_path):
    small = random_scene()
    changed = {name: array.copy() for name, array in small.params.items()}
    changed["input.conv1.weight"][1, 1, 0, 0] *= np.float32(1.01)
    floats, others = (packed(params)[0]["floats"] for params in (small.params, changed))
    page = write_page(small)
    assert page.count(floats) == 1 and floats != others
    assert "NOT equal" in header(opened(tab, page.replace(floats, others), tmp_path))


@pytest.mark.parametrize("place", ["0", "y.d.length - 1"])
def test_what_is_no_number_is_not_equal(tab, tmp_path, place):
    """Whatever is compared after it."""
    page, right = write_page(random_scene()), "arrays[step.name] = "
    assert page.count(right) == 1
    wrong = f"if (step.name === 'input.conv1') y.d[{place}] = NaN;\n    {right}"
    assert header(opened(tab, page.replace(right, wrong), tmp_path)).startswith("NOT equal to minunet: ")


def test_a_network_that_has_diverged_is_refused():
    """Its numbers are infinite, or none: JSON, and so the page, cannot hold them."""
    scene = random_scene()
    huge = replace(scene, params={name: array * np.float32(1e12) for name, array in scene.params.items()})
    with pytest.raises(InputError, match="not finite"):
        write_page(huge)


def test_ties_of_a_pool_go_to_the_first_on_the_way_back(tab, tmp_path):
    """Forward they are alike, so the header cannot see it: a picture of one colour, and the gradient of a pool."""
    flat = replace(random_scene(), x=np.zeros((16, 16, 3), "float32"))
    page = write_page(flat)
    gradient = """(() => {
      const x = newArray(2, 2, 1), dy = newArray(1, 1, 1);
      dy.d[0] = 1;
      return Array.from(layers.max_pool2d.backward(null, dy, [x], params)[0].d);
    })()"""
    assert opened(tab, page, tmp_path).evaluate(gradient) == [1, 0, 0, 0]
    wrong = page.replace("x.d[n] > x.d[best]", "x.d[n] >= x.d[best]")
    assert opened(tab, wrong, tmp_path).evaluate(gradient) == [0, 0, 0, 1]


def large_scene() -> Scene:
    """Of 1.1 million parameters."""
    return random_scene(base=104)


def test_the_weights_of_a_large_network_are_rounded_and_the_header_says_so(tab, tmp_path):
    large = large_scene()
    assert 4 * large.net.parameters() > 4_000_000
    table, params, changed = packed(large.params)
    assert changed and {row[2] for row in table["table"] if len(row[1]) == 4} == {"int8"}
    for name, array in large.params.items():
        assert abs(params[name] - array).max() <= abs(array).max() / 127 / 2 * 1.001
    opened(tab, write_page(large), tmp_path)
    assert "; weights rounded to 8 bits" in tab.locator("header").inner_text() and "equal (to " in header(tab)


def test_weights_that_were_rounded_before_are_exact():
    model = load_model(WEIGHTS)
    table, params, changed = packed(model.params)
    assert not changed and {row[2] for row in table["table"]} == {"int8", "float32"}
    for name, array in model.params.items():
        np.testing.assert_allclose(params[name], array, rtol=1e-6)


def test_the_weights_of_a_small_network_are_themselves(tab, tmp_path):
    small = random_scene()
    table, params, changed = packed(small.params)
    assert not changed and table["bytes"] == "" and params == small.params
    opened(tab, write_page(small), tmp_path)
    assert "8 bits" not in tab.locator("header").inner_text()
