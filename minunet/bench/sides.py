"""The two sides of the comparison: the same network, weights, batch and number of threads.

Each has `run`, the task once: a training step, or the logits of the batch; and `outcome`, what `run` computes, in
minunet's order of axes: loss and gradients, or the norm of the logits and them.
"""

from typing import Any

import numpy as np

from minunet.backend import to_device, to_numpy, why_no_torch
from minunet.bench.networks import Task
from minunet.gradient import logits, loss_and_gradients
from minunet.optim import Adam
from minunet.threads import get_threads

LR = 1e-3
LOSS_TOLERANCE = 1e-5  # relative
GRADIENT_TOLERANCE = 1e-3  # |ours - theirs| / |theirs|, of each gradient as a vector; float32 on both sides


class Minunet:
    """This library."""

    def __init__(self, task: Task, device: str = "cpu") -> None:
        self.net, self.train = task.network(), task.train
        params, images, labels = task.data()
        self.params = {name: to_device(array, device) for name, array in params.items()}
        self.images, self.labels = to_device(images, device), to_device(labels, device)
        self.optimizer = Adam(LR)

    def run(self) -> None:
        if self.train:
            _, grads = loss_and_gradients(self.net, self.params, self.images, self.labels)
            self.optimizer.step(self.params, grads)
        else:
            logits(self.net, self.params, self.images)

    def outcome(self) -> tuple[float, dict[str, np.ndarray]]:
        if self.train:
            loss, grads = loss_and_gradients(self.net, self.params, self.images, self.labels)
            return float(loss), {name: to_numpy(gradient) for name, gradient in grads.items()}
        output = to_numpy(logits(self.net, self.params, self.images))
        return float(np.linalg.norm(output)), {"logits": output}


def torch_problem() -> str | None:
    """None if PyTorch can be used, otherwise a sentence that says why not."""
    problem = why_no_torch()
    return problem and f"{problem}: minunet alone."


class Torch:
    """PyTorch, eager or compiled, with its fused Adam."""

    def __init__(self, task: Task, channels_last: bool, compiled: bool = False, device: str = "cpu") -> None:
        import torch

        from minunet.exchange.torch_bridge import TorchUNet, nchw, to_torch

        torch.set_num_threads(get_threads())
        self.torch, self.train = torch, task.train
        params, images, labels = task.data()
        memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.net = TorchUNet(task.network())
        self.net.load_state_dict(to_torch(params))
        self.net = self.net.to(device, memory_format=memory_format)
        self.images = nchw(torch.tensor(images)).contiguous(memory_format=memory_format).to(device)
        self.labels = torch.tensor(labels, device=device)
        self.optimizer = torch.optim.Adam(self.net.parameters(), LR, fused=True)
        self.call: Any = torch.compile(self.net) if compiled else self.net

    def run(self) -> None:
        if self.train:
            self._backward()
            self.optimizer.step()
        else:
            self.logits()

    def _backward(self) -> Any:
        self.optimizer.zero_grad()
        loss = self.torch.nn.functional.cross_entropy(self.call(self.images), self.labels)
        loss.backward()
        return loss

    def logits(self) -> Any:
        with self.torch.inference_mode():
            return self.call(self.images)

    def outcome(self) -> tuple[float, dict[str, np.ndarray]]:
        from minunet.exchange.torch_bridge import from_torch, nhwc

        if not self.train:
            output = nhwc(self.logits()).cpu().numpy()
            return float(np.linalg.norm(output)), {"logits": output}
        loss = self._backward()
        return loss.item(), from_torch({name: parameter.grad for name, parameter in self.net.named_parameters()})


Side = Minunet | Torch


def difference(one: Side, other: Side) -> tuple[float, float]:
    """How far apart two sides are before they run: the loss, and the worst gradient, both relative to `other`."""
    (loss, grads), (expected_loss, expected) = one.outcome(), other.outcome()
    if grads.keys() != expected.keys():
        raise ValueError("the two sides do not have the same parameters")
    errors = [np.linalg.norm(grads[n] - expected[n]) / np.linalg.norm(expected[n]) for n in grads]
    return abs(loss - expected_loss) / abs(expected_loss), float(np.max(errors))  # np.max: a NaN is passed on
