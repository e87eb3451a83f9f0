"""Anyone's own pictures and masks, in one of these layouts:

    images/NAME.jpg      masks/NAME.png          a class a pixel: ids 0, 1, 2, ..., or what classes.txt says
    images/NAME.tif      instances/NAME.tif      a number an object, 0 for the background
    NAME.jpg             NAME_mask.png           classes, side by side; masks/NAME_mask.png will do, too
    classes.txt          optional: what the values, or the colours, of the masks mean
    train.txt, val.txt, test.txt                 optional: which pictures are for what, a name a line

Pictures are PNG, JPEG, TIFF, and others (`with_pillow.KNOWN`). Picture and mask have the same size. Without classes.txt
the values in the masks must be 0 to K-1, and the classes are called after them. What no list says is drawn
at random: 10 % for validation, 10 % for the final test, and the rest, or those of train.txt, for training.
"""

import itertools
import sys
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from minunet.data.classes import Classes, read_classes
from minunet.data.dataset import IGNORED, Dataset, Splits, deal, stacked
from minunet.data.decode import Page
from minunet.data.depth import Ranges, ranges_of
from minunet.data.index import Reader
from minunet.data.instances import BORDER, RADIUS, to_classes
from minunet.data.kept import best_iou
from minunet.data.layout import Layout, find_layout
from minunet.data.lists import is_there
from minunet.data.masks import Found, class_ids, refuse_mixed_greys, refuse_mixed_palettes
from minunet.data.objects import check_objects, read_objects, refuse_black_and_white, tell_of_white
from minunet.data.pairs import Pair, alike, as_seen, read_all, read_as_seen, read_labels, read_pair, tell_of_tags
from minunet.data.pictures import read_mask, with_channels
from minunet.data.resize import resize_mask
from minunet.data.scaling import Scaling, tell_of_lost_classes, tell_of_lost_objects, tell_of_squeezing
from minunet.data.shelf import Each, Shelf, Store, opened
from minunet.errors import InputError

OBJECTS = ("background", "object", "border")


class Loaded(NamedTuple):
    """The images of a folder, how many channels they have, and, if they are deep, the range of each channel.

    `dealt`: in words, who said which images are for what.
    """

    splits: Splits
    dealt: str
    channels: int
    ranges: Ranges | None


def load_folder(folder: Path, size: int | None, rng: np.random.Generator, **how: Any) -> Splits:
    """The images of the folder alone, see `read_folder`."""
    return read_folder(folder, size, rng, **how).splits


def read_folder(
    folder: Path,
    size: int | None,
    rng: np.random.Generator,
    border: int = RADIUS,
    page: Page = None,
    scale: float = 1,
) -> Loaded:
    """The images of the folder, scaled to size x size pixels, or, without a `size`, as they are.

    Args:
        rng: decides which images are validated and tested, as far as no lists say it.
        border: of the class between touching objects, see `to_classes`.
        page: which page of TIFFs and animations is meant, see `decode`.
        scale: by which the network will scale what is not scaled here: what that loses is told.
    """
    layout, store = find_layout(folder), Store()
    classes = read_classes(layout.folder / "classes.txt") if not layout.instances else None
    if layout.instances and is_there(layout.folder / "classes.txt"):
        print("classes.txt is passed over: instances/ holds single objects of one class", file=sys.stderr)
    scaled, scaling = (size, size) if size else None, Scaling(size, scale)
    read = partial(
        read_pair,
        store=store,
        size=scaled,
        classes=classes,
        border=border if layout.instances else None,
        page=page,
        scaling=scaling if scaling.changes else None,
    )
    pairs = read_all(read, layout.pairs, str(folder))
    tell_of_tags(pairs)
    if size:
        tell_of_squeezing([pair.shape for pair in pairs])
    names = _names([pair.found for pair in pairs], layout, classes, border)
    if layout.instances:
        _check_objects(pairs, folder, scaling)
    elif scaling.changes:
        kept = np.zeros((256, 3), "int64")
        for each in (pair.kept for pair in pairs if pair.kept is not None):
            kept[each[:, 0]] += each[:, 1:]
        tell_of_lost_classes(best_iou(kept), names, scaling)
    paths = [image for image, _ in layout.pairs]
    parts, dealt = deal([path.name for path in paths], layout.lists, rng)
    if len(names) <= IGNORED:
        _refuse_ignored(pairs, parts, scaling)
    pictures, values = [pair.picture for pair in pairs], [pair.values for pair in pairs]
    labels = Shelf(pair.labels for pair in pairs)
    instances = Shelf(pair.instances for pair in pairs if pair.instances is not None)
    del pairs  # `as_seen` lets each picture go when it has been scaled
    channels, deep = alike(paths, pictures)
    training = Each(lambda number: with_channels(paths[number], opened(values[number]), channels), parts[0])
    ranges = ranges_of(training) if deep else None
    images = as_seen(paths, pictures, values, store, channels, ranges, scaled, page)
    data = Dataset(images, labels, [path.name for path in paths], names, instances if len(instances) else None)
    splits = Splits(*(data.take(part) for part in parts))
    del data, images, labels, training
    return Loaded(stacked(splits) if size else splits, dealt, channels, ranges)


