"""The Oxford-IIIT Pet photographs: cats and dogs, each pixel pet, background or the border between them.

Parkhi, Vedaldi, Zisserman and Jawahar, "Cats and Dogs" (2012). The folder is what the two official archives unpack to:

    images/NAME.jpg                      some are PNG or GIF in truth, which does not matter
    annotations/trimaps/NAME.png         1 pet, 2 background, 3 border
    annotations/trainval.txt, test.txt   a line an image: NAME CLASS SPECIES BREED

The lists are read, not the folders: those hold hundreds of `._NAME` files that are no pictures.
"""

import itertools
from functools import partial
from pathlib import Path

import numpy as np

from minunet.data.classes import Classes
from minunet.data.dataset import Dataset, Splits, into_splits, stacked
from minunet.data.index import Reader
from minunet.data.lists import read_lists, require_folders
from minunet.data.pairs import as_seen, read_all, read_as_seen, read_labels, read_pair, tell_of_tags
from minunet.data.shelf import Shelf, Store
from minunet.errors import InputError

CLASSES = ("pet", "background", "border")
TRIMAP = Classes(CLASSES, np.array([1, 2, 3]), np.arange(3, dtype="uint8"))  # the values in the files
FOLDER = "data/oxford-iiit-pet"  # where it is looked for if nothing else is said
ADDRESS = "https://www.robots.ox.ac.uk/~vgg/data/pets/"


def load_pets(folder: Path, size: int, rng: np.random.Generator, pooled: bool = False) -> Splits:
    """Photographs, size x size pixels; test is the official list, `rng` divides the other.

    If `pooled`, `rng` divides both lists together, 80, 10 and 10 %.
    """
    store, listed = Store(), _listed(folder)
    known, test = (_load(folder, path, names, size, store) for path, names in listed.items())
    if not pooled:
        return stacked(into_splits(known, rng, test))
    return stacked(into_splits(known.joined(test), rng))


def pets_files(folder: Path) -> list[Path]:
    """All files that the photographs are made of."""
    listed = _listed(folder)
    pairs = (_files(folder, name) for name in itertools.chain(*listed.values()))
    return [*listed, *itertools.chain(*pairs)]


def pets_reader(folder: Path, size: int) -> Reader:
    """How the photographs are read one by one, by their names: to the same bits as all together."""
    names = itertools.chain(*_listed(folder).values())
    pairs, scaled = {name: _files(folder, name) for name in names}, (size, size)
    image = partial(read_as_seen, channels=3, size=scaled)
    return Reader(pairs, image, partial(read_labels, size=scaled, classes=TRIMAP))


def _listed(folder: Path) -> dict[Path, list[str]]:
    """The official lists, and the names that each holds."""
    command = f"python -m minunet.data pets --data-dir {folder}"
    hint = f"`{command}` downloads it (0.8 GB): images/ and annotations/ from {ADDRESS}"
    require_folders(hint, folder, folder / "images", folder / "annotations" / "trimaps")
    lists = [folder / "annotations" / f"{name}.txt" for name in ("trainval", "test")]
    for path in lists:
        if not path.is_file():
            raise InputError(f"{path} does not exist. It is part of annotations.tar.gz at {ADDRESS}")
    return dict(zip(lists, read_lists(_name, *lists), strict=True))


def _files(folder: Path, name: str) -> tuple[Path, Path]:
    """A photograph and its mask."""
    return folder / "images" / f"{name}.jpg", folder / "annotations" / "trimaps" / f"{name}.png"


def _name(line: str) -> str:
    """The first word of a line: the others are class, species and breed; # begins a comment."""
    return "" if line.startswith("#") else next(iter(line.split()), "")


def _load(folder: Path, path: Path, names: list[str], size: int, store: Store) -> Dataset:
    """The images that a list names."""
    if len(names) < 2:
        raise InputError(f"{path} lists {len(names)} images; at least 2 are needed.")
    paths = [_files(folder, name) for name in names]
    pairs = read_all(partial(read_pair, store=store, size=(size, size), classes=TRIMAP), paths, f"pets, {path.stem}")
    tell_of_tags(pairs)
    pictures, values = [pair.picture for pair in pairs], [pair.values for pair in pairs]
    labels = Shelf(pair.labels for pair in pairs)
    del pairs
    images = as_seen([image for image, _ in paths], pictures, values, store, 3, size=(size, size))
    return Dataset(images, labels, names, CLASSES)
