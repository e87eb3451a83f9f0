"""The CUDA kernels compile, by the compiler that CuPy uses, which needs no GPU."""

import ctypes
import importlib.util
import re
from importlib import resources
from pathlib import Path

import pytest

from minunet.gpu.kernels import OPTIONS, source
from tests.conftest import NO_GPU

FILES = sorted(Path(str(resources.files("minunet.gpu"))).glob("*.cu"))
SPEC = importlib.util.find_spec("nvidia.cuda_nvrtc") if importlib.util.find_spec("nvidia") else None


@pytest.fixture(scope="module")
def nvrtc() -> ctypes.CDLL:
    if SPEC is None:
        pytest.skip(f"{NO_GPU}nor its compiler, the package nvidia-cuda-nvrtc-cu12, which is for Linux only")
    (folder,) = SPEC.submodule_search_locations
    return ctypes.CDLL(str(next(Path(folder, "lib").glob("libnvrtc.so.*"))))


def compile_cuda(nvrtc: ctypes.CDLL, code: str, architecture: str) -> tuple[int, str]:
    """NVRTC's status, 0 if it compiles without a warning, and what it has to say."""
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    assert nvrtc.nvrtcCreateProgram(ctypes.byref(program), code.encode(), b"kernels.cu", 0, None, None) == 0
    # as CuPy gives them
    options = [f"--gpu-architecture={architecture}", "-ftz=true", "--device-as-default-execution-space", *OPTIONS]
    status = nvrtc.nvrtcCompileProgram(
        program, len(options), (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
    )
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    return status, log.value.decode()


@pytest.mark.parametrize("architecture", ["compute_75", "compute_90"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_kernels_compile(nvrtc, path, architecture):
    status, log = compile_cuda(nvrtc, source(path.stem), architecture)
    assert (status, log.strip("\0\n ")) == (0, "")  # no warning either


def test_an_error_is_found(nvrtc):
    status, log = compile_cuda(nvrtc, source("pool").replace("blockIdx.y", "blockIndex.y"), "compute_90")
    assert status != 0 and "blockIndex" in log


def test_every_kernel_is_started_somewhere():
    """Under its own name, and from the file in which it is."""
    python = "".join(path.read_text() for path in FILES[0].parent.glob("*.py"))
    for path in FILES:
        for name in re.findall(r"__global__ void (\w+)\(", path.read_text()):
            assert f'launch("{path.stem}", "{name}"' in python
