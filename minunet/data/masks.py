"""What masks may hold: a class id a pixel. What looks like something else is refused, with a way out.

Files do not say what their numbers mean, and a network learns whatever it is told. Four kinds of masks look right to
a program and are not: single objects by number (as Cellpose, StarDist and napari write them), which would be a class
each; black and white with smooth edges (resized once, or saved as JPEG), where every grey would be a class; and, where
a number means one thing in one file and another in the next, colours with palettes in different orders, and greys that
a program has made smaller, to one bit in one file and to four in the next.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from minunet.data.lists import shorten
from minunet.data.resize import row_slices
from minunet.errors import InputError

MANY = 8  # values: so many, most of them rare and between two frequent ones, are the greys of smooth edges
BRIGHT = 100  # no masks of classes without names have so many
RARE = 0.05  # of all pixels
FEW = 4  # values: fewer may be classes of which each is one piece, as an organ and what is in it
MOST = 0.8  # of the masks
CLASSES = 16  # more than so many without names are seldom classes
SHADES = 32  # of a colour, which are taken for the same
BLACK_AND_WHITE = [[0, 0, 0], [255, 255, 255]]
LOOKED_AT = 12  # masks, for pieces
NUMBERS = 50  # of a mask, at equal steps, for pieces
MOST_PIECES = 1.5  # of a number, in the mean


class Found(NamedTuple):
    """What a mask holds, before it is scaled."""

    path: Path
    values: np.ndarray  # (K,), sorted
    counts: np.ndarray  # (K,), pixels
    palette: np.ndarray | None  # (N, 3) uint8, the colours whose numbers the values are; of grey, if it has 1 to 4 bits


def count_values(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values of a mask (H, W), sorted, and of how many pixels each is; a few rows at a time, to save memory."""
    if mask.dtype not in ("bool", "uint8", "uint16"):
        return np.unique(mask, return_counts=True)
    if mask.dtype == "uint16":
        counts = np.zeros(1 << 16, "int64")
        for rows in row_slices(*mask.shape):
            counts += np.bincount(mask[rows].ravel(), minlength=len(counts))
    else:
        counts = histogram(mask.view("uint8"))
    held = np.flatnonzero(counts)
    return held.astype(mask.dtype), counts[held]


def histogram(values: np.ndarray) -> np.ndarray:
    """How often each byte stands in values (H, W) uint8, (256,); Pillow counts them several times as fast as NumPy."""
    return np.array(Image.fromarray(values).histogram(), "int64")


def refuse_reversed(path: Path, values: np.ndarray, palette: np.ndarray | None) -> None:
    """Raise InputError if a palette of greys shows lower numbers brighter: which of both is meant cannot be told.

    So Pillow's `quantize` numbers black and white, and Fiji saves masks with an inverting lookup table.
    """
    if palette is None or (held := np.unique(values)).size < 2 or held[-1] >= len(palette):
        return
    shown = palette[held].astype(int)  # (K, 3)
    if (shown == shown[:, :1]).all() and (np.diff(shown[:, 0]) < 0).all():
        raise InputError(
            f"{path} has a palette that shows the number {held[0]} brighter than {held[-1]}: it cannot be told whether "
            "its numbers are meant or what is seen. Save masks as grey PNG."
        )


def refuse_mixed_palettes(found: Sequence[Found]) -> None:
    """Raise InputError if a colour has two numbers, or a number two colours, in masks that show them."""
    palettes = [mask.palette for mask in found if mask.palette is not None]
    if all(np.array_equal(palette, palettes[0]) for palette in palettes):
        return
    numbers: dict[tuple[int, ...], tuple[int, Path]] = {}
    colours: dict[int, tuple[tuple[int, ...], Path]] = {}
    for mask in found:
        if mask.palette is None:
            continue
        known = {} if mask.palette.tolist() == BLACK_AND_WHITE else colours  # white may stand for any colour
        for value in (value for value in mask.values.tolist() if 0 <= value < len(mask.palette)):
            colour = tuple(mask.palette[value].tolist())
            first, path = known.setdefault(value, (colour, mask.path))
            if max(abs(a - b) for a, b in zip(first, colour, strict=True)) > SHADES:
                raise _mixed(f"Number {value} is {_rgb(first)} in {path.name} and {_rgb(colour)} in {mask.path.name}")
            if (mask.palette == mask.palette[value]).all(axis=1).sum() == 1:  # one of several tells nothing
                number, path = numbers.setdefault(colour, (value, mask.path))
                if number != value:
                    raise _mixed(f"{_rgb(colour)} is number {number} in {path.name} and {value} in {mask.path.name}")


def _rgb(colour: tuple[int, ...]) -> str:
    return f"RGB {colour[0]}, {colour[1]}, {colour[2]}"


def _mixed(what: str) -> InputError:
    return InputError(
        f"{what}: the palettes of the masks differ. Save all masks with one palette, or as grey pictures of class ids."
    )


def refuse_mixed_greys(found: Sequence[Found]) -> None:
    """Raise InputError if a number is two greys, or a grey two numbers, in masks that show nothing but greys.

    Programs that make PNGs smaller write 0 and 255 as 0 and 1 of one bit, 0 and 17 as 0 and 1 of four, and 0 and 2 as
    the numbers 0 and 1 of a palette; in grey of 8 bits and more a number is what it is.
    """
    known: dict[tuple[str, int], tuple[int, int, Path]] = {}
    for mask in found:
        values = mask.values if mask.palette is None else mask.values[mask.values < len(mask.palette)]
        colours = np.stack([values] * 3, axis=1) if mask.palette is None else mask.palette[values]
        if (colours != colours[:, :1]).any() or len(np.unique(colours)) < len(values):
            continue  # not grey, or a grey that stands for several numbers and so tells nothing
        for value, grey in zip(values.tolist(), colours[:, 0].tolist(), strict=True):
            for key in (("number", value), ("grey", grey)):
                number, shade, path = known.setdefault(key, (value, grey, mask.path))
                if (number, shade) != (value, grey):
                    raise InputError(
                        f"Number {number} is grey {shade} in {path.name}, and number {value} is grey {grey} in "
                        f"{mask.path.name}: programs that make files smaller change numbers so. Save all masks as grey "
                        "of 8 bits; with Pillow, Image.open(path).convert('L').save(path) makes greys of all numbers."
                    )


