"""Softmax: from logits to probabilities.

    probs[k] = exp(logits[k]) / sum over l of exp(logits[l])

Subtracting the largest logit first changes nothing in the quotient, and no exp can overflow any more.
Goodfellow, Bengio and Courville, "Deep Learning" (2016), section 4.1.
"""

from minunet.backend import Array, array_module
from minunet.layers.shapes import check_dy, check_floating


def softmax(logits: Array) -> tuple[Array, Array]:
    """Probabilities over the last axis (any shape), each row sums to 1; the cache for `softmax_backward` is probs."""
    check_floating(logits, "logits")
    exponentials, total, _ = shifted_exponentials(logits)
    probs = exponentials / total
    return probs, probs


def softmax_backward(dy: Array, cache: Array) -> Array:
    """dlogits = probs * (dy - sum(dy * probs)): raising one logit lowers the probabilities of all others."""
    probs = cache
    check_dy(dy, probs.shape, probs.dtype)
    return probs * (dy - (dy * probs).sum(axis=-1, keepdims=True))


def shifted_exponentials(logits: Array) -> tuple[Array, Array, Array]:
    """exp(shifted), its sum over the last axis (kept as an axis of 1), and shifted = logits - their largest."""
    shifted = logits - logits.real.max(axis=-1, keepdims=True)  # .real: complex numbers have no largest
    exponentials = array_module(logits).exp(shifted)
    return exponentials, exponentials.sum(axis=-1, keepdims=True), shifted
