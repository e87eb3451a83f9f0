"""Soft Dice: gradients, the numbers of a small picture by hand, what counts, and batches in parts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minunet import fast, metrics
from minunet.gradcheck.cases import dice_case
from minunet.layers import soft_dice, soft_dice_backward
from minunet.operations import PLAIN, QUICK
from tests.layers.prove import prove

seeds = st.integers(0, 2**32 - 1)
sizes = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4))


@given(
    seed=seeds,
    size=sizes,
    classes=st.integers(2, 6),
    by_pixel=st.booleans(),
    ignore=st.booleans(),
    smooth=st.sampled_from([1e-2, 0.5, 1.0, 10.0]),
)
def test_gradients_of_any_shape(seed, size, classes, by_pixel, ignore, smooth):
    rng, shape = np.random.default_rng(seed), (size[0], size[1] + 2, size[2] + 2, classes)
    prove(dice_case(rng, shape=shape, pixel_weight=by_pixel, ignore=ignore, smooth=smooth), seed)


def as_given(probs):
    """In the place of softmax: the probabilities themselves."""
    return probs, probs


def test_a_picture_by_hand():
    """Class 0: 2 * 1.5 + 1 over 1.5 + 2 + 1 is 8/9. Class 1: 2 * 0.5 + 1 over 0.5 + 1 + 1 is 4/5."""
    probs, labels = np.array([[[[1, 0], [0.5, 0.5], [0.5, 0.5]]]]), np.array([[[0, 0, 1]]])
    loss, cache = soft_dice(probs, labels, softmax_of=as_given)
    assert loss == pytest.approx((1 / 9 + 1 / 5) / 2, rel=1e-14)
    # -dD/dp / 2 for each class: D p - g over bottom; then through softmax, p * (dy - sum of dy * p)
    first, second = (np.array([8 / 9 - 1, 4 / 9 - 1, 4 / 9]) / 4.5, np.array([0, 2 / 5, 2 / 5 - 1]) / 2.5)
    slope = np.array([0, 0.25, 0.25]) * (first - second)
    np.testing.assert_allclose(soft_dice_backward(cache)[0, 0], np.stack([slope, -slope], axis=-1), rtol=1e-14)


@given(seed=seeds)
def test_of_sure_predictions_it_is_the_dice_coefficient(seed):
    rng = np.random.default_rng(seed)
    truth, predicted = rng.integers(0, 3, (2, 1, 6, 5))
    logits = 1000.0 * (np.arange(3) == predicted[..., None])
    loss, _ = soft_dice(logits, truth, smooth=1e-12)
    with np.errstate(invalid="ignore"):
        coefficient = metrics.dice(metrics.confusion_matrix(truth, predicted, 3))
    assert loss == pytest.approx(1 - np.nan_to_num(coefficient, nan=1).mean(), abs=1e-9)  # NaN: 0 / 0


def test_a_class_that_is_neither_there_nor_predicted_is_right():
    logits = np.zeros((1, 4, 4, 3))
    logits[..., 0], labels = 1000, np.zeros((1, 4, 4), int)
    loss, cache = soft_dice(logits, labels)
    assert loss == 0
    np.testing.assert_array_equal(soft_dice_backward(cache), 0)


def test_ignored_pixels_count_nowhere(rng):
    """Neither their labels nor their logits, and the same by their weight of 0."""
    logits, labels = 2 * rng.standard_normal((2, 5, 4, 3)), rng.integers(0, 3, (2, 5, 4))
    short, short_cache = soft_dice(logits[:, :4], labels[:, :4])
    weight = np.ones(labels.shape)
    weight[:, 4] = 0
    unknown = np.where(weight == 0, 255, labels)
    for labels_of, options in ((labels, {"pixel_weight": weight}), (unknown, {"ignore_index": 255})):
        loss, cache = soft_dice(logits, labels_of, **options)
        gradient = soft_dice_backward(cache)
        assert loss == pytest.approx(short, rel=1e-12)
        np.testing.assert_allclose(gradient[:, :4], soft_dice_backward(short_cache), rtol=1e-9)
        np.testing.assert_array_equal(gradient[:, 4], 0)
    loss, cache = soft_dice(logits, np.full((2, 5, 4), 255), ignore_index=255)
    assert loss == 0
    np.testing.assert_array_equal(soft_dice_backward(cache), 0)


def test_parts_of_a_batch_add_up_and_samples_do_not_meet(rng):
    logits, labels = rng.standard_normal((5, 3, 4, 3)), rng.integers(0, 3, (5, 3, 4))
    whole, cache = soft_dice(logits, labels)
    parts = [soft_dice(logits[i:j], labels[i:j], total_samples=5) for i, j in ((0, 2), (2, 5))]
    assert parts[0][0] + parts[1][0] == pytest.approx(whole, rel=1e-12)
    gradients = np.concatenate([soft_dice_backward(part_cache) for _, part_cache in parts])
    np.testing.assert_array_equal(gradients, soft_dice_backward(cache))
    alone = [soft_dice(logits[[i]], labels[[i]])[0] for i in range(5)]
    assert whole == pytest.approx(np.mean(alone), rel=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_stable_for_huge_logits_and_of_their_dtype(rng, dtype):
    logits = (1e4 * rng.standard_normal((2, 4, 4, 3))).astype(dtype)
    loss, cache = soft_dice(logits, rng.integers(0, 3, (2, 4, 4)), pixel_weight=np.full((2, 4, 4), 0.3))
    gradient = soft_dice_backward(cache)
    assert loss.dtype == gradient.dtype == dtype
    assert 0 < loss < 1 and np.isfinite(gradient).all()


@pytest.mark.parametrize("classes", [2, 3, 70])
def test_plain_and_quick_give_the_same(rng, classes):
    logits = (3 * rng.standard_normal((3, 9, 8, classes))).astype("float32")
    labels, weight = rng.integers(0, classes, (3, 9, 8)), rng.uniform(0, 2, (3, 9, 8))
    found = [each.soft_dice(logits, labels, pixel_weight=weight, total_samples=7) for each in (PLAIN, QUICK)]
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-6)
    gradients = [each.soft_dice_backward(cache) for each, (_, cache) in zip((PLAIN, QUICK), found, strict=True)]
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-4, atol=1e-8)
    assert QUICK.soft_dice.keywords == {"softmax_of": fast.softmax}


@pytest.mark.parametrize(
    ("labels", "options", "says"),
    [
        (np.zeros((1, 2, 3), int), {}, r"labels must have the shape \(1, 2, 2\)"),
        (np.full((1, 2, 2), 3), {}, r"labels must be 0 to 2 for 3 classes, but \[3\]"),
        (np.zeros((1, 2, 2)), {}, "must be integers"),
        (np.zeros((1, 2, 2), int), {"pixel_weight": np.ones((1, 2, 1))}, "pixel_weight must have the shape"),
    ],
)
def test_errors_say_what_is_needed(labels, options, says):
    with pytest.raises(ValueError, match=says):
        soft_dice(np.zeros((1, 2, 2, 3)), labels, **options)


def test_other_logits_are_refused():
    with pytest.raises(TypeError, match="logits is int64"):
        soft_dice(np.zeros((1, 2, 2, 3), int), np.zeros((1, 2, 2), int))
    with pytest.raises(ValueError, match=r"logits must have the shape \(N, H, W, C\)"):
        soft_dice(np.zeros((2, 3)), np.zeros(2, int))
