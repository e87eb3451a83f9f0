"""Lesson 12: what the checker knows about pictures in tiles."""

from collections.abc import Callable, Iterator

import numpy as np

from lessons.check.exercise import Arguments, Exercise, Mistake
from minunet import UNet, layers, logits
from minunet.data.augment import mirrored

# --- 12.1 ----------------------------------------------------------------------------------------------------------

# (x, top, bottom, left, right): small, then sides by themselves, then more than the picture has, below and to the
# right, where a wrong index may still be one, and all around.
PADS = [
    ((1, 2, 4, 1), 2, 0, 0, 0),
    ((1, 2, 3, 1), 0, 0, 2, 0),
    ((1, 3, 4, 1), 0, 2, 0, 0),
    ((2, 4, 5, 2), 1, 2, 3, 0),
    ((1, 2, 3, 1), 0, 4, 0, 5),
    ((2, 3, 2, 3), 4, 3, 5, 2),
    ((1, 1, 2, 2), 3, 2, 7, 6),
]


def pad_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for shape, top, bottom, left, right in PADS:
        yield {"x": rng.standard_normal(shape), "top": top, "bottom": bottom, "left": left, "right": right}


def shown(x, top, bottom, left, right, which: Callable = mirrored):
    """`which` says for a place beyond the picture, and the picture's length, which pixel is shown there."""
    rows, columns = np.arange(-top, x.shape[1] + bottom), np.arange(-left, x.shape[2] + right)
    return x[:, which(rows, x.shape[1])][:, :, which(columns, x.shape[2])]


def reflected(places, length):
    """Without the pixel at the rim a second time."""
    if length == 1:
        return np.zeros_like(places)
    places = places % (2 * length - 2)
    return np.minimum(places, 2 * length - 2 - places)


def mirrored_once(places, length):
    """Right beside the picture; further out the last pixel is repeated, or an index is out of bounds."""
    return np.clip(folded_once(places, length), 0, length - 1)


def folded_once(places, length):
    """The same, but an index that is out of bounds below 0 counts from the end, as everywhere in NumPy."""
    return np.where(places < 0, -1 - places, np.where(places >= length, 2 * length - 1 - places, places))


def zeros_around(x, top, bottom, left, right):
    return np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))


def padding_mistakes(output: str) -> tuple[Mistake, ...]:
    def with_places(which: Callable) -> Callable:
        return lambda **case: shown(**case, which=which)

    return (
        Mistake(
            output,
            "the pixel at the rim is missing in the mirror image: beside row 0 comes row 0 again, then row 1 (what "
            'np.pad calls "symmetric", not "reflect").',
            with_places(reflected),
        ),
        Mistake(output, "the last pixel is repeated outside; the picture must turn back there.", with_places(clipped)),
        Mistake(
            output,
            "the picture begins anew beyond its rim; its mirror image comes first.",
            with_places(lambda places, length: places % length),
        ),
        Mistake(output, "there are zeros around the picture, where its mirror image belongs.", zeros_around),
        Mistake(
            output,
            "it is mirrored once; further out than the picture is large, mirror again: the pattern repeats after twice "
            "the picture's length.",
            with_places(mirrored_once),
        ),
        Mistake(
            output,
            "you mirror once, and further out an index is negative or too large; the margin may be larger than the "
            "picture: take the place % (2 * size) first.",
            with_places(folded_once),
        ),
    )


def clipped(places, length):
    return np.clip(places, 0, length - 1)


def _by_slices(x, top, bottom, left, right, last: Callable = lambda length, count: slice(length - count, None)):
    """A slice of the first and of the last rows, turned round: no longer than the picture is."""
    for axis, before, after in ((1, top, bottom), (2, left, right)):
        x = np.moveaxis(x, axis, 0)
        x = np.concatenate([x[:before][::-1], x, x[last(len(x), after)][::-1]])
        x = np.moveaxis(x, 0, axis)
    return x


