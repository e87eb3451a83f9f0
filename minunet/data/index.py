"""What a run knows of its pictures, so that it can go on without reading all of them again.

The index lies beside the run: which image is for what, how large it is, and a digest of the names, sizes and times of
change of all files. While these are as they were, so are the pictures, as `make` and `rsync` take it, too; each was
checked when the run began, and now it is read when training asks for it. Otherwise all are read again.
"""

import hashlib
import json
import os
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from minunet.data.dataset import Dataset, Splits
from minunet.data.shelf import IN_MEMORY, Entry, Later, Shelf, Store, shapes
from minunet.errors import InputError
from minunet.files import read_text, whole_file

INDEX = "index.json"  # beside the run
LARGEST = 1 << 20  # side of a picture
Sizes = dict[str, tuple[int, int]]  # of images by their names: height and width, as training has them


class Reader(NamedTuple):
    """Which files a data set is made of, and how each of them is read alone."""

    pairs: dict[str, tuple[Path, Path]]  # picture and mask of each image, by its name
    image: Callable[[Path], np.ndarray]
    labels: Callable[[Path], np.ndarray]
    instances: Callable[[Path], np.ndarray] | None = None


class Index(NamedTuple):
    """What is known of a data set."""

    files: str  # see `digest_of`
    data: list[str]  # a digest of the images of each part, as the checkpoint of the run holds it
    classes: tuple[str, ...]
    parts: list[Sizes]  # to train on, to validate with, to test
    dealt: str  # in words, who said so


State = tuple[int, int] | None  # of a file: its size, and the time of its change in nanoseconds; None if it is gone


def state_of(path: Path) -> State:
    try:
        stat = path.stat()
    except OSError:  # the reader says what is wrong with it
        return None
    return stat.st_size, stat.st_mtime_ns


def digest_of(states: dict[Path, State]) -> str:
    """A short text that is different if a file has another name, size or time of change, or is gone.

    So it is if what reads them is another: the code of this folder, or a package.
    """
    whole = hashlib.blake2b(" ".join(map(version, ("numpy", "pillow", "tifffile"))).encode(), digest_size=16)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        whole.update(path.read_bytes())
    for path, state in states.items():
        whole.update(os.fsencode(f"\n{path.parent.name}/{path.name} {state}"))
    return whole.hexdigest()


def worth_it(states: dict[Path, State]) -> bool:
    """Whether there is so much to read that an index saves time that is noticed."""
    return sum(state[0] for state in states.values() if state) > IN_MEMORY


def index_of(splits: Splits, files: str, dealt: str) -> Index:
    """The index of a data set that has been read; `files`: the digest that these had before. `data` are added later."""
    parts = [dict(zip(part.names, map(_size, shapes(part.labels)), strict=True)) for part in splits]
    return Index(files, [], splits.training.classes, parts, dealt)


def _size(shape: tuple[int, ...]) -> tuple[int, int]:
    return int(shape[0]), int(shape[1])


def write_index(path: Path, index: Index) -> None:
    with whole_file(path) as file:
        json.dump({"index": index._asdict(), "digest": _digest(index._asdict())}, file)


def _digest(values: dict[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(values).encode(), digest_size=16).hexdigest()


def read_index(path: Path, data: list[str]) -> Index | None:
    """None if there is none, or it is damaged, or of another run than that of these `data`."""
    try:
        file = json.loads(read_text(path))
        values = file["index"]
        if _digest(values) != file["digest"]:
            return None
        parts = [{name: _size(size) for name, size in part.items()} for part in values["parts"]]
        if not all(0 < side < LARGEST for part in parts for size in part.values() for side in size):
            return None
        found = Index(str(values["files"]), data, tuple(map(str, values["classes"])), parts, str(values["dealt"]))
        if values["data"] != data:
            return None
    except (OSError, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
        return None
    return found if len(parts) == len(Splits._fields) and all(parts) else None


def described(index: Index, reader: Reader, states: dict[Path, State]) -> Splits:
    """The data set of an index, without an image read: each is when it is asked for, and lies in a store from then on.

    Raises InputError then, for what cannot be read, or was changed since its state was asked.
    """
    store = Store()

    def make(read: Callable[[Path], np.ndarray], path: Path, size: tuple[int, int]) -> Entry:
        array = read(path)
        if state_of(path) != states[path] or array.shape[:2] != size:
            raise InputError(f"{path} was changed while the run went on. Put it back, or start a new run.")
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
