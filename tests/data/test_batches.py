"""Batches: every image once an epoch, and the same batch whenever it is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from minunet.data.augment import Augmentation
from minunet.data.batches import Batches, centre_crop, to_input
from minunet.data.dataset import Dataset, split


def numbered(count=7, size=6):
    """Images that are filled with their own number."""
    images = np.broadcast_to(np.arange(count, dtype="uint8")[:, None, None, None], (count, size, size, 3)).copy()
    return Dataset(images, images[..., 0].copy(), [str(i) for i in range(count)], tuple("abcdefg"))


def test_an_epoch_shows_every_image_once():
    batches = Batches(numbered(), 3, (6, 6), Augmentation(), seed=0)
    assert batches.per_epoch == 3
    orders = []
    for epoch in range(2):
        parts = [batches.get(epoch * 3 + number) for number in range(3)]
        assert [len(x) for x, _ in parts] == [3, 3, 1]
        orders.append([int(label[0, 0]) for _, labels in parts for label in labels])
        for x, labels in parts:
            assert x.dtype == np.float32 and labels.dtype == np.int64
            np.testing.assert_allclose(x[:, 0, 0, 0], (labels[:, 0, 0] / 255 - 0.5) * 4, atol=1e-6)
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(7))
    assert orders[0] != orders[1]


def test_a_batch_is_a_function_of_seed_and_step():
    how = Augmentation(True, True, 0.3, 0.3, 0.3)
    first, second = (Batches(numbered(), 3, (6, 6), how, seed=4) for _ in range(2))
    first.get(0)
    for one, two in zip(first.get(5), second.get(5), strict=True):
        np.testing.assert_array_equal(one, two)
    assert (Batches(numbered(), 3, (6, 6), how, seed=5).get(3)[0] != first.get(3)[0]).any()


def test_images_of_a_batch_are_changed_differently():
    data = numbered()
    data.images[:] = 100
    x, _ = Batches(data, 7, (6, 6), Augmentation(brightness=0.3), seed=0).get(0)
    assert len(np.unique(x[:, 0, 0, 0])) == 7


def test_labels_are_cropped_to_what_a_valid_network_sees():
    labels = np.arange(36).reshape(1, 6, 6)
    np.testing.assert_array_equal(centre_crop(labels, 2, 4)[0], [[13, 14, 15, 16], [19, 20, 21, 22]])
    x, cropped = Batches(numbered(), 2, (2, 2), Augmentation(), seed=0).get(0)
    assert x.shape == (2, 6, 6, 3) and cropped.shape == (2, 2, 2)


def test_pixel_values_become_small_numbers():
    np.testing.assert_allclose(to_input(np.array([0, 255], "uint8")), [-2, 2])
    np.testing.assert_allclose(to_input(np.array([0, 0.5], "float32")), [-2, 0])
    assert to_input(np.zeros(1, "uint8")).dtype == np.float32
    with pytest.raises(ValueError, match="0 to 1"):
        to_input(np.array([0.0, 255.0]))


def test_split_loses_and_doubles_nothing(rng):
    parts = split(numbered(), (0.3, 0.01), rng)
    assert [len(part) for part in parts] == [2, 1, 4]
    assert sorted(name for part in parts for name in part.names) == [str(i) for i in range(7)]
    for part in parts:
        assert [str(i) for i in part.images[:, 0, 0, 0]] == part.names