PAD_MISTAKES = padding_mistakes("y") + (
    Mistake(
        "y",
        "it is too small where the border is larger than the picture: a slice of x holds no more than x. The mirror "
        "image goes on with the picture again, and so on.",
        _by_slices,
    ),
    Mistake(
        "y",
        "a border of 0 has become the whole picture: x[:, -0:] is all of x.",
        lambda **case: _by_slices(**case, last=lambda length, count: slice(-count, None)),
    ),
    Mistake(
        "y",
        "rows and columns were paired off: x[:, rows, columns] takes one pixel for each pair. Index one axis after the "
        "other, x[:, rows][:, :, columns], or use np.ix_.",
        lambda x, top, bottom, left, right: x[
            :,
            mirrored(np.arange(-top, x.shape[1] + bottom), x.shape[1]),
            mirrored(np.arange(-left, x.shape[2] + right), x.shape[2]),
        ],
    ),
    Mistake(
        "y",
        "top and bottom are exchanged, and left and right.",
        lambda x, top, bottom, left, right: shown(x, bottom, top, right, left),
    ),
    Mistake(
        "y",
        "rows and columns are exchanged: top and bottom go with axis 1, left and right with axis 2.",
        lambda x, top, bottom, left, right: shown(x, left, right, top, bottom),
    ),
)

# --- 12.2 ----------------------------------------------------------------------------------------------------------

# (size, length, overlap, step): fits exactly, one tile, then the last one nearer, on the grid, with overlap, and all.
STARTS = [
    (12, 4, 0, 1),
    (5, 8, 0, 4),
    (3, 8, 0, 4),
    (5, 20, 4, 4),
    (14, 4, 0, 1),
    (24, 12, 4, 4),
    (13, 4, 0, 4),
    (37, 14, 0, 4),
    (50, 21, 6, 4),
    (100, 36, 10, 8),
]


def starts_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    yield from ({"size": a, "length": b, "overlap": c, "step": d} for a, b, c, d in STARTS)
    for _ in range(4):
        step, overlap = int(2 ** rng.integers(4)), int(rng.integers(12))
        length = overlap + step + int(rng.integers(20))
        yield {"size": int(rng.integers(1, 120)), "length": length, "overlap": overlap, "step": step}


