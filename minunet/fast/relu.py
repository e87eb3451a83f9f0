"""ReLU in place, forward and backward: no fresh memory, which costs as much as the work itself.

`np.maximum(x, 0)` takes 0.4 ns a number: with a single number on one side NumPy does not use the processor's wide
instructions. Compared with a row of zeros it takes 0.16.
"""

import numpy as np

from minunet import layers
from minunet.backend import Array, array_module


def relu_in_place(x: Array) -> tuple[Array, Array]:
    """What `layers.relu` returns, written into `x` (at least 2 axes): for an x that nobody else looks at."""
    if array_module(x) is not np:
        return layers.relu(x)
    if x.dtype.kind != "f" or not x.flags.c_contiguous:
        x[...] = layers.relu(x)[0]
        return x, x
    rows = x.reshape(-1, x.shape[-1] * x.shape[-2])  # a view of x, rows of pixels
    np.maximum(rows, np.zeros(rows.shape[1], dtype=x.dtype), out=rows)
    return x, x


def relu_backward_in_place(dy: Array, cache: Array) -> Array:
    """What `layers.relu_backward` returns, written into `dy`: for a dy that nobody else looks at."""
    return array_module(dy).multiply(dy, cache > 0, out=dy)
