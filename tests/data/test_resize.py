"""Resizing: means for pictures and probabilities, the nearest for masks."""

import numpy as np

from minunet.data.resize import resize_mask, resize_picture, resize_probabilities


def test_a_picture_gets_means_and_a_mask_only_its_own_values():
    picture = np.zeros((4, 4, 3), "uint8")
    picture[:, 2:] = 200  # half dark, half bright
    larger = resize_picture(picture, (4, 8))
    assert larger.shape == (4, 8, 3) and 0 < larger[0, 3, 0] < larger[0, 4, 0] < 200
    mask = resize_mask(np.repeat([[0, 2]], 2, axis=0).astype("uint8"), (5, 7))
    assert mask.shape == (5, 7) and set(np.unique(mask)) == {0, 2}
    assert resize_mask(np.array([[0, 60_000]], "uint16"), (2, 2))[1, 1] == 60_000


def test_probabilities_still_sum_to_one(rng):
    answer = rng.random((5, 6, 4)).astype("float32")
    answer /= answer.sum(axis=2, keepdims=True)
    larger = resize_probabilities(answer, (13, 9), slice(0, 13))
    assert larger.shape == (13, 9, 4) and larger.dtype == np.float32
    np.testing.assert_allclose(larger.sum(axis=2), 1, atol=1e-5)
    for size in ((13, 9), (3, 2), (200, 31)):  # rows by rows they are the same
        whole = resize_probabilities(answer, size, slice(0, size[0]))
        for start in range(0, size[0], 4):
            rows = slice(start, min(start + 4, size[0]))
            np.testing.assert_allclose(resize_probabilities(answer, size, rows), whole[rows], atol=1e-6)


def test_what_has_the_size_already_is_the_same_object():
    picture, answer = np.zeros((2, 3, 3), "uint8"), np.zeros((2, 3, 4), "float32")
    assert resize_picture(picture, (2, 3)) is picture
    assert np.shares_memory(resize_probabilities(answer, (2, 3), slice(0, 1)), answer)
