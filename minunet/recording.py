"""A network that writes down what it does: every step by its name, with what went in, what came out, and the gradients.

    recording = Recording(net)
    logits = recording.forward(params, x)
    recording.steps["up1.conv1"].y                     # (N, H, W, C)
    dx, grads = recording.backward(dlogits)
    recording.steps["up1.conv1"].grads                 # dx, dweight, dbias

It computes with the plain layers, one operation a step, without dropout. What is written down are copies.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from minunet import layers
from minunet.operations import made_of
from minunet.unet import Parameters, UNet

RECORDED = ("conv2d", "relu", "group_norm", "max_pool2d", "conv_transpose2d", "crop_concat")


@dataclass
class Step:
    """One operation of a forward pass, and what its backward pass made of it."""

    name: str  # as in `UNet.steps`: "down1.pool"
    operation: str  # a name in `minunet.layers`
    inputs: tuple[np.ndarray, ...]  # as the operation takes them: x, weight, bias, for example
    options: dict[str, Any]
    y: np.ndarray
    dy: np.ndarray | None = None
    grads: tuple[np.ndarray, ...] = ()  # with respect to the inputs


class Recording:
    """The passes of `net`; `steps` holds those of the last one, by name, in their order."""

    def __init__(self, net: UNet) -> None:
        forward: dict[str, Callable[..., Any]] = {name: partial(self._forward, name) for name in RECORDED}
        backward = {f"{name}_backward": self._backward for name in RECORDED}
        self._net, self.names = net.using(made_of(forward | backward)), net.steps()
        self.steps: dict[str, Step] = {}
        self.cache: Any = None

    def forward(self, params: Parameters, x: np.ndarray) -> np.ndarray:
        """The logits, (N, OH, OW, classes), of images x (N, H, W, in_channels), see `UNet.forward`."""
        self.steps = {}
        logits, self.cache = self._net.forward(params, x)
        return logits

    def backward(self, dlogits: np.ndarray) -> tuple[np.ndarray | None, Parameters]:
        """dx and the gradients of the parameters, see `UNet.backward`, after a forward pass."""
        return self._net.backward(dlogits, self.cache)

    def _forward(self, operation: str, *inputs: np.ndarray, **options: Any) -> tuple[np.ndarray, Any]:
        y, cache = getattr(layers, operation)(*inputs, **options)
        name = self.names[len(self.steps)]
        copies = tuple(array.copy() for array in inputs)
        step = self.steps[name] = Step(name, operation, copies, options, y.copy())
        return y, (cache, step)

    @staticmethod
    def _backward(dy: np.ndarray, cache: Any) -> Any:
        inner, step = cache
        grads = getattr(layers, f"{step.operation}_backward")(dy, inner)
        step.dy = dy.copy()
        step.grads = tuple(array.copy() for array in (grads if isinstance(grads, tuple) else (grads,)))
        return grads
