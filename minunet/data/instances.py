"""From single objects to classes per pixel and back: how a segmentation network tells touching cells apart.

A class map alone cannot: two nuclei that touch are one blob of "nucleus". Ronneberger, Fischer and Brox (2015), section
3, make the seam between them a thing to be learned, and every pixel near two cells count more in the loss:

    w(x) = w_c(x) + w0 * exp(-(d1(x) + d2(x))**2 / (2 sigma**2))

with d1 and d2 the distances in pixels to the nearest and to the second nearest cell. Here the seam is a class of its
own, `border`. Removed from the prediction it leaves single islands, which are numbered, and grown back by as much
as the border took.

Instances are (H, W) int32: 0 is background, 1, 2, ... the objects.
"""

import math

import numpy as np
from scipy import ndimage

BACKGROUND, OBJECT, BORDER = range(3)
AT_ONCE = 1 << 22  # pixels of which the nearest object is looked for
RADIUS = 2  # pixels on each side that the border takes
SIGMA = 5.0  # pixels: how far the extra weight of a seam reaches


def border_between(instances: np.ndarray, radius: int = RADIUS) -> np.ndarray:
    """Where two objects meet: the pixels, (H, W) bool, with two different ones within `radius` pixels."""
    nothing = np.iinfo(instances.dtype).max
    height, width = instances.shape
    padded = np.pad(instances, radius)
    objects = np.where(padded > 0, padded, nothing)
    highest, lowest = np.zeros_like(instances), np.full_like(instances, nothing)
    for row in range(2 * radius + 1):  # of the disc of this radius, whose rows have different lengths
        length = 2 * math.isqrt(radius**2 - (row - radius) ** 2) + 1
        rows, columns = slice(row, row + height), slice(radius, radius + width)
        np.maximum(highest, ndimage.maximum_filter1d(padded[rows], length, axis=1)[:, columns], out=highest)
        np.minimum(lowest, ndimage.minimum_filter1d(objects[rows], length, axis=1)[:, columns], out=lowest)
    return (lowest < highest) & (lowest < nothing)


def to_classes(instances: np.ndarray, radius: int = RADIUS) -> np.ndarray:
    """The class of each pixel, (H, W) uint8: BACKGROUND, OBJECT, or, if `radius` > 0, BORDER where two objects meet."""
    classes = np.where(instances > 0, OBJECT, BACKGROUND).astype("uint8")
    classes[border_between(instances, radius)] = BORDER
    return classes


def from_classes(classes: np.ndarray, radius: int = RADIUS, smallest: int = 1) -> np.ndarray:
    """Objects out of classes (H, W): islands of OBJECT, grown by `radius` pixels into what is not background.

    Objects of fewer than `smallest` pixels are dropped.
    """
    islands, count = ndimage.label(classes == OBJECT)
    grown, areas = np.empty(classes.shape, "int32"), np.zeros(count + 1, "int64")
    height = max(1, AT_ONCE // max(1, classes.shape[1]))
    for start in range(0, len(classes), height):  # all at once would take 30 bytes a pixel
        stop, first = start + height, max(0, start - radius)
        seen = islands[first : stop + radius]
        distance, (rows, columns) = ndimage.distance_transform_edt(seen == 0, return_indices=True)
        near = np.where(distance <= radius, seen[rows, columns], 0)[start - first :][:height]
        grown[start:stop] = np.where(classes[start:stop] != BACKGROUND, near, 0)
        areas += np.bincount(grown[start:stop].ravel(), minlength=len(areas))
    return np.where((areas >= smallest)[grown], grown, 0)


def seam_weights(instances: np.ndarray, w0: float = 10.0, sigma: float = SIGMA) -> np.ndarray:
    """The second term of the weight map, w0 * exp(-(d1 + d2)**2 / (2 sigma**2)), (H, W) float32; 0 inside objects.

    Objects further away than 5 sigma change nothing that can be seen: each is measured in its surroundings only.
    """
    reach = int(np.ceil(5 * sigma))
    nearest = np.full((2, *instances.shape), np.inf)  # d1 and d2
    for number, box in enumerate(ndimage.find_objects(instances), start=1):
        if box is None:  # a number that is not used
            continue
        around = tuple(slice(max(0, part.start - reach), part.stop + reach) for part in box)
        distance = ndimage.distance_transform_edt(instances[around] != number)
        d1, d2 = nearest[0][around], nearest[1][around]  # views
        np.minimum(d2, np.maximum(d1, distance), out=d2)
        np.minimum(d1, distance, out=d1)
    weights = w0 * np.exp(-(nearest.sum(axis=0) ** 2) / (2 * sigma**2))
    return np.where(instances > 0, 0, weights).astype("float32")
