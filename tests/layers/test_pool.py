"""Max-pooling: gradients, overlapping windows, ties and NaN as PyTorch treats them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from minunet.exchange.torch_bridge import layer
from minunet.gradcheck.cases import max_pool2d_case
from minunet.layers import max_pool2d, max_pool2d_backward
from tests.layers.prove import prove

pairs = st.tuples(st.integers(1, 4), st.integers(1, 4))


@st.composite
def windows(draw):
    kernel = draw(pairs)
    return {
        "kernel": kernel,
        "stride": draw(st.none() | pairs),
        "padding": tuple(draw(st.integers(0, k // 2)) for k in kernel),
    }


@given(
    seed=st.integers(0, 2**32 - 1),
    batch=st.integers(1, 3),
    size=st.tuples(st.integers(4, 8), st.integers(4, 8)),
    channels=st.integers(1, 3),
    options=windows(),
)
def test_gradients_of_any_shape(seed, batch, size, channels, options):
    prove(max_pool2d_case(np.random.default_rng(seed), image=(batch, *size, channels), **options), seed)


@given(seed=st.integers(0, 2**32 - 1), options=windows())
def test_ties_go_where_pytorch_sends_them(seed, options):
    """With only three different values almost every window holds a tie; the two must agree exactly."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 3, (2, 6, 7, 2)).astype("float64")
    y, cache = max_pool2d(x, kernel_size=options["kernel"], stride=options["stride"], padding=options["padding"])
    dy = rng.standard_normal(y.shape)
    x_torch = torch.tensor(x, requires_grad=True)
    pool = layer(
        torch.nn.functional.max_pool2d,
        kernel_size=options["kernel"],
        stride=options["stride"],
        padding=options["padding"],
    )
    y_torch = pool(x_torch)
    y_torch.backward(torch.tensor(dy))
    np.testing.assert_array_equal(y, y_torch.detach().numpy())
    np.testing.assert_allclose(max_pool2d_backward(dy, cache), x_torch.grad.numpy(), rtol=0, atol=1e-12)


def test_the_first_of_equal_pixels_gets_the_gradient():
    y, cache = max_pool2d(np.full((1, 2, 2, 1), 7.0))
    dx = max_pool2d_backward(np.full((1, 1, 1, 1), 3.0), cache)
    np.testing.assert_array_equal(dx[0, :, :, 0], [[3, 0], [0, 0]])


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_nan_is_not_hidden(place):
    x = np.arange(4.0)
    x[place] = np.nan
    assert np.isnan(max_pool2d(x.reshape(1, 2, 2, 1))[0]).all()


def test_padding_never_wins(rng):
    x = rng.uniform(-9, -8, (1, 4, 4, 2))
    assert max_pool2d(x, kernel_size=3, stride=2, padding=1)[0].max() <= -8


def test_more_places_than_a_byte_can_number(rng):
    x = rng.standard_normal((1, 17, 17, 1))
    y, cache = max_pool2d(x, kernel_size=17)
    dx = max_pool2d_backward(np.full((1, 1, 1, 1), 2.0), cache)
    np.testing.assert_array_equal(dx, 2.0 * (x == y))


def test_float32_stays_float32(rng):
    x = rng.standard_normal((1, 4, 4, 2)).astype("float32")
    y, cache = max_pool2d(x)
    assert y.dtype == max_pool2d_backward(y, cache).dtype == np.float32


@pytest.mark.parametrize(
    ("x", "options", "error", "says"),
    [
        (np.ones((4, 4, 3)), {}, ValueError, r"\(N, H, W, C\)"),
        (np.ones((1, 4, 4, 3), "int32"), {}, TypeError, "convert it"),
        (np.ones((1, 1, 4, 3)), {}, ValueError, "does not fit into 1 pixels"),
        (np.ones((1, 4, 4, 3)), {"padding": 2}, ValueError, "more than half"),
        (np.ones((1, 4, 4, 3)), {"kernel_size": 0}, ValueError, "kernel_size must be"),
    ],
)
def test_errors_say_what_is_needed(x, options, error, says):
    with pytest.raises(error, match=says):
        max_pool2d(x, **options)
