"""Checkpoints: everything that a run needs to go on to the same bits, or a network to predict, in one .npz file.

    params/NAME         the parameters
    average/NAME        their running mean, if there is one
    optimizer/NAME      what the optimiser remembers
    meta                JSON text: the experiment, its classes, the step, the curves so far, and a digest of all of it

To hand a network on, `save_small` keeps a convolution's weight as whole numbers from -127 to 127, params8/NAME, and for
each output channel what they are multiplied with, scale/NAME: a byte a weight and not four.

An .npz is a zip of plain arrays: any NumPy reads it, and it cannot hold code (`allow_pickle=False`). Like all files of
a run it is written to a second file first and then renamed: a crash in the middle never costs the last good one.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from minunet.backend import Array, to_numpy
from minunet.errors import InputError, printable
from minunet.model.archive import read_archive, write_archive
from minunet.model.config import Config
from minunet.unet import Parameters, UNet


@dataclass
class Checkpoint:
    """Where a run stands: all that changes while it goes on, all that it needs to go on, and what predicts.

    Args:
        config, classes: the experiment, and the name of each class.
        params: the parameters; `average`: their running mean, if the experiment has one.
        optimizer: what the optimiser remembers.
        data: a digest of the images of each part.
        step: how many steps were made.
        loss_sum, seconds: over the images of the unfinished epoch, and spent on it.
        rows: of `metrics.csv`, one for each finished epoch.
        earlier: it comes from a version of minunet that dealt out the images and drew the batches in another way.
        blank: how many images of the unfinished epoch were in batches in which no pixel counts, whose loss is 0.
        before: the `data` of each run whose weights it began with, one after the other; none of one that began with
            random weights, and an empty list of one that does not say it.
    """

    config: Config
    classes: tuple[str, ...]
    params: Parameters
    average: Parameters = field(default_factory=dict)
    optimizer: dict[str, Array] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)
    step: int = 0
    loss_sum: float = 0.0
    seconds: float = 0.0
    rows: list[dict[str, Any]] = field(default_factory=list)
    earlier: bool = False
    blank: int = 0
    before: list[list[str]] = field(default_factory=list)

    @property
    def tested(self) -> Parameters:
        """The weights that are scored, and that predict: the running mean if there is one."""
        return self.average or self.params

    @property
    def epoch(self) -> int:
        """How many epochs are done."""
        return len(self.rows)


WEIGHTS = Path(__file__).parents[1] / "weights" / "pets.npz"  # that come along

# What the text of a file holds of a run in training, and of which type it is.
NUMBER = (int, float)
PROGRESS: dict[str, Any] = {
    "data": list, "before": list, "step": int, "loss_sum": NUMBER, "seconds": NUMBER, "blank": int, "rows": list,
}  # fmt: skip


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; the file is either the old one or the whole new one, never half of it."""
    parts = ("params", "average", "optimizer")
    arrays = {f"{part}/{name}": array for part in parts for name, array in getattr(checkpoint, part).items()}
    _write(path, checkpoint, arrays)


