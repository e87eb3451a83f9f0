"""The figures that move: what they compute is what the layers compute, and every number says what it is made of."""

import re

import numpy as np
import pytest

from lessons.figures import stamps, windows
from minunet.layers import conv2d, conv_transpose2d
from tests.conftest import PHONE

FIGURES = {
    "03-convolution.html": (conv2d, windows.X, windows.KERNEL),
    "05-transposed-convolution.html": (conv_transpose2d, stamps.X, stamps.KERNEL),
}
SHOWN = """figure => [...figure.querySelectorAll('table')].map(table =>
  [...table.rows].map(row => [...row.cells].map(cell => Number(cell.textContent.replace('\\u2212', '-')))))"""

CHOSEN = """(figure, name) => [...figure.querySelectorAll(`button[aria-label^='${name}[']`)].map((_, n) => {
  figure.querySelectorAll(`button[aria-label^='${name}[']`)[n].click();
  return [figure.querySelector('[aria-live]').textContent, figure.querySelectorAll('.marked').length];
})"""


def shown(figure) -> list[np.ndarray]:
    """The three tables: x with its zeros, the kernel, y."""
    return [np.array(table) for table in figure.evaluate(SHOWN)]


def y_of(page: str, stride: int, padding: int) -> np.ndarray:
    layer, x, kernel = FIGURES[page]
    images = (x[None, :, :, None].astype(float), kernel[:, :, None, None].astype(float))
    return layer(*images, stride=stride, padding=padding)[0][0, :, :, 0]


@pytest.fixture(params=FIGURES)
def page(request) -> str:
    return request.param


@pytest.fixture
def figure(site, tab, page):
    tab.goto((site / page).as_uri())
    return tab.locator(".live")


def test_every_number_at_every_stride_and_padding(figure, page):
    """y is what the layer computes; each number of y is the sum that stands below, each of x goes where it says."""
    _, x, kernel = FIGURES[page]
    for stride in (1, 2, 3):
        for padding in (0, 1):
            figure.get_by_label("stride").select_option(str(stride))
            figure.get_by_label("padding").select_option(str(padding))
            y = y_of(page, stride, padding)
            seen, weights, result = shown(figure)
            np.testing.assert_array_equal(seen, np.pad(x, padding) if page.startswith("03") else x)
            np.testing.assert_array_equal(weights, kernel)
            np.testing.assert_array_equal(result, y)
            into = np.zeros_like(y)  # collected from what the numbers of x say
            for (i, j), said, _ in each_number(figure, "x", x):
                parts = re.findall(r"(-?\d+)×(-?\d+) into y\[(\d+), (\d+)\]", said)
                assert said.startswith(f"x[{i}, {j}] = {x[i, j]:g} goes into {len(parts)} of {y.size} numbers")
                for value, weight, row, column in parts:
                    assert int(value) == x[i, j]
                    into[int(row), int(column)] += int(value) * int(weight)
            np.testing.assert_array_equal(into, y)
            for (i, j), said, marked in each_number(figure, "y", y):
                place, terms, value = said.split(" = ")
                products = re.findall(r"(-?\d+)×(-?\d+)", terms)
                assert place == f"y[{i}, {j}]" and int(value) == y[i, j] and marked == 2 * len(products)
                assert sum(int(a) * int(b) for a, b in products) == y[i, j]


def each_number(figure, name: str, array: np.ndarray) -> list[tuple[tuple[int, ...], str, int]]:
    """Of each number that is clicked its place, what is said of it, and how many others are marked."""
    said = [(text.replace("\u2212", "-"), marked) for text, marked in figure.evaluate(CHOSEN, name)]
    return [(place, *each) for place, each in zip(np.ndindex(array.shape), said, strict=True)]


def test_by_keyboard(figure, page, tab):
    figure.get_by_label("y[0, 0]").focus()
    tab.keyboard.press("Enter")
    for key, place in (
        ("ArrowRight", "[0, 1]"),
        ("ArrowDown", "[1, 1]"),
        ("ArrowLeft", "[1, 0]"),
        ("ArrowUp", "[0, 0]"),
    ):
        tab.keyboard.press(key)
        assert figure.locator("[aria-pressed=true]").get_attribute("aria-label").startswith(f"y{place}")
    tab.keyboard.press("ArrowUp")  # the rim is no way out
    assert figure.locator("[aria-live]").inner_text().startswith("y[0, 0]")
    assert figure.locator("button[tabindex='0']").count() == 1  # one stop of the Tab key for all numbers


def test_the_button_goes_through_all_and_begins_again(figure, page):
    name = "y" if page.startswith("03") else "x"
    button = figure.get_by_role("button", name="next number")
    labels = []
    for _ in range(len(figure.locator(f"button[aria-label^='{name}[']").all()) + 1):
        labels.append(figure.locator("[aria-pressed=true]").get_attribute("aria-label"))
        button.click()
    assert labels[0] == labels[-1] and len(set(labels)) == len(labels) - 1


def test_a_chosen_number_that_is_gone_at_another_stride(figure):
    last = figure.locator("button[aria-label^='y[']").last
    last.click()
    figure.get_by_label("stride").select_option("3" if figure.get_attribute("data-kind") == "conv2d" else "1")
    assert figure.locator("[aria-pressed=true]").count() == 1


def test_it_fits_a_phone(figure, tab):
    tab.set_viewport_size(PHONE)
    figure.get_by_label("padding").select_option("1")
    assert figure.evaluate("each => each.scrollWidth <= each.clientWidth")


def test_without_scripts_the_sentence_of_the_lesson_stands_there(site, page):
    text = (site / page).read_text(encoding="utf-8")
    place = re.search(r'<figure class="live"[^>]*>(.*?)</figure>', text, re.DOTALL)
    assert "python -m lessons.site" in re.sub(r"<[^>]+>", "", place[1])
