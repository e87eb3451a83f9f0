"""Checkpoints: everything that a run needs to go on to the same bits, or a network to predict, in one .npz file.

    params/NAME         the parameters
    average/NAME        their running mean, if there is one
    optimizer/NAME      what the optimiser remembers
    meta                JSON text: the configuration, the step, the curves so far

To hand a network on, `save_small` keeps a convolution's weight as whole numbers from -127 to 127, params8/NAME, and for
each output channel what they are multiplied with, scale/NAME: a byte a weight and not four.

An .npz is a zip of plain arrays: any NumPy reads it, and it cannot hold code (`allow_pickle=False`). Like all files of
a run it is written to a second file first and then renamed: a crash in the middle never costs the last good one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from minunet.backend import Array, to_numpy
from minunet.errors import InputError
from minunet.files import whole_file
from minunet.unet import Parameters, UNet


@dataclass
class Checkpoint:
    """The contents of a checkpoint file; `meta` is what JSON can hold."""

    params: Parameters
    optimizer: dict[str, Array] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    average: Parameters = field(default_factory=dict)

    @property
    def tested(self) -> Parameters:
        """The weights that are scored, and that predict: the running mean if there is one."""
        return self.average or self.params


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; the file is either the old one or the whole new one, never half of it."""
    arrays = {f"params/{name}": to_numpy(array) for name, array in checkpoint.params.items()}
    arrays |= {f"average/{name}": to_numpy(array) for name, array in checkpoint.average.items()}
    arrays |= {f"optimizer/{name}": to_numpy(array) for name, array in checkpoint.optimizer.items()}
    with whole_file(path, "wb") as file:
        np.savez(file, meta=np.array(json.dumps(checkpoint.meta)), **arrays)


def save_small(path: Path, checkpoint: Checkpoint) -> None:
    """Write what is needed to predict, the weights of convolutions rounded to 8 bits."""
    arrays: dict[str, np.ndarray] = {}
    for name, array in checkpoint.tested.items():
        array = to_numpy(array)
        if array.ndim < 4:  # biases, norms: few numbers
            arrays[f"params/{name}"] = array
            continue
        scale = np.abs(array).max(axis=(0, 1, 2)) / 127  # (K,), from (KH, KW, C, K)
        scale[scale == 0] = 1
        arrays[f"params8/{name}"] = np.rint(array / scale).astype("int8")
        arrays[f"scale/{name}"] = scale
    with whole_file(path, "wb") as file:
        np.savez_compressed(file, meta=np.array(json.dumps(checkpoint.meta)), **arrays)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint. Raises InputError if the file is missing, broken, or something else."""
    try:
        with open(path, "rb") as file:
            archive = np.load(file, allow_pickle=False)  # a plain .npy gives an array, which has no .files
            arrays = {name: archive[name] for name in archive.files}
        meta = json.loads(str(arrays.pop("meta")))
        if not isinstance(meta, dict):
            raise ValueError("meta is no dictionary")
        params, scales = _part(arrays, "params/"), _part(arrays, "scale/")
        params |= {name: array * scales[name] for name, array in _part(arrays, "params8/").items()}
    except FileNotFoundError:
        raise InputError(
            f"There is no checkpoint {path}; a run keeps its own in its folder, such as runs/cells."
        ) from None
    except MemoryError:
        raise
    except Exception as error:  # a damaged zip makes zipfile, zlib and NumPy raise nearly anything
        raise InputError(f"{path} is not a checkpoint of minunet, or it is damaged.") from error
    return Checkpoint(params, _part(arrays, "optimizer/"), meta, _part(arrays, "average/"))


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
        if params[name].dtype != np.float32 or not np.isfinite(params[name]).all():
            raise InputError(f"{source}: the numbers of {name} are not finite float32 numbers; training went wrong.")
    extra = [name for name in params if name not in needed]
    if extra:
        raise InputError(f"{source} belongs to another network: it has the parameter {extra[0]} too many.")


def _part(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
