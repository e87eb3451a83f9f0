"""The GPU's algorithms against the plain layers: on a GPU, or where there is none, with a stand-in for CuPy."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minunet import backend, layers
from minunet.gpu import adam, conv, conv_transpose, cross_entropy, kernels, passes, pool, products
from minunet.optim import Adam
from tests import cupy_on_cpu

pytestmark = pytest.mark.usefixtures("gpu")
random_cases = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)


@pytest.fixture(autouse=True)
def memory():
    yield
    cupy_on_cpu.check_memory()


def on_gpu(*arrays):
    return tuple(None if array is None else backend.to_device(np.ascontiguousarray(array), "gpu") for array in arrays)


def normal(rng, *shape):
    return rng.standard_normal(shape).astype("float32")


def near(got, expected, tolerance=1e-5):
    """float32, and at most `tolerance` of the largest value away from what float64 gives."""
    got = backend.to_numpy(got)
    assert got.dtype == np.float32 and got.shape == expected.shape
    assert abs(got - expected).max() <= tolerance * max(abs(expected).max(), 1e-30)


def doubles(*arrays):
    return tuple(None if array is None else array.astype("float64") for array in arrays)


@random_cases
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.tuples(st.integers(1, 3), st.integers(3, 13), st.integers(3, 13)),
    channels=st.tuples(st.sampled_from([1, 3, 8, 9, 24]), st.sampled_from([1, 2, 8, 17])),
    padding=st.sampled_from([0, 1, 2, (1, 0), (0, 2)]),
    how=st.sampled_from([(False, True), (True, True), (True, False), (False, False)]),
)
def test_3x3(seed, size, channels, padding, how):
    compare(np.random.default_rng(seed), size, *channels, (3, 3), 1, padding, *how)


@random_cases
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.tuples(st.integers(1, 3), st.integers(5, 12), st.integers(5, 12)),
    channels=st.tuples(st.integers(1, 9), st.integers(1, 5)),
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    how=st.sampled_from([(False, True), (True, False)]),
)
def test_any_convolution(seed, size, channels, kernel, stride, padding, how):
    compare(np.random.default_rng(seed), size, *channels, kernel, stride, padding, *how)


@pytest.mark.parametrize("channels", [(3, 8), (8, 3)])
def test_long_sums_are_cut(channels):
    """Enough pixels for several stretches of `add_tall_product`, and a rest."""
    batch, height, width = 2, 60, 47
    assert products.stretches((batch * height * width - 2 * width - 2) // 3, 3 * channels[0], channels[1]) > 3
    compare(np.random.default_rng(0), (batch, height, width), *channels, (3, 3), 1, 0, True, True)


def compare(rng, size, in_channels, out_channels, kernel, stride, padding, relu, has_bias):
    """Forward and backward, against the plain layers in float64."""
    x, weight = normal(rng, *size, in_channels), normal(rng, *kernel, in_channels, out_channels)
    bias = normal(rng, out_channels) if has_bias else None
    how = {"stride": stride, "padding": padding}
    expected, cache = layers.conv2d(*doubles(x, weight, bias), **how)
    y, cache_gpu = conv.conv2d(*on_gpu(x, weight, bias), **how, relu=relu)
    near(y, np.maximum(expected, 0) if relu else expected)
    dy = normal(rng, *expected.shape)
    (dy_gpu,) = on_gpu(dy)
    behind = dy * (backend.to_numpy(y) > 0) if relu else dy
    grads = layers.conv2d_backward(*doubles(behind), cache)
    got = conv.conv2d_backward(dy_gpu, cache_gpu, y=y if relu else None)
    for each, truth in zip(got, grads, strict=True):
        assert (each is None) == (truth is None)
        if truth is not None:
            near(each, truth)
    dx, dweight, _ = conv.conv2d_backward(dy_gpu, cache_gpu, need_dx=False, y=y if relu else None)
    assert dx is None
    near(dweight, grads[1])
    np.testing.assert_array_equal(backend.to_numpy(dy_gpu), dy)  # nobody wrote over it


@random_cases
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 6)),
    channels=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    extra=st.integers(0, 4),
    has_bias=st.booleans(),
)
def test_transposed_convolution(seed, size, channels, extra, has_bias):
    """dy may be the last channels of a larger array."""
    rng = np.random.default_rng(seed)
    x, weight = normal(rng, *size, channels[0]), normal(rng, 2, 2, *channels)
    bias = normal(rng, channels[1]) if has_bias else None
    expected, cache = layers.conv_transpose2d(*doubles(x, weight, bias), stride=2)
    y, cache_gpu = conv_transpose.conv_transpose2d(*on_gpu(x, weight, bias), stride=2, padding=0, output_padding=0)
    near(y, expected)
    wider = normal(rng, *y.shape[:3], channels[1] + extra)
    dy, (wider_gpu,) = wider[..., extra:], on_gpu(wider)
    got = conv_transpose.conv_transpose2d_backward(wider_gpu[..., extra:], cache_gpu)
    for each, truth in zip(got, layers.conv_transpose2d_backward(*doubles(dy), cache), strict=True):
        assert (each is None) == (truth is None)
        if truth is not None:
            near(each, truth)


@random_cases
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.tuples(st.integers(1, 3), st.integers(2, 9), st.integers(2, 9), st.integers(1, 9)),
    ties=st.booleans(),
)
def test_max_pool(seed, size, ties):
    """Equal to the last bit, ties and odd sizes included."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 3, size).astype("float32") if ties else normal(rng, *size)
    expected, cache = layers.max_pool2d(x)
    y, cache_gpu = pool.max_pool2d(*on_gpu(x), kernel_size=2, stride=None, padding=0)
    np.testing.assert_array_equal(backend.to_numpy(y), expected)
    dy = normal(rng, *y.shape)
    dx = pool.max_pool2d_backward(*on_gpu(dy), cache_gpu)
    np.testing.assert_array_equal(backend.to_numpy(dx), layers.max_pool2d_backward(dy, cache))


