"""Lesson 5: what the checker knows about the transposed convolution."""

from collections.abc import Callable, Iterator

import numpy as np

from lessons.check.bias import BIAS_MISTAKES
from lessons.check.exercise import Arguments, Exercise, Mistake
from minunet import layers

# (kernel, height, width, stride): small and plain first, then every complication by itself, then together.
MATRICES = [
    ((2, 2), 3, 3, 1),
    ((3, 3), 4, 4, 1),
    ((2, 3), 4, 6, 1),  # rows and columns differ
    ((2, 2), 4, 6, 2),
    ((3, 2), 6, 5, 2),  # a column too many
]
# (x, kernel, channels out, stride)
SHAPES = [
    ((1, 2, 3, 1), (2, 2), 1, 2),  # copies side by side
    ((1, 2, 3, 1), (3, 3), 1, 2),  # overlaps
    ((2, 3, 2, 2), (2, 2), 2, 2),  # samples, and as many channels in as out
    ((2, 3, 2, 3), (2, 2), 2, 2),  # not as many
    ((2, 3, 4, 2), (3, 2), 4, 1),
    ((2, 3, 4, 3), (2, 3), 2, 2),
    ((3, 2, 3, 2), (1, 2), 3, 3),  # gaps
]


def matrix_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for kernel, height, width, stride in MATRICES:
        yield {"weight": rng.standard_normal(kernel), "height": height, "width": width, "stride": stride}


def forward_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for shape, kernel, out_channels, stride in SHAPES:
        yield {
            "x": rng.standard_normal(shape),
            "weight": rng.standard_normal((*kernel, shape[3], out_channels)),
            "bias": rng.standard_normal(out_channels),
            "stride": stride,
        }


def backward_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for case in forward_cases(rng):
        y = forward(**case)
        yield {"dy": rng.standard_normal(y.shape), "cache": (case["x"], case["weight"], case["stride"])}


def matrix(weight, height, width, stride):
    """Column p is the answer to a picture with a single 1, at pixel p."""
    units = np.eye(height * width).reshape(-1, height, width, 1)
    answers = layers.conv2d(units, weight[:, :, None, None], stride=stride)[0]  # (H*W, OH, OW, 1)
    return answers.reshape(height * width, -1).T


def forward(x, weight, bias, stride):
    return layers.conv_transpose2d(x, weight, bias, stride=stride)[0]


def forward_and_cache(x, weight, bias, stride):
    return forward(x, weight, bias, stride), (x, weight, stride)


def backward(dy, cache):
    x, weight, stride = cache
    return layers.conv_transpose2d_backward(dy, (x, weight, True, (stride, stride), (0, 0), dy.shape))


def convolution(weight: np.ndarray, stride: int) -> Callable[[np.ndarray], np.ndarray]:
    def conv(x: np.ndarray) -> np.ndarray:
        return layers.conv2d(x, weight, stride=stride)[0]

    return conv


def transposed_convolution(weight: np.ndarray, stride: int) -> Callable[[np.ndarray], np.ndarray]:
    """With the weight of the convolution: the two channel axes change places."""

    def conv_transpose(z: np.ndarray) -> np.ndarray:
        return layers.conv_transpose2d(z, weight.transpose(0, 1, 3, 2), stride=stride)[0]

    return conv_transpose


