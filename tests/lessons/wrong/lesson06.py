"""Wrong solutions of lesson 6."""

import numpy as np

from tests.lessons.wrong import wrong

# --- 6.1 crop_concat


@wrong("6.1")
def cuts_the_corner(skip, x):
    _, height, width, _ = x.shape
    return np.concatenate([skip[:, :height, :width], x], axis=-1), (skip.shape, 0, 0)


@wrong("6.1")
def x_first(skip, x):
    top = (skip.shape[1] - x.shape[1]) // 2
    left = (skip.shape[2] - x.shape[2]) // 2
    cut = skip[:, top : top + x.shape[1], left : left + x.shape[2], :]
    return np.concatenate([x, cut], axis=3), (skip.shape, top, left)


@wrong("6.1")
def adds_instead(skip, x):
    top, left = (skip.shape[1] - x.shape[1]) // 2, (skip.shape[2] - x.shape[2]) // 2
    return skip[:, top : top + x.shape[1], left : left + x.shape[2]] + x, (skip.shape, top, left)


@wrong("6.1")
def cuts_alike_on_both_sides(skip, x):
    """Of an odd difference one row stays too many, and with no difference the slice is empty."""
    top = (skip.shape[1] - x.shape[1]) // 2
    left = (skip.shape[2] - x.shape[2]) // 2
    return np.concatenate([skip[:, top:-top, left:-left], x], axis=3), (skip.shape, top, left)


@wrong("6.1")
def rounds_up(skip, x):
    top = int(np.ceil((skip.shape[1] - x.shape[1]) / 2))
    left = int(np.ceil((skip.shape[2] - x.shape[2]) / 2))
    cut = skip[:, top : top + x.shape[1], left : left + x.shape[2]]
    return np.concatenate([cut, x], axis=3), (skip.shape, top, left)


@wrong("6.1")
def axes_of_pytorch(skip, x):
    """Channels first, as in code for PyTorch."""
    top = (skip.shape[1] - x.shape[1]) // 2
    left = (skip.shape[2] - x.shape[2]) // 2
    cut = skip[:, top : top + x.shape[1], left : left + x.shape[2]]
    return np.concatenate([cut, x], axis=1), (skip.shape, top, left)


@wrong("6.1")
def one_margin_for_both_axes(skip, x):
    margin = (skip.shape[1] - x.shape[1]) // 2
    cut = skip[:, margin : margin + x.shape[1], margin : margin + x.shape[2]]
    return np.concatenate([cut, x], axis=3), (skip.shape, margin, margin)


@wrong("6.1")
def middle_to_middle(skip, x):
    top, left = skip.shape[1] // 2 - x.shape[1] // 2, skip.shape[2] // 2 - x.shape[2] // 2
    cut = skip[:, top : top + x.shape[1], left : left + x.shape[2]]
    return np.concatenate([cut, x], axis=3), (skip.shape, top, left)


@wrong("6.1")
def shape_of_x_in_the_cache(skip, x):
    top, left = (skip.shape[1] - x.shape[1]) // 2, (skip.shape[2] - x.shape[2]) // 2
    cut = skip[:, top : top + x.shape[1], left : left + x.shape[2]]
    return np.concatenate([cut, x], axis=3), (x.shape, top, left)


# --- 6.2 crop_concat_backward


@wrong("6.2")
def no_zeros_around(dy, cache):
    channels = cache[0][-1]
    return dy[..., :channels].copy(), dy[..., channels:].copy()


@wrong("6.2")
def in_the_corner(dy, cache):
    (batch, height, width, channels), top, left = cache
    dskip = np.zeros((batch, height, width, channels))
    dskip[:, : dy.shape[1], : dy.shape[2]] = dy[:, :, :, :channels]
    return dskip, dy[:, :, :, channels:]


@wrong("6.2")
def x_was_first(dy, cache):
    shape, top, left = cache
    own = dy.shape[3] - shape[3]
    dskip = np.zeros(shape)
    dskip[:, top : top + dy.shape[1], left : left + dy.shape[2]] = dy[..., own:]
    return dskip, dy[..., :own]


@wrong("6.2")
def halves(dy, cache):
    """Right as long as both have the same number of channels."""
    shape, top, left = cache
    first, second = np.split(dy, 2, axis=3)
    dskip = np.zeros(shape)
    dskip[:, top : top + dy.shape[1], left : left + dy.shape[2]] = first
    return dskip, second


@wrong("6.2")
def rim_repeated(dy, cache):
    shape, top, left = cache
    bottom, right = shape[1] - dy.shape[1] - top, shape[2] - dy.shape[2] - left
    dskip = np.pad(dy[..., : shape[3]], ((0, 0), (top, bottom), (left, right), (0, 0)), mode="edge")
    return dskip, dy[..., shape[3] :]


@wrong("6.2")
def columns_before_rows(dy, cache):
    shape, left, top = cache
    dskip = np.zeros(shape)
    dskip[:, top : top + dy.shape[1], left : left + dy.shape[2]] = dy[..., : shape[3]]
    return dskip, dy[..., shape[3] :]


@wrong("6.2")
def all_of_dy_goes_down(dy, cache):
    shape, top, left = cache
    dskip = np.zeros(shape)
    dskip[:, top : top + dy.shape[1], left : left + dy.shape[2]] = dy[..., : shape[3]]
    return dskip, dy


# --- 6.3 two_ways


@wrong("6.3")
def overwrites(dy_down, dy_across, top, left):
    total = np.array(dy_down)
    total[:, top : top + dy_across.shape[1], left : left + dy_across.shape[2]] = dy_across
    return total


@wrong("6.3")
def only_from_below(dy_down, dy_across, top, left):
    return dy_down.copy()


@wrong("6.3")
def only_from_across(dy_down, dy_across, top, left):
    total = np.zeros_like(dy_down)
    total[:, top : top + dy_across.shape[1], left : left + dy_across.shape[2]] += dy_across
    return total


@wrong("6.3")
def into_the_argument(dy_down, dy_across, top, left):
    dy_down[:, top : top + dy_across.shape[1], left : left + dy_across.shape[2]] += dy_across
    return dy_down


@wrong("6.3")
def always_the_centre(dy_down, dy_across, top, left):
    total = dy_down.copy()
    rows, columns = dy_down.shape[1] - dy_across.shape[1], dy_down.shape[2] - dy_across.shape[2]
    total[:, rows // 2 : rows // 2 + dy_across.shape[1], columns // 2 : columns // 2 + dy_across.shape[2]] += dy_across
    return total


@wrong("6.3")
def averages(dy_down, dy_across, top, left):
    padded = np.zeros(dy_down.shape)
    padded[:, top : top + dy_across.shape[1], left : left + dy_across.shape[2]] = dy_across
    return np.mean([dy_down, padded], axis=0)


@wrong("6.3")
def crops_the_way_down(dy_down, dy_across, top, left):
    return dy_down[:, top : top + dy_across.shape[1], left : left + dy_across.shape[2]] + dy_across
