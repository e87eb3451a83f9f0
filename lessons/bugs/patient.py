"""A small U-Net in training, made of parts that can be taken out, looked at and exchanged.

    patient = Patient(4)                 # 1 to 10 have one bug each; 0 is healthy
    patient.train(100)                   # the loss of each step
    patient.parts["conv2d_backward"]     # what it computes with: every part is a plain function

The network is `minunet.unet.UNet`, computing with the functions of `parts`. It learns to find the made
cells of `minunet.data.cells`.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from lessons.bugs.planted import BUGS
from minunet import layers
from minunet.data.cells import make_cell_image
from minunet.operations import made_of
from minunet.train.own_layers import PAIRS
from minunet.unet import Parameters, UNet

SIZE, COUNT, BATCH = 32, 64, 8
LAYERS = [name for name in PAIRS if name != "group_norm"]
STEPS = 100


# --- the parts that are not layers ---------------------------------------------------------------------------------


def init(net: UNet, rng: np.random.Generator) -> Parameters:
    """New parameters (lesson 9)."""
    return net.init(rng)


def batch(images: np.ndarray, labels: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
    """BATCH of the COUNT images, uint8 (COUNT, H, W, 3) -> float32 (BATCH, H, W, 3) from 0 to 1, and their labels."""
    chosen = np.random.default_rng(step).permutation(len(images))[:BATCH]
    return images[chosen].astype("float32") / 255, labels[chosen]


def augment(images: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Half of the batches are mirrored, left to right (lesson 10)."""
    if rng.random() < 0.5:
        return images[:, :, ::-1].copy(), labels[:, :, ::-1].copy()
    return images, labels


def schedule(step: int) -> float:
    """The learning rate of a step: it rises for 10 steps, and stays."""
    return 1e-2 * min(1.0, (step + 1) / 10)


def adam_step(params: Parameters, grads: Parameters, state: dict[str, Parameters], step: int, lr: float) -> Parameters:
    """New parameters; `state` holds the running means "m" and "v" by name, and is changed (lesson 9)."""
    new = {}
    for name, gradient in grads.items():
        state["m"][name] = 0.9 * state["m"].get(name, 0) + 0.1 * gradient
        state["v"][name] = 0.999 * state["v"].get(name, 0) + 0.001 * gradient**2
        mean, square = state["m"][name] / (1 - 0.9 ** (step + 1)), state["v"][name] / (1 - 0.999 ** (step + 1))
        new[name] = (params[name] - lr * mean / (np.sqrt(square) + 1e-8)).astype(params[name].dtype)
    return new


def healthy() -> dict[str, Callable[..., Any]]:
    """All parts, as they should be. These are the suspects."""
    names = [each for name in (*LAYERS, "softmax_cross_entropy") for each in (name, f"{name}_backward")]
    parts = {name: getattr(layers, name) for name in names}
    return parts | {
        "init": init,
        "batch": batch,
        "augment": augment,
        "schedule": schedule,
        "adam_step": adam_step,
    }


SUSPECTS = tuple(healthy())


class Patient:
    """A network in training with at most one bug; the same one every time."""

    def __init__(self, number: int) -> None:
        if number not in (0, *BUGS):
            raise ValueError(f"there are the patients 1 to {len(BUGS)}, and 0, who is healthy; not {number}")
        self.parts = healthy()
        if number:
            bug = BUGS[number]
            self.parts[bug.part] = functools.wraps(self.parts[bug.part])(
                bug.plant(self.parts[bug.part])
            )  # its name, too
        made = [make_cell_image(SIZE, np.random.default_rng(each)) for each in range(COUNT)]
        self.images = np.stack([image for image, _, _ in made])  # (COUNT, H, W, 3), uint8
        self.labels = np.stack([labels for _, labels, _ in made])  # (COUNT, H, W): background, cell, border
        self.net = UNet(in_channels=3, classes=3, base=8, depth=3)
        self.start()

    def start(self) -> None:
        """Back to the beginning: new parameters, nothing learned."""
        self.params = self.parts["init"](self.net, np.random.default_rng(0))
        self.state: dict[str, Parameters] = {"m": {}, "v": {}}
        self.step = 0

    def loss_and_gradients(self, images: np.ndarray, labels: np.ndarray) -> tuple[float, Parameters]:
        """Forward and backward, with the patient's own parts."""
        own = {name: self.parts[name] for each in LAYERS for name in (each, f"{each}_backward")}
        net = self.net.using(made_of(own))
        logits, cache = net.forward(self.params, images)
        loss, loss_cache = self.parts["softmax_cross_entropy"](logits, labels)
        dlogits = self.parts["softmax_cross_entropy_backward"](loss_cache)
        _, grads = net.backward(dlogits, cache)
        return float(loss), grads

    def train(self, steps: int = STEPS) -> list[float]:
        """So many steps more; the loss of each."""
        losses = []
        for _ in range(steps):
            images, labels = self.parts["batch"](self.images, self.labels, self.step)
            images, labels = self.parts["augment"](images, labels, np.random.default_rng([self.step, 1]))
            loss, grads = self.loss_and_gradients(images, labels)
            lr = self.parts["schedule"](self.step)
            self.params = self.parts["adam_step"](self.params, grads, self.state, self.step, lr)
            self.step += 1
            losses.append(loss)
        return losses
