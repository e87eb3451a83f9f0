"""The fast convolutions, each held to the plain one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minunet import fast, layers
from minunet.fast import im2col, winograd, winograd_rows, winograd_weights
from minunet.fast.conv import _tiles, algorithm
from minunet.gradcheck.cases import conv2d_case
from minunet.gradcheck.check import relative_error
from tests.layers.prove import prove

EXACT = 1e-10  # im2col in float64 against the plain matrix product
WINOGRAD = 2e-5  # float32 against the plain way in float64; of the largest number

seeds = st.integers(0, 2**32 - 1)
pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
paddings = st.tuples(st.integers(0, 2), st.integers(0, 2))


def hold(got, expected, tolerance, dtype):
    """Each of `got` is `expected`, up to `tolerance` of the largest number, and of `dtype`."""
    for one, other in zip(got, expected, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            assert one.dtype == dtype and one.shape == other.shape
            assert relative_error(one, other) <= tolerance


def plain(x, weight, bias, dy, stride=(1, 1), padding=(0, 0)):
    """y, dx, dweight and dbias of the plain layer, in float64 or complex128."""
    wide = [None if array is None else array.astype(np.result_type(array, "float64")) for array in (x, weight, bias)]
    y, cache = layers.conv2d(*wide, stride=stride, padding=padding)
    return y, *layers.conv2d_backward(dy.astype(y.dtype), cache)


@given(
    seed=seeds,
    batch=st.integers(1, 3),
    size=st.tuples(st.integers(3, 9), st.integers(3, 9)),
    channels=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    kernel=pairs,
    stride=pairs,
    padding=paddings,
    bias=st.booleans(),
    block=st.sampled_from([1, 2_000, 1 << 20]),
    dtype=st.sampled_from(["float64", "complex128"]),
)
def test_im2col_in_blocks(seed, batch, size, channels, kernel, stride, padding, bias, block, dtype):
    rng = np.random.default_rng(seed)
    x, weight = draw(rng, (batch, *size, channels[0]), dtype), draw(rng, (*kernel, *channels), dtype)
    b = draw(rng, (channels[1],), dtype) if bias else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(im2col, "BLOCK", block)
        y, cache = fast.conv2d(x, weight, b, stride=stride, padding=padding)
        dy = draw(rng, y.shape, dtype)
        grads = fast.conv2d_backward(dy, cache)
        assert fast.conv2d_backward(dy, cache, need_dx=False)[0] is None
    hold((y, *grads), plain(x, weight, b, dy, stride, padding), EXACT, dtype)


def draw(rng, shape, dtype):
    """Random numbers of `dtype`."""
    numbers = rng.standard_normal(shape)
    return (numbers + 1j * rng.standard_normal(shape) if dtype == "complex128" else numbers).astype(dtype)


@pytest.mark.parametrize("way", [winograd, winograd_rows])
@given(
    seed=seeds,
    batch=st.integers(1, 4),
    size=st.tuples(st.integers(1, 23), st.integers(1, 23)),
    channels=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    padding=paddings,
    bias=st.booleans(),
    block=st.sampled_from([1, 5_000, 50_000, 1 << 20]),
    tiles=st.sampled_from([1, 7, 200]),
)
def test_winograd(way, seed, batch, size, channels, padding, bias, block, tiles):
    size = tuple(max(n, 3 - 2 * p) for n, p in zip(size, padding, strict=True))
    rng = np.random.default_rng(seed)
    x, weight = draw(rng, (batch, *size, channels[0]), "float32"), draw(rng, (3, 3, *channels), "float32")
    b = draw(rng, (channels[1],), "float32") if bias else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(way, "BLOCK", block)
        patch.setattr(winograd, "TILES", tiles)
        y = way.forward(x, weight, b, padding)
        dy = draw(rng, y.shape, "float32")
        dx, dweight, dbias = way.backward(x, weight, dy, padding)
        assert way.backward(x, weight, dy, padding, need_dx=False)[0] is None
    expected = plain(x, weight, b, dy, padding=padding)
    hold((y, dx, dweight, dbias if bias else None), expected, WINOGRAD, "float32")


@pytest.mark.parametrize("way", [winograd, winograd_rows])
def test_wide_layers_keep_the_tolerance(way, rng):
    x, weight = draw(rng, (1, 30, 30, 256), "float32"), draw(rng, (3, 3, 256, 64), "float32")
    y = way.forward(x, weight, None, (1, 1))
    dy = draw(rng, y.shape, "float32")
    hold((y, *way.backward(x, weight, dy, (1, 1))[:2]), plain(x, weight, None, dy, padding=1)[:3], WINOGRAD, "float32")


@pytest.mark.parametrize("way", [winograd, winograd_rows])
def test_arrays_that_are_not_contiguous(way, rng):
    """A view of every second channel, and a dy cut out of something larger: the network hands over such views."""
    x, weight = draw(rng, (2, 11, 10, 16), "float32")[..., ::2].swapaxes(1, 2), draw(rng, (3, 3, 8, 6), "float32")
    dy = draw(rng, (2, 10, 11, 9), "float32")[..., 3:]
    expected = plain(x, weight, None, dy, padding=1)[:3]
    hold(
        (way.forward(x, weight, None, (1, 1)), *way.backward(x, weight, dy, (1, 1))[:2]), expected, WINOGRAD, "float32"
    )


@pytest.mark.parametrize("way", [winograd, winograd_rows, fast])
def test_one_channel_may_have_any_stride(way, rng):
    """NumPy calls y[..., None] contiguous, with whatever stride its last axis has: it must not be trusted."""
    x, weight = draw(rng, (2, 16, 16, 16), "float32"), draw(rng, (3, 3, 16, 1), "float32")
    odd = draw(rng, (1, 2, 16, 16), "float32").transpose(1, 2, 3, 0)
    expected = plain(x, weight, None, odd, padding=1)[1:3]
    if way is fast:
        got = fast.conv2d_backward(odd, fast.conv2d(x, weight, padding=1)[1])[:2]
    else:
        got = way.backward(x, weight, odd, (1, 1))[:2]
    hold(got, expected, WINOGRAD, "float32")


@pytest.mark.parametrize("shape", [(1, 8, 16, 32), (1, 16, 16, 31), (2, 16, 16, 32)])
def test_a_dy_of_another_shape_is_refused(shape):
    x, weight = np.ones((1, 16, 16, 32), "float32"), np.ones((3, 3, 32, 32), "float32")
    _, cache = fast.conv2d(x, weight, padding=1)
    with pytest.raises(ValueError, match=r"dy must have the shape of y, \(1, 16, 16, 32\)"):
        fast.conv2d_backward(np.ones(shape, "float32"), cache)


def test_the_transforms_are_winograds_identity(rng):
    """AT ((G g) * (BT d)) is the 3-tap convolution, for any d and g."""
    d, g = rng.standard_normal(6), rng.standard_normal(3)
    y = winograd_rows.AT.astype("float64") @ ((winograd_rows.G @ g) * (winograd_rows.BT.astype("float64") @ d))
    np.testing.assert_allclose(y, [d[i : i + 3] @ g for i in range(4)], rtol=1e-12)


@pytest.mark.parametrize("channels", [(3, 8), (8, 8), (32, 32)])  # im2col, winograd_rows, winograd
def test_results_are_nobody_elses_memory(channels, rng):
    """What a call returns stays as it is when the next one runs, and x, weight and dy stay as they were."""
    x, weight = draw(rng, (1, 9, 9, channels[0]), "float32"), draw(rng, (3, 3, *channels), "float32")
    y, cache = fast.conv2d(x, weight, padding=1)
    grads = fast.conv2d_backward(y, cache)[:2]
    arrays = (x, weight, y, *grads)
    before = [array.copy() for array in arrays]
    other, other_cache = fast.conv2d(2 * x, weight, padding=1)
    fast.conv2d_backward(other, other_cache)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)
    for again, once in zip(fast.conv2d_backward(y, cache)[:2], grads, strict=True):
        np.testing.assert_array_equal(again, once)


def test_kept_weights_do_not_outlive_their_groups(rng, monkeypatch):
    """A `TransformedWeights` transforms a weight once; after it, a weight that has changed is transformed anew."""
    done = []
    transform = winograd_weights._transform
    monkeypatch.setattr(winograd_weights, "_transform", lambda *given: done.append(1) or transform(*given))
    x, weight = draw(rng, (4, 8, 8, 32), "float32"), draw(rng, (3, 3, 32, 32), "float32")
    stay = fast.TransformedWeights(3)
    for _ in range(2):
        once, cache = fast.conv2d(x, weight, kept=stay)
        dx, _, _ = fast.conv2d_backward(once, cache, kept=stay)
    assert len(stay.entries) == 2
    lock, stay.process = stay.lock, -1  # as if this were a forked child
    np.testing.assert_array_equal(fast.conv2d(x, weight, kept=stay)[0], once)
    np.testing.assert_array_equal(fast.conv2d_backward(once, cache, kept=stay)[0], dx)
    assert len(done) == 2  # forward and transposed
    assert stay.lock is not lock
    assert len(stay.entries) == 0  # used three times, as was said: forgotten
    weight *= 2
    np.testing.assert_allclose(fast.conv2d(x, weight)[0], 2 * once, rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(fast.conv2d_backward(once, cache)[0], 2 * dx, rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize(
    ("dtype", "weight", "stride", "padding", "expected"),
    [
        ("float32", (3, 3, 32, 64), 1, 1, "winograd"),
        ("float32", (3, 3, 16, 64), 1, 1, "winograd_rows"),
        ("float32", (3, 3, 64, 16), 1, 2, "winograd_rows"),
        ("float32", (3, 3, 3, 64), 1, 1, "im2col"),
        ("float32", (3, 3, 32, 32), 1, 3, "im2col"),
        ("float32", (3, 3, 32, 32), 2, 1, "im2col"),
        ("float32", (1, 1, 32, 32), 1, 0, "im2col"),
        ("float64", (3, 3, 32, 32), 1, 1, "im2col"),
        ("complex128", (3, 3, 32, 32), 1, 1, "im2col"),
    ],
)
def test_the_rule(dtype, weight, stride, padding, expected):
    assert algorithm(np.dtype(dtype), weight, (stride, stride), (padding, padding)) == expected


def test_few_tiles_are_not_worth_transformed_weights():
    """Of one group of samples; several groups share what is transformed."""
    assert _tiles((1, 8, 8, 32), None) == 4 and _tiles((2, 9, 16, 32), fast.TransformedWeights(3)) == 2 * 3 * 4 * 3
    found = [algorithm(np.dtype("float32"), (3, 3, 256, 32), (1, 1), (1, 1), tiles) for tiles in (15, 16)]
    assert found == ["im2col", "winograd"]


@given(seed=seeds, kernel=pairs, stride=pairs, padding=paddings)
def test_gradients(seed, kernel, stride, padding):
    rng = np.random.default_rng(seed)
    prove(conv2d_case(rng, kernel=kernel, stride=stride, padding=padding, library=fast), seed)


@pytest.mark.parametrize(
    ("x", "weight", "options", "error", "says"),
    [
        (np.ones((1, 4, 4, 3)), np.ones((3, 3, 2, 3)), {}, ValueError, "x has 3 channels"),
        (np.ones((1, 2, 4, 3)), np.ones((3, 3, 3, 2)), {}, ValueError, "at least 3 pixels"),
        (np.ones((1, 4, 4, 3), "uint8"), np.ones((3, 3, 3, 2)), {}, TypeError, "convert it"),
        (np.ones((1, 4, 4, 3)), np.ones((3, 3, 3, 2)), {"stride": 0}, ValueError, "stride must be"),
    ],
)
def test_errors_are_those_of_the_plain_layer(x, weight, options, error, says):
    with pytest.raises(error, match=says):
        fast.conv2d(x, weight, **options)


@pytest.mark.parametrize("uses", [1, 2, 3])
def test_weights_that_several_groups_use_are_transformed_once(rng, monkeypatch, uses):
    calls, transform = [], winograd_weights._transform
    monkeypatch.setattr(winograd_weights, "_transform", lambda *given: calls.append(1) or transform(*given))
    weight, kept = rng.standard_normal((3, 3, 4, 5)).astype("float32"), winograd_weights.TransformedWeights(uses)
    for _ in range(uses):
        u = winograd_weights.transform_weight(weight, kept=kept)
        np.testing.assert_array_equal(u, winograd_weights.transform_weight(weight))
    assert len(calls) == 1 + uses
