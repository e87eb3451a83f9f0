"""Lesson 3: what the checker knows about the convolution."""

from collections.abc import Iterator

import numpy as np

from lessons.check.bias import BIAS_MISTAKES
from lessons.check.exercise import STOPS, Arguments, Exercise, Mistake
from lessons.check.float64 import float64_mistakes
from minunet import layers
from minunet.layers import im2col as gathering

# (x, kernel, channels out, stride, padding): small and plain first, then every complication by itself, then together.
SHAPES = [
    ((1, 3, 4, 1), (2, 2), 1, 1, 0),
    ((2, 5, 4, 3), (3, 3), 2, 1, 1),
    ((2, 6, 7, 2), (3, 2), 3, 2, 0),
    ((3, 5, 6, 2), (2, 3), 4, 2, 1),
    ((2, 4, 5, 3), (1, 1), 2, 1, 0),
]


def forward_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for shape, kernel, out_channels, stride, padding in SHAPES:
        yield {
            "x": rng.standard_normal(shape),
            "weight": rng.standard_normal((*kernel, shape[3], out_channels)),
            "bias": rng.standard_normal(out_channels),
            "stride": stride,
            "padding": padding,
        }


def backward_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """A random dy: with ones, most mistakes would go unseen (lesson 2)."""
    for case in forward_cases(rng):
        x, weight, stride, padding = case["x"], case["weight"], case["stride"], case["padding"]
        y = layers.conv2d_loops(x, weight, stride=stride, padding=padding)[0]
        yield {"dy": rng.standard_normal(y.shape), "cache": (x, weight, stride, padding)}


def im2col_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for shape, kernel, _, stride, padding in SHAPES:
        yield {"x": rng.standard_normal(shape), "kernel_size": kernel, "stride": stride, "padding": padding}


def col2im_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for (batch, height, width, channels), (kh, kw), _, stride, padding in SHAPES:
        out_size = ((height + 2 * padding - kh) // stride + 1, (width + 2 * padding - kw) // stride + 1)
        yield {
            "cols": rng.standard_normal((batch, *out_size, kh * kw * channels)),
            "height": height,
            "width": width,
            "kernel_size": (kh, kw),
            "stride": stride,
            "padding": padding,
        }


def forward(x, weight, bias, stride, padding):
    return layers.conv2d(x, weight, bias, stride=stride, padding=padding)[0]


def backward(dy, cache):
    x, weight, stride, padding = cache
    return layers.conv2d_backward(dy, (x, weight, True, (stride, stride), (padding, padding)))


def gather(x, kernel_size, stride, padding):
    return gathering.im2col(x, kernel_size, (stride, stride), (padding, padding))


def scatter(cols, height, width, kernel_size, stride, padding):
    return gathering.col2im(cols, height, width, kernel_size, (stride, stride), (padding, padding))


# --- mistakes ------------------------------------------------------------------------------------------------------


def forward_mistakes(output: str) -> tuple[Mistake, ...]:
    def bias_at_every_term(x, weight, bias, stride, padding):
        return forward(x, weight, bias * weight[..., 0].size, stride, padding)

    def one_sample(x, weight, bias, stride, padding):
        y = forward(x, weight, bias, stride, padding)
        return np.broadcast_to(y[:1], y.shape)

    def steps_of_one(x, weight, bias, stride, padding):
        y = forward(x, weight, bias, stride, padding)
        return forward(x, weight, bias, 1, padding)[:, : y.shape[1], : y.shape[2]]

    def one_channel(x, weight, bias, stride, padding):
        return forward(x[..., :1], weight[:, :, :1], bias, stride, padding)

    return (
        Mistake(output, "the bias is missing.", lambda bias, **rest: forward(bias=0 * bias, **rest)),
        Mistake(output, "the bias is added once for every term of the sum, not once for every y.", bias_at_every_term),
        Mistake(
            output,
            "the kernel is flipped: window pixel (a, b) goes with weight[a, b], the convolution of this field does not "
            "turn the kernel around.",
            lambda weight, **rest: forward(weight=weight[::-1, ::-1], **rest),
        ),
        Mistake(
            output, "the zeros around the image (padding) are missing.", lambda padding, **r: forward(**r, padding=0)
        ),
        Mistake(output, "the windows move on by one pixel, not by stride.", steps_of_one),
        Mistake(
            output, "the stride is missing: y has a window for every pixel.", lambda stride, **r: forward(**r, stride=1)
        ),
        Mistake(output, "only the first channel of x is summed.", one_channel),
        Mistake(output, "every sample got the answer of the first one: is n used?", one_sample),
    )


ALL_AXES_PADDED = (
    "np.pad(x, padding) pads all four axes, the samples and the channels too; pad rows and columns only, with p for "
    "padding: np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))."
)


def _padded_samples(x, weight, bias, stride, padding):
    """All axes padded, and as many samples as that gives; the channels are those of the weight."""
    return forward(np.pad(x, padding)[..., : x.shape[3]], weight, bias, stride, 0)


def _padded_and_multiplied(*, weight_first: bool):
    """The window has more channels than the kernel that it is multiplied with."""

    def wrong(x, weight, bias, stride, padding):
        window, kernel = np.pad(x, padding)[0, : weight.shape[0], : weight.shape[1]], weight[..., 0]
        return kernel * window if weight_first else window * kernel

    return wrong


LOOPS_MISTAKES = (
    *forward_mistakes("y"),
    Mistake("y", ALL_AXES_PADDED, lambda x, **rest: _padded_samples(x, **rest)[: len(x)]),
    Mistake("y", ALL_AXES_PADDED, _padded_samples),
    Mistake(STOPS, ALL_AXES_PADDED, _padded_and_multiplied(weight_first=False)),
    Mistake(STOPS, ALL_AXES_PADDED, _padded_and_multiplied(weight_first=True)),
    Mistake(  # as many channels are walked through as the padded x has
        STOPS,
        ALL_AXES_PADDED,
        lambda x, weight, padding, **rest: [weight[0, 0, c, 0] for c in range(np.pad(x, padding).shape[3])],
    ),
    *float64_mistakes(forward, "y"),
)


def _reshaped_to_k(x, weight, bias, stride, padding):
    mixed = weight.reshape(weight.shape[3], -1).T.reshape(weight.shape)
    return forward(x, mixed, bias, stride, padding)


RESHAPED_TO_K = Mistake(
    "y",
    "reshape is not transpose: weight.reshape(K, -1).T mixes the numbers of the kernels. The rows of the weight are in "
    "the order of cols already: weight.reshape(-1, K).",
    _reshaped_to_k,
)


def _padded_gather(x, kernel_size, stride, padding, **how):
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)), **how)
    return gather(x, kernel_size, stride, 0)


