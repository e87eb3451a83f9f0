"""Wrong solutions of lesson 5."""

import numpy as np

from lessons.exercises.solutions import lesson05_transposed_convolution as good
from tests.lessons.wrong import wrong

# --- 5.1 convolution_matrix


def out_sizes(weight, height, width, stride):
    return (height - weight.shape[0]) // stride + 1, (width - weight.shape[1]) // stride + 1


@wrong("5.1")
def pixels_in_rows(weight, height, width, stride):
    rows, columns = out_sizes(weight, height, width, stride)
    matrix = np.zeros((height * width, rows * columns))
    for i, j in np.ndindex(rows, columns):
        for a, b in np.ndindex(weight.shape):
            matrix[(stride * i + a) * width + stride * j + b, i * columns + j] = weight[a, b]
    return matrix


@wrong("5.1")
def turned_around(weight, height, width, stride):
    rows, columns = out_sizes(weight, height, width, stride)
    matrix = np.zeros((rows * columns, height * width))
    for i, j in np.ndindex(rows, columns):
        for a, b in np.ndindex(weight.shape):
            matrix[i * columns + j, (stride * i + a) * width + stride * j + b] = weight[-1 - a, -1 - b]
    return matrix


@wrong("5.1")
def stride_only_in_the_size(weight, height, width, stride):
    rows, columns = out_sizes(weight, height, width, stride)
    matrix = np.zeros((rows * columns, height * width))
    for i, j in np.ndindex(rows, columns):
        for a, b in np.ndindex(weight.shape):
            matrix[i * columns + j, (i + a) * width + j + b] = weight[a, b]
    return matrix


@wrong("5.1")
def no_stride(weight, height, width, stride):
    return good.convolution_matrix(weight, height, width, 1)


@wrong("5.1")
def windows_counted_down(weight, height, width, stride):
    rows, columns = out_sizes(weight, height, width, stride)
    matrix = []
    for j in range(columns):
        for i in range(rows):
            image = np.zeros((height, width))
            image[stride * i : stride * i + weight.shape[0], stride * j : stride * j + weight.shape[1]] = weight
            matrix.append(image.ravel())
    return np.array(matrix)


@wrong("5.1")
def rows_counted_by_height(weight, height, width, stride):
    rows, columns = out_sizes(weight, height, width, stride)
    matrix = np.zeros((rows * columns, height * width))
    for i, j in np.ndindex(rows, columns):
        for a, b in np.ndindex(weight.shape):
            matrix[i * rows + j, (stride * i + a) * width + stride * j + b] = weight[a, b]
    return matrix


@wrong("5.1")
def whole_rows_counted_by_height(weight, height, width, stride):
    rows, columns = out_sizes(weight, height, width, stride)
    matrix = np.zeros((rows * columns, height * width))
    for i, j in np.ndindex(rows, columns):
        image = np.zeros((height, width))
        image[stride * i : stride * i + weight.shape[0], stride * j : stride * j + weight.shape[1]] = weight
        matrix[i * rows + j] = image.ravel()
    return matrix


@wrong("5.1")
def pixels_counted_down(weight, height, width, stride):
    rows, columns = out_sizes(weight, height, width, stride)
    matrix = []
    for i, j in np.ndindex(rows, columns):
        image = np.zeros((height, width))
        image[stride * i : stride * i + weight.shape[0], stride * j : stride * j + weight.shape[1]] = weight
        matrix.append(image.ravel(order="F"))
    return np.array(matrix)


@wrong("5.1")
def four_axes(weight, height, width, stride):
    rows, columns = out_sizes(weight, height, width, stride)
    return good.convolution_matrix(weight, height, width, stride).reshape(rows, columns, height, width)


@wrong("5.1")
def stride_in_the_rows_only(weight, height, width, stride):
    rows, columns = out_sizes(weight, height, width, stride)
    matrix = np.zeros((rows * columns, height * width))
    for i, j in np.ndindex(rows, columns):
        for a, b in np.ndindex(weight.shape):
            matrix[i * columns + j, (stride * i + a) * width + j + b] = weight[a, b]
    return matrix


@wrong("5.1")
def stride_in_the_columns_only(weight, height, width, stride):
    rows, columns = out_sizes(weight, height, width, stride)
    matrix = np.zeros((rows * columns, height * width))
    for i, j in np.ndindex(rows, columns):
        for a, b in np.ndindex(weight.shape):
            matrix[i * columns + j, (i + a) * width + stride * j + b] = weight[a, b]
    return matrix


# --- 5.2 conv_transpose2d


def stamp(x, weight, bias, stride, put):
    (batch, height, width, channels), (kh, kw, _, out) = x.shape, weight.shape
    y = np.zeros((batch, (height - 1) * stride + kh, (width - 1) * stride + kw, out))
    for n, i, j in np.ndindex(batch, height, width):
        copy = sum(x[n, i, j, c] * weight[:, :, c] for c in range(channels))
        put(y[n, stride * i : stride * i + kh, stride * j : stride * j + kw], copy)
    return y


