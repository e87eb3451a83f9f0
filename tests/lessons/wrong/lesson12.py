"""Wrong solutions of lesson 12."""

import numpy as np

from lessons.exercises.solutions import lesson12_large_pictures as good
from tests.lessons.wrong import wrong

# --- 12.1 mirror_pad


@wrong("12.1")
def reflect(x, top, bottom, left, right):
    return np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), mode="reflect")


@wrong("12.1")
def edge(x, top, bottom, left, right):
    rows = np.clip(np.arange(-top, x.shape[1] + bottom), 0, x.shape[1] - 1)
    columns = np.clip(np.arange(-left, x.shape[2] + right), 0, x.shape[2] - 1)
    return x[:, rows][:, :, columns]


@wrong("12.1")
def wrapped(x, top, bottom, left, right):
    rows = np.arange(-top, x.shape[1] + bottom) % x.shape[1]
    columns = np.arange(-left, x.shape[2] + right) % x.shape[2]
    return x[:, rows][:, :, columns]


@wrong("12.1")
def flipped_slices(x, top, bottom, left, right):
    """Right as long as the border is smaller than the picture, and 0 rows are none."""
    x = np.concatenate([x[:, :top][:, ::-1], x, x[:, x.shape[1] - bottom :][:, ::-1]], axis=1)
    return np.concatenate([x[:, :, :left][:, :, ::-1], x, x[:, :, x.shape[2] - right :][:, :, ::-1]], axis=2)


@wrong("12.1")
def minus_zero(x, top, bottom, left, right):
    """x[-0:] is all of x."""
    x = np.concatenate([x[:, :top][:, ::-1], x, x[:, -bottom:][:, ::-1]], axis=1)
    return np.concatenate([x[:, :, :left][:, :, ::-1], x, x[:, :, -right:][:, :, ::-1]], axis=2)


@wrong("12.1")
def once_then_the_last_pixel(x, top, bottom, left, right):
    def places(before, size, after):
        out = []
        for place in range(-before, size + after):
            if place < 0:
                place = -place - 1
            elif place >= size:
                place = 2 * size - 1 - place
            out.append(min(max(place, 0), size - 1))
        return out

    return x[:, places(top, x.shape[1], bottom)][:, :, places(left, x.shape[2], right)]


@wrong("12.1")
def once_and_no_further(x, top, bottom, left, right):
    def places(before, size, after):
        place = np.arange(-before, size + after)
        return np.where(place < 0, -place - 1, np.where(place >= size, 2 * size - 1 - place, place))

    return x[:, places(top, x.shape[1], bottom)][:, :, places(left, x.shape[2], right)]


@wrong("12.1")
def paired_off(x, top, bottom, left, right):
    rows = np.arange(-top, x.shape[1] + bottom) % (2 * x.shape[1])
    columns = np.arange(-left, x.shape[2] + right) % (2 * x.shape[2])
    rows = np.minimum(rows, 2 * x.shape[1] - 1 - rows)
    columns = np.minimum(columns, 2 * x.shape[2] - 1 - columns)
    return x[:, rows, columns]


@wrong("12.1")
def columns_first(x, top, bottom, left, right):
    return good.mirror_pad(x, left, right, top, bottom)


@wrong("12.1")
def rows_only(x, top, bottom, left, right):
    return good.mirror_pad(x, top, bottom, 0, 0)


# --- 12.2 tile_starts


@wrong("12.2")
def regular_to_the_end(size, length, overlap, step):
    advance = (length - overlap) // step * step
    starts = [0]
    while starts[-1] + length < size:
        starts.append(starts[-1] + advance)
    return starts


@wrong("12.2")
def flush_with_the_end(size, length, overlap, step):
    if length >= size:
        return [0]
    advance = (length - overlap) // step * step
    return [*range(0, size - length, advance), size - length]