def _windows(x, kernel_size, stride, padding):
    cols = gather(x, kernel_size, stride, padding)
    return cols.reshape(*cols.shape[:3], *kernel_size, x.shape[3])  # (N, OH, OW, KH, KW, C)


def _steps_of_one(x, kernel_size, stride, padding):
    cols = gather(x, kernel_size, stride, padding)
    return gather(x, kernel_size, 1, padding)[:, : cols.shape[1], : cols.shape[2]]


def _padded_and_assigned(x, kernel_size, stride, padding):
    """The pixels at the first place of all windows of the padded x, where those of x have room."""
    cols = gather(x, kernel_size, stride, padding)
    height, width = stride * cols.shape[1], stride * cols.shape[2]
    np.empty((*cols.shape[:3], x.shape[3]))[...] = np.pad(x, padding)[:, :height:stride, :width:stride]


SLICE_TOO_SHORT = (
    "a : a + OH : stride has too few rows where stride is above 1: OH of them, stride apart, reach to "
    "a : a + stride * OH : stride. The same goes for the columns."
)


def _short_slices(x, kernel_size, stride, padding):
    """The pixels at each place of all windows, from slices that end too early."""
    _, out_height, out_width, _ = gather(x, kernel_size, stride, padding).shape
    xpad = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    places = np.ndindex(kernel_size)
    return [xpad[:, a : a + out_height : stride, b : b + out_width : stride] for a, b in places]


def _short_slices_assigned(x, kernel_size, stride, padding):
    out_size = gather(x, kernel_size, stride, padding).shape[1:3]
    for place in _short_slices(x, kernel_size, stride, padding):
        np.empty((len(x), *out_size, x.shape[3]))[...] = place


