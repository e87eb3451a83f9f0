"""Pictures with their masks, read several at a time: each pair belongs together, and all of them to one data set."""

import itertools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from minunet.data.brightness import sampled
from minunet.data.classes import Classes
from minunet.data.decode import Page
from minunet.data.depth import Ranges
from minunet.data.instances import to_classes
from minunet.data.kept import kept
from minunet.data.lists import shorten
from minunet.data.masks import Found, count_values
from minunet.data.objects import numbered
from minunet.data.pictures import (
    Mask,
    Picture,
    as_ranged,
    read_mask,
    read_picture,
    require_size,
    with_channels,
)
from minunet.data.resize import resize_mask, resize_picture, row_slices
from minunet.data.scaling import Scaling, lost_objects
from minunet.data.shelf import Entry, Shelf, Store, opened
from minunet.errors import InputError, printable
from minunet.threads import Item, Result, map_in_order

AT_ONCE = 500  # items that threads are told of: each takes a kilobyte until it is read
KEPT = 1 << 16  # pixels of a deep picture, of which its range is taken


class Pair(NamedTuple):
    """A picture and what its mask says: labels (H, W) uint8; instances (H, W) int32, if objects have numbers.

    The numbers of all three lie in a store; those of the `picture` are empty, (0, 0, C).
    """

    picture: Picture
    values: Entry
    labels: Entry
    instances: Entry | None
    found: Found  # in the mask, before it was scaled
    askew: bool  # whether the picture was turned upright and the mask was not
    shape: tuple[int, ...]  # height and width, before it was scaled
    lost: int = 0  # objects that the network will not see, as it is scaled
    kept: np.ndarray | None = None  # (K, 4), of each class that is there its id and its row of `kept`, if asked for


def read_pair(
    paths: tuple[Path, Path],
    store: Store,
    size: tuple[int, int] | None,
    classes: Classes | None,
    border: int | None = None,
    page: Page = None,
    scaling: Scaling | None = None,
) -> Pair:
    """A picture and its mask, of the same size; scaled to `size`, if it is given; their arrays go into the store.

    How deep pictures are scaled is known only when all have been read: in their place stands a sample then, (P, 1, C).

    Args:
        classes: what the mask may hold; None for class ids as they are.
        border: see `to_classes`, if the mask holds a number for each object; None if it holds classes.
        page: of the picture, see `decode`.
        scaling: as the network will see the pair, to find out what is lost of the mask; None if nobody asks.

    Raises InputError, naming the file.
    """
    image_path, mask_path = paths
    picture = read_picture(image_path, page)
    shape, values = picture.values.shape[:2], picture.values
    if size:  # before the mask is read: of large photographs both would take much memory
        values = _sample(values) if picture.deep else resize_picture(values, size)
    stored = store.put(values)
    picture = picture._replace(values=values[:0, :0].copy())
    del values
    mask = read_mask(mask_path, coloured=classes is not None and classes.coloured)
    if picture.turned and not mask.turned and mask.values.shape == shape[::-1] != shape:
        raise InputError(
            f"{image_path} is stored on its side and turned upright by its orientation tag, but its mask {mask_path} "
            "was painted on the picture as it is stored: turn the mask likewise."
        )
    require_size(image_path, shape, mask.values.shape, f"mask {mask_path}")
    held, counts = count_values(mask.values)
    found, askew = Found(mask_path, held, counts, mask.palette), picture.turned and not mask.turned
    if border is not None:
        whole = numbered(mask_path, mask, held)
        instances = resize_mask(whole, size) if size else whole
        lost = lost_objects(whole, scaling) if scaling else 0
        classes_of_pixels = store.put(to_classes(instances, border))
        return Pair(picture, stored, classes_of_pixels, store.put(instances), found, askew, shape, lost)
    labels = labels_of(mask_path, mask, held, classes)
    back = None
    if scaling:
        counts = kept(labels, scaling.seen_size(shape), classes and len(classes.names))
        there = np.flatnonzero(counts.any(axis=1))
        back = np.column_stack([there, counts[there]])
    scaled = store.put(resize_mask(labels, size) if size else labels)
    return Pair(picture, stored, scaled, None, found, askew, shape, kept=back)


def _sample(values: np.ndarray) -> np.ndarray:
    """Some pixels of a picture (H, W, C), (P, 1, C)."""
    return sampled(values.reshape(-1, 1, values.shape[2]), KEPT).copy()


def labels_of(path: Path, mask: Mask, held: np.ndarray, classes: Classes | None) -> np.ndarray:
    """The labels (H, W) uint8 of a mask that holds the values `held`; without `classes` they are the values."""
    if classes:
        return classes.encode(path, mask.values, held, grey=mask.palette is None)
    labels = np.empty(mask.values.shape, "uint8")
    for rows in row_slices(*mask.values.shape[:2]):
        labels[rows] = mask.values[rows].clip(0, 255)
    return labels


