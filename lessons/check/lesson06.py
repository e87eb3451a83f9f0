"""Lesson 6: what the checker knows about skip connections."""

from collections.abc import Iterator

import numpy as np

from lessons.check.exercise import Arguments, Exercise, Mistake
from minunet import layers
from minunet.fast import add_to_centre

# (N, H, W), (HS, WS), CS, C: small and plain first; then nothing to crop, channels that differ, odd differences.
SHAPES = [
    ((1, 2, 2), (4, 4), 1, 1),
    ((2, 3, 2), (3, 2), 2, 2),
    ((2, 3, 4), (7, 10), 2, 3),
    ((2, 2, 3), (7, 4), 3, 1),  # here 4 // 2 - 3 // 2 is not (4 - 3) // 2
    ((3, 4, 2), (7, 7), 2, 4),
]
# (N, HS, WS, C), (H, W), (top, left) of a crop that need not be the centre; the fourth takes all that there is.
PLACES = [
    ((1, 4, 4, 1), (2, 2), (1, 1)),
    ((2, 6, 5, 3), (3, 2), (0, 2)),
    ((2, 5, 7, 2), (2, 4), (2, 1)),
    ((2, 3, 4, 2), (3, 4), (0, 0)),
    ((3, 7, 8, 2), (4, 3), (3, 4)),
]


def forward_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for (batch, height, width), (skip_height, skip_width), skip_channels, channels in SHAPES:
        yield {
            "skip": rng.standard_normal((batch, skip_height, skip_width, skip_channels)),
            "x": rng.standard_normal((batch, height, width, channels)),
        }


def backward_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for case in forward_cases(rng):
        y, cache = layers.crop_concat(**case)
        yield {"dy": rng.standard_normal(y.shape), "cache": cache}


def two_ways_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for shape, size, (top, left) in PLACES:
        yield {
            "dy_down": rng.standard_normal(shape),
            "dy_across": rng.standard_normal((shape[0], *size, shape[3])),
            "top": top,
            "left": left,
        }


def across(dy_down: np.ndarray, dy_across: np.ndarray, top: int, left: int) -> np.ndarray:
    """The crop's backward pass: minunet's, with no channels from below."""
    return layers.crop_concat_backward(dy_across, (dy_down.shape, top, left))[0]


def two_ways(dy_down: np.ndarray, dy_across: np.ndarray, top: int, left: int) -> np.ndarray:
    return dy_down + across(dy_down, dy_across, top, left)


# --- mistakes ------------------------------------------------------------------------------------------------------


def _crop(skip, x, top, left):
    return skip[:, top : top + x.shape[1], left : left + x.shape[2]]


def _joined_at(place):
    """The answer with the crop at `place`(rows too many, columns too many)."""

    def wrong(skip, x):
        top, left = place(skip.shape[1] - x.shape[1], skip.shape[2] - x.shape[2])
        return np.concatenate((_crop(skip, x, top, left), x), axis=3)

    return wrong


