"""What a run knows of its pictures, so that it can go on without reading all of them again.

The index lies beside the run: which image is for what, how large it is, and a digest of the names, sizes and times of
change of all files. While these are as they were, so are the pictures, as `make` and `rsync` take it, too; each was
checked when the run began, and now it is read when training asks for it. Otherwise all are read again.
"""

import hashlib
import itertools
import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import PIL

import minunet
from minunet.data.dataset import Dataset, Splits
from minunet.data.shelf import IN_MEMORY, Entry, Later, Shelf, Store, shapes
from minunet.errors import InputError
from minunet.files import whole_file

INDEX = "index.json"  # beside the run
LARGEST = 1 << 20  # side of a picture
Sizes = dict[str, tuple[int, int]]  # of images by their names: height and width, as training has them


class Reader(NamedTuple):
    """Which files a data set is made of, and how each of them is read alone."""

    pairs: dict[str, tuple[Path, Path]]  # picture and mask of each image, by its name
    texts: list[Path]
    image: Callable[[Path], np.ndarray]
    labels: Callable[[Path], np.ndarray]
    instances: Callable[[Path], np.ndarray] | None = None

    @property
    def files(self) -> list[Path]:
        return [*self.texts, *itertools.chain(*self.pairs.values())]


class Index(NamedTuple):
    """What is known of a data set."""

    files: str  # see `digest`
    classes: tuple[str, ...]
    parts: list[Sizes]  # to train on, to validate with, to test
    dealt: str  # in words, who said so


def digest(reader: Reader) -> str:
    """A short text that is different if a file has another name, size or time of change, or is gone."""
    state = hashlib.blake2b(f"minunet {minunet.__version__}, Pillow {PIL.__version__}".encode(), digest_size=16)
    for path in reader.files:
        stat = path.stat() if path.exists() else None
        state.update(os.fsencode(f"\n{path.parent.name}/{path.name} "))
        state.update(f"{stat.st_size} {stat.st_mtime_ns}".encode() if stat else b"")
    return state.hexdigest()


def worth_it(reader: Reader) -> bool:
    """Whether there is so much to read that an index saves time that is noticed."""
    return sum(path.stat().st_size for path in reader.files if path.exists()) > IN_MEMORY


def index_of(splits: Splits, files: str, dealt: str) -> Index:
    """The index of a data set that has been read; `files`: the digest that these had before."""
    parts = [dict(zip(part.names, map(_size, shapes(part.labels)), strict=True)) for part in splits]
    return Index(files, splits.training.classes, parts, dealt)


def _size(shape: tuple[int, ...]) -> tuple[int, int]:
    return int(shape[0]), int(shape[1])


def write_index(path: Path, index: Index) -> None:
    with whole_file(path) as file:
        json.dump(index._asdict(), file)


def read_index(path: Path) -> Index | None:
    """None if there is none, or it is damaged."""
    try:
        values = json.loads(path.read_text(encoding="utf-8") if path.is_file() else "")
        parts = [{name: _size(size) for name, size in part.items()} for part in values["parts"]]
        if not all(0 < side < LARGEST for part in parts for size in part.values() for side in size):
            return None
        found = Index(str(values["files"]), tuple(map(str, values["classes"])), parts, str(values["dealt"]))
    except (OSError, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
        return None
    return found if len(parts) == len(Splits._fields) and all(parts) else None


def described(index: Index, reader: Reader) -> Splits:
    """The data set of an index, without an image read: each is when it is asked for, and lies in a store from then on.

    Raises InputError then, for what cannot be read, or is not as large as it was.
    """
    store = Store()

    def make(read: Callable[[Path], np.ndarray], path: Path, size: tuple[int, int]) -> Entry:
        array = read(path)
        if array.shape[:2] != size:
            raise InputError(f"{path} was {size[1]} x {size[0]} pixels large when the run began, and is no more.")
        return store.put(array)

    def shelf(read: Callable[[Path], np.ndarray], sizes: Sizes, which: int) -> Shelf:
        paths = [reader.pairs[name][which] for name in sizes]
        return Shelf(
            Later(size, partial(make, read, path, size)) for path, size in zip(paths, sizes.values(), strict=True)
        )

    def dataset(sizes: Sizes) -> Dataset:
        images, labels = shelf(reader.image, sizes, 0), shelf(reader.labels, sizes, 1)
        instances = shelf(reader.instances, sizes, 1) if reader.instances else None
        return Dataset(images, labels, list(sizes), index.classes, instances)

    return Splits(*map(dataset, index.parts))
