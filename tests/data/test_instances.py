"""Objects to classes and back, the paper's weight map, and average precision, against slow and plain ways."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from minunet.data import instances
from minunet.data.cells import make_cell_image
from minunet.data.instances import BACKGROUND, BORDER, OBJECT, border_between, from_classes, seam_weights, to_classes
from minunet.metrics import average_precision, count_matches, overlaps

SCENES = arrays("int32", st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 4))


def test_the_border_lies_between_two_objects():
    instances = np.zeros((7, 12), dtype="int32")
    instances[1:6, 1:5], instances[1:6, 6:11] = 1, 2
    columns = np.flatnonzero(border_between(instances)[3])
    np.testing.assert_array_equal(columns, [4, 5, 6])  # the gap, and on each side the pixel that sees the other object
    assert not border_between(np.where(instances == 2, 1, instances)).any()


@given(SCENES)
def test_the_border_as_defined(instances):
    """A pixel is border if two different objects lie within 2 pixels of it: looked up pixel by pixel."""
    rows, columns = np.mgrid[: instances.shape[0], : instances.shape[1]]
    for r, c in np.ndindex(instances.shape):
        near = instances[(rows - r) ** 2 + (columns - c) ** 2 <= 4]
        assert border_between(instances)[r, c] == (len(set(near[near > 0])) > 1)


def test_classes_and_back():
    """Made cells come back out of their class map: nearly all of them, nearly whole."""
    rng = np.random.default_rng(0)
    counts = np.zeros(3, dtype=int)
    for _ in range(20):
        _, _, instances = make_cell_image(96, rng)
        counts += count_matches(instances, from_classes(to_classes(instances)), 0.7)
    assert average_precision(counts) > 0.9
    merged = count_matches(instances, from_classes((instances > 0).astype(int)), 0.7)
    assert average_precision(merged) < 0.7  # without the border class, cells that touch are one


def test_islands_grow_back_over_the_border_only():
    classes = np.array([[0, 1, 1, 2, 2, 2, 2, 2, 1, 0, 0]])
    assert (BACKGROUND, OBJECT, BORDER) == (0, 1, 2)
    np.testing.assert_array_equal(from_classes(classes), [[0, 1, 1, 1, 1, 0, 2, 2, 2, 0, 0]])


def test_small_objects_are_dropped():
    classes = np.zeros((9, 20), dtype=int)
    classes[1:4, 1:4], classes[1:8, 10:17] = 1, 1  # 9 and 49 pixels
    assert from_classes(classes).max() == 2
    np.testing.assert_array_equal(from_classes(classes, smallest=10) > 0, (classes == 1) & (np.arange(20) >= 10))


@given(SCENES)
def test_the_weight_map_is_the_formula(instances):
    """d1 and d2 by looking at every pixel of every object."""
    rows, columns = np.mgrid[: instances.shape[0], : instances.shape[1]]
    weights = seam_weights(instances, w0=10, sigma=5)
    for r, c in np.ndindex(instances.shape):
        distances = sorted(
            np.sqrt((rows - r) ** 2 + (columns - c) ** 2)[instances == number].min()
            for number in set(instances[instances > 0])
        )
        expected = 0.0
        if instances[r, c] == 0 and len(distances) > 1:
            expected = 10 * np.exp(-((distances[0] + distances[1]) ** 2) / 50)
        assert weights[r, c] == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_far_objects_do_not_count():
    instances = np.zeros((3, 120), dtype="int32")
    instances[1, 0], instances[1, 119] = 1, 2
    assert seam_weights(instances).max() == 0


@given(SCENES, st.integers(0, 2**32 - 1))
def test_overlaps_are_the_sets_ratio(truth, seed):
    answer = np.random.default_rng(seed).integers(0, 4, truth.shape).astype("int32")
    numbers = [sorted(set(each[each > 0])) for each in (truth, answer)]
    expected = [
        ((truth == i) & (answer == j)).sum() / ((truth == i) | (answer == j)).sum()
        for i in numbers[0]
        for j in numbers[1]
    ]
    iou, true, predicted = overlaps(truth, answer)
    np.testing.assert_allclose(iou, [value for value in expected if value > 0])
    assert [true, predicted] == [len(each) for each in numbers]


def test_average_precision_by_hand():
    truth = np.zeros((10, 30), dtype="int32")
    truth[0:10, 0:10], truth[0:10, 15:25] = 1, 2
    answer = np.zeros_like(truth)
    answer[0:10, 0:8], answer[0:4, 15:25], answer[8:10, 26:30] = 5, 6, 7  # IoU 0.8, IoU 0.4, and a false one
    np.testing.assert_array_equal(count_matches(truth, answer, 0.5), [1, 2, 1])
    np.testing.assert_array_equal(count_matches(truth, answer, 0.8), [0, 3, 2])  # above, not equal
    assert average_precision(count_matches(truth, answer, 0.5)) == 0.25
    assert np.isnan(average_precision(count_matches(np.zeros_like(truth), np.zeros_like(truth), 0.5)))


def test_a_wide_border_takes_no_time_by_its_area(rng):
    """Of a disc of 7,845 pixels and not 13; row by row they are 101 and not 5."""
    instances = rng.integers(0, 30, (8, 8)).repeat(32, axis=0).repeat(32, axis=1).astype("int32")
    seconds = []
    for radius in (2, 50):
        start = time.process_time()
        border_between(instances, radius)
        seconds.append(time.process_time() - start)
    assert seconds[1] < 100 * seconds[0]


def test_a_border_wider_than_its_picture(rng):
    """As it is defined, pixel by pixel."""
    instances, radius = np.zeros((6, 30), "int32"), 20
    instances[rng.random((6, 30)) < 0.05] = 1
    instances[:, 20:][rng.random((6, 10)) < 0.2] = 2
    places, numbers = np.argwhere(instances), instances[instances > 0]
    expected = np.zeros(instances.shape, bool)
    for pixel in np.ndindex(instances.shape):
        near = ((places - pixel) ** 2).sum(axis=1) <= radius**2
        expected[pixel] = len(set(numbers[near].tolist())) > 1
    assert expected.any() and not expected.all()
    np.testing.assert_array_equal(border_between(instances, radius), expected)


@pytest.mark.parametrize("radius", [0, 1, 2, 5])
def test_objects_grow_alike_in_bands_of_rows(rng, monkeypatch, radius):
    """Wherever the bands end; two objects that are equally near are not asked."""
    classes = np.zeros((60, 40), "uint8")
    for row, column in ((3, 4), (20, 5), (33, 22), (48, 9), (50, 30)):
        classes[row - 3 : row + 9, column - 2 : column + 8] = BORDER
        classes[row : row + 5, column : column + 5] = OBJECT
    whole = from_classes(classes, radius)
    for rows in (1, 3, 7, 59):
        monkeypatch.setattr(instances, "AT_ONCE", rows * 40)
        np.testing.assert_array_equal(from_classes(classes, radius), whole)
        np.testing.assert_array_equal(from_classes(classes, radius, smallest=40), from_classes(classes, radius, 40))
