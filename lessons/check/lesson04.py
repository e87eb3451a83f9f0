"""Lesson 4: what the checker knows about ReLU and max-pool."""

from collections.abc import Iterator

import numpy as np

from lessons.check.exercise import Arguments, Exercise, Mistake
from minunet import layers

# (x, kernel, stride): small and plain first, then every complication by itself, then together.
SHAPES = [
    ((1, 4, 6, 1), 2, 2),
    ((2, 6, 4, 3), 2, 2),  # several samples and channels
    ((2, 5, 7, 2), 2, 2),  # a row and a column too many
    ((1, 5, 7, 2), 3, 2),  # windows that overlap
    ((2, 6, 5, 2), 3, 1),
    ((2, 7, 8, 3), 2, 3),  # pixels that are in no window
]


def relu_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """About half the numbers positive; then exact zeros, another number of axes, and float32."""
    yield {"x": rng.standard_normal((3, 4))}
    yield {"x": 3 * rng.standard_normal((2, 4, 5, 3))}
    yield {"x": rng.integers(-2, 3, (2, 3, 4, 2)).astype("float64")}
    yield {"x": rng.standard_normal(7).astype("float32")}


def relu_backward_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for case in relu_cases(rng):
        y = layers.relu(case["x"])[0]
        yield {"dy": rng.standard_normal(y.shape).astype(y.dtype), "cache": y}


def image(rng: np.random.Generator, shape: tuple[int, ...], *, ties: bool) -> np.ndarray:
    """All different, some below zero; or with `ties` only -2, -1 and 0, so that most windows hold a tie."""
    return rng.integers(-2, 1, shape).astype("float64") if ties else rng.standard_normal(shape) - 0.5


def pool_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for ties in (False, True):
        for shape, kernel_size, stride in SHAPES:
            yield {"x": image(rng, shape, ties=ties), "kernel_size": kernel_size, "stride": stride}


def pool_backward_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for case in pool_cases(rng):
        y, winner = pool(**case)
        yield {
            "dy": rng.standard_normal(y.shape),
            "winner": winner.astype(int),
            "x_shape": case["x"].shape,
            "kernel_size": case["kernel_size"],
            "stride": case["stride"],
        }


def gate(dy, cache):
    return layers.relu_backward(dy, cache) + 0  # -0 becomes 0, which reads better


def pool(x, kernel_size, stride):
    y, cache = layers.max_pool2d(x, kernel_size=kernel_size, stride=stride)
    return y, cache[0]


def unpool(dy, winner, x_shape, kernel_size, stride):
    return layers.max_pool2d_backward(dy, (winner, x_shape, (kernel_size,) * 2, (stride,) * 2, (0, 0), dy.dtype))


# --- mistakes ------------------------------------------------------------------------------------------------------

RELU_MISTAKES = (
    Mistake("y", "the negative numbers were turned round; they become 0.", lambda x: np.abs(x)),
    Mistake("y", "you kept the negative numbers: that is min(x, 0), the other half.", lambda x: np.minimum(x, 0)),
    Mistake("y", "what is negative became 0, and what is positive became 1; it keeps its value.", lambda x: x > 0),
    Mistake("y", "large numbers are cut off at 1; a ReLU has no upper end.", lambda x: np.clip(x, 0, 1)),
    Mistake("y", "large numbers are cut off at 6: that is ReLU6; ours has no upper end.", lambda x: np.clip(x, 0, 6)),
    Mistake(
        "y",
        "negative numbers are made smaller, not 0: that is a leaky ReLU of slope 0.01.",
        lambda x: np.where(x > 0, x, 0.01 * x),
    ),
    Mistake("y", "a smooth curve came out, log(1 + exp(x)): that is softplus.", lambda x: np.logaddexp(0, x)),
    Mistake("y", "y is x: nothing was set to 0.", lambda x: x),
    Mistake(
        "y",
        "your y is float64 whatever came in. If it was made with np.zeros(x.shape): that is float64, unless you add "
        "dtype=x.dtype.",
        lambda x: np.maximum(x, 0).astype("float64"),
    ),
    Mistake(
        "cache", "the cache is x. That would do too, but a convolution that comes next keeps y anyway.", lambda x: x
    ),
    Mistake("cache", "the cache is the mask x > 0. That would do too, but 4.2 is handed y.", lambda x: x > 0),
)

