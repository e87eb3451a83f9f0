"""`--from`: a training that begins with the weights of another one, as far as they fit."""

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from minunet.data.lists import shorten
from minunet.errors import InputError
from minunet.exchange.files import SAFETENSORS, TORCH, about_of, load_state_dict
from minunet.model.checkpoint import load_checkpoint
from minunet.unet import Parameters, UNet

SWOLLEN = 20  # times as many numbers as it holds of it may the network have that a file names
FIRST, LAST = "input.conv1.weight", "out."  # their shapes depend on the channels of the pictures, and on the classes


class Source(NamedTuple):
    """Weights, the classes that they know, if the file says it, and the fields of Config that their network follows."""

    path: Path
    params: Parameters
    classes: tuple[str, ...] | None
    network: dict[str, Any]
    learnt: list[list[str]]  # of it, and of each that it began with, the digests of the images, if the file says it


def load_source(path: Path) -> Source:
    """The weights of a run (its folder), of a checkpoint, or of a state dict. Raises InputError if there are none."""
    network: dict[str, Any] = {}
    classes, learnt = None, [list[str]()]
    if path.suffix in (*TORCH, SAFETENSORS):
        params, about = load_state_dict(path), about_of(path)
        if isinstance(about.get("classes"), list):
            classes = tuple(map(str, about["classes"]))
        if isinstance(about.get("config"), dict) and about["config"].get("padding") in ("same", "valid"):
            network["padding"] = about["config"]["padding"]
    else:
        checkpoint = load_checkpoint(path / "best.npz" if path.is_dir() else path)
        params, classes, network = checkpoint.tested, checkpoint.classes, {"padding": checkpoint.config.padding}
        learnt = [checkpoint.data, *checkpoint.before]
    if FIRST not in params or params[FIRST].ndim != 4:
        raise InputError(f"{path} holds no network of minunet: of its names, {shorten(list(params))}, none is {FIRST}.")
    for name, array in params.items():
        if array.dtype != np.float32 or not np.isfinite(array).all():
            raise InputError(f"{path}: the numbers of {name} are not finite float32 numbers.")
    known = len(classes or ())
    shapes = {params[name].shape[-1:] for name in (f"{LAST}weight", f"{LAST}bias") if name in params}
    if classes is not None and (shapes != {(known,)} or len(set(classes)) < known):
        raise InputError(f"{path} names {known} classes, but its last layer has others: it is damaged.")
    network["base"] = params[FIRST].shape[3]
    network["depth"] = 1 + sum(name.startswith("down") and name.endswith(".conv1.weight") for name in params)
    network["norm"] = "group" if any(".norm1." in name for name in params) else None
    base, depth = network["base"], network["depth"]
    whole = UNet(1, 1, base, depth, norm=network["norm"]).shapes() if base and depth <= 12 else {}  # `UNet` says so
    held = sum(array.size for name, array in params.items() if name in whole)
    if sum(map(math.prod, whole.values())) > SWOLLEN * held:  # all of it would be made before anything is compared
        raise InputError(f"{path} names a network of base {base} and depth {depth}, and holds {held:,} numbers of it.")
    return Source(path, params, classes, network, learnt)


def taken_over(
    fresh: Parameters, source: Source, classes: tuple[str, ...], data: list[str]
) -> tuple[Parameters, list[str]]:
    """New parameters, with those of the source in the place of each that has the same name and shape; and what to say.

    Of the last layer each class takes over what belongs to a class of the same name. `data`: digests of the images of
    this run; they may be among those of the other one, which has learnt them. Raises InputError if nothing fits.
    """
    params, taken, begun = {}, 0, []
    heads = {weights[f"{LAST}weight"].shape[:-1] for weights in (fresh, source.params) if f"{LAST}weight" in weights}
    by_class = len(heads) == 1 and f"{LAST}weight" in source.params
    for name, array in fresh.items():
        theirs = source.params.get(name)
        params[name] = array
        if theirs is not None and name.startswith(LAST) and by_class and source.classes:
            params[name] = _by_class(array, theirs, source.classes, classes)
            if not any(each in source.classes for each in classes):
                continue
        elif theirs is not None and theirs.shape == array.shape and (len(heads) == 1 or not name.startswith(LAST)):
            params[name] = theirs.astype(array.dtype)
        else:
            there = "missing" if theirs is None else theirs.shape
            begun.append(f"{name} (there {there}, here {array.shape})")
            continue
        taken += 1
    if not taken:
        raise InputError(f"No weights of {source.path} fit this network: {shorten(begun)}.")
    said = [f"{taken} of {len(fresh)} parameters are taken over from {source.path}"]
    if begun:
        said.append(f"begun afresh, as they do not fit: {shorten(begun)}")
    if by_class and source.classes and (new := [name for name in classes if name not in source.classes]):
        kept = [name for name in classes if name in source.classes]
        gone = [name for name in source.classes if name not in classes]
        said.append(
            f"of the classes of its last layer taken over: {shorten(kept) or 'none'}; begun afresh: {shorten(new)}"
            + f"; left out: {shorten(gone)}" * bool(gone)
        )
    if not all(source.learnt):
        said.append("it does not say which images it has learnt: if test images are among them, the test says too much")
    elif any(each != data for each in source.learnt):
        said.append(
            "it has learnt other images, or these divided otherwise: if test images are among them, the test says too "
            "much"
        )
    if unused := [name for name in source.params if name not in fresh]:
        said.append(f"there, and not used here: {shorten(unused)}")
    return params, said


def _by_class(fresh: np.ndarray, theirs: np.ndarray, known: tuple[str, ...], classes: tuple[str, ...]) -> np.ndarray:
    """Of the last layer, (..., classes), what belongs to each class that is known."""
    array = fresh.copy()
    for place, name in enumerate(classes):
        if name in known:
            array[..., place] = theirs[..., known.index(name)]
    return array
