"""Lesson 7: what the checker knows about softmax, cross-entropy and the weight map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from lessons.check.exercise import Arguments, Exercise, Mistake
from minunet import instances as objects
from minunet import layers

# --- cases: small and plain, a batch of images, rows far from each other, float32 ------------------------------------


def softmax_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    yield {"logits": rng.standard_normal((2, 3))}
    yield {"logits": 2 * rng.standard_normal((2, 3, 4, 5))}
    yield {"logits": rng.standard_normal((2, 2, 3)) + 1e4 * _signs((2, 2, 1))}  # rows around 10,000 and -10,000
    yield {"logits": (30 * rng.standard_normal((4, 3)) + 100).astype("float32")}  # exp(89) is too large for float32
    yield {"logits": rng.standard_normal(4)}
    yield {"logits": np.concatenate([1000 * rng.standard_normal((3, 3)), [[1e4, -1e4, 0]]])}  # far apart in a row


def loss_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for shape in ((2, 3), (2, 3, 4, 5)):
        yield {"logits": 2 * rng.standard_normal(shape), "labels": rng.integers(0, shape[-1], shape[:-1])}
    logits = 1000 * rng.standard_normal((3, 4, 3))  # most probabilities are rounded to 0 or 1
    yield {"logits": logits, "labels": (logits.argmax(axis=-1) + rng.integers(0, 3, (3, 4))) % 3}
    logits = rng.standard_normal((4, 3)) + 1e4 * _signs((4, 1))
    yield {"logits": logits, "labels": rng.integers(0, 3, 4)}
    logits = (50 * rng.standard_normal((2, 4, 3)) + 100).astype("float32")
    yield {"logits": logits, "labels": rng.integers(0, 3, (2, 4))}


def weighted_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    def case(shape: tuple[int, ...], class_weight: np.ndarray, ignore_index: int, ignored: float = 0.0) -> Arguments:
        labels = rng.integers(0, shape[-1], shape[:-1])
        labels[rng.random(labels.shape) < ignored] = ignore_index
        if ignored:
            labels.flat[:3] = ignore_index, *(set(range(shape[-1])) - {ignore_index})  # some of each, whatever the seed
        logits = 2 * rng.standard_normal(shape)
        return {"logits": logits, "labels": labels, "class_weight": class_weight, "ignore_index": ignore_index}

    yield case((3, 3), np.ones(3), 255)
    yield case((2, 3, 4, 3), rng.uniform(0.5, 3, 3), 255)
    yield case((2, 3, 4, 3), rng.uniform(0.5, 3, 3), 255, ignored=0.3)
    yield case((2, 3, 4, 3), rng.uniform(0.5, 3, 3), -1, ignored=0.3)
    yield case((2, 3, 4, 3), rng.uniform(0.5, 3, 3), 0, ignored=0.3)
    huge = case((2, 3, 3), rng.uniform(0.5, 3, 3), 255, ignored=0.2)
    yield {**huge, "logits": 1000 * huge["logits"]}
    nothing = case((2, 2, 3), rng.uniform(0.5, 3, 3), 255)
    yield {**nothing, "labels": np.full((2, 2), 255)}
    yield {**nothing, "labels": np.full((2, 2), 1), "class_weight": np.array([1.0, 0.0, 2.0])}


def seam_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    two = np.zeros((5, 9), dtype="int32")
    two[1:4, :3], two[1:4, 5:8] = 1, 2
    yield {"instances": two, "w0": 10.0, "sigma": 5.0}
    three = np.zeros((12, 13), dtype="int32")
    three[1:5, 1:5], three[6:11, 2:6], three[3:10, 8:12] = 1, 2, 5  # numbers are missing
    yield {"instances": three, "w0": 7.0, "sigma": 4.0}
    scene = np.zeros((12, 12), dtype="int32")
    for number in (3, 1, 4, 6):  # one may cover another, and they touch
        row, column = rng.integers(0, 9, 2)
        scene[row : row + rng.integers(2, 5), column : column + rng.integers(2, 5)] = number
    yield {"instances": scene, "w0": 10.0, "sigma": 3.0}
    yield {"instances": np.where(two == 1, 1, 0).astype("int32"), "w0": 10.0, "sigma": 5.0}
    yield {"instances": np.zeros((4, 6), dtype="int32"), "w0": 10.0, "sigma": 5.0}


def backward_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """A random dy: with ones the answer would be 0, as the probabilities of a row always sum to 1."""
    for shape in ((2, 3), (2, 3, 4, 5), (4, 4, 4), (6, 1, 2)):
        yield {"dy": rng.standard_normal(shape), "probs": layers.softmax(2 * rng.standard_normal(shape))[0]}


def _signs(shape: tuple[int, ...]) -> np.ndarray:
    """1 and -1 by turns."""
    return (1 - 2 * (np.arange(np.prod(shape)) % 2)).reshape(shape)


# --- the right answers -----------------------------------------------------------------------------------------------


def right_loss(logits, labels):
    return layers.softmax_cross_entropy(logits, labels)[0]


def right_gradient(logits, labels):
    return layers.softmax_cross_entropy_backward(layers.softmax_cross_entropy(logits, labels)[1])


def right_weighted(logits, labels, class_weight, ignore_index):
    options = {"class_weight": class_weight, "ignore_index": ignore_index}
    loss, cache = layers.softmax_cross_entropy(logits, labels, **options)
    return loss, layers.softmax_cross_entropy_backward(cache)


def right_seams(instances, w0, sigma):
    return objects.seam_weights(instances, w0, sigma).astype("float64")


def right_backward(dy, probs):
    return layers.softmax_backward(dy, probs)


# --- 7.1: mistakes ---------------------------------------------------------------------------------------------------


def _of_shifted(how: Callable[[np.ndarray], np.ndarray]) -> Callable[..., np.ndarray]:
    """exp by exp of rows from which their largest was subtracted, then `how`."""
    return lambda logits: how(np.exp(logits - logits.max(axis=-1, keepdims=True)))


def _over_axis(axis: int | tuple[int, ...] | None) -> Callable[..., np.ndarray]:
    def wrong(logits):
        exponentials = np.exp(logits - logits.max(axis=axis, keepdims=True))
        return exponentials / exponentials.sum(axis=axis, keepdims=True)

    return wrong


def _unshifted(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)


def _one_shift(logits):
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def _clipped(logits):
    return _unshifted(np.clip(logits, -50, 50))


def _divided_by_largest(logits):
    return _unshifted(logits / logits.max(axis=-1, keepdims=True))


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
        _unshifted,
    ),
    Mistake(
        "probs",
        "the largest logit of the whole array is subtracted: in a row that lies far below it every exp is 0, and 0 / 0 "
        "is NaN. Each row needs its own largest: axis=-1, keepdims=True.",
        _one_shift,
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


# --- 7.2 and 7.3: mistakes -------------------------------------------------------------------------------------------

SMALL = (1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, *(np.finfo(t).eps for t in ("f4", "f8")))


def _probability(logits, labels):
    """Of the true class, (...)."""
    return np.take_along_axis(layers.softmax(logits)[0], labels[..., None], axis=-1)[..., 0]


def _losses(logits, labels):
    """Of each pixel."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=-1)) - np.take_along_axis(shifted, labels[..., None], axis=-1)[..., 0]