@wrong("5.2")
def overwrites(x, weight, bias, stride):
    def put(pixels, copy):
        pixels[...] = copy

    return stamp(x, weight, bias, stride, put) + bias, (x, weight, stride)


@wrong("5.2")
def bias_in_the_stamp(x, weight, bias, stride):
    def put(pixels, copy):
        pixels += copy + bias

    return stamp(x, weight, bias, stride, put), (x, weight, stride)


@wrong("5.2")
def overwrites_by_place(x, weight, bias, stride):
    (batch, height, width, _), (kh, kw, _, out) = x.shape, weight.shape
    y = np.zeros((batch, (height - 1) * stride + kh, (width - 1) * stride + kw, out))
    for a, b in np.ndindex(kh, kw):
        y[:, a : a + stride * height : stride, b : b + stride * width : stride] = x @ weight[a, b]
    return y + bias, (x, weight, stride)


def zeros_between(x, weight, stride):
    """The picture with stride - 1 zeros between its pixels and a border of a kernel less one."""
    (batch, height, width, channels), (kh, kw) = x.shape, weight.shape[:2]
    wide = np.zeros((batch, (height - 1) * stride + 2 * kh - 1, (width - 1) * stride + 2 * kw - 1, channels))
    wide[:, kh - 1 : wide.shape[1] - kh + 1 : stride, kw - 1 : wide.shape[2] - kw + 1 : stride] = x
    return wide


@wrong("5.2")
def zeros_between_and_a_convolution(x, weight, bias, stride):
    wide = zeros_between(x, weight, stride)
    kh, kw = weight.shape[:2]
    y = 0
    for a, b in np.ndindex(kh, kw):
        y = y + wide[:, a : wide.shape[1] - kh + 1 + a, b : wide.shape[2] - kw + 1 + b] @ weight[a, b]
    return y + bias, (x, weight, stride)


@wrong("5.2")
def size_of_whole_strides(x, weight, bias, stride):
    y, cache = good.conv_transpose2d(x, weight, bias, stride)
    return y[:, : stride * x.shape[1], : stride * x.shape[2]], cache


@wrong("5.2")
def no_bias(x, weight, bias, stride):
    return good.conv_transpose2d(x, weight, np.zeros(weight.shape[3]), stride)


@wrong("5.2")
def first_channel_only(x, weight, bias, stride):
    def put(pixels, copy):
        pixels += copy

    y = stamp(x[..., :1], weight[:, :, :1], bias, stride, put)
    return y + bias, (x, weight, stride)


@wrong("5.2")
def channels_swapped(x, weight, bias, stride):
    kh, kw, channels, out = weight.shape
    return good.conv_transpose2d(x, weight.reshape(kh, kw, out, channels).swapaxes(2, 3), bias, stride)


@wrong("5.2")
def weight_turned(x, weight, bias, stride):
    y = np.zeros_like(good.conv_transpose2d(x, weight, bias, stride)[0])
    for a, b in np.ndindex(weight.shape[:2]):
        rows = slice(a, a + stride * x.shape[1], stride)
        columns = slice(b, b + stride * x.shape[2], stride)
        y[:, rows, columns] += x @ weight[a, b].T
    return y + bias, (x, weight, stride)


@wrong("5.2")
def bias_in_the_cache(x, weight, bias, stride):
    return good.conv_transpose2d(x, weight, bias, stride)[0], (x, weight, bias, stride)


