"""Lesson 7: the mistakes that the checker knows about weighted cross-entropy."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lessons.check.exercise import Exercise, Mistake
from lessons.check.lesson07_cases import right_weighted, weighted_cases
from lessons.check.lesson07_loss import losses, probs_and_onehot
from lessons.check.lesson07_softmax import unshifted


def _weights(labels, class_weight, ignore_index):
    counted = labels != ignore_index
    return class_weight[np.where(counted, labels, 0)] * counted


@dataclass(frozen=True)
class Pixels:
    """What the mistakes of 7.4 are made of; everything but `logits` and `class_weight` has the shape of labels."""

    logits: np.ndarray
    class_weight: np.ndarray
    counted: np.ndarray  # 0 for ignored pixels, 1 for all others
    of_class: np.ndarray  # class_weight of the label, as if nothing were ignored
    weight: np.ndarray  # the right weight


def _weighted(how: Callable[[Pixels], tuple[np.ndarray, float]], index: Callable[..., np.ndarray] | None = None):
    """The loss and the gradient with other weights and another divisor, `how` of the pixels.

    `index` of labels and ignore_index says which class each pixel is taken for; without it the label, and class 0 for
    those that are ignored.
    """

    def both(logits, labels, class_weight, ignore_index):
        counted = labels != ignore_index
        classes = np.where(counted, labels, 0) if index is None else index(labels, ignore_index)
        of_class = class_weight[classes]
        weights, total = how(Pixels(logits, class_weight, counted * 1.0, of_class, of_class * counted))
        probs, onehot = probs_and_onehot(logits, classes)
        share = weights / np.float64(total)  # a number of NumPy, so that 0 / 0 is NaN
        return (share * losses(logits, classes)).sum(), share[..., None] * (probs - onehot)

    return both


def _both(how: Callable[..., tuple], sentence: str) -> tuple[Mistake, Mistake]:
    """One mistake, as it shows in each output."""
    return (
        Mistake("loss", sentence.format(output="loss"), lambda **c: how(**c)[0]),
        Mistake("dlogits", sentence.format(output="dlogits"), lambda **c: how(**c)[1]),
    )


def _overflowing(logits, labels, class_weight, ignore_index):
    """Both outputs without a shift."""
    weights, index = _weights(labels, class_weight, ignore_index), np.where(labels == ignore_index, 0, labels)
    share, probs = weights / weights.sum(), unshifted(logits)
    of_label = np.take_along_axis(probs, index[..., None], axis=-1)[..., 0]
    return (share * -np.log(of_label)).sum(), share[..., None] * (probs - probs_and_onehot(logits, index)[1])


def _channel_weights(logits, labels, class_weight, ignore_index):
    probs, onehot = probs_and_onehot(logits, np.where(labels == ignore_index, 0, labels))
    shown = (labels != ignore_index)[..., None]
    return class_weight * (probs - onehot) * shown / _weights(labels, class_weight, ignore_index).sum()


def _ignored_pushed_down(logits, labels, class_weight, ignore_index):
    """No one-hot code where nothing is true, and yet probs."""
    probs, onehot = probs_and_onehot(logits, labels)
    weights = np.where(labels == ignore_index, 1, _weights(labels, class_weight, ignore_index))
    return weights[..., None] * (probs - onehot) / _weights(labels, class_weight, ignore_index).sum()


def _an_ignored_class(labels, ignored):
    """The labels, if the one that is ignored is a class."""
    if not 0 <= ignored < 3:
        raise ValueError("this mistake is about a label that is a class")
    return labels


def _minus_one(labels, ignored):
    """The labels, if the one that is ignored is -1: an index for take_along_axis, and no one-hot code."""
    if ignored != -1:
        raise ValueError("this mistake is about the label -1")
    return labels


def _minus_one_of_three(labels, ignored):
    """As an index everywhere, that of the last class."""
    return _minus_one(labels, ignored) % 3


def _of_the_answer(pixels: Pixels) -> np.ndarray:
    """The weight of the class that the network finds most likely."""
    return pixels.class_weight[pixels.logits.argmax(axis=-1)] * pixels.counted


WEIGHTED_MISTAKES = (
    *_both(
        _weighted(lambda pixels: (pixels.weight, pixels.weight.sum())),
        "the weights sum to 0, and 0 / 0 is NaN: then the loss is 0, and so is dlogits.",
    ),
    *_both(
        _weighted(lambda pixels: (pixels.weight, pixels.weight.size)),
        "the sum is divided by the number of pixels; divide by the sum of their weights.",
    ),
    *_both(
        _weighted(lambda pixels: (pixels.weight, pixels.counted.sum())),
        "the sum is divided by the number of pixels that are not ignored; divide by the sum of their weights.",
    ),
    Mistake(
        "dlogits",
        "your dlogits is divided by the number of pixels once more: 7.3 has divided by it already. Multiply by "
        "labels.size, or work with probs - onehot.",
        lambda **c: right_weighted(**c)[1] / c["labels"].size,
    ),
    *_both(
        _weighted(lambda pixels: (pixels.weight, 1)),
        "the division by the sum of the weights is missing.",
    ),
    *_both(
        _weighted(lambda pixels: (pixels.counted, pixels.counted.sum())),
        "class_weight has no effect on your {output}.",
    ),
    *_both(
        _weighted(lambda pixels: (pixels.counted, pixels.weight.sum())),
        "the weights are in the divisor, but the pixels themselves are not multiplied by theirs.",
    ),
    *_both(
        _weighted(lambda pixels: (pixels.weight, pixels.of_class.sum())),
        "ignored pixels are left out above the fraction and counted below it: their weight is 0 in both sums.",
    ),
    *_both(
        _weighted(lambda pixels: (pixels.of_class, pixels.of_class.sum()), _an_ignored_class),
        "the pixels of the ignored class are counted: ignore_index may be one of the classes, too.",
    ),
    *_both(
        _weighted(lambda pixels: (pixels.of_class, pixels.of_class.sum())),
        "the ignored pixels are counted as class 0: a label that is no class needs an index, and the weight 0.",
    ),
    *_both(
        _weighted(lambda pixels: (pixels.of_class, pixels.of_class.sum()), _minus_one),
        "the ignored pixels are counted: the label -1 is an index for NumPy, that of the last class.",
    ),
    *_both(
        _weighted(lambda pixels: (pixels.of_class, pixels.of_class.sum()), _minus_one_of_three),
        "the ignored pixels are counted: the label -1 is an index for NumPy, that of the last class.",
    ),
    *_both(
        _weighted(lambda pixels: (_of_the_answer(pixels), _of_the_answer(pixels).sum())),
        "the weight is that of the class that the network finds most likely; it is that of the label.",
    ),
    *_both(
        _overflowing, "exp has overflowed, or a probability was rounded to 0: log-sum-exp, with the largest subtracted."
    ),
    Mistake(
        "dlogits",
        "class_weight is multiplied along the classes of dlogits; a pixel has one weight, class_weight[label], for all "
        "of its logits.",
        _channel_weights,
    ),
    Mistake(
        "dlogits",
        "ignored pixels still get a gradient: their onehot is 0, but probs is not. Multiply both by the weight 0.",
        _ignored_pushed_down,
    ),
    Mistake(
        "dlogits",
        "your dlogits is the truth minus the answer; it is the answer minus the truth.",
        lambda **c: -right_weighted(**c)[1],
    ),
    Mistake(
        "dlogits",
        "only the true class gets a gradient; each other class gets its probability.",
        lambda **c: np.where(np.arange(3) == c["labels"][..., None], right_weighted(**c)[1], 0),
    ),
)


EXERCISES = [
    Exercise("7.4", "weighted_cross_entropy", weighted_cases, right_weighted, ("loss", "dlogits"), WEIGHTED_MISTAKES),
]
