"""minunet: the U-Net for image segmentation, written by hand in NumPy and CuPy, to be read and to be used."""

from minunet.errors import InputError
from minunet.gradient import logits, loss_and_gradients
from minunet.optim import SGD, Adam
from minunet.threads import set_threads
from minunet.unet import UNet

__version__ = "0.1.0"
__all__ = ["SGD", "Adam", "InputError", "UNet", "logits", "loss_and_gradients", "set_threads"]
