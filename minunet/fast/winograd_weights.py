"""The weights of `winograd` in its domain, U = G g GT, made once for all groups of samples, or all predictions."""

import os
import threading
from collections.abc import Callable
from functools import partial

import numpy as np

from minunet.fast.blocks import SHARED, slices
from minunet.fast.scratch import scratch
from minunet.fast.winograd_rows import G
from minunet.threads import do_pieces

GG = np.kron(G, G).astype("float32")  # (36, 9): G g GT for a kernel that is flattened to 9 numbers


PIECE = 1 << 15  # of the C*K numbers of a place, how many are transformed at a time


class TransformedWeights:
    """While no weight changes, each is transformed once, and forgotten when it was used `uses` times.

    `uses` is the number of groups of samples that pass forward, or forward and backward; `sys.maxsize` where weights
    never change. With groups of 2 samples of the seed network 6 % of the time went into transforming the same weights
    again.
    """

    def __init__(self, uses: int) -> None:
        self.uses, self.lock, self.process = uses, threading.Lock(), os.getpid()
        # (weight, u, how often it will still be asked for); with the weight, so that its id stays its own
        self.entries: dict[tuple[int, bool], tuple[np.ndarray, np.ndarray, int]] = {}

    def __reduce__(self) -> tuple[type, tuple[int]]:
        """For a copy, or another process, which has weights of its own: nothing is transformed there yet."""
        return TransformedWeights, (self.uses,)

    def transformed(self, weight: np.ndarray, transpose: bool) -> np.ndarray:
        key = (id(weight), transpose)
        if self.process != os.getpid():  # a forked child: whoever held the lock is not here
            self.lock, self.process = threading.Lock(), os.getpid()
        with self.lock:  # a thread that comes second waits: transforming twice would take longer
            if key not in self.entries:
                self.entries[key] = weight, _transform(weight, transpose, np.empty), self.uses
            _, u, left = self.entries.pop(key)
            if left > 1:
                self.entries[key] = weight, u, left - 1
        return u


def transform_weight(weight: np.ndarray, transpose: bool = False, kept: TransformedWeights | None = None) -> np.ndarray:
    """U = G g GT: (3, 3, C, K) -> (36, C, K), or (36, K, C) if `transpose`: BLAS is slower if it has to do that.

    What nobody keeps is overwritten by the next one.
    """
    if kept is not None and kept.uses > 1:
        return kept.transformed(weight, transpose)
    return _transform(weight, transpose, partial(scratch, "u"))


def _transform(weight: np.ndarray, transpose: bool, empty: Callable[..., np.ndarray]) -> np.ndarray:
    g = weight.reshape(9, *weight.shape[2:])
    g = g.swapaxes(1, 2) if transpose else g
    return _by_rows(GG, g, empty((36, *g.shape[1:]), dtype="float32"))


def transform_back(du: np.ndarray) -> np.ndarray:
    """dg = GT dU G: (36, C, K) -> (3, 3, C, K), the transpose of `transform_weight`."""
    dg = _by_rows(GG.T, du, np.empty((9, *du.shape[1:]), dtype="float32"))
    return dg.reshape(3, 3, *du.shape[1:])


def _by_rows(matrix: np.ndarray, a: np.ndarray, out: np.ndarray) -> np.ndarray:
    """out = matrix @ a, (P, Q) @ (Q, rows, columns) -> (P, rows, columns), some rows at a time."""
    _, rows, columns = a.shape

    def piece(some: slice) -> None:
        np.matmul(matrix, a[:, some].reshape(len(a), -1), out=out[:, some].reshape(len(out), -1))

    do_pieces(piece, slices(rows, PIECE // columns), worth=matrix.size * rows * columns >= SHARED)
    return out
