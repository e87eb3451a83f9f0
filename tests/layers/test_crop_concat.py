"""Crop and concatenate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minunet.gradcheck.cases import crop_concat_case
from minunet.layers import crop_concat, crop_concat_backward
from tests.layers.prove import prove


@given(
    seed=st.integers(0, 2**32 - 1),
    batch=st.integers(1, 3),
    size=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    larger=st.tuples(st.integers(0, 5), st.integers(0, 5)),
    channels=st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
def test_gradients_of_any_shape(seed, batch, size, larger, channels):
    skip = (batch, size[0] + larger[0], size[1] + larger[1], channels[0])
    prove(crop_concat_case(np.random.default_rng(seed), skip=skip, x=(batch, *size, channels[1])), seed)


def test_the_centre_comes_first():
    skip = np.arange(16.0).reshape(1, 4, 4, 1)
    y, cache = crop_concat(skip, np.full((1, 2, 2, 1), -1.0))
    np.testing.assert_array_equal(y[0, :, :, 0], [[5, 6], [9, 10]])
    np.testing.assert_array_equal(y[0, :, :, 1], -1)
    dskip, dx = crop_concat_backward(y, cache)
    assert dskip.sum() == 5 + 6 + 9 + 10
    dx[:] = 100  # what comes back belongs to the caller
    assert y.max() == 10


@pytest.mark.parametrize(
    ("skip", "x", "error", "says"),
    [
        (np.ones((1, 3, 4, 2)), np.ones((1, 4, 4, 2)), ValueError, "cannot be cropped"),
        (np.ones((1, 4, 3, 2)), np.ones((1, 4, 4, 2)), ValueError, "cannot be cropped"),
        (np.ones((2, 4, 4, 2)), np.ones((1, 4, 4, 2)), ValueError, "same batch size"),
        (np.ones((4, 4, 2)), np.ones((1, 4, 4, 2)), ValueError, "skip must have"),
        (np.ones((1, 4, 4, 2), "float32"), np.ones((1, 4, 4, 2)), TypeError, "float64, but skip is float32"),
    ],
)
def test_errors_say_what_is_needed(skip, x, error, says):
    with pytest.raises(error, match=says):
        crop_concat(skip, x)
