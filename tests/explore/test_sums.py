"""What the closer look prints of a number, read back as text, is what NumPy computes; each sum is the number itself."""

import re
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pytest

from minunet.explore.plan import Step, steps_of
from minunet.unet import Parameters
from tests.conftest import DESK, new_tab
from tests.explore.pages import FOUR, THREE, arrays_of, exact, opened_scene, random_scene, read

PLACES = 200  # of every kind of step
SCENES = {
    "plain": {"height": 12, "width": 20, "depth": 3},
    "valid": {"height": 44, "width": 48, "depth": 3, "padding": "valid", "in_channels": 1},
    "group norm": {"height": 8, "width": 12, "norm": "group", "in_channels": 2},
}
CHANNELS = {1: ["grey"], 2: ["channel 0", "channel 1"], 3: ["red", "green", "blue"]}
LOOK = """places => places.map(([name, k, i, j]) => {
  go(name, k, i, j, false);
  const sum = document.getElementById("sum");
  const texts = (from, what) => Array.from(from.querySelectorAll(what), each => each.textContent);
  return {
    caption: document.getElementById("map-caption").textContent,
    words: sum.querySelector("p").textContent,
    link: sum.querySelector(".link")?.textContent,
    formulas: texts(sum, ".formula"),
    bars: texts(sum, ".bars > :is(button, .number, span)"),
    tables: Array.from(sum.querySelectorAll("table"), table => ({
      caption: table.caption?.textContent,
      rows: Array.from(table.rows, row => texts(row, "td")),
      outside: Array.from(table.querySelectorAll("td"), td => td.className === "outside"),
      marked: Array.from(table.querySelectorAll("td"), td => td.className === "marked"),
    })),
  };
})"""


class Place(NamedTuple):
    """A number of an array, all of whose numbers NumPy knows, and what the page says of it."""

    step: Step | None
    arrays: dict[str, np.ndarray]
    params: Parameters
    k: int
    i: int
    j: int
    says: dict[str, Any]

    @property
    def x(self) -> np.ndarray:
        return self.arrays[self.step.inputs[-1]]

    @property
    def value(self) -> float:
        return self.arrays[self.step.name][self.i, self.j, self.k]

    def window(self) -> np.ndarray:
        """Of a convolution: the numbers that are summed, (3, 3, C), NaN where there are none."""
        size, padding = len(self.params[f"{self.step.name}.weight"]), self.step.options["padding"]
        around = np.pad(self.x, [(padding, padding)] * 2 + [(0, 0)], constant_values=np.nan)
        return around[self.i : self.i + size, self.j : self.j + size]


def cells(table: dict[str, Any]) -> np.ndarray:
    return np.array([[read(cell)[0] for cell in row] for row in table["rows"]])


