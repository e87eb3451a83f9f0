"""minunet: the U-Net for image segmentation, written by hand in NumPy and CuPy, to be read and to be used."""

from typing import Any

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
