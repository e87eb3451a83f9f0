"""The one file that knows there are two array libraries, NumPy and CuPy.

Layers never import CuPy. They ask `array_module(x)` for the library that `x` belongs to, and call that.
So the same line of code runs on the CPU for a NumPy array and on the GPU for a CuPy array.
"""

import sys
from functools import lru_cache
from importlib import import_module, metadata
from types import ModuleType
from typing import Any

import numpy as np

from minunet.errors import InputError

Array = Any  # a numpy.ndarray or a cupy.ndarray
LEAST_MEMORY = 500  # MiB of a GPU


def array_module(*arrays: Array) -> ModuleType:
    """The library that `arrays` belong to: the module `cupy` if one of them lies on a GPU, else `numpy`.

    If there is a CuPy array, then somebody has imported CuPy already; so `sys.modules` answers without an
    import, and a run on the CPU never pays for one.
    """
    cupy = sys.modules.get("cupy")
    if cupy is not None and any(isinstance(array, cupy.ndarray) for array in arrays):
        return cupy
    return np


def imported(name: str) -> ModuleType:
    """An optional package. Raises ImportError, also where there is nothing but a folder of its name.

    Python takes such a folder for a package, wherever it looks: one of results, or what an uninstallation has left.
    """
    module = import_module(name)
    if module.__spec__ is not None and module.__spec__.origin is None:
        del sys.modules[name]
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return module


@lru_cache
def why_no_torch() -> str | None:
    """None if PyTorch can be used, otherwise what hinders it."""
    try:
        imported("torch")
    except ModuleNotFoundError:
        return "PyTorch is not installed (pip install torch)"
    except (ImportError, OSError) as error:
        return f"PyTorch is installed but cannot be imported ({error})"
    return None


def why_no_gpu() -> str | None:
    """None if a GPU can be used through CuPy, otherwise a sentence that says why not.

    `import cupy` succeeds on a machine without a driver, so it proves nothing: we also ask for a device, run one
    operation on it, and see whether cuBLAS, a library of its own, is there.
    """
    try:
        cupy = imported("cupy")
    except ModuleNotFoundError:
        return "CuPy is not installed (for NVIDIA: pip install 'cupy-cuda12x[ctk]')."
    except Exception as error:
        return f"CuPy is installed, but it cannot be imported: {error}."
    installed = {(each.metadata["Name"] or "").lower() for each in metadata.distributions()}
    several = sorted(name for name in installed if name.startswith("cupy"))
    if len(several) > 1:
        return f"Only one CuPy can be installed, here are {' and '.join(several)}: uninstall all, and install one."
    try:
        if not cupy.cuda.is_available():
            return "CuPy is installed, but it finds no NVIDIA GPU or no driver for it."
        if int(cupy.arange(3).sum()) != 3:
            return "CuPy finds a GPU, but a sum on it came out wrong."
        free = cupy.cuda.runtime.memGetInfo()[0] // 2**20
        if free < LEAST_MEMORY:
            return f"The GPU has only {free} MiB of free memory, and {LEAST_MEMORY} MiB is the least that makes sense."
        cupy.cuda.device.get_cublas_handle()
    except Exception as error:  # CuPy raises many kinds: CUDARuntimeError, ImportError, CompileException
        return f"CuPy finds a GPU, but one operation on it failed: {error}."
    return None


def choose_device(device: str = "auto") -> str:
    """Turn 'auto', 'cpu' or 'gpu' into 'cpu' or 'gpu'. Raises InputError for 'gpu' where there is none."""
    if device not in ("auto", "cpu", "gpu"):
        raise InputError(f"device must be auto, cpu or gpu, not {device!r}")
    reason = None if device == "cpu" else why_no_gpu()
    if device == "gpu" and reason:
        raise InputError(f"No GPU can be used: {reason} Use --device cpu.")
    return "cpu" if device == "cpu" or reason else "gpu"


def to_device(array: Array, device: str) -> Array:
    """`array` on `device` ('cpu' or 'gpu'); the same object if it is there already.

    Raises InputError for another device, or without CuPy.
    """
    if device == "cpu":
        return to_numpy(array)
    if device != "gpu":
        raise InputError(f"device must be cpu or gpu, not {device!r}.")
    try:
        cupy = imported("cupy")
    except ImportError:
        raise InputError(f"No GPU can be used: {why_no_gpu()}") from None
    return cupy.asarray(array)


def to_numpy(array: Array) -> np.ndarray:
    """`array` as a NumPy array, copied from the GPU if it lies there."""
    return np.asarray(array) if array_module(array) is np else array.get()
