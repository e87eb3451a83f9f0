"""Exercises of lesson 2: gradient checks. Check yours with `python -m lessons.check 2`, or one with `2.2`.

Everywhere: x is a float64 array of any shape; its numbers need not lie in order in memory (it may be the transpose of
an array, and then x.reshape(-1) is a copy). `f` takes an array of the shape of x and returns one number. No function
may change the arrays it is given: what x held before, it holds after, to the last bit. Use NumPy only.
"""

from collections.abc import Callable

import numpy as np


def numeric_gradient(f: Callable[[np.ndarray], float], x: np.ndarray, h: float) -> np.ndarray:
    """2.1 (easy): the gradient of f at x by central differences, an array of the shape of x.

    Element i is (f(x with h added to element i) - f(x with h taken from element i)) / (2h); all other elements are
    where they were. `np.ndindex(x.shape)` gives the indices. Move a copy: x + h - 2h + h need not be x to the last bit.
    """
    raise NotImplementedError("lesson 2, exercise 1: numeric_gradient")


def complex_step_gradient(f: Callable[[np.ndarray], complex], x: np.ndarray) -> np.ndarray:
    """2.2 (medium): the gradient of f at x by complex steps of h = 1e-30, a float64 array of the shape of x.

    f takes complex128 arrays here, and returns a complex number. Element k is the imaginary part of f(x with ih added
    to element k), divided by h; i is 1j in Python. All other elements are where they were.
    """
    raise NotImplementedError("lesson 2, exercise 2: complex_step_gradient")


def relative_error(value: np.ndarray, reference: np.ndarray) -> float:
    """2.3 (medium): the largest distance between the two, divided by the largest number of the two.

        max |value - reference| / max(max |value|, max |reference|)

    Infinite (`float("inf")`) if the shapes differ, or if any number of either is NaN or infinite. If all numbers are 0,
    or if the arrays are empty, 0.0.
    """
    raise NotImplementedError("lesson 2, exercise 3: relative_error")


def check_backward(
    forward: Callable[[np.ndarray], tuple[np.ndarray, object]],
    backward: Callable[[np.ndarray, object], np.ndarray],
    x: np.ndarray,
    dy: np.ndarray,
    direction: np.ndarray,
    h: float,
) -> tuple[float, float]:
    """2.4 (medium): the derivative of s(x) = sum(dy * y) along `direction`, as claimed and as measured.

    forward(x) returns (y, cache), backward(dy, cache) returns dx. `direction` has the shape of x.

    claimed:  sum(dx * direction), with the cache of forward(x)
    measured: (s(x + h * direction) - s(x - h * direction)) / (2h), which does not ask backward
    """
    raise NotImplementedError("lesson 2, exercise 4: check_backward")
