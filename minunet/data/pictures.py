"""Reading pictures, masks and lists from disk, with errors that name the file and say what to do."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from minunet.data.brightness import to_rgb
from minunet.data.decode import decode
from minunet.data.masks import MANY, Found, count_values, refuse_reversed
from minunet.data.resize import resize_mask, resize_picture, row_slices
from minunet.errors import InputError, printable
from minunet.threads import Item, Result, map_in_order


def read_image(path: Path | str) -> np.ndarray:
    """A picture of any format, whatever its name ends in, upright: (H, W, 3) uint8; see `to_rgb` for other depths."""
    return _read_image(Path(path))[0]


def _read_image(path: Path) -> tuple[np.ndarray, bool]:
    """Also, whether it was turned upright."""
    decoded = decode(path)
    if decoded.frames > 1:
        tqdm.write(f"{printable(path)} holds {decoded.frames} pictures; the first is used", file=sys.stderr)
    try:
        return to_rgb(decoded), decoded.turned
    except InputError as error:
        raise InputError(f"{path} {error}") from None
    except MemoryError as error:
        raise MemoryError(f"{path}: {error or 'NumPy got none'}") from error
    except Exception as error:  # numbers that no picture should hold
        raise InputError(f"{path} cannot be read as a picture: {error}.") from error


def read_mask(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """A mask, upright: the class ids (H, W), whole numbers, and the palette (N, 3) if they are numbers of one.

    In grey of one bit, black is 0 and white is 1; of 2 and 4 bits white is 3 and 15. The palette says so.
    """
    values, palette, _ = _read_mask(path)
    return values, palette


def _read_mask(path: Path) -> tuple[np.ndarray, np.ndarray | None, bool]:
    """Also, whether it was turned upright."""
    decoded = decode(path)
    values = decoded.values
    if decoded.lossy:
        raise InputError(f"{path} is a {decoded.kind[0]}, whose compression changes class ids. Save masks as PNG.")
    if decoded.changed:
        raise InputError(
            f"{path} says that white is 0 (as Fiji does with an inverting lookup table, and tifffile for True and "
            "False) or neither 255 nor 65535: it cannot be told which numbers are meant. Save masks as PNG."
        )
    if decoded.frames > 1:
        raise InputError(f"{path} holds {decoded.frames} pictures: save each mask in a file of its own.")
    alpha = decoded.alpha is not None and decoded.palette is None and decoded.kind[1] not in ("1", "L", "I;16")
    if values.ndim > 2 or values.dtype.kind not in "bui" or alpha:
        raise InputError(
            f"{path} is a picture of mode {decoded.kind[1]}{' with alpha' if alpha else ''}, but a mask holds one "
            "whole number a pixel, its class id. Save it as a grey or palette PNG."
        )
    refuse_reversed(path, values, decoded.palette)
    white = 1 if values.dtype == "bool" else decoded.highest or 255
    if decoded.palette is None and white < 255:
        greys = np.linspace([0] * 3, [255] * 3, white + 1).astype("uint8")
        return values.astype("uint8"), greys, decoded.turned
    return values, decoded.palette, decoded.turned


def read_pairs(
    paths: Sequence[tuple[Path, Path]], size: int, values: Sequence[int] | None, what: str, overlaps: bool = False
) -> tuple[np.ndarray, np.ndarray, list[Found]]:
    """Images (N, S, S, 3) uint8, labels (N, S, S) uint8, and what is in each mask before it is scaled.

    An image must have the size of its mask, and a mask no other values than `values`, sorted, of which the labels are
    the places; if that is None, they are the values themselves, as far as they are below 256. `overlaps`: whether to
    measure what scaling costs the masks.
    """
    images = np.empty((len(paths), size, size, 3), "uint8")  # filled in place: nothing is kept twice
    labels = np.empty((len(paths), size, size), "uint8")

    def read(number: int) -> Found:
        (image_path, mask_path), square = paths[number], (size, size)
        image, turned = _read_image(image_path)
        images[number], height, width = resize_picture(image, square), *image.shape[:2]
        del image  # of photographs, both at once would take much more memory
        mask, palette, alike = _read_mask(mask_path)
        require_size(image_path, (height, width), mask.shape, f"mask {mask_path}")
        held, counts = count_values(mask)
        found = Found(mask_path, held, counts, palette, askew=turned and not alike)
        if values is not None and not np.isin(held, values).all():
            smooth = palette is None and len(held) >= MANY and held[0] in values and held[-1] in values
            raise InputError(
                f"{mask_path} holds the values {shorten(held)}, but its class ids must be {shorten(values)}."
                + (" They look like smooth edges between two classes: save masks without any." if smooth else "")
            )
        ids = np.empty(mask.shape, "uint8")
        for rows in row_slices(*mask.shape):
            ids[rows] = mask[rows].clip(0, 255) if values is None else np.searchsorted(values, mask[rows])
        labels[number] = resize_mask(ids, square)
        return found.scaled(ids, resize_mask(labels[number], (height, width))) if overlaps else found

    found = read_all(read, range(len(paths)), what)
    if count := sum(mask.askew for mask in found):
        print(
            f"{count} of {len(paths)} pictures are turned upright by their orientation tag and their masks have none: "
            "those must have been painted on the upright picture",
            file=sys.stderr,
        )
    return images, labels, found


def read_all(read: Callable[[Item], Result], items: Sequence[Item], what: str) -> list[Result]:
    """`read(item)` for each item, several at a time, with a progress bar."""
    results = map_in_order(read, items)
    return list(tqdm(results, f"Reading {what}", len(items), unit="img", leave=False, disable=None))


def read_lines(path: Path) -> list[str]:
    """The lines of a text file. Raises InputError if it is not in UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{path} is not text in UTF-8.") from None


def read_lists(name_of: Callable[[str], str], *paths: Path) -> list[list[str]]:
    """Of each list of images the names, `name_of` its lines. Raises InputError if one stands there twice."""
    lists: list[list[str]] = []
    where: dict[str, Path] = {}
    for path in paths:
        lists.append([name for line in read_lines(path) if (name := name_of(line))])
        for name in lists[-1]:
            if where.get(name) == path:
                raise InputError(f"{path} names {name} twice.")
            if name in where:
                raise InputError(f"{name} stands in {where[name].name} and in {path.name}: the test would not be one.")
            where[name] = path
    return lists


def require_folders(hint: str, *paths: Path) -> None:
    """Raise InputError unless each path is a folder."""
    for path in paths:
        if not path.is_dir():
            problem = "is a file, not a folder" if path.exists() else "does not exist"
            raise InputError(f"The folder {path} {problem}. {hint}")


def require_size(path: Path, size: tuple[int, ...], other: tuple[int, ...], whose: str) -> None:
    """Raise InputError unless a picture of this size (H, W) has that of the other one, of `whose`."""
    (height, width), (rows, columns) = size, other
    if (height, width) != (rows, columns):
        raise InputError(
            f"{path} has {width} x {height} pixels, but its {whose} has {columns} x {rows}: they must be equal."
        )


def shorten(values: Sequence[Any] | np.ndarray) -> str:
    """The values, or the first few of very many, for an error message."""
    return ", ".join(str(value) for value in values[:8]) + (f", ... {values[-1]}" if len(values) > 8 else "")
