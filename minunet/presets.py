"""Named experiments: everything that decides a run, in one place, and what `--preset` chooses from."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from minunet.data.augment import Augmentation
from minunet.data.cells import make_cells
from minunet.data.dataset import Dataset
from minunet.data.folder import load_folder
from minunet.data.pets import load_pets
from minunet.errors import InputError
from minunet.optim import Schedule, constant, one_cycle, piecewise
from minunet.seeds import generator
from minunet.unet import UNet

FLIPS = Augmentation(flip_left_right=True, flip_up_down=True)
PHOTOGRAPHS = Augmentation(flip_left_right=True, shift=0.2, brightness=0.2, contrast=0.4)


@dataclass(frozen=True)
class Config:
    """One experiment. `config.json` in the folder of a run holds one of these.

    Args:
        preset: the experiment that this began as: "cells", "pets" or "folder".
        data_dir: where the images are; None for data that are made.
        size: images are scaled to size x size pixels.
        base, depth, padding, norm: the network, see `UNet`.
        epochs, batch_size, lr: training; lr is the highest learning rate.
        schedule: "constant", "piecewise" (lr, and 1/3, 1/30, 1/300 of it from 20 %, 50 %, 80 % of the steps) or
            "one-cycle".
        class_weight: how much a pixel of each class counts; None means 1 for each.
        augmentation: what may happen to an image.
        seed: decides about everything random.
        count: how many training images are made, where they are made.
    """

    preset: str
    data_dir: str | None = None
    size: int = 128
    base: int = 16
    depth: int = 4
    padding: str = "same"
    norm: str | None = None
    epochs: int = 60
    batch_size: int = 10
    lr: float = 2e-3
    schedule: str = "one-cycle"
    class_weight: tuple[float, ...] | None = None
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = 0
    count: int = 0

    def to_json(self) -> dict[str, Any]:
        """As a dictionary that JSON can hold."""
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(values: dict[str, Any]) -> Config:
        """The way back. Raises InputError for anything that is no configuration."""
        try:
            weight = values.get("class_weight")
            weight = None if weight is None else tuple(weight)
            return Config(**{**values, "augmentation": Augmentation(**values["augmentation"]), "class_weight": weight})
        except (TypeError, KeyError, AttributeError) as error:
            raise InputError(f"This is not the configuration of a run of this version: {error}.") from error


PRESETS = {
    "cells": Config(
        "cells",
        size=64,
        depth=3,
        epochs=20,
        batch_size=5,
        lr=4e-3,
        class_weight=(1, 1, 2),
        count=240,
        augmentation=FLIPS,
    ),
    "pets": Config("pets", data_dir="data/oxford-iiit-pet", size=96, epochs=60, augmentation=PHOTOGRAPHS),
    "folder": Config("folder", size=128, epochs=60, augmentation=PHOTOGRAPHS),
}


def preset_for(data_dir: Path | None) -> str:
    """The preset if none is named: "cells" without a folder, else what the folder looks like."""
    if data_dir is None:
        return "cells"
    return "pets" if (data_dir / "annotations" / "trimaps").is_dir() else "folder"


def make_network(config: Config, classes: int) -> UNet:
    """The network of an experiment. Raises InputError if the images do not fit into it."""
    try:
        net = UNet(3, classes, config.base, config.depth, config.padding, config.norm)
        net.output_size(config.size, config.size)
    except ValueError as error:
        raise InputError(f"{error}.") from error
    return net


def make_schedule(config: Config, steps: int) -> Schedule:
    """The learning rate of each of `steps` steps."""
    if config.schedule == "constant":
        return constant(config.lr)
    if config.schedule == "piecewise":
        boundaries = [round(part * steps) for part in (0.2, 0.5, 0.8)]
        return piecewise([config.lr, config.lr / 3, config.lr / 30, config.lr / 300], boundaries)
    if config.schedule == "one-cycle":
        return one_cycle(config.lr, steps)
    raise InputError(f"schedule must be constant, piecewise or one-cycle, not {config.schedule!r}.")


class Data(NamedTuple):
    """The images of an experiment: to train on, to choose the best epoch by, and for the final test."""

    training: Dataset
    validation: Dataset
    test: Dataset

    def digests(self) -> list[str]:
        """A short text for each part, different for any other images."""
        return [part.digest() for part in self]


def load_data(config: Config) -> Data:
    """The images of an experiment. Raises InputError for anything that is wrong with them."""
    rng = generator(config.seed, "data")
    if config.preset == "cells":
        return Data(*(make_cells(count, config.size, rng) for count in (config.count, 40, 100)))
    if config.data_dir is None:
        raise InputError(f"The preset {config.preset} needs --data-dir.")
    load = load_pets if config.preset == "pets" else load_folder
    return Data(*load(Path(config.data_dir), config.size, rng))
