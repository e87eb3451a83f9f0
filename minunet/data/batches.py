"""From a data set to the batches that the network eats.

A batch is a pure function of the seed and the number of the step: the order of the images is drawn anew for each epoch,
and what happens to an image by a generator of its own, seeded with the epoch and the image's place in that order. So a
run can stop anywhere and go on later with the very same batches, with nothing remembered but the number of the step;
and whoever prepares only some of the images of a batch draws the same for them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from minunet.data.augment import Augmentation, augment
from minunet.data.dataset import Dataset, background
from minunet.data.depth import unit
from minunet.data.resize import row_slices
from minunet.data.shelf import shapes
from minunet.seeds import generator
from minunet.threads import map_in_order


def to_input(images: np.ndarray, centred: bool = True) -> np.ndarray:
    """Pixel values of 8 or 16 bits, or 0 to 1 if floating point, to -2 to 2: float32, mean near 0, deviation near 1.

    If not `centred`, to 0 to 1.
    """
    if images.dtype.kind == "f" and images.max(initial=0) > 1:
        raise ValueError("floating-point pixel values must be 0 to 1; for 0 to 255 give uint8")
    values = unit(images).astype("float32", copy=False)
    return (values - np.float32(0.5)) * np.float32(4) if centred else values


def stretch(image: np.ndarray) -> np.ndarray:
    """A picture (H, W, C) as the square root of its brightness, from its darkest 0.5 % to its brightest 0.1 %: uint8.

    Pictures from a microscope differ in exposure: what is a nucleus in one is darker than the background of another.
    And they count photons: the noise grows with the root of the brightness, so that of the root is the same everywhere,
    and a dim nucleus beside a bright one can be seen. Anscombe, "The Transformation of Poisson, Binomial and
    Negative-Binomial Data" (1948).
    """
    values = np.iinfo(image.dtype).max + 1  # of 8 or 16 bits
    counts = sum(np.bincount(image[rows].ravel(), minlength=values) for rows in row_slices(*image.shape[:2]))
    share = np.cumsum(counts) / image.size  # of the numbers, up to each value
    dark, bright = np.searchsorted(share, (0.005, 0.999))
    table = ((np.arange(values) - dark) / max(bright - dark, 1)).clip(0, 1)
    return (255 * np.sqrt(table)).round().astype("uint8")[image]


def centre_crop(labels: np.ndarray, height: int, width: int) -> np.ndarray:
    """The centre of labels (N, H, W), (N, height, width): the pixels that a valid network predicts."""
    top, left = (labels.shape[1] - height) // 2, (labels.shape[2] - width) // 2
    return labels[:, top : top + height, left : left + width]


def whole_resized(labels: np.ndarray, height: int, width: int) -> np.ndarray:
    """All of labels (N, H, W), the nearest pixels, squeezed to (N, height, width).

    So does the notebook that minunet began with. But a network without padding predicts the centre of what it sees:
    so labelled, most pixels are taught what is true somewhere else.
    """
    rows = ((np.arange(height) + 0.5) * labels.shape[1] / height).astype("int64")
    columns = ((np.arange(width) + 0.5) * labels.shape[2] / width).astype("int64")
    return labels[:, rows[:, None], columns]


REMEMBERED = 500  # pixels of each class of an image, at equal steps,
TOGETHER = 1_000_000  # and of so many images that these would be more, fewer of each
LABELS = {"aligned": centre_crop, "resized": whole_resized}  # what belongs to the pixels of the network's output


def steps_per_epoch(images: int, batch_size: int) -> int:
    """How many batches show so many images, or pieces of them; the last one holds what is left."""
    return -(-images // batch_size)


class Batch(NamedTuple):
    """x (N, H, W, C) float32, labels (N, OH, OW) int64, and how much more each pixel counts, (N, OH, OW) or None."""

    x: np.ndarray
    labels: np.ndarray
    extra_weight: np.ndarray | None


@dataclass(frozen=True)
class Batches:
    """The batches of a training run, by the number of the step.

    Args:
        dataset: the training images.
        batch_size: images a batch; the last batch of an epoch holds what is left.
        size: (height, width) of what the network sees: of larger images, a piece from a random place.
        output_size: (height, width) of the network's output, to which labels are cropped.
        augmentation: what may happen to an image.
        seed: decides about order and augmentation.
        labels: "aligned" or "resized", a key of LABELS.
        centred: see `to_input`.
        extra_weights: for each image, by how much more each of its pixels counts in the loss, (H, W).
        pieces: how many pieces an epoch shows, of larger images more; None for one of each image.
        rare: the fraction of all pieces that are cut around a pixel of a class: each class as often, and of the images
            that show it each as often.
    """

    dataset: Dataset
    batch_size: int
    size: tuple[int, int]
    output_size: tuple[int, int]
    augmentation: Augmentation
    seed: int
    labels: str = "aligned"
    centred: bool = True
    extra_weights: Sequence[np.ndarray] | None = None
    pieces: int | None = None
    rare: float = 0.0

    @property
    def images(self) -> int:
        """How many images, or pieces of them, an epoch shows."""
        return self.pieces or len(self.dataset)

    @property
    def per_epoch(self) -> int:
        """How many batches an epoch has."""
        return steps_per_epoch(self.images, self.batch_size)

    def places(self, step: int) -> tuple[int, range]:
        """The epoch, counted from 0, and which places in its order the images of batch number `step` have."""
        epoch, number = divmod(step, self.per_epoch)
        first = number * self.batch_size
        return epoch, range(first, min(first + self.batch_size, self.images))

    def order(self, epoch: int) -> np.ndarray:
        """The number of the image at each place of an epoch, (images,)."""
        rng = generator(self.seed, "order", epoch)
        if self.pieces is None:
            return rng.permutation(len(self.dataset))
        # As many steps through all pixels, laid end to end: an image with twice as many is met twice as often.
        steps = (np.arange(self.pieces) + rng.random()) / self.pieces
        return rng.permutation(np.searchsorted(self._pixels_up_to, steps * self._pixels_up_to[-1], side="right"))

    @cached_property
    def _pixels_up_to(self) -> np.ndarray:
        """How many pixels the images have, each with those before it, (N,)."""
        return np.cumsum([math.prod(shape) for shape in shapes(self.dataset.labels)])

    @cached_property
    def _places_of_classes(self) -> list[list[tuple[int, np.ndarray]]]:
        """Of each class that there is the images that show it, each with some of its pixels, (P,), row by row."""
        most = max(1, min(REMEMBERED, TOGETHER // len(self.dataset)))

        def of_image(image: int) -> list[tuple[int, np.ndarray]]:
            labels = self.dataset.labels[image]
            there = np.flatnonzero(np.bincount(labels.ravel(), minlength=256)[: len(self.dataset.classes)])
            every = ((k, np.flatnonzero(labels == k)) for k in there.tolist())
            return [(k, at[:: -(-len(at) // most)].astype("int32")) for k, at in every]

        places: dict[int, list[tuple[int, np.ndarray]]] = {}
        for image, found in enumerate(map_in_order(of_image, range(len(self.dataset)))):
            for k, at in found:
                places.setdefault(k, []).append((image, at))
        return list(places.values())

    def _rare(self, epoch: int, place: int) -> tuple[int, np.ndarray] | None:
        """An image, and a pixel of it, (row, column), that the piece at this place is cut around, if it is."""
        if not self.rare:
            return None
        rng, classes = generator(self.seed, "rare", epoch, place), self._places_of_classes
        if rng.random() >= self.rare or not classes:
            return None
        images = classes[rng.integers(len(classes))]
        image, pixels = images[rng.integers(len(images))]
        pixel = int(pixels[rng.integers(len(pixels))])
        return image, np.array(divmod(pixel, self.dataset.labels[image].shape[1]))

    def _changed(
        self, i: int, rng: np.random.Generator, near: np.ndarray | None = None
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Image number i as training sees it this time, with its labels, and its weights if there are any."""
        belonging = [self.dataset.labels[i], *([] if self.extra_weights is None else [self.extra_weights[i]])]
        return augment(self.dataset.images[i], belonging, self.augmentation, rng, self.size, near)

    def _paste(self, image: np.ndarray, planes: list[np.ndarray], rng: np.random.Generator) -> None:
        """Over some images (H, W, C), and what belongs to them, what is not background in another image.

        So a thing is seen before many backgrounds, and a background with many things.
        """
        if rng.random() >= self.augmentation.paste:
            return
        other, belonging = self._changed(int(rng.integers(len(self.dataset))), rng)
        names = self.dataset.classes
        thing = (belonging[0] != background(names)) & (belonging[0] < len(names))  # and not ignored
        image[thing] = other[thing]
        for plane, pasted in zip(planes, belonging, strict=True):
            plane[thing] = pasted[thing]

    def get(self, step: int) -> Batch:
        """Batch number `step`, counted from 0 over all epochs."""
        epoch, places = self.places(step)
        order, images, planes = self.order(epoch), [], []
        for place in places:
            i, near = self._rare(epoch, place) or (order[place], None)
            image, belonging = self._changed(i, generator(self.seed, "augmentation", epoch, place), near)
            if self.augmentation.paste:
                self._paste(image, belonging, generator(self.seed, "paste", epoch, place))
            images.append(image)
            planes.append(belonging)
        to_output = LABELS[self.labels]
        labels, *weights = (to_output(np.stack(plane), *self.output_size) for plane in zip(*planes, strict=True))
        x = to_input(np.stack(images), self.centred)
        return Batch(x, labels.astype("int64"), weights[0] if weights else None)
