"""Checkpoints: everything that a run needs to go on to the same bits, or a network to predict, in one .npz file.

    params/NAME         the parameters
    optimizer/NAME      what the optimiser remembers
    meta                JSON text: the configuration, the step, the curves so far

An .npz is a zip of plain arrays: any NumPy reads it, and it cannot hold code (`allow_pickle=False`). Like all files of
a run it is written to a second file first and then renamed: a crash in the middle never costs the last good one.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from minunet.backend import Array, to_numpy
from minunet.errors import InputError
from minunet.unet import Parameters, UNet


@dataclass
class Checkpoint:
    """The contents of a checkpoint file; `meta` is what JSON can hold."""

    params: Parameters
    optimizer: dict[str, Array] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; the file is either the old one or the whole new one, never half of it."""
    arrays = {f"params/{name}": to_numpy(array) for name, array in checkpoint.params.items()}
    arrays |= {f"optimizer/{name}": to_numpy(array) for name, array in checkpoint.optimizer.items()}
    with whole_file(path, "wb") as file:
        np.savez(file, meta=np.array(json.dumps(checkpoint.meta)), **arrays)


@contextmanager
def whole_file(path: Path, mode: str = "w", **options: Any) -> Iterator[IO[Any]]:
    """Open a file to be written: at the end it stands there whole, and after a crash the old one is still there."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    with open(unfinished, mode, encoding=None if "b" in mode else "utf-8", **options) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint. Raises InputError if the file is missing, broken, or something else."""
    try:
        with open(path, "rb") as file:
            archive = np.load(file, allow_pickle=False)  # a plain .npy gives an array, which has no .files
            arrays = {name: archive[name] for name in archive.files}
        meta = json.loads(str(arrays.pop("meta")))
    except FileNotFoundError:
        raise InputError(
            f"There is no checkpoint {path}; a run keeps its own in its folder, such as runs/cells."
        ) from None
    except (OSError, ValueError, KeyError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is not a checkpoint of minunet, or it is damaged.") from error
    return Checkpoint(_part(arrays, "params/"), _part(arrays, "optimizer/"), meta)


def check_fits(params: Parameters, net: UNet, source: Path) -> None:
    """Raise InputError unless `params` are those of `net`: the same names, with the same shapes."""
    needed = net.shapes()
    for name, shape in needed.items():
        if name not in params:
            raise InputError(f"{source} belongs to another network: it has no parameter {name}.")
        if params[name].shape != shape:
            raise InputError(
                f"{source} belongs to another network: its {name} is {params[name].shape}, needed is {shape}."
            )
    extra = [name for name in params if name not in needed]
    if extra:
        raise InputError(f"{source} belongs to another network: it has the parameter {extra[0]} too many.")


def _part(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