def multiply_by(factor: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    def multiply(x: np.ndarray) -> np.ndarray:
        return factor @ x

    return multiply


def gap_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """Two pairs that are no transposes, with gaps below and above 0; then two that are; and one more that is not."""
    factor, other = rng.standard_normal((3, 4)), rng.standard_normal((4, 3))
    case = {"forward": multiply_by(factor), "transposed": multiply_by(other)}
    case |= {"x": rng.standard_normal(4), "z": rng.standard_normal(3)}
    yield with_sign(case, -1)
    x, weight = rng.standard_normal((2, 5, 7, 3)), rng.standard_normal((3, 3, 3, 2))
    z, conv = rng.standard_normal((2, 2, 3, 2)), convolution(weight, 2)
    flipped = weight[::-1, ::-1]
    yield with_sign({"forward": conv, "transposed": transposed_convolution(flipped, 2), "x": x, "z": z}, 1)
    yield {"forward": conv, "transposed": transposed_convolution(weight, 2), "x": x, "z": z}
    yield {"forward": multiply_by(factor), "transposed": multiply_by(factor.T), "x": case["x"], "z": case["z"]}
    yield {"forward": conv, "transposed": transposed_convolution(2 * weight, 2), "x": x, "z": z}


def with_sign(case: Arguments, sign: int) -> Arguments:
    """The same case with a gap of that sign, so that one without a sign is seen."""
    return case if sign * gap(**case) > 0 else {**case, "z": -case["z"]}


def gap(forward, transposed, x, z):
    return float((forward(x) * z).sum() - (x * transposed(z)).sum())


# --- mistakes ------------------------------------------------------------------------------------------------------


def _out(weight, height, width, stride):
    return (height - weight.shape[0]) // stride + 1, (width - weight.shape[1]) // stride + 1


def _windows_by_columns(**case):
    """The windows counted column by column: row j * OH + i."""
    a = matrix(**case)
    return a.reshape(*_out(**case), -1).transpose(1, 0, 2).reshape(a.shape)


def _pixels_by_columns(**case):
    a = matrix(**case)
    return a.reshape(-1, case["height"], case["width"]).transpose(0, 2, 1).reshape(a.shape)


def _rows_by_height(*, add):
    """The window (i, j) in row i * OH + j: with OH < OW two windows may share a row."""

    def wrong(weight, height, width, stride):
        (rows, columns), right = _out(weight, height, width, stride), matrix(weight, height, width, stride)
        a = np.zeros_like(right)
        for i, j in np.ndindex(rows, columns):
            window = right[i * columns + j]
            a[i * rows + j] = np.where(window != 0, window, a[i * rows + j]) if add else window
        return a

    return wrong


def _steps(*, down: bool, across: bool):
    """The windows move on by stride down and across, or by one pixel."""

    def wrong(weight, height, width, stride):
        out, all_out = _out(weight, height, width, stride), _out(weight, height, width, 1)
        a = matrix(weight, height, width, 1).reshape(*all_out, -1)[:: stride if down else 1, :: stride if across else 1]
        return a[: out[0], : out[1]].reshape(-1, height * width)

    return wrong


MATRIX_MISTAKES = (
    Mistake(
        "A", "you have the transpose of A: a row for each window, a column for each pixel.", lambda **c: matrix(**c).T
    ),
    Mistake(
        "A",
        "the kernel is flipped: weight[a, b] stands in the column of pixel (stride*i + a, stride*j + b).",
        lambda weight, **rest: matrix(weight=weight[::-1, ::-1], **rest),
    ),
    Mistake(
        "A",
        "A has a row for every pixel at which a window fits; take each stride-th.",
        lambda **c: matrix(**{**c, "stride": 1}),
    ),
    Mistake("A", "the windows move on by one pixel, not by stride.", _steps(down=False, across=False)),
    Mistake(
        "A",
        "the stride is forgotten in the columns: window (i, j) begins in column stride*j of the picture, yours in j.",
        _steps(down=True, across=False),
    ),
    Mistake(
        "A",
        "the stride is forgotten in the rows: window (i, j) begins in row stride*i of the picture, yours in i.",
        _steps(down=False, across=True),
    ),
    Mistake(
        "A", "the windows are counted column by column; the row of window (i, j) is i * OW + j.", _windows_by_columns
    ),
    Mistake("A", "window (i, j) stands in row i * OH + j; its row is i * OW + j.", _rows_by_height(add=False)),
    Mistake("A", "window (i, j) stands in row i * OH + j; its row is i * OW + j.", _rows_by_height(add=True)),
    Mistake(
        "A",
        "the pixels are counted column by column; the column of pixel (p, q) is p * width + q.",
        _pixels_by_columns,
    ),
    Mistake("A", "A is zero and one: put the weights in.", lambda **c: (matrix(**c) != 0).astype(float)),
)


def _stamp(x, weight, bias, stride, *, add):
    """Copy by copy; without `add` a copy overwrites what is there."""
    (batch, height, width, _), (kh, kw, _, out_channels) = x.shape, weight.shape
    y = np.zeros((batch, (height - 1) * stride + kh, (width - 1) * stride + kw, out_channels))
    for n, i, j in np.ndindex(batch, height, width):
        here = np.s_[n, stride * i : stride * i + kh, stride * j : stride * j + kw]
        copy = np.einsum("abck,c->abk", weight, x[n, i, j])
        y[here] = y[here] + copy if add else copy
    return y + bias


def _place_by_place(x, weight, bias, stride):
    """`=` instead of `+=`, place by place."""
    y = np.zeros(forward(x, weight, bias, stride).shape)
    for a, b in np.ndindex(weight.shape[:2]):
        rows, columns = slice(a, a + stride * x.shape[1], stride), slice(b, b + stride * x.shape[2], stride)
        y[:, rows, columns] = x @ weight[a, b]
    return y + bias


def _bias_in_each_copy(x, weight, bias, stride):
    counts = forward(np.ones_like(x[..., :1]), np.ones_like(weight[:, :, :1]), 0 * bias, stride)
    return forward(x, weight, 0 * bias, stride) + counts * bias


def _mean_of_copies(x, weight, bias, stride):
    counts = forward(np.ones_like(x[..., :1]), np.ones_like(weight[:, :, :1]), 0 * bias, stride)
    return forward(x, weight, 0 * bias, stride) / np.maximum(counts, 1) + bias


def _cut(x, weight, bias, stride):
    return forward(x, weight, bias, stride)[:, : x.shape[1] * stride, : x.shape[2] * stride]


FORWARD_MISTAKES = (
    Mistake(
        "y",
        "copies that overlap overwrite each other: add (+=), do not assign (=).",
        lambda **c: _stamp(**c, add=False),
    ),
    Mistake(
        "y", "copies that overlap overwrite each other, place by place: add (+=), do not assign (=).", _place_by_place
    ),
    Mistake("y", "copies that overlap are averaged; they add up.", _mean_of_copies),
    Mistake(
        "y",
        "the kernel is flipped: weight[a, b] lands at (stride*i + a, stride*j + b). (A convolution of the picture with "
        "zeros between its pixels does that, if its kernel is not turned around first.)",
        lambda weight, **rest: forward(weight=weight[::-1, ::-1], **rest),
    ),
    Mistake("y", "the bias is missing.", lambda bias, **rest: forward(bias=0 * bias, **rest)),
    Mistake(
        "y",
        "the bias comes with every copy of the kernel; it is added once to every pixel of y, in gaps too.",
        _bias_in_each_copy,
    ),
    Mistake(
        "y",
        "y is H * stride pixels high; the last copy begins at (H - 1) * stride and is KH pixels long.",
        _cut,
    ),
    Mistake("y", "the copies lie one pixel apart; it is stride.", lambda stride, **rest: forward(stride=1, **rest)),
    Mistake(
        "y",
        "only the first channel of x puts down its kernel: sum over c.",
        lambda x, weight, **rest: forward(x=x[..., :1], weight=weight[:, :, :1], **rest),
    ),
    Mistake(
        "y",
        "every sample got the answer of the first one: is n used?",
        lambda **c: np.broadcast_to(forward(**c)[:1], forward(**c).shape),
    ),
    Mistake(
        "y",
        "the channels of the weight are read as (K, C); the third axis is what comes in.",
        lambda weight, **rest: forward(
            weight=weight.reshape(*weight.shape[:2], weight.shape[3], weight.shape[2]).transpose(0, 1, 3, 2), **rest
        ),
    ),
    Mistake(
        "y",
        "this is a plain convolution of x, which makes a picture smaller: walk over the pixels of x, not over windows.",
        lambda x, weight, bias, stride: layers.conv2d(x, weight, bias, stride=stride)[0],
    ),
)


def _with(output: int, change):
    """The right answer, computed from arguments that were changed: output number `output` of it."""
    return lambda dy, cache: backward(*change(dy, *cache))[output]


def _one_place(dy, cache):
    """dx from the upper left corner of every copy only."""
    x, weight, stride = cache
    return dy[:, : x.shape[1] * stride : stride, : x.shape[2] * stride : stride] @ weight[0, 0].T


def _last_place(dy, cache):
    x, weight, stride = cache
    (kh, kw), (height, width) = weight.shape[:2], x.shape[1:3]
    return (
        dy[:, kh - 1 : kh - 1 + height * stride : stride, kw - 1 : kw - 1 + width * stride : stride] @ weight[-1, -1].T
    )


def _copies_one_apart(dy, cache):
    (x, weight, _), (kh, kw) = cache, cache[1].shape[:2]
    return backward(dy[:, : x.shape[1] - 1 + kh, : x.shape[2] - 1 + kw], (x, weight, 1))[0]


def _bias_by_copies(dy, cache):
    """dy counted as often as copies reach it."""
    x, weight, stride = cache
    ones = (np.ones_like(x[..., :1]), np.ones((*weight.shape[:2], 1, 1)), np.zeros(1))
    return (dy * forward(*ones, stride)).sum((0, 1, 2))


def _bias_at_the_corners(dy, cache):
    return dy[:, :: cache[2], :: cache[2]].sum((0, 1, 2))


def _weight_not_turned(dy, cache):
    """dx with dy @ weight[a, b], which runs where there are as many channels in as out."""
    x, weight, stride = cache
    return backward(dy, (x, weight.transpose(0, 1, 3, 2), stride))[0]


def _weight_by_rows(dy, cache):
    """(C, KH, KW, K) that was reshaped, not transposed."""
    return backward(dy, cache)[1].transpose(2, 0, 1, 3).reshape(cache[1].shape)


BACKWARD_MISTAKES = (
    Mistake(
        "dx",
        "the kernel is flipped in dx: dy at (stride*i + a, stride*j + b) goes back with weight[a, b].",
        _with(0, lambda dy, x, weight, stride: (dy, (x, weight[::-1, ::-1], stride))),
    ),
    Mistake(
        "dx",
        "the first thing that you return is dweight; the order is dx, dweight, dbias.",
        lambda dy, cache: backward(dy, cache)[1],
    ),
    Mistake(
        "dx",
        "weight[a, b] is (C, K), and dx sums over k: dy @ weight[a, b].T. Yours sums over c.",
        _weight_not_turned,
    ),
    Mistake("dx", "dx reads copies that lie one pixel apart; it is stride.", _copies_one_apart),
    Mistake("dx", "only the upper left corner of every copy came back: sum over all places (a, b).", _one_place),
    Mistake("dx", "only the last place of every copy came back: add up over all places (a, b).", _last_place),
    Mistake(
        "dx",
        "dx is averaged over the places in the kernel; it is their sum.",
        lambda dy, cache: backward(dy, cache)[0] / cache[1][..., 0, 0].size,
    ),
    Mistake(
        "dweight",
        "your dweight is divided by the batch size; the mean over samples is taken by the loss, once.",
        lambda dy, cache: backward(dy, cache)[1] / len(dy),
    ),
    Mistake(
        "dweight",
        "your dweight is that of the first sample only.",
        _with(1, lambda dy, x, weight, stride: (dy[:1], (x[:1], weight, stride))),
    ),
    Mistake(
        "dweight",
        "your dweight is that of the last sample only: add them up over the batch.",
        _with(1, lambda dy, x, weight, stride: (dy[-1:], (x[-1:], weight, stride))),
    ),
    Mistake(
        "dweight",
        "your dweight is flipped: dweight[a, b] sums x[i, j] times dy[stride*i + a, stride*j + b].",
        lambda dy, cache: backward(dy, cache)[1][::-1, ::-1],
    ),
    Mistake(
        "dweight",
        "the axes of dweight are mixed up: (C, KH*KW*K) is reshaped to (C, KH, KW, K) and then transposed.",
        _weight_by_rows,
    ),
    Mistake(
        "dweight",
        "C and K have changed places in your dweight: it is (KH, KW, C, K). x.T @ dy has C rows, dy.T @ x has K.",
        lambda dy, cache: backward(dy, cache)[1].transpose(0, 1, 3, 2).reshape(cache[1].shape),
    ),
    *BIAS_MISTAKES,
    Mistake(
        "dbias",
        "dbias counts a pixel of y as often as copies reach it; the bias is added once to each pixel, in gaps too.",
        _bias_by_copies,
    ),
    Mistake(
        "dbias", "dbias sums only every stride-th pixel of dy; every pixel of y got the bias.", _bias_at_the_corners
    ),
)

GAP_MISTAKES = (
    Mistake("gap", "the sign is lost; leave out abs.", lambda **c: abs(gap(**c))),
    Mistake("gap", "the two are subtracted the other way round: <forward(x), z> comes first.", lambda **c: -gap(**c)),
    Mistake("gap", "your gap is 0 or False; return the difference, not whether it is small.", lambda **c: False),
    Mistake(
        "gap",
        "you have the mean of the products; <u, v> is their sum.",
        lambda forward, transposed, x, z: (forward(x) * z).mean() - (x * transposed(z)).mean(),
    ),
    Mistake(
        "gap",
        "this is <forward(x), z> alone: subtract <x, transposed(z)>.",
        lambda forward, transposed, x, z: (forward(x) * z).sum(),
    ),
    Mistake(
        "gap",
        "the two are added; subtract them.",
        lambda forward, transposed, x, z: (forward(x) * z).sum() + (x * transposed(z)).sum(),
    ),
    Mistake(
        "gap",
        "the gap is divided by the first of the two; wanted is the plain difference.",
        lambda forward, transposed, x, z: gap(forward, transposed, x, z) / (forward(x) * z).sum(),
    ),
    Mistake(
        "gap",
        "you compare forward(x) with z and transposed(z) with x; multiply them and add up.",
        lambda forward, transposed, x, z: np.linalg.norm(forward(x) - z) - np.linalg.norm(x - transposed(z)),
    ),
    Mistake(
        "gap",
        "each side is the product of two sums; multiply element by element first, then sum.",
        lambda forward, transposed, x, z: forward(x).sum() * z.sum() - x.sum() * transposed(z).sum(),
    ),
)

EXERCISES = [
    Exercise("5.1", "convolution_matrix", matrix_cases, matrix, ("A",), MATRIX_MISTAKES),
    Exercise("5.2", "conv_transpose2d", forward_cases, forward_and_cache, ("y", "(cache)"), FORWARD_MISTAKES),
    Exercise(
        "5.3", "conv_transpose2d_backward", backward_cases, backward, ("dx", "dweight", "dbias"), BACKWARD_MISTAKES
    ),
    Exercise("5.4", "adjoint_gap", gap_cases, gap, ("gap",), GAP_MISTAKES),
]
