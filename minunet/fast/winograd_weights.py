"""The weights of `winograd` in its domain, U = G g GT, made once for all groups of samples of a training step."""

import threading

import numpy as np

from minunet.fast.winograd_rows import G
from minunet.threads import do_pieces

GG = np.kron(G, G).astype("float32")  # (36, 9): G g GT for a kernel that is flattened to 9 numbers


COLUMNS = 1 << 15  # of the weights of a convolution that are transformed at a time


class TransformedWeights:
    """While no weight changes, each is transformed once, and forgotten when it was used `uses` times.

    `uses` is the number of groups of samples that pass forward, or forward and backward. With groups of 2 samples of
    the seed network 6 % of the time went into transforming the same weights again.
    """

    def __init__(self, uses: int) -> None:
        self.uses, self.lock = uses, threading.Lock()
        # (weight, u, how often it will still be asked for); with the weight, so that its id stays its own
        self.entries: dict[tuple[int, bool], tuple[np.ndarray, np.ndarray, int]] = {}

    def transformed(self, weight: np.ndarray, transpose: bool) -> np.ndarray:
        key = (id(weight), transpose)
        with self.lock:  # a thread that comes second waits: transforming twice would take longer
            if key not in self.entries:
                self.entries[key] = weight, transform_weight(weight, transpose), self.uses
            _, u, left = self.entries.pop(key)
            if left > 1:
                self.entries[key] = weight, u, left - 1
        return u


def transform_weight(weight: np.ndarray, transpose: bool = False, kept: TransformedWeights | None = None) -> np.ndarray:
    """U = G g GT: (3, 3, C, K) -> (36, C, K), or (36, K, C) if `transpose`: BLAS is slower if it has to do that."""
    if kept is not None:
        return kept.transformed(weight, transpose)
    source = weight.swapaxes(2, 3) if transpose else weight
    return in_columns(GG, source.reshape(9, -1)).reshape(36, *source.shape[2:])  # (36, 9) @ (9, C*K)


def in_columns(matrix: np.ndarray, wide: np.ndarray) -> np.ndarray:
    """matrix @ wide, some columns at a time: shared out over the threads."""
    product = np.empty((len(matrix), wide.shape[1]), dtype=wide.dtype)
    pieces = [slice(start, start + COLUMNS) for start in range(0, wide.shape[1], COLUMNS)]
    do_pieces(lambda columns: np.matmul(matrix, wide[:, columns], out=product[:, columns]), pieces)
    return product
