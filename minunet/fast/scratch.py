"""Memory for intermediate results that is used again, a piece for each thread and purpose.

A fresh array of megabytes costs twice: the system hands out its pages one by one, each filled with zeros, and the cache
has never seen them. Here the second call gets the memory of the first, warm.
"""

import math
import threading

import numpy as np

_mine = threading.local()  # each thread sees its own attributes, so threads never share a piece


def scratch(name: str, shape: tuple[int, ...], dtype: str | np.dtype = "float32") -> np.ndarray:
    """An array of `shape` with anything in it. The next call with this name, in this thread, overwrites it."""
    needed = math.prod(shape) * np.dtype(dtype).itemsize
    piece = _mine.__dict__.get(name)
    if piece is None or piece.nbytes < needed:
        piece = _mine.__dict__[name] = np.empty(needed, dtype="uint8")
    return piece[:needed].view(dtype).reshape(shape)
