"""Every backward pass says which dy it needed, instead of giving a gradient of whatever it got."""

import numpy as np
import pytest

from minunet import fast, layers


def calls(room, rng):
    """For each pair of functions: y, its cache, and the backward pass."""
    x, weight, bias = rng.standard_normal((2, 6, 8, 4)), rng.standard_normal((3, 3, 4, 4)), rng.standard_normal(4)
    square = rng.standard_normal((2, 2, 4, 4))
    given = {
        "conv2d": ((x, weight, bias), {"padding": 1}),
        "conv_transpose2d": ((x, square, bias), {"stride": 2}),
        "max_pool2d": ((x,), {}),
        "group_norm": ((x, bias, bias), {"groups": 2}),
    }
    if room is layers:
        given |= {
            "conv2d_loops": ((x[:, :3, :5], weight, bias), {}),
            "relu": ((x,), {}),
            "softmax": ((x,), {}),
            "dropout": ((x, np.ones_like(x)), {}),
        }
    for name, (arrays, options) in given.items():
        y, cache = getattr(room, name)(*arrays, **options)
        yield name, y, cache, getattr(room, f"{name}_backward")


@pytest.mark.parametrize("room", [layers, fast], ids=["layers", "fast"])
def test_a_dy_of_another_shape_or_dtype_is_refused(room, rng):
    for name, y, cache, backward in calls(room, rng):
        for dy in (y[:1], y[..., :2], y[:, :, :-1], np.concatenate((y, y)), y.swapaxes(1, 2)):
            with pytest.raises(ValueError, match="dy must have the shape of y"):
                backward(dy, cache)
                pytest.fail(f"{name} took a dy of {dy.shape} for a y of {y.shape}")
        with pytest.raises(TypeError, match="dy must have the dtype of y, float64, not float32"):
            backward(y.astype("float32"), cache)
            pytest.fail(f"{name} took a dy of float32 for a y of float64")
        backward(y, cache)


def test_a_dy_that_does_not_fit_into_the_skip(rng):
    """The cache of crop-and-concatenate holds where the skip was cropped, and no more: what cannot be is refused."""
    y, cache = layers.crop_concat(rng.standard_normal((2, 8, 9, 3)), rng.standard_normal((2, 6, 6, 4)))
    for dy in (y[:1], np.concatenate((y, y), axis=1), np.concatenate((y, y), axis=2), y[0]):
        with pytest.raises(ValueError, match="does not fit into the skip|must have the shape"):
            layers.crop_concat_backward(dy, cache)
    with pytest.raises(TypeError, match="floating-point"):
        layers.crop_concat_backward(y.astype("int64"), cache)
