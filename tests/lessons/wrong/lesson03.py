"""Wrong solutions of lesson 3."""

import numpy as np

from lessons.exercises.solutions import lesson03_convolution as good
from tests.lessons.wrong import wrong


def padded(x, padding):
    return np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))


def sizes(x, kernel, stride, padding):
    return (
        (x.shape[1] + 2 * padding - kernel[0]) // stride + 1,
        (x.shape[2] + 2 * padding - kernel[1]) // stride + 1,
    )


# --- 3.1 conv2d_loops


@wrong("3.1")
def bias_inside_the_sum(x, weight, bias, stride, padding):
    x = padded(x, padding)
    kh, kw, channels, out = weight.shape
    y = np.zeros((len(x), *sizes(x, (kh, kw), stride, 0), out))
    for n, i, j, k in np.ndindex(y.shape):
        for a, b, c in np.ndindex(kh, kw, channels):
            y[n, i, j, k] += x[n, stride * i + a, stride * j + b, c] * weight[a, b, c, k] + bias[k]
    return y


@wrong("3.1")
def true_convolution(x, weight, bias, stride, padding):
    x = padded(x, padding)
    kh, kw, channels, out = weight.shape
    y = np.zeros((len(x), *sizes(x, (kh, kw), stride, 0), out))
    for n, i, j, k in np.ndindex(y.shape):
        for a, b, c in np.ndindex(kh, kw, channels):
            y[n, i, j, k] += x[n, stride * i + a, stride * j + b, c] * weight[kh - 1 - a, kw - 1 - b, c, k]
    return y + bias


@wrong("3.1")
def stride_only_in_the_size(x, weight, bias, stride, padding):
    x = padded(x, padding)
    kh, kw, _, out = weight.shape
    y = np.zeros((len(x), *sizes(x, (kh, kw), stride, 0), out))
    for n, i, j, k in np.ndindex(y.shape):
        y[n, i, j, k] = np.sum(x[n, i : i + kh, j : j + kw, :] * weight[:, :, :, k]) + bias[k]
    return y


@wrong("3.1")
def no_bias(x, weight, bias, stride, padding):
    return good.conv2d_loops(x, weight, np.zeros_like(bias), stride, padding)


