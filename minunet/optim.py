"""Optimisers and learning-rate schedules: how a gradient becomes a step.

An optimiser changes the parameters in place and keeps what it remembers in a flat dictionary, `state`, name to
array: a checkpoint saves it like the parameters. A schedule is a function from the number of steps done to the
learning rate of the next one; the training loop sets `optimizer.lr` before each step.
"""

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from minunet.backend import Array, array_module
from minunet.gpu import adam as gpu
from minunet.threads import do_pieces

Schedule = Callable[[int], float]
SHARED = 1 << 19  # parameters, from which on it is worth it to share them out over threads
PIECE = 1 << 18  # of them are worked on at a time
Optimizer: TypeAlias = "SGD | Adam"


class SGD:
    """Stochastic gradient descent with momentum.

        velocity = momentum * velocity + gradient
        parameter = parameter - lr * velocity

    Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep learning" (2013),
    section 2, in the form in which PyTorch has it (lr outside the velocity).
    """

    remembers = ("velocity",)  # an array of each kind for every parameter, from the first step on

    def __init__(self, lr: float, momentum: float = 0.0) -> None:
        self.lr, self.momentum = lr, momentum
        self.state: dict[str, Array] = {}

    def step(self, params: dict[str, Array], grads: dict[str, Array]) -> None:
        """Change every array of `params` in place; `grads` has the same names and shapes."""
        _check_shapes(params, grads)
        for name, param in params.items():
            velocity = _remembered(self.state, f"velocity.{name}", param)
            velocity *= self.momentum
            velocity += grads[name]
            param -= self.lr * velocity


class Adam:
    """Adam: a step of about lr in every parameter, whatever the size of its gradient.

        m = beta1 * m + (1 - beta1) * gradient           the mean of recent gradients
        v = beta2 * v + (1 - beta2) * gradient**2        their mean square
        parameter = parameter - lr * mhat / (sqrt(vhat) + eps)

    with mhat = m / (1 - beta1**t) and vhat = v / (1 - beta2**t), which make up for starting at m = v = 0.
    Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015), algorithm 1.
    """

    remembers = ("m", "v")

    def __init__(self, lr: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8) -> None:
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.state: dict[str, Array] = {"t": np.zeros((), dtype="int64")}

    def step(self, params: dict[str, Array], grads: dict[str, Array]) -> None:
        """Change every array of `params` in place; `grads` has the same names and shapes."""
        _check_shapes(params, grads)
        arrays = []
        for name, param in params.items():
            m, v = (_remembered(self.state, f"{kind}.{name}", param) for kind in self.remembers)
            arrays.append((param, m, v, grads[name]))
        self.state["t"] += 1
        t = int(self.state["t"])
        # mhat / (sqrt(vhat) + eps) = m / (sqrt(v) + eps') * sqrt(1 - beta2**t) / (1 - beta1**t): two factors that are
        # the same for all parameters, instead of two more passes over each of them.
        root = math.sqrt(1 - self.beta2**t)
        lr, eps = self.lr * root / (1 - self.beta1**t), self.eps * root
        if gpu.takes(arrays):
            gpu.step(arrays, lr, self.beta1, self.beta2, eps)
            return

        def update(group: tuple[Array, ...]) -> None:
            param, m, v, gradient = group
            xp = array_module(param)
            m *= self.beta1
            term = xp.empty_like(param)  # one temporary array, used for all that follows
            xp.multiply(gradient, 1 - self.beta1, out=term)
            m += term
            v *= self.beta2
            xp.multiply(gradient, gradient, out=term)
            term *= 1 - self.beta2
            v += term
            xp.sqrt(v, out=term)
            term += eps
            xp.divide(m, term, out=term)
            term *= lr
            param -= term

        pieces = [piece for group in arrays for piece in _pieces(group)]
        on_cpu = all(array_module(param) is np for param in params.values())
        # Arrays of one piece of memory, as of tied weights, are for one thread: two would lose what they add.
        apart = len({id(param if param.base is None else param.base) for param in params.values()}) == len(params)
        large = sum(param.size for param in params.values()) >= SHARED
        do_pieces(update, pieces, worth=on_cpu and apart and large)


