"""Lesson 11: what the checker knows about crops, displaced labels and shifts."""

from collections.abc import Iterator

import numpy as np

from lessons.check.exercise import Arguments, Exercise, Mistake
from minunet.data import batches

# --- 11.1 centre_crop

CROPS = [  # labels, height, width
    ((1, 6, 6), 4, 4),
    ((2, 8, 6), 4, 2),
    ((3, 9, 7), 5, 7),
    ((2, 7, 8), 4, 3),
    ((2, 5, 6), 5, 6),
]


def crop_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for shape, height, width in CROPS:
        yield {"labels": rng.integers(0, 20, shape), "height": height, "width": width}


def crop(labels, height, width):
    return batches.centre_crop(labels, height, width)


def _from(place):
    """The piece that begins where `place` says, of what is missing along an axis."""

    def wrong(labels, height, width):
        top, left = place(labels.shape[1] - height), place(labels.shape[2] - width)
        return labels[:, top : top + height, left : left + width]

    return wrong


def _margins(labels, height, width):
    rows, columns = (labels.shape[1] - height) // 2, (labels.shape[2] - width) // 2
    return labels[:, rows : labels.shape[1] - rows, columns : labels.shape[2] - columns]


def _minus_margins(labels, height, width):
    rows, columns = (labels.shape[1] - height) // 2, (labels.shape[2] - width) // 2
    return labels[:, rows:-rows, columns:-columns]


def _left_edges(labels, height, width):
    """Resized with the pixel at the beginning of each stretch, not in its middle."""
    rows, columns = np.arange(height) * labels.shape[1] // height, np.arange(width) * labels.shape[2] // width
    return labels[:, rows[:, None], columns]


def _ends_on_ends(to_whole):
    """Resized so that the first pixel is taken from the first and the last from the last."""

    def wrong(labels, height, width):
        rows, columns = (
            to_whole(np.linspace(0, full - 1, size)).astype(int)
            for size, full in zip((height, width), labels.shape[1:], strict=True)
        )
        return labels[:, rows[:, None], columns]

    return wrong


def _axes_0_and_1(first):
    """Sliced as if there were no batch axis; sizes and margins are those of axes `first` and `first` + 1."""

    def wrong(labels, height, width):
        top, left = (labels.shape[first] - height) // 2, (labels.shape[first + 1] - width) // 2
        return labels[top : top + height, left : left + width]

    return wrong


