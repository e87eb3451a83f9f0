"""One experiment: everything that decides a run, and the network that follows from it."""

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Self

from minunet.data.augment import Augmentation
from minunet.data.instances import RADIUS
from minunet.errors import InputError
from minunet.gradient import LOSSES
from minunet.operations import QUICK, Operations
from minunet.options import check, option
from minunet.unet import UNet

EARLIER_NAMES = {"average": "ema_decay", "flips": "tta"}  # of fields
LABELLED, POSITIVE = ("nuclei", "paper"), 1e-12  # presets of pictures whose single objects are known; more than nothing


@dataclass(frozen=True)
class Config:
    """One experiment. `config.json` in the folder of a run holds one of these."""

    preset: str = option(
        "cells",
        "the experiment that this began as",
        choices=("cells", "pets", "seed", "nuclei", "paper", "folder"),
    )
    data_dir: str | None = option(None, "where the images are; null for data that are made")
    size: int = option(128, "images are scaled to N x N pixels, or shown in pieces of them", low=1, flag=True)
    pieces: bool = option(False, "images keep their resolution, and training shows pieces from random places")
    scale: float = option(
        1.0, "pieces are seen at this fraction of the pictures' resolution", low=0.01, high=1, flag=True
    )
    piece_count: int | None = option(None, "how many pieces an epoch shows; null for one of each picture", low=1)
    rare: float = option(
        0.0, "the fraction of pieces that are cut around a pixel of a class, each class as often", high=1
    )
    page: int | str | None = option(
        None,
        "of files with several pictures the number of one, from 1 on, or 'channels': all in one",
        low=1,
        flag=True,
        presets=("folder",),
    )
    channels: int = option(3, "of the pictures; their files say how many", low=1)
    ranges: tuple[float, ...] | None = option(
        None, "of pictures of more than 8 bits, what is black and white in each channel", low=-math.inf, high=math.inf
    )
    stretch: bool = option(False, "spread the brightness over the whole range of each picture; with pieces only")
    base: int = option(16, "channels of the first level; doubled at each level below", low=1, flag=True)
    depth: int = option(4, "number of resolution levels", low=1, flag=True)
    padding: str = option("same", "zeros around each 3x3 convolution, or none", choices=("same", "valid"))
    norm: str | None = option(None, "group norm after each 3x3 convolution, or none", choices=(None, "group"))
    labels: str = option(
        "aligned",
        "for networks without padding: labels are centre-cropped to the output (aligned), or the whole mask is shrunk "
        "to it, which is wrong and kept for lesson 11 (resized)",
        choices=("aligned", "resized"),
        flag=True,
    )
    centred: bool = option(True, "pixel values from -2 to 2 instead of 0 to 1")
    pooled: bool = option(False, "both lists together: 80 % train, 10 % validate, 10 % test", presets=("pets", "seed"))
    epochs: int = option(60, "how often every image, or as many pieces as fill them, is shown", low=1, flag=True)
    batch_size: int = option(10, "images a step", low=1, flag=True)
    lr: float = option(
        2e-3, "the highest learning rate; it rises to this, then falls", low=POSITIVE, high=1e38, flag=True
    )
    momentum: float | None = option(None, "stochastic gradient descent with this momentum; null for Adam", high=0.9999)
    schedule: str = option(
        "one-cycle",
        "the learning rate: as it is; lr and 1/3, 1/30, 1/300 of it from 20, 50, 80 % of the steps; or up and down",
        choices=("constant", "piecewise", "one-cycle"),
    )
    loss: str = option(
        "cross-entropy",
        "what training makes smaller: cross-entropy; soft Dice, for classes of few pixels, which takes a weight map "
        "but no class_weight; or both added",
        choices=LOSSES,
        flag=True,
    )
    class_weight: tuple[float, ...] | None = option(None, "how much a pixel of each class counts", low=1e-6)
    border: int = option(
        RADIUS, "width in pixels, on each side, of the border class between touching objects; 0 for none", high=50,
        presets=(*LABELLED, "folder"),
    )  # fmt: skip
    seam_weight: float = option(
        0.0,
        "by how much more the pixels between two objects count, see lesson 7",
        presets=("cells", *LABELLED, "folder"),
    )
    dropout: float = option(0.0, "the part of the lowest level's features that is dropped in training", high=0.99)
    ema_decay: float = option(
        0.0, "decay of the exponential moving average (EMA) of the weights that is tested; 0 for none", high=0.9999
    )
    tta: bool = option(False, "test-time augmentation: the mean over the mirror images that training has shown")
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = option(0, "seed of all random numbers of training", high=math.inf, flag=True)
    split_seed: int = option(0, "seed of which images are validated and tested, and how made ones look", high=math.inf)
    count: int = option(0, "how many training images are made", low=3, presets=("cells",))

    def mirror_images(self, tta: bool | None = None) -> tuple[bool, bool, bool]:
        """Upside down, left to right, along the diagonal: which mirror images a prediction is the mean of.

        Only those that training has shown; the diagonal is a quarter turn and a flip. `tta` instead of its own.
        """
        tta, how = self.tta if tta is None else tta, self.augmentation
        down, across = tta and how.flip_up_down, tta and how.flip_left_right
        return down, across, down and across and how.quarter_turns

    def to_json(self) -> dict[str, Any]:
        """As a dictionary that JSON can hold."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The way back, also from earlier versions: a field that they did not have gets its default, what they did.

        Raises InputError for anything that is no configuration.
        """
        try:
            values = {EARLIER_NAMES.get(name, name): value for name, value in values.items()}
            if values.pop("zoom", 1) != 1:  # a field that is no more
                raise InputError("It was trained on enlarged pictures (zoom), which this version cannot make.")
            how = {name: check(Augmentation, name, value) for name, value in values.pop("augmentation").items()}
            checked = {name: check(Config, name, value) for name, value in values.items()}
            return cls(**checked, augmentation=Augmentation(**how))
        except (TypeError, KeyError, AttributeError) as error:
            raise InputError(f"This is not the configuration of a run of this version: {error}.") from error


def make_network(config: Config, classes: int, operations: Operations = QUICK) -> UNet:
    """The network of an experiment. Raises InputError if the images do not fit into it."""
    if config.labels != "aligned" and (config.padding == "same" or config.pieces):
        raise InputError("--labels is for networks without padding that see whole pictures: the preset seed.")
    for name in ("stretch", "scale", "piece_count", "rare"):
        if getattr(config, name) != getattr(Config, name) and not config.pieces:
            raise InputError(
                f"{name} is for networks that see pieces of pictures: --view pieces, or the preset nuclei."
            )
    if config.ranges and len(config.ranges) != 2 * config.channels:
        raise InputError(f"ranges holds {len(config.ranges)} numbers, but two for each of {config.channels} channels.")
    if config.class_weight is not None and len(config.class_weight) != classes:
        raise InputError(f"class_weight holds {len(config.class_weight)} numbers, but there are {classes} classes.")
    try:
        net = UNet(config.channels, classes, config.base, config.depth, config.padding, config.norm, operations)
        net.output_size(config.size, config.size)
    except (ValueError, TypeError) as error:
        raise InputError(f"{error}.") from error
    return net
