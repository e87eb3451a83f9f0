"""Lesson 1: what the checker knows about memory, the linear layer and a step of gradient descent."""

import copy
from collections.abc import Iterator

import numpy as np

from lessons.check.bias import BIAS_MISTAKES
from lessons.check.exercise import STOPS, Arguments, Exercise, Mistake
from lessons.check.float64 import float64_mistakes
from minunet import layers
from minunet.optim import SGD

# (shape of x, channels out, dtype). First as many channels out as in, so that a transposed weight fits and gives wrong
# numbers; then sizes that differ; then a bias that fits another axis too; float32 must stay float32.
SHAPES = [
    ((1, 2, 3, 2), 2, "float64"),
    ((2, 3, 2, 3), 4, "float64"),
    ((2, 3, 4, 1), 4, "float64"),
    ((3, 2, 5, 4), 1, "float64"),
    ((2, 4, 3, 5), 3, "float32"),
]


def index_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """One row of pixels, one picture, a batch: each new axis brings its own mistakes."""
    for shape in ((1, 1, 5, 3), (1, 4, 5, 3), (2, 4, 5, 3), (4, 2, 3, 5), (5, 7, 3, 2)):
        n, h, w, c = (int(rng.integers(min(1, size - 1), size)) for size in shape)  # not 0 where there is a choice
        yield {"shape": shape, "n": n, "h": h, "w": w, "c": c}


def forward_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for shape, out_channels, dtype in SHAPES:
        yield {
            "x": rng.standard_normal(shape).astype(dtype),
            "weight": rng.standard_normal((shape[3], out_channels)).astype(dtype),
            "bias": rng.standard_normal(out_channels).astype(dtype),
        }


def backward_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for case in forward_cases(rng):
        x, weight = case["x"], case["weight"]
        dy = rng.standard_normal((*x.shape[:3], weight.shape[1])).astype(x.dtype)
        yield {"dy": dy, "cache": (x, weight)}


def step_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """One parameter; two of one shape, whose gradients come in the other order; a network's; float32."""
    for shapes, dtype, lr in (
        ({"weight": (2, 3)}, "float64", 0.5),
        ({"a.weight": (3, 2), "b.weight": (3, 2)}, "float64", 0.1),
        ({"in.weight": (1, 1, 3, 4), "in.bias": (4,), "out.weight": (1, 1, 4, 2), "out.bias": (2,)}, "float64", 0.03),
        ({"conv.weight": (3, 3, 2, 2), "conv.bias": (2,)}, "float32", 0.25),
    ):
        params = {name: rng.standard_normal(shape).astype(dtype) for name, shape in shapes.items()}
        grads = {name: rng.standard_normal(shape).astype(dtype) for name, shape in reversed(shapes.items())}
        yield {"params": params, "grads": grads, "lr": lr}


def place(shape, n, h, w, c):
    return int(np.ravel_multi_index((n, h, w, c), shape))


def forward(x, weight, bias):
    return layers.conv2d(x, weight[None, None], bias)[0]  # a 1x1 convolution


def backward(dy, cache):
    x, weight = cache
    dx, dweight, dbias = layers.conv2d_backward(dy, (x, weight[None, None], True, (1, 1), (0, 0)))
    return dx, dweight[0, 0], dbias


def step(params, grads, lr):
    params = copy.deepcopy(params)
    SGD(lr).step(params, grads)
    return params


# --- mistakes ------------------------------------------------------------------------------------------------------

INDEX_MISTAKES = (
    Mistake(
        "index",
        "that is where the number lies with channels first, (N, C, H, W); here the channel is the last axis.",
        lambda shape, n, h, w, c: ((n * shape[3] + c) * shape[1] + h) * shape[2] + w,
    ),
    Mistake(
        "index",
        "the first index runs fastest in yours (Fortran's order); in NumPy's the last one does.",
        lambda shape, n, h, w, c: n + shape[0] * (h + shape[1] * (w + shape[2] * c)),
    ),
    Mistake(
        "index",
        "one row further is W pixels further, not H: h is multiplied by the wrong size.",
        lambda shape, n, h, w, c: n * shape[1] * shape[2] * shape[3] + h * shape[1] * shape[3] + w * shape[3] + c,
    ),
    Mistake(
        "index",
        "rows and columns are swapped: yours walks down the columns first.",
        lambda shape, n, h, w, c: ((n * shape[2] + w) * shape[1] + h) * shape[3] + c,
    ),
    Mistake(
        "index",
        "the channels are missing: one pixel further is C numbers further.",
        lambda shape, n, h, w, c: (n * shape[1] + h) * shape[2] + w + c,
    ),
    Mistake(
        "index",
        "the channels are missing in the steps of h and n: one row further is W * C numbers further.",
        lambda shape, n, h, w, c: (n * shape[1] + h) * shape[2] + w * shape[3] + c,
    ),
    Mistake(
        "index",
        "each index is multiplied by its own size; it is multiplied by all the sizes to the right of it.",
        lambda shape, n, h, w, c: n * shape[0] + h * shape[1] + w * shape[2] + c * shape[3],
    ),
    Mistake(
        "index",
        "each index is multiplied by the one size to the right of it; it takes all the sizes to the right, multiplied.",
        lambda shape, n, h, w, c: n * shape[1] + h * shape[2] + w * shape[3] + c,
    ),
    Mistake("index", "that is in bytes of float64; count in numbers.", lambda **case: 8 * place(**case)),
    Mistake("index", "that is counted from 1; the first number has the index 0.", lambda **case: place(**case) + 1),
)