@pytest.fixture(scope="module")
def places(browser, tmp_path_factory) -> list[Place]:
    """PLACES of every kind of step, in three networks: two corners of each step, and others by chance."""
    found, rng = [], np.random.default_rng(0)
    context = browser.new_context(viewport=DESK)
    scenes = {name: random_scene(**sizes) for name, sizes in SCENES.items()}
    steps = {name: steps_of(scene.net, *scene.x.shape[:2]) for name, scene in scenes.items()}
    kinds = Counter(step.kind for of_scene in steps.values() for step in of_scene)
    for name, scene in scenes.items():
        recording, params = exact(scene)
        arrays, asked = arrays_of(recording, scene), []
        for step in steps[name]:
            h, w, c = step.shape
            corners = [(0, 0, 0), (c - 1, h - 1, w - 1)]
            by_chance = rng.integers([c, h, w], size=(-(-PLACES // kinds[step.kind]), 3)).tolist()
            asked += [(step, *place) for place in corners + by_chance]
        with new_tab(context) as tab:
            opened_scene(tab, scene, tmp_path_factory.mktemp(name.replace(" ", "-")))
            says = tab.evaluate(LOOK, [[step.name, *place] for step, *place in asked])
        found += [Place(step, arrays, params, *at, said) for (step, *at), said in zip(asked, says, strict=True)]
    context.close()
    return found


def of_kind(places: list[Place], kind: str) -> list[Place]:
    chosen = [place for place in places if place.step.kind == kind]
    assert len(chosen) >= PLACES
    return chosen


def test_there_are_many_places_of_every_kind(places):
    assert len({place.step.kind for place in places}) == 6 and len(places) >= 6 * PLACES


def test_the_caption_says_where_the_number_stands_and_what_it_is(places):
    for place in places:
        what, row, column, value = re.fullmatch(r"(.+), row (\d+), column (\d+): (\S+)", place.says["caption"]).groups()
        assert (int(row), int(column)) == (place.i, place.j)
        assert what == (f"class {place.k}" if place.step.name == "out" else f"map {place.k}")
        assert read(value) == pytest.approx([place.value], abs=FOUR)


def assert_sum(place: Place, terms: np.ndarray) -> int:
    """The bars and the last line of a sum over the input maps; returns which map's window is shown."""
    bias = place.params[f"{place.step.name}.bias"][place.k]
    assert read(place.says["formulas"][0]) == pytest.approx([terms.sum(), bias, place.value], abs=FOUR)
    bars = dict(zip(place.says["bars"][::2], place.says["bars"][1::2], strict=True))
    assert read(bars.pop("bias")) == pytest.approx([bias], abs=FOUR)
    left = {int(name.split()[0]): read(bars.pop(name))[0] for name in list(bars) if re.fullmatch(r"\d+ \w+", name)}
    assert 1 <= len(bars) <= 5 and len(bars) + sum(left) == len(terms) and len(left) <= 1
    ranked = terms[np.argsort(-abs(terms))]
    assert [read(text)[0] for text in bars.values()] == pytest.approx(ranked[: len(bars)], abs=FOUR)
    assert list(left.values()) == pytest.approx([ranked[len(bars) :].sum()] * len(left), abs=FOUR)
    names = CHANNELS[place.x.shape[2]] if place.step.inputs[0] == "x" else [f"map {n}" for n in range(len(terms))]
    shown = [names.index(name) for name in bars]
    assert terms[shown] == pytest.approx(ranked[: len(bars)], abs=FOUR)
    assert place.says["link"] == f"{names[shown[0]]} of {place.step.inputs[0].replace('x', 'the picture')}"
    return shown[0]


def test_a_convolution_is_window_times_kernel_and_bias(places):
    for place in of_kind(places, "conv2d"):
        kernel, window = place.params[f"{place.step.name}.weight"][..., place.k], place.window()
        size, _, channels = kernel.shape
        assert read(place.says["words"])[2:5] == [size**2, channels, size**2 * channels]
        products = np.nan_to_num(window) * kernel
        m = assert_sum(place, products.sum(axis=(0, 1)))
        first, second, third = place.says["tables"][:3]
        np.testing.assert_allclose(cells(first), np.nan_to_num(window[..., m]), rtol=0, atol=THREE)
        assert first["outside"] == np.isnan(window[..., m]).ravel().tolist()
        np.testing.assert_allclose(cells(second), kernel[..., m], rtol=0, atol=THREE)
        np.testing.assert_allclose(cells(third), products[..., m], rtol=0, atol=THREE)
        assert read(third["caption"]) == pytest.approx([products[..., m].sum()], abs=FOUR)


def test_a_transposed_convolution_is_a_part_of_a_stamp(places):
    for place in of_kind(places, "conv_transpose2d"):
        row, column, a, b = place.i // 2, place.j // 2, place.i % 2, place.j % 2
        kernel = place.params[f"{place.step.name}.weight"][..., place.k]
        m = assert_sum(place, place.x[row, column] * kernel[a, b])
        words = place.says["words"]
        assert f"Row {row}, column {column} below" in words and f" {kernel.shape[2]} products" in words
        assert f"{['upper', 'lower'][a]} {['left', 'right'][b]}" in words
        value, first, second, third = place.x[row, column, m], *place.says["tables"]
        assert cells(first) == pytest.approx(value, abs=THREE)
        np.testing.assert_allclose(cells(second), kernel[..., m], rtol=0, atol=THREE)
        np.testing.assert_allclose(cells(third), value * kernel[..., m], rtol=0, atol=THREE)
        assert second["marked"] == third["marked"] == [2 * a + b == n for n in range(4)]


def test_the_first_of_the_largest_wins_a_pool(places):
    tied = 0
    for place in of_kind(places, "max_pool2d"):
        window = place.x[2 * place.i : 2 * place.i + 2, 2 * place.j : 2 * place.j + 2, place.k]
        (table,), best = place.says["tables"], int(window.argmax())
        tied += (window == window.max()).sum() > 1
        np.testing.assert_allclose(cells(table), window, rtol=0, atol=THREE)
        assert table["marked"] == [n == best for n in range(4)]
        assert f"row {2 * place.i + best // 2}, column {2 * place.j + best % 2} of" in place.says["words"]
        assert place.says["link"] == f"map {place.k} of {place.step.inputs[0]}"
    assert tied  # some of them, of which all are 0


def test_a_copy_says_where_it_comes_from(places):
    for place in of_kind(places, "crop_concat"):
        skip, below = (place.arrays[name] for name in place.step.inputs)
        by_skip, margin = place.k < skip.shape[2], (np.array(skip.shape) - below.shape) // 2
        k = place.k if by_skip else place.k - skip.shape[2]
        row, column = (place.i, place.j) + margin[:2] if by_skip else (place.i, place.j)
        name = place.step.inputs[0 if by_skip else 1]
        assert place.says["link"] == f"map {k} of {name}"
        assert f"Unchanged from map {k} of {name}, row {row}, column {column}." in place.says["words"]
        assert place.says["words"].startswith(f"Concatenation: {'by the skip' if by_skip else 'from the level below'}")
        assert read(place.says["formulas"][0]) == pytest.approx([place.arrays[name][row, column, k]], abs=FOUR)
        assert place.arrays[name][row, column, k] == place.value


def test_a_relu_is_the_larger_of_0_and_the_number(places):
    for place in of_kind(places, "relu"):
        before = place.x[place.i, place.j, place.k]
        (formula,) = place.says["formulas"]
        assert formula.startswith("max(0, ")
        assert read(formula) == pytest.approx([0, before, place.value], abs=FOUR)
        assert place.says["link"] == f"map {place.k} of {place.step.inputs[0]}"


def test_a_group_norm_has_a_mean_a_deviation_a_weight_and_a_bias(places):
    for place in of_kind(places, "group_norm"):
        width = place.x.shape[2] // place.step.options["groups"]
        first = place.k // width * width
        group = place.x[..., first : first + width]
        assert f"Maps {first} to {first + width - 1} are a group" in place.says["words"]
        assert f"each of their {group.size} numbers" in place.says["words"]
        before, mean, deviation = place.x[place.i, place.j, place.k], group.mean(), np.sqrt(group.var() + 1e-5)
        normal = (before - mean) / deviation
        weight, bias = (place.params[f"{place.step.name}.{name}"][place.k] for name in ("weight", "bias"))
        upper, lower = place.says["formulas"]
        assert "mean" in upper and "deviation" in upper and "weight" in lower and "bias" in lower
        assert read(upper) == pytest.approx([before, mean, deviation, normal], abs=FOUR)
        assert read(lower) == pytest.approx([normal, weight, bias, place.value], abs=FOUR)


def test_the_scores_and_probabilities_of_a_pixel(places):
    for place in places:
        if place.step.name == "out":
            logits = place.arrays["out"][place.i, place.j]
            powers = np.exp(logits - logits.max())
            rows = [row for row in place.says["tables"][-1]["rows"] if row]
            assert [row[0] for row in rows] == [f"class {k}" for k in range(len(logits))]
            assert [read(row[1])[0] for row in rows] == pytest.approx(logits, abs=FOUR)
            assert [read(row[2])[0] for row in rows] == pytest.approx(100 * powers / powers.sum(), abs=0.05)
