"""Pieces of a batch that are worked on at a time, small enough that what is made of them stays in the cache.

A piece is either several whole samples or some rows of a single one. NumPy pays about a microsecond for a call,
and threads that make many short calls wait for each other (Python runs one at a time): so not too small either.
"""

from typing import NamedTuple

import numpy as np

Pair = tuple[int, int]  # for rows and for columns

SHARED = 12_000_000  # multiplications, from which on it is worth it to share the pieces out: half a millisecond


class Block(NamedTuple):
    """Samples `samples` and, of each of them, the rows `start` to `stop` (rows of pixels, or of tiles)."""

    samples: slice
    start: int
    stop: int


def rows_of(image: np.ndarray, block: Block, height: int = 1) -> np.ndarray:
    """The rows of image (N, H, W, C) under a block whose rows are `height` pixels high: a view (n, h, W, C)."""
    return image[block.samples, height * block.start : height * block.stop]


def blocks(batch: int, rows: int, at_once: int) -> list[Block]:
    """Cut `batch` samples of `rows` rows into pieces of at most `at_once` rows.

    Of whole samples the last piece holds what is left; rows are cut into parts as equal as it works out.
    """
    at_once = max(1, at_once)
    if at_once >= rows:
        step = at_once // rows
        return [Block(slice(n, min(n + step, batch)), 0, rows) for n in range(0, batch, step)]
    return [Block(slice(n, n + 1), cut.start, cut.stop) for n in range(batch) for cut in slices(rows, at_once)]


def slices(count: int, at_once: int) -> list[slice]:
    """Cut `count` things into pieces of at most `at_once`, as equal as it works out."""
    pieces = -(-count // max(1, at_once))
    return [slice(count * i // pieces, count * (i + 1) // pieces) for i in range(pieces)]
