"""Worked solutions of lesson 2. Try first: `python -m lessons.check 2` knows most mistakes by name."""

from collections.abc import Callable

import numpy as np


def numeric_gradient(f: Callable[[np.ndarray], float], x: np.ndarray, h: float) -> np.ndarray:
    gradient = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[index] += h
        behind[index] -= h
        gradient[index] = (f(ahead) - f(behind)) / (2 * h)
    return gradient


def complex_step_gradient(f: Callable[[np.ndarray], complex], x: np.ndarray) -> np.ndarray:
    h = 1e-30
    gradient = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        moved = x.astype(complex)  # a copy
        moved[index] += 1j * h
        gradient[index] = f(moved).imag / h
    return gradient


def relative_error(value: np.ndarray, reference: np.ndarray) -> float:
    if np.shape(value) != np.shape(reference):
        return float("inf")
    if not (np.isfinite(value).all() and np.isfinite(reference).all()):
        return float("inf")
    scale = max(np.abs(value).max(initial=0), np.abs(reference).max(initial=0))  # initial: for empty arrays
    if scale == 0:
        return 0.0
    return float(np.abs(value - reference).max() / scale)


def check_backward(
    forward: Callable[[np.ndarray], tuple[np.ndarray, object]],
    backward: Callable[[np.ndarray, object], np.ndarray],
    x: np.ndarray,
    dy: np.ndarray,
    direction: np.ndarray,
    h: float,
) -> tuple[float, float]:
    _, cache = forward(x)
    claimed = (backward(dy, cache) * direction).sum()
    ahead, _ = forward(x + h * direction)
    behind, _ = forward(x - h * direction)
    measured = (dy * (ahead - behind)).sum() / (2 * h)
    return claimed, measured
