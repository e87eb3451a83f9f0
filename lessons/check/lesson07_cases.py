"""Lesson 7: cases and right answers of softmax, cross-entropy, the weight map and soft Dice."""

from collections.abc import Iterator

import numpy as np

from lessons.check.exercise import Arguments
from minunet import layers
from minunet.data import instances as objects

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


def dice_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    def case(shape: tuple[int, ...], smooth: float, there: int, weighted: bool = True) -> Arguments:
        """`there`: how many of the classes are."""
        labels, weights = rng.integers(0, there, shape[:-1]), rng.uniform(0.2, 2, shape[:-1])
        logits = 2 * rng.standard_normal(shape)
        weights = weights if weighted else np.ones(shape[:-1])
        return {"logits": logits, "labels": labels, "weights": weights, "smooth": smooth}

    yield case((1, 2, 3, 2), 1.0, 2, weighted=False)
    yield case((3, 4, 5, 3), 1.0, 3, weighted=False)
    yield case((2, 3, 4, 3), 0.5, 3)
    ignored = case((2, 4, 3, 4), 0.1, 3)  # the last class is not there
    yield {**ignored, "weights": ignored["weights"] * (rng.random((2, 4, 3)) < 0.7)}
    huge = case((2, 3, 4, 3), 1.0, 3)
    yield {**huge, "logits": 1000 * huge["logits"] + 1e4 * _signs((2, 1, 1, 1))}
    sure = case((2, 3, 3, 3), 0.5, 2)  # right everywhere, and the last class neither there nor predicted
    yield {**sure, "logits": 1e4 * (np.arange(3) == sure["labels"][..., None])}
    nothing = case((2, 2, 3, 3), 1.0, 3)
    yield {**nothing, "weights": nothing["weights"] * [[[0.0]], [[1.0]]]}  # of the first sample no pixel counts


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


def right_dice(logits, labels, weights, smooth):
    return layers.soft_dice(logits, labels, pixel_weight=weights, smooth=smooth)[0]


def right_dice_gradient(logits, labels, weights, smooth):
    return layers.soft_dice_backward(layers.soft_dice(logits, labels, pixel_weight=weights, smooth=smooth)[1])


def right_seams(instances, w0, sigma):
    return objects.seam_weights(instances, w0, sigma).astype("float64")


def right_backward(dy, probs):
    return layers.softmax_backward(dy, probs)
