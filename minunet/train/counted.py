"""Which labels count: what is left of them in scaling, and, without padding, in the middle that is predicted."""

from minunet.data.batches import LABELS
from minunet.data.dataset import Dataset, Images, Splits, ignored_label
from minunet.data.resize import resize_mask, scaled_size
from minunet.data.shelf import Each
from minunet.errors import InputError
from minunet.model.config import Config
from minunet.unet import UNet


def counted(part: Dataset, config: Config, net: UNet) -> Images:
    """The labels (OH, OW) of each image that training asks for."""
    if config.pieces and config.scale != 1:
        return Each(lambda labels: resize_mask(labels, scaled_size(labels.shape, config.scale)), part.labels)
    if config.pieces or net.padding == "same":
        return part.labels
    size = net.output_size(*part.labels[0].shape)
    return Each(lambda labels: LABELS[config.labels](labels[None], *size)[0], part.labels)


def refuse_ignored(data: Splits, config: Config, net: UNet) -> None:
    """Raise InputError if nothing counts any more of the images to train on, to validate with or to test.

    What is all ignored in the files themselves was refused when they were read; and pieces are tested at full
    resolution.
    """
    ignored = ignored_label(len(data.training.classes))
    why = (
        f", as they are scaled by {config.scale:g}. A larger --scale keeps more."
        if config.pieces
        else ", where the network predicts: without padding, that is their middle. --set padding=same predicts them to "
        "the rim."
    )
    for part, what in zip(
        data[:1] if config.pieces else data, ("train on", "validate with", "test with"), strict=False
    ):
        if all((labels == ignored).all() for labels in counted(part, config, net)):
            raise InputError(f"All pixels of the pictures to {what} are ignored{why}")
