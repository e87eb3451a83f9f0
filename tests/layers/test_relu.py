"""ReLU."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minunet.gradcheck.cases import relu_case
from minunet.layers import relu, relu_backward
from tests.layers.prove import prove


@given(seed=st.integers(0, 2**32 - 1), shape=st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_gradients_of_any_shape(seed, shape):
    prove(relu_case(np.random.default_rng(seed), shape=tuple(shape)), seed)


def test_zero_stops_the_gradient():
    x = np.array([-1.0, -0.0, 0.0, 1.0], dtype="float32")
    y, cache = relu(x)
    np.testing.assert_array_equal(y, [0, 0, 0, 1])
    dx = relu_backward(np.array([2, 3, 4, 5], dtype="float32"), cache)
    np.testing.assert_array_equal(dx, [0, 0, 0, 5])
    assert y.dtype == dx.dtype == np.float32
