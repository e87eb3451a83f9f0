"""Max-pooling 2x2 with stride 2: two passes over memory forward, and no record of who won.

Forward, the larger of each pair of rows, then the larger of each pair of columns of those. Backward, dy goes to the
first pixel in reading order that equals y (to the last, if y is NaN); x and y are kept anyway, as results of their
layers.
"""

import numpy as np

from minunet import layers
from minunet.backend import Array, array_module
from minunet.fast.blocks import Block, blocks, rows_of
from minunet.gpu import pool as gpu
from minunet.layers.shapes import IntPair, check_dy
from minunet.threads import do_pieces

PIECE = 1 << 16  # numbers of y that are worked on at a time
SHARED = 1 << 21  # numbers of x, from which on it is worth it to share the pieces out


def max_pool2d(
    x: Array, *, kernel_size: IntPair = 2, stride: IntPair | None = None, padding: IntPair = 0
) -> tuple[Array, tuple]:
    """What `layers.max_pool2d` returns, with the same arguments and errors."""
    if array_module(x) is not np:
        return gpu.max_pool2d(x, kernel_size=kernel_size, stride=stride, padding=padding)
    squares = kernel_size in (2, (2, 2)) and stride in (None, 2, (2, 2)) and padding in (0, (0, 0))
    if not squares or x.dtype.kind != "f" or x.ndim != 4 or x.size == 0 or min(x.shape[1:3]) < 2:
        return layers.max_pool2d(x, kernel_size=kernel_size, stride=stride, padding=padding)
    height, width = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2  # an odd last row or column is in no square
    y = np.empty((len(x), height // 2, width // 2, x.shape[3]), dtype=x.dtype)

    def piece(block: Block) -> None:
        under = rows_of(x, block, 2)
        rows = np.maximum(under[:, 0::2], under[:, 1::2])  # (n, h, W, C)
        np.maximum(rows[:, :, 0:width:2], rows[:, :, 1:width:2], out=rows_of(y, block))

    do_pieces(piece, _pieces(y), worth=x.size >= SHARED)
    return y, (x, y)


def max_pool2d_backward(dy: Array, cache: tuple) -> Array:
    """What `layers.max_pool2d_backward` returns."""
    if array_module(dy) is not np:
        return gpu.max_pool2d_backward(dy, cache)
    if len(cache) != 2:
        return layers.max_pool2d_backward(dy, cache)
    x, y = cache
    check_dy(dy, y.shape, y.dtype)
    height, width = 2 * y.shape[1], 2 * y.shape[2]
    dx = np.empty_like(x)
    dx[:, height:] = 0
    dx[:, :, width:] = 0

    def piece(block: Block) -> None:
        left, largest = rows_of(dy, block).copy(), rows_of(y, block)  # (n, h, W/2, C): what no pixel has taken yet
        under, dunder = rows_of(x, block, 2), rows_of(dx, block, 2)
        for i, j in ((0, 0), (0, 1), (1, 0)):
            taken = dunder[:, i::2, j:width:2]
            np.multiply(left, under[:, i::2, j:width:2] == largest, out=taken)
            left -= taken
        dunder[:, 1::2, 1:width:2] = left

    do_pieces(piece, _pieces(y), worth=x.size >= SHARED)
    return dx


def _pieces(y: np.ndarray) -> list[Block]:
    """So small that what is left of dy stays in the cache."""
    return blocks(len(y), y.shape[1], PIECE // y[0, 0].size)
