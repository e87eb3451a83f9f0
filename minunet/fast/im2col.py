"""Convolution by im2col in row blocks: any kernel, stride, padding and dtype, with the rounding of a plain sum.

`layers.im2col` gathers all windows of the batch at once: KH*KW times the memory of the image, written to and read back
from main memory. Here the windows of a few rows are gathered into a piece of memory that stays in the cache, multiplied
at once, and overwritten by those of the next rows. A 1x1 convolution needs no gathering: its windows are the pixels.

Backward likewise, block by block: dweight = sum of cols.T @ dy, and the rows of dy @ weight.T are added to dx.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from minunet.fast.blocks import SHARED, Block, Pair, blocks, rows_of, slices
from minunet.fast.relu import relu_backward_in_place, relu_in_place
from minunet.fast.scratch import scratch
from minunet.threads import do_pieces, pieces_in_order

BLOCK = 1 << 19  # bytes of windows that are gathered at a time


def forward(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, stride: Pair, padding: Pair, relu: bool = False
) -> np.ndarray:
    """y (N, OH, OW, K) of x (N, H, W, C) and weight (KH, KW, C, K): what `layers.conv2d` returns."""
    kernel, out_channels = weight.shape[:2], weight.shape[3]
    matrix = weight.reshape(-1, out_channels)  # (KH*KW*C, K)
    windows = _windows(x, kernel, stride, padding)  # (N, OH, OW, KH, KW, C)
    y = np.empty((*windows.shape[:3], out_channels), dtype=x.dtype)

    pieces = _blocks(windows, matrix)

    def piece(block: Block) -> None:
        cols = _gather(windows, block)  # (n*rows*OW, KH*KW*C)
        rows = _rows(y, block)  # (n*rows*OW, K)
        _multiply(cols, matrix, rows, len(pieces))
        wide = rows.reshape(-1, y.shape[2] * out_channels)  # a row of pixels at a time: faster than K numbers at a time
        if bias is not None:
            wide += np.tile(bias, y.shape[2])
        if relu:
            relu_in_place(rows_of(y, block))

    do_pieces(piece, pieces, worth=y.size * len(matrix) >= SHARED)
    return y


def backward(
    x: np.ndarray,
    weight: np.ndarray,
    dy: np.ndarray,
    stride: Pair,
    padding: Pair,
    need_dx: bool = True,
    y: np.ndarray | None = None,
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """dx (N, H, W, C) or None, dweight (KH, KW, C, K) and dbias (K,), from dy (N, OH, OW, K).

    With y, what a ReLU has made, dy goes back through that first, and is written over.
    """
    (kh, kw), (sh, sw), (ph, pw) = weight.shape[:2], stride, padding
    batch, height, width, channels = x.shape
    matrix = weight.reshape(-1, weight.shape[3])  # (KH*KW*C, K)
    windows = _windows(x, (kh, kw), stride, padding)  # (N, OH, OW, KH, KW, C)
    dy = np.ascontiguousarray(dy)
    dweight, dbias = np.zeros_like(matrix), np.zeros_like(matrix, shape=matrix.shape[1:])
    pixels = (kh, kw, sh, sw, ph, pw) == (1, 1, 1, 1, 0, 0)  # every window is a pixel
    dpadded = np.zeros((batch, height + 2 * ph, width + 2 * pw, channels), dtype=x.dtype) if need_dx else None

    pieces = _blocks(windows, matrix)

    def piece(block: Block) -> tuple[np.ndarray, np.ndarray]:
        dy_rows = _rows(dy, block)  # (n*rows*OW, K)
        if y is not None:
            relu_backward_in_place(dy_rows, _rows(y, block))
        part = np.empty_like(matrix)
        _multiply(_gather(windows, block).T, dy_rows, part, len(pieces))  # (KH*KW*C, n*rows*OW) @ (n*rows*OW, K)
        if dpadded is not None and pixels:
            np.matmul(dy_rows, matrix.T, out=_rows(dpadded, block))  # (n*rows*OW, K) @ (K, C)
        elif dpadded is not None:
            rows, columns = block.stop - block.start, dy.shape[2]
            dcols = scratch("cols", (len(dy_rows), len(matrix)), x.dtype)
            _multiply(dy_rows, matrix.T, dcols, len(pieces))  # (n*rows*OW, K) @ (K, KH*KW*C)
            dcols = dcols.reshape(-1, rows, columns, kh, kw, channels)
            target = dpadded[block.samples, sh * block.start :]
            for i, j in np.ndindex(kh, kw):  # pixel (i, j) of every window: no pixel twice, so += loses nothing
                target[:, i : i + sh * rows : sh, j : j + sw * columns : sw] += dcols[:, :, :, i, j]
        return part, np.ones(len(dy_rows), dtype=dy.dtype) @ dy_rows  # a sum over rows, by BLAS

    # The windows of two blocks may overlap: two threads would lose what they add.
    worth = (pixels or not need_dx) and dy.size * len(matrix) >= SHARED
    for part, dbias_part in pieces_in_order(piece, pieces, worth=worth):
        dweight += part
        dbias += dbias_part
    dx = None if dpadded is None else dpadded[:, ph : ph + height, pw : pw + width]
    return dx, dweight.reshape(weight.shape), dbias


def _windows(x: np.ndarray, kernel: Pair, stride: Pair, padding: Pair) -> np.ndarray:
    """A view of all windows, (N, OH, OW, KH, KW, C): the steps in memory are those of the image, taken twice."""
    (kh, kw), (sh, sw), (ph, pw) = kernel, stride, padding
    batch, height, width, channels = x.shape
    if ph or pw:
        padded = np.zeros((batch, height + 2 * ph, width + 2 * pw, channels), dtype=x.dtype)
        padded[:, ph : ph + height, pw : pw + width] = x
        x = padded
    out_height, out_width = (height + 2 * ph - kh) // sh + 1, (width + 2 * pw - kw) // sw + 1
    sample, row, column, channel = x.strides
    shape = (batch, out_height, out_width, kh, kw, channels)
    return as_strided(x, shape, (sample, sh * row, sw * column, row, column, channel))


def _blocks(windows: np.ndarray, matrix: np.ndarray) -> list[Block]:
    """Windows of BLOCK bytes, or of as many as the weights have: a few windows read all of those."""
    row_bytes = windows[0, 0].size * windows.itemsize
    return blocks(windows.shape[0], windows.shape[1], max(BLOCK, matrix.nbytes) // row_bytes)


def _multiply(a: np.ndarray, b: np.ndarray, out: np.ndarray, pieces: int) -> None:
    """out = a @ b. If there is one block only, columns of b, the weights, are shared out."""
    if pieces == 1 and a.size * b.shape[1] >= SHARED:
        do_pieces(lambda some: np.matmul(a, b[:, some], out=out[:, some]), slices(b.shape[1], -(-b.shape[1] // 8)))
    else:
        np.matmul(a, b, out=out)


def _gather(windows: np.ndarray, block: Block) -> np.ndarray:
    """The windows of a block, one per row: (n*rows*OW, KH*KW*C)."""
    some = windows[block.samples, block.start : block.stop]
    length = some[0, 0, 0].size
    if some.flags.c_contiguous:  # 1x1: the image itself is the matrix
        return some.reshape(-1, length)
    cols = scratch("cols", some.shape, windows.dtype)
    cols[...] = some
    return cols.reshape(-1, length)


def _rows(image: np.ndarray, block: Block) -> np.ndarray:
    """The pixels of a block of a contiguous image, one per row: a view (n*rows*OW, K)."""
    return image[block.samples, block.start : block.stop].reshape(-1, image.shape[3])
