"""Wrong solutions of lesson 1."""

import numpy as np

from tests.lessons.wrong import wrong

# --- 1.1 flat_index


@wrong("1.1")
def channels_first(shape, n, h, w, c):
    _, height, width, channels = shape
    return n * channels * height * width + c * height * width + h * width + w


@wrong("1.1")
def column_major(shape, n, h, w, c):
    return int(np.ravel_multi_index((n, h, w, c), shape, order="F"))


@wrong("1.1")
def height_for_width(shape, n, h, w, c):
    _, height, width, channels = shape
    return n * height * width * channels + h * height * channels + w * channels + c


@wrong("1.1")
def in_bytes(shape, n, h, w, c):
    strides = np.empty(shape).strides
    return sum(index * step for index, step in zip((n, h, w, c), strides, strict=True))


@wrong("1.1")
def own_size(shape, n, h, w, c):
    return sum(index * size for index, size in zip((n, h, w, c), shape, strict=True))


@wrong("1.1")
def one_channel_only(shape, n, h, w, c):
    _, height, width, _ = shape
    return n * height * width + h * width + w + c


@wrong("1.1")
def horner_with_n(shape, n, h, w, c):
    batch, height, width, channels = shape
    return ((n * batch + h) * height + w) * width + c


# --- 1.2 linear


@wrong("1.2")
def no_bias(x, weight, bias):
    return np.einsum("nhwc,ck->nhwk", x, weight), (x, weight)


@wrong("1.2")
def rows_not_folded_back(x, weight, bias):
    y = x.reshape(-1, x.shape[-1]) @ weight + bias
    return y, (x, weight)


@wrong("1.2")
def weight_k_by_c(x, weight, bias):
    return np.einsum("nhwc,kc->nhwk", x, weight) + bias, (x, weight)


@wrong("1.2")
def bias_in_the_loop(x, weight, bias):
    y = np.zeros((*x.shape[:3], weight.shape[1]), dtype=x.dtype)
    for c in range(x.shape[3]):
        y += x[..., c : c + 1] * weight[c] + bias
    return y, (x, weight)


@wrong("1.2")
def assigned_in_the_loop(x, weight, bias):
    y = np.zeros((*x.shape[:3], weight.shape[1]), dtype=x.dtype)
    for c in range(x.shape[3]):
        y[...] = x[..., c : c + 1] * weight[c]
    return y + bias, (x, weight)


@wrong("1.2")
def always_float64(x, weight, bias):
    y = np.zeros((*x.shape[:3], weight.shape[1]))
    for k in range(weight.shape[1]):
        y[..., k] = (x * weight[:, k]).sum(-1) + bias[k]
    return y, (x, weight)


@wrong("1.2")
def bias_as_with_channels_first(x, weight, bias):
    y = np.tensordot(x, weight, axes=1)
    return y + bias[:, None, None], (x, weight)


@wrong("1.2")
def bias_in_the_cache(x, weight, bias):
    return x @ weight + bias, (x, weight, bias)


@wrong("1.2")
def only_y(x, weight, bias):
    return x @ weight + bias


# --- 1.3 linear_backward


def gradients(dy, x, weight):
    """As they should be, for those who get only one of the three wrong."""
    return dy @ weight.T, np.einsum("nhwc,nhwk->ck", x, dy), dy.sum(axis=(0, 1, 2))


@wrong("1.3")
def weight_not_transposed(dy, cache):
    x, weight = cache
    _, dweight, dbias = gradients(dy, x, weight)
    return dy @ weight, dweight, dbias


@wrong("1.3")
def dweight_transposed(dy, cache):
    x, weight = cache
    dx, _, dbias = gradients(dy, x, weight)
    return dx, np.tensordot(dy, x, axes=([0, 1, 2], [0, 1, 2])), dbias


@wrong("1.3")
def reshape_for_a_transpose(dy, cache):
    x, weight = cache
    dx, _, dbias = gradients(dy, x, weight)
    return dx, x.reshape(x.shape[3], -1) @ dy.reshape(-1, dy.shape[3]), dbias


