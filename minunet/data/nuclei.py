"""Nuclei of cells under the microscope: the layout of the 2018 Data Science Bowl, stage 1.

Caicedo et al., "Nucleus segmentation across imaging experiments: the 2018 Data Science Bowl" (2019); images BBBC038 of
the Broad Bioimage Benchmark Collection, CC0. The folder:

    stage1_train/ID/images/ID.png     a picture, of any size
    stage1_train/ID/masks/*.png       black and white, one a nucleus
    train.txt, test.txt               optional: an ID a line; without them the images are divided at random
    val.txt                           optional beside these two; without it a part of train.txt validates

The classes are background, nucleus, and the border where two nuclei meet.
"""

import sys
from pathlib import Path

import numpy as np

from minunet.data.dataset import Dataset, Splits, into_splits
from minunet.data.decode import PICTURE_ENDINGS
from minunet.data.instances import BORDER, RADIUS, to_classes
from minunet.data.layout import LISTS
from minunet.data.lists import is_there, read_lists, require_folders, shorten
from minunet.data.masks import count_values
from minunet.data.objects import check_objects
from minunet.data.pairs import read_all
from minunet.data.pictures import read_image, read_mask, require_size
from minunet.data.scaling import Scaling, count_objects, lost_objects, tell_of_lost_objects
from minunet.data.shelf import Entry, Shelf, Store
from minunet.errors import InputError, printable

CLASSES = ("background", "nucleus", "border")
HINT = "A folder of nuclei holds stage1_train/ID/images/ID.png and stage1_train/ID/masks/*.png."


def load_nuclei(folder: Path, rng: np.random.Generator, border: int = RADIUS, scale: float = 1) -> Splits:
    """Pictures with their nuclei, each of its own size.

    Args:
        rng: decides which images are validated and tested, as far as no lists say it.
        border: the pixels on each side that the class between two nuclei takes; with 0 there is no such class.
        scale: by which the network will scale the pictures: what that loses is told.
    """
    splits, scaling = _divided(folder, rng, border), Scaling(None, scale)
    if scaling.changes:
        counts = [
            (lost_objects(each, scaling), count_objects(each)) for part in splits for each in part.instances or []
        ]
        lost, objects = np.sum(counts, axis=0).tolist()
        tell_of_lost_objects(lost, objects, scaling)
    return splits


def _divided(folder: Path, rng: np.random.Generator, border: int) -> Splits:
    """As the lists of the folder say, or at random."""
    require_folders(HINT, folder, folder / "stage1_train")
    listed = _listed(folder)
    if not listed:
        folders = (path for path in (folder / "stage1_train").iterdir() if not path.is_file())  # links to nowhere, too
        names = sorted(path.name for path in folders if not path.name.startswith("."))
        if len(names) < 3:
            raise InputError(f"{folder} holds {len(names)} images; training, validation and test need 3. {HINT}")
        return into_splits(_load(folder, names, border), rng)
    every = _load(folder, [name for names in listed for name in names], border)
    ends = np.cumsum([len(names) for names in listed])
    known, test, *rest = (every.take(slice(end - len(names), end)) for names, end in zip(listed, ends, strict=True))
    return Splits(known, rest[0], test) if rest else into_splits(known, rng, test)


