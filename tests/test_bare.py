"""What computes needs little: training, predicting, proving and timing start where nothing but their own packages is.

A machine with a GPU may be lent for minutes, bare and without a network: see tests/on_gpu.sh.
"""

import subprocess
import sys

import pytest

ELSEWHERE = [  # needed for a TIFF, to download, export, write for TensorBoard, test, or build the course's pages
    "tifffile", "requests", "urllib3", "tensorboardX", "onnx", "safetensors", "torch", "cupy", "pytest", "hypothesis",
    "sybil", "latex2mathml", "markdown_it", "mdit_py_plugins", "pygments", "playwright",
]  # fmt: skip
BLOCKED = """
import importlib, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ImportError(name + " is blocked")

sys.meta_path.insert(0, Blocked())
module = importlib.import_module({module!r})
try:
    sys.exit(module.main(["--help"]))
except SystemExit as end:
    sys.exit(end.code)
"""


@pytest.mark.parametrize("name", ["train.__main__", "predict", "export", "bench.__main__", "gradcheck.__main__"])
def test_a_command_starts_without_the_packages_of_others(name):
    code = BLOCKED.format(blocked=set(ELSEWHERE), module=f"minunet.{name}")
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0 and "usage: " in result.stdout, result.stderr


def test_what_is_blocked_cannot_be_imported():
    code = BLOCKED.format(blocked=set(ELSEWHERE), module="minunet.data.__main__")
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 1 and "requests is blocked" in result.stderr
