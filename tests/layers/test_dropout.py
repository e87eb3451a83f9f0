"""Dropout."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minunet.gradcheck.cases import dropout_case
from minunet.layers import dropout, dropout_mask
from tests.layers.prove import prove


@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    rate=st.floats(0, 0.9),
)
def test_gradients_of_any_shape(seed, shape, rate):
    prove(dropout_case(np.random.default_rng(seed), shape=tuple(shape), rate=rate), seed)


def test_the_mean_stays(rng):
    mask = dropout_mask((50, 40, 50), 0.3, rng)
    assert mask.dtype == np.float32 and set(np.unique(mask)) == {np.float32(0), np.float32(1 / 0.7)}
    assert abs((mask == 0).mean() - 0.3) < 0.01 and abs(mask.mean() - 1) < 0.01
    y, _ = dropout(np.full(mask.shape, 2.0, "float32"), mask)
    np.testing.assert_array_equal(y, 2 * mask)


def test_nothing_is_dropped_at_rate_0(rng):
    np.testing.assert_array_equal(dropout_mask((3, 4), 0, rng), 1)


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_rates_that_cannot_be(rng, rate):
    with pytest.raises(ValueError, match="at least 0 and below 1"):
        dropout_mask((3,), rate, rng)


def test_a_mask_of_another_shape(rng):
    with pytest.raises(ValueError, match=r"shape of x, \(2, 3\), not \(3,\)"):
        dropout(np.ones((2, 3)), np.ones(3))