def _naive_log_sum(logits, labels):
    of_label = np.take_along_axis(logits, labels[..., None], axis=-1)[..., 0]
    return (np.log(np.exp(logits).sum(axis=-1)) - of_label).mean()


def _log_of_naive_softmax(logits, labels):
    return -np.log(np.take_along_axis(_unshifted(logits), labels[..., None], axis=-1)).mean()


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
    Mistake("loss", "your loss is the sum over the pixels; divide it by their number.", lambda **c: _losses(**c).sum()),
    Mistake(
        "loss",
        "your loss is divided by the number of samples only; the mean is over all pixels, labels.size.",
        lambda logits, labels: _losses(logits, labels).sum() / len(labels),
    ),
    Mistake(
        "loss",
        "your loss is divided by the number of classes as well: probably a .mean() over all of onehot * log(probs). "
        "Sum over the classes, then take the mean over the pixels.",
        lambda logits, labels: _losses(logits, labels).mean() / logits.shape[-1],
    ),
    Mistake(
        "loss",
        "your loss has the logarithm to the base 2; the natural one, np.log, is meant.",
        lambda **c: _losses(**c).mean() / np.log(2),
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
    Mistake(  # the same NaN with the largest logit of the whole array and without any: `_one_shift`
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
        lambda logits, labels: (_losses(logits, labels) - logits.max(axis=-1)).mean(),
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
        lambda logits, labels: _losses(layers.softmax(logits)[0], labels).mean(),
    ),
    Mistake(
        "loss",
        "this is the loss of the most likely class, whatever the label says.",
        lambda logits, labels: _losses(logits, logits.argmax(axis=-1)).mean(),
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


def _probs_and_onehot(logits, labels):
    return layers.softmax(logits)[0], (np.arange(logits.shape[-1]) == labels[..., None]).astype(logits.dtype)


def _gradient(how: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """`how` of (probs, onehot), divided by the number of pixels."""
    return lambda logits, labels: how(*_probs_and_onehot(logits, labels)) / labels.size


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
        lambda logits, labels: (_unshifted(logits) - _probs_and_onehot(logits, labels)[1]) / labels.size,
    ),
    Mistake(
        "dlogits",
        "the largest logit of the whole array is subtracted; each row needs its own.",
        lambda logits, labels: (_one_shift(logits) - _probs_and_onehot(logits, labels)[1]) / labels.size,
    ),
)


# --- 7.4: mistakes ---------------------------------------------------------------------------------------------------


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
        probs, onehot = _probs_and_onehot(logits, classes)
        share = weights / np.float64(total)  # a number of NumPy, so that 0 / 0 is NaN
        return (share * _losses(logits, classes)).sum(), share[..., None] * (probs - onehot)

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
    share, probs = weights / weights.sum(), _unshifted(logits)
    of_label = np.take_along_axis(probs, index[..., None], axis=-1)[..., 0]
    return (share * -np.log(of_label)).sum(), share[..., None] * (probs - _probs_and_onehot(logits, index)[1])


def _channel_weights(logits, labels, class_weight, ignore_index):
    probs, onehot = _probs_and_onehot(logits, np.where(labels == ignore_index, 0, labels))
    shown = (labels != ignore_index)[..., None]
    return class_weight * (probs - onehot) * shown / _weights(labels, class_weight, ignore_index).sum()


def _ignored_pushed_down(logits, labels, class_weight, ignore_index):
    """No one-hot code where nothing is true, and yet probs."""
    probs, onehot = _probs_and_onehot(logits, labels)
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


# --- 7.5: mistakes ---------------------------------------------------------------------------------------------------


def _straight(rows, columns):
    return np.sqrt(rows**2 + columns**2)


def _distances(instances, measure=_straight, numbers=None):
    """From every pixel to every pixel of every object: a list of (H, W, P)."""
    rows, columns = np.indices(instances.shape)
    found = []
    for number in np.unique(instances[instances > 0]) if numbers is None else numbers:
        pixels = np.argwhere(instances == number)
        found.append(measure(rows[..., None] - pixels[:, 0], columns[..., None] - pixels[:, 1]))
    return found


def _nearest(instances, measure=_straight, numbers=None):
    """The distances to the objects, sorted: (objects, H, W)."""
    return np.sort([each.min(axis=-1) for each in _distances(instances, measure, numbers)], axis=0)


def _map(d1, d2, w0, sigma):
    return w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2))


