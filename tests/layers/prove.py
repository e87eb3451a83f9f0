"""What the tests of the layers share: the gradient check as an assertion, and the rules that hold for every layer."""

import copy
from typing import Any

import numpy as np

from minunet.gradcheck.check import TORCH_TOLERANCE, Case, check, relative_error


def prove(case: Case, seed: int = 0) -> None:
    """The forward pass equals PyTorch's, every gradient is right, and the case keeps the contract of a layer.

    The upstream gradient must not be the numbers that the case drew: a generator of the same seed would repeat them.
    """
    rng = np.random.default_rng([seed, 1])
    prove_pure(case, rng)
    prove_forward(case)
    for row in check(case, rng, with_torch=True):
        assert row.ok, f"{row.case}, {row.input} {row.shape}: {row.errors}"


def prove_forward(case: Case) -> None:
    """y equals PyTorch's y."""
    import torch

    y, _ = case.forward(case.inputs)
    expected = case.torch({name: torch.tensor(x) for name, x in case.inputs.items()})
    assert relative_error(y, expected.numpy()) <= TORCH_TOLERANCE


def prove_pure(case: Case, rng: np.random.Generator) -> None:
    """Inputs and dy stay as they were, the dtype is kept, and a second backward pass gives the same bits."""
    inputs = copy.deepcopy(case.inputs)
    y, cache = case.forward(case.inputs)
    y_before = np.copy(y)
    dy = rng.standard_normal(np.shape(y))
    dy_before = dy.copy()
    first, second = (_copies(case.backward(dy, cache)) for _ in range(2))
    for name, x in inputs.items():
        np.testing.assert_array_equal(case.inputs[name], x, err_msg=f"{case.name} changed its input {name}")
    np.testing.assert_array_equal(dy, dy_before, err_msg=f"{case.name} changed dy")
    np.testing.assert_array_equal(y, y_before, err_msg=f"the backward pass of {case.name} changed y")
    for one, two in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, two, err_msg=f"{case.name}: backward is not idempotent")
    for gradient, x in zip(first, inputs.values(), strict=True):
        assert gradient.dtype == x.dtype and gradient.shape == x.shape


def _copies(arrays: tuple[Any, ...]) -> list[np.ndarray]:
    return [np.copy(array) for array in arrays]
