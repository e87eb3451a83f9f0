"""Lesson 14: what the checker knows about windows that are dealt out, and sums in stretches."""

from collections.abc import Callable, Iterator

import numpy as np

from lessons.check.exercise import Arguments, Exercise, Mistake
from minunet import layers
from minunet.layers.im2col import im2col

# --- 14.1 ----------------------------------------------------------------------------------------------------------


def deal_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    yield {"pixels": np.arange(8.0)[:, None]}
    for count, channels in ((9, 1), (10, 2), (11, 3), (5, 4), (3, 2)):
        yield {"pixels": rng.standard_normal((count, channels))}


def windows_of(pixels):
    """All of them, a row each: (P - 2, 3*C)."""
    return im2col(pixels[None, None], (1, 3), (1, 1), (0, 0))[0, 0]


def deal(pixels):
    windows = windows_of(pixels)
    return windows[0::3], windows[1::3], windows[2::3]


def channels_first(pixels, third):
    windows = windows_of(pixels)
    windows = windows.reshape(len(windows), 3, -1).swapaxes(1, 2).reshape(windows.shape)
    return windows[third::3]


def as_many_everywhere(pixels, third):
    """P // 3 - 1 or so windows in each."""
    return deal(pixels)[third][: (len(pixels) - 2) // 3]


def deal_mistakes() -> Iterator[Mistake]:
    for third, output in enumerate(("first", "second", "third")):

        def of(wrong: Callable, third: int = third) -> Callable:
            return lambda pixels: wrong(pixels, third)

        yield Mistake(
            output,
            "a matrix holds a third of the windows one after the other; they are dealt out like cards: every third "
            "window belongs to the same matrix.",
            of(lambda pixels, third: np.array_split(windows_of(pixels), 3)[third]),
        )
        yield Mistake(
            output, "all windows are in it; only every third one belongs there.", of(lambda p, third: windows_of(p))
        )
        yield Mistake(
            output,
            "within a row the channel comes first in yours; the numbers of a pixel lie side by side.",
            of(channels_first),
        )
        yield Mistake(
            output,
            f"it starts with window 0; the windows of this matrix start at pixel {third}.",
            of(lambda pixels, third: windows_of(pixels)[0::3]),
        )
        yield Mistake(
            output,
            "its last window is missing: from pixel s on, (P - s) // 3 windows fit, which differs from matrix to "
            "matrix.",
            of(as_many_everywhere),
        )
        yield Mistake(
            output,
            "the windows do not follow each other without a gap: from one to the next of a matrix it is 3 pixels.",
            of(lambda pixels, third: windows_of(pixels)[third::4]),
        )


# --- 14.2 ----------------------------------------------------------------------------------------------------------

CONVOLUTIONS = [  # (x, channels out)
    ((1, 4, 5, 1), 1),
    ((1, 5, 6, 1), 1),
    ((1, 3, 4, 2), 1),
    ((1, 4, 5, 3), 2),
    ((2, 5, 4, 2), 3),
    ((3, 3, 3, 2), 2),
    ((2, 6, 7, 3), 4),
]


def conv_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for shape, kernels in CONVOLUTIONS:
        yield {"x": rng.standard_normal(shape), "weight": rng.standard_normal((3, 3, shape[3], kernels))}


def plain(x, weight):
    return layers.conv2d(x, weight)[0]


def full(x, weight, rows=(0, 1, 2), row_length=None, everywhere=False):
    """A row for every pixel of the batch: (N, H, W, K).

    Zero where the sum would leave the batch, or, `everywhere`, as if zeros followed. `row_length` is the number of
    pixels from one row to the next, W if all is right.
    """
    batch, height, width, channels = x.shape
    flat = np.concatenate([x.reshape(-1, channels), np.zeros((2 * width + 2, channels))])
    windows = windows_of(flat)  # (N*H*W + 2*W, 3*C)
    count = batch * height * width - (0 if everywhere else 2 * width + 2)
    row_length = width if row_length is None else row_length
    result = np.zeros((batch * height * width, weight.shape[3]))
    for a in rows:
        result[:count] += windows[a * row_length : a * row_length + count] @ weight[a].reshape(-1, weight.shape[3])
    return result.reshape(batch, height, width, -1)


def cut(image):
    return image[:, : image.shape[1] - 2, : image.shape[2] - 2]


def _first_rows(x, weight):
    """The first numbers of full, as if its rows had W - 2 pixels."""
    y = plain(x, weight)
    return full(x, weight).reshape(-1, y.shape[3])[: y[..., 0].size].reshape(y.shape)


def _in_order(x, weight):
    """The three products of a row one behind the other, instead of every third place."""
    image = full(x, weight)
    count = image[..., 0].size - 2 * x.shape[2] - 2
    rows = image.reshape(-1, image.shape[3])
    rows[:count] = np.concatenate([rows[:count][third::3] for third in range(3)])
    return cut(rows.reshape(image.shape))


CONV_MISTAKES = (
    Mistake(
        "y",
        "the places where a window runs over an edge are still there: cut y to (N, H-2, W-2, K).",
        full,
    ),
    Mistake(
        "y",
        "y is cut at the wrong side: full[m] belongs to the window that begins at m, so the last two rows and the last "
        "two columns go.",
        lambda x, weight: full(x, weight)[:, 2:, 2:],
    ),
    *(
        Mistake(
            "y",
            "you cut a rim off all sides; the window of output (i, j) begins at pixel (i, j), so the last two rows and "
            "columns go.",
            lambda x, weight, everywhere=everywhere: full(x, weight, everywhere=everywhere)[:, 1:-1, 1:-1],
        )
        for everywhere in (False, True)
    ),
    Mistake(
        "y",
        "the second row of the kernel begins W pixels further on, not one: take the pixels from a*W on, not from a.",
        lambda x, weight: cut(full(x, weight, row_length=1)),
    ),
    Mistake(
        "y",
        "a row of x has W pixels, and the next row of the kernel begins a*W further on; yours begins a*(W - 2) on, as "
        "if the rows were those of y.",
        lambda x, weight: cut(full(x, weight, row_length=x.shape[2] - 2)),
    ),
    Mistake(
        "y",
        "rows and columns of the kernel are exchanged: weight[a] is a row of it, weight[:, a] a column.",
        lambda x, weight: plain(x, weight.swapaxes(0, 1)),
    ),
    Mistake(
        "y",
        "y is the beginning of full, reshaped: full has W pixels a row, of which W - 2 are kept. Reshape to "
        "(N, H, W, K), then cut.",
        _first_rows,
    ),
    Mistake(
        "y",
        "the results of the three matrices stand one behind the other; those of the windows 0, 3, 6, ... belong to the "
        "places 0, 3, 6, ... of full.",
        _in_order,
    ),
    Mistake(
        "y",
        "only the last row of the kernel counts: add (+=) for a = 0, 1, 2, do not assign (=).",
        lambda x, weight: cut(full(x, weight, rows=(2,))),
    ),
    Mistake(
        "y",
        "only the first row of the kernel counts: sum over a = 0, 1, 2.",
        lambda x, weight: cut(full(x, weight, rows=(0,))),
    ),
    Mistake(
        "y",
        "the rows of the kernel are in reverse order: weight[a] goes with the pixels a*W further on.",
        lambda x, weight: plain(x, weight[::-1]),
    ),
    Mistake("y", "the kernel is flipped.", lambda x, weight: plain(x, weight[::-1, ::-1])),
    Mistake(
        "y",
        "all three rows of the kernel see the same row of pixels: begin a*W pixels further on.",
        lambda x, weight: cut(full(x, np.stack([weight.sum(axis=0), 0 * weight[0], 0 * weight[0]]))),
    ),
    Mistake(
        "y",
        "weight[a] is reshaped in another order than (3, C) -> 3*C.",
        lambda x, weight: plain(x, weight.swapaxes(1, 2).reshape(weight.shape)),
    ),
)

# --- 14.3 ----------------------------------------------------------------------------------------------------------


FAR_APART = [[1.0, 1.0], [1e20, 2.0], [-1e20, 3.0], [1.0, 4.0]]  # added in another order, the 1.0 are not lost


def stretch_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for rows, channels, length in ((4, 1, 2), (6, 2, 3), (7, 3, 3), (10, 2, 4), (3, 2, 5), (5, 1, 1)):
        yield {"values": rng.standard_normal((rows, channels)), "length": length}
    yield {"values": np.array(FAR_APART), "length": 2}


def stretches(values, length):
    count = -(-len(values) // length)
    padded = np.zeros((count * length, values.shape[1]))
    padded[: len(values)] = values
    sums = padded.reshape(count, length, -1).sum(axis=1)
    return sums, sums.sum(axis=0)


def _dealt(values, length):
    """Every count-th row, as threads of a GPU often share the work."""
    count = -(-len(values) // length)
    return np.array([values[part::count].sum(axis=0) for part in range(count)])


STRETCH_MISTAKES = (
    Mistake(
        "sums",
        "the last stretch is missing: it is shorter where `length` does not divide the rows, and counts too.",
        lambda values, length: stretches(values[: len(values) // length * length], length)[0],
    ),
    Mistake(
        "sums",
        "`length` is how many rows a stretch has, not how many stretches there are.",
        lambda values, length: np.array([part.sum(axis=0) for part in np.array_split(values, length)]),
    ),
    Mistake("sums", "the rows are dealt out in turn; a stretch is rows that follow each other.", _dealt),
    Mistake(
        "sums",
        "they are means; sums are asked for.",
        lambda values, length: np.array(
            [values[start : start + length].mean(axis=0) for start in range(0, len(values), length)]
        ),
    ),
    Mistake(
        "sums",
        "the channels are added up too: sum over the rows only.",
        lambda values, length: stretches(values, length)[0].sum(axis=1),
    ),
    Mistake(
        "sums",
        "it is a running total; every stretch begins at 0.",
        lambda values, length: np.cumsum(stretches(values, length)[0], axis=0),
    ),
    Mistake(
        "total",
        "it is the sum over the channels of each stretch; sum over the stretches, axis 0.",
        lambda values, length: stretches(values, length)[0].sum(axis=1),
    ),
    Mistake(
        "total",
        "the rows of values are added up once more, in another order than `sums`, and so it is rounded otherwise: add "
        "up `sums`.",
        lambda values, length: values.sum(axis=0),
    ),
    Mistake(
        "total",
        "it is one number: keep the channels apart.",
        lambda values, length: values.sum(),
    ),
    Mistake(
        "total",
        "it is the mean over the stretches; their sum is asked for.",
        lambda values, length: stretches(values, length)[0].mean(axis=0),
    ),
)

EXERCISES = [
    Exercise("14.1", "deal_windows", deal_cases, deal, ("first", "second", "third"), tuple(deal_mistakes())),
    Exercise("14.2", "wide_rows_conv", conv_cases, plain, mistakes=CONV_MISTAKES),
    Exercise("14.3", "sum_in_stretches", stretch_cases, stretches, ("sums", "total"), STRETCH_MISTAKES),
]
