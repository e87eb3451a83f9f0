"""Resizing: what lies between the pixels of a picture is a mean, between those of a mask it is the nearest.

A pixel of the new picture is the weighted mean of the old ones around it (bilinear). The mean of two class ids would be
a third one, so of a mask the nearest pixel is taken.
"""

from collections.abc import Iterator

import numpy as np
from PIL import Image

AT_ONCE = 1 << 19  # pixels


def row_slices(height: int, width: int) -> Iterator[slice]:
    """The rows of a picture, a few at a time, so that nothing of floating point has to be as large as the picture."""
    rows = max(1, AT_ONCE // max(1, width))
    return (slice(start, min(start + rows, height)) for start in range(0, height, rows))


def resize_picture(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A picture (H, W, C) at `size`, (height, width); the same one if it has that already.

    Of 8 bits it stays one of 8 bits, of 16 bits one of 16; of other numbers it becomes float32.
    """
    if picture.shape[:2] == size:
        return picture
    if picture.dtype == "uint8" and picture.shape[2] == 3:
        return _resize(picture, size)
    kind = "uint8" if picture.dtype == "uint8" else "float32"
    planes = np.stack([_resize(picture[..., k].astype(kind), size) for k in range(picture.shape[2])], axis=2)
    return planes.round().astype("uint16") if picture.dtype == "uint16" else planes


def _resize(plane: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.asarray(Image.fromarray(plane).resize(size[::-1], Image.Resampling.BILINEAR))


def scaled_size(size: tuple[int, ...], scale: float) -> tuple[int, int]:
    """The height and width of a picture of this size, (height, width, ...), that is scaled by `scale`."""
    height, width = size[:2]
    return max(1, round(scale * height)), max(1, round(scale * width))


def resize_mask(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A mask (H, W) of class ids, or of the numbers of objects, at `size`, (height, width), or as it is."""
    if mask.shape == size:
        return mask
    return np.asarray(Image.fromarray(mask).resize(size[::-1], Image.Resampling.NEAREST))


def resize_probabilities(probabilities: np.ndarray, size: tuple[int, int], rows: slice) -> np.ndarray:
    """Probabilities (H, W, classes) float32 at `size`, (height, width), class by class as pictures are; some rows."""
    if probabilities.shape[:2] == size:
        return probabilities[rows]
    height, width = probabilities.shape[:2]
    box = (0, rows.start * height / size[0], width, rows.stop * height / size[0])
    planes = (Image.fromarray(np.ascontiguousarray(plane)) for plane in np.moveaxis(probabilities, 2, 0))
    resized = (plane.resize((size[1], rows.stop - rows.start), Image.Resampling.BILINEAR, box) for plane in planes)
    return np.stack([np.asarray(plane) for plane in resized], axis=2)
