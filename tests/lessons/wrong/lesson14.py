"""Wrong solutions of lesson 14."""

import numpy as np

from lessons.exercises.solutions import lesson14_gpu as good
from tests.lessons.wrong import wrong

# --- 14.1 deal_windows


@wrong("14.1")
def one_third_after_the_other(pixels):
    windows = np.array([pixels[m : m + 3].ravel() for m in range(len(pixels) - 2)])
    return tuple(np.array_split(windows, 3))


@wrong("14.1")
def channels_outside(pixels):
    windows = np.lib.stride_tricks.sliding_window_view(pixels, 3, axis=0)  # (P - 2, C, 3)
    windows = windows.reshape(len(windows), -1)
    return windows[0::3], windows[1::3], windows[2::3]


@wrong("14.1")
def the_same_number_in_each(pixels):
    count = (len(pixels) - 2) // 3
    return tuple(pixels[start : start + 3 * count].reshape(count, -1) for start in range(3))


@wrong("14.1")
def all_from_pixel_0(pixels):
    return tuple(pixels[: (len(pixels) - s) // 3 * 3].reshape(-1, 3 * pixels.shape[1]) for s in range(3))


@wrong("14.1")
def all_windows_each_time(pixels):
    windows = np.array([pixels[m : m + 3].ravel() for m in range(len(pixels) - 2)])
    return windows, windows[1:], windows[2:]


@wrong("14.1")
def every_third_pixel(pixels):
    """Columns instead of windows."""
    return pixels[0::3], pixels[1::3], pixels[2::3]


# --- 14.2 wide_rows_conv


def correlate(x, weight, offset=lambda a, width: a * width):
    batch, height, width, channels = x.shape
    pixels = x.reshape(-1, channels)
    windows = len(pixels) - 2 * width - 2
    full = np.zeros((len(pixels), weight.shape[3]))
    for a in range(3):
        first = offset(a, width)
        for m in range(windows):
            full[m] += pixels[first + m : first + m + 3].ravel() @ weight[a].reshape(-1, weight.shape[3])
    return full.reshape(batch, height, width, -1)


@wrong("14.2")
def uncut(x, weight):
    return correlate(x, weight)


@wrong("14.2")
def cut_on_both_sides(x, weight):
    return correlate(x, weight)[:, 1:-1, 1:-1]


@wrong("14.2")
def beginning_reshaped(x, weight):
    batch, height, width, _ = x.shape
    full = correlate(x, weight).reshape(-1, weight.shape[3])
    return full[: batch * (height - 2) * (width - 2)].reshape(batch, height - 2, width - 2, -1)


@wrong("14.2")
def products_one_behind_the_other(x, weight):
    batch, height, width, channels = x.shape
    pixels = x.reshape(-1, channels)
    windows = len(pixels) - 2 * width - 2
    full = np.zeros((len(pixels), weight.shape[3]))
    for a in range(3):
        matrices = good.deal_windows(pixels[a * width : a * width + windows + 2])
        full[:windows] += np.concatenate([matrix @ weight[a].reshape(-1, weight.shape[3]) for matrix in matrices])
    return full.reshape(batch, height, width, -1)[:, :-2, :-2]


@wrong("14.2")
def assigned(x, weight):
    batch, height, width, channels = x.shape
    pixels = x.reshape(-1, channels)
    windows = len(pixels) - 2 * width - 2
    full = np.zeros((len(pixels), weight.shape[3]))
    for a in range(3):
        matrices = good.deal_windows(pixels[a * width : a * width + windows + 2])
        for third in range(3):
            full[third:windows:3] = matrices[third] @ weight[a].reshape(-1, weight.shape[3])
    return full.reshape(batch, height, width, -1)[:, :-2, :-2]


@wrong("14.2")
def no_step_to_the_next_row(x, weight):
    return correlate(x, weight, offset=lambda a, width: 0)[:, :-2, :-2]


@wrong("14.2")
def one_pixel_instead_of_one_row(x, weight):
    """pixels[a:]."""
    return correlate(x, weight, offset=lambda a, width: a)[:, :-2, :-2]


@wrong("14.2")
def columns_of_the_kernel(x, weight):
    """weight[:, a]."""
    batch, height, width, channels = x.shape
    pixels = x.reshape(-1, channels)
    windows = len(pixels) - 2 * width - 2
    full = np.zeros((len(pixels), weight.shape[3]))
    for a in range(3):
        matrices = good.deal_windows(pixels[a * width : a * width + windows + 2])
        for third in range(3):
            full[third:windows:3] += matrices[third] @ weight[:, a].reshape(3 * channels, -1)
    return full.reshape(batch, height, width, -1)[:, : height - 2, : width - 2]


@wrong("14.2")
def rim_cut_off(x, weight):
    batch, height, width, channels = x.shape
    pixels = np.concatenate([x.reshape(-1, channels), np.zeros((2 * width + 2, channels))])
    full = sum(
        np.stack([pixels[m : m + 3].ravel() for m in range(a * width, a * width + batch * height * width)])
        @ weight[a].reshape(3 * channels, -1)
        for a in range(3)
    )
    return full.reshape(batch, height, width, -1)[:, 1 : height - 1, 1 : width - 1]


@wrong("14.2")
def step_of_the_output(x, weight):
    """The next row lies W pixels further on, not W - 2."""
    return correlate(x, weight, offset=lambda a, width: a * (width - 2))[:, :-2, :-2]


# --- 14.3 sum_in_stretches


@wrong("14.3")
def last_stretch_dropped(values, length):
    count = len(values) // length
    sums = values[: count * length].reshape(count, length, -1).sum(axis=1)
    return sums, sums.sum(axis=0)


@wrong("14.3")
def as_many_stretches_as_length(values, length):
    sums = np.array([part.sum(axis=0) for part in np.array_split(values, length)])
    return sums, sums.sum(axis=0)


@wrong("14.3")
def dealt_out(values, length):
    count = -(-len(values) // length)
    sums = np.array([values[part::count].sum(axis=0) for part in range(count)])
    return sums, sums.sum(axis=0)


@wrong("14.3")
def total_of_the_rows(values, length):
    sums = np.array([values[start : start + length].sum(axis=0) for start in range(0, len(values), length)])
    return sums, values.sum(axis=0)


@wrong("14.3")
def running_total(values, length):
    sums, total = [], np.zeros(values.shape[1])
    for start in range(0, len(values), length):
        total = total + values[start : start + length].sum(axis=0)
        sums.append(total)
    return np.array(sums), total


@wrong("14.3")
def channels_too(values, length):
    sums = np.array([values[start : start + length].sum() for start in range(0, len(values), length)])
    return sums, sums.sum()


@wrong("14.3")
def total_over_the_wrong_axis(values, length):
    sums = np.array([values[start : start + length].sum(axis=0) for start in range(0, len(values), length)])
    return sums, sums.sum(axis=-1)


@wrong("14.3")
def reshape_that_must_divide(values, length):
    sums = values.reshape(-1, length, values.shape[1]).sum(axis=1)
    return sums, sums.sum(axis=0)
