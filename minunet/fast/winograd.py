"""Winograd's fast convolution along both axes, F(4x4, 3x3): 3x3, stride 1, a quarter of the multiplications.

`winograd_rows` explains the identity in one dimension, y = AT ((G g) * (BT d)). Applied to the rows and to the columns
of a tile of 6x6 pixels d it makes the 4x4 outputs y of a 3x3 convolution with 36 products instead of 144:

    V = BT d B        U = G g GT        M = U * V        y = AT M A          (B is BT.T, GT is G.T, A is AT.T)

With channels each of the 36 places of the tile is a matrix product: M[f] = V[f] @ U[f], (T, C) @ (C, K) for the T tiles
of a block of the image. That is nearly all of the arithmetic, in one call of `np.matmul`, which hands BLAS 36 large
products. Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016), section 4.

BT and AT are matrix products too. Along a row of the image, a tile is 6 pixels that lie one behind the other, a matrix
(6, C), and the next one begins 4 pixels further: BT times all of them needs no copy. Down the columns, as in
`winograd_rows`, a tile is 6 whole rows.

Shapes: a block of the image has n samples with t rows of T' tiles each, T = n*t*T' tiles, and each transformed tile has
6 rows and 6 columns: V is (6, 6, n, t, T', C), or 36 matrices (T, C).

As there, the bias is added to M at the point (1, 1): a 36th of the numbers.

The gradient goes the same way backwards, each step transposed, and dM serves both gradients:

    dM = A dy AT      dU[f] = V[f].T @ dM[f]      dweight = GT dU G
                      dV[f] = dM[f] @ U[f].T      dx += B dV BT, tiles overlap by 2 pixels and add up

Rounding: float32 errors of 2e-6 to 1.2e-5 of the largest output; and an infinity spreads over the tiles that read it.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from minunet.fast.blocks import SHARED, Block, Pair, blocks, rows_of, slices
from minunet.fast.relu import relu_backward_in_place, relu_in_place
from minunet.fast.scratch import scratch
from minunet.fast.winograd_rows import AT, BT
from minunet.fast.winograd_weights import TransformedWeights, transform_back, transform_weight
from minunet.threads import do_pieces, pieces_in_order

# How many tiles are worked on at a time; a row of tiles is never cut. With few tiles, each product reads all of U for
# little work; so there are at least TILES, and more if V or M still fit into BLOCK bytes. Forward is an exception: a
# product of at most NO_COPY multiplications is made by OpenBLAS (with AVX-512) without copying its operands first, and
# this is worth fewer tiles, but not fewer than WORTH_IT.
TILES = 128
BLOCK = 2 << 20
NO_COPY = 1_000_000
WORTH_IT = 48


def forward(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    padding: Pair,
    relu: bool = False,
    kept: TransformedWeights | None = None,
) -> np.ndarray:
    """y (N, H + 2*PH - 2, W + 2*PW - 2, K) of x (N, H, W, C) and weight (3, 3, C, K): what `layers.conv2d` returns."""
    (ph, pw), (channels, out_channels) = padding, weight.shape[2:]
    u = transform_weight(weight, kept=kept)  # (36, C, K)
    y = np.empty((len(x), x.shape[1] + 2 * ph - 2, x.shape[2] + 2 * pw - 2, out_channels), dtype="float32")
    small = NO_COPY // (channels * out_channels)  # tiles
    pieces = _blocks(y.shape, channels, small if small >= WORTH_IT else None)
    alone = len(pieces) == 1

    def piece(block: Block) -> None:
        v = _transform_input(x, block, padding, -(-y.shape[2] // 4))  # (6, 6, n, t, T', C)
        m = scratch("m", (*v.shape[:5], out_channels))
        _multiply(v.reshape(36, -1, channels), u, m.reshape(36, -1, out_channels), alone)  # 36 x (T, C) @ (C, K)
        if bias is not None:
            m[1, 1] += bias
        _transform_output(m, y, block)
        if relu:
            relu_in_place(rows_of(y, block, 4))  # while the cache still holds them

    do_pieces(piece, pieces, worth=y.size * channels * 36 // 16 >= SHARED)
    return y


def backward(
    x: np.ndarray,
    weight: np.ndarray,
    dy: np.ndarray,
    padding: Pair,
    need_dx: bool = True,
    y: np.ndarray | None = None,
    kept: TransformedWeights | None = None,
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """dx (N, H, W, C) or None, dweight (3, 3, C, K) and dbias (K,), from dy (N, OH, OW, K).

    With y, what a ReLU has made, dy goes back through that first, and is written over.
    """
    channels, out_channels = weight.shape[2:]
    u_transposed = transform_weight(weight, True, kept) if need_dx else None  # (36, K, C)
    pieces = _blocks(dy.shape, channels)
    alone = len(pieces) == 1
    dx = np.empty(x.shape, dtype="float32") if need_dx else None

    def piece(block: Block) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        if y is not None:
            relu_backward_in_place(rows_of(dy, block, 4), rows_of(y, block, 4))
        v = _transform_input(x, block, padding, -(-dy.shape[2] // 4))  # (6, 6, n, t, T', C)
        dm = _transform_dy(dy, block)  # (6, 6, n, t, T', K)
        v_matrices, dm_matrices = v.reshape(36, -1, channels), dm.reshape(36, -1, out_channels)
        shape = (36, channels, out_channels)
        part = scratch("du", shape) if alone else np.empty(shape, dtype="float32")
        _multiply(v_matrices.swapaxes(1, 2), dm_matrices, part, alone)  # 36 x (C, T) @ (T, K)
        last_rows = None
        if dx is not None and u_transposed is not None:
            _multiply(dm_matrices, u_transposed, v_matrices, alone)  # dV: 36 x (T, K) @ (K, C), where V was
            last_rows = _transform_dv(v, dx, block, padding)
        return part, dm[1, 1].reshape(-1, out_channels).sum(axis=0), last_rows

    du, dbias, carry = np.empty(0, dtype="float32"), np.zeros(out_channels, dtype="float32"), None
    worth = 2 * dy.size * channels * 36 // 16 >= SHARED
    for block, (part, dbias_part, last_rows) in zip(pieces, pieces_in_order(piece, pieces, worth=worth), strict=True):
        du = np.add(du, part, out=du) if du.size else part
        dbias += dbias_part
        if dx is not None and block.start > 0:
            target = dx[block.samples, 4 * block.start - padding[0] :][:, :2]
            target += carry
        carry = last_rows  # what the next block has to add to its first two rows
    dweight = transform_back(du)
    return dx, dweight, dbias


def _multiply(a: np.ndarray, b: np.ndarray, out: np.ndarray, alone: bool) -> None:
    """out[f] = a[f] @ b[f] for the 36 places. If there is one block only, nine places at a time are shared out."""
    if alone and a.size * b.shape[2] >= SHARED:
        do_pieces(lambda some: np.matmul(a[some], b[some], out=out[some]), slices(36, 9))
    else:
        np.matmul(a, b, out=out)


def _blocks(y_shape: tuple[int, ...], channels: int, most: int | None = None) -> list[Block]:
    """Pieces of samples and rows of tiles, of at most `most` tiles or one row of them, which makes 4 rows of y."""
    batch, height, width, out_channels = y_shape
    tiles = max(TILES, BLOCK // (36 * max(channels, out_channels) * 4))
    tiles = tiles if most is None else min(tiles, most)
    return blocks(batch, -(-height // 4), tiles // -(-width // 4))


def _transform_input(x: np.ndarray, block: Block, padding: Pair, tiles_across: int) -> np.ndarray:
    """V = BT d B for the tiles of a block, (6, 6, n, t, T', C): of 6 x 6 pixels each, which overlap by 2."""
    return _transform(x, block, padding, tiles_across, BT, "v")


def _transform(
    image: np.ndarray, block: Block, padding: Pair, tiles_across: int, matrix: np.ndarray, name: str
) -> np.ndarray:
    """matrix @ tile @ matrix.T for the tiles of a block; `matrix` is (6, s) for tiles of s x s pixels, s = 6 or 4."""
    tiles, channels, s = block.stop - block.start, image.shape[3], matrix.shape[1]
    corner = (4 * block.start - padding[0], -padding[1])
    under = _region(image[block.samples], corner, (4 * tiles + s - 4, 4 * tiles_across + s - 4))
    batch, rows = under.shape[:2]
    sample, row, pixel, number = under.strides
    windows = as_strided(under, (batch, rows, tiles_across, s, channels), (sample, row, 4 * pixel, pixel, number))
    across = scratch("across", (batch, rows, 6, tiles_across, channels))
    np.matmul(matrix, windows, out=across.swapaxes(2, 3))  # along the rows: (6, s) @ (s, C) for each tile
    made = scratch(name, (6, 6, batch, tiles, tiles_across * channels))  # transformed row, transformed column, ...
    np.matmul(matrix, _rows_of_tiles(across, tiles, s), out=made.transpose(2, 3, 1, 0, 4))  # down: (6, s) @ (s, T'*C)
    return made.reshape(6, 6, batch, tiles, tiles_across, channels)


def _transform_dv(dv: np.ndarray, dx: np.ndarray, block: Block, padding: Pair) -> np.ndarray:
    """The transpose of `_transform_input`: dV (6, 6, n, t, T', C) -> the rows of dx (N, H, W, C) under the block.

    Tiles overlap by 2 pixels, so the first 4 rows (columns) of a tile are written, and the last 2 added to the next
    tile. Returns what has to be added to the first 2 rows under the next block, (n, 2, W, C), where one follows:
    another thread may be writing those. Fewer if dx ends there.
    """
    _, _, batch, tiles, tiles_across, channels = dv.shape
    length = tiles_across * channels
    dv_by_tile = dv.reshape(6, 6, batch, tiles, length).transpose(2, 3, 1, 0, 4)  # (n, t, 6, 6, T'*C)
    across = scratch("across", (batch, 4 * tiles + 2, 6, length))
    rest = scratch("rest", (batch, tiles, 2, 6, length))
    by_tile = across[:, :-2].reshape(batch, tiles, 4, 6, length)
    np.matmul(BT.T[:4], dv_by_tile, out=by_tile.swapaxes(2, 3))  # (4, 6) @ (6, T'*C)
    np.matmul(BT.T[4:], dv_by_tile, out=rest.swapaxes(2, 3))
    by_tile[:, 1:, :2] += rest[:, :-1]
    across[:, -2:] = rest[:, -1]

    first = 4 * block.start - padding[0]  # the row of dx that across[0] is
    start, stop = max(0, first), min(dx.shape[1], first + 4 * tiles + 2)
    pixels = across.reshape(batch, 4 * tiles + 2, 6, tiles_across, channels)[:, start - first : stop - first]
    rows = scratch("under", (batch, stop - start, 4 * tiles_across + 2, channels))
    rest = scratch("rest", (batch, stop - start, tiles_across, 2, channels))
    by_tile = rows[:, :, :-2].reshape(batch, stop - start, tiles_across, 4, channels)
    np.matmul(BT.T[:4], pixels.swapaxes(2, 3), out=by_tile)  # (4, 6) @ (6, C) for each tile
    np.matmul(BT.T[4:], pixels.swapaxes(2, 3), out=rest)
    by_tile[:, :, 1:, :2] += rest[:, :, :-1]
    rows[:, :, -2:] = rest[:, :, -1]
    rows = rows[:, :, padding[1] : padding[1] + dx.shape[2]]
    last = 4 * block.stop + 2 >= dx.shape[1] + 2 * padding[0]  # the height of y, plus 2
    own = stop - start if last else first + 4 * tiles - start
    dx[block.samples, start : start + own] = rows[:, :own]
    return rows[:, own:].copy()


def _transform_output(m: np.ndarray, y: np.ndarray, block: Block) -> None:
    """y = AT M A: M (6, 6, n, t, T', K) -> the rows of y (N, OH, OW, K) that belong to the block."""
    _, _, batch, tiles, tiles_across, out_channels = m.shape
    length = tiles_across * out_channels
    across = scratch("across", (batch, 4 * tiles, 6, length))
    by_tile = across.reshape(batch, tiles, 4, 6, length)
    np.matmul(AT, m.reshape(6, 6, batch, tiles, length).transpose(2, 3, 1, 0, 4), out=by_tile.swapaxes(2, 3))
    target = rows_of(y, block, 4)
    rows, whole = target.shape[1], target.shape[2] // 4  # whole tiles in a row
    pixels = across.reshape(batch, 4 * tiles, 6, tiles_across, out_channels)[:, :rows].swapaxes(2, 3)
    by_tile = target[:, :, : 4 * whole].reshape(batch, rows, whole, 4, out_channels)
    np.matmul(AT, pixels[:, :, :whole], out=by_tile)  # (4, 6) @ (6, K) for each tile
    if whole < tiles_across:
        target[:, :, 4 * whole :] = (AT @ pixels[:, :, whole])[:, :, : target.shape[2] - 4 * whole]


def _transform_dy(dy: np.ndarray, block: Block) -> np.ndarray:
    """The transpose of `_transform_output`: dM = A dy AT for tiles of 4 x 4 pixels, which do not overlap."""
    return _transform(dy, block, (0, 0), -(-dy.shape[2] // 4), AT.T, "m")  # (6, 6, n, t, T', K)


def _region(image: np.ndarray, corner: Pair, size: Pair) -> np.ndarray:
    """`size` pixels of image (n, H, W, C) from `corner` on, zeros outside; a view if all of it lies inside."""
    (top, left), (rows, columns) = corner, size
    batch, height, width, channels = image.shape
    if top >= 0 and left >= 0 and top + rows <= height and left + columns <= width:
        return image[:, top : top + rows, left : left + columns]
    region = scratch("under", (batch, rows, columns, channels))
    down = slice(max(0, -top), max(0, min(rows, height - top)))  # what of the region lies inside
    across = slice(max(0, -left), max(0, min(columns, width - left)))
    region[:, : down.start] = 0
    region[:, down.stop :] = 0
    region[:, :, : across.start] = 0
    region[:, :, across.stop :] = 0
    region[:, down, across] = image[:, top + down.start : top + down.stop, left + across.start : left + across.stop]
    return region


def _rows_of_tiles(across: np.ndarray, tiles: int, height: int) -> np.ndarray:
    """The rows under each tile, (n, 4t (+ 2), 6, T', C) -> a view (n, t, 6, height, T'*C), columns before rows."""
    sample, row, column, _, number = across.strides
    shape = (len(across), tiles, 6, height, across.shape[3] * across.shape[4])
    return as_strided(across, shape, (sample, 4 * row, column, row, number))