RELU_BACKWARD_MISTAKES = (
    Mistake(
        "dx",
        "every dy went through. It must stop where y is 0; y >= 0 holds everywhere, y > 0 does not.",
        lambda dy, cache: dy,
    ),
    Mistake(
        "dx",
        "dy went through ReLU itself: what decides is whether y > 0, not whether dy > 0.",
        lambda dy, cache: np.maximum(dy, 0),
    ),
    Mistake(
        "dx", "dx is the mask only: multiply it by dy, the chain rule.", lambda dy, cache: (cache > 0).astype(dy.dtype)
    ),
    Mistake(
        "dx",
        "dy was multiplied by y; the slope of a ReLU is 1 where y > 0, not y.",
        lambda dy, cache: dy * cache,
    ),
    Mistake(
        "dx", "dy went through where it is stopped, and was stopped where it goes.", lambda dy, cache: dy * (cache <= 0)
    ),
    Mistake("dx", "dx is y: dy is not used.", lambda dy, cache: cache),
    Mistake(
        "dx",
        "dy went through only where dy > 0 too; a gradient may be negative.",
        lambda dy, cache: np.maximum(dy, 0) * (cache > 0),
    ),
)


def _over_places(x, kernel_size, stride):
    """All numbers of every window, (KH*KW, N, OH, OW, C)."""
    out = [(size - kernel_size) // stride + 1 for size in x.shape[1:3]]
    return np.stack(
        [
            x[:, a : a + stride * out[0] : stride, b : b + stride * out[1] : stride]
            for a, b in np.ndindex(kernel_size, kernel_size)
        ]
    )


def _uncut(x, kernel_size, stride):
    """A window begins wherever a step does, and is cut off by the edge."""
    out = [-(-size // stride) for size in x.shape[1:3]]
    padded = np.full((len(x), *[stride * n + kernel_size for n in out], x.shape[3]), -np.inf)
    padded[:, : x.shape[1], : x.shape[2]] = x
    return pool(padded, kernel_size, stride)[0][:, : out[0], : out[1]]


def _last_winner(x, kernel_size, stride):
    numbers = _over_places(x, kernel_size, stride)
    return len(numbers) - 1 - numbers[::-1].argmax(axis=0)


def _index_in_the_image(x, kernel_size, stride):
    winner = pool(x, kernel_size, stride)[1].astype(int)
    rows, columns = np.arange(winner.shape[1])[:, None, None], np.arange(winner.shape[2])[:, None]
    return (stride * rows + winner // kernel_size) * x.shape[2] + stride * columns + winner % kernel_size


def _steps_of(step):
    """y with windows that start `step` apart, as many of them as there should be."""

    def wrong(x, kernel_size, stride):
        y = pool(x, kernel_size, stride)[0]
        return pool(x, kernel_size, step(kernel_size))[0][:, : y.shape[1], : y.shape[2]]

    return wrong


POOL_MISTAKES = (
    Mistake(
        "y",
        "y starts at 0, and 0 beats windows of negative numbers: start at -inf, or at the first pixel of the window.",
        lambda **c: np.maximum(pool(**c)[0], 0),
    ),
    Mistake("y", "y is the mean of the window, not its maximum.", lambda **c: _over_places(**c).mean(axis=0)),
    Mistake("y", "y is the smallest number of the window.", lambda **c: _over_places(**c).min(axis=0)),
    Mistake(
        "y",
        "the maximum runs over the channels too: every channel is pooled by itself.",
        lambda **c: np.broadcast_to(pool(**c)[0].max(axis=3, keepdims=True), pool(**c)[0].shape),
    ),
    Mistake(
        "y",
        "y has a window for the rest at the lower or right edge; what does not fill a window is left out.",
        _uncut,
    ),
    Mistake("y", "the windows move on by one pixel, not by stride.", _steps_of(lambda kernel_size: 1)),
    Mistake("y", "the windows move on by kernel_size, not by stride.", _steps_of(lambda kernel_size: kernel_size)),
    Mistake(
        "y",
        "there are as many windows as if they moved on by kernel_size: the step is stride.",
        lambda x, kernel_size, stride: pool(x, kernel_size, kernel_size)[0],
    ),
    Mistake(
        "winner",
        "of equal pixels the last one wins in yours; it must be the first: compare with >, not >=.",
        _last_winner,
    ),
    Mistake(
        "winner",
        "row and column of the place are swapped: it is a * kernel_size + b, a for the row.",
        lambda x, kernel_size, stride: _swapped(pool(x, kernel_size, stride)[1].astype(int), kernel_size),
    ),
    Mistake(
        "winner",
        "of equal pixels the first column wins in yours; reading order is row by row: a outside, b inside.",
        lambda x, kernel_size, stride: _swapped(
            _over_places(x.transpose(0, 2, 1, 3), kernel_size, stride).argmax(axis=0).transpose(0, 2, 1, 3), kernel_size
        ),
    ),
    Mistake(
        "winner",
        "your winner is the pixel's number in the image; wanted is its place in the window.",
        _index_in_the_image,
    ),
    Mistake("winner", "the places are counted from 1; count from 0.", lambda **c: pool(**c)[1].astype(int) + 1),
    Mistake(
        "winner",
        "your winner is 0 everywhere. Compare a pixel with the largest so far before y takes it over: afterwards "
        "nothing is larger than y.",
        lambda **c: np.zeros(pool(**c)[1].shape),
    ),
)


def _swapped(winner, kernel_size):
    return winner % kernel_size * kernel_size + winner // kernel_size


def _last_window_wins(dy, winner, x_shape, kernel_size, stride):
    """`=` instead of `+=`, window by window."""
    dx = np.zeros(x_shape)
    for n, i, j, c in np.ndindex(dy.shape):
        a, b = divmod(int(winner[n, i, j, c]), kernel_size)
        dx[n, stride * i + a, stride * j + b, c] = dy[n, i, j, c]
    return dx


def _last_place_wins(dy, winner, x_shape, kernel_size, stride):
    """`=` instead of `+=`, place by place: the zeros of a later place wipe out what an earlier one has brought."""
    dx = np.zeros(x_shape)
    for a, b in np.ndindex(kernel_size, kernel_size):
        rows = slice(a, a + stride * dy.shape[1], stride)
        columns = slice(b, b + stride * dy.shape[2], stride)
        dx[:, rows, columns] = dy * (winner == a * kernel_size + b)
    return dx


def _to_all(dy, winner, **rest):
    """Every dy to all pixels of its window."""
    size = rest["kernel_size"] ** 2
    return sum(unpool(dy, np.full_like(winner, number), **rest) for number in range(size))


BACKWARD_MISTAKES = (
    Mistake(
        "dx",
        "a pixel that won several windows has only the gradient of the last one: add them up. (dx[index] += dy with an "
        "array of indices adds once for a pixel that occurs twice: loop over places or windows, or use np.add.at.)",
        _last_window_wins,
    ),
    Mistake(
        "dx",
        "places overwrite each other where windows overlap: add (+=), do not assign (=).",
        _last_place_wins,
    ),
    Mistake("dx", "every pixel of the window got the gradient; only the winner does.", _to_all),
    Mistake(
        "dx",
        "the gradient is shared out over the window, as for a mean; the winner gets all of it.",
        lambda **c: _to_all(**c) / c["kernel_size"] ** 2,
    ),
    Mistake(
        "dx",
        "the gradient went to the upper left pixel of each window: use winner.",
        lambda winner, **rest: unpool(winner=np.zeros_like(winner), **rest),
    ),
    Mistake(
        "dx",
        "row and column of the winner are swapped: winner = a * kernel_size + b, so a = winner // kernel_size.",
        lambda winner, kernel_size, **rest: unpool(
            winner=_swapped(winner, kernel_size), kernel_size=kernel_size, **rest
        ),
    ),
    Mistake(
        "dx",
        "a pixel of several windows has the mean of their gradients; it must be the sum.",
        lambda dy, **rest: unpool(dy, **rest) / np.maximum(unpool(np.ones_like(dy), **rest), 1),
    ),
    Mistake(
        "dx",
        "the windows start kernel_size apart in yours; they start stride apart.",
        lambda stride, kernel_size, **rest: unpool(stride=kernel_size, kernel_size=kernel_size, **rest),
    ),
    Mistake(
        "dx",
        "only the first sample has a gradient.",
        lambda dy, **rest: unpool(dy * (np.arange(len(dy)) == 0)[:, None, None, None], **rest),
    ),
    Mistake(
        "dx",
        "every sample was routed by the winners of the first one: winner[n], too.",
        lambda winner, **rest: unpool(winner=np.broadcast_to(winner[:1], winner.shape), **rest),
    ),
    Mistake(
        "dx",
        "dx ends where the last window does; it must have the shape of x, with zeros for the rest.",
        lambda x_shape, dy, kernel_size, stride, **rest: unpool(
            x_shape=x_shape, dy=dy, kernel_size=kernel_size, stride=stride, **rest
        )[:, : (dy.shape[1] - 1) * stride + kernel_size, : (dy.shape[2] - 1) * stride + kernel_size],
    ),
)

EXERCISES = [
    Exercise("4.1", "relu", relu_cases, layers.relu, ("y", "cache"), RELU_MISTAKES),
    Exercise("4.2", "relu_backward", relu_backward_cases, gate, ("dx",), RELU_BACKWARD_MISTAKES),
    Exercise("4.3", "max_pool2d", pool_cases, pool, ("y", "winner"), POOL_MISTAKES),
    Exercise("4.4", "max_pool2d_backward", pool_backward_cases, unpool, ("dx",), BACKWARD_MISTAKES),
]
