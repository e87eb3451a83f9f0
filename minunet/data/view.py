"""Whole pictures scaled down, or pieces of them at full resolution? What the masks say.

Some masks are asked what scaling to the size of training keeps of them, see `kept`: if any class could reach less than
an IoU of 0.95, the network has to see pieces. Single objects are seen so, too, unless somebody asks for whole pictures.
"""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from minunet.data.classes import Classes, read_classes
from minunet.data.kept import best_iou, kept
from minunet.data.layout import Layout, find_layout
from minunet.data.pairs import read_all, read_labels
from minunet.data.scaling import Scaling

ENOUGH = 0.95  # IoU of the class that suffers most
MASKS = 16  # that are asked, at equal steps
ASKED_FOR = "--view asks for them"


class View(NamedTuple):
    """Whether a network should see pieces, and why, in words that follow "pieces, as " or "whole pictures, as "."""

    pieces: bool
    reason: str
    objects: bool  # whether masks hold a number for each object


def choose_view(folder: Path, size: int, wanted: bool | None = None, scale: float = 1) -> View:
    """What the masks of a folder say, for pictures that would be scaled to size x size pixels.

    `wanted`: whether pieces are, or whole pictures, whatever the masks say; None to ask them. `scale`: by which
    pictures would be scaled before pieces of them are seen.
    """
    layout = find_layout(folder, quiet=True)
    if layout.instances:
        pieces, why = wanted is not False, ASKED_FOR if wanted is not None else "single objects are to be told apart"
        return View(pieces, why, True)
    said = [ASKED_FOR] if wanted is not None else []
    if not wanted:
        what, worst = _at_best(layout, Scaling(size))
        said.append(what)
        wanted = wanted is None and worst < ENOUGH
    if wanted and scale != 1:
        said.append(_at_best(layout, Scaling(None, scale))[0])
    return View(wanted, "; ".join(said), False)


def _at_best(layout: Layout, scaling: Scaling) -> tuple[str, float]:
    """In words, and as its IoU, what comes back of the class that suffers most; 1 if there is none."""
    classes = read_classes(layout.folder / "classes.txt")
    some = layout.pairs[:: -(-len(layout.pairs) // MASKS)]
    read = partial(_kept, classes=classes, scaling=scaling)
    iou = best_iou(np.sum(read_all(read, [mask for _, mask in some], "some masks"), axis=0))
    if np.isnan(iou).all():
        return "no mask that was asked holds a class", 1.0
    worst = int(np.nanargmin(iou))
    name = classes.names[worst] if classes else f"class {worst}"
    what = f"scaled {scaling}, {name} could reach an IoU of {iou[worst]:.2f} at best"
    if len(some) < len(layout.pairs):
        what += f", in the {len(some)} of {len(layout.pairs)} masks that were asked"
    return what, float(iou[worst])


def _kept(path: Path, classes: Classes | None, scaling: Scaling) -> np.ndarray:
    """What scaling keeps of a mask, see `kept`."""
    labels = read_labels(path, None, classes)
    return kept(labels, scaling.seen_size(labels.shape), classes and len(classes.names))
