"""What every kind of data is turned into: images and labels of one size, in memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Dataset:
    """Images with their labels.

    Args:
        images: (N, H, W, 3) uint8, RGB.
        labels: (N, H, W) uint8, class ids 0 to len(classes) - 1.
        names: what each image is called.
        classes: the name of each class.
    """

    images: np.ndarray
    labels: np.ndarray
    names: list[str]
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.images)

    def digest(self) -> str:
        """A short text that is different for any other images, labels, names, order or classes."""
        state = hashlib.blake2b("\n".join([*self.names, "", *self.classes]).encode(), digest_size=16)
        for array in (self.images, self.labels):
            state.update(repr(array.shape).encode())
            state.update(np.ascontiguousarray(array))
        return state.hexdigest()

    def take(self, indices: np.ndarray | slice) -> Dataset:
        """The part of the data set with these indices, in their order."""
        order = np.arange(len(self))[indices]
        return Dataset(self.images[order], self.labels[order], [self.names[i] for i in order], self.classes)


def split(dataset: Dataset, fractions: tuple[float, ...], rng: np.random.Generator) -> list[Dataset]:
    """Shuffle and divide: a part for each fraction (at least one image each), and last the rest."""
    order, parts = rng.permutation(len(dataset)), []
    for fraction in fractions:
        count = max(1, round(fraction * len(dataset)))
        parts.append(dataset.take(order[:count]))
        order = order[count:]
    return [*parts, dataset.take(order)]
