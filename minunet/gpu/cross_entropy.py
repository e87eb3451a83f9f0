"""Softmax with cross-entropy on a GPU: the loss and its gradient in one pass over the logits, see cross_entropy.cu."""

from typing import Any

from minunet import layers
from minunet.backend import Array, array_module
from minunet.gpu.kernels import THREADS, launch, serves
from minunet.layers.cross_entropy import pixel_weights


def softmax_cross_entropy(
    logits: Array, labels: Array, *, total_weight: Array | None = None, **weights: Any
) -> tuple[Array, tuple]:
    """What `layers.softmax_cross_entropy` returns, with the same arguments; the cache is the gradient.

    A label that is no class makes the loss NaN: to raise an error, the CPU would have to wait for the GPU.
    """
    if not serves(logits) or labels.shape != logits.shape[:-1]:
        return layers.softmax_cross_entropy(logits, labels, total_weight=total_weight, **weights)
    xp, classes = array_module(logits), logits.shape[-1]
    of_pixels = pixel_weights(labels, classes, **weights)  # (N, H, W) float64
    total = of_pixels.sum() if total_weight is None else xp.asarray(total_weight, dtype="float64")
    logits, dlogits = xp.ascontiguousarray(logits), xp.empty(logits.shape, logits.dtype)
    loss = xp.empty(labels.shape, logits.dtype)
    arrays = logits, xp.ascontiguousarray(labels.astype("int32")), of_pixels, total, loss, dlogits
    launch("cross_entropy", "softmax_cross_entropy", -(-loss.size // THREADS), 1, *arrays, loss.size, classes)
    return loss.sum(), (dlogits,)


def softmax_cross_entropy_backward(cache: tuple) -> Array:
    """dlogits (N, H, W, K)."""
    return cache[0] if len(cache) == 1 else layers.softmax_cross_entropy_backward(cache)
