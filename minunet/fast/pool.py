"""Max-pooling 2x2 with stride 2: two passes over memory forward, and no record of who won.

Forward, the larger of each pair of rows, then the larger of each pair of columns of those. Backward, dy goes to the
first pixel in reading order that equals y (to the last, if y is NaN); x and y are kept anyway, as results of their
layers.
"""

import numpy as np

from minunet import layers
from minunet.backend import Array, array_module
from minunet.gpu import pool as gpu
from minunet.layers.shapes import IntPair, check_dy


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
    rows = np.maximum(x[:, 0:height:2], x[:, 1:height:2])  # (N, H/2, W, C)
    y = np.maximum(rows[:, :, 0:width:2], rows[:, :, 1:width:2])  # (N, H/2, W/2, C)
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
    for n in range(len(x)):  # sample by sample: what is left of dy stays in the cache
        left = dy[n].copy()  # (H/2, W/2, C): what no pixel has taken yet
        for i, j in ((0, 0), (0, 1), (1, 0)):
            taken = dx[n, i:height:2, j:width:2]
            np.multiply(left, x[n, i:height:2, j:width:2] == y[n], out=taken)
            left -= taken
        dx[n, 1:height:2, 1:width:2] = left
    return dx