def starts(size, length, overlap, step):
    """As `minunet.model.tiling` does it for networks with padding."""
    last = step * -(-max(0, size - length) // step)
    return [*range(0, last, _way(length, overlap, step)), last]


def _way(length, overlap, step):
    """From one start to the next."""
    return (length - overlap) // step * step


def _regular(size, length, overlap, step):
    """The same step to the end."""
    found = [0]
    while found[-1] + length < size:
        found.append(found[-1] + _way(length, overlap, step))
    return found


def _other_last(size, length, last, advance):
    return [*range(0, last, advance), last] if size > length else [0]


def _twice(size, length, overlap, step):
    """As many as fit, and the last one behind them, whether it is there or not."""
    last = starts(size, length, overlap, step)[-1]
    return [*range(0, max(1, size - length + 1), _way(length, overlap, step)), last]


def _below_zero(size, length, overlap, step):
    """A last start without max(0, ...), and the ones before it."""
    last = -(-(size - length) // step) * step
    return [*range(0, last, _way(length, overlap, step)), last]


STARTS_MISTAKES = (
    Mistake(
        "starts",
        "the last start is too large: it is the first multiple of step from which a tile reaches the end, even if that "
        "makes the overlap larger.",
        _regular,
    ),
    Mistake(
        "starts",
        "the last start is size - length, which is not on the grid: round it up to a multiple of step.",
        lambda size, length, overlap, step: _other_last(size, length, size - length, _way(length, overlap, step)),
    ),
    Mistake(
        "starts",
        "the last start is rounded down to the grid, and the tile ends before the picture does: round up.",
        lambda size, length, overlap, step: _other_last(
            size, length, (size - length) // step * step, _way(length, overlap, step)
        ),
    ),
    Mistake("starts", "where one tile covers everything, the last start is negative; it is 0.", _below_zero),
    Mistake("starts", "the last start is there twice where a tile ends with the picture.", _twice),
    Mistake(
        "starts",
        "no tile reaches the end: another start is missing.",
        lambda size, length, overlap, step: list(range(0, max(1, size - length + 1), _way(length, overlap, step))),
    ),
    Mistake(
        "starts",
        "neighbours do not overlap: from one start to the next it is length - overlap, rounded down to the grid.",
        lambda size, length, overlap, step: starts(size, length, 0, step),
    ),
    Mistake(
        "starts",
        "starts lie off the grid: length - overlap must be rounded down to a multiple of step.",
        lambda size, length, overlap, step: _other_last(
            size, length, starts(size, length, 0, step)[-1], length - overlap
        ),
    ),
    Mistake(
        "starts",
        "the way from one start to the next is rounded up to the grid; rounded down, the overlap stays large enough.",
        lambda size, length, overlap, step: _other_last(
            size, length, starts(size, length, 0, step)[-1], -(-(length - overlap) // step) * step
        ),
    ),
)

# --- 12.3 ----------------------------------------------------------------------------------------------------------


def of_one_size(network: Callable, side: int) -> Callable:
    """What the learner is handed: `network`, which refuses pictures of another size. The checker takes `any_size`."""

    def predict(x):
        if np.shape(x)[1:3] != (side, side):
            raise ValueError(
                f"predict was handed {np.shape(x)} and wants (N, {side}, {side}, C), tile + 2 * border pixels a side; "
                "where the last tiles reach beyond the picture, pad for them as well"
            )
        return network(x)

    predict.any_size = network
    predict.__name__ = network.__name__
    return predict


def convolution(rng: np.random.Generator, border: int, channels: int, kernels: int) -> Callable:
    """A network of one layer that sees `border` pixels to each side."""
    weight = rng.standard_normal((2 * border + 1, 2 * border + 1, channels, kernels))

    def convolution_without_padding(x):
        return layers.conv2d(x, weight)[0]

    return convolution_without_padding


def u_net(rng: np.random.Generator, channels: int) -> Callable:
    """One pooling: a grid of 2 pixels, and a border of 8."""
    net = UNet(channels, 2, base=4, depth=2, padding="valid")
    params = {name: array + 0.1 * rng.standard_normal(array.shape) for name, array in net.init(rng, "float64").items()}

    def u_net_without_padding(x):
        return logits(net, params, x)

    return u_net_without_padding


TILES = [  # (border, x, channels out, tile); a border of 8 is that of the U-Net, the others are of a convolution
    (1, (1, 4, 4, 1), 1, 2),
    (1, (2, 6, 9, 2), 3, 3),
    (1, (2, 5, 7, 2), 3, 3),
    (2, (1, 7, 5, 1), 2, 4),
    (2, (1, 1, 5, 1), 2, 2),
    (8, (1, 14, 18, 1), 2, 4),
    (8, (2, 9, 15, 2), 2, 6),
]


def tile_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for border, shape, kernels, tile in TILES:
        network = u_net(rng, shape[3]) if border == 8 else convolution(rng, border, shape[3], kernels)
        x = rng.standard_normal(shape)
        yield {"predict": of_one_size(network, tile + 2 * border), "x": x, "tile": tile, "border": border}


def one_pass(predict, x, tile, border, around: Callable = shown):
    """What the whole picture gives, mirrored to a size that is made of tiles; then cut."""
    _, height, width, _ = x.shape
    rows, columns = (tile * -(-size // tile) - size + border for size in (height, width))
    return predict.any_size(around(x, border, rows, border, columns))[:, :height, :width]


def tiled(predict, x, tile, border, read: Callable, starts_of: Callable | None = None):
    """Tile by tile; `read(i, j)` is what the tile sees that begins at (i, j)."""
    _, height, width, _ = x.shape
    starts_of = starts_of or (lambda size: range(0, size, tile))
    y = None
    for i in starts_of(height):
        for j in starts_of(width):
            part = predict(read(i, j))
            y = np.zeros((len(x), height, width, part.shape[3])) if y is None else y
            target = y[:, i : i + tile, j : j + tile]
            target[...] = part[:, : target.shape[1], : target.shape[2]]
    return y


def _each_mirrored_by_itself(predict, x, tile, border):
    """No tile sees its neighbours."""

    def read(i, j):
        own = x[:, i : i + tile, j : j + tile]
        rows, columns = border + tile - own.shape[1], border + tile - own.shape[2]
        return shown(own, border, rows, border, columns)

    return tiled(predict, x, tile, border, read)


def _from_the_wrong_corner(predict, x, tile, border):
    """The border lies to the lower right of the tile only."""
    wide = shown(x, 0, 2 * border + tile, 0, 2 * border + tile)
    length = tile + 2 * border
    return tiled(predict, x, tile, border, lambda i, j: wide[:, i : i + length, j : j + length])


def _last_tile_moved_inwards(predict, x, tile, border):
    """To end with the picture, off the grid."""
    wide, length = shown(x, border, border + tile, border, border + tile), tile + 2 * border

    def starts_of(size):
        return [min(start, max(0, size - tile)) for start in range(0, size, tile)]

    return tiled(predict, x, tile, border, lambda i, j: wide[:, i : i + length, j : j + length], starts_of)


def _whole_tiles_only(predict, x, tile, border):
    """Zeros where the last tiles would reach beyond the picture."""
    y = one_pass(predict, x, tile, border)
    y[:, x.shape[1] // tile * tile :] = 0
    y[:, :, x.shape[2] // tile * tile :] = 0
    return y


def _uncut(predict, x, tile, border):
    """All that the last tiles answer."""
    _, height, width, _ = x.shape
    rows, columns = (tile * -(-size // tile) - size + border for size in (height, width))
    return predict.any_size(shown(x, border, rows, border, columns))


TILE_MISTAKES = (
    Mistake(
        "y",
        "y is zero where no whole tile fits: the last tile of a row or column reaches beyond the picture.",
        _whole_tiles_only,
    ),
    Mistake(
        "y",
        "what the last tiles answer beyond the picture is still there: cut y to the picture's size.",
        _uncut,
    ),
    Mistake(
        "y",
        "every tile is mirrored at its own rim; inside the picture it must see its neighbours' pixels.",
        _each_mirrored_by_itself,
    ),
    Mistake(
        "y",
        "what a tile sees begins at its own corner; it begins `border` pixels further up and to the left.",
        _from_the_wrong_corner,
    ),
    Mistake(
        "y",
        "the last tile is moved inwards, off the grid of the poolings: let it begin at a multiple of `tile` and cut "
        "off what reaches beyond the picture.",
        _last_tile_moved_inwards,
    ),
    Mistake(
        "y",
        "beyond the rim of the picture the tiles see zeros; mirror the picture there.",
        lambda **case: one_pass(**case, around=zeros_around),
    ),
    Mistake(
        "y",
        "beyond the rim the pixel at the rim is missing: the row above row 0 is row 0.",
        lambda **case: one_pass(**case, around=lambda *sizes: shown(*sizes, which=reflected)),
    ),
    Mistake(
        "y",
        "beyond the rim the last pixel is repeated; mirror the picture there.",
        lambda **case: one_pass(**case, around=lambda *sizes: shown(*sizes, which=clipped)),
    ),
)

EXERCISES = [
    Exercise("12.1", "mirror_pad", pad_cases, shown, mistakes=PAD_MISTAKES),
    Exercise("12.2", "tile_starts", starts_cases, starts, ("starts",), STARTS_MISTAKES),
    Exercise("12.3", "overlap_tile", tile_cases, one_pass, mistakes=TILE_MISTAKES),
]
