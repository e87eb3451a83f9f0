"""Wrong solutions of lesson 11."""

import numpy as np

from tests.lessons.wrong import wrong

# --- 11.1 centre_crop


@wrong("11.1")
def upper_left(labels, height, width):
    return labels[:, :height, :width]


@wrong("11.1")
def minus_the_margin(labels, height, width):
    top, left = (labels.shape[1] - height) // 2, (labels.shape[2] - width) // 2
    return labels[:, top:-top, left:-left]


@wrong("11.1")
def same_margin_on_both_sides(labels, height, width):
    full_height, full_width = labels.shape[1:]
    top, left = (full_height - height) // 2, (full_width - width) // 2
    return labels[:, top : full_height - top, left : full_width - left]


@wrong("11.1")
def rounded_up(labels, height, width):
    top = int(np.ceil((labels.shape[1] - height) / 2))
    left = int(np.ceil((labels.shape[2] - width) / 2))
    return labels[:, top : top + height, left : left + width]


@wrong("11.1")
def like_the_notebook(labels, height, width):
    rows = ((np.arange(height) + 0.5) * labels.shape[1] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * labels.shape[2] / width).astype(int)
    return labels[:, rows][:, :, columns]


@wrong("11.1")
def whole_margin_above(labels, height, width):
    return labels[:, labels.shape[1] - height :, labels.shape[2] - width :]


@wrong("11.1")
def batch_axis_forgotten(labels, height, width):
    top, left = (labels.shape[0] - height) // 2, (labels.shape[1] - width) // 2
    return labels[top : top + height, left : left + width]


@wrong("11.1")
def batch_axis_forgotten_in_the_slice(labels, height, width):
    top = (labels.shape[1] - height) // 2
    left = (labels.shape[2] - width) // 2
    return labels[top : top + height, left : left + width]


@wrong("11.1")
def resized_from_left_edges(labels, height, width):
    rows = (np.arange(height) * (labels.shape[1] / height)).astype(int)
    columns = (np.arange(width) * (labels.shape[2] / width)).astype(int)
    return labels[:, rows][:, :, columns]


@wrong("11.1")
def resized_ends_on_ends(labels, height, width):
    rows = np.linspace(0, labels.shape[1] - 1, height).astype(int)
    columns = np.linspace(0, labels.shape[2] - 1, width).astype(int)
    return labels[:, rows[:, None], columns]


# --- 11.2 label_displacement


@wrong("11.2")
def looks_minus_label(i, size_in, size_out):
    looks = i + (size_in - size_out) / 2 + 0.5
    label = (i + 0.5) / size_out * size_in
    return looks - label


@wrong("11.2")
def edges_for_centres(i, size_in, size_out):
    margin = (size_in - size_out) / 2
    return i * (size_in / size_out) - (i + margin)


@wrong("11.2")
def pixel_numbers(i, size_in, size_out):
    margin = (size_in - size_out) // 2
    return ((i + 0.5) * size_in / size_out).astype(int) - (i + margin)


@wrong("11.2")
def no_margin(i, size_in, size_out):
    return (i + 0.5) * size_in / size_out - (i + 0.5)


@wrong("11.2")
def whole_difference(i, size_in, size_out):
    return (i + 0.5) * (size_in / size_out - 1) - (size_in - size_out)


@wrong("11.2")
def half_a_pixel_once(i, size_in, size_out):
    return (i + 0.5) * size_in / size_out - (i + (size_in - size_out) / 2)


@wrong("11.2")
def distance(i, size_in, size_out):
    looks = np.arange(size_out) + 0.5 + (size_in - size_out) / 2
    taken = (np.arange(size_out) + 0.5) * size_in / size_out
    return np.abs(looks - taken)[i]


@wrong("11.2")
def ends_on_ends(i, size_in, size_out):
    taken = i * (size_in - 1) / max(size_out - 1, 1)  # the first pixel on the first, the last on the last
    return taken - (i + (size_in - size_out) / 2)


# --- 11.3 find_shift


def overlap(one, other, dy, dx):
    """Both maps where both have pixels, one loop step a pixel."""
    pairs = []
    for r in range(one.shape[0]):
        for c in range(one.shape[1]):
            if 0 <= r + dy < other.shape[0] and 0 <= c + dx < other.shape[1]:
                pairs.append((one[r, c], other[r + dy, c + dx]))
    return np.array(pairs).T


