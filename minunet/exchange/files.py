"""State dicts on disk: PyTorch's own format (.pt, .pth) and safetensors; PyTorch's order of axes in both."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from minunet.backend import imported
from minunet.errors import InputError
from minunet.exchange.axes import from_torch_order, to_torch_order
from minunet.files import refuse_swollen, whole_file
from minunet.unet import Parameters

TORCH, SAFETENSORS = (".pt", ".pth"), ".safetensors"
WRAPPED, PREFIX = ("state_dict", "model_state_dict"), "module."  # the last by torch.nn.DataParallel


def check_ending(path: Path) -> None:
    """Raise InputError unless the file's name says which format it has."""
    if path.suffix not in (*TORCH, SAFETENSORS):
        raise InputError(f"{path} should end in .pt or .pth (PyTorch) or in .safetensors.")


def save_state_dict(path: Path, params: Parameters, about: dict[str, Any]) -> None:
    """Write parameters; `about`, what JSON can hold, is kept in the header of a safetensors file."""
    package = _package(path)
    with whole_file(path, "wb") as file:
        if path.suffix == SAFETENSORS:
            file.write(package.save(to_torch_order(params), {"minunet": json.dumps(about)}))
        else:
            from minunet.exchange.torch_bridge import to_torch

            package.save(to_torch(params), file)


def load_state_dict(path: Path) -> Parameters:
    """Read parameters, float32. Raises InputError for anything that is no state dict; no code is run."""
    package = _package(path)
    try:
        refuse_swollen(path)
        if path.suffix == SAFETENSORS:
            arrays = from_torch_order(_own_names(package.load_file(path)))
            whole = [name for name, array in arrays.items() if array.dtype.kind != "f"]
        else:
            from minunet.exchange.torch_bridge import from_torch

            state = _own_names(package.load(path, map_location="cpu", weights_only=True))
            if any(each.numel() * each.element_size() > each.untyped_storage().nbytes() for each in state.values()):
                raise ValueError("a tensor repeats a few numbers, and would fill the memory with them")
            whole = [name for name, tensor in state.items() if not tensor.is_floating_point()]
            arrays = from_torch({name: tensor.float() for name, tensor in state.items()})
    except FileNotFoundError:
        raise InputError(f"{path} does not exist.") from None
    except MemoryError:
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    except Exception as error:  # damaged files make both libraries raise nearly anything
        kinds = "float32 or float16" if path.suffix == SAFETENSORS else "floating-point"
        raise InputError(f"{path} is not a state dict of {kinds} numbers, or it is damaged.") from error
    if whole:
        raise InputError(f"{path}: {whole[0]} holds whole numbers, and weights are floating-point numbers.")
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def _own_names(state: dict[str, Any]) -> dict[str, Any]:
    """The tensors by their names, as training scripts pack them: below "state_dict", or each as "module.NAME"."""
    for name in WRAPPED:
        if isinstance(state.get(name), dict):
            state = state[name]
    if not all(isinstance(name, str) for name in state):
        raise ValueError("a name is no text")
    prefixed = all(name.startswith(PREFIX) for name in state)
    return {name.removeprefix(PREFIX): tensor for name, tensor in state.items()} if prefixed else state


def about_of(path: Path) -> dict[str, Any]:
    """What a safetensors file that was written here says of itself: see `Model.about`; nothing of others."""
    if path.suffix != SAFETENSORS:
        return {}
    with imported("safetensors").safe_open(path, "np") as file:
        about = (file.metadata() or {}).get("minunet", "{}")
    try:
        return dict(json.loads(about))
    except (ValueError, TypeError, RecursionError):
        return {}


def _package(path: Path) -> ModuleType:
    """What reads and writes the format of the file. Raises InputError for other endings, or if it is not installed."""
    check_ending(path)
    name, needs = "torch", "PyTorch: pip install torch. A .safetensors file does not."
    if path.suffix == SAFETENSORS:
        name, needs = "safetensors.numpy", "the package safetensors: pip install 'minunet[export]'."
    try:
        return imported(name)
    except ImportError:
        raise InputError(f"{path} needs {needs}") from None