CROP_MISTAKES = (
    Mistake("labels", "this is the upper left corner; half of what is missing is cut off above.", _from(lambda d: 0)),
    Mistake("labels", "this is the lower right corner; half of what is missing is cut off below.", _from(lambda d: d)),
    Mistake(
        "labels",
        "where the number of missing rows or columns is odd, yours cuts the odd one off above or at the left: "
        "round the first half down.",
        _from(lambda d: (d + 1) // 2),
    ),
    Mistake(
        "labels",
        "where the number of missing rows or columns is odd, yours is one too large: cut off what is left, not "
        "the same again.",
        _margins,
    ),
    Mistake(
        "labels",
        "[margin:-margin] is empty where nothing is to be cut off, and too large where an odd number is: end at "
        "top + height.",
        _minus_margins,
    ),
    *(
        Mistake(
            "labels",
            "this resizes the whole mask; that is the mistake of the story. Cut out the middle.",
            resized,
        )
        for resized in (batches.whole_resized, _left_edges, _ends_on_ends(np.floor), _ends_on_ends(np.rint))
    ),
    *(
        Mistake(
            "labels",
            "axes 0 and 1 are cut; of labels (N, H, W) the rows are axis 1 and the columns axis 2: labels[:, ...].",
            _axes_0_and_1(first),
        )
        for first in (0, 1)
    ),
    Mistake(
        "labels",
        "only the rows were cropped: of labels (N, H, W) they are axis 1, and the columns axis 2.",
        lambda labels, height, width: crop(labels, height, labels.shape[2]),
    ),
    Mistake(
        "labels",
        "only the columns were cropped: of labels (N, H, W) they are axis 2, and the rows axis 1.",
        lambda labels, height, width: crop(labels, labels.shape[1], width),
    ),
    Mistake(
        "labels",
        "height and width are swapped.",
        lambda labels, height, width: crop(labels, width, height),
    ),
)

# --- 11.2 label_displacement

SIZES = [(10, 6), (100, 60), (572, 388), (64, 64), (30, 4)]  # image, answer


def displacement_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for size_in, size_out in SIZES:
        count = min(size_out, 6)
        i = np.sort(rng.choice(size_out, count, replace=False))
        i[0], i[-1] = 0, size_out - 1  # both ends are among them
        yield {"i": i, "size_in": size_in, "size_out": size_out}


def displaced(i, size_in, size_out):
    """From two lines through places: where the pixels of the answer lie, and where the middles of the stretches lie."""
    edges = np.linspace(0, size_in, size_out + 1)
    taken = (edges[:-1] + edges[1:]) / 2  # (size_out,), the middle of each stretch
    looks = batches.centre_crop(np.arange(size_in)[None, :, None], size_out, 1)[0, :, 0] + 0.5
    return (taken - looks)[i]


DISPLACEMENT_MISTAKES = (
    Mistake(
        "displacement",
        "the sign is the other way round: it is the place of the label minus the place where the network looks.",
        lambda **case: -displaced(**case),
    ),
    Mistake(
        "displacement",
        "this is the distance without its sign: a label from nearer to the beginning is negative.",
        lambda **case: np.abs(displaced(**case)),
    ),
    Mistake(
        "displacement",
        "the pixels stand for their edges in yours: the middle of stretch i is (i + 0.5) * size_in / size_out.",
        lambda i, size_in, size_out: i * size_in / size_out - i - (size_in - size_out) / 2,
    ),
    Mistake(
        "displacement",
        "half a pixel is missing where the network looks: pixel p stands for the place p + 0.5.",
        lambda i, size_in, size_out: displaced(i, size_in, size_out) + 0.5,
    ),
    Mistake(
        "displacement",
        "half a pixel is missing where the label is taken: the middle of stretch i, (i + 0.5) * size_in / size_out.",
        lambda i, size_in, size_out: displaced(i, size_in, size_out) - 0.5 * size_in / size_out,
    ),
    Mistake(
        "displacement",
        "the margin is missing: the network's first pixel lies (size_in - size_out) / 2 pixels inside the image.",
        lambda i, size_in, size_out: displaced(i, size_in, size_out) + (size_in - size_out) / 2,
    ),
    Mistake(
        "displacement",
        "the whole of size_in - size_out is taken for the margin; half of it lies at the beginning.",
        lambda i, size_in, size_out: displaced(i, size_in, size_out) - (size_in - size_out) / 2,
    ),
    Mistake(
        "displacement",
        "the label's place is rounded down to a whole pixel; a place may lie anywhere.",
        lambda i, size_in, size_out: np.floor((i + 0.5) * size_in / size_out) - i - 0.5 - (size_in - size_out) / 2,
    ),
    Mistake(
        "displacement",
        "the label's place is rounded down to a whole pixel, and so is the network's: these are the numbers of the "
        "pixels, and asked for is the distance of the places.",
        lambda i, size_in, size_out: np.floor((i + 0.5) * size_in / size_out) - i - (size_in - size_out) / 2,
    ),
    Mistake(
        "displacement",
        "the first pixel is laid on the first and the last on the last, steps of (size_in - 1) / (size_out - 1); "
        "asked for are the middles of size_out equal stretches.",
        lambda i, size_in, size_out: i * (size_in - 1) / (size_out - 1) - i - (size_in - size_out) / 2,
    ),
    Mistake(
        "displacement",
        "the stretch has the length size_in / size_out, not size_out / size_in.",
        lambda i, size_in, size_out: (i + 0.5) * size_out / size_in - i - 0.5 - (size_in - size_out) / 2,
    ),
    Mistake(
        "displacement",
        "this is counted in pixels of the resized mask; asked for are pixels of the image.",
        lambda i, size_in, size_out: displaced(i, size_in, size_out) * size_out / size_in,
    ),
)

# --- 11.3 find_shift

SHIFTS = [  # rows, columns, the shift, the largest that is tried, part of the pixels that is spoilt
    (6, 7, (1, 0), 1, 0.0),
    (8, 9, (0, -2), 2, 0.0),
    (9, 7, (-2, 1), 2, 0.1),
    (7, 7, (0, 0), 3, 1.0),
    (10, 12, (3, -3), 3, 0.2),
    (8, 7, (-3, 1), 3, 0.7),  # so much that pixels counted from the end decide: see `_tells`
]


def shift_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for size in SHIFTS:
        case = _shift_case(rng, *size)
        while not _tells(case, by=size[2], spoilt=size[-1]):
            case = _shift_case(rng, *size)
        yield case
    flat = np.ones((6, 6), dtype="int64")  # all shifts agree wholly
    yield {"one": flat, "other": flat.copy(), "max_shift": 2}
    # (0, 3) agrees as wholly as (2, 2), and is nearer by abs(dy) + abs(dx); (3, 3), as (0, 4), by the larger one.
    yield _stripes(rng, slope=2, by=(2, 2), most=3)
    yield _stripes(rng, slope=3, by=(0, 4), most=4)


def _shift_case(
    rng: np.random.Generator, height: int, width: int, by: tuple[int, int], most: int, spoilt: float
) -> Arguments:
    (dy, dx), large = by, rng.integers(0, 6, (height + 2 * most, width + 2 * most))
    one = large[most : most + height, most : most + width].copy()
    other = large[most - dy : most - dy + height, most - dx : most - dx + width].copy()
    noise = rng.random(other.shape) < spoilt
    other[noise] = rng.integers(0, 6, int(noise.sum()))
    return {"one": one, "other": other, "max_shift": most}


def _stripes(rng: np.random.Generator, slope: int, by: tuple[int, int], most: int) -> Arguments:
    """A pattern that is the same (slope, -1) further on, and that pattern moved: several shifts agree wholly."""
    pattern, (rows, columns) = rng.integers(0, 6, 80), np.indices((11, 11))
    one, other = (pattern[rows - dy + slope * (columns - dx) + 20] for dy, dx in ((0, 0), by))
    return {"one": one, "other": other, "max_shift": most}


def _tells(case: Arguments, by: tuple[int, int], spoilt: float) -> bool:
    """Whether there is one right answer, and, where most is noise, one that other measures do not find by chance."""
    right, around, from_the_end = (each(**case) for each in (shift, _around, _from_the_end))
    if spoilt == 1:  # then there is no true shift, and any may agree best
        others = (around, from_the_end, _most_equal(**case), _by_difference(**case))
    elif spoilt > 0.5:
        others = (around, from_the_end)
        if right != by or around == from_the_end:
            return False
    else:
        others = ()
    return right == _last_of_nearest(**case) and right not in others


def agreements(one, other, max_shift):
    """(equal pixels, pixels that both have) for every shift, (2*max_shift + 1, 2*max_shift + 1) each."""
    steps = range(-max_shift, max_shift + 1)
    padded = np.pad(other, max_shift, constant_values=-1)  # -1: there is no pixel
    windows = [
        [padded[max_shift + dy :, max_shift + dx :][: one.shape[0], : one.shape[1]] for dx in steps] for dy in steps
    ]
    windows = np.array(windows)
    return (windows == one).sum((2, 3)), (windows >= 0).sum((2, 3))


def choose(quality, max_shift, *, nearest=True, distance=lambda dy, dx: dy**2 + dx**2):
    """The shift of the best quality; of equals the nearest to 0, or the first."""
    steps = np.arange(-max_shift, max_shift + 1)
    away = distance(steps[:, None], steps)
    best = quality >= quality.max() - 1e-12
    place = np.argmin(np.where(best, away, away.max() + 1)) if nearest else np.argmax(best)
    dy, dx = np.unravel_index(place, quality.shape)
    return int(steps[dy]), int(steps[dx])


def shift(one, other, max_shift):
    equal, both = agreements(one, other, max_shift)
    return choose(equal / both, max_shift)


def _most_equal(one, other, max_shift):
    return choose(agreements(one, other, max_shift)[0], max_shift)


def _last_of_nearest(one, other, max_shift):
    equal, both = agreements(one, other, max_shift)
    dy, dx = choose((equal / both)[::-1, ::-1], max_shift)
    return -dy, -dx


def _by_difference(one, other, max_shift):
    """The class ids taken for amounts."""
    padded = np.pad(other.astype(float), max_shift, constant_values=np.nan)
    steps = range(-max_shift, max_shift + 1)
    quality = [
        [
            -np.nanmean(np.abs(padded[max_shift + dy :, max_shift + dx :][: len(one), : one.shape[1]] - one))
            for dx in steps
        ]
        for dy in steps
    ]
    return choose(np.array(quality), max_shift)


def _worst(one, other, max_shift):
    equal, both = agreements(one, other, max_shift)
    return choose(-equal / both, max_shift)


def _first_of_equals(one, other, max_shift):
    equal, both = agreements(one, other, max_shift)
    return choose(equal / both, max_shift, nearest=False)


def _last_of_equals(one, other, max_shift):
    equal, both = agreements(one, other, max_shift)
    dy, dx = choose((equal / both)[::-1, ::-1], max_shift, nearest=False)
    return -dy, -dx


def _around(one, other, max_shift):
    """As np.roll does: what leaves on one side comes back on the other."""
    steps = range(-max_shift, max_shift + 1)
    quality = [[(one == np.roll(other, (-dy, -dx), (0, 1))).mean() for dx in steps] for dy in steps]
    return choose(np.array(quality), max_shift)


def _from_the_end(one, other, max_shift):
    """Only r + dy < H and c + dx < W are asked for: a negative index takes a pixel from the far end."""
    steps = range(-max_shift, max_shift + 1)
    quality = []
    for dy in steps:
        for dx in steps:
            equal = one == np.roll(other, (-dy, -dx), (0, 1))
            quality.append(equal[: len(one) - max(dy, 0), : one.shape[1] - max(dx, 0)].mean())
    return choose(np.array(quality).reshape(len(steps), len(steps)), max_shift)


def _limited(keep):
    """Only some of the shifts are tried."""

    def wrong(one, other, max_shift):
        equal, both = agreements(one, other, max_shift)
        steps = np.arange(-max_shift, max_shift + 1)
        tried = keep(steps, max_shift)
        return choose(np.where(np.logical_and.outer(tried, tried), equal / both, -1), max_shift)

    return wrong


SHIFT_MISTAKES = (
    Mistake(
        "shift",
        "the sign is the other way round: one[r, c] is compared with other[r + dy, c + dx].",
        lambda **case: tuple(-step for step in shift(**case)),
    ),
    Mistake("shift", "dy and dx are swapped: rows first.", lambda **case: shift(**case)[::-1]),
    Mistake(
        "shift",
        "the equal pixels are counted, or divided by all pixels; a large shift compares fewer: divide by how many.",
        _most_equal,
    ),
    Mistake(
        "shift",
        "pixels that leave on one side come back on the other (np.roll); compare only those that both maps have.",
        _around,
    ),
    Mistake(
        "shift",
        "r + dy may be negative, and NumPy then counts from the end: 0 <= r + dy and 0 <= c + dx must hold, too.",
        _from_the_end,
    ),
    Mistake(
        "shift",
        "the differences of class ids are compared; ids are names, not amounts: two pixels are equal, or they are not.",
        _by_difference,
    ),
    Mistake("shift", "this is the shift with the least agreement.", _worst),
    Mistake(
        "shift",
        "negative shifts are not tried: dy and dx run from -max_shift to max_shift.",
        _limited(lambda steps, most: steps >= 0),
    ),
    Mistake(
        "shift",
        "the largest shift is not tried: range(-max_shift, max_shift) ends before max_shift.",
        _limited(lambda steps, most: steps < most),
    ),
    Mistake(
        "shift",
        "several shifts agree equally well, and yours is the first that was tried; take the smallest dy*dy + dx*dx.",
        _first_of_equals,
    ),
    Mistake(
        "shift",
        "several shifts agree equally well, and yours is the last that was tried; take the smallest dy*dy + dx*dx.",
        _last_of_equals,
    ),
    *(
        Mistake(
            "shift",
            "several shifts agree equally well, and yours is the nearest by another distance: dy*dy + dx*dx decides.",
            lambda one, other, max_shift, distance=distance: choose(
                np.divide(*agreements(one, other, max_shift)), max_shift, distance=distance
            ),
        )
        for distance in (
            lambda dy, dx: abs(dy) + abs(dx) + dy**2 / 100,
            lambda dy, dx: np.maximum(abs(dy), abs(dx)) + (dy**2 + dx**2) / 100,
        )
    ),
)

EXERCISES = [
    Exercise("11.1", "centre_crop", crop_cases, crop, ("labels",), CROP_MISTAKES),
    Exercise("11.2", "label_displacement", displacement_cases, displaced, ("displacement",), DISPLACEMENT_MISTAKES),
    Exercise("11.3", "find_shift", shift_cases, shift, ("shift",), SHIFT_MISTAKES),
]
