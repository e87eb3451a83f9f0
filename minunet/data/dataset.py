"""What every kind of data is turned into: images and labels, in memory or in a file, see shelf.py."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np

from minunet.data.shelf import Shelf
from minunet.errors import InputError

Images = Sequence[np.ndarray] | np.ndarray  # N pictures; one array if all are of one size
PART = 0.1  # of the images, for validation, and again for the test
NAMES = {"val.txt": "validation", "test.txt": "test"}  # of lists
IGNORED = 255  # the label of pixels that count neither in the loss nor in the score, if there are fewer classes


@dataclass(frozen=True)
class Dataset:
    """Images with their labels.

    Args:
        images: (N, H, W, C) uint8 or uint16, from none to all of the light; or N pictures (H, W, C) one by one, where
            sizes differ or they lie in a file: see `minunet.data.shelf`.
        labels: (N, H, W) uint8, class ids 0 to len(classes) - 1, or IGNORED; or one by one likewise.
        names: what each image is called.
        classes: the name of each class.
        instances: which object each pixel belongs to, N times (H, W) int32, where that is known: see
            `minunet.data.instances`.
    """

    images: Images
    labels: Images
    names: list[str]
    classes: tuple[str, ...]
    instances: Images | None = None

    def __len__(self) -> int:
        return len(self.images)

    def digest(self) -> str:
        """A short text that is different for any other images, labels, names, order or classes."""
        state = hashlib.blake2b(
            "\n".join([*self.names, "", *self.classes]).encode(errors="surrogateescape"), digest_size=16
        )
        for arrays in (self.images, self.labels, self.instances or []):
            for array in arrays:
                state.update(repr(array.shape).encode())
                state.update(np.ascontiguousarray(array).data)
        return state.hexdigest()

    def joined(self, other: Self) -> Self:
        """The images of both, one after the other, without the numbers of single objects."""
        images, labels = _join(self.images, other.images), _join(self.labels, other.labels)
        return replace(self, images=images, labels=labels, names=self.names + other.names, instances=None)

    def take(self, indices: np.ndarray | slice) -> Self:
        """The part of the data set with these indices, in their order."""
        order = np.arange(len(self))[indices]
        names = [self.names[i] for i in order]
        images, labels = _take(self.images, order), _take(self.labels, order)
        instances = None if self.instances is None else _take(self.instances, order)
        return replace(self, images=images, labels=labels, names=names, instances=instances)


class Splits(NamedTuple):
    """The images of an experiment: to train on, to choose the best epoch by, and for the final test."""

    training: Dataset
    validation: Dataset
    test: Dataset

    def digests(self) -> list[str]:
        """A short text for each part, different for any other images."""
        return [part.digest() for part in self]

    def trained_on(self) -> list[tuple[str, str]]:
        """Of each test image that training shows, too, pixel by pixel, its name and that of its double."""
        doubles = {_key(image): name for image, name in zip(self.training.images, self.training.names, strict=True)}
        keys = zip(self.test.names, map(_key, self.test.images), strict=True)
        return [(name, doubles[key]) for name, key in keys if key in doubles]


def _key(image: np.ndarray) -> bytes:
    return hashlib.blake2b(repr(image.shape).encode() + np.ascontiguousarray(image).tobytes()).digest()


def stacked(parts: Iterable[Dataset]) -> Splits:
    """Data sets whose images are shelves of arrays of one size, each with one array in their place, and of labels.

    The shelves are emptied on the way, so that nothing is kept twice. One with arrays in a file stays a shelf.
    """
    return Splits(*(replace(part, images=_stack(part.images), labels=_stack(part.labels)) for part in parts))


def _stack(arrays: Images) -> Images:
    assert isinstance(arrays, Shelf)
    if not all(isinstance(entry, np.ndarray) for entry in arrays.entries):
        return arrays
    whole = np.empty((len(arrays), *arrays[0].shape), arrays[0].dtype)
    for number in range(len(whole)):
        whole[number] = arrays[number]
        arrays.entries[number] = whole[number]  # a view
    return whole


def _join(one: Images, other: Images) -> Images:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return np.concatenate([one, other])
    return Shelf([entry for arrays in (one, other) for entry in getattr(arrays, "entries", arrays)])


def _take(arrays: Images, order: Sequence[int] | np.ndarray) -> Images:
    if isinstance(arrays, np.ndarray):
        return arrays[order]
    return Shelf([arrays.entries[i] for i in order] if isinstance(arrays, Shelf) else [arrays[i] for i in order])


def background(classes: Sequence[str]) -> int:
    """The place of the class that is called background, in whatever letters; or, if none is, the first."""
    names = [name.lower() for name in classes]
    return names.index("background") if "background" in names else 0


def ignored_label(classes: int) -> int | None:
    """The label that does not count; with all 256 classes there is no number left for one."""
    return IGNORED if classes <= IGNORED else None


def split(dataset: Dataset, fractions: tuple[float, ...], rng: np.random.Generator) -> list[Dataset]:
    """Shuffle and divide: a part for each fraction (at least one image each), and last the rest."""
    order, parts = rng.permutation(len(dataset)), []
    for fraction in fractions:
        count = max(1, round(fraction * len(dataset)))
        parts.append(dataset.take(order[:count]))
        order = order[count:]
    return [*parts, dataset.take(order)]


def deal(names: list[str], lists: dict[str, list[str]], rng: np.random.Generator) -> tuple[list[np.ndarray], str]:
    """The indices of the images for training, for validation and for the test; and who said so, in words.

    As the lists train.txt, val.txt and test.txt say, as far as they are there. What they leave open is drawn at random:
    without train.txt a part of all images each, and the rest is trained on; with it, from the images that no list
    names, in equal parts, or, if there are too few, from train.txt.
    """
    place = {name: number for number, name in enumerate(names)}
    listed = {part: np.array([place[name] for name in lists[part]], int) for part in lists}
    missing = [part for part in ("val.txt", "test.txt") if part not in listed]
    taken = np.concatenate([np.zeros(0, int), *listed.values()])
    rest, source = np.setdiff1d(np.arange(len(names)), taken), "all images"
    counts = [max(1, round(PART * len(names)))] * len(missing)
    if "train.txt" in listed and len(rest) >= len(missing) > 0:
        source, counts = "the images that no list names", [len(part) for part in np.array_split(rest, len(missing))]
    elif "train.txt" in listed:
        rest, source = listed["train.txt"], "train.txt"
    rest = rest[rng.permutation(len(rest))]
    for part, count in zip(missing, counts, strict=True):
        listed[part], rest = rest[:count], rest[count:]
    training = listed["train.txt"] if "train.txt" in listed and source != "train.txt" else rest
    if not len(training):
        raise InputError("The lists leave no image to train on.")
    by = [f"{name}: {f'drawn at random from {source}' if part in missing else part}" for part, name in NAMES.items()]
    return [training, listed["val.txt"], listed["test.txt"]], "; ".join(by)


def into_splits(known: Dataset, rng: np.random.Generator, test: Dataset | None = None) -> Splits:
    """The `known` images divided at random: a part for validation, and, without a `test`, a second one for that."""
    if test is None:
        validation, test, training = split(known, (PART, PART), rng)
    else:
        validation, training = split(known, (PART,), rng)
    return Splits(training, validation, test)