def _listed(folder: Path) -> list[list[str]]:
    """The names in train.txt, in test.txt and, if it is there, in val.txt; nothing without lists.

    Raises InputError if one is missing, too short, or names what is not there.
    """
    known, validation, test = (folder / name for name in LISTS)
    missing = [path for path in (known, test) if not is_there(path)]
    if len(missing) == 1 or missing and is_there(validation):
        raise InputError(f"{missing[0]} does not exist: {known.name} and {test.name} go together.")
    if missing:
        return []
    paths = [known, test] + [validation] * is_there(validation)
    listed = read_lists(str.strip, *paths)
    there = {path.name for path in (folder / "stage1_train").iterdir() if path.is_dir()}
    for path, names in zip(paths, listed, strict=True):
        least = 2 if path == known and len(paths) == 2 else 1  # of which one is drawn for validation
        if len(names) < least:
            raise InputError(f"{path} names {len(names)} images, and {least} are needed at least.")
        if unknown := [name for name in names if name not in there]:
            raise InputError(f"{path} names {unknown[0]}, but {folder / 'stage1_train'} holds no such folder.")
    if left_over := sorted(name for name in there.difference(*listed) if not name.startswith(".")):
        print(printable(f"images that no list names, which are passed over: {shorten(left_over)}"), file=sys.stderr)
    return listed


def _load(folder: Path, names: list[str], border: int) -> Dataset:
    """The pictures with these names."""
    store = Store()

    def read(name: str) -> tuple[Entry, Entry, Entry, int]:
        image, nuclei = _read(folder / "stage1_train" / name)
        return store.put(image), store.put(to_classes(nuclei, border)), store.put(nuclei), int(nuclei.max())

    images, labels, entries, counts = zip(*read_all(read, names, "nuclei"), strict=True)
    instances = Shelf(entries)
    check_objects(list(counts), instances.__getitem__, folder)
    return Dataset(Shelf(images), Shelf(labels), names, CLASSES if border else CLASSES[:BORDER], instances)


def _read(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Picture (H, W, 3) uint8 and its nuclei, instances (H, W) int32. Raises InputError for what is no such folder."""
    require_folders(HINT, folder / "images", folder / "masks")
    pictures = _pictures(folder / "images")
    if len(pictures) != 1:
        raise InputError(f"{folder / 'images'} should hold one picture, but holds {len(pictures)}.")
    image = read_image(pictures[0])
    instances = np.zeros(image.shape[:2], dtype="int32")
    masks = _pictures(folder / "masks")
    large, painted = 0, 0  # masks of more than half of the picture, and those that show anything
    for number, path in enumerate(masks, start=1):
        mask = read_mask(path).values
        require_size(path, mask.shape, image.shape[:2], f"picture {pictures[0].name}")
        held, counts = count_values(mask)
        if len(held) > 2:
            raise InputError(f"{path} holds {len(held)} values, but a mask shows one nucleus, in two.")
        large += len(held) == 2 and counts[1] > counts[0]
        if held[0] != 0 or large > 1:  # there is no room for two of more than half
            raise InputError(
                f"{path} holds {held[0]} at {counts[0]} pixels and {held[-1]} at {counts[-1]}, but a mask shows one "
                "nucleus of several: 0 outside of it, and more inside."
            )
        painted += len(held) == 2
        if len(held) == 2 and len(masks) > 1 and counts[1] > counts[0] and _touches_all_edges(mask):
            told = f"{path} covers more than half of the picture and touches all its edges: the background, perhaps?"
            print(printable(told), file=sys.stderr)
        instances[mask > 0] = number
    if large:
        _refuse_covering(folder / "masks", instances, painted)
    return image, instances


def _touches_all_edges(mask: np.ndarray) -> bool:
    return all(edge.any() for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))


def _refuse_covering(folder: Path, instances: np.ndarray, painted: int) -> None:
    """Raise InputError if a large mask hides others of the `painted` ones, or nothing is left beside all of them."""
    if np.count_nonzero(np.bincount(instances.ravel())[1:]) < painted or instances.all():
        raise InputError(
            f"{folder} holds a mask of more than half of the picture, under which others vanish, or beside which "
            "nothing is left: it looks like the background, or like one in which black means the nucleus."
        )


def _pictures(folder: Path) -> list[Path]:
    """What is a picture by its ending, and not hidden; file managers leave lists of their own beside them."""
    files = (path for path in sorted(folder.iterdir()) if not path.name.startswith("."))
    return [path for path in files if path.suffix.lower() in PICTURE_ENDINGS]
