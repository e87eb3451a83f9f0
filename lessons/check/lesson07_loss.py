"""Lesson 7: the mistakes that the checker knows about cross-entropy and its gradient."""

from collections.abc import Callable

import numpy as np

from lessons.check.exercise import Exercise, Mistake
from lessons.check.lesson07_cases import loss_cases, right_gradient, right_loss
from lessons.check.lesson07_softmax import one_shift, unshifted
from minunet import layers

SMALL = (1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, *(np.finfo(t).eps for t in ("f4", "f8")))


def _probability(logits, labels):
    """Of the true class, (...)."""
    return np.take_along_axis(layers.softmax(logits)[0], labels[..., None], axis=-1)[..., 0]


def losses(logits, labels):
    """Of each pixel."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=-1)) - np.take_along_axis(shifted, labels[..., None], axis=-1)[..., 0]


def _naive_log_sum(logits, labels):
    of_label = np.take_along_axis(logits, labels[..., None], axis=-1)[..., 0]
    return (np.log(np.exp(logits).sum(axis=-1)) - of_label).mean()


def _log_of_naive_softmax(logits, labels):
    return -np.log(np.take_along_axis(unshifted(logits), labels[..., None], axis=-1)).mean()


def _one_shift_log_sum(logits, labels):
    return _naive_log_sum(logits - logits.max(), labels)


def _all_labels(logits, labels):
    """probs[..., labels]: the labels of all pixels, at every pixel."""
    return -np.log(layers.softmax(logits)[0][..., labels]).mean()


def _binary(logits, labels):
    """A yes-or-no loss for each class."""
    probs, onehot = layers.softmax(logits)[0], np.arange(logits.shape[-1]) == labels[..., None]
    return -np.log(np.where(onehot, probs, 1 - probs)).sum(axis=-1).mean()


LOSS_MISTAKES = (
    Mistake("loss", "your loss is the sum over the pixels; divide it by their number.", lambda **c: losses(**c).sum()),
    Mistake(
        "loss",
        "your loss is divided by the number of samples only; the mean is over all pixels, labels.size.",
        lambda logits, labels: losses(logits, labels).sum() / len(labels),
    ),
    Mistake(
        "loss",
        "your loss is divided by the number of classes as well: probably a .mean() over all of onehot * log(probs). "
        "Sum over the classes, then take the mean over the pixels.",
        lambda logits, labels: losses(logits, labels).mean() / logits.shape[-1],
    ),
    Mistake(
        "loss",
        "your loss has the logarithm to the base 2; the natural one, np.log, is meant.",
        lambda **c: losses(**c).mean() / np.log(2),
    ),
    Mistake("loss", "the logarithm is missing: -log(p), not -p or 1 - p.", lambda **c: -_probability(**c).mean()),
    Mistake("loss", "the logarithm is missing: -log(p), not -p or 1 - p.", lambda **c: 1 - _probability(**c).mean()),
    Mistake(
        "loss",
        "the logarithm is taken of the mean probability; take the mean of the logarithms.",
        lambda **c: -np.log(_probability(**c).mean()),
    ),
    Mistake(
        "loss",
        "a probability was rounded to 0 before its logarithm was taken, and log(0) is -inf. Take the logarithm before "
        "the division: log(sum of exp(shifted)) - shifted[label].",
        lambda **c: -np.log(_probability(**c)).mean(),
    ),
    Mistake(  # the same NaN with the largest logit of the whole array and without any: `one_shift`
        "loss",
        "NaN: either exp overflowed (inf / inf), or every exp of a row is 0 (0 / 0). Subtract each row's own largest "
        "logit; if you call your softmax, is 7.1 done?",
        _log_of_naive_softmax,
    ),
    Mistake(
        "loss",
        "exp has overflowed: subtract the largest logit of each row before exp, and from the true class's logit too.",
        _naive_log_sum,
    ),
    Mistake(
        "loss",
        "the largest logit of the whole array is subtracted: in a row far below it every exp is 0, and so is their "
        "sum. Each row needs its own largest.",
        _one_shift_log_sum,
    ),
    Mistake(
        "loss",
        "the largest logit is subtracted inside exp and not added back: either add it to the logarithm, or subtract it "
        "from the true class's logit as well.",
        lambda logits, labels: (losses(logits, labels) - logits.max(axis=-1)).mean(),
    ),
    Mistake(
        "loss",
        "probs[..., labels] takes, at every pixel, the labels of all pixels. Each pixel needs its own: "
        "np.take_along_axis(..., labels[..., None], axis=-1).",
        _all_labels,
    ),
    Mistake(
        "loss",
        "this is a yes-or-no loss for each class, with a log(1 - p) for the wrong ones. Softmax has settled those: "
        "only the true class's -log(p) counts.",
        _binary,
    ),
    Mistake(
        "loss",
        "softmax is applied twice, to probabilities once more.",
        lambda logits, labels: losses(layers.softmax(logits)[0], labels).mean(),
    ),
    Mistake(
        "loss",
        "this is the loss of the most likely class, whatever the label says.",
        lambda logits, labels: losses(logits, logits.argmax(axis=-1)).mean(),
    ),
    *(
        Mistake(
            "loss",
            "a small number keeps the probability away from 0, and with it the loss below about "
            f"{-np.log(small):.0f}, however wrong the network is. Take the logarithm before the division instead: "
            "log(sum of exp(shifted)) - shifted[label].",
            wrong,
        )
        for small in SMALL
        for wrong in (
            lambda small=small, **c: -np.log(_probability(**c) + small).mean(),
            lambda small=small, **c: -np.log(np.maximum(_probability(**c), small)).mean(),
            lambda small=small, **c: -np.log(np.clip(_probability(**c), small, 1 - small)).mean(),
        )
    ),
)


def probs_and_onehot(logits, labels):
    return layers.softmax(logits)[0], (np.arange(logits.shape[-1]) == labels[..., None]).astype(logits.dtype)


def _gradient(how: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """`how` of (probs, onehot), divided by the number of pixels."""
    return lambda logits, labels: how(*probs_and_onehot(logits, labels)) / labels.size


def _every_label_subtracted(logits, labels):
    """probs[..., labels] -= 1: at every pixel, each class that occurs anywhere."""
    probs = layers.softmax(logits)[0].copy()
    probs[..., labels] -= 1
    return probs / labels.size


GRADIENT_MISTAKES = (
    Mistake(
        "dlogits",
        "the numbers are right, but not of the type of logits: np.eye and np.zeros make float64. A comparison, "
        "np.arange(K) == labels[..., None], leaves float32 as it is.",
        right_gradient,
    ),
    Mistake(
        "dlogits",
        "the division by the number of pixels is missing: the loss is a mean.",
        lambda **c: right_gradient(**c) * c["labels"].size,
    ),
    Mistake(
        "dlogits",
        "your dlogits is divided by the number of samples only; the mean is over all pixels, labels.size.",
        lambda **c: right_gradient(**c) * c["labels"].size / len(c["labels"]),
    ),
    Mistake(
        "dlogits",
        "your dlogits is divided by the number of all logits; the mean is over the pixels, labels.size.",
        lambda **c: right_gradient(**c) / c["logits"].shape[-1],
    ),
    Mistake(
        "dlogits",
        "your dlogits is the truth minus the answer; it is the answer minus the truth, probs - onehot.",
        lambda **c: -right_gradient(**c),
    ),
    Mistake(
        "dlogits",
        "only the true class gets a gradient. The other classes share in the sum under the fraction: each gets its "
        "probability.",
        _gradient(lambda probs, onehot: (probs - 1) * onehot),
    ),
    Mistake(
        "dlogits",
        "the 1 is subtracted from every class; only from the true one.",
        _gradient(lambda probs, onehot: probs - 1),
    ),
    Mistake(
        "dlogits", "the 1 is not subtracted from the true class.", _gradient(lambda probs, onehot: probs + 0 * onehot)
    ),
    Mistake(
        "dlogits",
        "this is the gradient for the probabilities, -onehot / probs; it has to go back through softmax as well.",
        _gradient(lambda probs, onehot: -onehot / probs),
    ),
    Mistake(
        "dlogits",
        "-1 / p of the true class became infinite, and infinity times 0 is NaN. By hand p cancels: probs - onehot.",
        _gradient(lambda probs, onehot: layers.softmax_backward(-onehot / probs, probs)),
    ),
    Mistake(
        "dlogits",
        "softmax's Jacobian is more than its diagonal: p_i (1 - p_i) leaves out that a logit lowers all other classes.",
        _gradient(lambda probs, onehot: -onehot / probs * probs * (1 - probs)),
    ),
    Mistake(
        "dlogits",
        "softmax's Jacobian is applied to probs - onehot, which is behind softmax already.",
        _gradient(lambda probs, onehot: layers.softmax_backward(probs - onehot, probs)),
    ),
    Mistake(
        "dlogits",
        "probs[..., labels] means, at every pixel, the labels of all pixels. Each pixel needs its own one-hot code: "
        "np.arange(K) == labels[..., None].",
        _every_label_subtracted,
    ),
    Mistake(
        "dlogits",
        "the one-hot code is shifted by a class: labels count from 0.",
        lambda logits, labels: right_gradient(logits, (labels - 1) % logits.shape[-1]),
    ),
    Mistake(
        "dlogits",
        "exp has overflowed: subtract the largest logit of each row first.",
        lambda logits, labels: (unshifted(logits) - probs_and_onehot(logits, labels)[1]) / labels.size,
    ),
    Mistake(
        "dlogits",
        "the largest logit of the whole array is subtracted; each row needs its own.",
        lambda logits, labels: (one_shift(logits) - probs_and_onehot(logits, labels)[1]) / labels.size,
    ),
)


EXERCISES = [
    Exercise("7.2", "cross_entropy", loss_cases, right_loss, ("loss",), LOSS_MISTAKES),
    Exercise("7.3", "cross_entropy_backward", loss_cases, right_gradient, ("dlogits",), GRADIENT_MISTAKES),
]
