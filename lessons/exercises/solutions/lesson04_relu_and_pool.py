"""Worked solutions of lesson 4. Try first: `python -m lessons.check 4` knows most mistakes by name."""

import numpy as np


def relu(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y = np.maximum(x, 0)
    return y, y


def relu_backward(dy: np.ndarray, cache: np.ndarray) -> np.ndarray:
    return dy * (cache > 0)


def max_pool2d(x: np.ndarray, kernel_size: int, stride: int) -> tuple[np.ndarray, np.ndarray]:
    batch, height, width, channels = x.shape
    out_height, out_width = (height - kernel_size) // stride + 1, (width - kernel_size) // stride + 1
    y = np.full((batch, out_height, out_width, channels), -np.inf, dtype=x.dtype)
    winner = np.zeros(y.shape, dtype=int)
    for a in range(kernel_size):
        for b in range(kernel_size):  # in reading order
            rows, columns = slice(a, a + stride * out_height, stride), slice(b, b + stride * out_width, stride)
            candidate = x[:, rows, columns]  # (N, OH, OW, C): pixel (a, b) of all windows at once
            better = candidate > y  # `>`, not `>=`: of equal pixels the first stays
            winner[better] = a * kernel_size + b
            y[better] = candidate[better]
    return y, winner


def max_pool2d_backward(
    dy: np.ndarray, winner: np.ndarray, x_shape: tuple[int, int, int, int], kernel_size: int, stride: int
) -> np.ndarray:
    _, out_height, out_width, _ = dy.shape
    dx = np.zeros(x_shape, dtype=dy.dtype)
    for a in range(kernel_size):
        for b in range(kernel_size):
            rows, columns = slice(a, a + stride * out_height, stride), slice(b, b + stride * out_width, stride)
            dx[:, rows, columns] += dy * (winner == a * kernel_size + b)  # no pixel is in a slice twice
    return dx
