"""Augmentation moves image and labels together."""

from __future__ import annotations

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
    moved, moved_labels = augment(image, labels, how, np.random.default_rng(seed))
    assert moved.shape == image.shape and moved_labels.shape == labels.shape
    np.testing.assert_allclose(moved[..., 0], moved_labels / labels.size, atol=1e-6)


def test_nothing_is_the_default(rng):
    image, labels = example()
    same, same_labels = augment(image, labels, Augmentation(), rng)
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
        result = augment(image, labels, how, rng)[1]
        counts[next(name for name, form in forms.items() if (form == result).all())] += 1
    assert {name for name, count in counts.items() if count} == expected
    assert all(abs(counts[name] - 200 / len(expected)) < 45 for name in expected)


def test_a_shift_mirrors_what_comes_in(rng):
    image, labels = example(1, 4)
    seen = {tuple(augment(image, labels, Augmentation(shift=0.25), rng)[1][0]) for _ in range(200)}
    assert seen == {(0, 1, 2, 3), (0, 0, 1, 2), (1, 2, 3, 3)}


def test_brightness_and_contrast_leave_the_labels_alone(rng):
    image, labels = example()
    how = Augmentation(brightness=0.2, contrast=0.5)
    changed = [augment(image, labels, how, rng) for _ in range(50)]
    means = [picture.mean() for picture, _ in changed]
    assert max(means) - min(means) > 0.2
    for picture, same in changed:
        np.testing.assert_array_equal(same, labels)
        assert picture.dtype == np.float32 and 0 <= picture.min() and picture.max() <= 1


def test_the_input_is_not_changed(rng):
    image, labels = example()
    before = image.copy(), labels.copy()
    augment(image, labels, Augmentation(True, True, 0.5, 0.5, 0.5), rng)
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(labels, before[1])
