"""Synthetic microscope images of touching cells, drawn on the spot: a data set that needs no download.

A program draws them, so the truth is exact: it knows which pixel belongs to which cell before it adds light, blur and
noise. The classes are those of the U-Net paper's task: background, cell, and the border where two cells meet, without
which touching cells would run together. Ronneberger, Fischer and Brox (2015), section 3.

What makes it hard: cells are dim or bright, the background is lit unevenly, out-of-focus haze is brighter than dim
cells, and the seam between two cells is a dark line that blur and noise almost hide. No brightness separates them.
"""

import numpy as np
from scipy import ndimage
from tqdm import tqdm

from minunet.data.dataset import Dataset
from minunet.data.instances import to_classes

CLASSES = ("background", "cell", "border")
TINT = np.array([0.45, 1.0, 0.65])  # the green of a fluorescent dye, as RGB


def make_cells(count: int, size: int, rng: np.random.Generator) -> Dataset:
    """`count` images of size x size pixels with their labels."""
    numbers = tqdm(range(count), "Drawing cells", unit="img", leave=False, disable=None)  # large ones take long
    images, labels, instances = zip(*(make_cell_image(size, rng) for _ in numbers), strict=True)
    names = [f"cells-{i:04d}" for i in range(count)]
    return Dataset(np.stack(images), np.stack(labels), names, CLASSES, list(instances))


def make_cell_image(size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One picture: image (size, size, 3) uint8, labels (size, size) uint8, instances (size, size) int32.

    Instances number the cells from 1, with 0 for the background; the border class lies on top of both.
    """
    instances, depth = _place_cells(size, rng)
    return _photograph(instances, depth, rng), to_classes(instances), instances


def _place_cells(size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Instances (size, size), and depth: 0 at the outline of a cell, 1 at its centre, negative outside.

    Most cells are put beside one that is there already, so that they touch; a pixel that two cells claim goes to
    the one in which it lies deeper, which draws a seam through the middle of the overlap.
    """
    rows, columns = np.mgrid[:size, :size].astype("float64")
    instances, depth = np.zeros((size, size), dtype="int32"), np.full((size, size), -np.inf)
    centres: list[tuple[float, float, float]] = []
    typical_radius = rng.uniform(7.5, 11.5)
    for _ in range(int(rng.integers(8, 16) * (size / 64) ** 2 * (8.5 / typical_radius) ** 2) + 1):
        radius = typical_radius * rng.uniform(0.7, 1.3)
        if centres and rng.random() < 0.7:
            row, column, neighbour = centres[rng.integers(len(centres))]
            angle, distance = rng.uniform(0, 2 * np.pi), (radius + neighbour) * rng.uniform(0.85, 1.02)
            row, column = row + distance * np.sin(angle), column + distance * np.cos(angle)
        else:
            row, column = rng.uniform(0, size, 2)
        if any(np.hypot(row - r, column - c) < 0.8 * (radius + other) for r, c, other in centres):
            continue  # it would cover another cell
        centres.append((row, column, radius))

        # The outline is an ellipse with a few bulges, in polar coordinates around the centre.
        dy, dx = rows - row, columns - column
        turn, stretch = rng.uniform(0, np.pi), np.sqrt(rng.uniform(1.0, 1.6))
        along = (dx * np.cos(turn) + dy * np.sin(turn)) / stretch
        across = (dy * np.cos(turn) - dx * np.sin(turn)) * stretch
        angle = np.arctan2(across, along)
        bulges = sum(rng.normal(0, 0.05) * np.cos(k * angle + rng.uniform(0, 2 * np.pi)) for k in (2, 3, 5))
        cell_depth = 1 - np.hypot(along, across) / (radius * (1 + bulges))
        deeper = (cell_depth > 0) & (cell_depth > depth)
        instances[deeper] = len(centres)
        depth = np.maximum(depth, cell_depth)
    numbers = np.unique(instances[instances > 0])  # a cell may lie outside, or below others
    return np.searchsorted(numbers, instances, side="right").astype("int32"), depth


def _photograph(instances: np.ndarray, depth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Light the cells, add haze and dirt, blur, add noise: (H, W, 3) uint8."""
    size = instances.shape[0]
    brightness = np.concatenate(([0.0], rng.uniform(0.3, 1.0, instances.max())))[instances]  # each cell its own
    dome = 0.2 + 0.8 * np.clip(depth * 2.2, 0, 1)  # thinner towards the outline, so darker at a seam
    light = brightness * dome * (1 + 0.2 * _clouds(size, 1.5, rng))

    haze = np.clip(_clouds(size, size / 6, rng), 0, None) * rng.uniform(0.05, 0.3)  # cells out of focus, far above
    slope = np.linspace(0, rng.uniform(0, 0.25), size)
    gradient = np.add.outer(rng.permutation([slope, slope[::-1]])[0], rng.permutation([slope, slope[::-1]])[0])
    light = light + haze + gradient + rng.uniform(0.02, 0.15)
    for _ in range(rng.integers(0, 6)):  # specks of dirt, bright and small
        row, column = rng.integers(0, size, 2)
        light[row : row + 2, column : column + 2] += rng.uniform(0.2, 0.8)

    light = ndimage.gaussian_filter(light, rng.uniform(0.4, 1.0))
    photons = rng.uniform(80, 300)  # fewer photons, more noise
    light = rng.poisson(np.clip(light, 0, None) * photons) / photons + rng.normal(0, 0.015, light.shape)
    light = light / 1.3 * rng.uniform(0.7, 1.1)
    return np.clip(255 * light[..., None] * TINT, 0, 255).astype("uint8")


def _clouds(size: int, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth random texture of mean 0 and standard deviation 1, varying over about `scale` pixels."""
    noise = ndimage.gaussian_filter(rng.standard_normal((size, size)), scale, mode="wrap")
    return (noise - noise.mean()) / noise.std()