def _forward_mistakes() -> tuple[Mistake, ...]:
    def axis_of_the_bias(axis):
        def wrong(x, weight, bias):
            shape = [1, 1, 1, 1]
            shape[axis] = -1
            return x @ weight + bias.reshape(shape)

        return wrong

    return (
        Mistake("y", "the bias is missing.", lambda x, weight, bias: x @ weight),
        Mistake(
            "y",
            "the weight is transposed: it is (C, K), so x @ weight, and weight[c, k] leads from channel c to k.",
            lambda x, weight, bias: x @ weight.T + bias,
        ),
        Mistake(
            "y",
            "the bias is added once for every channel, not once for every y: it stands outside the sum.",
            lambda x, weight, bias: x @ weight + len(weight) * bias,
        ),
        Mistake("y", "the bias is added along the columns (W); it belongs to the last axis, K.", axis_of_the_bias(2)),
        Mistake("y", "the bias is added along the rows (H); it belongs to the last axis, K.", axis_of_the_bias(1)),
        Mistake(
            "y",
            "y is divided by the number of channels: it is their weighted sum, not their mean.",
            lambda x, weight, bias: x @ weight / len(weight) + bias,
        ),
        Mistake(
            "y", "negative numbers are cut off: that is ReLU, another layer.", lambda **c: np.maximum(forward(**c), 0)
        ),
        Mistake(
            "y",
            "only the first channel of x is used: sum over c.",
            lambda x, weight, bias: forward(x[..., :1], weight[:1], bias),
        ),
        Mistake(
            "y",
            "only the last channel of x is in the sum: add them up (+=).",
            lambda x, weight, bias: forward(x[..., -1:], weight[-1:], bias),
        ),
        Mistake(
            "y",
            "the bias is multiplied with the weights too: it is added after the product.",
            lambda x, weight, bias: (x + bias) @ weight,
        ),
        *float64_mistakes(forward, "y"),
    )


def _rows(array):
    return array.reshape(-1, array.shape[3])


# One of the two, or both, not made into rows; the error that NumPy gives.
NO_ROWS = (
    "the product for dweight needs rows on both sides, x.reshape(-1, C).T @ dy.reshape(-1, K): the .T of an array with "
    "four axes turns all four round."
)
PRODUCTS_WITHOUT_ROWS = (
    lambda dy, cache: cache[0].T @ dy,
    lambda dy, cache: np.dot(cache[0].T, dy),
    lambda dy, cache: cache[0].T @ _rows(dy),
    lambda dy, cache: _rows(cache[0]).T @ dy,
)