IM2COL_MISTAKES = (
    Mistake("cols", SLICE_TOO_SHORT, lambda **case: np.concatenate(_short_slices(**case), axis=3)),
    Mistake(STOPS, SLICE_TOO_SHORT, _short_slices_assigned),
    Mistake(
        "cols",
        "within a row the channel comes first in yours; the order is kernel row, kernel column, channel, that of "
        "weight.reshape(KH*KW*C, K).",
        lambda **c: _windows(**c).transpose(0, 1, 2, 5, 3, 4).reshape(gather(**c).shape),
    ),
    Mistake(
        "cols",
        "within a row the kernel column comes before the kernel row: the two loops are swapped.",
        lambda **c: _windows(**c).transpose(0, 1, 2, 4, 3, 5).reshape(gather(**c).shape),
    ),
    Mistake("cols", "the zeros around the image are missing.", lambda padding, **rest: gather(**rest, padding=0)),
    Mistake(
        "cols", "the border repeats the last pixel; padding means zeros.", lambda **c: _padded_gather(**c, mode="edge")
    ),
    Mistake("cols", "the windows move on by one pixel, not by stride.", _steps_of_one),
    Mistake(
        "cols",
        "the windows are reversed: the first number of a row is the upper left pixel.",
        lambda **c: _windows(**c)[:, :, :, ::-1, ::-1].reshape(gather(**c).shape),
    ),
    Mistake(
        "cols",
        ALL_AXES_PADDED,
        lambda x, padding, **rest: gather(np.pad(x, padding), padding=0, **rest),
    ),
    Mistake(STOPS, ALL_AXES_PADDED, _padded_and_assigned),
    *float64_mistakes(gather, "cols"),
)


def _scatter_assigned(cols, height, width, kernel_size, stride, padding):
    """`=` where `+=` belongs: the last window wins."""
    (kh, kw), (batch, out_height, out_width, _) = kernel_size, cols.shape
    cols = cols.reshape(batch, out_height, out_width, kh, kw, -1)
    xpad = np.zeros((batch, height + 2 * padding, width + 2 * padding, cols.shape[5]))
    for a, b in np.ndindex(kh, kw):
        xpad[:, a : a + stride * out_height : stride, b : b + stride * out_width : stride] = cols[:, :, :, a, b]
    return xpad[:, padding : padding + height, padding : padding + width]