@wrong("12.2")
def last_one_missing(size, length, overlap, step):
    if length >= size:
        return [0]
    return list(range(0, size - length + 1, (length - overlap) // step * step))


@wrong("12.2")
def last_one_twice(size, length, overlap, step):
    if length >= size:
        return [0]
    advance = (length - overlap) // step * step
    starts = list(range(0, size - length + 1, advance))
    starts.append(-(-(size - length) // step) * step)
    return starts


@wrong("12.2")
def overlap_unused(size, length, overlap, step):
    last = -(-max(0, size - length) // step) * step
    return [*range(0, last, length // step * step), last]


@wrong("12.2")
def grid_only_at_the_end(size, length, overlap, step):
    last = -(-max(0, size - length) // step) * step
    return [*range(0, last, length - overlap), last]


@wrong("12.2")
def rounded_down(size, length, overlap, step):
    last = max(0, size - length) // step * step
    return [*range(0, last, (length - overlap) // step * step), last]


@wrong("12.2")
def negative_if_one_tile_is_enough(size, length, overlap, step):
    last = -(-(size - length) // step) * step
    return [*range(0, last, (length - overlap) // step * step), last]


# --- 12.3 overlap_tile


def assemble(predict, x, tile, border, wide):
    _, height, width, _ = x.shape
    y = None
    for i in range(0, height, tile):
        for j in range(0, width, tile):
            out = predict(wide[:, i : i + tile + 2 * border, j : j + tile + 2 * border])
            if y is None:
                y = np.zeros((len(x), height, width, out.shape[-1]))
            target = y[:, i : i + tile, j : j + tile]
            target[...] = out[:, : target.shape[1], : target.shape[2]]
    return y


@wrong("12.3")
def zeros_outside(predict, x, tile, border):
    over = border + tile
    wide = np.pad(x, ((0, 0), (border, over), (border, over), (0, 0)))
    return assemble(predict, x, tile, border, wide)


@wrong("12.3")
def reflected_outside(predict, x, tile, border):
    over = border + tile
    wide = np.pad(x, ((0, 0), (border, over), (border, over), (0, 0)), mode="reflect")
    return assemble(predict, x, tile, border, wide)


@wrong("12.3")
def tiles_know_nothing_of_each_other(predict, x, tile, border):
    _, height, width, _ = x.shape
    y = None
    for i in range(0, height, tile):
        for j in range(0, width, tile):
            piece = x[:, i : i + tile, j : j + tile]
            rows, columns = piece.shape[1:3]
            wide = good.mirror_pad(piece, border, border + tile - rows, border, border + tile - columns)
            out = predict(wide)[:, :rows, :columns]
            if y is None:
                y = np.zeros((len(x), height, width, out.shape[-1]))
            y[:, i : i + rows, j : j + columns] = out
    return y


@wrong("12.3")
def last_tile_flush(predict, x, tile, border):
    _, height, width, _ = x.shape
    wide = good.mirror_pad(x, border, border + tile, border, border + tile)
    y = None
    for i in range(0, height, tile):
        for j in range(0, width, tile):
            top, left = max(0, min(i, height - tile)), max(0, min(j, width - tile))
            out = predict(wide[:, top : top + tile + 2 * border, left : left + tile + 2 * border])
            if y is None:
                y = np.zeros((len(x), height, width, out.shape[-1]))
            target = y[:, top : top + tile, left : left + tile]
            target[...] = out[:, : target.shape[1], : target.shape[2]]
    return y


@wrong("12.3")
def border_on_one_side(predict, x, tile, border):
    wide = good.mirror_pad(x, 0, 2 * border + tile, 0, 2 * border + tile)
    return assemble(predict, x, tile, border, wide)


@wrong("12.3")
def only_whole_tiles(predict, x, tile, border):
    _, height, width, _ = x.shape
    wide = good.mirror_pad(x, border, border, border, border)
    y = None
    for i in range(0, height - tile + 1, tile):
        for j in range(0, width - tile + 1, tile):
            out = predict(wide[:, i : i + tile + 2 * border, j : j + tile + 2 * border])
            if y is None:
                y = np.zeros((len(x), height, width, out.shape[-1]))
            y[:, i : i + tile, j : j + tile] = out
    return y


@wrong("12.3")
def padded_by_the_border_only(predict, x, tile, border):
    return assemble(predict, x, tile, border, good.mirror_pad(x, border, border, border, border))


@wrong("12.3")
def uncut(predict, x, tile, border):
    _, height, width, _ = x.shape
    wide = good.mirror_pad(x, border, border + tile, border, border + tile)
    rows = []
    for i in range(0, height, tile):
        parts = [predict(wide[:, i : i + tile + 2 * border, j : j + tile + 2 * border]) for j in range(0, width, tile)]
        rows.append(np.concatenate(parts, axis=2))
    return np.concatenate(rows, axis=1)
