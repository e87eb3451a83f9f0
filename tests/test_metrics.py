"""Metrics, against numbers worked out by hand."""

import numpy as np
import pytest

from minunet.metrics import confusion_matrix, dice, iou, mean_iou, pixel_accuracy

LABELS = np.array([[0, 0, 0, 1], [1, 1, 2, 2]])
ANSWER = np.array([[0, 0, 1, 1], [1, 0, 2, 1]], dtype="uint8")


def test_by_hand():
    matrix = confusion_matrix(LABELS, ANSWER, 3)
    np.testing.assert_array_equal(matrix, [[2, 1, 0], [1, 2, 0], [0, 1, 1]])
    assert pixel_accuracy(matrix) == 5 / 8
    np.testing.assert_allclose(iou(matrix), [2 / 4, 2 / 5, 1 / 2])
    np.testing.assert_allclose(dice(matrix), [4 / 6, 4 / 7, 2 / 3])
    assert mean_iou(matrix) == pytest.approx((0.5 + 0.4 + 0.5) / 3)


def test_many_classes_in_masks_of_8_bits(rng):
    """labels * classes does not fit into 8 bits: it must not be computed in them."""
    labels, answer = rng.integers(0, 20, (2, 30, 30)).astype("uint8")
    expected = np.zeros((20, 20), int)
    for pair in zip(labels.ravel(), answer.ravel(), strict=True):
        expected[pair] += 1
    np.testing.assert_array_equal(confusion_matrix(labels, answer, 20), expected)


def test_a_class_that_does_not_occur_does_not_count():
    matrix = confusion_matrix(LABELS, ANSWER, 5)
    assert np.isnan(iou(matrix)[3:]).all() and np.isnan(dice(matrix)[3:]).all()
    assert mean_iou(matrix) == pytest.approx((0.5 + 0.4 + 0.5) / 3)


def test_a_class_that_is_only_predicted_counts_as_missed():
    matrix = confusion_matrix(np.zeros(4, int), np.array([0, 0, 0, 1]), 2)
    np.testing.assert_allclose(iou(matrix), [0.75, 0])


def test_no_pixels():
    matrix = confusion_matrix(np.zeros((0, 2), int), np.zeros((0, 2), int), 2)
    assert np.isnan(pixel_accuracy(matrix)) and np.isnan(mean_iou(matrix))


@pytest.mark.parametrize(
    ("labels", "answer", "says"),
    [
        (LABELS, ANSWER[:1], "the same shape"),
        (LABELS + 1, ANSWER, "labels must be 0 to 2, but range from 1 to 3"),
        (LABELS, ANSWER.astype(int) - 1, "predictions must be"),
    ],
)
def test_errors_say_what_is_needed(labels, answer, says):
    with pytest.raises(ValueError, match=says):
        confusion_matrix(labels, answer, 3)
