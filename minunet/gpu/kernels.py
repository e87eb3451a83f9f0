"""The CUDA kernels of this folder, the .cu files, compiled by CuPy (NVRTC) when they are first used.

No thread of a kernel needs to know of another, so that a kernel can be read, and tested, as a loop over its threads. No
two threads add to one place: two runs give the same bits.
"""

from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from minunet.backend import Array

THREADS = 256  # in a block
OPTIONS = ("--std=c++17",)
MOST_PARTS = 65535  # blocks along a row
MOST = 2**31 - 1  # what an int, and the number of blocks, can count to


def source(file: str) -> str:
    """The CUDA C of `file`.cu in this folder."""
    return resources.files(__package__).joinpath(f"{file}.cu").read_text(encoding="utf-8")


@cache
def _module(file: str) -> Any:
    import cupy

    return cupy.RawModule(code=source(file), options=OPTIONS)


@cache
def _kernel(file: str, name: str) -> Any:
    return _module(file).get_function(name)


def launch(file: str, name: str, rows: int, width: int, *arguments: Any) -> None:
    """Start the kernel `name` of `file`.cu with `rows` x at least `width` threads, blockIdx.x being the row.

    Arguments: C-contiguous float32 arrays (other layouts must be said by the numbers that follow), None for no array,
    int and float for the kernel's int and float.
    """
    if width > THREADS * MOST_PARTS:
        raise ValueError(f"{name}: a row of {width} numbers is too long for a GPU; smaller images have shorter ones")
    _kernel(file, name)((rows, -(-width // THREADS)), (THREADS,), tuple(map(_argument, arguments)))


def _argument(value: Any) -> Any:
    """CuPy hands Python's numbers on with 8 bytes, but the kernels' are of 4."""
    if value is None:
        return np.uintp(0)
    if isinstance(value, int):
        return np.int32(value)
    return np.float32(value) if isinstance(value, float) else value


def serves(*arrays: Array | None) -> bool:
    """Whether the kernels can work on these arrays: float32, and few enough numbers for an int."""
    return all(array is None or (array.dtype == np.float32 and array.size <= MOST) for array in arrays)
