"""Which labels count: without padding, a network of whole pictures predicts their middle alone."""

from collections.abc import Sequence

import numpy as np

from minunet.data.batches import LABELS
from minunet.data.dataset import Dataset, Splits, ignored_label
from minunet.errors import InputError
from minunet.model.config import Config
from minunet.unet import UNet


def counted(part: Dataset, config: Config, net: UNet) -> Sequence[np.ndarray] | np.ndarray:
    """The labels (OH, OW) of what is predicted of each image; in pieces, that is every pixel."""
    if config.pieces or net.padding == "same":
        return part.labels
    return LABELS[config.labels](np.stack(list(part.labels)), *net.output_size(*part.labels[0].shape))


def refuse_ignored(data: Splits, config: Config, net: UNet) -> None:
    """Raise InputError if nothing that is predicted counts, of the images to train on, to validate with or to test."""
    ignored = ignored_label(len(data.training.classes))
    for part, what in zip(data, ("train on", "validate with", "test with"), strict=True):
        if all((labels == ignored).all() for labels in counted(part, config, net)):
            raise InputError(
                f"All pixels of the pictures to {what} are ignored, where the network predicts: without padding, that "
                "is their middle. --set padding=same predicts them to the rim."
            )
