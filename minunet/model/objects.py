"""Single objects in what a network predicts: a number each, and what can be measured of them.

A network that was trained on objects knows the class `border`: between two that touch. Without it they are islands,
which grow back by as much as the border took, see `from_classes`. Of any other network each island of a class is an
object, but of the background: pixels that hang together by their sides.
"""

import csv
import io
import os
from collections.abc import Sequence
from contextlib import suppress
from functools import reduce
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from minunet.data.dataset import background
from minunet.data.instances import BACKGROUND, BORDER, OBJECT, from_classes
from minunet.data.resize import row_slices
from minunet.files import whole_file

SMALLEST = 20  # pixels: what is less is no object
ENDINGS = (".objects.png", ".objects.tif")  # of up to 65,535 objects, and of more
LEVEL = 2  # of PNG


class Object(NamedTuple):
    """One object of a picture, in pixels from its upper left corner, rows first; `stop` is the first one after it."""

    id: int
    label: str  # the name of its class
    area: int
    row: float  # of its centre, the mean over its pixels
    column: float
    row_start: int
    row_stop: int
    column_start: int
    column_stop: int
    probability: float  # the mean, over its pixels, of the probability of what is predicted there


def touching(classes: Sequence[str]) -> bool:
    """Whether these are the classes of a network that tells touching objects apart."""
    return len(classes) == 3 and classes[BACKGROUND].lower() == "background" and classes[BORDER].lower() == "border"


def things(classes: Sequence[str]) -> list[int]:
    """The classes whose islands are objects."""
    if touching(classes):
        return [OBJECT]
    return [k for k, name in enumerate(classes) if k != background(classes) and name.lower() != "border"]


def find_objects(
    mask: np.ndarray, probability: np.ndarray, classes: Sequence[str], border: int, smallest: int = 1
) -> tuple[np.ndarray, list[Object]]:
    """The number of the object that each pixel belongs to, (H, W) int32, 0 for none; and the objects, 1, 2, ...

    Args:
        mask: the most likely class of each pixel, (H, W).
        probability: how likely that is, (H, W).
        border: pixels that the class of that name takes of each object, see `to_classes`.
        smallest: of fewer pixels there is no object.
    """
    if touching(classes):
        found = [(OBJECT, from_classes(mask, border, smallest))]
    else:
        found = [(k, ndimage.label(mask == k)[0]) for k in things(classes) if (mask == k).any()]
    numbers, objects = np.zeros(mask.shape, "int32"), list[Object]()
    for k, islands in found:
        sums = np.zeros((4, islands.max(initial=0) + 1))  # of each island: pixels, rows, columns, probabilities
        for some in row_slices(*mask.shape):  # all at once would take 40 bytes a pixel
            pixels = np.flatnonzero(islands[some])
            island = islands[some].ravel()[pixels]
            rows, columns = np.divmod(pixels, mask.shape[1])
            for total, values in zip(
                sums, (None, some.start + rows, columns, probability[some].ravel()[pixels]), strict=True
            ):
                total += np.bincount(island, values, minlength=len(total))
        areas = sums[0].astype("int64")
        rows, columns, likely = sums[1:] / np.maximum(areas, 1)
        large = np.flatnonzero(areas >= max(1, smallest))
        renumbered = np.zeros(len(areas), "int32")
        renumbered[large] = len(objects) + 1 + np.arange(len(large))
        for some in row_slices(*mask.shape):
            numbers[some] += renumbered[islands[some]]
        boxes = ndimage.find_objects(islands)
        for each in large.tolist():
            box = boxes[each - 1]
            place = box[0].start, box[0].stop, box[1].start, box[1].stop
            centre = float(rows[each]), float(columns[each])
            objects.append(Object(len(objects) + 1, classes[k], int(areas[each]), *centre, *place, float(likely[each])))
    return numbers, objects


def most_likely(probabilities: np.ndarray) -> np.ndarray:
    """How likely the most likely class is, (H, W), of (H, W, classes); class by class, which is a tenth of the time."""
    return reduce(np.maximum, np.moveaxis(probabilities, 2, 0))


def outlines(numbers: np.ndarray) -> np.ndarray:
    """The pixels of objects, (H, W) bool, beside which another one, or none, begins."""
    inside = numbers > 0
    edge = np.zeros(numbers.shape, bool)
    for one, other in ((np.s_[:-1], np.s_[1:]), (np.s_[:, :-1], np.s_[:, 1:])):
        apart = numbers[one] != numbers[other]
        edge[one] |= apart
        edge[other] |= apart
    return edge & inside


def save_numbers(path: Path, numbers: np.ndarray) -> Path:
    """Write the number of each pixel's object, as PNG of 16 bits or TIFF of 32; returns PATH with its ending."""
    small = numbers.max(initial=0) <= np.iinfo("uint16").max
    made = path.with_name(path.name + ENDINGS[not small])
    with whole_file(made, "wb", new=True) as file:
        if small:
            Image.fromarray(numbers.astype("uint16")).save(file, format="PNG", compress_level=LEVEL)
        else:
            import tifffile

            tifffile.imwrite(file, numbers, compression="zlib")
    return made


def add_to_table(path: Path, picture: str, objects: Sequence[Object]) -> None:
    """Append the objects of a picture to a CSV file, all or none, below a line of names in a new one."""
    lines = io.StringIO()
    rows = csv.writer(lines, lineterminator="\n")
    if not path.exists():
        rows.writerow(["picture", *Object._fields])
    for each in objects:
        exact = each._replace(row=round(each.row, 2), column=round(each.column, 2))
        rows.writerow([picture, *exact._replace(probability=round(each.probability, 3))])
    before = path.stat().st_size if path.exists() else 0
    try:
        with open(path, "ab") as file:
            file.write(lines.getvalue().encode("utf-8", "surrogateescape"))
    except OSError:  # a disk that becomes full
        with suppress(OSError):
            os.truncate(path, before)
        raise