def read_labels(path: Path, size: tuple[int, int] | None, classes: Classes | None) -> np.ndarray:
    """The labels (H, W) uint8 of a mask of classes, as `read_pair` gives them."""
    mask = read_mask(path, coloured=classes is not None and classes.coloured)
    labels = labels_of(path, mask, count_values(mask.values)[0], classes)
    return resize_mask(labels, size) if size else labels


def read_all(read: Callable[[Item], Result], items: Sequence[Item], what: str) -> list[Result]:
    """`read(item)` for each item, several at a time, with a progress bar."""
    parts = (items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE))
    results = itertools.chain.from_iterable(map_in_order(read, part) for part in parts)
    return list(tqdm(results, f"Reading {printable(what)}", len(items), unit="img", leave=False, disable=None))


def tell_of_tags(pairs: Sequence[Pair]) -> None:
    """A word if pictures are turned upright and their masks are not, or have a channel that may be none of alpha."""
    if count := sum(pair.picture.masked for pair in pairs):
        print(
            f"{count} of {len(pairs)} images are TIFFs with a channel that is called alpha: it is taken for what is "
            "transparent; if it was measured, as near infrared is, --page channels makes it a channel",
            file=sys.stderr,
        )
    if count := sum(pair.askew for pair in pairs):
        print(
            f"{count} of {len(pairs)} pictures are turned upright by their orientation tag and their masks have none: "
            "these are taken as painted on the upright picture, which nothing shows of those turned upside down",
            file=sys.stderr,
        )


def alike(paths: Sequence[Path], pictures: Sequence[Picture]) -> tuple[int, bool]:
    """How many channels all pictures are to have, and whether all are deep: of more than 8 bits.

    Grey ones among colours get three channels. If only some are deep, they are made pictures of 8 bits, one by one.
    Raises InputError for pictures that have nothing to do with each other.
    """
    names: dict[int, list[str]] = {}
    for path, picture in zip(paths, pictures, strict=True):
        names.setdefault(picture.values.shape[2], []).append(path.name)
    wanted = 3 if set(names) == {1, 3} else max(names, key=lambda count: len(names[count]))
    odd = {count: each for count, each in names.items() if count != wanted and (count, wanted) != (1, 3)}
    if odd:
        told = "; ".join(f"{count} in {shorten(each)}" for count, each in odd.items())
        raise InputError(
            f"All images of a data set must have the same number of channels, but {len(names[wanted])} have {wanted}, "
            f"and there are {told}."
        )
    kinds = {picture.floating: path.name for path, picture in zip(paths, pictures, strict=True) if picture.deep}
    if len(kinds) == 2:
        raise InputError(
            f"{kinds[True]} holds floating-point numbers and {kinds[False]} whole ones of more than 8 bits: what is "
            "bright in one is not so in the other. Save all images of a data set in one kind."
        )
    shallow = [path.name for path, picture in zip(paths, pictures, strict=True) if not picture.deep]
    if 0 < len(shallow) < len(pictures):
        print(
            f"{len(shallow)} of {len(pictures)} images have no more than 8 bits ({printable(shorten(shallow))}): all "
            "are read as images of 8 bits, and each of the others by its own brightness",
            file=sys.stderr,
        )
    return wanted, not shallow


def read_as_seen(
    path: Path,
    channels: int,
    ranges: Ranges | None = None,
    size: tuple[int, int] | None = None,
    page: Page = None,
) -> np.ndarray:
    """One of the pictures that `as_seen` gives, if its channels and its ranges are known."""
    picture = read_picture(path, page, keep_depth=ranges is not None)
    image = as_ranged(path, with_channels(path, picture.values, channels), ranges)
    return resize_picture(image, size) if size else image


def as_seen(
    paths: Sequence[Path],
    pictures: Sequence[Picture],
    values: list[Entry],
    store: Store,
    channels: int,
    ranges: Ranges | None = None,
    size: tuple[int, int] | None = None,
    page: Page = None,
) -> Shelf:
    """The pictures as a network sees them that predicts such files: with so many channels, of 8 or 16 bits, scaled.

    Of deep ones that are scaled only a sample was kept, see `read_pair`; they are read again, now that it is known how.
    The list of `values` is emptied on the way.
    """

    def again(number: int) -> Entry:
        return store.put(read_as_seen(paths[number], channels, ranges, size, page))

    numbers = [number for number, picture in enumerate(pictures) if picture.deep and (size or not ranges)]
    reread = dict(zip(numbers, read_all(again, numbers, "deep pictures"), strict=True))
    seen = []
    for number, path in enumerate(paths):
        entry = values.pop(0)
        if number in reread:
            entry = reread[number]
        elif ranges or entry.shape[2] != channels:
            entry = store.put(as_ranged(path, with_channels(path, opened(entry), channels), ranges))
        seen.append(entry)
    return Shelf(seen)
