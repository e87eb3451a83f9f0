"""Group normalisation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minunet.gradcheck.cases import group_norm_case
from minunet.layers import group_norm, group_norm_backward
from tests.layers.prove import prove


@given(
    seed=st.integers(0, 2**32 - 1),
    batch=st.integers(1, 3),
    size=st.tuples(st.integers(3, 5), st.integers(3, 5)),
    groups=st.integers(1, 3),
    each=st.integers(1, 3),
)
def test_gradients_of_any_shape(seed, batch, size, groups, each):
    prove(group_norm_case(np.random.default_rng(seed), shape=(batch, *size, groups * each), groups=groups), seed)


def test_every_group_has_mean_0_and_variance_1(rng):
    x = 5 + 3 * rng.standard_normal((2, 4, 4, 6))
    y = group_norm(x, np.ones(6), np.zeros(6), groups=2)[0].reshape(2, 16, 2, 3)
    np.testing.assert_allclose(y.mean(axis=(1, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=(1, 3)), 1, rtol=1e-4)


def test_a_constant_image_is_no_division_by_zero():
    y, cache = group_norm(np.full((1, 2, 2, 4), 3.0), np.ones(4), np.zeros(4), groups=2)
    np.testing.assert_array_equal(y, 0)
    assert np.isfinite(group_norm_backward(np.arange(16.0).reshape(y.shape), cache)[0]).all()


def test_float32_stays_float32(rng):
    x = rng.standard_normal((1, 4, 4, 4)).astype("float32")
    y, cache = group_norm(x, x[0, 0, 0], x[0, 0, 1], groups=2)
    assert {y.dtype, *(gradient.dtype for gradient in group_norm_backward(y, cache))} == {np.dtype("float32")}


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"groups": 4}, ValueError, "6 channels cannot be split into 4"),
        ({"groups": 0}, ValueError, "cannot be split"),
        ({"weight": np.ones(5)}, ValueError, "weight must have the shape"),
        ({"bias": np.ones((6, 1))}, ValueError, "bias must have the shape"),
        ({"bias": np.ones(6, "float32")}, TypeError, "bias is float32"),
    ],
)
def test_errors_say_what_is_needed(changes, error, says):
    arguments = {"x": np.ones((1, 2, 2, 6)), "weight": np.ones(6), "bias": np.ones(6), "groups": 3} | changes
    with pytest.raises(error, match=says):
        group_norm(**arguments)
