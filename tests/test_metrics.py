"""Metrics, against numbers worked out by hand."""

import numpy as np
import pytest

from minunet.metrics import (
    confusion_matrix,
    count_matches,
    dice,
    iou,
    mean_iou,
    overlaps,
    pixel_accuracy,
    pixel_error,
    rand_precision_recall,
    rand_score,
)

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


def test_pairs_of_pixels_by_hand():
    """Object 1 of four pixels was split into 5 and 6, and 6 merged with the one pixel of object 2; 0 is not asked."""
    truth = np.array([[1, 1, 1, 1, 2, 0, 0]])
    answer = np.array([[5, 5, 6, 6, 6, 6, 0]])
    # Pairs of the truth: of 4 pixels 4 * 3 / 2 = 6, of one none. Of the prediction: 5 has 2 pixels, one pair; 6 has 3
    # where the truth has an object, 3 pairs. In both: one pair of 5, and of 6 the one inside object 1.
    assert rand_precision_recall(truth, answer) == (2 / 4, 2 / 6)
    assert rand_score(truth, answer) == pytest.approx(2 * 2 / (4 + 6))


def test_a_pixel_that_was_given_to_no_object_stands_alone():
    truth = np.array([[1, 1, 1, 2, 2]])
    answer = np.array([[0, 0, 3, 4, 4]])  # were 0 an object, it would have one pair
    assert rand_precision_recall(truth, answer) == (1 / 1, 1 / 4)
    assert rand_score(truth, answer) == pytest.approx(2 * 1 / (1 + 4))
    assert rand_score(truth, np.zeros_like(truth)) == 0
    precision, recall = rand_precision_recall(truth, np.zeros_like(truth))
    assert np.isnan(precision) and recall == 0


def test_what_is_the_same_but_for_the_numbers_is_right(rng):
    truth = rng.integers(0, 9, (30, 40)).astype("uint8")
    numbers = rng.permutation(2**40 + np.arange(9))
    assert rand_score(truth, numbers[truth]) == 1 and rand_score(numbers[truth] * (truth > 0), truth) == 1
    mixed = numbers[truth] * (truth > 3) - (truth == 1)  # some pixels in no object, 0 or below
    assert rand_score(truth, mixed) == pytest.approx(rand_score(truth, np.where(truth > 3, truth, 0)))


def test_nothing_to_pair():
    for truth in (np.zeros((3, 4), int), np.array([[0, 1], [2, 0]]), np.zeros((0, 4), int)):
        assert np.isnan(rand_score(truth, truth)) and np.isnan(rand_precision_recall(truth, truth)).all()
    with pytest.raises(ValueError, match="must have the same shape"):
        rand_score(np.ones((3, 4), int), np.ones((4, 3), int))


@pytest.mark.parametrize("dtype", ["uint8", "int32", "uint64"])
def test_the_rand_score_of_scikit_image(rng, dtype):
    """Theirs counts what was predicted as 0 as one object; so there is no such pixel here."""
    from skimage.metrics import adapted_rand_error

    for _ in range(5):
        truth = np.kron(rng.integers(0, 6, (8, 9)), np.ones((5, 5), int)).astype(dtype)
        answer = np.where(rng.random(truth.shape) < 0.2, rng.integers(1, 9, truth.shape), truth + 1).astype(dtype)
        error, *others = adapted_rand_error(truth, answer, ignore_labels=(0,))
        assert rand_score(truth, answer) == pytest.approx(1 - error, rel=1e-12)
        assert sorted(rand_precision_recall(truth, answer)) == pytest.approx(sorted(others), rel=1e-12)


def test_pixel_error_is_what_is_not_right():
    matrix = np.array([[3, 1], [2, 4]])
    assert pixel_error(matrix) == pytest.approx(0.3) and np.isnan(pixel_error(np.zeros((2, 2), int)))


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "uint64"])
def test_objects_are_counted_whatever_their_numbers_are(rng, dtype):
    truth, answer = rng.integers(0, 5, (2, 6, 7))
    expected, counts = overlaps(truth, answer), count_matches(truth, answer, 0.5)
    highest = np.iinfo(dtype).max
    numbers = np.array([0, 3, 200, highest - 5, highest], dtype)
    found = overlaps(numbers[truth], numbers[answer])
    np.testing.assert_array_equal(found[0], expected[0])
    assert found[1:] == expected[1:]
    np.testing.assert_array_equal(count_matches(numbers[truth], numbers[answer], 0.5), counts)


def test_what_is_below_0_is_no_object(rng):
    truth, answer = rng.integers(0, 5, (2, 6, 7))
    expected = overlaps(truth, answer)
    found = overlaps(np.where(truth, truth, -7), np.where(answer, answer, -1))
    np.testing.assert_array_equal(found[0], expected[0])
    assert found[1:] == expected[1:]
