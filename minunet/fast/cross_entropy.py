"""Softmax with cross-entropy: the plain layer with quicker exponentials on a CPU, one kernel on a GPU."""

from typing import Any

import numpy as np

from minunet import layers
from minunet.backend import Array, array_module
from minunet.fast.softmax import shifted_exponentials
from minunet.gpu import cross_entropy as gpu


def softmax_cross_entropy(logits: Array, labels: Array, **weights: Any) -> tuple[Array, tuple]:
    """What `layers.softmax_cross_entropy` returns, for the same labels, weights and errors; another cache on a GPU."""
    if array_module(logits) is not np:
        return gpu.softmax_cross_entropy(logits, labels, **weights)
    return layers.softmax_cross_entropy(logits, labels, **weights, exponentials_of=shifted_exponentials)


def softmax_cross_entropy_backward(cache: tuple) -> Array:
    """What `layers.softmax_cross_entropy_backward` returns."""
    owner = layers if array_module(cache[0]) is np else gpu
    return owner.softmax_cross_entropy_backward(cache)
