"""The gradient check without any rounding: in rational numbers.

A convolution multiplies and adds, a max-pool and a ReLU choose, crop and concatenate copies: none of them ever leaves
the rational numbers, and arrays of `fractions.Fraction` go through the same code as arrays of floating-point numbers,
only slower. Each of these layers is linear in each of its inputs, at least near the point where it is checked. So

    (s(x + h*v) - s(x - h*v)) / 2h = sum(dx * v)            for every direction v

holds exactly, for any h that does not change who wins: no tolerance is needed, and a difference is 0 or a mistake.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

DECIMALS = 1000  # inputs are rounded to so many parts of 1
STEP = Fraction(1, 10**7)
FARTHEST = 1000  # of a direction: STEP * FARTHEST is less than the distance that inputs keep from a kink
DIRECTIONS = 2  # of integers drawn at random: a wrong gradient meets both once in millions of times


def exact_errors(
    forward: Callable[[dict[str, Any]], tuple[Any, Any]],
    backward: Callable[[Any, Any], tuple],
    inputs: dict[str, np.ndarray],
    rng: np.random.Generator,
) -> dict[str, float]:
    """For each input, how far the claimed derivative is from the true one along a direction, at most: 0 if it is right.

    Args:
        forward: from the inputs to (y, cache), made of what rational numbers can do.
        backward: from (dy, cache) to the gradients, in the order of the inputs.
        inputs: name -> floating-point array, at least 0.01 away from where the derivative jumps.
    """
    rational = {name: fractions(np.rint(x * DECIMALS), DECIMALS) for name, x in inputs.items()}
    y, cache = forward(rational)
    dy = fractions(rng.integers(-9, 10, y.shape), 7)
    errors = {}
    for (name, x), dx in zip(rational.items(), backward(dy, cache), strict=True):
        errors[name] = 0.0 if np.shape(dx) == x.shape else float("inf")
        for v in fractions(rng.integers(-FARTHEST, FARTHEST + 1, (DIRECTIONS, *x.shape)), 1):
            ahead, behind = (forward({**rational, name: x + step * v})[0] for step in (STEP, -STEP))
            true = (dy * (ahead - behind)).sum() / (2 * STEP)
            if errors[name] < float("inf"):
                errors[name] = max(errors[name], float(abs((dx * v).sum() - true)))
    return errors


def fractions(numerators: np.ndarray, denominator: int) -> np.ndarray:
    """An array of `Fraction`s: whole numbers over one denominator."""
    found = np.empty(numerators.shape, dtype=object)
    for place, number in np.ndenumerate(numerators):
        found[place] = Fraction(int(number), denominator)
    return found
