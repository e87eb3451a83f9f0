"""The checker: the gradient that a backward pass claims, against independent ways to know it.

A backward pass gets dy and must return, for every input x, the gradient of the single number

    s = sum(dy * y)                                  dx = ds/dx

where dy is **random**: with ones instead, s is only the sum of y, and a backward pass that mixes up pixels, flips the
kernel or forgets the shape of dy can still be right by luck.

- Central differences, (s(x + h) - s(x - h)) / 2h: works for every layer. Errors of the order of h**2, and of the
  rounding error over h: with h = 1e-6 in float64 about 1e-9 remain.
- Complex step, imag(s(x + ih)) / h: for layers made of smooth functions only. Nothing is subtracted, so h may be
  1e-30 and the result is exact to rounding. Squire and Trapp, "Using Complex Variables to Estimate Derivatives of Real
  Functions" (1998).
- Rational numbers, for layers that multiply, add and choose: without any rounding, see `exact`.
- PyTorch's automatic differentiation, where it is installed; and what it said once, kept in a file, see `reference`.

For an input with many numbers, moving each of them would take too long: then the derivative along random directions
is compared, sum(dx * direction), which a wrong dx cannot meet but by a chance of measure zero.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minunet.gradcheck.exact import exact_errors

Arrays = dict[str, Any]  # name -> float64 array

NUMERIC_TOLERANCE = 1e-6  # central differences
COMPLEX_TOLERANCE = 1e-12  # complex step
TORCH_TOLERANCE = 1e-10  # PyTorch, one layer
TORCH_NETWORK_TOLERANCE = 1e-9  # PyTorch, a whole network: the rounding of many layers adds up
ELEMENTS = 256  # up to this many numbers of an input are moved one by one
DIRECTIONS = 3  # beyond it, that many random directions


@dataclass
class Case:
    """One operation with its inputs, ready to be checked.

    Args:
        name: what the table calls it.
        inputs: name -> float64 array; the arguments that have a gradient.
        forward: from the inputs to (y, cache).
        backward: from (dy, cache) to the gradients, in the order of the inputs.
        torch: the same operation in PyTorch, from a dictionary of tensors in minunet's order to y.
        smooth: whether the operation is made of smooth functions that take complex numbers.
        exact: whether it is made of what rational numbers can do, and linear in each input near these.
        differentiable: whether it has a derivative at these inputs; not at a tie, where only PyTorch's choice counts.
        torch_tolerance: how far PyTorch's gradient may be away, relative to its largest number.
    """

    name: str
    inputs: Arrays
    forward: Callable[[Arrays], tuple[Any, Any]]
    backward: Callable[[Any, Any], tuple]
    torch: Callable[[dict[str, Any]], Any]
    smooth: bool = True
    exact: bool = False
    differentiable: bool = True
    torch_tolerance: float = TORCH_TOLERANCE


@dataclass
class Row:
    """The errors of the gradient of one input, each None where that check does not apply, and what is allowed."""

    case: str
    input: str
    shape: tuple[int, ...]
    errors: dict[str, float | None]  # "numeric", "complex", "exact", "torch", "kept"
    torch_tolerance: float

    @property
    def ok(self) -> bool | None:
        """Whether all of them are small enough; None if no check applies."""
        limits = {"numeric": NUMERIC_TOLERANCE, "complex": COMPLEX_TOLERANCE, "exact": 0.0}
        measured = {kind: error for kind, error in self.errors.items() if error is not None}
        within = (error <= limits.get(kind, self.torch_tolerance) for kind, error in measured.items())
        return all(within) if measured else None


def relative_error(value: np.ndarray, reference: np.ndarray) -> float:
    """The largest difference, relative to the largest number of the two; infinite for a wrong shape or a NaN."""
    if np.shape(value) != np.shape(reference):
        return float("inf")
    if not (np.isfinite(value).all() and np.isfinite(reference).all()):
        return float("inf")
    scale = max(np.abs(value).max(initial=0), np.abs(reference).max(initial=0))
    return float(np.abs(value - reference).max(initial=0) / scale) if scale > 0 else 0.0


def check(case: Case, rng: np.random.Generator, *, with_torch: bool) -> list[Row]:
    """Run the case with a random dy, and judge the gradient of each of its inputs."""
    y, cache = case.forward(case.inputs)
    dy = rng.standard_normal(np.shape(y))
    grads = dict(zip(case.inputs, case.backward(dy, cache), strict=True))
    torch_grads = _torch_gradients(case, dy) if with_torch else {}
    exact = exact_errors(case.forward, case.backward, case.inputs, rng) if case.exact and case.differentiable else {}
    rows = []
    for name, x in case.inputs.items():
        errors: dict[str, float | None] = dict.fromkeys(("numeric", "complex", "exact", "torch", "kept"))
        errors["exact"] = exact.get(name)
        if x.size <= ELEMENTS:
            directions = list(np.eye(x.size).reshape(x.size, *x.shape))
        else:
            directions = list(rng.standard_normal((DIRECTIONS, *x.shape)))
        gradient = grads[name]
        claimed = np.array([(gradient * v).sum() if np.shape(gradient) == x.shape else np.nan for v in directions])
        if case.differentiable:
            errors["numeric"] = _numeric_error(case, dy, name, directions, claimed)
        if case.smooth:
            true = np.array([_complex_step(case, dy, name, v) for v in directions])
            errors["complex"] = relative_error(claimed, true)
        if with_torch:
            errors["torch"] = relative_error(gradient, torch_grads[name])
        rows.append(Row(case.name, name, x.shape, errors, case.torch_tolerance))
    return rows


def _numeric_error(case: Case, dy: np.ndarray, name: str, directions: list[np.ndarray], claimed: np.ndarray) -> float:
    """How far the claimed derivatives are from central differences.

    Somewhere in a network a step may cross the kink of a ReLU, and measure the mean of two slopes. Then a smaller step
    does not cross it, while a wrong gradient is wrong for every step: so up to three steps are tried.
    """
    error = float("inf")
    for h in (1e-6,) if case.smooth else (1e-6, 1e-7, 1e-8):
        error = min(error, relative_error(claimed, np.array([_central(case, dy, name, v, h) for v in directions])))
        if error <= NUMERIC_TOLERANCE:
            break
    return error


def _central(case: Case, dy: np.ndarray, name: str, direction: np.ndarray, h: float) -> float:
    """The derivative of s = sum(dy * y) along `direction` in the input `name`, by a step to either side."""
    h = h / max(1.0, float(np.abs(direction).max()))
    ahead = case.forward({**case.inputs, name: case.inputs[name] + h * direction})[0]
    behind = case.forward({**case.inputs, name: case.inputs[name] - h * direction})[0]
    return float((dy * (ahead - behind)).sum()) / (2 * h)


def _complex_step(case: Case, dy: np.ndarray, name: str, direction: np.ndarray, h: float = 1e-30) -> float:
    """The same derivative by a step into the imaginary; all inputs become complex, as dtypes must not mix."""
    inputs = {key: x.astype("complex128") for key, x in case.inputs.items()}
    inputs[name] = inputs[name] + 1j * h * direction
    return float((dy * case.forward(inputs)[0].imag).sum()) / h


def _torch_gradients(case: Case, dy: np.ndarray) -> Arrays:
    """PyTorch's gradients of s = sum(dy * y) for all inputs."""
    import torch

    tensors = {name: torch.tensor(x, requires_grad=True) for name, x in case.inputs.items()}
    y = case.torch(tensors)
    gradients = torch.autograd.grad(y, list(tensors.values()), torch.tensor(dy))
    return {name: gradient.numpy() for name, gradient in zip(tensors, gradients, strict=True)}
