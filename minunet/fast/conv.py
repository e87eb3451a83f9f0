"""Convolution by whichever algorithm is quickest, chosen by what was measured.

`python -m minunet.bench --layers` prints the rates of all of them. The rule for NumPy arrays:

    float32, kernel 3x3, stride 1, padding <= 2, at least 8 channels in:
        fewer than 32 channels in or out -> winograd_rows, half of the products and less to copy
        more, and at least 16 tiles of y for each time that the weights are transformed -> winograd, a quarter
    anything else -> im2col
"""

import numpy as np

from minunet.backend import Array, array_module
from minunet.fast import im2col, winograd, winograd_rows
from minunet.fast.blocks import Pair
from minunet.fast.winograd_weights import TransformedWeights
from minunet.gpu import conv as gpu
from minunet.layers.shapes import IntPair, as_pair, check_dy, check_parameters, conv_shape

TILES = 16  # with fewer, transforming the weights takes longer than all of im2col


def algorithm(dtype: np.dtype, weight_shape: tuple[int, ...], stride: Pair, padding: Pair, tiles: int = TILES) -> str:
    """'winograd', 'winograd_rows' or 'im2col' for images of `dtype` and a weight (KH, KW, C, K).

    `tiles`: of 4x4 pixels of y, that are made with weights that are transformed once.
    """
    if dtype != np.float32 or weight_shape[:2] != (3, 3) or stride != (1, 1) or max(padding) > 2 or weight_shape[2] < 8:
        return "im2col"
    if min(weight_shape[2:]) < 32:
        return "winograd_rows"
    return "winograd" if tiles >= TILES else "im2col"


def _tiles(shape: tuple[int, ...], kept: TransformedWeights | None) -> int:
    """Of y with this shape (N, OH, OW, K), and of those of the other groups, for which the weights are kept."""
    return shape[0] * -(-shape[1] // 4) * -(-shape[2] // 4) * (1 if kept is None else kept.uses)


def conv2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: IntPair = 1,
    padding: IntPair = 0,
    kept: TransformedWeights | None = None,
    relu: bool = False,
) -> tuple[Array, tuple]:
    """What `layers.conv2d` returns, with the same arguments and errors, but for the cache, which is this file's own.

    Transformed weights are taken from `kept`. With `relu`, y has been through one, on a GPU in the same pass, and
    `conv2d_backward` goes back through it.
    """
    if array_module(x) is not np:
        y, cache = gpu.conv2d(x, weight, bias, stride=stride, padding=padding, relu=relu)
        return y, (*cache, y if relu else None)
    check_parameters(x, weight, bias)
    steps, zeros = as_pair(stride, "stride", minimum=1), as_pair(padding, "padding", minimum=0)
    shape = conv_shape(x, weight, steps, zeros)  # raises if no window fits
    way = algorithm(x.dtype, weight.shape, steps, zeros, _tiles(shape, kept))
    if way == "winograd":
        y = winograd.forward(x, weight, bias, zeros, relu, kept)
    elif way == "winograd_rows":
        y = winograd_rows.forward(x, weight, bias, zeros, relu)
    else:
        y = im2col.forward(x, weight, bias, steps, zeros, relu)
    return y, (x, weight, bias is not None, steps, zeros, y if relu else None)


def conv2d_backward(
    dy: Array, cache: tuple, *, need_dx: bool = True, kept: TransformedWeights | None = None
) -> tuple[Array | None, Array, Array | None]:
    """What `layers.conv2d_backward` returns; dx is None without `need_dx`, if nobody asks how the image should change.

    After a `conv2d` with `relu`, dy may be written over. Raises ValueError for a dy that is not of the shape of y.
    """
    x, weight, has_bias, stride, padding, y = cache
    if array_module(x) is not np:
        return gpu.conv2d_backward(dy, cache[:-1], need_dx=need_dx, y=y)
    check_dy(dy, conv_shape(x, weight, stride, padding), x.dtype)
    way = algorithm(x.dtype, weight.shape, stride, padding, _tiles(dy.shape, kept))
    if way == "winograd":
        dx, dweight, dbias = winograd.backward(x, weight, dy, padding, need_dx, y, kept)
    elif way == "winograd_rows":
        dx, dweight, dbias = winograd_rows.backward(x, weight, dy, padding, need_dx, y)
    else:
        dx, dweight, dbias = im2col.backward(x, weight, dy, stride, padding, need_dx, y)
    return dx, dweight, dbias if has_bias else None