BACKWARD_MISTAKES = (
    Mistake(
        "dx",
        "the weight is not transposed in dx: x[c] meets weight[c, k] on its way to y[k], so dx[c] is the sum over k of "
        "dy[k] * weight[c, k], dy @ weight.T.",
        lambda dy, cache: dy @ cache[1],
    ),
    Mistake(
        "dx",
        "dx is divided by the batch size; the loss takes the mean, once.",
        lambda dy, cache: dy @ cache[1].T / len(dy),
    ),
    Mistake("dx", "that is dy itself: multiply with the weights.", lambda dy, cache: dy),
    Mistake("dx", "dx still is a table of pixels, (N*H*W, C): reshape it.", lambda dy, cache: _rows(dy) @ cache[1].T),
    Mistake(
        "dweight",
        "dweight is transposed: weight[c, k] is a row c and a column k, so x_rows.T @ dy_rows.",
        lambda dy, cache: _rows(dy).T @ _rows(cache[0]),
    ),
    Mistake(
        "dweight",
        "a reshape to (C, -1) is no transpose: it leaves the numbers in their order, which mixes the channels. Write "
        "x.reshape(-1, C).T.",
        lambda dy, cache: cache[0].reshape(cache[0].shape[3], -1) @ _rows(dy),
    ),
    Mistake(
        "dweight",
        "your dweight is divided by the number of pixels; every pixel used the weight, so their gradients are summed.",
        lambda dy, cache: backward(dy, cache)[1] / dy[..., 0].size,
    ),
    Mistake(
        "dweight",
        "your dweight is divided by the batch size; the mean over samples is taken by the loss, once.",
        lambda dy, cache: backward(dy, cache)[1] / len(dy),
    ),
    Mistake(
        "dweight",
        "your dweight is that of the first sample only; sum over all samples.",
        lambda dy, cache: _rows(cache[0][:1]).T @ _rows(dy[:1]),
    ),
    Mistake(
        "dweight",
        "your dweight is that of the last sample only: add them up (+=).",
        lambda dy, cache: _rows(cache[0][-1:]).T @ _rows(dy[-1:]),
    ),
    Mistake(
        "dweight",
        "your dweight is that of the last pixel only: add them up (+=).",
        lambda dy, cache: np.outer(cache[0][-1, -1, -1], dy[-1, -1, -1]),
    ),
    Mistake(
        "dweight",
        "your dweight has one (C, K) for every sample: the samples share the weight, so sum over them too.",
        lambda dy, cache: np.einsum("nhwc,nhwk->nck", cache[0], dy),
    ),
    Mistake(
        "dweight",
        "the second of the three is dbias in yours; the order is dx, dweight, dbias.",
        lambda dy, cache: dy.sum((0, 1, 2)),
    ),
    *BIAS_MISTAKES,
    Mistake(
        "dbias",
        "the sum was taken with keepdims=True; dbias has the shape of the bias, (K,).",
        lambda dy, cache: dy.sum((0, 1, 2), keepdims=True),
    ),
    Mistake("dbias", "your dbias is dy of one pixel; sum over all pixels.", lambda dy, cache: dy[-1, -1, -1]),
    Mistake(
        "dbias",
        "your dbias is 1 everywhere: that is how y grows with the bias; dbias is the sum of 1 * dy over the pixels.",
        lambda dy, cache: np.ones_like(dy[0, 0, 0]),
    ),
    *float64_mistakes(backward, "dx", "dweight", "dbias"),
    *(Mistake(STOPS, NO_ROWS, product) for product in PRODUCTS_WITHOUT_ROWS),
)


def _each(change):
    """The mistake that puts `change(param, gradient, lr)` under every name."""
    return lambda params, grads, lr: {name: change(param, grads[name], lr) for name, param in params.items()}


STEP_MISTAKES = (
    Mistake(
        "params",
        "the step goes uphill: the gradient says where the loss grows, so it is subtracted.",
        _each(lambda param, gradient, lr: param + lr * gradient),
    ),
    Mistake(
        "params", "lr is missing: a step is lr times the gradient.", _each(lambda param, gradient, lr: param - gradient)
    ),
    Mistake(
        "params",
        "those are the steps alone; take them from the parameters.",
        _each(lambda param, gradient, lr: -lr * gradient),
    ),
    Mistake(
        "params",
        "those are lr times the gradients alone; take them from the parameters.",
        _each(lambda p, g, lr: lr * g),
    ),
    Mistake("params", "the parameters are as before: was a step taken?", _each(lambda param, gradient, lr: param)),
    Mistake(
        "params",
        "only the sign of the gradient is used; a step is lr times the gradient.",
        _each(lambda param, gradient, lr: param - lr * np.sign(gradient)),
    ),
    Mistake(
        "params",
        "the gradient is divided by lr, not multiplied.",
        _each(lambda param, gradient, lr: param - gradient / lr),
    ),
    Mistake(
        "params",
        "a gradient has met the parameter of another name: the two dictionaries need not be in the same order, so look "
        "it up, grads[name].",
        lambda params, grads, lr: {
            name: param - lr * gradient for (name, param), gradient in zip(params.items(), grads.values(), strict=True)
        },
    ),
    Mistake(
        "params",
        "the biases stay as they were: every parameter takes a step.",
        lambda params, grads, lr: {
            name: param if name.endswith("bias") else param - lr * grads[name] for name, param in params.items()
        },
    ),
    Mistake(
        "params",
        "the parameter itself is made smaller too (it is multiplied by 1 - lr): subtract lr * gradient, no more.",
        _each(lambda param, gradient, lr: (1 - lr) * param - lr * gradient),
    ),
    *float64_mistakes(step, "params"),
)

EXERCISES = [
    Exercise("1.1", "flat_index", index_cases, place, ("index",), INDEX_MISTAKES),
    Exercise(
        "1.2",
        "linear",
        forward_cases,
        lambda **c: (forward(**c), (c["x"], c["weight"])),
        ("y", "(cache)"),
        _forward_mistakes(),
    ),
    Exercise("1.3", "linear_backward", backward_cases, backward, ("dx", "dweight", "dbias"), BACKWARD_MISTAKES),
    Exercise("1.4", "sgd_step", step_cases, step, ("params",), STEP_MISTAKES),
]
