"""From a data set to the batches that the network eats.

A batch is a pure function of the seed and the number of the step: shuffling and augmentation draw from generators that
are seeded with both. So a run can stop anywhere and go on later with the very same batches, and nothing needs to be
remembered but the number of the step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minunet.data.augment import Augmentation, augment
from minunet.data.dataset import Dataset
from minunet.seeds import generator


def to_input(images: np.ndarray) -> np.ndarray:
    """Pixel values 0 to 255, or 0 to 1 if floating point, to about -2 to 2: float32, mean near 0, deviation near 1."""
    if images.dtype.kind == "f" and images.max(initial=0) > 1:
        raise ValueError("floating-point pixel values must be 0 to 1; for 0 to 255 give uint8")
    scale = 1.0 if images.dtype.kind == "f" else 255.0
    return (images.astype("float32") / np.float32(scale) - np.float32(0.5)) * np.float32(4)


def centre_crop(labels: np.ndarray, height: int, width: int) -> np.ndarray:
    """The centre of labels (N, H, W), (N, height, width): the pixels that a valid network gives an answer for."""
    top, left = (labels.shape[1] - height) // 2, (labels.shape[2] - width) // 2
    return labels[:, top : top + height, left : left + width]


@dataclass(frozen=True)
class Batches:
    """The batches of a training run, by the number of the step.

    Args:
        dataset: the training images.
        batch_size: images a batch; the last batch of an epoch holds what is left.
        output_size: (height, width) of the network's output, to which labels are cropped.
        augmentation: what may happen to an image.
        seed: decides about order and augmentation.
    """

    dataset: Dataset
    batch_size: int
    output_size: tuple[int, int]
    augmentation: Augmentation
    seed: int

    @property
    def per_epoch(self) -> int:
        """How many batches show every image once."""
        return -(-len(self.dataset) // self.batch_size)

    def get(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Batch number `step`, counted from 0 over all epochs: x (N, H, W, 3) float32, labels (N, OH, OW) int64."""
        epoch, number = divmod(step, self.per_epoch)
        order = generator(self.seed, "order", epoch).permutation(len(self.dataset))
        indices = order[number * self.batch_size : (number + 1) * self.batch_size]
        rng = generator(self.seed, "augmentation", epoch, number)
        pairs = [
            augment(self.dataset.images[i].astype("float32") / 255, self.dataset.labels[i], self.augmentation, rng)
            for i in indices
        ]
        images = np.stack([image for image, _ in pairs])
        labels = np.stack([labels for _, labels in pairs]).astype("int64")
        return to_input(images), centre_crop(labels, *self.output_size)
