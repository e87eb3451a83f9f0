"""The other fast layers: transposed convolution, max-pool, ReLU in place, the views of crop-and-concatenate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minunet import fast, layers
from minunet.fast import conv_transpose, pool
from minunet.fast.blocks import blocks
from minunet.gradcheck.cases import conv_transpose2d_case, max_pool2d_case
from minunet.threads import set_threads
from tests.layers.prove import prove

seeds = st.integers(0, 2**32 - 1)
sizes = st.tuples(st.integers(1, 3), st.integers(1, 7), st.integers(1, 7))
channels = st.integers(1, 5)


@given(seed=seeds, size=sizes, channels=st.tuples(channels, channels), bias=st.booleans())
def test_conv_transpose_equals_the_plain_one(seed, size, channels, bias):
    rng = np.random.default_rng(seed)
    x, weight = rng.standard_normal((*size, channels[0])), rng.standard_normal((2, 2, *channels))
    b = rng.standard_normal(channels[1]) if bias else None
    y, cache = fast.conv_transpose2d(x, weight, b, stride=2)
    expected, expected_cache = layers.conv_transpose2d(x, weight, b, stride=2)
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-12)
    dy = rng.standard_normal((*y.shape[:3], channels[1] + 2))[..., 2:]  # a view, as from crop-and-concatenate
    both = fast.conv_transpose2d_backward(dy, cache), layers.conv_transpose2d_backward(dy, expected_cache)
    for got, other in zip(*both, strict=True):
        assert (got is None) == (other is None)
        if got is not None:
            np.testing.assert_allclose(got, other, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "options", [{"kernel": (2, 2)}, {"kernel": (3, 2), "stride": (3, 2), "output_padding": (2, 1)}]
)
def test_conv_transpose_gradients(options, rng):
    """The squares, and a kernel that goes to the plain layer."""
    prove(conv_transpose2d_case(rng, library=fast, **options))


@given(seed=seeds, size=sizes, channels=channels, ties=st.booleans(), dtype=st.sampled_from(["float32", "float64"]))
def test_max_pool_equals_the_plain_one(seed, size, channels, ties, dtype):
    rng = np.random.default_rng(seed)
    size = (size[0], size[1] + 1, size[2] + 1)
    x = (rng.integers(0, 2, (*size, channels)) if ties else rng.standard_normal((*size, channels))).astype(dtype)
    (y, cache), (expected, expected_cache) = fast.max_pool2d(x), layers.max_pool2d(x)
    np.testing.assert_array_equal(y, expected)
    dy = rng.standard_normal(y.shape).astype(dtype)
    dx = fast.max_pool2d_backward(dy, cache)
    assert dx.dtype == dtype
    np.testing.assert_array_equal(dx, layers.max_pool2d_backward(dy, expected_cache))


@pytest.mark.parametrize("threads", [1, 2])
def test_a_picture_that_is_done_in_pieces(rng, monkeypatch, threads):
    """Of a row or two each: the second one does not begin at the first row."""
    set_threads(threads)
    monkeypatch.setattr(pool, "PIECE", 1)
    monkeypatch.setattr(pool, "SHARED", 0)
    x = rng.standard_normal((2, 9, 7, 3))
    (y, cache), (expected, expected_cache) = fast.max_pool2d(x), layers.max_pool2d(x)
    assert len(pool._pieces(y)) == 8
    np.testing.assert_array_equal(y, expected)
    dy = rng.standard_normal(y.shape)
    np.testing.assert_array_equal(fast.max_pool2d_backward(dy, cache), layers.max_pool2d_backward(dy, expected_cache))
    monkeypatch.setattr(conv_transpose, "PIECE", 1)  # pieces of 64 pixels of x
    x, weight, b = rng.standard_normal((2, 9, 30, 3)), rng.standard_normal((2, 2, 3, 4)), rng.standard_normal(4)
    (y, cache), (expected, expected_cache) = (room.conv_transpose2d(x, weight, b, stride=2) for room in (fast, layers))
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-12)
    dy = rng.standard_normal(y.shape)
    both = fast.conv_transpose2d_backward(dy, cache), layers.conv_transpose2d_backward(dy, expected_cache)
    for got, other in zip(*both, strict=True):
        np.testing.assert_allclose(got, other, rtol=0, atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"ties": True}, {"kernel": 3, "stride": 2, "padding": 1}])
def test_max_pool_gradients(options, rng):
    prove(max_pool2d_case(rng, library=fast, **options))


def test_max_pool_errors_are_those_of_the_plain_layer():
    for shape, says in (((1, 1, 4, 3), "at least 2 pixels"), ((0, 4, 4, 3), "is empty"), ((4, 4, 3), "channels last")):
        with pytest.raises(ValueError, match=says):
            fast.max_pool2d(np.ones(shape))


@given(seed=seeds, size=sizes, channels=channels, dtype=st.sampled_from(["float32", "float64"]))
def test_relu_in_place(seed, size, channels, dtype):
    rng = np.random.default_rng(seed)
    x, dy = rng.standard_normal((2, *size, channels)).astype(dtype)
    x[0, 0, 0, 0] = 0
    expected, cache = layers.relu(x)
    expected_dx = layers.relu_backward(dy, cache)
    y, cache = fast.relu_in_place(x)
    assert y is x
    np.testing.assert_array_equal(y, expected)
    dx = fast.relu_backward_in_place(dy, cache)
    assert dx is dy
    np.testing.assert_array_equal(dx, expected_dx)


@given(seed=seeds, size=sizes, larger=st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_crop_concat_parts(seed, size, larger):
    rng = np.random.default_rng(seed)
    skip = rng.standard_normal((size[0], size[1] + larger[0], size[2] + larger[1], 3))
    y, cache = layers.crop_concat(skip, rng.standard_normal((*size, 2)))
    dy = rng.standard_normal(y.shape)
    dskip, dx = layers.crop_concat_backward(dy, cache)
    dcentre, dx_view = fast.crop_concat_backward_parts(dy, cache)
    np.testing.assert_array_equal(dx_view, dx)
    total = skip.copy()
    fast.add_to_centre(total, dcentre)
    np.testing.assert_array_equal(total, skip + dskip)
    with pytest.raises(ValueError, match="read-only"):
        dx_view += 1


@given(batch=st.integers(1, 9), rows=st.integers(1, 30), at_once=st.integers(0, 100))
def test_blocks_cover_every_row_once(batch, rows, at_once):
    count = np.zeros((batch, rows), dtype=int)
    for samples, start, stop in blocks(batch, rows, at_once):
        count[samples, start:stop] += 1
        assert stop > start and (samples.stop - samples.start) * (stop - start) <= max(1, at_once)
    assert (count == 1).all()


@pytest.mark.parametrize("classes", [1, 2, 3, 63, 64, 65, 150])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
@pytest.mark.parametrize("scale", [1, 1e4])  # of 1e4 the largest logit alone counts
def test_softmax(rng, classes, dtype, scale):
    """Few classes class by class, many as the plain layer does; with huge logits, too."""
    few_ulps = 1e-6 if dtype == "float32" else 1e-14
    logits = (scale * rng.standard_normal((2, 3, 4, classes))).astype(dtype)
    (probs, cache), (expected, _) = fast.softmax(logits), layers.softmax(logits)
    np.testing.assert_allclose(probs, expected, rtol=few_ulps, atol=0)
    assert probs.dtype == dtype and cache is probs
    with pytest.raises(TypeError, match="floating-point"):
        fast.softmax(np.ones((2, 3), "int64"))
    if dtype != "complex128":
        labels = rng.integers(0, classes, (2, 3, 4))
        (loss, _), (plain, _) = (room.softmax_cross_entropy(logits, labels) for room in (fast, layers))
        assert float(loss) == pytest.approx(float(plain), rel=few_ulps)


@pytest.mark.parametrize("kind", ["complex", "columns", "plain"])
def test_relu_is_in_place_for_all_numpy_arrays(rng, kind):
    """`im2col` uses no result of it: what is unusual must be written back, too."""
    x = rng.standard_normal((2, 5, 6, 4)).astype("float32")
    x = {"complex": x.astype("complex128"), "columns": x[:, :, ::2], "plain": x}[kind]
    expected = layers.relu(x.copy())[0]
    y, cache = fast.relu_in_place(x)
    assert y is x and cache is x
    np.testing.assert_array_equal(x, expected)
    weight = rng.standard_normal((3, 3, 4, 8)).astype(x.dtype)
    np.testing.assert_allclose(
        fast.conv2d(x, weight, relu=True)[0], layers.relu(layers.conv2d(x, weight)[0])[0], rtol=1e-4, atol=1e-5
    )
