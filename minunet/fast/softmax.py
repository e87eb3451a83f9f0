"""Softmax of a few classes: class by class, and the sum as a matrix product.

`max(axis=-1)` and `sum(axis=-1)` are slow over many short rows: 64 x 64 pixels of 3 classes take 0.25 ms, and 0.05 like
this. Of 64 classes both take 0.56, of 150 the plain way 0.86 and this 1.12.
"""

from functools import reduce

import numpy as np

from minunet import layers
from minunet.backend import Array, array_module
from minunet.layers.shapes import check_floating
from minunet.layers.softmax import shifted_exponentials as plain_exponentials

FEW = 64  # classes


def softmax(logits: Array) -> tuple[Array, Array]:
    """What `layers.softmax` returns, for prediction; its backward pass is `layers.softmax_backward`."""
    if array_module(logits) is not np:
        return layers.softmax(logits)
    check_floating(logits, "logits")
    exponentials, total, _ = shifted_exponentials(logits)
    probs = exponentials / total
    return probs, probs


def shifted_exponentials(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """exp(shifted), its sum over the last axis (kept as an axis of 1), and shifted = logits - their largest."""
    if logits.shape[-1] > FEW:
        return plain_exponentials(logits)
    largest = reduce(np.maximum, (logits.real[..., k] for k in range(logits.shape[-1])))
    shifted = logits - largest[..., None]
    exponentials = np.exp(shifted)
    return exponentials, exponentials @ np.ones((logits.shape[-1], 1), dtype=logits.dtype), shifted
