"""Augmentation: show the network each image a little differently every time, so that it cannot learn it by heart.

What moves pixels moves image and labels together; what changes colours leaves the labels alone. All that moves pixels
is one question, asked for each pixel of the result: from where in the picture is it taken? For a pixel that lies (r, c)
rows and columns from the middle of the result,

    row, column = middle + flip * turn * zoom * (r, c) + bend(r, c)

Positions between pixels are read bilinearly from the image; labels are read at the nearest pixel, as the mean of two
class ids would be a third one. Beyond the edges the picture is continued by its mirror image.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import ndimage

from minunet.data.depth import unit
from minunet.options import option

GRID = 3  # elastic: the displacement is drawn at GRID x GRID points


@dataclass(frozen=True)
class Augmentation:
    """What may happen to an image; the default is nothing."""

    flip_left_right: bool = option(False, "mirror every second image, chosen at random, left to right")
    flip_up_down: bool = option(False, "and upside down")
    shift: float = option(0.0, "move by up to this part of the size in each direction", high=1)
    brightness: float = option(0.0, "add up to this much, either way, where an image ranges from 0 to 1", high=1)
    contrast: float = option(0.0, "stretch or squeeze the distance from the image's mean by up to this part", high=1)
    quarter_turns: bool = option(False, "turn by 0, 90, 180 or 270 degrees; square results only")
    rotation: float = option(0.0, "turn by up to this many degrees, either way", high=180)
    scale: float = option(0.0, "zoom by a factor between 1 / (1 + scale) and 1 + scale", high=10)
    # Ronneberger, Fischer and Brox (2015), section 3.1: 10 pixels in images of 512.
    elastic: float = option(
        0.0, "bend by smooth displacements, drawn at 3 x 3 points with this deviation in pixels", high=1000
    )
    colour: float = option(0.0, "multiply each of the colours by up to 1 + colour or down to 1 - colour", high=10)
    # Ghiasi et al., "Simple Copy-Paste is a Strong Data Augmentation Method for Instance Segmentation" (2021).
    paste: float = option(
        0.0, "over this part of the images, put what is not background in another one, changed likewise", high=1
    )


def augment(
    image: np.ndarray,
    planes: Sequence[np.ndarray],
    how: Augmentation,
    rng: np.random.Generator,
    size: tuple[int, int] | None = None,
    near: np.ndarray | None = None,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """One image, (H, W, C), and its `planes` (H, W), as labels or weights, all changed.

    The image may be of whole numbers or of floating point from 0 to 1, see `unit`; the result is of floating point.
    With `size` it is a piece of that many rows and columns, from a random place in the image, or `near` one of its
    pixels, (row, column).
    """
    image, planes = _move(image, planes, how, rng, size or image.shape[:2], near)
    return _recolour(image, how, rng), planes


def _move(
    image: np.ndarray,
    planes: Sequence[np.ndarray],
    how: Augmentation,
    rng: np.random.Generator,
    size: tuple[int, int],
    near: np.ndarray | None,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Everything that moves pixels."""
    flips = np.where((rng.random(2) < 0.5) & (how.flip_up_down, how.flip_left_right), -1, 1)
    shifts = rng.uniform(-how.shift, how.shift, 2)
    corner = [rng.integers(max(1, length - part + 1)) for length, part in zip(image.shape, size, strict=False)]
    angle = np.radians(rng.uniform(-how.rotation, how.rotation))
    zoom = (1 + how.scale) ** rng.uniform(-1, 1)
    bend = rng.normal(0, how.elastic, (2, GRID, GRID))
    turns = int(rng.integers(4)) if how.quarter_turns and size[0] == size[1] else 0
    if near is not None:
        corner = _corner_near(near, image.shape, size, rng)

    plane_size, middle = image.shape[:2], [(part - 1) / 2 for part in size]
    r, c = (flips[i] * (np.arange(size[i]) - middle[i]) for i in (0, 1))  # (h,), (w,): from the middle of the result
    top, left = (corner[i] + middle[i] + round(shifts[i] * size[i]) for i in (0, 1))
    if not (how.rotation or how.scale or how.elastic):  # whole rows and columns are taken, without interpolation
        pixels = np.ix_(mirrored(top + r, image.shape[0]), mirrored(left + c, image.shape[1]))
        image, planes = unit(image[pixels]), [plane[pixels] for plane in planes]
    else:
        cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
        rows = top + cos * r[:, None] - sin * c  # (h, w)
        columns = left + sin * r[:, None] + cos * c
        if how.elastic:
            down, across = _spline(size[0]), _spline(size[1])  # (h, GRID), (w, GRID)
            rows, columns = rows + down @ bend[0] @ across.T, columns + down @ bend[1] @ across.T
        image = _bilinear(image, rows, columns)
        nearest = mirrored(np.rint(rows), plane_size[0]), mirrored(np.rint(columns), plane_size[1])
        planes = [plane[nearest] for plane in planes]
    return np.rot90(image, turns), [np.rot90(plane, turns) for plane in planes]


