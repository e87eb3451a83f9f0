"""Exercises of lesson 12: large pictures. Check yours with `python -m lessons.check 12`, or one with `12.2`.

Pictures are x (N, H, W, C). Beyond its rim a picture goes on as its mirror image, and the pixel at the rim is repeated:
the row above row 0 is row 0, the one above that is row 1. Past the far end of the mirror image comes the picture itself
again, and so on. In one dimension, a b c goes on to both sides as

    ... b c | c b a | a b c | c b a | a b ...

Use NumPy only; `np.pad` with the mode "symmetric" would do the first exercise for you, so leave it out.
"""

from collections.abc import Callable

import numpy as np


def mirror_pad(x: np.ndarray, top: int, bottom: int, left: int, right: int) -> np.ndarray:
    """12.1 (easy): x (N, H, W, C) with its mirror image around: (N, top + H + bottom, left + W + right, C).

    The four numbers are rows and columns to add, at least 0, and may be larger than the picture. Compute for each row
    of the result which row of x it shows, and for each column which column; then index.
    """
    raise NotImplementedError("lesson 12, exercise 1: mirror_pad")


def tile_starts(size: int, length: int, overlap: int, step: int) -> list[int]:
    """12.2 (medium): where tiles of `length` pixels begin that cover `size` pixels; ascending, none twice.

    - Every start is a multiple of `step`: the grid of the poolings.
    - The first start is 0. The last one is the smallest multiple of `step` from which a tile reaches the end, that is
      start + length >= size; it may reach a little beyond.
    - From one start to the next it is the largest multiple of `step` that leaves an overlap of at least `overlap`
      pixels; only the way to the last start may be shorter.

    `length` is at least `overlap` + `step`, so there is such a multiple. (`minunet/model/tiling.py` takes less, too,
    for very deep networks, and then goes on by one `step`: that is its max(1, ...).)

    A tile that covers everything is alone: [0].
    """
    raise NotImplementedError("lesson 12, exercise 2: tile_starts")


def overlap_tile(predict: Callable[[np.ndarray], np.ndarray], x: np.ndarray, tile: int, border: int) -> np.ndarray:
    """12.3 (hard): the output y (N, H, W, K) for a whole picture x (N, H, W, C), made of tiles.

    `predict` is a network without padding. It takes (N, tile + 2*border, tile + 2*border, C), always of that size, and
    returns (N, tile, tile, K), its output for the middle; K is known from there. It contains poolings, and `tile` is a
    multiple of their grid.

    Tiles begin at the rows 0, tile, 2*tile, ... and at the columns likewise. The last ones may reach beyond the
    picture: their outputs are cut off at its rim. A tile sees `border` pixels more on each side, those of the picture
    where there are any, and those of its mirror image (as in 12.1) elsewhere. H and W may be smaller than `tile`, and
    smaller than `border`.
    """
    raise NotImplementedError("lesson 12, exercise 3: overlap_tile")