def follow(average: dict[str, Array], params: dict[str, Array], decay: float, step: int) -> None:
    """Move a running mean of the parameters, in place: average = decay * average + (1 - decay) * parameter.

    The parameters of the last steps dance around a good place; their mean lies nearer to it. In the first steps the
    decay is (1 + step) / (10 + step), if that is less: the mean forgets where training began. Polyak and Juditsky,
    "Acceleration of Stochastic Approximation by Averaging" (1992); the exponential form of Szegedy et al., "Rethinking
    the Inception Architecture" (2016), section 8.
    """
    decay = min(decay, (1 + step) / (10 + step))
    for name, mean in average.items():
        mean *= decay
        mean += (1 - decay) * params[name]


def _pieces(group: tuple[Array, Array, Array, Array]) -> list[tuple[Array, ...]]:
    """Views of (parameter, m, v, gradient), so small that the cache keeps them between the lines of `update`."""
    if not all(array_module(array) is np and array.flags.c_contiguous for array in group[:3]):
        return [group]
    flat = [array.reshape(-1) for array in group]
    return [tuple(array[start : start + PIECE] for array in flat) for start in range(0, len(flat[0]), PIECE)]


def _check_shapes(params: dict[str, Array], grads: dict[str, Array]) -> None:
    """Raises ValueError for a gradient that has not the shape of its parameter: NumPy might broadcast it."""
    for name, param in params.items():
        if grads[name].shape != param.shape:
            raise ValueError(f"the gradient of {name} must have its shape {param.shape}, not {grads[name].shape}")


def _remembered(state: dict[str, Array], name: str, param: Array) -> Array:
    """The array `name` of the state; zeros of the shape of `param` when it is asked for the first time."""
    if name not in state:
        state[name] = array_module(param).zeros_like(param)
    if state[name].shape != param.shape:
        raise ValueError(f"the optimiser has {name} with the shape {state[name].shape}, not {param.shape}")
    return state[name]


def constant(lr: float) -> Schedule:
    """The same learning rate throughout."""
    return lambda step: lr


def piecewise(rates: Sequence[float], boundaries: Sequence[int]) -> Schedule:
    """`rates[0]` before step `boundaries[0]`, then `rates[1]` before `boundaries[1]`, and so on; rates has one more."""
    if len(rates) != len(boundaries) + 1 or list(boundaries) != sorted(boundaries):
        raise ValueError(f"{len(boundaries)} rising boundaries need {len(boundaries) + 1} rates, not {len(rates)}")
    return lambda step: rates[sum(step >= boundary for boundary in boundaries)]


def one_cycle(
    lr: float, steps: int, *, warm_up: float = 0.3, start_divisor: float = 25.0, end_divisor: float = 1e4
) -> Schedule:
    """Up from lr / start_divisor to lr in the first `warm_up` of all steps, down to almost nothing in the rest.

    Both ways follow a half wave of the cosine. The last rate is lr / start_divisor / end_divisor. Smith and Topin,
    "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates" (2018), section 3, in the form
    in which PyTorch has it (OneCycleLR).
    """
    if steps < 1 or not 0 <= warm_up < 1:
        raise ValueError(f"a schedule needs at least one step, not {steps}, and 0 <= warm_up < 1, not {warm_up}")
    if steps == 1:
        return constant(lr)
    first, last = lr / start_divisor, lr / start_divisor / end_divisor
    peak = warm_up * steps - 1  # the step with the highest rate; it need not be a whole number

    def rate(step: int) -> float:
        if step < peak:
            return _cosine(first, lr, step / peak)
        return _cosine(lr, last, min((step - peak) / (steps - 1 - peak), 1.0))

    return rate


def _cosine(start: float, end: float, part: float) -> float:
    """From start (part = 0) to end (part = 1) along half a wave of the cosine."""
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2
