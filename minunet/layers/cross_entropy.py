"""The loss: softmax, and the cross-entropy between its probabilities and the true class of every pixel.

    loss of a pixel = -log probs[label]          probs: see softmax.py

It takes the logarithm before the division, log-sum-exp: a probability that underflows to 0 never meets a log.
Goodfellow, Bengio and Courville, "Deep Learning" (2016), section 6.2.2.3.

The loss of a batch is the weighted mean over its pixels, as PyTorch defines it: with w = class_weight[label] *
pixel_weight, and w = 0 for ignored pixels,

    loss = sum(w * loss of the pixel) / sum(w)            dlogits = w / sum(w) * (probs - onehot(label))

Softmax and cross-entropy together have this simple gradient: what the network said minus what is true.
"""

from collections.abc import Callable

import numpy as np

from minunet.backend import Array, array_module
from minunet.layers.shapes import check_floating
from minunet.layers.softmax import shifted_exponentials


def softmax_cross_entropy(
    logits: Array,
    labels: Array,
    *,
    class_weight: Array | None = None,
    pixel_weight: Array | None = None,
    ignore_index: int | None = None,
    total_weight: Array | float | None = None,
    exponentials_of: Callable[[Array], tuple[Array, Array, Array]] = shifted_exponentials,
) -> tuple[Array, tuple]:
    """The weighted mean of the cross-entropy over all pixels.

    Args:
        logits: (..., K), for images (N, H, W, K).
        labels: integers 0 to K-1, of the shape of logits without the last axis, (N, H, W).
        class_weight: (K,), how much a pixel of each class counts; None means 1 for each.
        pixel_weight: of the shape of labels, how much each pixel counts; None means 1 for each.
        ignore_index: pixels with this label, which may lie outside 0 to K-1, do not count.
        total_weight: divide by this instead of by the sum of the weights of these pixels. So the loss of a batch can
            be summed up from its parts: see `pixel_weights`.
        exponentials_of: a function like `shifted_exponentials`; the quick network gives its own.

    Returns:
        loss, one number (0 if no pixel counts), and the cache for `softmax_cross_entropy_backward`.

    Raises:
        ValueError: shapes that do not go together, or labels outside 0 to K-1.
        TypeError: integer logits.
    """
    check_floating(logits, "logits")
    xp = array_module(logits)
    weights = pixel_weights(
        labels, logits.shape[-1], class_weight=class_weight, pixel_weight=pixel_weight, ignore_index=ignore_index
    )
    if labels.shape != logits.shape[:-1]:
        raise ValueError(
            f"labels must have the shape {logits.shape[:-1]}, one for each row of logits {logits.shape}, "
            f"but have {labels.shape}; the labels of a valid network are cropped to its output"
        )
    total = xp.asarray(weights.sum() if total_weight is None else total_weight)
    # With nothing to count there is 0 / 0; the honest answer for a mean of nothing that must not move a weight is 0.
    scale = weights / xp.where(total == 0, 1, total)  # (N, H, W), sums to 1 over the whole batch
    scale = scale.astype(logits.real.dtype)

    # (N, H, W, 1); an ignored label may not be an index, nor one on a GPU that is no class
    index = xp.where((weights == 0) | xp.isnan(weights), 0, labels)[..., None]
    exponentials, total_exponential, shifted = exponentials_of(logits)
    label_logit = xp.take_along_axis(shifted, index, axis=-1)  # (N, H, W, 1)
    loss = (scale * (xp.log(total_exponential) - label_logit)[..., 0]).sum()
    return loss, (exponentials / total_exponential, index, scale)


def softmax_cross_entropy_backward(cache: tuple) -> Array:
    """dlogits (N, H, W, K) = scale * (probs - onehot(label)), where scale is each pixel's share of the loss."""
    probs, index, scale = cache
    xp = array_module(probs)
    true_class = xp.arange(probs.shape[-1]) == index  # (N, H, W, K), the one-hot code of the label
    return (probs - true_class) * scale[..., None]


def pixel_weights(
    labels: Array,
    classes: int,
    *,
    class_weight: Array | None = None,
    pixel_weight: Array | None = None,
    ignore_index: int | None = None,
) -> Array:
    """How much each pixel counts, (N, H, W) float64: class_weight[label] * pixel_weight, and 0 for ignored pixels.

    Raises ValueError for labels that are no integers, or outside 0 to classes-1, and for weights of a wrong shape. On
    a GPU, whether a label is outside is not asked, as the CPU would have to wait for the answer: its weight is NaN, and
    so is the loss.
    """
    xp = array_module(labels)
    if labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be integers (class ids), but are {labels.dtype}")
    ignored = labels == ignore_index if ignore_index is not None else xp.zeros(labels.shape, dtype=bool)
    outside = ((labels < 0) | (labels >= classes)) & ~ignored
    if xp is np and outside.any():
        found = sorted({int(value) for value in xp.unique(labels[outside])})
        raise ValueError(f"labels must be 0 to {classes - 1} for {classes} classes, but {found[:10]} were found")
    weights = (~ignored).astype("float64")
    if class_weight is not None:
        class_weight = xp.asarray(class_weight, dtype="float64")
        if class_weight.shape != (classes,):
            raise ValueError(f"class_weight must have the shape ({classes},), not {class_weight.shape}")
        weights *= class_weight[xp.where(ignored | outside, 0, labels)]
    if pixel_weight is not None:
        if pixel_weight.shape != labels.shape:
            raise ValueError(f"pixel_weight must have the shape of labels {labels.shape}, not {pixel_weight.shape}")
        weights *= pixel_weight
    return weights if xp is np else xp.where(outside, np.nan, weights)
