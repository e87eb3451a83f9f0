"""The back end: which library an array belongs to, devices, threads in order."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
import types

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from minunet import InputError, backend


@pytest.fixture(autouse=True)
def _restore_threads():
    before = backend.get_threads()
    yield
    backend.set_threads(before)


@pytest.fixture
def fake_cupy(monkeypatch):
    """A module in CuPy's place, as on a machine where it is installed, with an array type of its own."""

    class Device:
        def __init__(self, array):
            self.array = array

        def get(self):
            return self.array

    module = types.ModuleType("cupy")
    module.ndarray = Device
    module.asarray = lambda array: array if isinstance(array, Device) else Device(array)
    module.arange = np.arange
    module.cuda = types.SimpleNamespace(
        is_available=lambda: True,
        runtime=types.SimpleNamespace(memGetInfo=lambda: (8 << 30, 8 << 30)),
        device=types.SimpleNamespace(get_cublas_handle=lambda: 1),
    )
    monkeypatch.setattr(backend.metadata, "distributions", lambda: [])
    monkeypatch.setitem(sys.modules, "cupy", module)
    return module


def test_the_library_of_an_array(fake_cupy):
    assert backend.array_module(np.ones(1)) is np
    assert backend.array_module(np.ones(1), fake_cupy.asarray(np.ones(1))) is fake_cupy


def test_there_and_back(fake_cupy):
    array = np.ones(3)
    moved = backend.to_device(array, "gpu")
    assert isinstance(moved, fake_cupy.ndarray)
    assert backend.to_device(moved, "gpu") is moved
    np.testing.assert_array_equal(backend.to_device(moved, "cpu"), array)
    assert backend.to_device(array, "cpu") is array


def test_a_gpu_that_works(fake_cupy):
    assert backend.why_no_gpu() is None
    assert backend.choose_device("auto") == backend.choose_device("gpu") == "gpu"
    assert backend.choose_device("cpu") == "cpu"


def test_cupy_without_a_gpu(fake_cupy):
    fake_cupy.cuda.is_available = lambda: False
    assert "no NVIDIA GPU" in backend.why_no_gpu()
    assert backend.choose_device("auto") == "cpu"
    with pytest.raises(InputError, match="no NVIDIA GPU.*--device cpu"):
        backend.choose_device("gpu")


def test_a_gpu_that_fails(fake_cupy):
    def broken(count):
        raise RuntimeError("cudaErrorNoDevice")

    fake_cupy.arange = broken
    assert "cudaErrorNoDevice" in backend.why_no_gpu()
    fake_cupy.arange = lambda count: np.zeros(count)
    assert "came out wrong" in backend.why_no_gpu()


def test_a_gpu_that_is_full(fake_cupy):
    fake_cupy.cuda.runtime.memGetInfo = lambda: (100 << 20, 8 << 30)
    assert "only 100 MiB of free memory" in backend.why_no_gpu()


def test_a_gpu_without_cublas(fake_cupy):
    def missing():
        raise ImportError("libcublas.so.12: cannot open shared object file")

    fake_cupy.cuda.device.get_cublas_handle = missing
    assert "libcublas.so.12" in backend.why_no_gpu()


def test_two_cupys(fake_cupy, monkeypatch):
    installed = [types.SimpleNamespace(metadata={"Name": name}) for name in ("numpy", "cupy-cuda12x", "cupy-cuda11x")]
    monkeypatch.setattr(backend.metadata, "distributions", lambda: installed)
    assert "cupy-cuda11x and cupy-cuda12x" in backend.why_no_gpu()
    assert backend.choose_device("auto") == "cpu"


def test_a_cupy_that_cannot_be_imported(monkeypatch):
    class Broken:
        def find_spec(self, name, *rest):
            if name == "cupy":
                raise ImportError("libcuda.so.1 is broken")

    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    assert "cannot be imported: libcuda.so.1 is broken" in backend.why_no_gpu()


def test_no_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert "pip install" in backend.why_no_gpu()
    with pytest.raises(InputError, match="device must be"):
        backend.choose_device("tpu")


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(threads):
    backend.set_threads(threads)

    numpys_own = {library.filepath for library in backend._blas.lib_controllers if library.user_api == "blas"}
    assert numpys_own

    def slow_at_first(item):
        time.sleep(0.02 if item == 0 else 0)
        assert {library["num_threads"] for library in threadpool_info() if library["filepath"] in numpys_own} == {1}
        return item * item

    assert list(backend.map_in_order(slow_at_first, range(6))) == [0, 1, 4, 9, 16, 25]


def test_an_error_in_a_thread_arrives():
    backend.set_threads(2)
    with pytest.raises(ZeroDivisionError):
        list(backend.map_in_order(lambda item: 1 // item, [1, 0, 2]))


def test_the_number_of_threads_is_at_least_one():
    with pytest.raises(InputError, match="at least 1"):
        backend.set_threads(0)


def test_the_switch_interval_comes_back():
    """Also if two of them overlap, and end in the order in which they began."""
    before = sys.getswitchinterval()
    pairs = list(zip(backend.map_in_order(str, [1, 2]), backend.map_in_order(str, [3, 4]), strict=True))
    assert pairs == [("1", "3"), ("2", "4")]
    assert sys.getswitchinterval() == before


def test_memory_that_is_kept_is_not_asked_for_again():
    """A loop that makes and drops an array of 8 MB asks the system for pages only until the memory is kept."""
    script = """
import resource
import numpy as np
from minunet.backend import keep_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        arrays = [np.ones(100_000, "float32") for _ in range(20)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

keep_memory()
faults()
print(faults())
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    counts = [
        int(
            subprocess.run(
                [sys.executable, "-c", script], env=environment | extra, capture_output=True, check=True
            ).stdout
        )
        for extra in ({}, {"MALLOC_TRIM_THRESHOLD_": "131072"})  # what the user has set stays
    ]
    if sys.platform == "linux" and platform.libc_ver()[0] == "glibc":
        assert counts[0] < 20 < 1000 < counts[1]
