"""Winograd's fast convolution along one axis, F(4, 3): 3x3, stride 1, half of the multiplications, no im2col.

Four outputs of a 3-tap convolution, y[i] = d[i] g[0] + d[i+1] g[1] + d[i+2] g[2], need 12 multiplications; Winograd's
F(4, 3) makes them of 6:

    y = AT @ ((G @ g) * (BT @ d))            d: 6 inputs, g: 3 taps, y: 4 outputs

Why: multiply a polynomial with 3 coefficients by one with 4. The product, of degree 5, is known from its values at 6
points: 0, 1, -1, 2, -2 and infinity. G evaluates the first there, A the second (its rows are 1, p, p**2, p**3), the
values are multiplied, and B interpolates. A convolution is this multiplication transposed: so BT comes first and AT
last. Winograd, "Arithmetic Complexity of Computations" (1980); Lavin and Gray, "Fast Algorithms for Convolutional
Neural Networks" (2016), sections 3 and 4.

Here it runs down the columns of the image, from row to row, and every "number" is a whole row of pixels:

    V[f] = sum over s of BT[f, s] * row[4t + s]          6 rows of the image -> 6 transformed rows, for each tile t
    M[f] = the 3-tap convolution of V[f] along the row with U[f] = sum over a of G[f, a] * weight[a]
    row[4t + i] of y = sum over f of AT[i, f] * M[f]     6 transformed rows -> 4 rows of the result

The first and the last line are small matrix products over rows as they lie in memory. For the middle one there is a
second trick. With channels last, the three pixels under the taps are 3*C neighbouring numbers; but the windows of
neighbouring pixels overlap, and BLAS does not take overlapping rows. Every *third* window does not overlap: a row of
pixels read from pixel 0, 1 or 2 on is, without a copy, a matrix of 3*C columns. So three products, for the outputs
0, 3, 6, ..., then 1, 4, 7, ..., then 2, 5, 8, ..., replace im2col and its ninefold copy.

All rows are laid end to end, P pixels with those that make P a multiple of 3. The windows that begin in the last two
pixels of a row reach into the next one; what they give is thrown away at the end (two columns in OW + 2).

The column of AT that belongs to the point 1 is all ones. So a bias added to M[1] arrives at all four rows, for a
quarter of the work; backward, dbias is the sum of dM[1].

The gradients are of the same kind. dx is the convolution of dy with the kernel turned round. dweight takes the three
lines backwards: dM = A dy, dU[f] = (windows of V[f]).T @ dM[f], dweight = G.T dU.

Rounding: BT and AT add numbers of unlike size, so that float32 errors grow to 1e-6 to 5e-6 of the largest output, where
a plain sum has 3e-7; and an infinity spreads over the tiles that read it.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from minunet.fast.blocks import SHARED, Block, Pair, blocks, rows_of
from minunet.fast.relu import relu_backward_in_place, relu_in_place
from minunet.fast.scratch import scratch
from minunet.threads import do_pieces, pieces_in_order

BT = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
    dtype="float32",
)
# 1, p, p**2 of each point, the last one at infinity, and a divisor of each row, so that BT has whole numbers only
G = np.array([[1, 0, 0], [1, 1, 1], [1, -1, 1], [1, 2, 4], [1, -2, 4], [0, 0, 1]]) / [[4], [-6], [-6], [24], [24], [1]]
AT = np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]], dtype="float32")

BLOCK = 1 << 20  # bytes of V or M, whichever is larger, that are worked on at a time


def forward(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, padding: Pair, relu: bool = False
) -> np.ndarray:
    """y (N, H + 2*PH - 2, W + 2*PW - 2, K) of x (N, H, W, C) and weight (3, 3, C, K): what `layers.conv2d` returns."""
    x, (ph, pw), (channels, out_channels) = np.ascontiguousarray(x), padding, weight.shape[2:]
    u = (G @ weight.reshape(3, -1)).astype("float32").reshape(6, 1, 3 * channels, out_channels)
    y = np.empty((len(x), x.shape[1] + 2 * ph - 2, x.shape[2] + 2 * pw - 2, out_channels), dtype="float32")

    def piece(block: Block) -> None:
        v = _transform_input(x, block, padding)  # (6, P + 2, C), P pixels
        m = scratch("m", (6, v.shape[1] - 2, out_channels))
        # (6, 3, P/3, 3*C) @ (6, 1, 3*C, K): 18 products in one call, each makes every third pixel of a row of M
        np.matmul(_windows(v), u, out=_every_third(m))
        if bias is not None:
            width = y.shape[2] + 2
            rows = m[1, : m.shape[1] // width * width].reshape(-1, width * out_channels)
            rows += np.tile(bias, width)  # a row of pixels at a time: twice as fast as 16 numbers at a time
        for y_rows, m_rows in _rows_by_tile(y, m, block):
            np.matmul(AT[: y_rows.shape[2]], m_rows, out=y_rows)  # (4, 6) @ (6, OW*K) for each tile
        if relu:
            relu_in_place(rows_of(y, block, 4))  # while the cache still holds them

    do_pieces(piece, _blocks(y.shape, channels), worth=y.size * channels * 9 // 2 >= SHARED)
    return y


def backward(
    x: np.ndarray, weight: np.ndarray, dy: np.ndarray, padding: Pair, need_dx: bool = True, y: np.ndarray | None = None
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """dx (N, H, W, C) or None, dweight (3, 3, C, K) and dbias (K,), from dy (N, OH, OW, K).

    With y, what a ReLU has made, dy goes back through that first, and is written over.
    """
    x, dy = np.ascontiguousarray(x), np.ascontiguousarray(dy)
    channels, out_channels = weight.shape[2:]
    du = np.zeros((6, 3, 3 * channels, out_channels), dtype="float32")  # the second axis: the three sets of windows
    dbias = np.zeros(out_channels, dtype="float32")

    def piece(block: Block) -> tuple[np.ndarray, np.ndarray]:
        if y is not None:
            relu_backward_in_place(rows_of(dy, block, 4), rows_of(y, block, 4))
        v = _transform_input(x, block, padding)  # (6, P + 2, C)
        dm = _transform_dy(dy, block, v.shape[1] - 2)  # (6, P, K)
        part = _windows(v).swapaxes(2, 3) @ _every_third(dm)  # (6, 3, 3*C, P/3) @ (6, 3, P/3, K)
        return part, np.ones(dm.shape[1], dtype="float32") @ dm[1]  # a sum over rows, by BLAS

    worth = dy.size * channels * 9 // 2 >= SHARED
    for part, dbias_part in pieces_in_order(piece, _blocks(dy.shape, channels), worth=worth):
        du += part
        dbias += dbias_part
    dweight = G.T.astype("float32") @ du.sum(axis=1).reshape(6, -1)
    dx = None
    if need_dx:
        turned = weight[::-1, ::-1].swapaxes(2, 3)  # (3, 3, K, C)
        dx = forward(dy, turned, None, (2 - padding[0], 2 - padding[1]))
    return dx, dweight.reshape(weight.shape), dbias


def _blocks(y_shape: tuple[int, ...], channels: int) -> list[Block]:
    """Pieces of samples and rows of tiles; a row of tiles makes 4 rows of y."""
    batch, height, width, out_channels = y_shape
    return blocks(batch, -(-height // 4), BLOCK // (6 * (width + 2) * max(channels, out_channels) * 4))


def _transform_input(x: np.ndarray, block: Block, padding: Pair) -> np.ndarray:
    """V of a block: (6, P + 2, C), the pixels of all its rows end to end, and zeros behind for the last windows."""
    x = x[block.samples]
    (batch, height, width, channels), (above, left) = x.shape, padding
    tiles, padded_width = block.stop - block.start, width + 2 * left
    pixels = batch * tiles * padded_width
    v = scratch("v", (6, -(-pixels // 3) * 3 + 2, channels))
    v[:, pixels:] = 0
    by_tile = v[:, :pixels].reshape(6, batch, tiles, padded_width, channels)
    by_tile[:, :, :, :left] = 0
    by_tile[:, :, :, left + width :] = 0
    by_tile = by_tile[:, :, :, left : left + width].reshape(6, batch, tiles, -1).transpose(1, 2, 0, 3)  # (n, t, 6, W*C)

    top = 4 * block.start - above  # the row of x where the first tile begins; a tile reads 6 rows, 2 are the next one's
    first = min(tiles, max(0, -(top // 4)))
    stop = max(first, min(tiles, (height - 6 - top) // 4 + 1))  # tiles from first to stop read no row outside x
    row = width * channels * x.itemsize  # not x.strides: NumPy leaves those of axes of length 1 open
    if stop > first:
        inside = x[:, top + 4 * first :]
        shape = (batch, stop - first, 6, width * channels)
        # (6, 6) @ (6, W*C) for each tile
        np.matmul(BT, as_strided(inside, shape, (height * row, 4 * row, row, x.itemsize)), out=by_tile[:, first:stop])
    for tile in (*range(first), *range(stop, tiles)):
        rows = np.zeros((batch, 6, width * channels), dtype="float32")
        begin = top + 4 * tile
        covered = slice(max(0, begin), min(height, begin + 6))
        rows[:, covered.start - begin : covered.stop - begin] = x[:, covered].reshape(batch, -1, width * channels)
        np.matmul(BT, rows, out=by_tile[:, tile])
    return v


def _transform_dy(dy: np.ndarray, block: Block, pixels: int) -> np.ndarray:
    """dM = A dy of a block: (6, P, K), zero where a window of the forward pass was thrown away."""
    dm = scratch("m", (6, pixels, dy.shape[3]))
    samples = dy[block.samples]
    used = len(samples) * (block.stop - block.start) * (dy.shape[2] + 2)
    dm[:, used:] = 0
    dm[:, :used].reshape(6, -1, dy.shape[2] + 2, dy.shape[3])[:, :, dy.shape[2] :] = 0
    for rows, dm_rows in _rows_by_tile(dy, dm, block):
        np.matmul(AT.T[:, : rows.shape[2]], rows, out=dm_rows)  # (6, 4) @ (4, OW*K) for each tile
    return dm


def _rows_by_tile(y: np.ndarray, m: np.ndarray, block: Block) -> list[tuple[np.ndarray, np.ndarray]]:
    """Views of the rows of a block of y, (n, t, 4, OW*K), and of the rows of M they belong to, (n, t, 6, OW*K).

    If the last tile has fewer than 4 rows, it comes by itself.
    """
    rows = rows_of(y, block, 4)
    batch, height, width, out_channels = rows.shape
    tiles, whole = block.stop - block.start, height // 4
    m = m[:, : batch * tiles * (width + 2)].reshape(6, batch, tiles, (width + 2) * out_channels)
    m = m[..., : width * out_channels].transpose(1, 2, 0, 3)  # (n, t, 6, OW*K)
    pairs = [(rows[:, : 4 * whole].reshape(batch, whole, 4, width * out_channels), m[:, :whole])]
    if whole < tiles:
        pairs.append((rows[:, 4 * whole :].reshape(batch, 1, height - 4 * whole, width * out_channels), m[:, whole:]))
    return [(y_rows, m_rows) for y_rows, m_rows in pairs if y_rows.size]


def _windows(pixels: np.ndarray) -> np.ndarray:
    """(6, P + 2, C) -> a view (6, 3, P/3, 3*C): the windows of 3 pixels that begin at 0, 3, 6, ..., at 1, ..., at 2."""
    transformed, pixel, number = pixels.strides
    count, channels = (pixels.shape[1] - 2) // 3, pixels.shape[2]
    return as_strided(pixels, (6, 3, count, 3 * channels), (transformed, pixel, 3 * pixel, number))


def _every_third(m: np.ndarray) -> np.ndarray:
    """(6, P, K) -> a view (6, 3, P/3, K): the pixels 0, 3, 6, ..., then 1, 4, 7, ..., then 2, 5, 8, ..."""
    return m.reshape(6, m.shape[1] // 3, 3, m.shape[2]).swapaxes(1, 2)
