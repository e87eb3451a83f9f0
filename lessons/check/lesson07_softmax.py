"""Lesson 7: the mistakes that the checker knows about softmax and its backward pass."""

from collections.abc import Callable

import numpy as np

from lessons.check.exercise import Exercise, Mistake
from lessons.check.lesson07_cases import backward_cases, right_backward, softmax_cases
from minunet import layers


def _of_shifted(how: Callable[[np.ndarray], np.ndarray]) -> Callable[..., np.ndarray]:
    """exp by exp of rows from which their largest was subtracted, then `how`."""
    return lambda logits: how(np.exp(logits - logits.max(axis=-1, keepdims=True)))


def _over_axis(axis: int | tuple[int, ...] | None) -> Callable[..., np.ndarray]:
    def wrong(logits):
        exponentials = np.exp(logits - logits.max(axis=axis, keepdims=True))
        return exponentials / exponentials.sum(axis=axis, keepdims=True)

    return wrong


def unshifted(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)


def one_shift(logits):
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def _clipped(logits):
    return unshifted(np.clip(logits, -50, 50))


def _divided_by_largest(logits):
    return unshifted(logits / logits.max(axis=-1, keepdims=True))


SOFTMAX_MISTAKES = (
    Mistake(  # a right number is only refused for its type
        "probs",
        "the numbers are right, but not of the type of logits: np.zeros, for one, makes float64 unless you give it "
        "dtype=logits.dtype.",
        lambda logits: layers.softmax(logits)[0],
    ),
    Mistake(
        "probs",
        "exp has overflowed: inf / inf is NaN. Subtract from each row its largest logit first, the quotient stays.",
        unshifted,
    ),
    Mistake(
        "probs",
        "the largest logit of the whole array is subtracted: in a row that lies far below it every exp is 0, and 0 / 0 "
        "is NaN. Each row needs its own largest: axis=-1, keepdims=True.",
        one_shift,
    ),
    Mistake(
        "probs",
        "the sum runs over the whole array; each pixel has its own: axis=-1, keepdims=True.",
        _of_shifted(lambda e: e / e.sum()),
    ),
    Mistake("probs", "the sum runs over the whole array; each pixel has its own: axis=-1.", _over_axis(None)),
    Mistake("probs", "the sum runs over axis 0; the classes are the last axis, -1.", _over_axis(0)),
    Mistake("probs", "the sum runs over axis 1; the classes are the last axis, -1.", _over_axis(1)),
    Mistake("probs", "the division by the sum of the exponentials is missing.", _of_shifted(lambda e: e)),
    Mistake(
        "probs",
        "the logits are clipped: beyond the limit differences vanish. Subtract the largest logit of each row instead, "
        "which changes nothing in the quotient.",
        _clipped,
    ),
    Mistake(
        "probs",
        "the logits are divided by their largest. Subtract it: that cancels in the quotient, a division does not.",
        _divided_by_largest,
    ),
    Mistake(
        "probs",
        "this is a sigmoid for each class by itself; the classes of a pixel must share a sum of 1.",
        lambda logits: 1 / (1 + np.exp(-logits)),
    ),
    Mistake(
        "probs",
        "this is the logarithm of the probabilities.",
        _of_shifted(lambda e: np.log(e / e.sum(axis=-1, keepdims=True))),
    ),
    Mistake(
        "probs",
        "the logits themselves are divided by their sum; exp comes first, it makes them positive.",
        lambda logits: logits / logits.sum(axis=-1, keepdims=True),
    ),
    *(
        Mistake(
            "probs",
            "a small number is added to the sum, so the probabilities do not sum to 1. Without it nothing can go "
            "wrong: the largest logit of a row gives exp(0) = 1, so the sum is at least 1.",
            _of_shifted(lambda e, small=small: e / (e.sum(axis=-1, keepdims=True) + small)),
        )
        for small in (1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
    ),
)


BACKWARD_MISTAKES = (
    Mistake(
        "dlogits",
        "only the diagonal p (1 - p) of the Jacobian is used: raising a logit also lowers all other probabilities.",
        lambda dy, probs: dy * probs * (1 - probs),
    ),
    Mistake(
        "dlogits",
        "the factor probs before the bracket is missing.",
        lambda dy, probs: dy - (dy * probs).sum(axis=-1, keepdims=True),
    ),
    Mistake(
        "dlogits",
        "the sum is over dy alone; it is over dy * probs, the mean of dy as the probabilities weigh it.",
        lambda dy, probs: probs * (dy - dy.sum(axis=-1, keepdims=True)),
    ),
    Mistake(
        "dlogits",
        "the plain mean of dy is subtracted; it is the sum of dy * probs, the mean as the probabilities weigh it.",
        lambda dy, probs: probs * (dy - dy.mean(axis=-1, keepdims=True)),
    ),
    Mistake(
        "dlogits",
        "the mean of dy * probs over the classes is subtracted; it is the sum.",
        lambda dy, probs: probs * (dy - (dy * probs).mean(axis=-1, keepdims=True)),
    ),
    Mistake(
        "dlogits",
        "the sum runs over the whole array; each pixel has its own: axis=-1, keepdims=True.",
        lambda dy, probs: probs * (dy - (dy * probs).sum()),
    ),
    Mistake(
        "dlogits",
        "the sum runs over axis 0; the classes are the last axis, -1.",
        lambda dy, probs: probs * (dy - (dy * probs).sum(axis=0, keepdims=True)),
    ),
    Mistake(
        "dlogits",
        "the sum runs over axis 1; the classes are the last axis, -1.",
        lambda dy, probs: probs * (dy - (dy * probs).sum(axis=1, keepdims=True)),
    ),
    Mistake(
        "dlogits",
        "the second part of the Jacobian, -p p^T, is missing.",
        lambda dy, probs: probs * dy,
    ),
    Mistake(
        "dlogits",
        "this is the way back through log(softmax); here it is softmax alone: probs * (dy - sum of dy * probs).",
        lambda dy, probs: dy - probs * dy.sum(axis=-1, keepdims=True),
    ),
    Mistake(
        "dlogits",
        "the second part of the Jacobian is added; it is diag(p) minus p p^T.",
        lambda dy, probs: probs * (dy + (dy * probs).sum(axis=-1, keepdims=True)),
    ),
    Mistake(
        "dlogits",
        "softmax is taken of probs once more; probs is the answer of softmax already.",
        lambda dy, probs: layers.softmax_backward(dy, layers.softmax(probs)[0]),
    ),
    Mistake(
        "dlogits",
        "the sums of another row are subtracted: without keepdims=True the sums (..., M) lie along the classes.",
        lambda dy, probs: probs * (dy - (dy * probs).sum(axis=-1)),
    ),
    Mistake(
        "dlogits",
        "probs minus something is the gradient of softmax and cross-entropy together. Here is softmax alone: "
        "probs * (dy - sum of dy * probs).",
        lambda dy, probs: probs - dy,
    ),
)


SOFTMAX = Exercise(
    "7.1", "softmax", softmax_cases, lambda logits: layers.softmax(logits)[0], ("probs",), SOFTMAX_MISTAKES
)
SOFTMAX_BACKWARD = Exercise("7.6", "softmax_backward", backward_cases, right_backward, ("dlogits",), BACKWARD_MISTAKES)
EXERCISES = [SOFTMAX, SOFTMAX_BACKWARD]
