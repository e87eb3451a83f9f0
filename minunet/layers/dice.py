"""Soft Dice: how well the predicted area of each class overlaps its true area, as a loss.

The Dice coefficient of two sets is twice their overlap divided by the sum of their sizes. With probabilities p instead
of a set, the truth g of 0 and 1, and a weight w of each pixel (0 for ignored ones), for each sample and each class

    D = (2 * sum(w * p * g) + smooth) / (sum(w * p**2) + sum(w * g**2) + smooth)

where the sums run over the pixels of the sample. The loss of a sample is the mean of 1 - D over all classes, so that a
class of few pixels counts as much as one of many; the loss of a batch is the mean over its samples. Milletari, Navab
and Ahmadi, "V-Net" (2016), section 3; with two classes and without `smooth`.

Backward, call the fraction top / bottom. One p is in both: d top / dp = 2 w g, and d bottom / dp = 2 w p. So

    dD/dp = (2 w g * bottom - top * 2 w p) / bottom**2        the quotient rule
          = 2 w * (g - D * p) / bottom                        as top / bottom = D

and from the probabilities `softmax_backward` goes on to the logits.

`smooth` answers for a class that is neither there nor predicted, 0 / 0 without it: D is 1, nothing is wrong. Where a
class is not there but predicted, D = smooth / (sum(w * p**2) + smooth). Then the slope with respect to the root of that
sum is at most 0.65 / sqrt(smooth): 0.65 with 1, which counts like half a pixel that is right, but 205 with 1e-5.
"""

from collections.abc import Callable

from minunet.backend import Array, array_module
from minunet.layers.cross_entropy import pixel_weights
from minunet.layers.shapes import check_image
from minunet.layers.softmax import softmax, softmax_backward


def soft_dice(
    logits: Array,
    labels: Array,
    *,
    pixel_weight: Array | None = None,
    ignore_index: int | None = None,
    total_samples: int | None = None,
    smooth: float = 1.0,
    softmax_of: Callable[[Array], tuple[Array, Array]] = softmax,
) -> tuple[Array, tuple]:
    """The mean of 1 - D over all samples and classes.

    Args:
        logits: (N, H, W, K).
        labels: integers 0 to K-1, (N, H, W).
        pixel_weight: (N, H, W), how much each pixel counts in all sums; None means 1 for each. There is no
            class_weight: every class has the same share of the loss already.
        ignore_index: pixels with this label, which may lie outside 0 to K-1, count in no sum.
        total_samples: divide by this instead of by N. So the loss of a batch can be summed up from its parts.
        smooth: above and below the fraction, in pixels of weight 1; see above.
        softmax_of: a function like `softmax`; the quick network gives its own.

    Returns:
        loss, one number, and the cache for `soft_dice_backward`. A sample in which no pixel counts has the loss 0.

    Raises:
        ValueError: shapes that do not go together, or labels outside 0 to K-1.
        TypeError: integer logits.
    """
    check_image(logits, "logits")
    if labels.shape != logits.shape[:-1]:
        raise ValueError(f"labels must have the shape {logits.shape[:-1]}, one for each pixel, not {labels.shape}")
    batch, _, _, classes = logits.shape
    weights = pixel_weights(labels, classes, pixel_weight=pixel_weight, ignore_index=ignore_index)
    weights = weights.astype(logits.real.dtype).reshape(batch, 1, -1)  # (N, 1, H*W)
    probs, _ = softmax_of(logits.reshape(batch, -1, classes))  # (N, H*W, K)
    # (N, H*W, K), the one-hot code; of an ignored label that is no class, all 0
    truth = array_module(logits).arange(classes) == labels.reshape(batch, -1, 1)

    # (N, 1, H*W) @ (N, H*W, K) -> (N, 1, K)
    top = 2 * (weights @ (probs * truth)) + smooth
    bottom = weights @ (probs * probs + truth) + smooth  # 0 and 1 are their own squares
    dice = top / bottom
    share = 1 / (classes * (batch if total_samples is None else total_samples))
    return share * (1 - dice).sum(), (probs, truth, weights, dice, 2 * share / bottom, logits.shape)


def soft_dice_backward(cache: tuple) -> Array:
    """dlogits (N, H, W, K), by dprobs = 2 * share * w * (D * p - g) / bottom, where share is 1 / (K * N)."""
    probs, truth, weights, dice, scale, shape = cache
    dprobs = scale * (dice * probs - truth) * weights.swapaxes(1, 2)  # (N, 1, K), (N, H*W, K), (N, H*W, 1)
    return softmax_backward(dprobs, probs).reshape(shape)