def _outside(instances, weights):
    return np.where(instances > 0, 0, weights)


def _measured(measure):
    return lambda instances, w0, sigma: _outside(instances, _map(*_nearest(instances, measure)[:2], w0, sigma))


def _with_exponent(how):
    """Another exponent, of d1, d2 and sigma."""

    def wrong(instances, w0, sigma):
        d1, d2 = _nearest(instances)[:2]
        return _outside(instances, w0 * np.exp(how(d1, d2, sigma)))

    return wrong


def _two_pixels(instances, w0, sigma):
    """The two nearest pixels, though they may be of one object."""
    d1, d2 = np.sort(np.concatenate(_distances(instances), axis=-1), axis=-1)[..., :2].transpose(2, 0, 1)
    return _outside(instances, _map(d1, d2, w0, sigma))


def _middles(instances, w0, sigma):
    """Distances to the middle of each object."""
    rows, columns = np.indices(instances.shape)
    middles = [np.argwhere(instances == number).mean(axis=0) for number in np.unique(instances[instances > 0])]
    d1, d2 = np.sort([np.hypot(rows - row, columns - column) for row, column in middles], axis=0)[:2]
    return _outside(instances, _map(d1, d2, w0, sigma))


def _furthest(instances, w0, sigma):
    d = _nearest(instances)
    return _outside(instances, _map(d[0], d[-1], w0, sigma))


def _one_object(second):
    """Something for d2 although there is no second object."""

    def wrong(instances, w0, sigma):
        d = _nearest(instances)
        if len(d) != 1:
            raise ValueError("this mistake is about a single object")
        return _outside(instances, _map(d[0], second(d[0]), w0, sigma))

    return wrong