@wrong("1.3")
def in_float64(dy, cache):
    x, weight = cache
    dx, _, dbias = gradients(dy, x, weight)
    dweight = np.zeros(weight.shape)
    for n, h, w in np.ndindex(dy.shape[:3]):
        dweight += np.outer(x[n, h, w], dy[n, h, w])
    return dx, dweight, dbias


@wrong("1.3")
def bias_summed_over_the_batch(dy, cache):
    x, weight = cache
    dx, dweight, _ = gradients(dy, x, weight)
    return dx, dweight, np.sum(dy, axis=0)


@wrong("1.3")
def bias_averaged(dy, cache):
    x, weight = cache
    dx, dweight, _ = gradients(dy, x, weight)
    return dx, dweight, dy.reshape(-1, dy.shape[-1]).mean(axis=0)


@wrong("1.3")
def weight_of_the_last_pixel(dy, cache):
    x, weight = cache
    dweight = np.zeros_like(weight)
    for n, h, w in np.ndindex(dy.shape[:3]):
        dweight = x[n, h, w][:, None] * dy[n, h, w][None, :]
    dx, _, dbias = gradients(dy, x, weight)
    return dx, dweight, dbias


@wrong("1.3")
def weight_of_each_sample(dy, cache):
    x, weight = cache
    batch, channels, out_channels = len(x), x.shape[3], dy.shape[3]
    dweight = x.reshape(batch, -1, channels).transpose(0, 2, 1) @ dy.reshape(batch, -1, out_channels)
    dx, _, dbias = gradients(dy, x, weight)
    return dx, dweight, dbias


@wrong("1.3")
def another_order(dy, cache):
    dx, dweight, dbias = gradients(dy, *cache)
    return dx, dbias, dweight


@wrong("1.3")
def divided_by_all_pixels(dy, cache):
    x, weight = cache
    x_rows, dy_rows = x.reshape(-1, x.shape[3]), dy.reshape(-1, dy.shape[3])
    return dy @ weight.T, x_rows.T @ dy_rows / len(x_rows), dy_rows.sum(axis=0)


@wrong("1.3")
def dx_left_as_rows(dy, cache):
    x, weight = cache
    dy_rows = dy.reshape(-1, dy.shape[3])
    return dy_rows @ weight.T, x.reshape(-1, x.shape[3]).T @ dy_rows, dy_rows.sum(axis=0)


@wrong("1.3")
def no_rows(dy, cache):
    x, weight = cache
    return dy @ weight.T, x.T @ dy, dy.sum(axis=(0, 1, 2))


@wrong("1.3")
def rows_of_x_only(dy, cache):
    x, weight = cache
    dx = np.einsum("nhwk,ck->nhwc", dy, weight)
    return dx, x.reshape(-1, x.shape[-1]).T @ dy, dy.sum(axis=(0, 1, 2))


# --- 1.4 sgd_step


@wrong("1.4")
def uphill(params, grads, lr):
    return {name: params[name] + lr * grads[name] for name in params}


@wrong("1.4")
def in_place(params, grads, lr):
    for name in params:
        params[name] -= lr * grads[name]
    return params


@wrong("1.4")
def shallow_copy(params, grads, lr):
    new = dict(params)  # a new dictionary of the old arrays
    for name, gradient in grads.items():
        new[name] -= lr * gradient
    return new


@wrong("1.4")
def nothing_returned(params, grads, lr):
    for name in params:
        params[name] = params[name] - lr * grads[name]


@wrong("1.4")
def by_position(params, grads, lr):
    new = {}
    for name, gradient in zip(params, grads.values(), strict=True):
        new[name] = params[name] - lr * gradient
    return new


@wrong("1.4")
def lr_forgotten(params, grads, lr):
    return {name: param - grads[name] for name, param in params.items()}


@wrong("1.4")
def only_the_steps(params, grads, lr):
    return {name: lr * gradient for name, gradient in grads.items()}


@wrong("1.4")
def lr_as_a_numpy_scalar(params, grads, lr):
    lr = np.float64(lr)
    return {name: param - lr * grads[name] for name, param in params.items()}


@wrong("1.4")
def weights_only(params, grads, lr):
    new = {}
    for name in params:
        new[name] = params[name] - lr * grads[name] if "weight" in name else params[name].copy()
    return new
