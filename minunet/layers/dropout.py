"""Dropout: while training, some of the numbers, chosen at random, are made 0, and the others larger to make up for it.

    y = x * mask        mask: 0 with probability `rate`, else 1 / (1 - rate); so the expected y is x

A network that may lose any feature at any time cannot rely on a single one. In use nothing is dropped and nothing
scaled. Backward, dy goes the way that x went: dx = dy * mask. Srivastava, Hinton, Krizhevsky, Sutskever and
Salakhutdinov, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting" (2014), section 4, in the form
("inverted") in which the scaling happens in training.

The layer does not draw the mask itself: a pure function has no chance in it, and samples that are split over threads
must get the same masks as in one piece.
"""

import numpy as np

from minunet.backend import Array
from minunet.layers.shapes import check_dy, check_same_dtype


def dropout_mask(
    shape: tuple[int, ...], rate: float, rng: np.random.Generator, dtype: str | np.dtype = "float32"
) -> np.ndarray:
    """A mask for `dropout`, (N, H, W, C). Raises ValueError for a rate that is not at least 0 and below 1."""
    if not 0 <= rate < 1:
        raise ValueError(f"a dropout rate is at least 0 and below 1, not {rate}")
    return ((rng.random(shape) >= rate) / (1 - rate)).astype(dtype)


def dropout(x: Array, mask: Array) -> tuple[Array, Array]:
    """y = x * mask, of the shape of x (any shape), and the cache for `dropout_backward`."""
    if x.shape != mask.shape:
        raise ValueError(f"mask must have the shape of x, {x.shape}, not {mask.shape}")
    check_same_dtype(x, "mask", mask)
    return x * mask, mask


def dropout_backward(dy: Array, cache: Array) -> Array:
    """dx = dy * mask; of the shape of dy."""
    check_dy(dy, cache.shape, cache.dtype)
    return dy * cache
