"""Convolution: the loops, the matrix product, their gradients, and the transposed convolution as the adjoint."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minunet import fast, layers
from minunet.gradcheck.cases import conv2d_case
from minunet.gradcheck.exact import fractions
from minunet.layers import conv2d, conv2d_backward, conv2d_loops, conv2d_loops_backward, conv_transpose2d
from tests.layers.prove import prove

seeds = st.integers(0, 2**32 - 1)
pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@given(
    seed=seeds,
    batch=st.integers(1, 3),
    size=st.tuples(st.integers(3, 7), st.integers(3, 7)),
    channels=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    kernel=pairs,
    stride=st.one_of(st.integers(1, 3), pairs),
    padding=st.one_of(st.integers(0, 2), st.tuples(st.integers(0, 2), st.integers(0, 2))),
    bias=st.booleans(),
)
def test_gradients_of_any_shape(seed, batch, size, channels, kernel, stride, padding, bias):
    rng = np.random.default_rng(seed)
    image = (batch, *size, channels[0])
    prove(
        conv2d_case(rng, image=image, channels=channels[1], kernel=kernel, stride=stride, padding=padding, bias=bias),
        seed,
    )


@given(seed=seeds, kernel=pairs, stride=pairs, padding=st.integers(0, 2), bias=st.booleans())
def test_loops_and_matrix_product_agree(seed, kernel, stride, padding, bias):
    rng = np.random.default_rng(seed)
    x, weight = rng.standard_normal((2, 5, 6, 3)), rng.standard_normal((*kernel, 3, 2))
    b = rng.standard_normal(2) if bias else None
    slow, slow_cache = conv2d_loops(x, weight, b, stride=stride, padding=padding)
    fast, fast_cache = conv2d(x, weight, b, stride=stride, padding=padding)
    np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-12)
    dy = rng.standard_normal(slow.shape)
    slow_grads, fast_grads = conv2d_loops_backward(dy, slow_cache), conv2d_backward(dy, fast_cache)
    for expected, got in zip(slow_grads, fast_grads, strict=True):
        assert (expected is None) == (got is None)
        if got is not None:
            np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)


@given(seed=seeds, kernel=pairs, stride=pairs, padding=st.tuples(st.integers(0, 1), st.integers(0, 1)))
def test_transposed_convolution_is_the_adjoint(seed, kernel, stride, padding):
    """<conv(x), y> = <x, conv_transpose(y)> for all x and y: A and A.T, without ever building A."""
    rng = np.random.default_rng(seed)
    height, width = 7, 6
    x, weight = rng.standard_normal((2, height, width, 3)), rng.standard_normal((*kernel, 3, 4))
    forward, cache = conv2d(x, weight, stride=stride, padding=padding)
    y = rng.standard_normal(forward.shape)
    # A stride may skip the last rows: output_padding says to which of the possible sizes the way back leads.
    extra = tuple(
        (size + 2 * p - k) % s for size, p, k, s in zip((height, width), padding, kernel, stride, strict=True)
    )
    swapped = weight.swapaxes(2, 3)  # (KH, KW, K, C): what came out goes in
    back, _ = conv_transpose2d(y, swapped, stride=stride, padding=padding, output_padding=extra)
    assert back.shape == x.shape
    np.testing.assert_allclose((forward * y).sum(), (x * back).sum(), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(conv2d_backward(y, cache)[0], back, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_dtype_of_the_input_is_kept(rng, dtype):
    x, weight, bias = (rng.standard_normal(shape).astype(dtype) for shape in ((1, 4, 4, 2), (3, 3, 2, 3), (3,)))
    y, cache = conv2d(x, weight, bias, padding=1)
    assert {y.dtype, *(gradient.dtype for gradient in conv2d_backward(y, cache))} == {np.dtype(dtype)}


def test_batch_mates_do_not_matter(rng):
    x, weight = rng.standard_normal((3, 6, 6, 2)), rng.standard_normal((3, 3, 2, 4))
    y, cache = conv2d(x, weight, padding=1)
    dy = rng.standard_normal(y.shape)
    dx = conv2d_backward(dy, cache)[0]
    x[1:], dy[1:] = rng.standard_normal(x[1:].shape), rng.standard_normal(dy[1:].shape)
    other_y, other_cache = conv2d(x, weight, padding=1)
    np.testing.assert_array_equal(other_y[0], y[0])
    np.testing.assert_array_equal(conv2d_backward(dy, other_cache)[0][0], dx[0])


ONES = np.ones


@pytest.mark.parametrize(
    ("x", "weight", "bias", "options", "error", "says"),
    [
        (ONES((4, 4, 3)), ONES((3, 3, 3, 2)), None, {}, ValueError, r"\(N, H, W, C\)"),
        (ONES((1, 4, 4, 3)), ONES((3, 3, 2)), None, {}, ValueError, r"\(KH, KW, Cin, Cout\)"),
        (ONES((1, 4, 4, 3)), ONES((3, 3, 2, 3)), None, {}, ValueError, "x has 3 channels"),
        (ONES((1, 4, 4, 3)), ONES((3, 3, 3, 2)), ONES(3), {}, ValueError, "bias must have the shape"),
        (ONES((1, 4, 4, 3), "uint8"), ONES((3, 3, 3, 2)), None, {}, TypeError, "convert it"),
        (ONES((1, 4, 4, 3), "float32"), ONES((3, 3, 3, 2)), None, {}, TypeError, "float32.*float64"),
        (ONES((0, 4, 4, 3)), ONES((3, 3, 3, 2)), None, {}, ValueError, "is empty"),
        (ONES((1, 2, 4, 3)), ONES((3, 3, 3, 2)), None, {}, ValueError, "at least 3 pixels"),
        (ONES((1, 4, 4, 3)), ONES((3, 3, 3, 2)), None, {"stride": 0}, ValueError, "stride must be"),
        (ONES((1, 4, 4, 3)), ONES((3, 3, 3, 2)), None, {"padding": (1, 1, 1)}, ValueError, "padding must be"),
        (ONES((1, 4, 4, 3)), ONES((3, 3, 3, 2)), None, {"padding": 0.5}, ValueError, "padding must be"),
    ],
)
def test_errors_say_what_is_needed(x, weight, bias, options, error, says):
    for function in (conv2d, conv2d_loops):
        with pytest.raises(error, match=says):
            function(x, weight, bias, **options)


@pytest.mark.parametrize("value", [1.5, 2, None, "x"])
@pytest.mark.parametrize("library", [layers, fast])
def test_objects_are_no_numbers(library, value):
    """But for fractions, in the plain layers that only multiply, add and choose."""
    x = np.full((1, 4, 4, 2), value, dtype=object)
    for call in (
        lambda x: library.conv2d(x, np.full((3, 3, 2, 2), value, dtype=object)),
        lambda x: library.max_pool2d(x),
        lambda x: library.group_norm(x, np.ones(2), np.ones(2), groups=1),
        lambda x: layers.crop_concat(x, x),
        lambda x: layers.softmax(x),
    ):
        with pytest.raises(TypeError, match="is object: convert it to a floating-point type first"):
            call(x)
    exact = fractions(np.ones((1, 4, 4, 2)), 3)
    assert layers.conv2d(exact, fractions(np.ones((2, 2, 2, 1)), 1))[0].flat[0] == Fraction(8, 3)
    with pytest.raises(TypeError, match="is object: convert"):
        fast.conv2d(exact, fractions(np.ones((2, 2, 2, 1)), 1))