SEAM_MISTAKES = (
    Mistake(
        "weights",
        "with a single object there is no seam: all weights are 0, not those with d2 = 0.",
        _one_object(lambda d1: 0 * d1),
    ),
    Mistake(
        "weights",
        "with a single object there is no seam: all weights are 0, not those with d2 = d1.",
        _one_object(lambda d1: d1),
    ),
    Mistake(
        "weights",
        "the pixels of the objects themselves have a weight; only the background between them has one.",
        lambda instances, w0, sigma: _map(*_nearest(instances)[:2], w0, sigma),
    ),
    Mistake(
        "weights",
        "the exponent holds d1**2 + d2**2; add first, then square.",
        _with_exponent(lambda d1, d2, s: -(d1**2 + d2**2) / (2 * s**2)),
    ),
    Mistake("weights", "sigma is not squared.", _with_exponent(lambda d1, d2, s: -((d1 + d2) ** 2) / (2 * s))),
    Mistake("weights", "the 2 in 2 * sigma**2 is missing.", _with_exponent(lambda d1, d2, s: -((d1 + d2) ** 2) / s**2)),
    Mistake(
        "weights",
        "the square of 2 * sigma is in the exponent; only sigma is squared: 2 * sigma**2.",
        _with_exponent(lambda d1, d2, s: -((d1 + d2) ** 2) / (2 * s) ** 2),
    ),
    Mistake(
        "weights",
        "the division comes before the multiplication: x / 2 * sigma**2 is (x / 2) * sigma**2; set brackets.",
        _with_exponent(lambda d1, d2, s: -((d1 + d2) ** 2) / 2 * s**2),
    ),
    Mistake("weights", "d1 + d2 is not squared.", _with_exponent(lambda d1, d2, s: -(d1 + d2) / (2 * s**2))),
    Mistake(
        "weights",
        "the exponent has no minus: the weight must fall with the distance.",
        _with_exponent(lambda d1, d2, s: (d1 + d2) ** 2 / (2 * s**2)),
    ),
    Mistake(
        "weights",
        "only the nearest object counts in yours. A seam lies between two, so the second distance belongs to the sum; "
        "and if you measure to every number there is, leave out 0, the background is no object.",
        _with_exponent(lambda d1, d2, s: -(d1**2) / (2 * s**2)),
    ),
    Mistake(
        "weights",
        "only the second nearest object counts in yours; the nearest one's distance belongs to the sum.",
        _with_exponent(lambda d1, d2, s: -(d2**2) / (2 * s**2)),
    ),
    Mistake(
        "weights",
        "the factor w0 is missing.",
        lambda instances, w0, sigma: right_seams(instances, 1.0, sigma),
    ),
    Mistake(
        "weights",
        "d1 and d2 are the distances to the two nearest pixels, which mostly belong to one object. d2 is that to the "
        "second nearest object: first the minimum over each object's pixels, then sort over the objects.",
        _two_pixels,
    ),
    Mistake(
        "weights",
        "the distances are those to the middle of each object; they go to its nearest pixel.",
        _middles,
    ),
    Mistake("weights", "d2 is the distance to the furthest object; it is that to the second nearest.", _furthest),
    Mistake(
        "weights",
        "the distance is counted in steps along rows and columns; it is the straight one, sqrt(rows**2 + columns**2).",
        _measured(lambda rows, columns: abs(rows) + abs(columns)),
    ),
    Mistake(
        "weights",
        "the distance is the larger of rows and columns; it is the straight one, sqrt(rows**2 + columns**2).",
        _measured(lambda rows, columns: np.maximum(abs(rows), abs(columns))),
    ),
    Mistake(
        "weights", "the square root of the distance is missing.", _measured(lambda rows, columns: rows**2 + columns**2)
    ),
)


# --- 7.6: mistakes ---------------------------------------------------------------------------------------------------

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

EXERCISES = [
    Exercise("7.1", "softmax", softmax_cases, lambda logits: layers.softmax(logits)[0], ("probs",), SOFTMAX_MISTAKES),
    Exercise("7.2", "cross_entropy", loss_cases, right_loss, ("loss",), LOSS_MISTAKES),
    Exercise("7.3", "cross_entropy_backward", loss_cases, right_gradient, ("dlogits",), GRADIENT_MISTAKES),
    Exercise("7.4", "weighted_cross_entropy", weighted_cases, right_weighted, ("loss", "dlogits"), WEIGHTED_MISTAKES),
    Exercise("7.5", "seam_weights", seam_cases, right_seams, ("weights",), SEAM_MISTAKES, tolerance=1e-5),
    Exercise("7.6", "softmax_backward", backward_cases, right_backward, ("dlogits",), BACKWARD_MISTAKES),
]
