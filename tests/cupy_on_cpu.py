"""A stand-in for CuPy that computes on the CPU, for tests of what runs on a GPU where there is none.

It is as strict as a GPU, or stricter:

- arrays of NumPy and "of the GPU" do not mix, in no function and no operator: TypeError, as in CuPy;
- fresh memory is NaN, and has NaN before and behind it that nobody may change: `check_memory`;
- kernels are the real CUDA C, compiled as C++ and run as loops over blocks and threads;
- cublasSgemmStridedBatched gets addresses and counts down columns, as the real one does, and refuses the same leading
  dimensions; every matrix must lie in memory that was asked for;
- every transfer and every wait for the GPU is counted: `counts`.

What it cannot show: speed, and races between threads. The kernels have none, as no two threads write to one place.
"""

import contextlib
import ctypes
import hashlib
import re
import subprocess
import sys
import tempfile
import weakref
from collections import Counter
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

MARGIN = 512  # bytes before and behind each array
counts: Counter[str] = Counter()
_memory: dict[int, Any] = {}  # address -> weak reference to the bytes of an array


class ndarray(np.ndarray):
    """An array "of the GPU"."""

    @property
    def data(self) -> Any:  # type: ignore[override]
        return SimpleNamespace(ptr=self.ctypes.data)

    def get(self, stream: Any = None, out: np.ndarray | None = None, blocking: bool = True) -> np.ndarray:
        counts["download" if blocking else "download, later"] += 1
        out = np.empty(self.shape, self.dtype) if out is None else out
        out[...] = _plain(self)
        return out

    def set(self, array: np.ndarray, stream: Any = None) -> None:
        counts["upload"] += 1
        assert array.dtype == self.dtype and array.shape == self.shape
        _plain(self)[...] = array

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        if out is not None:
            kwargs["out"] = tuple(map(_plain, out))
        result = getattr(ufunc, method)(
            *map(_plain, inputs),
            **{k: _plain(v) for k, v in kwargs.items() if k != "out"},
            **({"out": kwargs["out"]} if out is not None else {}),
        )
        return out[0] if out is not None else _wrap(result)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        raise TypeError(f"numpy.{function.__name__} was called with an array of the GPU")

    def __getitem__(self, key: Any) -> Any:
        return _wrap(_plain(self)[_plain(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        _plain(self)[_plain(key)] = _plain(value)


def _waiting(name: str) -> Any:
    def method(self: ndarray, *args: Any) -> Any:
        counts["wait"] += 1
        return getattr(_plain(self), name)(*args)

    return method


for _name in ("__bool__", "__int__", "__float__", "__index__", "item", "tolist"):
    setattr(ndarray, _name, _waiting(_name))


def _copying(name: str) -> Any:
    def method(self: ndarray, *args: Any, **kwargs: Any) -> Any:
        return _wrap(getattr(_plain(self), name)(*args, **kwargs))

    return method


for _name in ("copy", "astype", "reshape", "ravel", "flatten"):  # into guarded memory, if it is new
    setattr(ndarray, _name, _copying(_name))


def _plain(value: Any) -> Any:
    """For NumPy: arrays of the GPU as NumPy's, alone or in tuples and lists. NumPy's own are not allowed."""
    if isinstance(value, ndarray):
        return np.ndarray.view(value, np.ndarray)
    if isinstance(value, np.ndarray) and value.ndim:
        raise TypeError(f"Unsupported type {type(value)}: an array of NumPy met one of the GPU")
    if isinstance(value, (tuple, list)):
        return type(value)(map(_plain, value))
    return value


def _wrap(value: Any) -> Any:
    """What NumPy made of arrays of the GPU, as one of the GPU: a view stays one, new numbers go to guarded memory."""
    if isinstance(value, (tuple, list)):
        return type(value)(map(_wrap, value))
    if not isinstance(value, (np.ndarray, np.generic)):
        return value
    owner = value
    while getattr(owner, "base", None) is not None:
        owner = owner.base
    return value.view(ndarray) if isinstance(owner, _Guarded) else _new(np.asarray(value))


class _Guarded(np.ndarray):
    """The bytes of an array, and its margins, which are looked at when the array is freed."""

    def __del__(self) -> None:
        if self.base is None:
            _memory.pop(self.ctypes.data, None)
            _check(self)


def _check(raw: np.ndarray) -> None:
    raw = raw.view(np.ndarray)
    assert (raw[:MARGIN] == 0xFF).all() and (raw[-MARGIN:] == 0xFF).all(), "a kernel wrote beside an array"


def check_memory() -> None:
    """Nobody has written beside an array that is still there."""
    for _, raw, _ in _live():
        _check(raw)


def _live() -> list[tuple[int, np.ndarray, int]]:
    """Where the arrays begin, their memory, and how many bytes they are."""
    found = [(address, reference()) for address, reference in list(_memory.items())]  # other threads make arrays, too
    return [(address + MARGIN, raw, raw.size - 2 * MARGIN) for address, raw in found if raw is not None]


def _empty(shape: Any, dtype: Any = float) -> np.ndarray:
    """Fresh memory: NaN, and guarded."""
    dtype, shape = np.dtype(dtype), (shape,) if isinstance(shape, int) else tuple(shape)
    size = int(np.prod(shape, dtype="int64")) * dtype.itemsize
    raw = np.ndarray.__new__(_Guarded, 2 * MARGIN + size, "uint8")
    raw.view(np.ndarray)[...] = 0xFF  # floats of ones only are NaN
    _memory[raw.ctypes.data] = weakref.ref(raw)
    return np.ndarray(shape, dtype, raw, MARGIN).view(ndarray)


def _new(array: np.ndarray) -> np.ndarray:
    fresh = _empty(array.shape, array.dtype)
    _plain(fresh)[...] = array
    return fresh


def _filled(shape: Any, value: Any, dtype: Any = float) -> np.ndarray:
    array = _empty(shape, dtype)
    _plain(array)[...] = value
    return array


def _asarray(value: Any, dtype: Any = None) -> np.ndarray:
    if isinstance(value, ndarray):
        return _wrap(_plain(value).astype(dtype or value.dtype, copy=False))
    counts["upload"] += 1
    return _new(np.asarray(value, dtype))


# --------------------------------------------------------------------------------------------
# Kernels
# --------------------------------------------------------------------------------------------

PRELUDE = """
#include <algorithm>
#include <cmath>
#include <cstddef>
using std::min;
using std::max;
static struct { unsigned x, y, z; } blockIdx, blockDim, threadIdx, gridDim;
#define __global__
#define __device__
"""
LAUNCHER = """
extern "C" void run_{name}(unsigned grid_x, unsigned grid_y, unsigned threads, {parameters}) {{
    gridDim.x = grid_x; gridDim.y = grid_y; blockDim.x = threads;
    for (blockIdx.y = 0; blockIdx.y < grid_y; blockIdx.y++)
        for (blockIdx.x = 0; blockIdx.x < grid_x; blockIdx.x++)
            for (threadIdx.x = 0; threadIdx.x < threads; threadIdx.x++) {name}({names});
}}
"""
_folder = Path(tempfile.gettempdir()) / "minunet-kernels"


class RawModule:
    """The kernels of a CUDA C source, compiled as C++."""

    def __init__(self, code: str, options: tuple[str, ...] = ()) -> None:
        source = PRELUDE + code
        for name, parameters in re.findall(r'extern "C" __global__ void (\w+)\(([^)]*)\)', code):
            names = ", ".join(re.findall(r"(\w+)\s*(?:,|$)", parameters))
            source += LAUNCHER.format(name=name, parameters=parameters, names=names)
        _folder.mkdir(exist_ok=True)
        library = _folder / f"{hashlib.sha256(source.encode()).hexdigest()[:20]}.so"
        if not library.exists():
            file, made = library.with_suffix(".cpp"), library.with_suffix(f".{id(self)}")
            file.write_text(source)
            command = [
                "g++",
                "-std=c++17",
                "-O2",
                "-ffp-contract=off",
                "-Wall",
                "-Wno-unknown-pragmas",
                "-Werror",
                "-shared",
            ]
            subprocess.run([*command, "-fPIC", "-o", made, file], check=True)
            made.rename(library)
        self.library = ctypes.CDLL(str(library))

    def get_function(self, name: str) -> Any:
        function = getattr(self.library, f"run_{name}")
        function.restype = None

        def call(grid: tuple[int, ...], block: tuple[int, ...], arguments: tuple) -> None:
            counts[name] += 1
            assert 1 <= grid[0] < 2**31 and 1 <= grid[1] <= 65535 and 1 <= block[0] <= 1024
            sizes = (ctypes.c_uint(each) for each in (grid[0], grid[1], block[0]))
            function(*sizes, *map(_as_c, arguments))

        return call


def _as_c(value: Any) -> Any:
    if isinstance(value, ndarray):
        return ctypes.c_void_p(value.ctypes.data)
    if isinstance(value, np.ndarray):  # a struct, by value

        class Struct(ctypes.Structure):
            _fields_ = [("bytes", ctypes.c_byte * value.nbytes)]

        return Struct.from_buffer_copy(value.tobytes())
    return {"i4": ctypes.c_int, "f4": ctypes.c_float, "u8": ctypes.c_void_p}[value.dtype.str[1:]](value.item())


# --------------------------------------------------------------------------------------------
# cuBLAS
# --------------------------------------------------------------------------------------------


def _column_major(address: int, rows: int, columns: int, step: int, stride: int, batch: int) -> np.ndarray:
    """(batch, rows, columns), a view, after the checks of cuBLAS, and whether it lies in one array."""
    assert step >= max(1, rows), f"cuBLAS: leading dimension {step} < {rows} rows"
    last = address + 4 * ((batch - 1) * stride + (columns - 1) * step + rows)
    assert any(start <= address and last <= start + size for start, _, size in _live()), "a matrix beyond its array"
    flat = np.ctypeslib.as_array((ctypes.c_float * ((last - address) // 4)).from_address(address))
    return np.lib.stride_tricks.as_strided(flat, (batch, rows, columns), (4 * stride, 4, 4 * step))


TF32 = 3  # cublasMath_t
_math = 0


def _set_math_mode(handle: int, mode: int) -> None:
    global _math
    _math = mode


def _round_to_tf32(values: np.ndarray) -> np.ndarray:
    """float32 with 10 bits of mantissa instead of 23."""
    bits = np.ascontiguousarray(values).view("uint32") + np.uint32(1 << 12)
    return (bits & np.uint32(0xFFFFE000)).view("float32")


def _sgemm_strided_batched(
    handle: int, ta: int, tb: int, m: int, n: int, k: int, alpha: int, a: int, lda: int, stride_a: int,
    b: int, ldb: int, stride_b: int, beta: int, c: int, ldc: int, stride_c: int, batch: int,
) -> None:  # fmt: skip
    counts["product"] += 1
    first = _column_major(a, *((k, m) if ta else (m, k)), lda, stride_a, batch)
    second = _column_major(b, *((n, k) if tb else (k, n)), ldb, stride_b, batch)
    out = _column_major(c, m, n, ldc, stride_c, batch)
    if _math == TF32:
        first, second = map(_round_to_tf32, (first, second))
    factors = [ctypes.c_float.from_address(each).value for each in (alpha, beta)]
    result = factors[0] * (first.swapaxes(1, 2) if ta else first) @ (second.swapaxes(1, 2) if tb else second)
    out[...] = result + factors[1] * out if factors[1] else result  # with beta = 0, a NaN in C does not count


# --------------------------------------------------------------------------------------------
# The modules
# --------------------------------------------------------------------------------------------


class Event:
    def __init__(self, block: bool = False, disable_timing: bool = False, interprocess: bool = False) -> None: ...

    def record(self, stream: Any = None) -> None: ...

    def synchronize(self) -> None:
        counts["wait for an event"] += 1


class Stream:
    def __init__(self, null: bool = False, non_blocking: bool = False) -> None: ...

    def wait_event(self, event: Event) -> None: ...


class _CuPy(ModuleType):
    """Whatever is not below is NumPy's, on arrays of the GPU."""

    def __getattr__(self, name: str) -> Any:
        of_numpy = getattr(np, name)
        if isinstance(of_numpy, type) or not callable(of_numpy):
            return of_numpy

        def function(*args: Any, **kwargs: Any) -> Any:
            out = kwargs.get("out")
            result = of_numpy(*map(_plain, args), **{key: _plain(value) for key, value in kwargs.items()})
            return out if out is not None else _wrap(result)

        return function


def make_modules() -> dict[str, ModuleType]:
    """What `import cupy`, `import cupy.cuda` and `import cupyx` shall find, for sys.modules."""
    cupy, cuda, cupyx = _CuPy("cupy"), ModuleType("cupy.cuda"), ModuleType("cupyx")
    cuda.cublas = SimpleNamespace(sgemmStridedBatched=_sgemm_strided_batched, setMathMode=_set_math_mode)
    cuda.device = SimpleNamespace(get_cublas_handle=lambda: 1)
    cuda.is_available = lambda: True
    cuda.Stream, cuda.Event = Stream, Event
    cuda.get_current_stream, cuda.get_elapsed_time = Stream, lambda start, end: 1.0  # ms: no clock, no figures
    cuda.runtime = SimpleNamespace(
        getDeviceProperties=lambda device: {"name": b"no GPU, the stand-in"}, memGetInfo=lambda: (8 << 30, 8 << 30)
    )
    cupy.cuda, cupy.ndarray, cupy.RawModule, cupy.__path__ = cuda, ndarray, RawModule, []
    cupy.lib = SimpleNamespace(stride_tricks=SimpleNamespace(sliding_window_view=_sliding_window_view))
    pool = SimpleNamespace(free_all_blocks=lambda: None, used_bytes=lambda: 0, total_bytes=lambda: 0)
    cupy.get_default_memory_pool = lambda: pool
    cupy.empty, cupy.asarray, cupy.array = _empty, _asarray, _asarray
    cupy.zeros = lambda shape, dtype=float: _filled(shape, 0, dtype)
    cupy.ones = lambda shape, dtype=float: _filled(shape, 1, dtype)
    cupy.full = lambda shape, value, dtype=None: _filled(shape, value, dtype or np.asarray(value).dtype)
    cupy.empty_like = lambda array: _empty(array.shape, array.dtype)
    cupy.zeros_like = lambda array: _filled(array.shape, 0, array.dtype)
    cupy.ascontiguousarray = lambda array: array if array.flags.c_contiguous else _new(_plain(array))
    cupyx.empty_pinned = np.empty
    return {"cupy": cupy, "cupy.cuda": cuda, "cupyx": cupyx}


def _sliding_window_view(array: np.ndarray, size: Any, axis: Any) -> np.ndarray:
    return _wrap(np.lib.stride_tricks.sliding_window_view(_plain(array), size, axis))


def in_use() -> bool:
    """Whether `import cupy` finds the stand-in."""
    return getattr(sys.modules.get("cupy"), "ndarray", None) is ndarray


@contextlib.contextmanager
def installed(monkeypatch: Any) -> Any:
    """While this is entered, `import cupy` finds the stand-in; afterwards, that memory is as it should be."""
    from minunet.gpu import kernels

    caches = kernels._module, kernels._kernel
    with monkeypatch.context() as patch:
        for name, module in make_modules().items():
            patch.setitem(sys.modules, name, module)
        for each in caches:
            each.cache_clear()
        counts.clear()
        _memory.clear()
        try:
            yield
            check_memory()
        finally:
            for each in caches:
                each.cache_clear()
            _memory.clear()


if __name__ == "__main__":  # python -m tests.cupy_on_cpu MODULE ARGUMENTS: run a module with the stand-in
    import runpy

    sys.modules.update(make_modules())
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
