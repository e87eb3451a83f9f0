"""Where numbers stopped being finite: the first operation of a batch that gives something else."""

import numpy as np

from minunet.backend import Array, array_module
from minunet.gradient import loss_and_dlogits
from minunet.operations import PLAIN
from minunet.recording import Recording
from minunet.unet import Parameters, UNet


def finite(array: Array) -> bool:
    """Whether all numbers are. If their sum is, they are, and it reads each only once."""
    with np.errstate(over="ignore", invalid="ignore"):
        total = float(array.sum())
    return bool(np.isfinite(total) or array_module(array).isfinite(array).all())


def finite_square(array: Array) -> bool:
    """Whether the sum of the squares of all numbers is finite: Adam adds them up."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(float(array_module(array).vdot(array, array))))


def first_not_finite(net: UNet, params: Parameters, batch: dict[str, Array], loss: str = "cross-entropy") -> str:
    """A name for the place, such as "up1.conv2", or "up1.conv2 on the way back"; "" if all is finite, after all.

    It computes the batch once more, image by image with the plain layers, and looks at each result. Dropout is left
    out, and the loss is that of each image alone: numbers that only they bring about are not found.
    """
    for name, array in params.items():
        if not finite(array):
            return f"the weights {name}"
    recording, names = Recording(net), net.steps()
    each = {name: batch[name] for name in ("labels", "pixel_weight", "dice_weight") if name in batch}
    others = {name: batch[name] for name in ("class_weight",) if name in batch}
    there, back = len(names), -1  # the first step that is not finite, and on the way back the last one
    for number in range(len(batch.get("images", ()))):
        one = slice(number, number + 1)
        logits = recording.forward(params, batch["images"][one])
        there = min([there, *(names.index(name) for name, step in recording.steps.items() if not finite(step.y))])
        if there == len(names):
            of_one = {name: array[one] for name, array in each.items()}
            recording.backward(loss_and_dlogits(PLAIN, loss, logits, **of_one, **others)[1])
            wrong = [name for name, step in recording.steps.items() if not all(map(finite_square, step.grads))]
            back = max([back, *map(names.index, wrong)])
    if there < len(names):
        return names[there]
    return f"{names[back]} on the way back" if back >= 0 else ""
