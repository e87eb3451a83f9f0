"""Named experiments, what `--preset` chooses from; and the images, optimiser and learning rates of one."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from minunet.backend import Array
from minunet.data.augment import Augmentation
from minunet.data.cells import make_cells
from minunet.data.dataset import Dataset, Splits
from minunet.data.folder import folder_files, folder_reader, read_folder
from minunet.data.index import Index, described, digest_of, index_of, state_of, worth_it
from minunet.data.nuclei import load_nuclei
from minunet.data.pets import FOLDER, load_pets, pets_files, pets_reader
from minunet.data.shelf import shapes
from minunet.data.view import choose_view
from minunet.errors import InputError
from minunet.model.config import Config
from minunet.optim import SGD, Adam, Optimizer, Schedule, constant, one_cycle, piecewise
from minunet.seeds import generator
from minunet.train.remarks import RAREST, shares

SMALLEST_CELLS = 2  # pixels a side
FLIPS = Augmentation(flip_left_right=True, flip_up_down=True)
PHOTOGRAPHS = Augmentation(
    flip_left_right=True, shift=0.15, brightness=0.2, contrast=0.4, rotation=20, scale=0.4, colour=0.1
)
PASTED = dataclasses.replace(PHOTOGRAPHS, paste=0.5)  # so that no animal is known by its lawn
PAPER = Augmentation(True, True, shift=0.1, brightness=0.1, contrast=0.2, rotation=180, elastic=10)  # section 3.1
MICROSCOPY = Augmentation(
    True, True, quarter_turns=True, rotation=45, scale=0.5, elastic=3, brightness=0.1, contrast=0.3
)

PRESETS = {  # of each its images and its network, and then how it is trained
    "cells": Config(
        "cells", size=64, count=240, depth=3,
        epochs=20, batch_size=5, lr=4e-3, class_weight=(1, 1, 2), augmentation=FLIPS,
    ),
    "pets": Config(
        "pets", data_dir=FOLDER, size=128, depth=5, dropout=0.3, norm="group",
        epochs=200, ema_decay=0.99, tta=True, augmentation=PASTED,
    ),
    "seed": Config(  # all as the notebook does it
        "seed", data_dir=FOLDER, pooled=True, size=100, centred=False, base=64, depth=3, padding="valid",
        labels="resized", epochs=50, batch_size=50, lr=3e-4, schedule="piecewise", class_weight=(1, 1, 2),
        augmentation=FLIPS,
    ),
    "nuclei": Config(
        "nuclei", data_dir="data/nuclei", size=128, pieces=True, stretch=True, base=24,
        epochs=200, batch_size=5, class_weight=(1, 1, 4), ema_decay=0.99, tta=True, augmentation=MICROSCOPY,
    ),
    "paper": Config(  # Ronneberger, Fischer and Brox (2015), on the nuclei; slow on a CPU
        "paper", data_dir="data/nuclei", size=572, pieces=True, stretch=True, base=64, depth=5, padding="valid",
        dropout=0.5, epochs=100, batch_size=1, lr=1e-3, schedule="constant", momentum=0.99, class_weight=(1, 1, 4),
        seam_weight=10, augmentation=PAPER,
    ),
    "folder": Config("folder", epochs=60, ema_decay=0.99, tta=True, augmentation=PHOTOGRAPHS),
}  # fmt: skip
# What --preset folder is for pictures that are seen in pieces, and where single objects are to be told apart.
PIECES = Config(
    "folder", size=192, pieces=True, rare=0.33, norm="group", epochs=120, batch_size=5, ema_decay=0.99, tta=True,
    augmentation=MICROSCOPY,
)  # fmt: skip
OBJECTS = dataclasses.replace(PIECES, class_weight=(1, 1, 4))
BALANCED = "balanced"  # --class-weight
MOST_PIECES = 500  # an epoch
VIEWS = {"whole": False, "pieces": True, "auto": None}


def preset_for(data_dir: Path | None) -> str:
    """The preset if none is named: "cells" without a folder, else what the folder looks like."""
    if data_dir is None:
        return "cells"
    if (data_dir / "stage1_train").is_dir():
        return "nuclei"
    return "pets" if (data_dir / "annotations" / "trimaps").is_dir() else "folder"


def folder_preset(folder: Path, view: str, size: int | None, scale: float | None) -> tuple[Config, str]:
    """What the folder's pictures ask for: whole ones, or pieces of them; and a sentence that says why.

    `size`, `scale`: to which whole ones, and by which pieces would be scaled, if somebody has said it.
    """
    whole = PRESETS["folder"]
    chosen = choose_view(folder, size or whole.size, VIEWS[view], scale or 1)
    preset = whole if not chosen.pieces else OBJECTS if chosen.objects else PIECES
    resolution = "full resolution" if scale in (None, 1) else f"{scale:g} of the resolution"
    kind = f"pieces at {resolution}" if chosen.pieces else "whole pictures, scaled"
    why = f"view: {kind}, as {chosen.reason}"
    if chosen.objects and not chosen.pieces:
        preset = dataclasses.replace(whole, class_weight=OBJECTS.class_weight)
    return preset, why


def weighted(config: Config, labels: Sequence[np.ndarray] | np.ndarray, classes: int, asked: str | None) -> Config:
    """The experiment with a weight for each class, if `--class-weight balanced` was `asked`, or nothing of pieces.

    `labels`: of the training images, as far as they count.

    Balanced, a class of n pixels gets a weight in proportion to 1 / n, so that each counts as much as any other one in
    the loss. Thin walls and lines are few of the pixels, and a gap in one joins what it parts: so in pieces of a folder
    they get the square root of that, where nobody asked for weights. The mean weight of all pixels is 1, and no class
    counts more than RAREST times as much as the most frequent one. A class that no training image shows is not rare but
    unknown: it gets the mean weight.
    """
    unasked = config.preset == "folder" and config.pieces and config.class_weight is None and config.loss != "dice"
    if asked != BALANCED and (asked is not None or not unasked):
        return config
    power = 1.0 if asked == BALANCED else 0.5
    parts = shares(labels, classes)
    weights = np.maximum(parts, parts.max() / RAREST ** (1 / power)) ** -power
    weights = np.where(parts > 0, weights / (parts * weights).sum(), 1)
    return dataclasses.replace(config, class_weight=tuple(float(f"{weight:.3g}") for weight in weights))


def make_optimizer(config: Config, state: dict[str, Array] | None = None) -> Optimizer:
    """What turns gradients into steps; it goes on with what it remembered in `state`, if that is given."""
    optimizer = Adam(config.lr) if config.momentum is None else SGD(config.lr, config.momentum)
    optimizer.state = optimizer.state if state is None else state
    return optimizer


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


def load_data(config: Config) -> Splits:
    """The images of an experiment. Raises InputError for anything that is wrong with them."""
    return load(config).splits


class Experiment(NamedTuple):
    """The images of an experiment, the experiment with what they say of themselves, and who divided them, in words."""

    splits: Splits
    config: Config
    dealt: str = ""
    known: Index | None = None  # of images that are worth one
    unread: bool = False  # whether that was known before, and each image is read when it is asked for


def load(config: Config, index: Index | None = None) -> Experiment:
    """The images of an experiment, and what they say of themselves. Raises InputError for anything wrong with them.

    `index`: of a run that goes on, with the `config` that this function gave: if no file has changed, none is read yet.
    """
    if config.preset == "cells":
        if config.count < 3:
            raise InputError(f"count: {config.count} training images are too few; 3 is the least.")
        if config.size < SMALLEST_CELLS:
            raise InputError(f"Cells are made from {SMALLEST_CELLS} pixels on, not with --size {config.size}.")
        streams = (generator(config.split_seed, "data", part) for part in range(3))  # whatever the sizes of the others
        counts = (config.count, 40, 100)
        parts = (make_cells(count, config.size, rng) for count, rng in zip(counts, streams, strict=True))
        return Experiment(Splits(*parts), config)
    if config.data_dir is None:
        raise InputError(f"The preset {config.preset} needs --data-dir.")
    folder, rng = Path(config.data_dir), generator(config.split_seed, "data")
    if config.preset in ("nuclei", "paper"):
        return Experiment(load_nuclei(folder, rng, config.border, config.scale), config)
    of_folder, size = config.preset == "folder", None if config.pieces else config.size
    states = {path: state_of(path) for path in (folder_files(folder) if of_folder else pets_files(folder))}
    files, large = digest_of(states), worth_it(states)
    if index and index.files == files:
        if of_folder:
            reader = folder_reader(folder, size, config.channels, config.ranges, border=config.border, page=config.page)
        else:
            reader = pets_reader(folder, config.size)
        if set().union(*index.parts) <= set(reader.pairs):
            return Experiment(described(index, reader, states), config, index.dealt, index, unread=True)
    del states  # many names
    if of_folder:
        loaded = read_folder(folder, size, rng, border=config.border, page=config.page, scale=config.scale)
        count = _piece_count(config, loaded.splits.training)
        config = dataclasses.replace(config, channels=loaded.channels, ranges=loaded.ranges, piece_count=count)
        splits, dealt = loaded.splits, loaded.dealt
    else:
        splits, dealt = load_pets(folder, config.size, rng, config.pooled), ""
    return Experiment(splits, config, dealt, index_of(splits, files, dealt) if large else None)


def _piece_count(config: Config, training: Dataset) -> int | None:
    """How many pieces show as many pixels as the training images have, or as many as are shown at most."""
    if not config.pieces or config.piece_count:
        return config.piece_count
    pixels = config.scale**2 * sum(math.prod(shape) for shape in shapes(training.labels))
    return int(min(MOST_PIECES, max(len(training), round(pixels / config.size**2))))