@wrong("3.1")
def out_size_without_plus_one(x, weight, bias, stride, padding):
    x = padded(x, padding)
    kh, kw, _, out = weight.shape
    y = np.zeros((len(x), (x.shape[1] - kh) // stride, (x.shape[2] - kw) // stride, out))
    for n, i, j, k in np.ndindex(y.shape):
        y[n, i, j, k] = (
            np.sum(x[n, stride * i : stride * i + kh, stride * j : stride * j + kw] * weight[..., k]) + bias[k]
        )
    return y


@wrong("3.1")
def sample_index_forgotten(x, weight, bias, stride, padding):
    x = padded(x, padding)
    kh, kw, _, out = weight.shape
    y = np.zeros((len(x), *sizes(x, (kh, kw), stride, 0), out))
    for n, i, j, k in np.ndindex(y.shape):
        y[n, i, j, k] = (
            np.sum(x[0, stride * i : stride * i + kh, stride * j : stride * j + kw] * weight[..., k]) + bias[k]
        )
    return y


@wrong("3.1")
def every_axis_padded(x, weight, bias, stride, padding):
    xpad = np.pad(x, padding)
    kh, kw, channels, out = weight.shape
    y = np.zeros((len(x), *sizes(x, (kh, kw), stride, padding), out))
    for n, i, j, k in np.ndindex(y.shape):
        y[n, i, j, k] = bias[k]
        for a, b, c in np.ndindex(kh, kw, channels):
            y[n, i, j, k] += xpad[n, stride * i + a, stride * j + b, c] * weight[a, b, c, k]
    return y


@wrong("3.1")
def every_axis_padded_and_more_samples(x, weight, bias, stride, padding):
    x = np.pad(x, padding)
    kh, kw, channels, out = weight.shape
    y = np.zeros((len(x), *sizes(x, (kh, kw), stride, 0), out))
    for n, i, j, k in np.ndindex(y.shape):
        for a, b, c in np.ndindex(kh, kw, channels):
            y[n, i, j, k] += x[n, stride * i + a, stride * j + b, c] * weight[a, b, c, k]
    return y + bias


@wrong("3.1")
def every_axis_padded_then_windows(x, weight, bias, stride, padding):
    x = np.pad(x, padding)
    kh, kw, _, out = weight.shape
    y = np.zeros((len(x), *sizes(x, (kh, kw), stride, 0), out))
    for n, i, j, k in np.ndindex(y.shape):
        window = x[n, stride * i : stride * i + kh, stride * j : stride * j + kw]
        y[n, i, j, k] = np.sum(window * weight[..., k]) + bias[k]
    return y


@wrong("3.1")
def every_axis_padded_then_kernels(x, weight, bias, stride, padding):
    x = np.pad(x, padding)
    kh, kw, _, out = weight.shape
    y = np.zeros((len(x), *sizes(x, (kh, kw), stride, 0), out))
    for n, i, j, k in np.ndindex(y.shape):
        window = x[n, stride * i : stride * i + kh, stride * j : stride * j + kw]
        y[n, i, j, k] = bias[k] + (weight[:, :, :, k] * window).sum()
    return y


@wrong("3.1")
def every_axis_padded_and_walked_through(x, weight, bias, stride, padding):
    x = np.pad(x, padding)
    batch, height, width, channels = x.shape
    kh, kw, _, out = weight.shape
    y = np.zeros((batch, (height - kh) // stride + 1, (width - kw) // stride + 1, out))
    for n, i, j, k in np.ndindex(y.shape):
        y[n, i, j, k] = bias[k]
        for a, b, c in np.ndindex(kh, kw, channels):
            y[n, i, j, k] += x[n, stride * i + a, stride * j + b, c] * weight[a, b, c, k]
    return y


@wrong("3.1")
def always_float64_loops(x, weight, bias, stride, padding):
    kh, kw, _, out = weight.shape
    y = np.zeros((len(x), *sizes(x, (kh, kw), stride, padding), out))
    for n, i, j, k in np.ndindex(y.shape):
        window = padded(x, padding)[n, stride * i : stride * i + kh, stride * j : stride * j + kw]
        y[n, i, j, k] = np.sum(window * weight[..., k]) + bias[k]
    return y


# --- 3.2 im2col


def windows(x, kernel_size, stride, padding):
    out_height, out_width = sizes(x, kernel_size, stride, padding)
    x = padded(x, padding)
    view = np.lib.stride_tricks.sliding_window_view(x, kernel_size, axis=(1, 2))  # (N, ., ., C, KH, KW)
    return view[:, ::stride, ::stride][:, :out_height, :out_width]


@wrong("3.2")
def channels_first(x, kernel_size, stride, padding):
    view = windows(x, kernel_size, stride, padding)  # sliding_window_view puts the channels before the window
    return view.reshape(*view.shape[:3], -1)


@wrong("3.2")
def loops_swapped(x, kernel_size, stride, padding):
    out_height, out_width = sizes(x, kernel_size, stride, padding)
    x = padded(x, padding)
    columns = []
    for b in range(kernel_size[1]):
        for a in range(kernel_size[0]):
            columns.append(x[:, a : a + stride * out_height : stride, b : b + stride * out_width : stride])
    return np.concatenate(columns, axis=3)


@wrong("3.2")
def edge_padding(x, kernel_size, stride, padding):
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)), mode="edge")
    return good.im2col(x, kernel_size, stride, 0)


@wrong("3.2")
def flat_rows(x, kernel_size, stride, padding):
    cols = good.im2col(x, kernel_size, stride, padding)
    return cols.reshape(-1, cols.shape[3])


@wrong("3.2")
def no_padding(x, kernel_size, stride, padding):
    return good.im2col(x, kernel_size, stride, 0)


@wrong("3.2")
def stride_ignored_inside(x, kernel_size, stride, padding):
    out_height, out_width = sizes(x, kernel_size, stride, padding)
    x = padded(x, padding)
    places = np.ndindex(*kernel_size)
    return np.concatenate([x[:, a : a + out_height, b : b + out_width] for a, b in places], axis=3)


@wrong("3.2")
def every_axis_padded_and_joined(x, kernel_size, stride, padding):
    height, width = (stride * size for size in sizes(x, kernel_size, stride, padding))
    x = np.pad(x, padding)
    places = [x[:, a : a + height : stride, b : b + width : stride] for a, b in np.ndindex(kernel_size)]
    return np.concatenate(places, axis=3)


@wrong("3.2")
def every_axis_padded_and_assigned(x, kernel_size, stride, padding):
    height, width = sizes(x, kernel_size, stride, padding)
    cols = np.zeros((len(x), height, width, *kernel_size, x.shape[3]))
    xpad = np.pad(x, padding)
    for a, b in np.ndindex(kernel_size):
        cols[:, :, :, a, b] = xpad[:, a : a + stride * height : stride, b : b + stride * width : stride]
    return cols.reshape(len(x), height, width, -1)


@wrong("3.2")
def always_float64_rows(x, kernel_size, stride, padding):
    height, width = sizes(x, kernel_size, stride, padding)
    (kh, kw), x = kernel_size, padded(x, padding)
    cols = np.zeros((len(x), height, width, kh * kw * x.shape[3]))
    for n, i, j in np.ndindex(cols.shape[:3]):
        cols[n, i, j] = x[n, stride * i : stride * i + kh, stride * j : stride * j + kw].ravel()
    return cols


@wrong("3.2")
def slices_too_short(x, kernel_size, stride, padding):
    height, width = sizes(x, kernel_size, stride, padding)
    cols = np.zeros((len(x), height, width, *kernel_size, x.shape[3]), dtype=x.dtype)
    xpad = padded(x, padding)
    for a in range(kernel_size[0]):
        for b in range(kernel_size[1]):
            cols[..., a, b, :] = xpad[:, a : a + height : stride, b : b + width : stride]
    return cols.reshape(len(x), height, width, -1)


@wrong("3.2")
def slices_too_short_joined(x, kernel_size, stride, padding):
    height, width = sizes(x, kernel_size, stride, padding)
    xpad = padded(x, padding)
    places = np.ndindex(kernel_size)
    return np.concatenate([xpad[:, a : a + height : stride, b : b + width : stride] for a, b in places], axis=-1)


# --- 3.3 conv2d


@wrong("3.3")
def cache_forgotten(x, weight, bias, stride, padding):
    return good.conv2d(x, weight, bias, stride, padding)[0]


@wrong("3.3")
def bias_forgotten(x, weight, bias, stride, padding):
    cols = good.im2col(x, weight.shape[:2], stride, padding)
    return cols @ weight.reshape(-1, weight.shape[3]), (x, weight, stride, padding)


@wrong("3.3")
def still_rows(x, weight, bias, stride, padding):
    cols = good.im2col(x, weight.shape[:2], stride, padding)
    return cols.reshape(-1, cols.shape[3]) @ weight.reshape(-1, weight.shape[3]) + bias, (x, weight, stride, padding)


@wrong("3.3")
def kernel_rotated(x, weight, bias, stride, padding):
    cols = good.im2col(x, weight.shape[:2], stride, padding)
    return cols @ np.rot90(weight, 2).reshape(-1, weight.shape[3]) + bias, (x, weight, stride, padding)


@wrong("3.3")
def weight_reshaped_the_wrong_way(x, weight, bias, stride, padding):
    cols = good.im2col(x, weight.shape[:2], stride, padding)
    return cols @ weight.reshape(weight.shape[3], -1).T + bias, (x, weight, stride, padding)


@wrong("3.3")
def stride_left_at_one(x, weight, bias, stride, padding):
    cols = good.im2col(x, weight.shape[:2], 1, padding)
    return cols @ weight.reshape(-1, weight.shape[3]) + bias, (x, weight, stride, padding)


im2col = channels_first  # the learner's own, which is wrong


@wrong("3.3")
def built_on_a_wrong_im2col(x, weight, bias, stride, padding):
    cols = im2col(x, weight.shape[:2], stride, padding)
    return cols @ weight.reshape(-1, weight.shape[3]) + bias, (x, weight, stride, padding)


# --- 3.4 col2im


def scatter(cols, height, width, kernel_size, stride, padding, put):
    (kh, kw), (batch, out_height, out_width, _) = kernel_size, cols.shape
    cols = cols.reshape(batch, out_height, out_width, kh, kw, -1)
    x = np.zeros((batch, height + 2 * padding, width + 2 * padding, cols.shape[5]))
    for n, i, j, a, b in np.ndindex(batch, out_height, out_width, kh, kw):
        put(x[n, stride * i + a, stride * j + b], cols[n, i, j, a, b])
    return x


@wrong("3.4")
def assigns(cols, height, width, kernel_size, stride, padding):
    def put(pixel, value):
        pixel[:] = value

    x = scatter(cols, height, width, kernel_size, stride, padding, put)
    return x[:, padding : padding + height, padding : padding + width]


def adds(pixel, value):
    pixel += value


@wrong("3.4")
def padding_kept(cols, height, width, kernel_size, stride, padding):
    return scatter(cols, height, width, kernel_size, stride, padding, adds)


@wrong("3.4")
def cut_at_one_side(cols, height, width, kernel_size, stride, padding):
    return scatter(cols, height, width, kernel_size, stride, padding, adds)[:, :height, :width]


@wrong("3.4")
def averages(cols, height, width, kernel_size, stride, padding):
    total = scatter(cols, height, width, kernel_size, stride, padding, adds)
    count = scatter(np.ones_like(cols), height, width, kernel_size, stride, padding, adds)
    return (total / np.maximum(count, 1))[:, padding : padding + height, padding : padding + width]


@wrong("3.4")
def minus_padding_slice(cols, height, width, kernel_size, stride, padding):
    return scatter(cols, height, width, kernel_size, stride, padding, adds)[:, padding:-padding, padding:-padding]


@wrong("3.4")
def always_float64_image(cols, height, width, kernel_size, stride, padding):
    x = scatter(cols, height, width, kernel_size, stride, padding, adds)
    return x[:, padding : padding + height, padding : padding + width]


@wrong("3.4")
def slices_too_short_added(cols, height, width, kernel_size, stride, padding):
    (kh, kw), (batch, rows, columns, _) = kernel_size, cols.shape
    cols = cols.reshape(batch, rows, columns, kh, kw, -1)
    x = np.zeros((batch, height + 2 * padding, width + 2 * padding, cols.shape[-1]), dtype=cols.dtype)
    for a in range(kh):
        for b in range(kw):
            x[:, a : a + rows : stride, b : b + columns : stride] += cols[:, :, :, a, b]
    return x[:, padding : padding + height, padding : padding + width]


# --- 3.5 conv2d_backward


@wrong("3.5")
def bias_of_each_sample(dy, cache):
    dx, dweight, _ = good.conv2d_backward(dy, cache)
    return dx, dweight, dy.sum(axis=(1, 2))


@wrong("3.5")
def averaged_weight(dy, cache):
    dx, dweight, dbias = good.conv2d_backward(dy, cache)
    return dx, dweight / dy.shape[0], dbias


@wrong("3.5")
def overlaps_overwritten(dy, cache):
    x, weight, stride, padding = cache
    dxpad = np.zeros_like(padded(x, padding))
    kh, kw = weight.shape[:2]
    for n, i, j in np.ndindex(dy.shape[:3]):
        dxpad[n, stride * i : stride * i + kh, stride * j : stride * j + kw] = weight @ dy[n, i, j]
    dx = dxpad[:, padding : padding + x.shape[1], padding : padding + x.shape[2]]
    return dx, *good.conv2d_backward(dy, cache)[1:]


@wrong("3.5")
def weight_overwritten_by_the_last_sample(dy, cache):
    x, weight, stride, padding = cache
    for n in range(len(x)):
        _, dweight, _ = good.conv2d_backward(dy[n : n + 1], (x[n : n + 1], weight, stride, padding))
    dx, _, dbias = good.conv2d_backward(dy, cache)
    return dx, dweight, dbias


@wrong("3.5")
def kernel_flipped_for_dx(dy, cache):
    x, weight, stride, padding = cache
    dcols = dy @ weight[::-1, ::-1].reshape(-1, dy.shape[3]).T
    dx = good.col2im(dcols, x.shape[1], x.shape[2], weight.shape[:2], stride, padding)
    return dx, *good.conv2d_backward(dy, cache)[1:]


@wrong("3.5")
def reshape_for_a_transpose(dy, cache):
    x, weight, stride, padding = cache
    dcols = dy @ weight.reshape(dy.shape[3], -1)
    dx = good.col2im(dcols, x.shape[1], x.shape[2], weight.shape[:2], stride, padding)
    return dx, *good.conv2d_backward(dy, cache)[1:]


@wrong("3.5")
def the_product_turned(dy, cache):
    x, weight, stride, padding = cache
    dx, _, dbias = good.conv2d_backward(dy, cache)
    cols = good.im2col(x, weight.shape[:2], stride, padding).reshape(-1, weight[..., 0].size)
    return dx, (dy.reshape(-1, dy.shape[3]).T @ cols).reshape(weight.shape), dbias


@wrong("3.5")
def always_float64(dy, cache):
    x, weight, stride, padding = cache
    dx, _, dbias = good.conv2d_backward(dy, cache)
    dweight = np.zeros(weight.shape)
    kh, kw = weight.shape[:2]
    for n, i, j in np.ndindex(dy.shape[:3]):
        window = padded(x, padding)[n, stride * i : stride * i + kh, stride * j : stride * j + kw]
        dweight += window[..., None] * dy[n, i, j]
    return dx, dweight, dbias


@wrong("3.5")
def no_bias_gradient(dy, cache):
    return good.conv2d_backward(dy, cache)[:2]


@wrong("3.5")
def dcols_left_as_rows(dy, cache):
    x, weight, stride, padding = cache
    _, dweight, dbias = good.conv2d_backward(dy, cache)
    dcols = dy.reshape(-1, dy.shape[3]) @ weight.reshape(-1, dy.shape[3]).T
    return good.col2im(dcols, x.shape[1], x.shape[2], weight.shape[:2], stride, padding), dweight, dbias


col2im = cut_at_one_side  # the learner's own, which is wrong


@wrong("3.5")
def built_on_a_wrong_col2im(dy, cache):
    x, weight, stride, padding = cache
    _, dweight, dbias = good.conv2d_backward(dy, cache)
    dcols = dy @ weight.reshape(-1, dy.shape[3]).T
    return col2im(dcols, x.shape[1], x.shape[2], weight.shape[:2], stride, padding), dweight, dbias
