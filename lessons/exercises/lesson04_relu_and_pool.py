"""Exercises of lesson 4: ReLU and max-pool. Check yours with `python -m lessons.check 4`, or one with `4.2`.

In 4.1 and 4.2 the arrays have any shape, the same for all. In 4.3 and 4.4: x and dx (N, H, W, C), y and dy
(N, OH, OW, C), with

    OH = (H - kernel_size) // stride + 1        OW = (W - kernel_size) // stride + 1

`kernel_size` and `stride` are integers, the same for rows and columns; there is no padding. Windows overlap where
stride < kernel_size, and leave pixels out where stride > kernel_size. Use NumPy only, and do not change the arguments.
"""

import numpy as np


def relu(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """4.1 (easy): y = x where x > 0, else 0, of the shape and dtype of x; and the cache, which is y itself."""
    raise NotImplementedError("lesson 4, exercise 1: relu")


def relu_backward(dy: np.ndarray, cache: np.ndarray) -> np.ndarray:
    """4.2 (easy): dx, of the shape and dtype of dy, from dy and the cache of 4.1, which is y.

    dx = dy where x > 0, and 0 where x <= 0: at exactly 0 the gradient stops.
    """
    raise NotImplementedError("lesson 4, exercise 2: relu_backward")


def max_pool2d(x: np.ndarray, kernel_size: int, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """4.3 (medium): y, the largest number of every window, and winner, where in the window it stood.

    y[n, i, j, c] = max over a, b of x[n, stride*i + a, stride*j + b, c]        a, b = 0 ... kernel_size - 1

    winner (N, OH, OW, C) holds whole numbers, a * kernel_size + b of the pixel that won. Of several that are equal
    the first in reading order wins: the one with the smallest a * kernel_size + b. Rows and columns that do not fill a
    window are left out. A loop over the kernel_size ** 2 places in the window is enough; a slice needs its end,
    a + stride * OH for the rows, or it may hold more pixels than there are windows.
    """
    raise NotImplementedError("lesson 4, exercise 3: max_pool2d")


def max_pool2d_backward(
    dy: np.ndarray, winner: np.ndarray, x_shape: tuple[int, int, int, int], kernel_size: int, stride: int
) -> np.ndarray:
    """4.4 (hard): dx, of the shape `x_shape` = (N, H, W, C) and the dtype of dy.

    Every dy[n, i, j, c] is added to the pixel that won the window (n, i, j, c); `winner` is that of 4.3. A pixel that
    won several windows gets the sum, a pixel that won none gets 0.
    """
    raise NotImplementedError("lesson 4, exercise 4: max_pool2d_backward")
