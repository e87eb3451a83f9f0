"""Pictures with their masks, read several at a time: each pair belongs together, and all of them to one data set."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from minunet.data.brightness import to_8_bits
from minunet.data.classes import Classes
from minunet.data.dataset import Images
from minunet.data.decode import Page
from minunet.data.depth import Ranges, ranges_of, to_16_bits
from minunet.data.instances import to_classes
from minunet.data.masks import Found, count_values
from minunet.data.pictures import Picture, read_mask, read_picture, require_size, with_channels
from minunet.data.resize import resize_mask, resize_picture, row_slices
from minunet.errors import InputError
from minunet.threads import Item, Result, map_in_order


class Pair(NamedTuple):
    """A picture and what its mask says: labels (H, W) uint8; instances (H, W) int32, if objects have numbers."""

    picture: Picture
    labels: np.ndarray
    instances: np.ndarray | None
    found: Found  # in the mask, before it was scaled
    askew: bool  # whether the picture was turned upright and the mask was not
    shape: tuple[int, ...]  # height and width, before it was scaled


def read_pair(
    paths: tuple[Path, Path],
    size: tuple[int, int] | None,
    classes: Classes | None,
    border: int | None = None,
    page: Page = None,
    overlaps: bool = False,
) -> Pair:
    """A picture and its mask, of the same size; scaled to `size`, if it is given.

    Args:
        classes: what the mask may hold; None for class ids as they are.
        border: see `to_classes`, if the mask holds a number for each object; None if it holds classes.
        page: of the picture, see `decode`.
        overlaps: whether to measure what scaling costs the mask.

    Raises InputError, naming the file.
    """
    image_path, mask_path = paths
    picture = read_picture(image_path, page)
    shape = picture.values.shape[:2]
    if size:  # before the mask is read: of large photographs both would take much memory
        picture = picture._replace(values=resize_picture(picture.values, size))
    mask = read_mask(mask_path, coloured=classes is not None and classes.coloured)
    require_size(image_path, shape, mask.values.shape, f"mask {mask_path}")
    held, counts = count_values(mask.values)
    found, askew = Found(mask_path, held, counts, mask.palette), picture.turned and not mask.turned
    if border is not None:
        instances = numbered(mask_path, mask.values, held)
        instances = resize_mask(instances, size) if size else instances
        return Pair(picture, to_classes(instances, border), instances, found, askew, shape)
    if classes:
        labels = classes.encode(mask_path, mask.values, held, grey=mask.palette is None)
    else:
        labels = np.empty(shape, "uint8")
        for rows in row_slices(*shape):
            labels[rows] = mask.values[rows].clip(0, 255)
    if size:
        scaled = resize_mask(labels, size)
        found, labels = found.scaled(labels, resize_mask(scaled, shape)) if overlaps else found, scaled
    return Pair(picture, labels, None, found, askew, shape)


def numbered(path: Path, mask: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Objects by any number, as instances (H, W) int32: 0 is background, and 1, 2, ... the objects in their order."""
    if held[0] < 0:
        raise InputError(f"{path} holds {held[0]}, but objects have numbers from 1 on, and the background has 0.")
    objects = held[held > 0]
    if len(objects) == 1 and objects[0] in (255, 65535):
        raise InputError(
            f"{path} is black and white: objects need a number each. In one piece each they get one by "
            "scipy.ndimage.label(mask); classes belong into masks/ instead of instances/."
        )
    instances = np.empty(mask.shape, "int32")
    for rows in row_slices(*mask.shape):
        instances[rows] = np.where(mask[rows] > 0, np.searchsorted(objects, mask[rows]) + 1, 0)
    return instances


def read_all(read: Callable[[Item], Result], items: Sequence[Item], what: str) -> list[Result]:
    """`read(item)` for each item, several at a time, with a progress bar."""
    results = map_in_order(read, items)
    return list(tqdm(results, f"Reading {what}", len(items), unit="img", leave=False, disable=None))


def tell_of_askew(pairs: Sequence[Pair]) -> None:
    """A word if pictures are turned upright and their masks are not."""
    if count := sum(pair.askew for pair in pairs):
        print(
            f"{count} of {len(pairs)} pictures are turned upright by their orientation tag and their masks have none: "
            "those must have been painted on the upright picture",
            file=sys.stderr,
        )


def alike(paths: Sequence[Path], pictures: list[Picture], channels: int | None = None) -> tuple[list[np.ndarray], bool]:
    """The numbers of all pictures with as many channels, and whether they are deep: more than 8 bits, all of them.

    Grey ones among colours get three channels. If only some are deep, those become pictures of 8 bits, one by one.
    `channels` instead of as many as they have, and 8 bits then. The list is emptied on the way.
    """
    counts = {picture.values.shape[2]: path for path, picture in zip(paths, pictures, strict=True)}
    wanted = channels or (3 if set(counts) == {1, 3} else max(counts))
    deep = channels is None and all(picture.deep for picture in pictures)
    if odd := next((count for count in counts if count != wanted and (count, wanted) != (1, 3)), None):
        other = counts.get(wanted)
        raise InputError(
            f"{counts[odd].name} has {odd} channel{'s' if odd > 1 else ''}"
            + (f" and {other.name} has {wanted}: pictures of one data set need as many." if other else "; it needs 3.")
        )
    if not deep and channels is None and (count := sum(picture.deep for picture in pictures)):
        told = (
            f"{count} of {len(pictures)} pictures have more than 8 bits: they are read as pictures of 8 bits, each by"
        )
        print(f"{told} its own brightness, as the others have no more", file=sys.stderr)
    values = []
    for path in paths:
        picture = pictures.pop(0)
        seen = to_8_bits(picture.values) if picture.deep and not deep else picture.values
        values.append(with_channels(path, seen, wanted))
    return values, deep


def through_ranges(pictures: list[np.ndarray], training: Sequence[int] | np.ndarray) -> Ranges:
    """Make deep pictures uint16, in place, by what the training images among them hold."""
    ranges = ranges_of([pictures[number] for number in training])
    for number, picture in enumerate(pictures):
        pictures[number] = to_16_bits(picture, ranges)
    return ranges


def stacked(arrays: list[np.ndarray]) -> Images:
    """Arrays of one shape as one array, (N, ...); the list is emptied on the way, so that nothing is kept twice."""
    whole = np.empty((len(arrays), *arrays[0].shape), arrays[0].dtype)
    for number in range(len(arrays)):
        whole[number] = arrays.pop(0)
    return whole
