"""Lesson 9: what the checker knows about group norm."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from lessons.check.exercise import Arguments, Exercise, Mistake
from minunet import layers

Arrays = dict[str, np.ndarray]


# (x, groups, eps): one sample in two groups first (in one group y can be right while the cache is not), then several,
# then extremes.
FEATURES = [
    ((1, 3, 2, 4), 2, 1e-5),
    ((1, 2, 3, 2), 1, 1e-5),
    ((3, 2, 3, 6), 3, 0.1),
    ((2, 4, 3, 4), 4, 1e-5),
    ((2, 3, 3, 6), 2, 0.5),
]


def norm_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for shape, groups, eps in FEATURES:
        x = rng.uniform(-3, 3) + rng.uniform(0.5, 2, shape[3]) * rng.standard_normal(shape)
        weight, bias = 1 + rng.standard_normal((2, shape[3]))
        yield {"x": x, "weight": weight, "bias": bias, "groups": groups, "eps": eps}
    x = rng.standard_normal((2, 2, 2, 4))
    x[0, :, :, :2] = 0.75  # a constant group: without eps 0 / 0
    yield {"x": x, "weight": rng.standard_normal(4), "bias": rng.standard_normal(4), "groups": 2, "eps": 1e-3}


def norm_right(x, weight, bias, groups, eps):
    y, cache = layers.group_norm(x, weight, bias, groups=groups, eps=eps)
    return y, cache[:3]  # without the shape of x, which the exercise has from dy


def norm_backward_right(dy, cache):
    return layers.group_norm_backward(dy, (*cache, dy.shape))


def backward_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """A random dy: with ones, dx would be zero wherever the weight is the same (lesson 2)."""
    for case in norm_cases(rng):
        yield {"dy": rng.standard_normal(case["x"].shape), "cache": norm_right(**case)[1]}


def normalised(split: Callable[..., np.ndarray], axes: tuple[int, ...], scale=None) -> Callable[..., np.ndarray]:
    """y with its means taken elsewhere: over `axes` of x as `split` reshapes it, scaled by `scale`."""

    def wrong(x, weight, bias, groups, eps):
        parts = split(x, groups)
        centred = parts - parts.mean(axis=axes, keepdims=True)
        count = math.prod(parts.shape[axis] for axis in axes)
        variance = (centred * centred).mean(axis=axes, keepdims=True)
        factor = 1 / np.sqrt(variance + eps) if scale is None else scale(variance, eps, count)
        return (centred * factor).reshape(x.shape) * weight + bias

    return wrong


def right_split(x: np.ndarray, groups: int) -> np.ndarray:
    return x.reshape(len(x), x.shape[1] * x.shape[2], groups, -1)


def norm_interleaved(x, weight, bias, groups, eps):
    """Channels 0, G, 2G, ... make a group."""
    batch, height, width, channels = x.shape
    parts = x.reshape(batch, height * width, channels // groups, groups)
    centred = parts - parts.mean(axis=(1, 2), keepdims=True)
    variance = (centred * centred).mean(axis=(1, 2), keepdims=True)
    return (centred / np.sqrt(variance + eps)).reshape(x.shape) * weight + bias


def without_keepdims(mean_kept: bool, variance_kept: bool) -> Callable[..., np.ndarray]:
    """y with means (N, G) that NumPy lines up with the last two axes, (G, C/G); where that does not go it stops."""

    def wrong(x, weight, bias, groups, eps):
        parts = right_split(x, groups)
        mean, variance = parts.mean(axis=(1, 3), keepdims=mean_kept), parts.var(axis=(1, 3), keepdims=variance_kept)
        return ((parts - mean) / np.sqrt(variance + eps)).reshape(x.shape) * weight + bias

    return wrong


def without_keepdims_from_the_start(x, weight, bias, groups, eps):
    """The same, with the variance about the mean that was lined up wrongly."""
    parts = right_split(x, groups)
    centred = parts - parts.mean(axis=(1, 3))
    return (centred / np.sqrt((centred**2).mean(axis=(1, 3)) + eps)).reshape(x.shape) * weight + bias


def without_brackets(take: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> Callable[..., np.ndarray]:
    """y with `take` of x, its mean and 1 / s in place of (x - mean) / s."""

    def wrong(x, weight, bias, groups, eps):
        parts = right_split(x, groups)
        inverse_std = 1 / np.sqrt(parts.var(axis=(1, 3), keepdims=True) + eps)
        return take(parts, parts.mean(axis=(1, 3), keepdims=True), inverse_std).reshape(x.shape) * weight + bias

    return wrong


NORM_MISTAKES = (
    Mistake(
        "y",
        "the scale and the shift are missing: y = xhat * weight + bias.",
        lambda weight, bias, **c: norm_right(weight=np.ones_like(weight), bias=np.zeros_like(bias), **c)[0],
    ),
    Mistake("y", "the bias is missing.", lambda bias, **c: norm_right(bias=np.zeros_like(bias), **c)[0]),
    Mistake("y", "the weight is missing.", lambda weight, **c: norm_right(weight=np.ones_like(weight), **c)[0]),
    Mistake(
        "y", "weight and bias are swapped.", lambda weight, bias, **c: norm_right(weight=bias, bias=weight, **c)[0]
    ),
    Mistake(
        "y",
        "the bias is scaled with xhat: y = xhat * weight + bias, not (xhat + bias) * weight.",
        lambda weight, bias, **c: norm_right(weight=weight, bias=weight * bias, **c)[0],
    ),
    Mistake(
        "y",
        "your means run over the batch as well: samples must not meet, keep axis N.",
        normalised(right_split, (0, 1, 3)),
    ),
    Mistake(
        "y",
        "this is batch norm: means over samples and pixels, channel by channel. They run over the pixels and channels "
        "of a group of one sample.",
        normalised(lambda x, groups: x, (0, 1, 2)),
    ),
    Mistake(
        "y",
        "your means run over the pixels only, channel by channel; the channels of a group share theirs.",
        normalised(lambda x, groups: x, (1, 2)),
    ),
    Mistake(
        "y",
        "your means run over the channels of a group only, pixel by pixel; all pixels of a sample share theirs.",
        normalised(right_split, (3,)),
    ),
    Mistake(
        "y",
        "all channels are in one group: `groups` is not used.",
        lambda groups, **c: norm_right(groups=1, **c)[0],
    ),
    Mistake(
        "y",
        "your groups have `groups` channels each; there are `groups` of them, with C / groups channels each.",
        lambda x, groups, **c: norm_right(x=x, groups=x.shape[3] // groups, **c)[0],
    ),
    Mistake(
        "y",
        "your groups are pieces of the picture: x.reshape(N, groups, ...) cuts along the rows, as the channels are the "
        "last axis here. Split the last axis: (N, H*W, groups, C / groups).",
        normalised(lambda x, groups: x.reshape(len(x), groups, -1), (2,)),
    ),
    Mistake(
        "y",
        "channels 0, groups, 2 * groups, ... make a group in yours; a group is C / groups neighbours: reshape to "
        "(groups, C / groups), in this order.",
        norm_interleaved,
    ),
    Mistake(
        "y",
        "you divide by the variance; divide by its root.",
        normalised(right_split, (1, 3), lambda variance, eps, count: 1 / (variance + eps)),
    ),
    Mistake(
        "y",
        "eps is added after the root; add it to the variance, under the root.",
        normalised(right_split, (1, 3), lambda variance, eps, count: 1 / (np.sqrt(variance) + eps)),
    ),
    Mistake(
        "y",
        "eps is missing.",
        normalised(right_split, (1, 3), lambda variance, eps, count: 1 / np.sqrt(variance)),
    ),
    Mistake(
        "y",
        "your variance is divided by M - 1; here it is the mean of the squares, divided by M.",
        normalised(right_split, (1, 3), lambda variance, eps, count: 1 / np.sqrt(variance * count / (count - 1) + eps)),
    ),
    Mistake(
        "y",
        "you multiply by the root; divide by it.",
        normalised(right_split, (1, 3), lambda variance, eps, count: np.sqrt(variance + eps)),
    ),
    Mistake(
        "y",
        "the mean is subtracted, but nothing is divided by the deviation.",
        normalised(right_split, (1, 3), lambda variance, eps, count: np.ones_like(variance)),
    ),
    *(
        Mistake(
            "y",
            "a mean over axes (1, 3) lacks keepdims=True: it has the shape (N, groups), and NumPy lines that up with "
            "the last two axes, (groups, C / groups). It must be (N, 1, groups, 1).",
            wrong,
        )
        for wrong in (
            without_keepdims(False, False),
            without_keepdims(False, True),
            without_keepdims(True, False),
            without_keepdims_from_the_start,
        )
    ),
    Mistake("y", "the mean is not subtracted.", without_brackets(lambda x, mean, r: x * r)),
    *(
        Mistake("y", "subtract the mean first, then divide by the deviation: (x - mean) * inverse_std.", wrong)
        for wrong in (
            without_brackets(lambda x, mean, r: x * r - mean),
            without_brackets(lambda x, mean, r: x - mean * r),
        )
    ),
)


def back(formula: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """A wrong dx: `formula` takes g, xhat, the factor 1 / s and a mean over the group, and returns dx by groups."""

    def wrong(dy, cache):
        xhat, inverse_std, weight = cache
        g = (dy * weight).reshape(xhat.shape)
        return formula(g, xhat, inverse_std, _group_mean).reshape(dy.shape)

    return wrong


def _group_mean(values: np.ndarray, axes: tuple[int, ...] = (1, 3)) -> np.ndarray:
    return values.mean(axis=axes, keepdims=True)


def _without_weight(dy, cache):
    xhat, inverse_std, weight = cache
    return norm_backward_right(dy, (xhat, inverse_std, np.ones_like(weight)))[0]


def _weight_at_the_end(dy, cache):
    return _without_weight(dy, cache) * cache[2]


def _shaped(dy, cache):
    return cache[0].reshape(dy.shape)


BACKWARD_MISTAKES = (
    Mistake(
        "dx",
        "mean and deviation are taken for constants; every x of a group moves both, so two more terms belong to dx.",
        back(lambda g, xhat, r, mean: g * r),
    ),
    Mistake(
        "dx",
        "what comes back through the variance is missing: - xhat * mean(g * xhat). (mean(g) * mean(xhat) will not do: "
        "the mean of xhat is 0.)",
        back(lambda g, xhat, r, mean: (g - mean(g)) * r),
    ),
    Mistake(
        "dx",
        "what comes back through the mean is missing: - mean(g).",
        back(lambda g, xhat, r, mean: (g - xhat * mean(g * xhat)) * r),
    ),
    Mistake(
        "dx",
        "the weight is missing in dx: what goes back to xhat is g = dy * weight.",
        _without_weight,
    ),
    Mistake(
        "dx",
        "the weight comes too late: it differs from channel to channel, so it belongs into the means, g = dy * weight.",
        _weight_at_the_end,
    ),
    Mistake(
        "dx",
        "the division by the deviation is missing: multiply by inverse_std.",
        back(lambda g, xhat, r, mean: g - mean(g) - xhat * mean(g * xhat)),
    ),
    Mistake(
        "dx",
        "inverse_std is multiplied with g only; all three terms have it.",
        back(lambda g, xhat, r, mean: g * r - mean(g) - xhat * mean(g * xhat)),
    ),
    Mistake(
        "dx",
        "dx is divided by inverse_std; it is 1 / s already, so multiply.",
        back(lambda g, xhat, r, mean: (g - mean(g) - xhat * mean(g * xhat)) / r),
    ),
    Mistake(
        "dx",
        "there are sums where the means belong: divide by M, the numbers in a group.",
        back(
            lambda g, xhat, r, mean: (
                (g - g.sum((1, 3), keepdims=True) - xhat * (g * xhat).sum((1, 3), keepdims=True)) * r
            )
        ),
    ),
    Mistake(
        "dx",
        "the two terms are added; they are subtracted.",
        back(lambda g, xhat, r, mean: (g + mean(g) + xhat * mean(g * xhat)) * r),
    ),
    Mistake(
        "dx",
        "the term of the variance has the wrong sign: - xhat * mean(g * xhat).",
        back(lambda g, xhat, r, mean: (g - mean(g) + xhat * mean(g * xhat)) * r),
    ),
    Mistake(
        "dx",
        "the xhat in front of mean(g * xhat) is missing.",
        back(lambda g, xhat, r, mean: (g - mean(g) - mean(g * xhat)) * r),
    ),
    Mistake(
        "dx",
        "the term of the variance is xhat * mean(g) in yours; take the mean of the product, xhat * mean(g * xhat).",
        back(lambda g, xhat, r, mean: (g - mean(g) - xhat * mean(g)) * r),
    ),
    Mistake(
        "dx",
        "the term of the variance is twice too large: the 2 of the square cancels the 1/2 of the root.",
        back(lambda g, xhat, r, mean: (g - mean(g) - 2 * xhat * mean(g * xhat)) * r),
    ),
    Mistake(
        "dx",
        "the means run over the pixels only; the channels of a group share them: axes (1, 3).",
        back(lambda g, xhat, r, mean: (g - mean(g, (1,)) - xhat * mean(g * xhat, (1,))) * r),
    ),
    Mistake(
        "dx",
        "the means run over the channels of a group only; they run over its pixels too: axes (1, 3).",
        back(lambda g, xhat, r, mean: (g - mean(g, (3,)) - xhat * mean(g * xhat, (3,))) * r),
    ),
    Mistake(
        "dx",
        "the means run over the batch too: samples must not meet, keep axis 0.",
        back(lambda g, xhat, r, mean: (g - mean(g, (0, 1, 3)) - xhat * mean(g * xhat, (0, 1, 3))) * r),
    ),
    Mistake(
        "dx",
        "the means run over the whole sample; every group has its own: keep axis 2.",
        back(lambda g, xhat, r, mean: (g - mean(g, (1, 2, 3)) - xhat * mean(g * xhat, (1, 2, 3))) * r),
    ),
    Mistake(
        "dweight",
        "your dweight is the sum of dy, which is dbias; weight was multiplied by xhat.",
        lambda dy, cache: dy.sum((0, 1, 2)),
    ),
    Mistake(
        "dweight",
        "your dweight is made with g = dy * weight; it is the sum of dy * xhat.",
        lambda dy, cache: (dy * cache[2] * _shaped(dy, cache)).sum((0, 1, 2)),
    ),
    Mistake(
        "dweight",
        "your dweight is the mean over samples and pixels; it is the sum.",
        lambda dy, cache: (dy * _shaped(dy, cache)).mean((0, 1, 2)),
    ),
    Mistake(
        "dweight",
        "your dweight is the sum over the pixels, but not over the batch.",
        lambda dy, cache: (dy * _shaped(dy, cache)).sum((1, 2)),
    ),
    Mistake(
        "dweight",
        "your dweight is the sum over the pixels of the first sample; the other samples count too.",
        lambda dy, cache: (dy * _shaped(dy, cache))[0].sum((0, 1)),
    ),
    Mistake(
        "dweight",
        "your dweight is made with x - mean; it is the sum of dy * xhat, which is divided by the deviation.",
        lambda dy, cache: (dy * (cache[0] / cache[1]).reshape(dy.shape)).sum((0, 1, 2)),
    ),
    Mistake(
        "dbias",
        "your dbias is the sum of g = dy * weight; the bias is added after the weight: the sum of dy.",
        lambda dy, cache: (dy * cache[2]).sum((0, 1, 2)),
    ),
    Mistake(
        "dbias",
        "your dbias is the mean over samples and pixels; it is the sum.",
        lambda dy, cache: dy.mean((0, 1, 2)),
    ),
    Mistake(
        "dbias",
        "your dbias is the sum over the pixels, but not over the batch.",
        lambda dy, cache: dy.sum((1, 2)),
    ),
    Mistake(
        "dbias",
        "your dbias is the sum over the pixels of the first sample; the other samples count too.",
        lambda dy, cache: dy[0].sum((0, 1)),
    ),
    Mistake("dbias", "your dbias is one number: keep the channels apart.", lambda dy, cache: dy.sum()),
)


EXERCISES = [
    Exercise("9.5", "group_norm", norm_cases, norm_right, ("y", "(cache)"), NORM_MISTAKES),
    Exercise(
        "9.6",
        "group_norm_backward",
        backward_cases,
        norm_backward_right,
        ("dx", "dweight", "dbias"),
        BACKWARD_MISTAKES,
    ),
]
