"""Augmentation: show the network each image a little differently every time, so that it cannot learn it by heart.

What moves pixels moves image and labels together; what changes colours leaves the labels alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Augmentation:
    """What may happen to an image; the default is nothing.

    Args:
        flip_left_right, flip_up_down: mirror every second image, chosen at random.
        shift: move by up to this part of the size in each direction; what comes in is mirrored from the edge.
        brightness: add up to this much, either way, where an image ranges from 0 to 1.
        contrast: stretch or squeeze the distance from the image's mean by up to this part.
    """

    flip_left_right: bool = False
    flip_up_down: bool = False
    shift: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0


def augment(
    image: np.ndarray, labels: np.ndarray, how: Augmentation, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """One image, (H, W, C) floating point from 0 to 1, with its labels (H, W): both changed, of the same shapes.

    Flips and shifts only say which row and column each pixel is taken from, so image and labels are read by the same
    indices and stay aligned.
    """
    flip_rows, flip_columns = rng.random(2) < 0.5
    shifts = rng.uniform(-how.shift, how.shift, 2)
    brightness = rng.uniform(-how.brightness, how.brightness)
    contrast = 1 + rng.uniform(-how.contrast, how.contrast)

    rows = _source(labels.shape[0], shifts[0], flip_rows and how.flip_up_down)  # (H,)
    columns = _source(labels.shape[1], shifts[1], flip_columns and how.flip_left_right)  # (W,)
    image, labels = image[np.ix_(rows, columns)], labels[np.ix_(rows, columns)]

    mean = image.mean()
    image = np.clip((image - mean) * contrast + mean + brightness, 0, 1).astype(image.dtype)
    return image, labels


def _source(size: int, shift: float, flip: bool) -> np.ndarray:
    """For each of `size` rows, the row to take: moved by shift * size, mirrored at the edges, flipped if asked."""
    rows = np.arange(size) + round(shift * size)
    rows = np.where(rows < 0, -1 - rows, rows)  # -1, -2, ... -> 0, 1, ...
    rows = np.where(rows >= size, 2 * size - 1 - rows, rows)  # size, size + 1, ... -> size - 1, size - 2, ...
    return rows[::-1] if flip else rows