def folder_files(folder: Path) -> list[Path]:
    """All files that the images of a folder are made of; classes.txt also if it is not there."""
    layout = find_layout(folder, quiet=True)
    return [folder / "classes.txt", *(folder / name for name in layout.lists), *itertools.chain(*layout.pairs)]


def folder_reader(
    folder: Path,
    size: int | None,
    channels: int,
    ranges: Ranges | None,
    border: int = RADIUS,
    page: Page = None,
) -> Reader:
    """How the images of a folder are read one by one, by the names of their files: to the same bits as all together.

    `channels` and `ranges`: as `read_folder` found them; the others as they were given to it.
    """
    layout = find_layout(folder, quiet=True)
    pairs = {image.name: (image, mask) for image, mask in layout.pairs}
    scaled = (size, size) if size else None
    image = partial(read_as_seen, channels=channels, ranges=ranges, size=scaled, page=page)

    def instances(path: Path) -> np.ndarray:
        whole = read_objects(path)
        return resize_mask(whole, scaled) if scaled else whole

    if layout.instances:
        return Reader(pairs, image, lambda path: to_classes(instances(path), border), instances)
    classes = read_classes(folder / "classes.txt")
    return Reader(pairs, image, partial(read_labels, size=scaled, classes=classes))


def _check_objects(pairs: list[Pair], folder: Path, scaling: Scaling) -> None:
    """Raises InputError where what was found is hardly a number for each object; a word about those that vanish."""
    found = [pair.found for pair in pairs]
    refuse_black_and_white(found, folder)
    counts = [int(np.count_nonzero(each.values > 0)) for each in found]
    tell_of_white(found)
    check_objects(counts, lambda number: read_objects(found[number].path), folder)
    tell_of_lost_objects(sum(pair.lost for pair in pairs), sum(counts), scaling)


def _refuse_ignored(pairs: list[Pair], parts: list[np.ndarray], scaling: Scaling) -> None:
    """Raises InputError if no pixel counts of the pictures that are trained on, or validate, or test."""
    for part, what in zip(parts, ("train on", "validate with", "test with"), strict=True):
        some = [pairs[number] for number in part]
        if all((opened(pair.labels) == IGNORED).all() for pair in some):
            lost = any(pair.kept is not None and pair.kept[:, 3].any() for pair in some)
            why = f", as they are scaled {scaling}. {scaling.keep('them')}" if lost else "."
            raise InputError(f"All pixels of the pictures to {what} are ignored{why}")


def _names(found: list[Found], layout: Layout, classes: Classes | None, border: int) -> tuple[str, ...]:
    """The classes of what was found; raises InputError if the masks do not go together."""
    if layout.instances:
        return OBJECTS if border else OBJECTS[:BORDER]
    if classes and classes.coloured:
        return classes.names
    refuse_mixed_greys(found)
    refuse_mixed_palettes(found)
    if classes:
        return classes.names
    return tuple(f"class {value}" for value in class_ids(found, layout.folder, lambda path: read_mask(path).values))
