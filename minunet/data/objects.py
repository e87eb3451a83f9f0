"""Masks that hold a number for each object, and no classes: they are counted from 1 on, and looked at for mistakes."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy import ndimage

from minunet.data.pictures import Mask
from minunet.data.resize import row_slices
from minunet.errors import InputError

SEVERAL = 3  # pieces of an object, in the mean: so many are classes, or objects without numbers
LOOKED_AT = 12  # images, for pieces
NUMBERS = (
    "objects need a number each. In one piece each they get one by scipy.ndimage.label(mask); classes belong into "
    "masks/ instead of instances/."
)


def numbered(path: Path, mask: Mask, held: np.ndarray) -> np.ndarray:
    """Objects by any number, as instances (H, W) int32: 0 is background, and 1, 2, ... the objects in their order."""
    if held[0] < 0:
        raise InputError(f"{path} holds {held[0]}, but objects have numbers from 1 on, and the background has 0.")
    objects = held[held > 0]
    if len(objects) == 1:  # 1 may be white, too, if the file has only one bit
        white = mask.palette is not None and (mask.palette[objects[0] :][:1] == 255).all()
        if objects[0] in (255, 65535) or white:
            raise InputError(f"{path} is black and white: {NUMBERS}")
    instances = np.empty(mask.values.shape, "int32")
    for rows in row_slices(*mask.values.shape[:2]):
        instances[rows] = np.where(mask.values[rows] > 0, np.searchsorted(objects, mask.values[rows]) + 1, 0)
    return instances


def check_objects(instances: Sequence[np.ndarray], folder: Path) -> None:
    """A word about images without any object. Raises InputError if none has one, or if they have no numbers."""
    empty = sum(not each.any() for each in instances)
    if empty == len(instances):
        raise InputError(f"No image of {folder} has a mask with an object.")
    pieces = np.mean([_pieces_each(each) for each in instances[:: -(-len(instances) // LOOKED_AT)]])
    if pieces >= SEVERAL:
        raise InputError(
            f"An object in {folder} lies in {pieces:.0f} pieces, in the mean: {NUMBERS} Edges that were smoothed, or "
            "scaled in another way than to the nearest pixel, have numbers between those of the objects."
        )
    if empty:
        print(f"images whose masks show no object: {empty} of {len(instances)}", file=sys.stderr)


def _pieces_each(instances: np.ndarray, most: int = 50) -> float:
    """In how many pieces an object lies, in the mean over `most` of them, at equal steps; 1 if there are none."""
    boxes = [(k, box) for k, box in enumerate(ndimage.find_objects(instances), start=1) if box is not None]
    some = boxes[:: -(-len(boxes) // most) or 1]
    return float(np.mean([ndimage.label(instances[box] == k)[1] for k, box in some] or 1))