def test_a_wrong_dy_is_refused(rng):
    """Read as if it were right, it would be read beyond its end."""
    (x,) = on_gpu(normal(rng, 1, 4, 4, 2))
    _, cache = pool.max_pool2d(x, kernel_size=2, stride=None, padding=0)
    for dy in (normal(rng, 1, 2, 1, 2), rng.standard_normal((1, 2, 2, 2))):
        with pytest.raises((ValueError, TypeError), match="dy must have the"):
            pool.max_pool2d_backward(*on_gpu(dy), cache)
    _, cache = conv.conv2d(x, *on_gpu(normal(rng, 3, 3, 2, 8)), None)
    with pytest.raises(ValueError, match="dy must have the shape"):
        conv.conv2d_backward(*on_gpu(normal(rng, 1, 2, 3, 8)), cache)


def test_a_dy_in_another_order_of_axes(rng):
    """Its pixels do not follow each other: it is copied first."""
    x, weight, dy = normal(rng, 2, 3, 4, 5), normal(rng, 2, 2, 5, 6), normal(rng, 2, 8, 6, 6)
    _, cache = layers.conv_transpose2d(*doubles(x, weight), stride=2)
    _, cache_gpu = conv_transpose.conv_transpose2d(*on_gpu(x, weight), None, stride=2, padding=0, output_padding=0)
    (dy_gpu,) = on_gpu(dy)
    got = conv_transpose.conv_transpose2d_backward(dy_gpu.swapaxes(1, 2), cache_gpu)
    for each, truth in zip(got[:2], layers.conv_transpose2d_backward(*doubles(dy.swapaxes(1, 2)), cache), strict=False):
        near(each, truth)


def test_matrices_that_do_not_fit(rng):
    a, b = map(products.rows_of, on_gpu(normal(rng, 2, 3), normal(rng, 2, 3)))
    with pytest.raises(ValueError, match=r"\(2, 3\) @ \(2, 3\)"):
        products.multiply(a, b, a)


def test_a_row_that_is_too_long():
    with pytest.raises(ValueError, match="too long for a GPU"):
        kernels.launch("conv", "frame", 1, 2**25)


