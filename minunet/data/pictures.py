"""Reading pictures, masks and lists from disk, with errors that name the file and say what to do."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from minunet.data.resize import resize_mask, resize_picture
from minunet.errors import InputError
from minunet.threads import Item, Result, map_in_order

STUBS = {"BUFR", "GRIB", "HDF5", "WMF"}  # Pillow knows these by name and cannot read them
PICTURE_ENDINGS = {  # .jpg, .png, ...
    ending for ending, kind in Image.registered_extensions().items() if kind in Image.OPEN.keys() - STUBS
}


def read_image(path: Path) -> Image.Image:
    """A picture of any format that Pillow knows, whatever its name ends in; upright (EXIF), 8-bit RGB.

    Grey pictures with more than 8 bits are scaled so that their brightest pixel becomes 255: how many of its bits a
    microscope uses, the file does not say.
    """
    picture = ImageOps.exif_transpose(_open(path))
    if picture.mode.startswith(("I", "F")):  # convert("RGB") would cut everything above 255 off
        values = np.nan_to_num(np.asarray(picture).astype("float32"), posinf=0, neginf=0).clip(min=0)
        picture = Image.fromarray((values * (255 / max(float(values.max(initial=0)), 1e-30))).round().astype("uint8"))
    return picture.convert("RGB")


def read_mask(path: Path) -> Image.Image:
    """A mask: one class id a pixel, grey (8 or 16 bit), palette or black-and-white.

    Palette masks hold indices; in those of one bit, black is 0 and white is 1.
    """
    mask = _open(path)
    if mask.format == "JPEG":
        raise InputError(f"{path} is a JPEG: its compression changes class ids. Save masks as PNG.")
    if mask.mode not in ("1", "L", "P", "I", "I;16"):
        raise InputError(
            f"{path} is a picture of mode {mask.mode}, but a mask holds one whole number a pixel, its class id. "
            "Save it as a grey or palette PNG."
        )
    return mask if mask.mode != "1" else Image.fromarray(np.asarray(mask).astype("uint8"))


def _open(path: Path) -> Image.Image:
    try:
        with Image.open(path) as picture:
            picture.load()  # Pillow reads lazily: without this, a broken file would fail later, somewhere else
            return picture
    except FileNotFoundError:
        raise InputError(f"{path} does not exist.") from None
    except MemoryError:
        raise
    except Image.DecompressionBombError:
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0) // 10**6
        raise InputError(f"{path} has more than {most} million pixels: cut it into smaller ones.") from None
    except Exception as error:  # Pillow's readers of damaged files raise nearly anything
        raise InputError(f"{path} cannot be read as a picture: {error}.") from error


def read_pairs(
    paths: Sequence[tuple[Path, Path]], size: int, values: Sequence[int] | None, what: str
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Images (N, S, S, 3) uint8 and masks (N, S, S) int64, and all values in each mask before it was resized.

    An image must have the size of its mask, and a mask no other values than `values`, unless that is None.
    """

    def read(pair: tuple[Path, Path]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        image, mask = read_image(pair[0]), read_mask(pair[1])
        require_size(pair[0], image, mask.size, f"mask {pair[1]}")
        ids = np.asarray(mask)
        found = np.unique(ids)
        if values is not None and not np.isin(found, values).all():
            raise InputError(
                f"{pair[1]} holds the values {shorten(found)}, but its class ids must be {shorten(values)}."
            )
        resized = resize_mask(ids, (size, size)).astype("int64")
        return resize_picture(np.asarray(image), (size, size)), resized, found

    images, masks, found = zip(*read_all(read, paths, what), strict=True)
    return np.stack(images), np.stack(masks), list(found)


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


def require_folders(hint: str, *paths: Path) -> None:
    """Raise InputError unless each path is a folder."""
    for path in paths:
        if not path.is_dir():
            problem = "is a file, not a folder" if path.exists() else "does not exist"
            raise InputError(f"The folder {path} {problem}. {hint}")


def require_size(path: Path, picture: Image.Image, size: tuple[int, int], whose: str) -> None:
    """Raise InputError unless the picture has this size, (width, height), the one of `whose`."""
    if picture.size != size:
        raise InputError(
            f"{path} has {picture.width} x {picture.height} pixels, but its {whose} has {size[0]} x {size[1]}: "
            "they must be equal."
        )


def shorten(values: Sequence[Any] | np.ndarray) -> str:
    """The values, or the first few of very many, for an error message."""
    return ", ".join(str(value) for value in values[:8]) + (f", ... {values[-1]}" if len(values) > 8 else "")