def _corner_near(
    pixel: np.ndarray, shape: tuple[int, ...], size: tuple[int, int], rng: np.random.Generator
) -> list[int]:
    """The corner of a piece of an image of that shape, in whose middle half the `pixel` (row, column) lies."""
    place = rng.integers([part // 4 for part in size], [part - part // 4 for part in size])  # of the pixel in the piece
    return list(np.clip(pixel - place, 0, [max(0, shape[i] - size[i]) for i in (0, 1)]))


def _recolour(image: np.ndarray, how: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """Everything that changes colours."""
    brightness = rng.uniform(-how.brightness, how.brightness)
    contrast = 1 + rng.uniform(-how.contrast, how.contrast)
    gains = 1 + rng.uniform(-how.colour, how.colour, image.shape[2])
    mean = image.mean()
    return np.clip(((image - mean) * contrast + mean + brightness) * gains, 0, 1).astype(image.dtype)


def _bilinear(image: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Image (H, W, C) read between its pixels, at positions (h, w): (h, w, C) floating point.

    `scipy.ndimage.map_coordinates` does the same in 1.5 ms for 96 x 96 x 3, a tenth of a training step; this in 0.3.
    """
    above, left = np.floor(rows), np.floor(columns)
    lines_at = [mirrored(above + i, image.shape[0]) for i in (0, 1)]
    pixels_at = [mirrored(left + i, image.shape[1]) for i in (0, 1)]
    # Of a large picture only the window that is asked for is turned into floating point.
    window = tuple(slice(min(a.min(), b.min()), max(a.max(), b.max()) + 1) for a, b in (lines_at, pixels_at))
    image = unit(image[window])
    _, width, channels = image.shape
    down, right = (rows - above).astype(image.dtype), (columns - left).astype(image.dtype)  # 0 to 1: how far on
    lines_at = [(line - window[0].start) * width for line in lines_at]
    pixels_at = [pixel - window[1].start for pixel in pixels_at]
    colours = np.ascontiguousarray(image.reshape(-1, channels).T)  # (C, H*W)
    lines = []
    for row in lines_at:  # on the line of pixels above, then on the one below
        line, further = (colours.take(row + column, axis=1) for column in pixels_at)  # (C, h, w)
        lines.append(line + (further - line) * right)
    return (lines[0] + (lines[1] - lines[0]) * down).transpose(1, 2, 0)


def mirrored(positions: np.ndarray, length: int) -> np.ndarray:
    """For whole numbers of any size one of `length` pixels: -1, -2, ... -> 0, 1, ... and likewise at the far end."""
    place = positions.astype("int32") % (2 * length)  # in the picture and its mirror image, again and again
    return np.minimum(place, 2 * length - 1 - place)


@lru_cache
def _spline(length: int) -> np.ndarray:
    """The cubic spline through GRID equidistant values, at `length` points from the first to the last: a matrix."""
    return ndimage.map_coordinates(
        np.eye(GRID), np.meshgrid(np.linspace(0, GRID - 1, length), range(GRID), indexing="ij"), order=3, mode="mirror"
    )
