"""Exercises of lesson 1: tensors and the contract. Check yours with `python -m lessons.check 1`, or one with `1.3`.

Everywhere: images are (N, H, W, C), channels last. The linear layer computes the same K numbers at every pixel out of
its C channels:

    x (N, H, W, C), weight (C, K), bias (K,)  ->  y (N, H, W, K)

What comes out has the dtype of what went in (mind np.zeros and NumPy scalars: both are float64 unless you say
otherwise), and no argument is changed. Use NumPy only.
"""

import numpy as np


def flat_index(shape: tuple[int, int, int, int], n: int, h: int, w: int, c: int) -> int:
    """1.1 (easy): where element (n, h, w, c) of an array of `shape` = (N, H, W, C) lies in memory, counted from 0.

    The array is C-contiguous, as a new NumPy array is: the last index runs fastest. Counted in numbers, not in bytes.
    """
    raise NotImplementedError("lesson 1, exercise 1: flat_index")


def linear(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, tuple]:
    """1.2 (easy): y (N, H, W, K), and the cache (x, weight).

    y[n, h, w, k] = bias[k] + sum over c of x[n, h, w, c] * weight[c, k]
    """
    raise NotImplementedError("lesson 1, exercise 2: linear")


def linear_backward(dy: np.ndarray, cache: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """1.3 (medium): dx (N, H, W, C), dweight (C, K), dbias (K,), from dy (N, H, W, K) and the cache (x, weight)."""
    raise NotImplementedError("lesson 1, exercise 3: linear_backward")


def sgd_step(params: dict[str, np.ndarray], grads: dict[str, np.ndarray], lr: float) -> dict[str, np.ndarray]:
    """1.4 (easy): a step of gradient descent, parameter - lr * gradient, for every name, in a new dictionary.

    `grads` has the names of `params`, perhaps in another order. `params` and its arrays stay as they are, and
    `dict(params)` copies the dictionary, not its arrays.
    """
    raise NotImplementedError("lesson 1, exercise 4: sgd_step")
