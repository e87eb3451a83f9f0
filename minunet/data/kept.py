"""What scaling keeps of a mask: it is scaled to what a network sees and back, each class as smoothly as a picture.

What then is no longer itself could not be predicted either, however good the network: predictions are as small, and are
stretched over the picture again.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from minunet.data.dataset import IGNORED
from minunet.data.masks import CLASSES, histogram
from minunet.data.resize import resize_picture

LARGEST = 2048  # pixels a side: larger masks are measured in tiles, which need little memory
CERTAIN = 255  # that a pixel is of a class


def kept(labels: np.ndarray, size: tuple[int, int], classes: int | None) -> np.ndarray:
    """Of each class the pixels that come back, those that seem to be it then, and those that are it: (256, 3).

    Args:
        labels: of each pixel, (H, W) uint8.
        size: the height and width at which a network would see them.
        classes: how many there are. None if nobody has said it: many values are no classes then, which is found out
            when all masks are read, and of them nothing is measured.
    """
    counts = np.zeros((256, 3), "int64")
    high, wide = (small / length for small, length in zip(size, labels.shape, strict=True))
    tiles = [labels[tile] for tile in _tiles(labels.shape)]
    pixels = [histogram(tile) for tile in tiles]
    if classes is None and np.count_nonzero(np.sum(pixels, axis=0)) > CLASSES:
        return counts
    for tile, each in zip(tiles, pixels, strict=True):
        there = np.flatnonzero(each).tolist()
        present = [k for k in there if k != IGNORED or classes == 256]
        small = max(1, round(high * tile.shape[0])), max(1, round(wide * tile.shape[1]))
        back = _back(tile, small, present, len(present) == len(there))
        for k in present:
            counts[k] += np.count_nonzero((tile == k) & (back == k)), np.count_nonzero(back == k), each[k]
    return counts


def best_iou(counts: np.ndarray) -> np.ndarray:
    """The IoU that each class could reach at best, (256,), by what is kept of it; NaN if it is not there."""
    both, seem, are = counts.T
    return np.divide(both, seem + are - both, out=np.full(len(counts), np.nan), where=are > 0)


def _tiles(shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
    """Places that cover a mask, all of about the same size, so that none is too thin to be scaled."""
    rows, columns = (np.linspace(0, length, -(-length // LARGEST) + 1).astype(int).tolist() for length in shape)
    return ((slice(*high), slice(*wide)) for high in pairwise(rows) for wide in pairwise(columns))


def _back(labels: np.ndarray, small: tuple[int, int], present: list[int], whole: bool) -> np.ndarray:
    """The classes of one tile, scaled and scaled back, (H, W) uint8: of each pixel that of which most has come back.

    If these classes are the `whole` of it, the last one needs no scaling: it is what the others leave.
    """
    best, back = np.zeros(labels.shape, "int16"), np.full(labels.shape, IGNORED, "uint8")
    left = np.full(labels.shape, CERTAIN, "int16")
    for k in present:
        likely = left
        if not whole or k != present[-1]:
            plane = (labels == k).astype("float32")[..., None] * CERTAIN
            seen = resize_picture(plane, small).round().astype("uint8")  # on the way back, bytes are quicker
            likely = resize_picture(seen, (len(labels), labels.shape[1]))[..., 0]
            left -= likely
        back[likely > best] = k
        np.maximum(best, likely, out=best)
    return back if whole else np.where(np.isin(labels, present), back, IGNORED)
