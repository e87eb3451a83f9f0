"""Lesson 7: the mistakes that the checker knows about soft Dice and its gradient."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lessons.check.exercise import Exercise, Mistake
from lessons.check.lesson07_cases import dice_cases, right_dice, right_dice_gradient
from lessons.check.lesson07_softmax import SOFTMAX, SOFTMAX_BACKWARD, one_shift, unshifted
from minunet import layers

OF_A_SAMPLE = (1, 2)


@dataclass(frozen=True)
class Dice:
    """What the mistakes are made of: p and g (N, H, W, K), w (N, H, W, 1); sums and D (N, 1, 1, K)."""

    logits: np.ndarray
    labels: np.ndarray
    p: np.ndarray
    g: np.ndarray
    w: np.ndarray
    smooth: float

    def sum(self, terms: np.ndarray, axis: tuple[int, ...] = OF_A_SAMPLE) -> np.ndarray:
        return np.broadcast_to(terms, self.p.shape).sum(axis=axis, keepdims=True)

    @property
    def top(self) -> np.ndarray:
        return 2 * self.sum(self.w * self.p * self.g) + self.smooth

    @property
    def bottom(self) -> np.ndarray:
        return self.sum(self.w * (self.p**2 + self.g)) + self.smooth

    @property
    def d(self) -> np.ndarray:
        return self.top / self.bottom

    def dprobs(self, scale: float = 2.0) -> np.ndarray:
        return scale * self.w * (self.d * self.p - self.g) / self.bottom / self.d.size


def _of(
    how: Callable[[Dice], np.ndarray], softmax: Callable[[np.ndarray], np.ndarray] = lambda z: layers.softmax(z)[0]
) -> Callable[..., np.ndarray]:
    def wrong(logits, labels, weights, smooth):
        truth = (np.arange(logits.shape[-1]) == labels[..., None]).astype(logits.dtype)
        return how(Dice(logits, labels, softmax(logits), truth, weights[..., None], smooth))

    return wrong


def _loss(how: Callable[[Dice], np.ndarray], **options) -> Callable[..., np.ndarray]:
    """The mean of 1 - `how`."""
    return _of(lambda c: (1 - how(c)).mean(), **options)


def _through_softmax(how: Callable[[Dice], np.ndarray], **options) -> Callable[..., np.ndarray]:
    """`how` is dprobs."""
    return _of(lambda c: layers.softmax_backward(how(c), c.p), **options)


def _summed_over(axis: tuple[int, ...]) -> Callable[[Dice], np.ndarray]:
    """D of other sums."""
    return lambda c: (2 * c.sum(c.w * c.p * c.g, axis) + c.smooth) / (c.sum(c.w * (c.p**2 + c.g), axis) + c.smooth)


def _ratio(top: Callable[[Dice], np.ndarray], bottom: Callable[[Dice], np.ndarray]) -> Callable[[Dice], np.ndarray]:
    """D of other terms, summed as they should be."""
    return lambda c: (c.sum(top(c)) + c.smooth) / (c.sum(bottom(c)) + c.smooth)


def _without_absent(c: Dice) -> np.ndarray:
    """The mean over the classes that are there, of each sample."""
    there = (c.sum(c.w * c.g) > 0).astype("float64")
    return ((1 - c.d) * there).sum(axis=-1) / there.sum(axis=-1)


LOSS_MISTAKES = (
    Mistake("loss", "this is the mean of D; the loss is the mean of 1 - D.", _of(lambda c: c.d.mean())),
    Mistake("loss", "this is minus the mean of D; the loss is the mean of 1 - D.", _of(lambda c: -c.d.mean())),
    Mistake(
        "loss",
        "this is the sum of 1 - D; take the mean, over samples and classes.",
        _of(lambda c: (1 - c.d).sum()),
    ),
    Mistake(
        "loss",
        "1 - D is summed over the classes; take the mean over samples and classes.",
        _of(lambda c: (1 - c.d).sum() / len(c.p)),
    ),
    Mistake(
        "loss",
        "1 - D is summed over the samples; take the mean over samples and classes.",
        _of(lambda c: (1 - c.d).sum() / c.p.shape[-1]),
    ),
    Mistake(
        "loss",
        "the sums run over the samples as well, so that samples meet; each has its own D: axis=(1, 2).",
        _loss(_summed_over((0, 1, 2))),
    ),
    Mistake(
        "loss",
        "the sums run over the classes as well, so that a class of few pixels hardly counts; each has its own D: "
        "axis=(1, 2).",
        _loss(_summed_over((1, 2, 3))),
    ),
    Mistake(
        "loss",
        "the sums run over the whole array; each sample and each class has its own D: axis=(1, 2).",
        _loss(_summed_over((0, 1, 2, 3))),
    ),
    Mistake(
        "loss",
        "the sums run over the columns and the classes, axis 2 and 3; a sample's pixels are axis 1 and 2.",
        _loss(_summed_over((2, 3))),
    ),
    Mistake(
        "loss",
        "the bottom holds the sum of probs; here it is that of probs**2.",
        _loss(_ratio(lambda c: 2 * c.w * c.p * c.g, lambda c: c.w * (c.p + c.g))),
    ),
    Mistake(
        "loss",
        "the bottom holds the square of a sum; square each probability first, then sum.",
        _loss(lambda c: c.top / (c.sum(c.w * c.p) ** 2 + c.sum(c.w * c.g) ** 2 + c.smooth)),
    ),
    Mistake(
        "loss",
        "the factor 2 above the fraction is missing.",
        _loss(_ratio(lambda c: c.w * c.p * c.g, lambda c: c.w * (c.p**2 + c.g))),
    ),
    Mistake(
        "loss",
        "the overlap is subtracted below the fraction: that is IoU. Here it is the sum of the two areas.",
        _loss(_ratio(lambda c: c.w * c.p * c.g, lambda c: c.w * (c.p**2 + c.g - c.p * c.g))),
    ),
    Mistake(
        "loss",
        "smooth is missing: a class that is neither there nor predicted would give 0 / 0.",
        _loss(lambda c: (c.top - c.smooth) / (c.bottom - c.smooth)),
    ),
    Mistake(
        "loss",
        "smooth is missing above the fraction: without it D is 0 for a class that is rightly not predicted.",
        _loss(lambda c: (c.top - c.smooth) / c.bottom),
    ),
    Mistake("loss", "smooth is missing below the fraction.", _loss(lambda c: c.top / (c.bottom - c.smooth))),
    Mistake(
        "loss",
        "smooth is doubled above the fraction: 2 * (overlap + smooth). It is 2 * overlap + smooth.",
        _loss(lambda c: (c.top + c.smooth) / c.bottom),
    ),
    Mistake(
        "loss",
        "the weights have no effect on your loss.",
        _loss(_ratio(lambda c: 2 * c.p * c.g, lambda c: c.p**2 + c.g)),
    ),
    Mistake(
        "loss",
        "the weights count above the fraction only; they belong into every sum.",
        _loss(_ratio(lambda c: 2 * c.w * c.p * c.g, lambda c: c.p**2 + c.g)),
    ),
    Mistake(
        "loss",
        "the weights count below the fraction only; they belong into every sum.",
        _loss(_ratio(lambda c: 2 * c.p * c.g, lambda c: c.w * (c.p**2 + c.g))),
    ),
    Mistake(
        "loss",
        "the sum of truth goes without weights; they belong into every sum.",
        _loss(_ratio(lambda c: 2 * c.w * c.p * c.g, lambda c: c.w * c.p**2 + c.g)),
    ),
    Mistake(
        "loss",
        "the weights are squared with what they stand before: weights * probs**2, not (weights * probs)**2.",
        _loss(_ratio(lambda c: 2 * c.w**2 * c.p * c.g, lambda c: c.w**2 * (c.p**2 + c.g))),
    ),
    Mistake(
        "loss",
        "the weights are squared with what they stand before: weights * probs**2, not (weights * probs)**2.",
        _loss(_ratio(lambda c: 2 * c.w * c.p * c.g, lambda c: c.w**2 * (c.p**2 + c.g))),
    ),
    Mistake(
        "loss",
        "the first class is left out of the mean; background is a class, too.",
        _of(lambda c: (1 - c.d)[..., 1:].mean()),
    ),
    Mistake(
        "loss",
        "classes that are not there are left out of the mean. They count: to predict them is wrong as well.",
        _of(lambda c: _without_absent(c).mean()),
    ),
    Mistake(
        "loss",
        "the labels themselves are multiplied; make their one-hot code: np.arange(K) == labels[..., None].",
        _loss(
            _ratio(lambda c: 2 * c.w * c.p * c.labels[..., None], lambda c: c.w * (c.p**2 + c.labels[..., None] ** 2))
        ),
    ),
    Mistake(
        "loss",
        "the logits go into the sums as they are; softmax comes first.",
        _loss(lambda c: c.d, softmax=lambda z: z),
    ),
    Mistake(
        "loss",
        "the prediction is made sure first, by argmax: then nothing could be learned from it. Use the probabilities.",
        _loss(lambda c: c.d, softmax=lambda z: (np.arange(z.shape[-1]) == z.argmax(axis=-1)[..., None]) * 1.0),
    ),
    Mistake(
        "loss",
        "NaN: exp has overflowed. Subtract each row's own largest logit; if you call your softmax, is 7.1 done?",
        _loss(lambda c: c.d, softmax=unshifted),
    ),
    Mistake(
        "loss",
        "NaN: the largest logit of the whole array is subtracted, and in rows far below it every exp is 0. Each row "
        "needs its own.",
        _loss(lambda c: c.d, softmax=one_shift),
    ),
    Mistake("loss", "this is the mean of -log D; the loss is that of 1 - D.", _of(lambda c: -np.log(c.d).mean())),
)


GRADIENT_MISTAKES = (
    Mistake(
        "dlogits",
        "the numbers are right, but not of the type of logits: np.eye and np.zeros make float64. A comparison, "
        "np.arange(K) == labels[..., None], leaves float32 as it is.",
        right_dice_gradient,
    ),
    Mistake(
        "dlogits",
        "this is the gradient of the probabilities; it has to go back through softmax as well.",
        _of(lambda c: c.dprobs()),
    ),
    Mistake(
        "dlogits",
        "this is the gradient of D; the loss is 1 - D, which turns its sign.",
        lambda **c: -right_dice_gradient(**c),
    ),
    Mistake(
        "dlogits",
        "the bottom is held constant. It holds probs**2, so the quotient rule has a second part: -top * 2 * weights * "
        "probs / bottom**2.",
        _through_softmax(lambda c: -2 * c.w * c.g / c.bottom / c.d.size),
    ),
    Mistake(
        "dlogits",
        "the top is held constant. It holds probs, so the quotient rule has a first part: 2 * weights * truth / "
        "bottom.",
        _through_softmax(lambda c: 2 * c.w * c.d * c.p / c.bottom / c.d.size),
    ),
    Mistake(
        "dlogits",
        "the second part of the quotient rule is added; it is subtracted.",
        _through_softmax(lambda c: -2 * c.w * (c.g + c.d * c.p) / c.bottom / c.d.size),
    ),
    Mistake(
        "dlogits",
        "this is the gradient with the sum of probs below the fraction. The derivative of probs**2 is 2 * probs.",
        _through_softmax(lambda c: c.w * (c.d - 2 * c.g) / c.bottom / c.d.size),
    ),
    Mistake(
        "dlogits",
        "the derivative of probs**2 is 2 * probs, not probs.",
        _through_softmax(lambda c: c.w * (c.d * c.p - 2 * c.g) / c.bottom / c.d.size),
    ),
    Mistake(
        "dlogits",
        "the factor 2 of the top is missing in its derivative.",
        _through_softmax(lambda c: c.w * (2 * c.d * c.p - c.g) / c.bottom / c.d.size),
    ),
    Mistake("dlogits", "the factor 2 is missing.", _through_softmax(lambda c: c.dprobs(1.0))),
    Mistake(
        "dlogits",
        "the division by the number of samples and classes is missing: the loss is a mean over both.",
        lambda **c: right_dice_gradient(**c) * len(c["logits"]) * c["logits"].shape[-1],
    ),
    Mistake(
        "dlogits",
        "the division by the number of classes is missing: the loss is a mean over samples and classes.",
        lambda **c: right_dice_gradient(**c) * c["logits"].shape[-1],
    ),
    Mistake(
        "dlogits",
        "the division by the number of samples is missing: the loss is a mean over samples and classes.",
        lambda **c: right_dice_gradient(**c) * len(c["logits"]),
    ),
    Mistake(
        "dlogits",
        "your dlogits is divided by the number of all pixels, too; the mean of D is over samples and classes only.",
        lambda **c: right_dice_gradient(**c) / c["labels"][0].size,
    ),
    Mistake(
        "dlogits",
        "the weights of the pixels are missing before the bracket: each pixel's gradient has its weight as a factor.",
        _through_softmax(lambda c: 2 * (c.d * c.p - c.g) / c.bottom / c.d.size),
    ),
    Mistake(
        "dlogits",
        "the weights have no effect on your dlogits.",
        lambda logits, labels, weights, smooth: right_dice_gradient(logits, labels, np.ones_like(weights), smooth),
    ),
    Mistake(
        "dlogits",
        "a division by the bottom is missing: the quotient rule has bottom**2 below, or with D in the bracket, bottom.",
        _through_softmax(lambda c: 2 * c.w * (c.d * c.p - c.g) / c.d.size),
    ),
    Mistake(
        "dlogits",
        "it is divided by the bottom once too often: with D in the bracket one of the two is in D already.",
        _through_softmax(lambda c: 2 * c.w * (c.d * c.p - c.g) / c.bottom**2 / c.d.size),
    ),
    Mistake(
        "dlogits",
        "D is missing in the bracket: D * probs - truth.",
        _through_softmax(lambda c: 2 * c.w * (c.p - c.g) / c.bottom / c.d.size),
    ),
    Mistake(
        "dlogits",
        "smooth is missing in your dlogits.",
        lambda logits, labels, weights, smooth: right_dice_gradient(logits, labels, weights, 0),
    ),
    Mistake(
        "dlogits",
        "the sums run over the samples as well, so that samples meet; each has its own: axis=(1, 2), keepdims=True.",
        _through_softmax(
            lambda c: (
                2
                * c.w
                * (_summed_over((0, 1, 2))(c) * c.p - c.g)
                / (c.sum(c.w * (c.p**2 + c.g), (0, 1, 2)) + c.smooth)
                / c.p.shape[-1]
            )
        ),
    ),
    Mistake(
        "dlogits",
        "softmax's Jacobian is more than its diagonal: p (1 - p) leaves out that a logit lowers all other classes.",
        _of(lambda c: c.dprobs() * c.p * (1 - c.p)),
    ),
    Mistake(
        "dlogits",
        "this is the gradient of the cross-entropy, probs - truth.",
        _of(lambda c: c.w * (c.p - c.g) / c.w.sum()),
    ),
    Mistake(
        "dlogits",
        "NaN: exp has overflowed. Subtract each row's own largest logit; if you call your softmax, is 7.1 done?",
        _through_softmax(lambda c: c.dprobs(), softmax=unshifted),
    ),
)


EXERCISES = [
    Exercise("7.7", "soft_dice", dice_cases, right_dice, ("loss",), LOSS_MISTAKES, builds_on=(SOFTMAX,)),
    Exercise(
        "7.8",
        "soft_dice_backward",
        dice_cases,
        right_dice_gradient,
        ("dlogits",),
        GRADIENT_MISTAKES,
        float32=True,
        builds_on=(SOFTMAX, SOFTMAX_BACKWARD),
    ),
]
