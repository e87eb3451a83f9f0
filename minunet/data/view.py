"""Whole pictures scaled down, or pieces of them at full resolution? What the masks say.

A mask is scaled to the size of training and back, each class as smoothly as a picture. What then is no longer itself
could not be predicted either, however good the network: if of any class less than 0.95 (IoU) comes back, the network
has to see pieces. Single objects are always seen so.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from minunet.data.classes import Classes, read_classes
from minunet.data.layout import find_layout
from minunet.data.masks import count_values
from minunet.data.pairs import read_all
from minunet.data.pictures import read_mask

ENOUGH = 0.95  # IoU of the class that suffers most
ASKED = 16  # masks, at equal steps


class View(NamedTuple):
    """Whether a network should see pieces, and why, in words that follow "pieces, as " or "whole pictures, as "."""

    pieces: bool
    reason: str
    objects: bool  # whether masks hold a number for each object


def choose_view(folder: Path, size: int, wanted: bool | None = None) -> View:
    """What the masks of a folder say, for pictures that would be scaled to size x size pixels.

    `wanted`: whether pieces are, or whole pictures, whatever the masks say; None to ask them.
    """
    layout = find_layout(folder, quiet=True)
    if wanted is not None:
        return View(wanted, "--view asks for them", layout.instances)
    if layout.instances:
        return View(True, "single objects are to be told apart", True)
    classes = read_classes(folder / "classes.txt")
    some = layout.pairs[:: -(-len(layout.pairs) // ASKED)]
    kept = np.sum(read_all(lambda pair: _kept(pair[1], classes, size), some, "some masks"), axis=0)
    present = kept[:, 2] > 0
    iou = kept[present, 0] / (kept[present, 1] + kept[present, 2] - kept[present, 0])
    worst = int(iou.argmin())
    number = int(np.flatnonzero(present)[worst])
    name = classes.names[number] if classes else f"class {number}"
    what = f"scaled to {size} x {size} pixels, {name} could reach an IoU of {iou[worst]:.2f} at best"
    return View(bool(iou[worst] < ENOUGH), what, False)


def _kept(path: Path, classes: Classes | None, size: int) -> np.ndarray:
    """Of each class the pixels that come back, those that seem to be it then, and those that are it: (256, 3)."""
    mask = read_mask(path, coloured=classes is not None and classes.coloured).values
    labels = classes.encode(path, mask, count_values(mask)[0]) if classes else mask.clip(0, 255).astype("uint8")
    shape, square = labels.shape[::-1], (size, size)
    best, back = np.zeros(labels.shape, "float32"), np.full(labels.shape, 255, "uint8")
    for k in np.flatnonzero(np.bincount(labels.ravel(), minlength=256)[: len(classes.names) if classes else 256]):
        plane = Image.fromarray((labels == k).astype("float32")).resize(square, Image.Resampling.BILINEAR)
        likely = np.asarray(plane.resize(shape, Image.Resampling.BILINEAR))
        back[likely > best] = k
        np.maximum(best, likely, out=best)
    valid = labels < (len(classes.names) if classes else 256)  # what is ignored is no class
    labels, back = labels[valid], back[valid]
    return np.stack([np.bincount(each, minlength=256) for each in (labels[labels == back], back, labels)], axis=1)
