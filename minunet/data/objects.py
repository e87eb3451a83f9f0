"""Masks that hold a number for each object, and no classes: they are counted from 1 on, and looked at for mistakes."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from minunet.data.lists import shorten
from minunet.data.masks import LOOKED_AT, Found, count_pieces, count_values
from minunet.data.pictures import Mask, read_mask
from minunet.data.resize import row_slices
from minunet.errors import InputError, printable

SEVERAL = 3  # pieces of an object, in the mean: so many are classes, or objects without numbers
NUMBERS = (
    "objects need a number each. In one piece each they get one by scipy.ndimage.label(mask); classes belong into "
    "masks/ instead of instances/."
)


def numbered(path: Path, mask: Mask, held: np.ndarray) -> np.ndarray:
    """Objects by any number, as instances (H, W) int32: 0 is background, and 1, 2, ... the objects in their order."""
    if held[0] < 0:
        raise InputError(f"{path} holds {held[0]}, but objects have numbers from 1 on, and the background has 0.")
    objects = held[held > 0]
    instances = np.empty(mask.values.shape, "int32")
    for rows in row_slices(*mask.values.shape[:2]):
        instances[rows] = np.where(mask.values[rows] > 0, np.searchsorted(objects, mask.values[rows]) + 1, 0)
    return instances


def read_objects(path: Path) -> np.ndarray:
    """The objects of a mask, instances (H, W) int32."""
    mask = read_mask(path)
    return numbered(path, mask, count_values(mask.values)[0])


def refuse_black_and_white(found: Sequence[Found], folder: Path) -> None:
    """Raise InputError if all that masks show is white; in one of several, 255 may be the number of its only object."""
    shown = [mask for mask in found if (mask.values > 0).any()]
    if shown and all(_white(mask) for mask in shown):
        raise InputError(f"The masks of {folder} are black and white: {NUMBERS}")


def tell_of_white(found: Sequence[Found]) -> None:
    """A word if some masks are black and white, and the others hold numbers."""
    shown = [mask for mask in found if (mask.values > 0).any()]
    white = [mask.path.name for mask in shown if _white(mask)]
    if 0 < len(white) < len(shown):
        told = f"masks that are black and white, each of which counts as one object: {shorten(white)}"
        print(printable(told), file=sys.stderr)


def _white(mask: Found) -> bool:
    """Whether a mask holds white alone, besides 0; 1 may be white, too, if the file has only one bit."""
    objects = mask.values[mask.values > 0]
    by_palette = mask.palette is not None and (mask.palette[objects[0] :][:1] == 255).all()
    return len(objects) == 1 and bool(objects[0] in (255, 65535) or by_palette)


def check_objects(counts: Sequence[int], whole: Callable[[int], np.ndarray], folder: Path) -> None:
    """A word about images without any object. Raises InputError if none has one, or if they have no numbers.

    Args:
        counts: how many objects each image has.
        whole: the objects of an image, by its place, as they were before they were scaled: scaling breaks thin ones.
        folder: to be named.
    """
    empty = sum(not count for count in counts)
    if empty == len(counts):
        raise InputError(f"No image of {folder} has a mask with an object.")
    some = range(0, len(counts), -(-len(counts) // LOOKED_AT))
    pieces = np.mean([np.mean([*count_pieces(whole(number))] or 1) for number in some])
    if pieces >= SEVERAL:
        raise InputError(
            f"An object in {folder} lies in {pieces:.0f} pieces, in the mean: {NUMBERS} Edges that were smoothed, or "
            "scaled in another way than to the nearest pixel, have numbers between those of the objects."
        )
    if empty:
        print(f"images whose masks show no object: {empty} of {len(counts)}", file=sys.stderr)
