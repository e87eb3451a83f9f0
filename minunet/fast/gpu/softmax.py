"""Softmax with cross-entropy on a GPU: the loss and its gradient in one pass over the logits, see softmax.cu."""

from __future__ import annotations

from minunet.backend import Array, array_module
from minunet.fast.gpu.kernels import THREADS, launch


def loss_and_dlogits(logits: Array, labels: Array, weights: Array, total: Array) -> tuple[Array, Array]:
    """The loss of all pixels, one number, and dlogits (P, K), for logits (P, K) float32, C-contiguous.

    labels and weights have one number a pixel; `total` is what the weights of the whole batch add up to. A label that
    is no class makes the loss NaN.
    """
    xp = array_module(logits)
    pixels, classes = logits.shape
    loss, dlogits = xp.empty(pixels, logits.dtype), xp.empty_like(logits)
    arrays = logits, labels.astype("int32"), weights.astype("float64"), total.astype("float64"), loss, dlogits
    launch("softmax", "softmax_cross_entropy", -(-pixels // THREADS), 1, *arrays, pixels, classes)
    return loss.sum(), dlogits
