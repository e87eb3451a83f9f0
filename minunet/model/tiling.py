"""Pictures of any size through a network: mirrored at their edges, and in tiles if they are large.

A network without padding ("valid") predicts the middle of what it sees. The overlap-tile strategy of
Ronneberger, Fischer and Brox (2015), figure 2, hands it a tile with `margin` pixels more on each side, taken from the
picture and, beyond its edge, from the picture's mirror image. The predictions for neighbouring tiles fit together
without a seam: each is what one pass over the whole picture would have given, if the tiles begin at multiples of
2 ** (depth - 1) pixels, so that max-pooling cuts them into the same squares.

A network with padding ("same") predicts all that it sees, worse near the rim of a tile, where it has seen zeros
instead of the picture. So tiles overlap, and where they do their predictions are mixed, each with a weight that falls
to its rim.

Group norm takes its mean over all that the network sees; with it, the prediction depends on the tile a little.
"""

import itertools
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from minunet.backend import Array, array_module, to_device, to_numpy
from minunet.data.augment import mirrored
from minunet.fast import softmax
from minunet.gradient import GROUP_PIXELS, logits
from minunet.threads import get_threads
from minunet.unet import Parameters, UNet

TILE = 512  # pixels a side of what is predicted at once
NUMBERS = 2 << 20  # of images, or of probabilities, that are held at a time, if that is enough for all threads
KEPT = 8_000_000  # parameters, up to which what is computed of them is kept: 128 MB
OVERLAP = 64  # pixels by which the tiles of a network with padding overlap

ToInput = Callable[[np.ndarray], np.ndarray]
Mirrors = tuple[bool, bool, bool]  # upside down, left to right, along the diagonal
NO_MIRROR = (False, False, False)
Advance = Callable[[int], object]
Band = tuple[slice, np.ndarray]  # rows of a picture, and their probabilities


def predict(net: UNet, params: Parameters, x: Array, mirrors: Mirrors = NO_MIRROR) -> Array:
    """How likely each class is, (N, OH, OW, classes), for images x (N, H, W, C) of a size that fits.

    With `mirrors` it is the mean over the image and its mirror images and those of them, turned back: two, four or
    eight (test-time augmentation).
    """
    net = settled(net)
    upside_down, left_to_right, diagonal = (((1, -1) if each else (1,)) for each in mirrors)
    ways = list(itertools.product(upside_down, left_to_right))
    total, step = 0, images_at_once(net, x.shape[1:3], len(x))
    for axes in ((0, 1, 2, 3), (0, 2, 1, 3))[: len(diagonal)]:
        for some in (ways[start : start + step] for start in range(0, len(ways), step)):
            seen = array_module(x).concatenate([x[:, ::down, ::across].transpose(axes) for down, across in some])
            found = softmax(logits(net, params, seen))[0].transpose(axes)
            for place, (down, across) in enumerate(some):
                total = total + found[place * len(x) : (place + 1) * len(x), ::down, ::across]
    return total / (len(ways) * len(diagonal))


def settled(net: UNet) -> UNet:
    """The network, for weights that stay as they are: what is made of them alone is kept, four times their memory.

    Of more than KEPT parameters nothing is kept: each group of samples makes it anew.
    """
    share = net.operations.share
    return net if share is None else net.using(share(sys.maxsize if net.parameters() <= KEPT else 1))


