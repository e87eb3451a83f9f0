"""Whole pictures scaled down, or pieces of them at full resolution? What the masks say.

A mask is scaled to the size of training and back, each class as smoothly as a picture. What then is no longer itself
could not be predicted either, however good the network: if of any class less than 0.95 (IoU) comes back, the network
has to see pieces. Single objects are seen so, too, unless somebody asks for whole pictures.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from minunet.data.classes import Classes, read_classes
from minunet.data.layout import Layout, find_layout
from minunet.data.masks import CLASSES, count_values
from minunet.data.pairs import labels_of, read_all
from minunet.data.pictures import read_mask
from minunet.data.resize import resize_picture

ENOUGH = 0.95  # IoU of the class that suffers most
MASKS = 16  # that are asked, at equal steps
LARGEST = 2048  # pixels a side: of larger masks the middle is asked
ASKED_FOR = "--view asks for them"


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
    if wanted or (wanted is not None and layout.instances):
        return View(wanted, ASKED_FOR, layout.instances)
    if layout.instances:
        return View(True, "single objects are to be told apart", True)
    what, worst = _at_best(layout, size)
    if wanted is not None:
        return View(wanted, f"{ASKED_FOR}; {what}", False)
    return View(worst < ENOUGH, what, False)


def _at_best(layout: Layout, size: int) -> tuple[str, float]:
    """In words, and as its IoU, what comes back of the class that suffers most; 1 if there is none."""
    classes = read_classes(layout.folder / "classes.txt")
    some = layout.pairs[:: -(-len(layout.pairs) // MASKS)]
    kept = np.sum(read_all(lambda pair: _kept(pair[1], classes, size), some, "some masks"), axis=0)
    present = np.flatnonzero(kept[:, 2])
    if not len(present):
        return "no mask that was asked holds a class", 1.0
    iou = kept[present, 0] / (kept[present, 1] + kept[present, 2] - kept[present, 0])
    worst = int(present[iou.argmin()])
    name = classes.names[worst] if classes else f"class {worst}"
    return f"scaled to {size} x {size} pixels, {name} could reach an IoU of {iou.min():.2f} at best", float(iou.min())


def _kept(path: Path, classes: Classes | None, size: int) -> np.ndarray:
    """Of each class the pixels that come back, those that seem to be it then, and those that are it: (256, 3).

    Of a mask with so many values that they are no classes, nothing: it is refused when all are read.
    """
    mask = read_mask(path, coloured=classes is not None and classes.coloured)
    held = count_values(mask.values)[0]
    if not classes and len(held) > CLASSES:
        return np.zeros((256, 3), "int64")
    labels = labels_of(path, mask, held, classes)
    scale = [size / length for length in labels.shape]
    labels = labels[
        tuple(slice(max(0, length // 2 - LARGEST // 2), length // 2 + LARGEST // 2) for length in labels.shape)
    ]
    small = tuple(max(1, round(part * length)) for part, length in zip(scale, labels.shape, strict=True))
    best, back = np.zeros(labels.shape, "float32"), np.full(labels.shape, 255, "uint8")
    for k in np.flatnonzero(np.bincount(labels.ravel(), minlength=256)[: len(classes.names) if classes else 256]):
        plane = resize_picture((labels == k).astype("float32")[..., None], small)
        likely = resize_picture(plane, labels.shape)[..., 0]
        back[likely > best] = k
        np.maximum(best, likely, out=best)
    valid = labels < (len(classes.names) if classes else 256)  # what is ignored is no class
    labels, back = labels[valid], back[valid]
    return np.stack([np.bincount(each, minlength=256) for each in (labels[labels == back], back, labels)], axis=1)
