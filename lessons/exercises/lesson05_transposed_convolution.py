"""Exercises of lesson 5: the transposed convolution. Check yours with `python -m lessons.check 5`, or one with `5.2`.

In 5.2 and 5.3: x and dx (N, H, W, C), weight and dweight (KH, KW, C, K), bias and dbias (K,), y and dy (N, OH, OW, K),
with

    OH = (H - 1) * stride + KH        OW = (W - 1) * stride + KW

`stride` is an integer, the same for rows and columns; there is no padding and no output_padding. Copies of the kernel
overlap where stride is smaller than the kernel, and leave gaps where it is larger. Use NumPy only, and do not change
the arguments.
"""

from collections.abc import Callable

import numpy as np


def convolution_matrix(weight: np.ndarray, height: int, width: int, stride: int) -> np.ndarray:
    """5.1 (medium): the matrix A of a convolution, for one channel and without padding.

    weight is (KH, KW), the picture has height x width pixels, and the output OH x OW with
    OH = (height - KH) // stride + 1 and OW = (width - KW) // stride + 1. A is (OH*OW, height*width): y.ravel() = A @
    x.ravel() for every picture x. So its row i * OW + j belongs to the window (i, j), and its column p * width + q to
    the pixel (p, q). It is float64.
    """
    raise NotImplementedError("lesson 5, exercise 1: convolution_matrix")


def conv_transpose2d(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int) -> tuple[np.ndarray, tuple]:
    """5.2 (medium): y, and the cache (x, weight, stride).

    y is bias[k] everywhere, and on top of that every pixel of x puts down its copy of the kernel:

    y[n, stride*i + a, stride*j + b, k] += sum over c of x[n, i, j, c] * weight[a, b, c, k]    for all n, i, j, a, b, k

    A loop over the KH*KW places in the kernel is enough; a slice of y needs its end, a + stride * H for the rows,
    or it may hold more pixels than x.
    """
    raise NotImplementedError("lesson 5, exercise 2: conv_transpose2d")


def conv_transpose2d_backward(dy: np.ndarray, cache: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """5.3 (hard): dx, dweight and dbias, from dy (N, OH, OW, K) and the cache of 5.2, (x, weight, stride)."""
    raise NotImplementedError("lesson 5, exercise 3: conv_transpose2d_backward")


def adjoint_gap(
    forward: Callable[[np.ndarray], np.ndarray],
    transposed: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    z: np.ndarray,
) -> float:
    """5.4 (easy): <forward(x), z> - <x, transposed(z)>, one number; 0 but for rounding if the two are transposes.

    <u, v> is the sum of u * v over all elements. forward(x) has the shape of z, transposed(z) that of x; both may have
    any number of axes. The sign counts.
    """
    raise NotImplementedError("lesson 5, exercise 4: adjoint_gap")