def _scatter_assigned_by_window(cols, height, width, kernel_size, stride, padding):
    """The same, window by window."""
    (kh, kw), (batch, out_height, out_width, _) = kernel_size, cols.shape
    xpad = np.zeros((batch, height + 2 * padding, width + 2 * padding, cols.shape[3] // (kh * kw)))
    for i, j in np.ndindex(out_height, out_width):
        window = cols[:, i, j].reshape(batch, kh, kw, -1)
        xpad[:, stride * i : stride * i + kh, stride * j : stride * j + kw] = window
    return xpad[:, padding : padding + height, padding : padding + width]


def _scatter_mean(**case):
    ones = {**case, "cols": np.ones_like(case["cols"])}
    return scatter(**case) / np.maximum(scatter(**ones), 1)


def _scatter_uncut(cols, height, width, kernel_size, stride, padding):
    return scatter(cols, height + 2 * padding, width + 2 * padding, kernel_size, stride, 0)


def _short_slices_added(cols, height, width, kernel_size, stride, padding):
    """The pixels of one place of all windows, added to slices that end too early."""
    (kh, kw), (batch, out_height, out_width, _) = kernel_size, cols.shape
    cols = cols.reshape(batch, out_height, out_width, kh, kw, -1)
    xpad = np.zeros((batch, height + 2 * padding, width + 2 * padding, cols.shape[5]))
    for a, b in np.ndindex(kh, kw):
        xpad[:, a : a + out_height : stride, b : b + out_width : stride] += cols[:, :, :, a, b]


COL2IM_MISTAKES = (
    *(
        Mistake("image", "windows that overlap overwrite each other: add (+=), do not assign (=).", way)
        for way in (_scatter_assigned, _scatter_assigned_by_window)
    ),
    Mistake("image", "pixels of several windows get the mean; they must get the sum.", _scatter_mean),
    Mistake("image", "the padding is still there: cut it off at the end.", _scatter_uncut),
    Mistake(
        "image",
        "the padding is cut off at the lower right; half of it lies at the upper left.",
        lambda **c: _scatter_uncut(**c)[:, : c["height"], : c["width"]],
    ),
    Mistake(
        "image",
        "the order within a row is kernel row, kernel column, channel; yours reads the channel first.",
        lambda cols, kernel_size, **c: scatter(
            cols.reshape(*cols.shape[:3], -1, *kernel_size).transpose(0, 1, 2, 4, 5, 3).reshape(cols.shape),
            kernel_size=kernel_size,
            **c,
        ),
    ),
    Mistake(STOPS, SLICE_TOO_SHORT, _short_slices_added),
    *float64_mistakes(scatter, "image"),
)


def _with(output: int, change):
    """The right answer, computed from arguments that were changed: output number `output` of it."""
    return lambda dy, cache: backward(*change(dy, *cache))[output]


def _scattered(way):
    """dx, where the rows of dcols are put back in another way."""
    return lambda dy, cache: way(
        dy @ cache[1].reshape(-1, dy.shape[3]).T, *cache[0].shape[1:3], cache[1].shape[:2], *cache[2:]
    )


def _product_turned(dy, cache):
    dweight = backward(dy, cache)[1]
    return dweight.reshape(-1, dy.shape[3]).T.reshape(dweight.shape)


NO_WINDOWS = (
    "dcols still is a table, (N*OH*OW, KH*KW*C), and col2im takes (N, OH, OW, KH*KW*C): "
    "dcols.reshape(*dy.shape[:3], -1)."
)


def _table_unpacked(dy, cache):
    batch, out_height, out_width, _ = dy.reshape(-1, dy.shape[3]).shape


def _table_unpacked_in_part(dy, cache):
    batch, out_height, out_width = dy.reshape(-1, dy.shape[3]).shape[:3]


BACKWARD_MISTAKES = (
    *BIAS_MISTAKES,
    Mistake(STOPS, NO_WINDOWS, _table_unpacked),
    Mistake(STOPS, NO_WINDOWS, _table_unpacked_in_part),
    Mistake(STOPS, NO_WINDOWS, lambda dy, cache: dy.reshape(-1, dy.shape[3]).shape[2]),
    Mistake(
        "dbias",
        "your dbias is the sum over height and width of the first sample; the other samples count too.",
        lambda dy, cache: dy[0].sum((0, 1)),
    ),
    Mistake(
        "dx",
        "the kernel is flipped in dx: weight[a, b] goes back to the pixel it came from, S*i + a, S*j + b.",
        _with(0, lambda dy, x, weight, *rest: (dy, (x, weight[::-1, ::-1], *rest))),
    ),
    *(
        Mistake("dx", "windows that overlap overwrite each other in dx: add (+=).", _scattered(way))
        for way in (_scatter_assigned, _scatter_assigned_by_window)
    ),
    Mistake(
        "dx",
        "reshape is not transpose: weight.reshape(K, -1) mixes the numbers of the kernels. Take weight.reshape(-1, K), "
        "then .T.",
        lambda dy, cache: scatter(
            dy @ cache[1].reshape(dy.shape[3], -1), *cache[0].shape[1:3], cache[1].shape[:2], *cache[2:]
        ),
    ),
    Mistake(
        "dx",
        "dx still has the padding around it: cut it off.",
        _scattered(_scatter_uncut),
    ),
    Mistake(
        "dweight",
        "your dweight is divided by the batch size; the mean over samples is taken by the loss, once.",
        lambda dy, cache: backward(dy, cache)[1] / len(dy),
    ),
    Mistake(
        "dweight",
        "your dweight is that of the first sample only.",
        _with(1, lambda dy, x, *rest: (dy[:1], (x[:1], *rest))),
    ),
    Mistake(
        "dweight",
        "your dweight is that of the last sample only: add them up over the batch.",
        _with(1, lambda dy, x, *rest: (dy[-1:], (x[-1:], *rest))),
    ),
    Mistake(
        "dweight",
        "the axes of dweight are mixed up: cols.T @ dy_rows has the rows in the order KH, KW, C.",
        lambda dy, cache: backward(dy, cache)[1].transpose(2, 0, 1, 3).reshape(cache[1].shape),
    ),
    Mistake(
        "dweight",
        "reshape is not transpose: dy_rows.T @ cols has a row for each kernel. Reshape cols.T @ dy_rows instead.",
        _product_turned,
    ),
    Mistake(
        "dweight",
        "dweight is flipped: it is the correlation of x with dy, not turned around.",
        lambda dy, cache: backward(dy, cache)[1][::-1, ::-1],
    ),
    *float64_mistakes(backward, "dx", "dweight", "dbias"),
)

IM2COL = Exercise("3.2", "im2col", im2col_cases, gather, ("cols",), IM2COL_MISTAKES, float32=True)
COL2IM = Exercise("3.4", "col2im", col2im_cases, scatter, ("image",), COL2IM_MISTAKES, float32=True)
EXERCISES = [
    Exercise("3.1", "conv2d_loops", forward_cases, forward, mistakes=LOOPS_MISTAKES, float32=True),
    IM2COL,
    Exercise(
        "3.3",
        "conv2d",
        forward_cases,
        lambda **c: (forward(**c), (c["x"], c["weight"], c["stride"], c["padding"])),
        ("y", "(cache)"),
        (*forward_mistakes("y"), RESHAPED_TO_K, *float64_mistakes(forward, "y")),
        builds_on=(IM2COL,),
    ),
    COL2IM,
    Exercise(
        "3.5",
        "conv2d_backward",
        backward_cases,
        backward,
        ("dx", "dweight", "dbias"),
        BACKWARD_MISTAKES,
        builds_on=(IM2COL, COL2IM),
    ),
]
