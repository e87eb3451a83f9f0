"""The back end: which library an array belongs to, and devices."""

import sys
import types

import numpy as np
import pytest

from minunet import InputError, UNet, backend
from minunet.model.checkpoint import Checkpoint, save_weights
from minunet.model.config import Config
from minunet.model.trained import load_model


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
    monkeypatch.setattr(backend.metadata, "distributions", list)
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


def test_there_is_no_such_device(monkeypatch, tmp_path):
    """And weights are not put on a CPU in its place."""
    run = tmp_path / "run.npz"
    save_weights(run, Checkpoint(Config("cells", base=2, depth=2), ("a", "b"), UNet(3, 2, 2, 2).init(0)))
    with pytest.raises(InputError, match="device must be cpu or gpu, not 'cuda'"):
        load_model(run, "cuda")
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(InputError, match="No GPU can be used: CuPy is not installed"):
        load_model(run, "gpu")


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


@pytest.mark.parametrize("name", ["cupy", "torch", "nothing_else"])
def test_a_folder_of_its_name_is_no_package(monkeypatch, tmp_path, request, name):
    """Of results, beside the pictures, or what an uninstallation has left: Python imports it all the same."""
    (tmp_path / name).mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.setattr(sys, "path_importer_cache", {})
    for each in [each for each in sys.modules if each.split(".")[0] == name]:
        monkeypatch.delitem(sys.modules, each)
    backend.why_no_torch.cache_clear()
    request.addfinalizer(backend.why_no_torch.cache_clear)
    with pytest.raises(ModuleNotFoundError, match=f"No module named '{name}'"):
        backend.imported(name)
    assert name not in sys.modules
    if name == "cupy":
        assert backend.why_no_gpu().startswith("CuPy is not installed")
        with pytest.raises(InputError, match="CuPy is not installed"):
            backend.to_device(np.zeros(3), "gpu")
    if name == "torch":
        assert backend.why_no_torch() == "PyTorch is not installed (pip install torch)"


def test_a_pytorch_that_cannot_be_loaded(monkeypatch, request):
    class Broken:
        def find_spec(self, name, *rest):
            if name == "torch":
                raise OSError("libcudart.so.12: cannot open shared object file")

    backend.why_no_torch.cache_clear()
    request.addfinalizer(backend.why_no_torch.cache_clear)
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    assert "cannot be imported (libcudart.so.12: cannot open" in backend.why_no_torch()


def test_no_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert "pip install" in backend.why_no_gpu()
    with pytest.raises(InputError, match="device must be"):
        backend.choose_device("tpu")
