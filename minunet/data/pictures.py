"""Reading pictures and masks from disk, with errors that name the file and say what to do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from minunet.data.resize import resize_mask, resize_picture
from minunet.errors import InputError
from minunet.threads import map_in_order

STUBS = {"BUFR", "GRIB", "HDF5", "WMF"}  # Pillow knows these by name and cannot read them
PICTURE_ENDINGS = {  # .jpg, .png, ...
    ending for ending, kind in Image.registered_extensions().items() if kind in Image.OPEN.keys() - STUBS
}

Pair = tuple[np.ndarray, np.ndarray]
Paths = Sequence[tuple[Path, Path]]


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


def read_pair(image_path: Path, mask_path: Path, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Image (size, size, 3) uint8, mask (size, size) int64, and all values in the mask before it was resized.

    The image must have the size of the mask.
    """
    image, mask = read_image(image_path), read_mask(mask_path)
    if image.size != mask.size:
        raise InputError(
            f"{image_path} has {image.width} x {image.height} pixels, but its mask {mask_path} has "
            f"{mask.width} x {mask.height}: they must be equal."
        )
    values = np.asarray(mask)
    resized = resize_mask(values, (size, size)).astype("int64")
    return resize_picture(np.asarray(image), (size, size)), resized, np.unique(values)


def read_pairs(paths: Paths, size: int, values: Sequence[int] | None, what: str) -> tuple[Pair, list[np.ndarray]]:
    """All images (N, S, S, 3) uint8 and masks (N, S, S) int64, and the values in each mask, with a progress bar.

    A mask with other values than `values` raises InputError, unless that is None.
    """

    def read(pair: tuple[Path, Path]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        image, mask, found = read_pair(*pair, size)
        if values is not None and not np.isin(found, values).all():
            raise InputError(
                f"{pair[1]} holds the values {shorten(found)}, but its class ids must be {shorten(values)}."
            )
        return image, mask, found

    bar = tqdm(
        map_in_order(read, paths), total=len(paths), desc=f"Reading {what}", unit="img", leave=False, disable=None
    )
    images, masks, found = zip(*bar, strict=True)
    return (np.stack(images), np.stack(masks)), list(found)


def require_folder(path: Path, hint: str) -> None:
    """Raise InputError unless `path` is a folder."""
    if not path.is_dir():
        problem = "is a file, not a folder" if path.exists() else "does not exist"
        raise InputError(f"The folder {path} {problem}. {hint}")


def shorten(values: Sequence[Any] | np.ndarray) -> str:
    """The values, or the first few of very many, for an error message."""
    return ", ".join(str(value) for value in values[:8]) + (f", ... {values[-1]}" if len(values) > 8 else "")