def images_at_once(net: UNet, size: tuple[int, int], batch: int = 1) -> int:
    """How many images of this size, or batches of so many, go through the network together; at least 1.

    A small image shares its group with others, see `gradient.split`: so their number is the same however many threads
    there are. Of larger ones each thread takes one.
    """
    pixels = size[0] * size[1]
    threads = get_threads() if 2 * pixels > GROUP_PIXELS else 1
    return max(1, threads // batch, NUMBERS // (batch * pixels * max(net.in_channels, net.classes)))


def bands(
    net: UNet,
    params: Parameters,
    picture: np.ndarray,
    to_x: ToInput,
    *,
    tile: int = TILE,
    mirrors: Mirrors = NO_MIRROR,
    device: str = "cpu",
    advance: Advance = lambda tiles: None,
) -> Iterator[Band]:
    """How likely each class is in each pixel: some rows, and (rows, W, classes) float32, from the top down.

    Of a large picture all probabilities may not fit into memory; so rows are handed on when no more tiles add to them.

    Args:
        picture: (H, W, in_channels) of any size and dtype.
        to_x: turns pieces of it, (N, h, w, C), into what the network was trained on, float32.
        tile: the prediction is made of tiles of about tile x tile pixels; larger ones need more memory.
        mirrors: see `predict`.
        device: where the parameters lie and the network computes.
        advance: is told how many tiles were done, for a progress bar.
    """
    net = settled(net)
    height, width, _ = picture.shape
    tiles = list(itertools.product(_cuts(net, height, tile), _cuts(net, width, tile)))
    done, pending = 0, np.zeros((0, width, net.classes), dtype="float32")  # the rows from `done` on
    row, column = tiles[0]
    step = images_at_once(net, (len(row.reads), len(column.reads)))
    for start in range(0, len(tiles), step):
        some = tiles[start : start + step]
        pieces = [picture[np.ix_(mirrored(row.reads, height), mirrored(column.reads, width))] for row, column in some]
        x = to_device(to_x(np.stack(pieces)), device)  # (n, h, w, C)
        parts = to_numpy(predict(net, params, x, mirrors))  # (n, oh, ow, classes)
        for (row, column), part in zip(some, parts, strict=True):
            weight = row.weight[:, None] * column.weight  # (h', w'), what of the tile lies in the picture
            missing = row.writes.stop - done - len(pending)
            if missing > 0:
                pending = np.concatenate([pending, np.zeros((missing, *pending.shape[1:]), "float32")])
            place = slice(row.writes.start - done, row.writes.stop - done), column.writes
            pending[place] += part[: weight.shape[0], : weight.shape[1]] * weight[..., None]
        after = tiles[start + len(some)][0].writes.start if start + len(some) < len(tiles) else height
        if after > done:
            yield slice(done, after), pending[: after - done]
            done, pending = after, pending[after - done :].copy()
        advance(len(some))


def probabilities(
    net: UNet, params: Parameters, picture: np.ndarray, to_x: ToInput, *, tile: int = TILE, mirrors: Mirrors = NO_MIRROR
) -> np.ndarray:
    """All bands of `bands` in one, (H, W, classes)."""
    return np.concatenate([band for _, band in bands(net, params, picture, to_x, tile=tile, mirrors=mirrors)])


class _Cut(NamedTuple):
    """One tile along one axis."""

    reads: np.ndarray  # the pixels that the network sees; some may lie outside the picture
    writes: slice  # the pixels of the picture that it predicts
    weight: np.ndarray  # how much its prediction counts in each of those; over all tiles the sum is 1


def _cuts(net: UNet, size: int, tile: int) -> list[_Cut]:
    """The tiles along an axis of `size` pixels."""
    step = 2 ** (net.depth - 1)
    if net.padding == "same":
        length = step * -(-min(size, max(tile, 2 * OVERLAP)) // step)
        return _overlapping(size, length, step)
    lengths = ((length, net.output_length(length)) for length in itertools.count(1))
    smallest, smallest_out = next((length, out) for length, out in lengths if out is not None)
    margin = (smallest - smallest_out) // 2
    wanted = min(size, max(tile, step))  # at least `step`, so that the next tile begins further on
    length = smallest_out + step * max(0, -(-(wanted - smallest_out) // step))  # of what is predicted of one tile
    advance = size if length >= size else length // step * step
    return [
        _Cut(np.arange(start - margin, start + length + margin), slice(start, stop), np.ones(stop - start, "float32"))
        for start, stop in ((start, min(start + advance, size)) for start in range(0, size, advance))
    ]


def _overlapping(size: int, length: int, step: int) -> list[_Cut]:
    """Tiles of `length` pixels for a network with padding; each counts less towards its ends, but not at the edges."""
    last = step * -(-max(0, size - length) // step)  # where the last tile begins
    starts = [*range(0, last, step * max(1, (length - OVERLAP) // step)), last]  # multiples of step, as with "valid"
    spans = [slice(start, min(start + length, size)) for start in starts]
    weights, total = [], np.zeros(size, dtype="float32")
    for span in spans:
        place = np.arange(span.stop - span.start)
        rising = OVERLAP if span.start == 0 else place + 1
        falling = OVERLAP if span.start == last else length - place
        weights.append(np.minimum(np.minimum(rising, falling), OVERLAP) * np.ones(len(place), dtype="float32"))
        total[span] += weights[-1]
    return [
        _Cut(np.arange(span.start, span.start + length), span, weight / total[span])
        for span, weight in zip(spans, weights, strict=True)
    ]
