"""Softmax and cross-entropy: gradients, the weighted mean as PyTorch has it, stability."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from minunet.gradcheck.cases import cross_entropy_case, softmax_case
from minunet.layers import softmax, softmax_cross_entropy, softmax_cross_entropy_backward
from tests.layers.prove import prove

seeds = st.integers(0, 2**32 - 1)
sizes = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4))


@given(seed=seeds, size=sizes, classes=st.integers(1, 6))
def test_softmax_gradients_of_any_shape(seed, size, classes):
    prove(softmax_case(np.random.default_rng(seed), shape=(*size, classes)), seed)


@given(
    seed=seeds,
    size=sizes,
    classes=st.integers(2, 6),
    by_class=st.booleans(),
    by_pixel=st.booleans(),
    ignore=st.booleans(),
)
def test_cross_entropy_gradients_of_any_shape(seed, size, classes, by_class, by_pixel, ignore):
    rng = np.random.default_rng(seed)
    shape = (size[0], size[1] + 2, size[2] + 2, classes)
    weight = rng.uniform(0.5, 3, classes) if by_class else None
    prove(cross_entropy_case(rng, shape=shape, class_weight=weight, pixel_weight=by_pixel, ignore=ignore), seed)


@given(seed=seeds, ignore=st.sampled_from([-100, 0, 255]))
def test_weighted_mean_as_pytorch_defines_it(seed, ignore):
    rng = np.random.default_rng(seed)
    logits, class_weight = rng.standard_normal((2, 4, 4, 3)), rng.uniform(0.1, 5, 3)
    labels = rng.integers(1, 3, (2, 4, 4))
    labels[:, 0] = ignore
    loss, _ = softmax_cross_entropy(logits, labels, class_weight=class_weight, ignore_index=ignore)
    expected = torch.nn.functional.cross_entropy(
        torch.tensor(logits).reshape(-1, 3),
        torch.tensor(labels).reshape(-1),
        torch.tensor(class_weight),
        ignore_index=ignore,
    )
    assert loss == pytest.approx(expected.item(), rel=1e-12)


def test_probabilities_sum_to_one(rng):
    probs, _ = softmax(100 * rng.standard_normal((2, 3, 4, 5)))
    np.testing.assert_allclose(probs.sum(axis=-1), 1, rtol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_stable_for_huge_logits(dtype):
    logits = np.array([[1e4, -1e4, 0], [-1e4, -1e4, -1e4]], dtype=dtype)
    loss, cache = softmax_cross_entropy(logits, np.array([1, 2]))
    assert loss == pytest.approx((2e4 + math.log(3)) / 2, rel=1e-6)
    gradient = softmax_cross_entropy_backward(cache)
    np.testing.assert_allclose(gradient, [[0.5, -0.5, 0], [1 / 6, 1 / 6, -1 / 3]], atol=1e-7)
    assert loss.dtype == gradient.dtype == dtype
    assert np.isfinite(softmax(logits)[0]).all()


def test_loss_at_the_start_is_log_of_the_classes():
    loss, _ = softmax_cross_entropy(np.zeros((1, 4, 4, 3)), np.ones((1, 4, 4), int))
    assert loss == pytest.approx(math.log(3))


def test_nothing_to_count_moves_nothing(rng):
    logits = rng.standard_normal((1, 2, 2, 3))
    loss, cache = softmax_cross_entropy(logits, np.full((1, 2, 2), 255), ignore_index=255)
    assert loss == 0
    np.testing.assert_array_equal(softmax_cross_entropy_backward(cache), 0)


def test_parts_of_a_batch_add_up(rng):
    logits, labels = rng.standard_normal((4, 3, 3, 3)), rng.integers(0, 3, (4, 3, 3))
    weight = rng.uniform(0.1, 1, labels.shape)
    whole, cache = softmax_cross_entropy(logits, labels, pixel_weight=weight)
    parts = [
        softmax_cross_entropy(
            logits[i : i + 2], labels[i : i + 2], pixel_weight=weight[i : i + 2], total_weight=weight.sum()
        )
        for i in (0, 2)
    ]
    assert parts[0][0] + parts[1][0] == pytest.approx(whole, rel=1e-12)
    gradients = np.concatenate([softmax_cross_entropy_backward(part_cache) for _, part_cache in parts])
    np.testing.assert_allclose(gradients, softmax_cross_entropy_backward(cache), rtol=1e-12)


@pytest.mark.parametrize(
    ("labels", "options", "says"),
    [
        (np.zeros((1, 2, 3), int), {}, "labels must have the shape"),
        (np.full((1, 2, 2), 3), {}, r"labels must be 0 to 2 for 3 classes, but \[3\]"),
        (np.full((1, 2, 2), -1), {"ignore_index": 255}, r"\[-1\]"),
        (np.zeros((1, 2, 2)), {}, "must be integers"),
        (np.zeros((1, 2, 2), int), {"class_weight": np.ones(2)}, "class_weight must have the shape"),
        (np.zeros((1, 2, 2), int), {"pixel_weight": np.ones((1, 2, 1))}, "pixel_weight must have the shape"),
    ],
)
def test_errors_say_what_is_needed(labels, options, says):
    with pytest.raises(ValueError, match=says):
        softmax_cross_entropy(np.zeros((1, 2, 2, 3)), labels, **options)


def test_integer_logits_are_refused():
    with pytest.raises(TypeError, match="logits is int64"):
        softmax_cross_entropy(np.array([[3, 0], [0, 3]]), np.array([1, 0]))
    with pytest.raises(TypeError, match="logits is int64"):
        softmax(np.array([[3, 0]]))