def test_a_nan_is_seen():
    x = np.zeros((1, 4, 4, 2), "float32")
    for place in range(4):
        x[0, place // 2 + 2, place % 2, place % 2] = np.nan
    y, _ = pool.max_pool2d(*on_gpu(x), kernel_size=2, stride=None, padding=0)
    np.testing.assert_array_equal(backend.to_numpy(y), layers.max_pool2d(x)[0])
    bias = np.zeros(2, "float32")
    np.testing.assert_array_equal(backend.to_numpy(passes.add_bias(*on_gpu(x, bias, x), True)), x)


@random_cases
@given(seed=st.integers(0, 2**32 - 1), pixels=st.integers(1, 600), classes=st.integers(1, 9), scale=st.floats(0, 60))
def test_softmax_cross_entropy(seed, pixels, classes, scale):
    rng = np.random.default_rng(seed)
    logits, labels = normal(rng, pixels, classes) * np.float32(scale), rng.integers(0, classes, pixels)
    weights = rng.uniform(0, 2, pixels) * (rng.random(pixels) < 0.8)
    total = np.array(weights.sum() * 2)  # the rest of the batch is elsewhere
    loss, cache = layers.softmax_cross_entropy(
        logits.astype("float64"), labels, pixel_weight=weights, total_weight=float(total)
    )
    how = dict(zip(("pixel_weight", "total_weight"), on_gpu(weights, total), strict=True))
    got, cache_gpu = cross_entropy.softmax_cross_entropy(*on_gpu(logits, labels), **how)
    assert float(got) == pytest.approx(float(loss), rel=1e-5, abs=1e-30)
    near(cross_entropy.softmax_cross_entropy_backward(cache_gpu), layers.softmax_cross_entropy_backward(cache))


@pytest.mark.parametrize("label", [-1, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_label_that_is_no_class(label, dtype):
    """To raise an error the CPU would have to wait."""
    loss, _ = cross_entropy.softmax_cross_entropy(*on_gpu(np.zeros((1, 2, 3), dtype), np.array([[0, label]])))
    assert np.isnan(float(loss))


@pytest.mark.parametrize("arrays", [1, adam.ARRAYS, adam.ARRAYS + 3])
def test_adam(rng, arrays):
    """Ten steps as the plain optimiser makes them."""
    sizes = rng.integers(1, 3 * adam.PIECE, arrays)
    params = {str(i): normal(rng, size) for i, size in enumerate(sizes)}
    moving = [on_gpu(param, np.zeros_like(param), np.zeros_like(param)) for param in params.values()]
    plain = Adam(lr=1e-2)
    for number in range(1, 11):
        grads = {name: normal(rng, param.size) for name, param in params.items()}
        plain.step(params, grads)
        root = np.sqrt(1 - 0.999**number)
        group = [(*each, *on_gpu(gradient)) for each, gradient in zip(moving, grads.values(), strict=True)]
        adam.step(group, 1e-2 * float(root) / (1 - 0.9**number), 0.9, 0.999, 1e-8 * float(root))
    for (param, m, v), name in zip(moving, params, strict=True):
        near(param, params[name], 1e-6)
        near(m, plain.state[f"m.{name}"], 1e-6)
        near(v, plain.state[f"v.{name}"], 1e-6)


def test_tf32_is_asked_for(rng):
    """About 1e-4 away from exact float32, at most 1e-3; and exact again afterwards."""
    x, weight = normal(rng, 1, 20, 20, 16), normal(rng, 3, 3, 16, 8)
    expected, _ = layers.conv2d(*doubles(x, weight))
    try:
        products.use_tf32(True)
        y, _ = conv.conv2d(*on_gpu(x, weight), None)
    finally:
        products.use_tf32(False)
    near(y, expected, 1e-3)
    with pytest.raises(AssertionError):
        near(y, expected, 1e-5)
    near(conv.conv2d(*on_gpu(x, weight), None)[0], expected)


def test_two_runs_give_the_same_bits(rng):
    x, weight, dy = normal(rng, 2, 40, 40, 8), normal(rng, 3, 3, 8, 8), normal(rng, 2, 40, 40, 8)
    runs = []
    for _ in range(2):
        y, cache = conv.conv2d(*on_gpu(x, weight), None, padding=1)
        runs.append([y, *conv.conv2d_backward(*on_gpu(dy), cache)[:2]])
    for one, two in zip(*runs, strict=True):
        np.testing.assert_array_equal(backend.to_numpy(one), backend.to_numpy(two))