def _at_halves(skip, x):
    """From the middle of the skip to the middle of x, both rounded down."""
    top, left = (skip.shape[axis] // 2 - x.shape[axis] // 2 for axis in (1, 2))
    return np.concatenate((_crop(skip, x, top, left), x), axis=3)


def _shrunk(skip, x):
    """All of the skip, its nearest pixels."""
    rows, columns = (np.arange(x.shape[i]) * skip.shape[i] // x.shape[i] for i in (1, 2))
    return np.concatenate((skip[:, rows[:, None], columns], x), axis=3)


def _right_centre(skip, x):
    return layers.crop_concat(skip, x)[0][..., : skip.shape[3]]


FORWARD_MISTAKES = (
    Mistake(
        "y",
        "x comes first in your y; the centre of the skip comes first, then x.",
        lambda skip, x: np.concatenate((x, _right_centre(skip, x)), axis=3),
    ),
    Mistake(
        "y",
        "your crop begins at the upper left corner of the skip; it begins at ((HS - H) // 2, (WS - W) // 2).",
        _joined_at(lambda rows, columns: (0, 0)),
    ),
    Mistake(
        "y",
        "your crop is the lower right corner of the skip; it is the centre.",
        _joined_at(lambda rows, columns: (rows, columns)),
    ),
    Mistake(
        "y",
        "where the difference is odd your crop begins one too far down or to the right: // 2 rounds down.",
        _joined_at(lambda rows, columns: ((rows + 1) // 2, (columns + 1) // 2)),
    ),
    Mistake(
        "y",
        "top and left are swapped: top counts rows, axis 1; left counts columns, axis 2.",
        _joined_at(lambda rows, columns: (columns // 2, rows // 2)),
    ),
    Mistake(
        "y",
        "left is the same as top in yours; it comes from the widths, (WS - W) // 2.",
        _joined_at(lambda rows, columns: (rows // 2, rows // 2)),
    ),
    Mistake(
        "y",
        "your crop begins at (HS // 2 - H // 2, WS // 2 - W // 2): subtract first and halve then, (HS - H) // 2, so "
        "that one number is rounded, not two.",
        _at_halves,
    ),
    Mistake(
        "y",
        "the skip is added to x; it is laid beside it, along the channels.",
        lambda skip, x: _right_centre(skip, x) + x,
    ),
    Mistake("y", "the skip is shrunk to the size of x; its centre is cut out, pixel for pixel.", _shrunk),
    Mistake(
        "y",
        "skip and x are put together along the rows; the channels are axis 3.",
        lambda skip, x: np.concatenate((_right_centre(skip, x), x), axis=1),
    ),
    Mistake("y", "only the centre of the skip is there; x is missing.", _right_centre),
)


def _backward(dy, cache, top, left):
    skip_shape = cache[0]
    dskip = np.zeros(skip_shape)
    dskip[:, top : top + dy.shape[1], left : left + dy.shape[2]] = dy[..., : skip_shape[3]]
    return dskip


def _from_end(dy, cache):
    """The split with x first."""
    skip_shape, top, left = cache
    turned = np.roll(dy, skip_shape[3], axis=3)  # the last CS channels come first
    return layers.crop_concat_backward(turned, cache)[0]


BACKWARD_MISTAKES = (
    Mistake(
        "dskip",
        "your dskip has the size of the crop: put it back among zeros, in an array of the skip's shape.",
        lambda dy, cache: dy[..., : cache[0][3]],
    ),
    Mistake(
        "dskip",
        "your dskip lies in the upper left corner; the crop began at (top, left).",
        lambda dy, cache: _backward(dy, cache, 0, 0),
    ),
    Mistake("dskip", "your dskip got the last channels of dy; the skip came first.", _from_end),
    Mistake(
        "dskip",
        "top and left are swapped in your dskip.",
        lambda dy, cache: _backward(dy, cache, cache[2], cache[1]),
    ),
    Mistake(
        "dskip",
        "where the difference is odd your dskip lies one too far down or to the right: take top and left from the "
        "cache.",
        lambda dy, cache: _backward(
            dy, cache, (cache[0][1] - dy.shape[1] + 1) // 2, (cache[0][2] - dy.shape[2] + 1) // 2
        ),
    ),
    Mistake(
        "dskip",
        "outside the crop your dskip repeats the numbers at its rim; those pixels changed no y, so they get 0.",
        lambda dy, cache: np.pad(
            dy[..., : cache[0][3]],
            (
                (0, 0),
                (cache[1], cache[0][1] - dy.shape[1] - cache[1]),
                (cache[2], cache[0][2] - dy.shape[2] - cache[2]),
                (0, 0),
            ),
            mode="edge",
        ),
    ),
    Mistake(
        "dskip",
        "outside the crop your dskip is 1; those pixels changed no y, so they get 0: np.zeros.",
        lambda dy, cache: _backward(dy, cache, *cache[1:]) + 1 - _backward(np.ones_like(dy), cache, *cache[1:]),
    ),
    Mistake(
        "dx",
        "your dx is all of dy; it is the part behind the skip's channels, dy[..., CS:].",
        lambda dy, cache: dy,
    ),
    Mistake(
        "dx",
        "your dx got the first channels of dy; those are the skip's.",
        lambda dy, cache: dy[..., : dy.shape[3] - cache[0][3]],
    ),
    Mistake(
        "dx",
        "dy is cut in the middle of its channels; the cut is behind the skip's channels, which the cache knows.",
        lambda dy, cache: dy[..., dy.shape[3] // 2 :],
    ),
)


def _centred(dy_down, dy_across, top, left):
    total = dy_down.copy()
    add_to_centre(total, dy_across)
    return total


def _at(place):
    def wrong(dy_down, dy_across, top, left):
        rows, columns = place(dy_down, dy_across, top, left)
        total = dy_down.copy()
        total[:, rows : rows + dy_across.shape[1], columns : columns + dy_across.shape[2]] += dy_across
        return total

    return wrong


def _assigned(dy_down, dy_across, top, left):
    outside = across(np.zeros_like(dy_down), np.ones_like(dy_across), top, left) == 0
    return np.where(outside, dy_down, across(dy_down, dy_across, top, left))


TWO_WAYS_MISTAKES = (
    Mistake(
        "dfeatures",
        "in the crop your gradient is that from across alone; both ways led to the loss, so add (+=).",
        _assigned,
    ),
    Mistake("dfeatures", "the gradient from across is missing.", lambda dy_down, **rest: dy_down),
    Mistake("dfeatures", "the gradient from below is missing.", lambda **case: across(**case)),
    Mistake(
        "dfeatures",
        "your gradient is the mean of both; the features were used twice in full, so it is the sum.",
        lambda **case: two_ways(**case) / 2,
    ),
    Mistake(
        "dfeatures",
        "your gradient is the mean of both inside the crop; the features were used twice in full, so it is the sum.",
        lambda dy_down, dy_across, top, left: (
            two_ways(dy_down, dy_across, top, left)
            - two_ways(dy_down, dy_across, top, left) * (across(dy_down, np.ones_like(dy_across), top, left) / 2)
        ),
    ),
    Mistake(
        "dfeatures",
        "the gradient from across is added in the upper left corner; the crop began at (top, left).",
        _at(lambda dy_down, dy_across, top, left: (0, 0)),
    ),
    Mistake(
        "dfeatures", "the gradient from across is added in the centre; here the crop began at (top, left).", _centred
    ),
    Mistake(
        "dfeatures",
        "top and left are swapped: top counts rows, axis 1; left counts columns, axis 2.",
        _at(lambda dy_down, dy_across, top, left: (left, top)),
    ),
    Mistake(
        "dfeatures",
        "your gradient has the size of the crop; it has that of the features, which went down whole.",
        lambda dy_down, dy_across, top, left: _crop(dy_down, dy_across, top, left) + dy_across,
    ),
)

EXERCISES = [
    Exercise("6.1", "crop_concat", forward_cases, layers.crop_concat, ("y", "(cache)"), FORWARD_MISTAKES),
    Exercise(
        "6.2",
        "crop_concat_backward",
        backward_cases,
        layers.crop_concat_backward,
        ("dskip", "dx"),
        BACKWARD_MISTAKES,
    ),
    Exercise("6.3", "two_ways", two_ways_cases, two_ways, ("dfeatures",), TWO_WAYS_MISTAKES),
]