def every(max_shift):
    shifts = [(dy, dx) for dy in range(-max_shift, max_shift + 1) for dx in range(-max_shift, max_shift + 1)]
    return sorted(shifts, key=lambda shift: shift[0] ** 2 + shift[1] ** 2)


@wrong("11.3")
def counts_equal_pixels(one, other, max_shift):
    best, found = -1, (0, 0)
    for dy, dx in every(max_shift):
        a, b = overlap(one, other, dy, dx)
        if (a == b).sum() > best:
            best, found = (a == b).sum(), (dy, dx)
    return found


@wrong("11.3")
def moves_the_wrong_map(one, other, max_shift):
    best, found = -1.0, (0, 0)
    for dy, dx in every(max_shift):
        a, b = overlap(other, one, dy, dx)
        if (a == b).mean() > best:
            best, found = (a == b).mean(), (dy, dx)
    return found


@wrong("11.3")
def rolls(one, other, max_shift):
    best, found = -1.0, (0, 0)
    for dy, dx in every(max_shift):
        agreement = np.mean(np.roll(other, (-dy, -dx), axis=(0, 1)) == one)
        if agreement > best:
            best, found = agreement, (dy, dx)
    return found


@wrong("11.3")
def first_of_equals(one, other, max_shift):
    best, found = -1.0, (0, 0)
    for dy in range(-max_shift, max_shift + 1):
        for dx in range(-max_shift, max_shift + 1):
            a, b = overlap(one, other, dy, dx)
            if (a == b).mean() > best:
                best, found = (a == b).mean(), (dy, dx)
    return found


def nearest_by(distance, one, other, max_shift):
    agreement = {}
    for shift in sorted(every(max_shift), key=distance):
        a, b = overlap(one, other, *shift)
        agreement[shift] = (a == b).mean()
    return max(agreement, key=agreement.get)


@wrong("11.3")
def fewest_steps(one, other, max_shift):
    return nearest_by(lambda shift: abs(shift[0]) + abs(shift[1]), one, other, max_shift)


@wrong("11.3")
def longest_way(one, other, max_shift):
    return nearest_by(lambda shift: max(abs(shift[0]), abs(shift[1])), one, other, max_shift)


@wrong("11.3")
def columns_first(one, other, max_shift):
    best, found = -1.0, (0, 0)
    for dy, dx in every(max_shift):
        a, b = overlap(one, other, dy, dx)
        if (a == b).mean() > best:
            best, found = (a == b).mean(), (dx, dy)
    return found


@wrong("11.3")
def range_ends_too_early(one, other, max_shift):
    best, found = -1.0, (0, 0)
    for dy, dx in every(max_shift):
        if dy == max_shift or dx == max_shift:
            continue
        a, b = overlap(one, other, dy, dx)
        if (a == b).mean() > best:
            best, found = (a == b).mean(), (dy, dx)
    return found


@wrong("11.3")
def only_forward(one, other, max_shift):
    best, found = -1.0, (0, 0)
    for dy in range(max_shift + 1):
        for dx in range(max_shift + 1):
            a = one[: one.shape[0] - dy, : one.shape[1] - dx]
            b = other[dy:, dx:]
            if (a == b).mean() > best:
                best, found = (a == b).mean(), (dy, dx)
    return found


@wrong("11.3")
def difference_of_class_ids(one, other, max_shift):
    best, found = np.inf, (0, 0)
    for dy, dx in every(max_shift):
        a, b = overlap(one, other, dy, dx)
        if np.abs(a - b).mean() < best:  # class ids are names, not amounts
            best, found = np.abs(a - b).mean(), (dy, dx)
    return found


@wrong("11.3")
def negative_indices(one, other, max_shift):
    height, width = one.shape
    best, found = -1.0, (0, 0)
    for dy, dx in every(max_shift):
        equal = [
            one[r, c] == other[r + dy, c + dx]
            for r in range(height)
            for c in range(width)
            if r + dy < height and c + dx < width
        ]
        if np.mean(equal) > best:
            best, found = np.mean(equal), (dy, dx)
    return found


@wrong("11.3")
def until_it_stops(one, other, max_shift):
    best, found = -1.0, (0, 0)
    for dy, dx in every(max_shift):
        equal = []
        for r, c in np.ndindex(one.shape):
            try:
                equal.append(one[r, c] == other[r + dy, c + dx])
            except IndexError:  # outside
                pass
        if np.mean(equal) > best:
            best, found = np.mean(equal), (dy, dx)
    return found
