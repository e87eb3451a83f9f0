"""Transposed convolution: gradients, sizes, and that it is no inverse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minunet.gradcheck.cases import conv_transpose2d_case
from minunet.layers import conv2d, conv_transpose2d, conv_transpose2d_backward
from tests.layers.prove import prove


@st.composite
def options(draw):
    """Kernel, stride, padding and output_padding that leave some output."""
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    output_padding = tuple(draw(st.integers(0, s - 1)) for s in stride)
    return {"kernel": kernel, "stride": stride, "padding": padding, "output_padding": output_padding}


@given(
    seed=st.integers(0, 2**32 - 1),
    batch=st.integers(1, 3),
    size=st.tuples(st.integers(2, 5), st.integers(2, 5)),
    channels=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    options=options(),
    bias=st.booleans(),
)
def test_gradients_of_any_shape(seed, batch, size, channels, options, bias):
    rng = np.random.default_rng(seed)
    prove(
        conv_transpose2d_case(rng, image=(batch, *size, channels[0]), channels=channels[1], bias=bias, **options), seed
    )


def test_a_single_pixel_puts_down_the_kernel(rng):
    weight = rng.standard_normal((3, 2, 1, 4))
    y, _ = conv_transpose2d(np.full((1, 1, 1, 1), 2.0), weight)
    np.testing.assert_allclose(y[0], 2 * weight[:, :, 0])


def test_restores_the_size_not_the_values(rng):
    x, weight = rng.standard_normal((1, 6, 6, 1)), rng.standard_normal((2, 2, 1, 1))
    smaller, _ = conv2d(x, weight, stride=2)
    back, _ = conv_transpose2d(smaller, weight, stride=2)
    assert back.shape == x.shape
    assert np.abs(back - x).max() > 0.1


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_dtype_of_the_input_is_kept(rng, dtype):
    x, weight, bias = (rng.standard_normal(shape).astype(dtype) for shape in ((1, 3, 3, 2), (2, 2, 2, 3), (3,)))
    y, cache = conv_transpose2d(x, weight, bias, stride=2)
    assert {y.dtype, *(gradient.dtype for gradient in conv_transpose2d_backward(y, cache))} == {np.dtype(dtype)}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"output_padding": 2}, "smaller than stride"),
        ({"padding": 4}, "cuts all of it off"),
        ({"weight": np.ones((2, 2, 5, 3))}, "x has 4 channels"),
        ({"output_padding": -1}, "output_padding must be"),
    ],
)
def test_errors_say_what_is_needed(changes, says):
    arguments = {"x": np.ones((1, 3, 3, 4)), "weight": np.ones((2, 2, 4, 3)), "stride": 2} | changes
    with pytest.raises(ValueError, match=says):
        conv_transpose2d(**arguments)
