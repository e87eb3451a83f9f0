"""State dicts on disk: PyTorch's own format (.pt, .pth) and safetensors; PyTorch's order of axes in both."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from minunet.errors import InputError
from minunet.exchange.axes import from_torch_order, to_torch_order
from minunet.files import whole_file
from minunet.unet import Parameters

TORCH, SAFETENSORS = (".pt", ".pth"), ".safetensors"


def check_ending(path: Path) -> None:
    """Raise InputError unless the file's name says which format it has."""
    if path.suffix not in (*TORCH, SAFETENSORS):
        raise InputError(f"{path} should end in .pt or .pth (PyTorch) or in .safetensors.")


def save_state_dict(path: Path, params: Parameters, about: dict[str, Any]) -> None:
    """Write parameters; `about`, what JSON can hold, is kept in the header of a safetensors file."""
    check_ending(path)
    if path.suffix == SAFETENSORS:
        try:
            from safetensors.numpy import save
        except ImportError:
            raise InputError(f"{path} needs the package safetensors: pip install 'minunet[export]'.") from None
        data = save(to_torch_order(params), {"minunet": json.dumps(about)})
        with whole_file(path, "wb") as file:
            file.write(data)
        return
    torch, to_torch, _ = _torch(path)
    with whole_file(path, "wb") as file:
        torch.save(to_torch(params), file)


def load_state_dict(path: Path) -> Parameters:
    """Read parameters, float32. Raises InputError for anything that is no state dict; no code is run."""
    check_ending(path)
    try:
        if path.suffix == SAFETENSORS:
            from safetensors.numpy import load

            arrays = from_torch_order(load(path.read_bytes()))
        else:
            torch, _, from_torch = _torch(path)
            state = torch.load(path, map_location="cpu", weights_only=True)
            arrays = from_torch({name: tensor.float() for name, tensor in state.items()})
    except FileNotFoundError:
        raise InputError(f"{path} does not exist.") from None
    except (InputError, MemoryError):
        raise
    except ImportError:
        raise InputError(f"{path} needs the package safetensors: pip install 'minunet[export]'.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    except Exception as error:  # damaged files make both libraries raise nearly anything
        kinds = "float32 or float16" if path.suffix == SAFETENSORS else "floating-point"
        raise InputError(f"{path} is not a state dict of {kinds} numbers, or it is damaged.") from error
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def _torch(path: Path) -> tuple[Any, Any, Any]:
    try:
        import torch

        from minunet.exchange.torch_bridge import from_torch, to_torch
    except ImportError:
        raise InputError(f"{path} needs PyTorch: pip install torch. A .safetensors file does not.") from None
    return torch, to_torch, from_torch
