"""Convolution on a GPU: `wide_rows` for 3x3 with stride 1 and at least 8 channels, `im2col` for the others."""

from minunet import layers
from minunet.backend import Array, array_module
from minunet.gpu import im2col, wide_rows
from minunet.gpu.kernels import serves
from minunet.gpu.passes import Pair, sum_rows
from minunet.layers.shapes import IntPair, as_pair, check_dy, check_parameters, conv_shape


def conv2d(
    x: Array, weight: Array, bias: Array | None, *, stride: IntPair = 1, padding: IntPair = 0, relu: bool = False
) -> tuple[Array, tuple]:
    """What `layers.conv2d` returns, with the same errors; with `relu` y has been through one, in the same pass."""
    if not serves(x, weight, bias):
        y, cache = layers.conv2d(x, weight, bias, stride=stride, padding=padding)
        return layers.relu(y)[0] if relu else y, cache
    check_parameters(x, weight, bias)
    steps, zeros = as_pair(stride, "stride", minimum=1), as_pair(padding, "padding", minimum=0)
    xp = array_module(x)
    x, weight = xp.ascontiguousarray(x), xp.ascontiguousarray(weight)
    y = xp.empty(conv_shape(x, weight, steps, zeros), x.dtype)
    if _takes_wide_rows(weight.shape, steps, zeros):
        wide_rows.forward(x, weight, bias, y, zeros, relu)
    else:
        im2col.forward(x, weight, bias, y, steps, zeros, relu)
    return y, (x, weight, bias is not None, steps, zeros)


def conv2d_backward(
    dy: Array, cache: tuple, *, need_dx: bool = True, y: Array | None = None
) -> tuple[Array | None, Array, Array | None]:
    """What `layers.conv2d_backward` returns; with `y`, that of `conv2d` with `relu`, first back through the ReLU."""
    x, weight, has_bias, stride, padding = cache
    if not serves(x, weight, dy):
        dx, dweight, dbias = layers.conv2d_backward(dy if y is None else layers.relu_backward(dy, y), cache)
        return dx if need_dx else None, dweight, dbias
    check_dy(dy, conv_shape(x, weight, stride, padding), x.dtype)
    dy = array_module(dy).ascontiguousarray(dy)
    if _takes_wide_rows(weight.shape, stride, padding):
        dx, dweight, behind = wide_rows.backward(x, weight, dy, y, padding, need_dx)
    else:
        dx, dweight, behind = im2col.backward(x, weight, dy, y, stride, padding, need_dx)
    return dx, dweight, sum_rows(behind) if has_bias else None


def _takes_wide_rows(weight_shape: tuple[int, ...], stride: Pair, padding: Pair) -> bool:
    """With 3 channels a row would be 9 numbers long, and im2col gathers little."""
    return weight_shape[:2] == (3, 3) and stride == (1, 1) and max(padding) <= 2 and weight_shape[2] >= 8
