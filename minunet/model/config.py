"""One experiment: everything that decides a run, and the network that follows from it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from minunet.data.augment import Augmentation
from minunet.data.instances import RADIUS
from minunet.errors import InputError
from minunet.operations import QUICK, Operations
from minunet.unet import UNet


@dataclass(frozen=True)
class Config:
    """One experiment. `config.json` in the folder of a run holds one of these.

    Args:
        preset: the experiment that this began as, a name in PRESETS.
        data_dir: where the images are; None for data that are made.
        size: images are scaled to size x size pixels; with `pieces` they keep their resolution, and training shows
            pieces of size x size pixels from random places.
        stretch: brightness is spread over the whole range of each picture, see `batches.stretch`.
        base, depth, padding, norm: the network, see `UNet`.
        labels: for a network without padding, "aligned": those of the pixels that it answers for, or "resized": all of
            them, squeezed; see `batches.whole_resized`.
        centred: see `batches.to_input`.
        pooled: the pets' two lists are thrown together, and 80 % trained on, 10 % validated, 10 % tested.
        epochs, batch_size, lr: training; lr is the highest learning rate.
        momentum: None for Adam, else that of stochastic gradient descent.
        schedule: "constant", "piecewise" (lr, and 1/3, 1/30, 1/300 of it from 20 %, 50 %, 80 % of the steps) or
            "one-cycle".
        class_weight: how much a pixel of each class counts; None means 1 for each.
        border: for single objects: the pixels on each side that the class between two of them takes; 0 for no class.
        seam_weight: by how much more the pixels between two objects count, see `instances.seam_weights`.
        dropout: the part of the lowest level's features that is dropped in training, see `layers.dropout`.
        average: the weights that are tested and saved as best are a running mean of those that are trained: of old
            and new this part, and the rest, at every step; 0 for none.
        flips: predictions are the mean of those for the image and its mirror images, see `mirror_images`.
        augmentation: what may happen to an image.
        seed: decides about everything random in training: first weights, order of the images, augmentation, dropout.
        split_seed: decides which images are trained on, validated and tested, and how made ones look: runs with the
            same one are tested on the same images, whatever their `seed` and `count`.
        count: how many training images are made, where they are made.
    """

    preset: str
    data_dir: str | None = None
    size: int = 128
    pieces: bool = False
    stretch: bool = False
    base: int = 16
    depth: int = 4
    padding: str = "same"
    norm: str | None = None
    labels: str = "aligned"
    centred: bool = True
    pooled: bool = False
    epochs: int = 60
    batch_size: int = 10
    lr: float = 2e-3
    momentum: float | None = None
    schedule: str = "one-cycle"
    class_weight: tuple[float, ...] | None = None
    border: int = RADIUS
    seam_weight: float = 0.0
    dropout: float = 0.0
    average: float = 0.0
    flips: bool = False
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = 0
    split_seed: int = 0
    count: int = 0

    def mirror_images(self, flips: bool | None = None) -> tuple[bool, bool, bool]:
        """Upside down, left to right, along the diagonal: which mirror images a prediction is the mean of.

        Only those that training has shown; the diagonal is a quarter turn and a flip. `flips` instead of its own.
        """
        flips, how = self.flips if flips is None else flips, self.augmentation
        down, across = flips and how.flip_up_down, flips and how.flip_left_right
        return down, across, down and across and how.quarter_turns

    def to_json(self) -> dict[str, Any]:
        """As a dictionary that JSON can hold."""
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(values: dict[str, Any]) -> Config:
        """The way back, also from earlier versions: a field that they did not have gets its default, what they did.

        Raises InputError for anything that is no configuration.
        """
        try:
            values = {**values}
            if values.pop("zoom", 1) != 1:  # a field of earlier versions
                raise InputError("It was trained on enlarged pictures (zoom), which this version cannot make.")
            weight = values.get("class_weight")
            weight = None if weight is None else tuple(weight)
            return Config(**{**values, "augmentation": Augmentation(**values["augmentation"]), "class_weight": weight})
        except (TypeError, KeyError, AttributeError) as error:
            raise InputError(f"This is not the configuration of a run of this version: {error}.") from error


def make_network(config: Config, classes: int, operations: Operations = QUICK) -> UNet:
    """The network of an experiment. Raises InputError if the images do not fit into it."""
    if config.labels != "aligned" and (config.padding == "same" or config.pieces):
        raise InputError("--labels is for networks without padding that see whole pictures: the preset seed.")
    if config.stretch and not config.pieces:
        raise InputError("stretch is for networks that see pieces of pictures, such as the preset nuclei.")
    if config.class_weight is not None and len(config.class_weight) != classes:
        raise InputError(f"class_weight holds {len(config.class_weight)} numbers, but there are {classes} classes.")
    try:
        net = UNet(3, classes, config.base, config.depth, config.padding, config.norm, operations)
        net.output_size(config.size, config.size)
    except (ValueError, TypeError) as error:
        raise InputError(f"{error}.") from error
    return net