@wrong("5.2")
def the_gather_instead(x, weight, bias, stride):
    (batch, height, width, _), (kh, kw, _, out) = x.shape, weight.shape
    y = np.zeros((batch, (height - kh) // stride + 1, (width - kw) // stride + 1, out))
    for n, i, j, k in np.ndindex(y.shape):
        y[n, i, j, k] = (
            x[n, stride * i : stride * i + kh, stride * j : stride * j + kw] * weight[..., k]
        ).sum() + bias[k]
    return y, (x, weight, stride)


# --- 5.3 conv_transpose2d_backward


@wrong("5.3")
def kernel_turned_for_dx(dy, cache):
    x, weight, stride = cache
    _, dweight, dbias = good.conv_transpose2d_backward(dy, cache)
    return good.conv_transpose2d_backward(dy, (x, np.rot90(weight, 2), stride))[0], dweight, dbias


@wrong("5.3")
def dx_assigned(dy, cache):
    x, weight, stride = cache
    for a, b in np.ndindex(weight.shape[:2]):
        dx = dy[:, a : a + stride * x.shape[1] : stride, b : b + stride * x.shape[2] : stride] @ weight[a, b].T
    return dx, *good.conv_transpose2d_backward(dy, cache)[1:]


@wrong("5.3")
def weight_not_turned(dy, cache):
    x, weight, stride = cache
    dx = np.zeros_like(x)
    for a, b in np.ndindex(weight.shape[:2]):
        dx += dy[:, a : a + stride * x.shape[1] : stride, b : b + stride * x.shape[2] : stride] @ weight[a, b]
    return dx, *good.conv_transpose2d_backward(dy, cache)[1:]


@wrong("5.3")
def weight_comes_first(dy, cache):
    dx, dweight, dbias = good.conv_transpose2d_backward(dy, cache)
    return dweight, dx, dbias


@wrong("5.3")
def channels_of_dweight_swapped(dy, cache):
    x, weight, stride = cache
    dx, dweight, dbias = good.conv_transpose2d_backward(dy, cache)
    (height, width), x_rows = x.shape[1:3], x.reshape(-1, x.shape[3])
    for a, b in np.ndindex(weight.shape[:2]):
        place = dy[:, a : a + stride * height : stride, b : b + stride * width : stride]
        dweight[a, b] = (place.reshape(-1, dy.shape[3]).T @ x_rows).reshape(weight.shape[2:])
    return dx, dweight, dbias


@wrong("5.3")
def one_pixel_of_each_copy(dy, cache):
    x, weight, stride = cache
    dx = np.zeros_like(x)
    for n, i, j in np.ndindex(x.shape[:3]):
        dx[n, i, j] = weight[0, 0] @ dy[n, stride * i, stride * j]
    return dx, *good.conv_transpose2d_backward(dy, cache)[1:]


@wrong("5.3")
def weight_reshaped_at_once(dy, cache):
    x, weight, stride = cache
    dx, _, dbias = good.conv_transpose2d_backward(dy, cache)
    (height, width), (kh, kw, channels, _) = x.shape[1:3], weight.shape
    places = [dy[:, a : a + stride * height : stride, b : b + stride * width : stride] for a, b in np.ndindex(kh, kw)]
    dcols = np.concatenate(places, axis=3)  # (N, H, W, KH*KW*K)
    dweight = x.reshape(-1, channels).T @ dcols.reshape(-1, dcols.shape[3])
    return dx, dweight.reshape(weight.shape), dbias


@wrong("5.3")
def weight_of_the_last_sample(dy, cache):
    x, weight, stride = cache
    dx, dweight, dbias = good.conv_transpose2d_backward(dy, cache)
    for n in range(len(x)):
        for a, b in np.ndindex(weight.shape[:2]):
            place = dy[n, a : a + stride * x.shape[1] : stride, b : b + stride * x.shape[2] : stride]
            dweight[a, b] = np.einsum("ijc,ijk->ck", x[n], place)
    return dx, dweight, dbias


@wrong("5.3")
def weight_averaged(dy, cache):
    dx, dweight, dbias = good.conv_transpose2d_backward(dy, cache)
    return dx, dweight / len(dy), dbias


@wrong("5.3")
def bias_from_the_columns(dy, cache):
    x, weight, stride = cache
    dx, dweight, dbias = good.conv_transpose2d_backward(dy, cache)
    dbias = np.zeros_like(dbias)
    for n, i, j in np.ndindex(x.shape[:3]):
        kh, kw = weight.shape[:2]
        dbias += dy[n, stride * i : stride * i + kh, stride * j : stride * j + kw].sum(axis=(0, 1))
    return dx, dweight, dbias


@wrong("5.3")
def bias_by_sample(dy, cache):
    dx, dweight, dbias = good.conv_transpose2d_backward(dy, cache)
    return dx, dweight, dy.sum(axis=(1, 2))


@wrong("5.3")
def the_stride_forgotten(dy, cache):
    x, weight, stride = cache
    dx = np.zeros_like(x)
    for n, i, j in np.ndindex(x.shape[:3]):
        for a, b in np.ndindex(weight.shape[:2]):
            dx[n, i, j] += weight[a, b] @ dy[n, i + a, j + b]
    return dx, *good.conv_transpose2d_backward(dy, cache)[1:]


# --- 5.4 adjoint_gap


@wrong("5.4")
def absolute(forward, transposed, x, z):
    return abs(good.adjoint_gap(forward, transposed, x, z))


@wrong("5.4")
def means(forward, transposed, x, z):
    return np.mean(forward(x) * z) - np.mean(x * transposed(z))


@wrong("5.4")
def not_summed(forward, transposed, x, z):
    return forward(x) * z - (x * transposed(z)).sum()


@wrong("5.4")
def other_way_round(forward, transposed, x, z):
    return np.vdot(x, transposed(z)) - np.vdot(forward(x), z)


@wrong("5.4")
def relative(forward, transposed, x, z):
    one = (forward(x) * z).sum()
    return (one - (x * transposed(z)).sum()) / one


@wrong("5.4")
def sums_first(forward, transposed, x, z):
    return forward(x).sum() * z.sum() - x.sum() * transposed(z).sum()


@wrong("5.4")
def whether_equal(forward, transposed, x, z):
    return bool(np.isclose((forward(x) * z).sum(), (x * transposed(z)).sum()))


@wrong("5.4")
def matrix_products(forward, transposed, x, z):
    return float(np.sum(forward(x) @ z - x @ transposed(z)))
