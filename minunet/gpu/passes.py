"""One pass over memory each, before and after the matrix products of a convolution: the kernels of conv.cu."""

from minunet.backend import Array, array_module
from minunet.gpu.kernels import launch

Pair = tuple[int, int]
PIXELS = (1, 1), (1, 1), (0, 0)  # kernel, stride and padding with which every window is a pixel: nothing to gather
SUMMED = 64  # rows that a thread adds up: fewer keep more threads busy; not measured


def frame(x: Array, before: Pair, after: Pair, y: Array | None = None) -> Array:
    """x (N, H, W, C) with zeros: `before`, rows above and columns to the left, and `after`, below and to the right.

    With y, of the shape of x, only what y > 0 lets pass, as in `layers.relu_backward`.
    """
    if (*before, *after) == (0, 0, 0, 0) and y is None:
        return x
    batch, height, width, channels = x.shape
    rows, columns = (size + before[i] + after[i] for i, size in enumerate((height, width)))
    framed = array_module(x).empty((batch, rows, columns, channels), x.dtype)
    sizes = height, width * channels, rows, columns * channels, before[0], before[1] * channels
    launch("conv", "frame", batch * rows, columns * channels, x, y, framed, *sizes)
    return framed


def add_bias(x: Array, bias: Array | None, y: Array, relu: bool = False) -> Array:
    """y (N, H, W, K) = the upper left part of x (N, H', W', K), plus the bias (K,), through a ReLU perhaps; y is x or
    other memory.
    """
    batch, height, width, channels = y.shape
    sizes = x.shape[1], x.shape[2] * channels, height, width * channels, channels, int(relu)
    launch("conv", "add_bias", batch * height, width * channels, x, bias, y, *sizes)
    return y


def sum_rows(x: Array) -> Array:
    """The sum of a C-contiguous x (..., C) over all but the last axis, (C,)."""
    rows, channels = x.size // x.shape[-1], x.shape[-1]
    parts = -(-rows // SUMMED)
    sums = array_module(x).empty((parts, channels), x.dtype)
    launch("conv", "sum_rows", parts, channels, x, sums, rows, SUMMED, channels)
    return sums.sum(axis=0)


def im2col(x: Array, out_size: Pair, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """What `layers.im2col.im2col` returns, as a matrix (N*OH*OW, KH*KW*C)."""
    if (kernel, stride, padding) == PIXELS:
        return x.reshape(-1, x.shape[3])
    batch, *image = x.shape
    window = kernel[0] * kernel[1] * x.shape[3]
    cols = array_module(x).empty((batch * out_size[0] * out_size[1], window), x.dtype)
    sizes = *image, *out_size, *kernel, *stride, *padding
    launch("conv", "im2col", batch * out_size[0], out_size[1] * window, x, cols, *sizes)
    return cols


def col2im(cols: Array, shape: tuple[int, ...], out_size: Pair, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """What `layers.im2col.col2im` returns, (N, H, W, C) as `shape` says, from cols (N*OH*OW, KH*KW*C)."""
    if (kernel, stride, padding) == PIXELS:
        return cols.reshape(shape)
    x = array_module(cols).empty(shape, cols.dtype)
    sizes = *shape[1:], *out_size, *kernel, *stride, *padding
    launch("conv", "col2im", shape[0] * shape[1], shape[2] * shape[3], cols, x, *sizes)
    return x