def looks_smooth(found: Sequence[Found]) -> bool:
    """Whether the values are greys between a darkest and a brightest, and not class ids, which are smaller numbers."""
    pixels: Counter[int] = Counter()
    for mask in (mask for mask in found if mask.palette is None):
        pixels.update(dict(zip(mask.values.tolist(), mask.counts.tolist(), strict=True)))
    low, high = min(pixels, default=0), max(pixels, default=0)
    between = {value: count for value, count in pixels.items() if low < value < high}
    if len(pixels) < MANY or high < BRIGHT:
        return False
    quarter = (high - low) / 4  # greys lie all over the range
    spread = min(between) < low + quarter and max(between) > high - quarter
    return spread and max(between.values()) < min(RARE * pixels.total(), pixels[low], pixels[high])


def look_like_objects(found: Sequence[Found], read: Callable[[Path], np.ndarray]) -> bool:
    """Whether each number is an object: most masks hold 0, 1, 2, ..., not all up to the same, and each in one piece.

    A few numbers in two pieces are allowed, as something may lie across an object; so are gaps where there are many
    numbers, as parts of larger pictures have them.
    """
    numbers = [np.union1d(mask.values, [0]) for mask in found if mask.values.any()]  # but for those without any
    if len({each.tobytes() for each in numbers}) < 2 or max(map(len, numbers), default=0) < FEW:
        return False
    without_gaps = np.mean([len(each) == each[-1] + 1 for each in numbers])
    if without_gaps < MOST and len({value for each in numbers for value in each.tolist()}) <= CLASSES:
        return False
    masks = sorted(found, key=lambda mask: -len(mask.values))[:LOOKED_AT]
    most = MOST_PIECES * sum(min(len(mask.values), NUMBERS) for mask in masks)
    pieces = count = 0
    for mask in masks:
        values = np.searchsorted(mask.values, read(mask.path))  # 0, 1, 2, ... in place of numbers of any size
        values += int(mask.values[0] != 0)  # where there is no 0, all of them are objects
        for each in count_pieces(values):
            pieces += each
            count += 1
            if pieces > most:  # a grey picture, whose numbers are in thousands of pieces: it would take minutes
                return False
    return pieces <= MOST_PIECES * count


def count_pieces(instances: np.ndarray) -> Iterator[int]:
    """In how many pieces each object of instances (H, W) lies, or each of NUMBERS of them, at equal steps.

    What meets at corners hangs together: thin things that lie aslant do no more than that.
    """
    boxes = [(k, box) for k, box in enumerate(ndimage.find_objects(instances), start=1) if box is not None]
    for k, box in boxes[:: -(-len(boxes) // NUMBERS) or 1]:
        yield ndimage.label(instances[box] == k, structure=np.ones((3, 3)))[1]


def class_ids(found: Sequence[Found], folder: Path, read: Callable[[Path], np.ndarray]) -> list[int]:
    """The values of all masks of a folder, which must be 0 to K-1: anything else is more often a mistake than a wish.

    `read`: reads a mask again, for those that look like single objects. Raises InputError.
    """
    values = sorted({int(value) for mask in found for value in mask.values})
    if len(values) < 2:
        raise InputError(f"All masks hold only the value {values[0]}: there is nothing to tell apart.")
    classes_file = folder / "classes.txt"
    what = f"The masks hold the values {shorten(values)}"
    if looks_smooth(found):
        raise InputError(
            f"{what}, most of them rare, between {values[0]} and {values[-1]}: edges that were smoothed, by scaling or "
            "by JPEG, and no classes. Make each pixel one or the other, as `mask > 127` does, and save as PNG; "
            f"if they are classes, name them in {classes_file}, a line a class: VALUE NAME."
        )
    if look_like_objects(found, read):
        raise InputError(
            f"{what}, not the same in all masks, most of them in one piece: these look like single objects, and each "
            f"number would be a class. To find single objects, call the folder {folder / 'instances'} instead "
            f"of masks; to tell objects from background, save `mask > 0`; if they are classes, name them in "
            f"{classes_file}, a line a class: VALUE NAME."
        )
    if len(values) > BRIGHT:
        raise InputError(
            f"{what}, {len(values)} of them: grey pictures, perhaps, and no class ids. If they are, name them in "
            f"{classes_file}, a line a class: VALUE NAME."
        )
    odd = next((value for place, value in enumerate(values) if value != place or value > 255), None)
    if odd is None:
        return values
    where = next(mask.path for mask in found if odd in mask.values)
    hint = f"Say what your values mean in {classes_file}, a line a class: VALUE NAME."
    if values in ([0, 255], [0, 65535]):
        hint = (
            f"0 and {values[1]} are black and white, good to look at but no class ids. "
            f"Write a file {classes_file} with the two lines '0 background' and '{values[1]} object'."
        )
    elif values == [*range(len(values) - 1), 255]:
        lines = ", ".join(f"'{value} NAME'" for value in values[:-1])
        hint += f" If 255 is what does not count, the lines are {lines} and '255 ignore'."
    raise InputError(f"{what} ({where.name} the {odd}), but class ids are 0, 1, 2, ... {hint}")
