"""minunet: the U-Net for image segmentation, written by hand in NumPy and CuPy, to be read and to be used."""

import sys
from importlib.util import find_spec
from typing import Any

# While `python -m minunet.train`, say, is being looked up: has this Python what its commands need?
if sys.argv[:1] == ["-m"] and any(
    each.removeprefix("-m").startswith(("minunet.", "lessons.")) for each in sys.orig_argv
):
    _needed = ("numpy", "scipy", "PIL", "matplotlib", "threadpoolctl", "tqdm")  # tifffile, requests: only where used
    if _missing := [name for name in _needed if find_spec(name) is None]:
        print(
            f"minunet: {sys.executable} has no {', '.join(_missing)}: type `source .venv/bin/activate` first; once, to "
            "install: python3 -m venv .venv && .venv/bin/pip install -e '.[course]'",
            file=sys.stderr,
        )
        raise SystemExit(2)

    # Where a process may take only so much (ulimit -v), OpenBLAS ends it without a word, or hangs, before NumPy speaks.
    if find_spec("resource") is not None:
        import resource

        _limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if 0 < _limit < 512 << 20:
            print(
                f"minunet: this process may take {_limit >> 20} MiB of memory (`ulimit -v` says so), and its libraries "
                "need 512 for themselves: raise the limit",
                file=sys.stderr,
            )
            raise SystemExit(2)

from minunet.errors import InputError
from minunet.gradient import logits, loss_and_gradients
from minunet.optim import SGD, Adam
from minunet.threads import set_threads
from minunet.unet import UNet

__version__ = "0.1.0"
__all__ = ["SGD", "Adam", "InputError", "UNet", "load_model", "logits", "loss_and_gradients", "set_threads"]


def __getattr__(name: str) -> Any:
    """`load_model` reads pictures, and SciPy and Pillow with them: only when somebody asks for it."""
    if name == "load_model":
        from minunet.model import load_model

        return load_model
    raise AttributeError(f"module 'minunet' has no attribute {name!r}")
