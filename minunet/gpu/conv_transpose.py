"""Transposed convolution 2x2 with stride 2 on a GPU: a matrix product, and one pass that puts the squares in place.

Each pixel of x makes a square of 2x2 pixels of y: cols (N*H*W, 4*K) = x (N*H*W, C) @ weight (C, 4*K).
"""

from minunet import layers
from minunet.backend import Array, array_module
from minunet.gpu.kernels import launch, serves
from minunet.gpu.passes import sum_rows
from minunet.gpu.products import multiply, rows_of, tall_product
from minunet.layers.shapes import IntPair, as_pair, check_parameters


def conv_transpose2d(
    x: Array, weight: Array, bias: Array | None, *, stride: IntPair, padding: IntPair, output_padding: IntPair
) -> tuple[Array, tuple]:
    """What `layers.conv_transpose2d` returns, with the same errors."""
    steps, cut = as_pair(stride, "stride", minimum=1), as_pair(padding, "padding", minimum=0)
    if not takes_squares(weight, steps, cut) or output_padding not in (0, (0, 0)) or not serves(x, weight, bias):
        return layers.conv_transpose2d(x, weight, bias, stride=stride, padding=padding, output_padding=output_padding)
    check_parameters(x, weight, bias)
    xp, kernels = array_module(x), weight.shape[3]
    x = xp.ascontiguousarray(x)
    batch, height, width, _ = x.shape
    cols = xp.empty((batch * height * width, 4 * kernels), x.dtype)
    multiply(rows_of(x), rows_of(_matrix(weight)), rows_of(cols))
    y = xp.empty((batch, 2 * height, 2 * width, kernels), x.dtype)
    launch("conv_transpose", "put_squares", batch * 2 * height, 2 * width * kernels, cols, bias, y, width, kernels)
    return y, (x, weight, bias is not None, steps, cut, y.shape)


def conv_transpose2d_backward(dy: Array, cache: tuple) -> tuple[Array, Array, Array | None]:
    """What `layers.conv_transpose2d_backward` returns. dy may be some channels of a larger array: it is not copied."""
    x, weight, has_bias, stride, padding, shape = cache
    batch, height, width, channels = x.shape
    kernels = weight.shape[3]
    if not takes_squares(weight, stride, padding) or dy.shape != shape or not serves(x, weight, dy):
        return layers.conv_transpose2d_backward(dy, cache)
    xp = array_module(x)
    step = dy.strides[2] // dy.itemsize
    pixels_follow = (2 * height * 2 * width * step, 2 * width * step, step, 1)
    if dy.strides != tuple(dy.itemsize * each for each in pixels_follow):
        dy, step = xp.ascontiguousarray(dy), kernels
    cols = xp.empty((batch * height * width, 4 * kernels), x.dtype)
    launch("conv_transpose", "take_squares", batch * 2 * height, 2 * width * kernels, dy, cols, width, kernels, step)
    dx = xp.empty(x.shape, x.dtype)
    multiply(rows_of(cols), rows_of(_matrix(weight))._replace(transposed=True), rows_of(dx))
    dweight = tall_product(rows_of(x), rows_of(cols))  # (C, 4*K)
    dbias = sum_rows(cols.reshape(-1, kernels)) if has_bias else None
    return dx, dweight.reshape(channels, 2, 2, kernels).transpose(1, 2, 0, 3), dbias


def _matrix(weight: Array) -> Array:
    """(2, 2, C, K) -> (C, 4*K): what a pixel of channel c puts down."""
    return array_module(weight).ascontiguousarray(weight.transpose(2, 0, 1, 3)).reshape(weight.shape[2], -1)


def takes_squares(weight: Array, stride: tuple[int, int], padding: tuple[int, int]) -> bool:
    """Whether every pixel makes a square of its own: a kernel of 2x2 and stride 2, nothing cut off."""
    return weight.shape[:2] == (2, 2) and stride == (2, 2) and padding == (0, 0)
