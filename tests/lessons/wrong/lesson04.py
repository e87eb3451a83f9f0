"""Wrong solutions of lesson 4."""

import numpy as np

from lessons.exercises.solutions import lesson04_relu_and_pool as good
from tests.lessons.wrong import wrong

# --- 4.1 relu


@wrong("4.1")
def in_place(x):
    x[x < 0] = 0
    return x, x


@wrong("4.1")
def clipped_at_one(x):
    y = np.clip(x, 0, 1)
    return y, y


@wrong("4.1")
def a_step(x):
    y = np.where(x > 0, 1.0, 0.0).astype(x.dtype)
    return y, y


@wrong("4.1")
def leaky(x):
    y = np.maximum(0.01 * x, x)
    return y, y


@wrong("4.1")
def chosen_from_zeros(x):
    y = np.where(x > 0, x, np.zeros(x.shape))  # float64
    return y, y


@wrong("4.1")
def absolute_value(x):
    y = np.sqrt(x**2)
    return y, y


@wrong("4.1")
def only_y(x):
    return np.maximum(x, 0)


@wrong("4.1")
def caches_x(x):
    return x * (x > 0), x


@wrong("4.1")
def caches_the_mask(x):
    mask = x > 0
    return x * mask, mask


@wrong("4.1")
def the_largest_of_all(x):
    y = np.max(x, 0)  # 0 is the axis
    return y, y


# --- 4.2 relu_backward


@wrong("4.2")
def zero_is_open(dy, cache):
    return dy * (cache >= 0)  # y is never below 0


@wrong("4.2")
def relu_of_dy(dy, cache):
    return good.relu(dy)[0]


@wrong("4.2")
def the_mask_alone(dy, cache):
    return np.where(cache > 0, 1, 0).astype(dy.dtype)


@wrong("4.2")
def times_y(dy, cache):
    return cache * dy


@wrong("4.2")
def dy_in_place(dy, cache):
    dy[cache <= 0] = 0
    return dy


@wrong("4.2")
def shut_where_open(dy, cache):
    dx = dy.copy()
    dx[cache > 0] = 0
    return dx


@wrong("4.2")
def both_signs_asked(dy, cache):
    dx = np.zeros_like(dy)
    keep = (cache > 0) & (dy > 0)
    dx[keep] = dy[keep]
    return dx


# --- 4.3 max_pool2d


def sizes(x, kernel_size, stride):
    return (x.shape[1] - kernel_size) // stride + 1, (x.shape[2] - kernel_size) // stride + 1


@wrong("4.3")
def starts_at_zero(x, kernel_size, stride):
    out = sizes(x, kernel_size, stride)
    y = np.zeros((len(x), *out, x.shape[3]))
    winner = np.zeros(y.shape, dtype=int)
    for n, i, j, c in np.ndindex(y.shape):
        for a, b in np.ndindex(kernel_size, kernel_size):
            if x[n, stride * i + a, stride * j + b, c] > y[n, i, j, c]:
                y[n, i, j, c] = x[n, stride * i + a, stride * j + b, c]
                winner[n, i, j, c] = a * kernel_size + b
    return y, winner


def window_by_window(x, kernel_size, stride, place):
    """The right maxima, and `place` of each window."""
    y = np.empty((len(x), *sizes(x, kernel_size, stride), x.shape[3]))
    winner = np.zeros(y.shape, dtype=int)
    for n, i, j, c in np.ndindex(y.shape):
        window = x[n, stride * i : stride * i + kernel_size, stride * j : stride * j + kernel_size, c]
        y[n, i, j, c] = window.max()
        winner[n, i, j, c] = place(window)
    return y, winner


@wrong("4.3")
def the_last_of_equals(x, kernel_size, stride):
    def place(window):
        best = 0
        for number, value in enumerate(window.ravel()):
            if value >= window.ravel()[best]:
                best = number
        return best

    return window_by_window(x, kernel_size, stride, place)


@wrong("4.3")
def column_before_row(x, kernel_size, stride):
    def place(window):
        a, b = np.unravel_index(window.argmax(), window.shape)
        return b * kernel_size + a

    return window_by_window(x, kernel_size, stride, place)


@wrong("4.3")
def loops_swapped(x, kernel_size, stride):
    def place(window):
        b, a = np.unravel_index(window.T.argmax(), window.shape)
        return a * kernel_size + b

    return window_by_window(x, kernel_size, stride, place)


@wrong("4.3")
def compared_after_the_update(x, kernel_size, stride):
    rows, columns = sizes(x, kernel_size, stride)
    y = x[:, : stride * rows : stride, : stride * columns : stride].copy()
    winner = np.zeros(y.shape, dtype=int)
    for a, b in np.ndindex(kernel_size, kernel_size):
        candidate = x[:, a : a + stride * rows : stride, b : b + stride * columns : stride]
        y = np.maximum(y, candidate)
        winner[candidate > y] = a * kernel_size + b
    return y, winner


@wrong("4.3")
def numbers_of_the_image(x, kernel_size, stride):
    y, winner = good.max_pool2d(x, kernel_size, stride)
    for n, i, j, c in np.ndindex(y.shape):
        a, b = divmod(winner[n, i, j, c], kernel_size)
        winner[n, i, j, c] = (stride * i + a) * x.shape[2] + stride * j + b
    return y, winner


