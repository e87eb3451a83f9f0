"""im2col and col2im: gather every window of an image into a row, and its transpose, scatter the rows back.

A convolution applies the same weights to every window of the image. Copy each window into one row of a
matrix ("image to columns"; here, with channels last, a window is a row), and the whole convolution is a
single matrix product. The idea is from Chellapilla, Puri and Simard, "High Performance Convolutional Neural
Networks for Document Processing" (2006).

`im2col` only copies numbers, so it is linear: `cols = G x` with a matrix G of zeros and ones. Its transpose
`x = G.T cols` is `col2im`: a pixel that was copied into several windows receives the *sum* of what comes back
from each of them. That is why col2im adds (`+=`) where im2col copies, and why it is not an inverse.
"""

from collections.abc import Iterator

from minunet.backend import Array, array_module
from minunet.layers.shapes import window_count

Pair = tuple[int, int]


def pad(x: Array, padding: Pair, value: float = 0) -> Array:
    """Put `padding` = (rows, columns) pixels of `value` around each image: (N, H, W, C) -> (N, H+2P, W+2P, C)."""
    rows, columns = padding
    if rows == columns == 0:
        return x
    return array_module(x).pad(x, ((0, 0), (rows, rows), (columns, columns), (0, 0)), constant_values=value)


def im2col(x: Array, kernel_size: Pair, stride: Pair, padding: Pair) -> Array:
    """Every window of `x`, one per row: (N, H, W, C) -> (N, OH, OW, KH*KW*C), zeros outside the image.

    Within a row the order is kernel row, kernel column, channel: the order of a weight (KH, KW, C, K) that is
    reshaped to (KH*KW*C, K). OH = (H + 2*PH - KH) // SH + 1, and OW likewise.
    """
    window_count(x.shape[1], kernel_size[0], stride[0], padding[0])  # raises if no window fits
    window_count(x.shape[2], kernel_size[1], stride[1], padding[1])
    view = array_module(x).lib.stride_tricks.sliding_window_view
    windows = view(pad(x, padding), kernel_size, axis=(1, 2))  # every window, without a copy: (N, .., .., C, KH, KW)
    windows = windows[:, :: stride[0], :: stride[1]].transpose(0, 1, 2, 4, 5, 3)  # (N, OH, OW, KH, KW, C)
    return windows.reshape(*windows.shape[:3], -1)  # here the numbers are copied


def col2im(cols: Array, height: int, width: int, kernel_size: Pair, stride: Pair, padding: Pair) -> Array:
    """The transpose of `im2col`: (N, OH, OW, KH*KW*C) -> (N, height, width, C), windows that overlap are summed.

    One strided slice for each of the KH*KW places in the window, instead of one step for each pixel. For a fixed place
    every window contributes to a different pixel, so no pixel occurs twice in a slice, and `+=` loses nothing. In one
    dimension the windows [p q] and [r s] of 3 pixels give [p, q + r, s].
    """
    batch, out_height, out_width, _ = cols.shape
    cols = cols.reshape(batch, out_height, out_width, kernel_size[0] * kernel_size[1], -1)  # (N, OH, OW, KH*KW, C)
    padded_shape = (batch, height + 2 * padding[0], width + 2 * padding[1], cols.shape[-1])
    padded = array_module(cols).zeros(padded_shape, dtype=cols.dtype)  # (N, H+2*PH, W+2*PW, C)
    for number, place in enumerate(window_places(kernel_size, stride, (out_height, out_width))):
        padded[place] += cols[:, :, :, number]  # (N, OH, OW, C)
    return padded[:, padding[0] : padding[0] + height, padding[1] : padding[1] + width]


def window_places(kernel_size: Pair, stride: Pair, out_size: Pair) -> Iterator[tuple[slice, slice, slice]]:
    """For each of the KH*KW places in a window, in reading order: the slice of the image that all windows have there.

    `image[place]` is (N, OH, OW, C), a view: pixel (i, j) of every window, for all OH x OW windows at once. It is place
    number i * KW + j. A slice may end beyond the image; NumPy stops at the last pixel.
    """
    for i in range(kernel_size[0]):
        for j in range(kernel_size[1]):
            rows = slice(i, i + stride[0] * out_size[0], stride[0])  # OH rows
            columns = slice(j, j + stride[1] * out_size[1], stride[1])  # OW columns
            yield slice(None), rows, columns
