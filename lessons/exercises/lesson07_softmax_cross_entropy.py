"""Exercises of lesson 7: softmax, cross-entropy, soft Dice. Check yours with `python -m lessons.check 7`, or `7.2`.

Everywhere: logits (..., K), floating point, one row of K classes per pixel, for a batch of images (N, H, W, K);
labels (...), integers 0 to K-1, of the shape of logits without the last axis. There can be any number of axes before
the last. Logits may be as large as 10,000 and as small as -10,000, both in one call. Use NumPy only.
"""

import numpy as np


def softmax(logits: np.ndarray) -> np.ndarray:
    """7.1 (easy): the probabilities over the last axis, of the shape and the type (float32, float64) of logits.

    probs[..., k] = exp(logits[..., k]) / sum over l of exp(logits[..., l])

    Subtract the largest logit of each row first, so that no exp overflows.
    """
    raise NotImplementedError("lesson 7, exercise 1: softmax")


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """7.2 (medium): the mean over all pixels of -log(probability of the true class), one number.

    Exact for every finite logit, also where the probability itself would be rounded to 0: log-sum-exp.
    """
    raise NotImplementedError("lesson 7, exercise 2: cross_entropy")


def cross_entropy_backward(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """7.3 (medium): dlogits, the gradient of 7.2, of the shape and the type (float32, float64) of logits.

    The labels are integers: make their one-hot code yourself.
    """
    raise NotImplementedError("lesson 7, exercise 3: cross_entropy_backward")


def weighted_cross_entropy(
    logits: np.ndarray, labels: np.ndarray, class_weight: np.ndarray, ignore_index: int
) -> tuple[float, np.ndarray]:
    """7.4 (hard): the weighted mean of the cross-entropy, one number, and its gradient dlogits, of the shape of logits.

    A pixel has the weight w = class_weight[label], with class_weight (K,), all at least 0; w = 0 where the label is
    ignore_index, whatever number that is: 255, -1, or one of the classes. All other labels are 0 to K-1. A label equal
    to ignore_index need not be a class: replace it before it is used as an index.

        loss = sum(w * loss of the pixel) / sum(w)

    If the weights sum to 0, the loss is 0 and dlogits is 0 everywhere.
    """
    raise NotImplementedError("lesson 7, exercise 4: weighted_cross_entropy")


def seam_weights(instances: np.ndarray, w0: float, sigma: float) -> np.ndarray:
    """7.5 (medium): how much more each pixel counts because it lies between two objects, (H, W) float64.

    instances (H, W) are integers: 0 is background, every other number an object; numbers may be missing (1, 2, 5). With
    d1 and d2 the distances to the nearest and to the second nearest object,

        w0 * exp(-(d1 + d2)**2 / (2 * sigma**2))    where instances is 0, and 0 inside objects

    The distance to an object is the straight one, sqrt(rows**2 + columns**2), to the nearest of the object's pixels,
    from centre to centre. With fewer than two objects all weights are 0. The pictures are small: brute force will do.
    """
    raise NotImplementedError("lesson 7, exercise 5: seam_weights")


def softmax_backward(dy: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """7.6 (medium): dlogits of 7.1, from dy (..., K), the gradient of the probabilities, and probs (..., K) themselves.

    Without making a K x K matrix for each pixel.
    """
    raise NotImplementedError("lesson 7, exercise 6: softmax_backward")


def soft_dice(logits: np.ndarray, labels: np.ndarray, weights: np.ndarray, smooth: float) -> float:
    """7.7 (medium): the mean over all samples and classes of 1 - D, one number.

    logits are (N, H, W, K) here, labels and weights (N, H, W); weights are at least 0, and 0 where a pixel is ignored.
    With probs, the softmax of logits, and truth, 1 for the class of the label and 0 for all others, each sample has
    for each class, sums over its own pixels,

        D = (2 * sum(weights * probs * truth) + smooth)
            / (sum(weights * probs**2) + sum(weights * truth**2) + smooth)

    and smooth is larger than 0.
    """
    raise NotImplementedError("lesson 7, exercise 7: soft_dice")


def soft_dice_backward(logits: np.ndarray, labels: np.ndarray, weights: np.ndarray, smooth: float) -> np.ndarray:
    """7.8 (hard): dlogits, the gradient of 7.7, of the shape and the type (float32, float64) of logits.

    By the quotient rule to the probabilities, then through softmax: 7.6.
    """
    raise NotImplementedError("lesson 7, exercise 8: soft_dice_backward")
