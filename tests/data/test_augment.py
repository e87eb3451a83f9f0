"""Augmentation moves image and labels together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minunet.data.augment import Augmentation, augment


def example(height=6, width=8):
    """An image whose every pixel says where it came from, and labels that say the same."""
    labels = np.arange(height * width).reshape(height, width)
    return np.repeat(labels[..., None] / (height * width), 3, axis=2).astype("float32"), labels


@given(seed=st.integers(0, 2**32 - 1), shift=st.floats(0, 1), flips=st.tuples(st.booleans(), st.booleans()))
def test_pixels_and_labels_stay_together(seed, shift, flips):
    image, labels = example()
    how = Augmentation(flip_left_right=flips[0], flip_up_down=flips[1], shift=shift)
    moved, (moved_labels,) = augment(image, [labels], how, np.random.default_rng(seed))
    assert moved.shape == image.shape and moved_labels.shape == labels.shape
    np.testing.assert_allclose(moved[..., 0], moved_labels / labels.size, atol=1e-6)


def test_nothing_is_the_default(rng):
    image, labels = example()
    same, (same_labels,) = augment(image, [labels], Augmentation(), rng)
    np.testing.assert_allclose(same, image, atol=1e-6)
    np.testing.assert_array_equal(same_labels, labels)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (Augmentation(flip_left_right=True), {"same", "left-right"}),
        (Augmentation(flip_up_down=True), {"same", "up-down"}),
        (Augmentation(flip_left_right=True, flip_up_down=True), {"same", "left-right", "up-down", "both"}),
    ],
)
def test_flips_happen_half_of_the_time(rng, how, expected):
    image, labels = example()
    forms = {"same": labels, "left-right": labels[:, ::-1], "up-down": labels[::-1], "both": labels[::-1, ::-1]}
    counts = dict.fromkeys(forms, 0)
    for _ in range(200):
        result = augment(image, [labels], how, rng)[1][0]
        counts[next(name for name, form in forms.items() if (form == result).all())] += 1
    assert {name for name, count in counts.items() if count} == expected
    assert all(abs(counts[name] - 200 / len(expected)) < 45 for name in expected)


def test_a_shift_mirrors_what_comes_in(rng):
    image, labels = example(1, 4)
    seen = {tuple(augment(image, [labels], Augmentation(shift=0.25), rng)[1][0][0]) for _ in range(200)}
    assert seen == {(0, 1, 2, 3), (0, 0, 1, 2), (1, 2, 3, 3)}


MOVES = Augmentation(True, True, 0.3, quarter_turns=True, rotation=180, scale=0.5, elastic=3)


@given(seed=st.integers(0, 2**32 - 1), size=st.tuples(st.integers(1, 60), st.integers(1, 60)))
def test_whatever_moves_the_image_moves_its_planes_alike(seed, size):
    """A picture of two ramps says from where each pixel was read; the planes must come from the same place."""
    rows, columns = np.mgrid[:40, :50]
    image = np.stack([rows / 40, columns / 50, np.zeros_like(rows)], axis=2).astype("float32")
    moved, (from_rows, from_columns) = augment(image, [rows, columns], MOVES, np.random.default_rng(seed), size)
    assert moved.shape == (*size, 3) and from_rows.shape == from_columns.shape == size
    assert abs(moved[..., 0] * 40 - from_rows).max() <= 0.5001  # nearest and in between: half a pixel apart at most
    assert abs(moved[..., 1] * 50 - from_columns).max() <= 0.5001
    assert moved[..., 2].max() == 0


def test_a_rotation_by_hand():
    """A quarter turn, once as a rotation by 90 degrees, once as a turn: no pixel differs."""
    image, labels = example(9, 9)

    class Always(np.random.Generator):
        """Draws the highest number that is possible."""

        def random(self, size=None):
            return np.ones(size)

        def uniform(self, low=0.0, high=1.0, size=None):
            return high if size is None else np.full(size, high)

        def integers(self, low, high=None, size=None):
            return 0

    rng = Always(np.random.PCG64(0))
    turned, (turned_labels,) = augment(image, [labels], Augmentation(rotation=90), rng)
    assert any((turned_labels == np.rot90(labels, k)).all() for k in (1, 3))
    np.testing.assert_allclose(turned[..., 0], turned_labels / 81, atol=1e-5)


def test_zoom_and_bend_do_what_they_say():
    """The middle stays; zoomed by up to 2, a pixel at r comes from r / 2 to 2 r; bends have the deviation asked for."""
    rows = np.mgrid[:101, :101][0]
    image = np.zeros((101, 101, 3), dtype="float32")
    rng = np.random.default_rng(0)
    zoomed = [augment(image, [rows], Augmentation(scale=1.0), rng)[1][0] for _ in range(100)]
    reach = [(plane[70, 50] - 50) / 20 for plane in zoomed]
    assert all(plane[50, 50] == 50 for plane in zoomed)
    assert 0.5 <= min(reach) < 0.6 and 1.8 < max(reach) <= 2
    bent = [augment(image, [rows], Augmentation(elastic=4), rng)[1][0] for _ in range(300)]
    assert 3.5 < np.std([plane[50, 50] - 50 for plane in bent]) < 4.5
    assert np.abs(np.diff(bent[0][20:80], axis=0) - 1).max() <= 1  # smooth: no pixel jumps


def test_pieces_come_from_everywhere_in_the_image(rng):
    image, labels = example(6, 8)
    corners = {augment(image, [labels], Augmentation(), rng, (4, 4))[1][0][0, 0] for _ in range(300)}
    assert corners == {row * 8 + column for row in range(3) for column in range(5)}


def test_colours_and_brightness_leave_the_labels_alone(rng):
    image, labels = example()
    how = Augmentation(brightness=0.2, contrast=0.5, colour=0.2)
    changed = [augment(image, [labels], how, rng) for _ in range(50)]
    means = [picture.mean() for picture, _ in changed]
    assert max(means) - min(means) > 0.2
    tints = [picture[2, 3, 0] / picture[2, 3, 1] for picture, _ in changed]
    assert 0.66 < min(tints) < 0.85 and 1.15 < max(tints) < 1.51
    for picture, (same,) in changed:
        np.testing.assert_array_equal(same, labels)
        assert picture.dtype == np.float32 and picture.min() >= 0 and picture.max() <= 1


def test_the_input_is_not_changed(rng):
    image, labels = example()
    before = image.copy(), labels.copy()
    for how in (Augmentation(True, True, 0.5, 0.5, 0.5), MOVES):
        augment(image, [labels], how, rng)
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(labels, before[1])
