"""Exercises of lesson 3: the convolution. Check yours with `python -m lessons.check 3`, or one with `3.2`.

Everywhere: x (N, H, W, C), weight (KH, KW, C, K), bias (K,), y (N, OH, OW, K), with

    OH = (H + 2 * padding - KH) // stride + 1        OW = (W + 2 * padding - KW) // stride + 1

`stride` and `padding` are integers, the same for rows and columns; padding means zeros. What comes out has the dtype of
what went in (np.zeros and np.empty make float64 unless you say otherwise). Use NumPy only.
"""

import numpy as np


def conv2d_loops(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int, padding: int) -> np.ndarray:
    """3.1 (easy): y, one output number at a time, as the formula says.

    y[n, i, j, k] = bias[k] + sum over a, b, c of xpad[n, stride*i + a, stride*j + b, c] * weight[a, b, c, k]

    xpad is x with `padding` zeros above, below, left and right (not in N and C), with p for `padding`:
    np.pad(x, ((0, 0), (p, p), (p, p), (0, 0))). Do not index x with numbers below 0: x[-1] is no error in Python, it
    reads the other side.
    """
    raise NotImplementedError("lesson 3, exercise 1: conv2d_loops")


def im2col(x: np.ndarray, kernel_size: tuple[int, int], stride: int, padding: int) -> np.ndarray:
    """3.2 (medium): every window of x as a row, (N, OH, OW, KH*KW*C).

    Within a row: kernel row first, then kernel column, then channel. No loop over pixels: one over the KH*KW places in
    the window is enough. The pixels of all windows at place a lie in the rows a : a + stride * OH : stride of xpad.
    """
    raise NotImplementedError("lesson 3, exercise 2: im2col")


def conv2d(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int, padding: int) -> tuple[np.ndarray, tuple]:
    """3.3 (easy after 3.2): y as in 3.1, by one matrix product, and the cache (x, weight, stride, padding)."""
    raise NotImplementedError("lesson 3, exercise 3: conv2d")


def col2im(
    cols: np.ndarray, height: int, width: int, kernel_size: tuple[int, int], stride: int, padding: int
) -> np.ndarray:
    """3.4 (medium): the transpose of im2col, from cols (N, OH, OW, KH*KW*C) to an image (N, height, width, C).

    A pixel that im2col copied into several windows gets the sum of what comes back from them. What comes back for the
    padding is dropped.
    """
    raise NotImplementedError("lesson 3, exercise 4: col2im")


def conv2d_backward(dy: np.ndarray, cache: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """3.5 (hard): dx, dweight and dbias, from dy (N, OH, OW, K) and the cache of 3.3, (x, weight, stride, padding).

    Each has the shape of what it belongs to: dx is as large as x, not as dy.
    """
    raise NotImplementedError("lesson 3, exercise 5: conv2d_backward")