def save_weights(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint without what only training needs: the weights that are tested, as the parameters."""
    save_checkpoint(path, replace(checkpoint, params=checkpoint.tested, average={}, optimizer={}))


def save_small(path: Path, checkpoint: Checkpoint) -> None:
    """Write what is needed to predict, the weights of convolutions rounded to 8 bits."""
    arrays = {}
    for name, array in checkpoint.tested.items():
        array = to_numpy(array)
        if array.ndim < 4:  # biases, norms: few numbers
            arrays[f"params/{name}"] = array
            continue
        arrays[f"params8/{name}"], arrays[f"scale/{name}"] = rounded(array)
    _write(path, checkpoint, arrays, compressed=True)


def rounded(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A kernel (KH, KW, C, K) as int8, and by what to multiply each of its output channels, (K,)."""
    scale = np.abs(kernel).max(axis=(0, 1, 2)) / 127
    scale[scale == 0] = 1
    return np.rint(kernel / scale).clip(-127, 127).astype("int8"), scale  # of 1e-44, scale has few bits


def _write(path: Path, checkpoint: Checkpoint, arrays: dict[str, Array], *, compressed: bool = False) -> None:
    """Write these arrays, and all of the checkpoint that is no array."""
    meta = {"config": checkpoint.config.to_json(), "classes": list(checkpoint.classes)}
    meta |= {name: getattr(checkpoint, name) for name in PROGRESS}
    write_archive(path, meta, {name: to_numpy(array) for name, array in arrays.items()}, compressed)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint. Raises InputError if the file is missing, damaged, or something else."""
    try:
        meta, arrays = read_archive(path)
        values: Any = meta.get("config")
        classes: Any = meta.get("classes")
        progress = {name: meta[name] for name in PROGRESS if name in meta}
        if not all(isinstance(value, PROGRESS[name]) for name, value in progress.items()):
            raise ValueError("not the progress of a run")
        progress.setdefault("before", [[]])
        rows, step = progress.get("rows", []), progress.get("step", 0)
        if not all(isinstance(row, dict) and row.keys() == set(row_names(classes)) for row in rows):
            raise ValueError("not the rows of metrics.csv")
        numbers = [value for row in rows for value in row.values()]
        numbers += [value for name, value in progress.items() if name not in ("rows", "data", "before")]
        if not all(type(value) is float or (type(value) is int and abs(value) < 2**63) for value in numbers):
            raise ValueError("not numbers")
        left = progress.get("loss_sum", 0.0), progress.get("seconds", 0.0)
        numbered = [row["epoch"] for row in rows] == list(range(1, len(rows) + 1))
        if not numbered or min(step, progress.get("blank", 0)) < 0 or not all(map(isfinite, left)):
            raise ValueError("not the epochs of a run")
        params, scales = _part(arrays, "params/"), _part(arrays, "scale/")
        for name, array in _part(arrays, "params8/").items():
            if array.dtype != "int8" or scales[name].shape != array.shape[-1:] or scales[name].dtype != "float32":
                raise ValueError("not rounded to 8 bits")
            params[name] = array * scales[name]
    except FileNotFoundError:
        if path.name == "best.npz" and path.with_name("last.npz").exists():
            raise InputError(
                f"There is no {path} yet: no epoch of this run is finished. If it was stopped, it goes on with "
                f"python -m minunet.train --resume {path.parent}"
            ) from None
        raise InputError(
            f"There is no checkpoint {path}; a run keeps its own in its folder, such as runs/cells, and the weights "
            f"that come along are {WEIGHTS}."
        ) from None
    except MemoryError:
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # a damaged zip makes zipfile, zlib and NumPy raise nearly anything
        raise InputError(f"{path} is not a checkpoint of minunet, or it is damaged.") from error
    config = Config.from_json(values if isinstance(values, dict) else {})
    check_classes(path, classes)
    average, optimizer = _part(arrays, "average/"), _part(arrays, "optimizer/")
    earlier = "split_seed" not in values
    return Checkpoint(config, tuple(classes), params, average, optimizer, earlier=earlier, **progress)


def row_names(classes: Sequence[str]) -> list[str]:
    """The columns of `metrics.csv`, which are the names of a row."""
    scores = ("train_loss", "val_loss", "pixel_accuracy", "mean_iou")
    return ["epoch", *scores, *(f"iou_{name}" for name in classes), "seconds"]


def check_classes(path: Path, classes: Any) -> None:
    """Raise InputError unless these are the names of at least two classes, each of which can be shown."""
    if not isinstance(classes, list) or not all(isinstance(name, str) and name.strip() for name in classes):
        raise InputError(f"{path} does not say which classes it knows.")
    if not 2 <= len(classes) <= 256 or len(set(classes)) < len(classes):
        raise InputError(f"{path} names {len(classes)} classes; there can be 2 to 256, each with a name of its own.")
    if hidden := [name for name in classes if printable(name) != name]:
        raise InputError(f"{path}: the name of a class cannot be shown: {hidden[0]!r}.")


def same_run(best: Checkpoint, run: Checkpoint) -> bool:
    """Whether `best` holds weights of this run: of the same experiment, on the same images, with the same scores."""

    def told(checkpoint: Checkpoint) -> str:
        shared = min(best.epoch, run.epoch)
        rows = [{name: row[name] for name in row if name != "seconds"} for row in checkpoint.rows[:shared]]
        config = replace(checkpoint.config, data_dir=None)
        return json.dumps([config.to_json(), checkpoint.classes, checkpoint.data, rows])

    return told(best) == told(run)


def best_epoch(rows: list[dict[str, Any]]) -> int:
    """The number of the epoch with the best mean IoU on the validation images, the last of several."""
    return max((row["mean_iou"], row["epoch"]) for row in rows)[1]


def check_fits(params: Parameters, net: UNet, source: Path) -> None:
    """Raise InputError unless `params` are those of `net`: the same names, with the same shapes."""
    needed, other = net.shapes(), f"{source} belongs to another network"
    for name, shape in needed.items():
        if name not in params:
            raise InputError(f"{other}: it has no parameter {name}.")
        if params[name].shape != shape:
            raise InputError(f"{other}: its {name} is {params[name].shape}, needed is {shape}.")
        if params[name].dtype != np.float32 or not np.isfinite(params[name]).all():
            raise InputError(f"{source}: the numbers of {name} are not finite float32 numbers; training went wrong.")
    if extra := [name for name in params if name not in needed]:
        raise InputError(f"{other}: it has the parameter {extra[0]} too many.")


def _part(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