@wrong("4.3")
def over_the_channels(x, kernel_size, stride):
    rows, columns = sizes(x, kernel_size, stride)
    y = np.empty((len(x), rows, columns, x.shape[3]))
    winner = np.zeros(y.shape, dtype=int)
    for n, i, j in np.ndindex(len(x), rows, columns):
        window = x[n, stride * i : stride * i + kernel_size, stride * j : stride * j + kernel_size]
        y[n, i, j] = window.max()
        winner[n, i, j] = window.max(axis=2).argmax()
    return y, winner


@wrong("4.3")
def by_reshape_without_stride(x, kernel_size, stride):
    rows, columns = x.shape[1] // kernel_size, x.shape[2] // kernel_size
    blocks = x[:, : rows * kernel_size, : columns * kernel_size]
    blocks = blocks.reshape(len(x), rows, kernel_size, columns, kernel_size, -1).transpose(0, 1, 3, 2, 4, 5)
    blocks = blocks.reshape(len(x), rows, columns, kernel_size**2, -1)
    return blocks.max(axis=3), blocks.argmax(axis=3)


@wrong("4.3")
def rest_kept(x, kernel_size, stride):
    rows, columns = -(-x.shape[1] // stride), -(-x.shape[2] // stride)
    y = np.empty((len(x), rows, columns, x.shape[3]))
    winner = np.zeros(y.shape, dtype=int)
    for n, i, j, c in np.ndindex(y.shape):
        window = x[n, stride * i : stride * i + kernel_size, stride * j : stride * j + kernel_size, c]
        y[n, i, j, c] = window.max()
        a, b = np.unravel_index(window.argmax(), window.shape)
        winner[n, i, j, c] = a * kernel_size + b
    return y, winner


# --- 4.4 max_pool2d_backward


@wrong("4.4")
def last_window_wins(dy, winner, x_shape, kernel_size, stride):
    dx = np.zeros(x_shape)
    for n, i, j, c in np.ndindex(dy.shape):
        a, b = divmod(winner[n, i, j, c], kernel_size)
        dx[n, stride * i + a, stride * j + b, c] = dy[n, i, j, c]
    return dx


@wrong("4.4")
def index_arrays(dy, winner, x_shape, kernel_size, stride):
    n, i, j, c = np.indices(dy.shape)
    dx = np.zeros(x_shape)
    dx[n, stride * i + winner // kernel_size, stride * j + winner % kernel_size, c] += dy
    return dx


def place_by_place(dy, winner, x_shape, kernel_size, stride, put):
    dx = np.zeros(x_shape)
    for a, b in np.ndindex(kernel_size, kernel_size):
        pixels = dx[:, a : a + stride * dy.shape[1] : stride, b : b + stride * dy.shape[2] : stride]
        put(pixels, dy, winner, a * kernel_size + b)
    return dx


@wrong("4.4")
def zeros_assigned(dy, winner, x_shape, kernel_size, stride):
    def put(pixels, dy, winner, number):
        pixels[:] = np.where(winner == number, dy, 0)

    return place_by_place(dy, winner, x_shape, kernel_size, stride, put)


@wrong("4.4")
def to_every_pixel(dy, winner, x_shape, kernel_size, stride):
    def put(pixels, dy, winner, number):
        pixels += dy

    return place_by_place(dy, winner, x_shape, kernel_size, stride, put)


@wrong("4.4")
def average_pooling(dy, winner, x_shape, kernel_size, stride):
    def put(pixels, dy, winner, number):
        pixels += dy / kernel_size**2

    return place_by_place(dy, winner, x_shape, kernel_size, stride, put)


@wrong("4.4")
def winner_read_column_first(dy, winner, x_shape, kernel_size, stride):
    dx = np.zeros(x_shape)
    for n, i, j, c in np.ndindex(dy.shape):
        b, a = divmod(winner[n, i, j, c], kernel_size)
        dx[n, stride * i + a, stride * j + b, c] += dy[n, i, j, c]
    return dx


@wrong("4.4")
def without_the_rest(dy, winner, x_shape, kernel_size, stride):
    shape = (len(dy), (dy.shape[1] - 1) * stride + kernel_size, (dy.shape[2] - 1) * stride + kernel_size, dy.shape[3])
    return good.max_pool2d_backward(dy, winner, shape, kernel_size, stride)


@wrong("4.4")
def windows_of_kernel_size_apart(dy, winner, x_shape, kernel_size, stride):
    dx = np.zeros(x_shape)
    for n, i, j, c in np.ndindex(dy.shape):
        a, b = divmod(winner[n, i, j, c], kernel_size)
        dx[n, kernel_size * i + a, kernel_size * j + b, c] += dy[n, i, j, c]
    return dx


@wrong("4.4")
def one_loop_too_deep_in_the_sample(dy, winner, x_shape, kernel_size, stride):
    dx = np.zeros(x_shape)
    for i, j, c in np.ndindex(dy.shape[1:]):
        a, b = divmod(winner[0, i, j, c], kernel_size)
        dx[:, stride * i + a, stride * j + b, c] += dy[:, i, j, c]  # every sample by the winner of the first
    return dx
