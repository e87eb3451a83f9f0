"""Transposed convolution with a 2x2 kernel and stride 2: copies of the kernel side by side, none overlaps.

Each pixel of x makes a square of 2x2 pixels of y, so nothing is added up, and the matrix product can write into y
directly. Seen as (N, H, 2, W, 2*K), y has the two pixels of a row of a square next to each other: for each row i of
x and each row a of the squares,

    y[n, i, a] = x[n, i] @ weight[a]          (W, C) @ (C, 2*K) -> (W, 2*K)

Backward, the squares of dy are gathered into rows of 4*K numbers, once, for two matrix products.
"""

import numpy as np

from minunet import layers
from minunet.backend import Array, array_module
from minunet.fast.blocks import SHARED, Block, blocks, rows_of
from minunet.gpu import conv_transpose as gpu
from minunet.gpu.conv_transpose import takes_squares
from minunet.layers.shapes import IntPair, as_pair, check_parameters
from minunet.threads import do_pieces, pieces_in_order

PIECE = 1 << 24  # multiplications that are done at a time, of 64 to 2048 pixels of x, if the work is shared out


def conv_transpose2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: IntPair = 1,
    padding: IntPair = 0,
    output_padding: IntPair = 0,
) -> tuple[Array, tuple]:
    """What `layers.conv_transpose2d` returns, with the same arguments and errors."""
    steps, cut = as_pair(stride, "stride", minimum=1), as_pair(padding, "padding", minimum=0)
    if array_module(x) is not np:
        return gpu.conv_transpose2d(x, weight, bias, stride=stride, padding=padding, output_padding=output_padding)
    if not takes_squares(weight, steps, cut) or output_padding not in (0, (0, 0)):
        return layers.conv_transpose2d(x, weight, bias, stride=stride, padding=padding, output_padding=output_padding)
    check_parameters(x, weight, bias)
    batch, height, width, channels = x.shape
    out_channels = weight.shape[3]
    by_row = weight.transpose(0, 2, 1, 3).reshape(2, channels, 2 * out_channels)  # (2, C, 2*K)
    y = np.empty((batch, 2 * height, 2 * width, out_channels), dtype=x.dtype)
    squares = y.reshape(batch, height, 2, width, 2 * out_channels)

    def piece(block: Block) -> None:
        rows = rows_of(squares, block)
        np.matmul(rows_of(x, block)[:, :, None], by_row, out=rows)
        if bias is not None:
            rows = rows.reshape(-1, 2 * width * out_channels)
            rows += np.tile(bias, 2 * width)  # a row of pixels at a time: twice as fast as 16 numbers at a time

    do_pieces(piece, _pieces(x, out_channels))
    return y, (x, weight, bias is not None, steps, cut, y.shape)


def conv_transpose2d_backward(dy: Array, cache: tuple) -> tuple[Array, Array, Array | None]:
    """What `layers.conv_transpose2d_backward` returns."""
    x, weight, has_bias, stride, padding, shape = cache
    if array_module(x) is not np:
        return gpu.conv_transpose2d_backward(dy, cache)
    batch, height, width, channels = x.shape
    if dy.shape != shape or dy.dtype != x.dtype or not takes_squares(weight, stride, padding):
        return layers.conv_transpose2d_backward(dy, cache)  # which says what is wrong with dy
    out_channels = weight.shape[3]
    squares = dy.reshape(batch, height, 2, width, 2, out_channels).swapaxes(2, 3)  # (N, H, W, 2, 2, K)
    matrix = weight.transpose(0, 1, 3, 2).reshape(4 * out_channels, channels)
    dx = np.empty(x.shape, dtype=x.dtype)

    def piece(block: Block) -> tuple[np.ndarray, np.ndarray]:
        cols = rows_of(squares, block).reshape(-1, 4 * out_channels)  # (n*h*W, 4*K); here the numbers are copied
        np.matmul(cols, matrix, out=rows_of(dx, block).reshape(-1, channels))  # (n*h*W, 4*K) @ (4*K, C)
        part = rows_of(x, block).reshape(-1, channels).T @ cols  # (C, n*h*W) @ (n*h*W, 4*K)
        return part, np.ones(len(cols), cols.dtype) @ cols  # a sum over rows, by BLAS

    dweight, dbias = np.zeros((channels, 4 * out_channels), x.dtype), np.zeros(4 * out_channels, x.dtype)
    for part, dbias_part in pieces_in_order(piece, _pieces(x, out_channels)):
        dweight += part
        dbias += dbias_part
    dweight = dweight.reshape(channels, 2, 2, out_channels).transpose(1, 2, 0, 3)
    return dx, dweight, dbias.reshape(4, out_channels).sum(axis=0) if has_bias else None


def _pieces(x: np.ndarray, out_channels: int) -> list[Block]:
    """All at once, if that is little work."""
    batch, height, width, channels = x.shape
    products = 4 * channels * out_channels  # of a pixel
    if products * batch * height * width < SHARED:
        return [Block(slice(None), 0, height)]
    return blocks(batch, height, min(2048, max(64, PIECE // products)) // width)
