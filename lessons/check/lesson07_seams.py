"""Lesson 7: the mistakes that the checker knows about the weight map of touching cells."""

import numpy as np

from lessons.check.exercise import Exercise, Mistake
from lessons.check.lesson07_cases import right_seams, seam_cases


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


EXERCISES = [
    Exercise("7.5", "seam_weights", seam_cases, right_seams, ("weights",), SEAM_MISTAKES, tolerance=1e-5),
]
