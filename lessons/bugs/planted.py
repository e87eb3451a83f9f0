"""The ten bugs of "find the planted bug". Whoever reads on has given up: the tools of the course find all of them.













































































(Still there? `python -m lessons.check bug1` judges an answer; lessons/find-the-bug.md says how to look.)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Part = Callable[..., Any]


@dataclass(frozen=True)
class Bug:
    """Which part is wrong, how the wrong one is made from the right one, and what to say when it is found."""

    part: str
    plant: Callable[[Part], Part]
    explanation: str


def _mask_of_dy(right: Part) -> Part:
    return lambda dy, cache: dy * (dy > 0)


def _swapped(right: Part) -> Part:
    def backward(dy: np.ndarray, cache: tuple) -> tuple[np.ndarray, np.ndarray]:
        skip_channels = cache[0][3]
        return right(np.concatenate((dy[..., skip_channels:], dy[..., :skip_channels]), axis=3), cache)

    return backward


def _labels_stay(right: Part) -> Part:
    return lambda images, labels, rng: (right(images, labels, rng)[0], labels)


def _first_sample(right: Part) -> Part:
    def backward(dy: np.ndarray, cache: tuple) -> tuple:
        x, *rest = cache
        dx, _, dbias = right(dy, cache)
        return dx, right(dy[:1], (x[:1], *rest))[1], dbias

    return backward


def _same_channels(right: Part) -> Part:
    def init(net: Any, rng: np.random.Generator) -> dict[str, np.ndarray]:
        params = right(net, rng)
        return {
            name: np.repeat(array[..., :1], array.shape[-1], axis=-1) if array.ndim == 4 else array
            for name, array in params.items()
        }

    return init


def _every_place(right: Part) -> Part:
    def backward(dy: np.ndarray, cache: tuple) -> np.ndarray:
        winner, *rest = cache
        return sum(right(dy, (np.full_like(winner, place), *rest)) for place in range(4))

    return backward


def _without_end(right: Part) -> Part:
    def adam_step(params: dict, grads: dict, state: dict, step: int, lr: float) -> dict:
        new = {}
        for name, gradient in grads.items():
            state["m"][name] = 0.9 * state["m"].get(name, 0) + 0.1 * gradient
            state["v"][name] = state["v"].get(name, 0) + gradient**2
            mean = state["m"][name] / (1 - 0.9 ** (step + 1))
            square = state["v"][name] / (1 - 0.999 ** (step + 1))
            new[name] = (params[name] - lr * mean / (np.sqrt(square) + 1e-8)).astype(params[name].dtype)
        return new

    return adam_step


def _next_labels(right: Part) -> Part:
    def batch(images: np.ndarray, labels: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
        chosen_images, _ = right(images, labels, step)
        return chosen_images, right(images, np.roll(labels, 1, axis=0), step)[1]

    return batch


def _only_two_classes(right: Part) -> Part:
    def backward(cache: Any) -> np.ndarray:
        dlogits = right(cache).copy()
        dlogits[..., -1] = np.abs(dlogits[..., -1])
        return dlogits

    return backward


def _minus(right: Part) -> Part:
    def backward(dy: np.ndarray, cache: tuple) -> tuple:
        dx, dweight, dbias = right(dy, cache)
        return -dx, dweight, dbias

    return backward


BUGS = {
    1: Bug(
        "relu_backward",
        _mask_of_dy,
        "The mask was taken of dy (dy * (dy > 0)) and not of x: negative gradients never come through, so the "
        "weights below are pushed in one direction only.",
    ),
    2: Bug(
        "augment",
        _labels_stay,
        "The images were mirrored, the labels were not. All gradients are right: only a look at a batch shows it.",
    ),
    3: Bug(
        "crop_concat_backward",
        _swapped,
        "The halves of dy went to the wrong sides: the skip's gradient went down, the other one across. Both have the "
        "same number of channels, so no shape gives it away.",
    ),
    4: Bug(
        "max_pool2d_backward",
        _every_place,
        "All four pixels of a window got the gradient, not only the one that won.",
    ),
    5: Bug(
        "adam_step",
        _without_end,
        "v was a sum of all squares and no running mean: it grows without end, and the steps shrink. It looks like a "
        "learning rate that is too low.",
    ),
    6: Bug(
        "conv2d_backward",
        _first_sample,
        "dweight was that of the first sample of the batch; dx and dbias were right. In a batch of one nobody sees it.",
    ),
    7: Bug(
        "init",
        _same_channels,
        "All channels of a layer began with the same weights. They get the same gradients and stay equal for ever: "
        "each layer is as good as one channel.",
    ),
    8: Bug(
        "softmax_cross_entropy_backward",
        _only_two_classes,
        "The gradient of the last class lost its sign: the border could only become less likely.",
    ),
    9: Bug(
        "conv_transpose2d_backward",
        _minus,
        "dx had the wrong sign: the levels below were trained to make the loss larger.",
    ),
    10: Bug(
        "batch",
        _next_labels,
        "Every image came with the labels of another one. The loss falls to that of the class frequencies and stays "
        "there; all gradients are right.",
    ),
}
