"""Lesson 9: what the checker knows about the first weights."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from lessons.check.exercise import Arguments, Exercise, Mistake

Arrays = dict[str, np.ndarray]


WEIGHTS = [(1, 1, 2, 3), (3, 3, 2, 5), (2, 4, 3, 1), (5, 1, 8, 4), (3, 3, 16, 16)]  # (KH, KW, C, K)


def he_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for shape in WEIGHTS:
        yield {"shape": shape, "rng": np.random.default_rng(rng.integers(2**32))}


def scaled(std: Callable[..., float]) -> Callable[..., np.ndarray]:
    """The draws that are asked for, times a standard deviation that is computed from the shape."""
    return lambda shape, rng: rng.standard_normal(shape) * std(*shape)


he_normal = scaled(lambda kh, kw, c, k: math.sqrt(2 / (kh * kw * c)))

HE_MISTAKES = (
    Mistake(
        "weight",
        "your numbers are multiplied by the variance, 2 / fan_in; multiply by its root, the standard deviation.",
        scaled(lambda kh, kw, c, k: 2 / (kh * kw * c)),
    ),
    Mistake(
        "weight",
        "your fan_in is KH*KW*K, the outputs that one input goes to; an output sums over KH*KW*C inputs.",
        scaled(lambda kh, kw, c, k: math.sqrt(2 / (kh * kw * k))),
    ),
    Mistake(
        "weight",
        "your fan_in is C; an output sums over all KH*KW pixels of the window as well.",
        scaled(lambda kh, kw, c, k: math.sqrt(2 / c)),
    ),
    Mistake(
        "weight",
        "your fan_in is KH*KW; an output sums over the C channels as well.",
        scaled(lambda kh, kw, c, k: math.sqrt(2 / (kh * kw))),
    ),
    Mistake(
        "weight",
        "your fan_in counts the output channels too; one output sums over KH*KW*C inputs.",
        scaled(lambda kh, kw, c, k: math.sqrt(2 / (kh * kw * c * k))),
    ),
    Mistake(
        "weight",
        "your variance is 1 / fan_in; the 2 that makes up for the ReLU is missing.",
        scaled(lambda kh, kw, c, k: math.sqrt(1 / (kh * kw * c))),
    ),
    Mistake(
        "weight",
        "your variance is 2 / (fan_in + fan_out), the rule of Glorot and Bengio; He's is 2 / fan_in.",
        scaled(lambda kh, kw, c, k: math.sqrt(2 / (kh * kw * (c + k)))),
    ),
    Mistake(
        "weight",
        "your numbers are divided by the standard deviation; multiply by it.",
        scaled(lambda kh, kw, c, k: math.sqrt(kh * kw * c / 2)),
    ),
    Mistake("weight", "the draws are not scaled: their variance is still 1.", scaled(lambda kh, kw, c, k: 1.0)),
    *(
        Mistake(
            "weight",
            "your draws are uniform; these shall be normal, from the one call rng.standard_normal(shape).",
            lambda shape, rng, six=six: rng.uniform(-1, 1, shape) * math.sqrt(six / math.prod(shape[:3])),
        )
        for six in (2, 6)
    ),
    Mistake(
        "weight",
        "the kernels are drawn one after the other; draw all numbers at once, by rng.standard_normal(shape).",
        lambda shape, rng: (
            np.moveaxis(rng.standard_normal((shape[3], *shape[:3])), 0, 3) * math.sqrt(2 / math.prod(shape[:3]))
        ),
    ),
    Mistake(
        "weight",
        "the draws come from np.random.default_rng, not from the generator that you were given.",
        lambda shape, rng: np.random.default_rng(0).standard_normal(shape) * math.sqrt(2 / math.prod(shape[:3])),
    ),
)


EXERCISES = [
    Exercise("9.1", "he_normal", he_cases, he_normal, ("weight",), HE_MISTAKES),
]
