"""Worked solutions of lesson 5. Try first: `python -m lessons.check 5` knows most mistakes by name."""

from collections.abc import Callable

import numpy as np


def convolution_matrix(weight: np.ndarray, height: int, width: int, stride: int) -> np.ndarray:
    kh, kw = weight.shape
    out_height, out_width = (height - kh) // stride + 1, (width - kw) // stride + 1
    matrix = np.zeros((out_height, out_width, height, width))  # window (i, j), pixel (p, q)
    for i in range(out_height):
        for j in range(out_width):
            matrix[i, j, stride * i : stride * i + kh, stride * j : stride * j + kw] = weight
    return matrix.reshape(out_height * out_width, height * width)


def conv_transpose2d(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int) -> tuple[np.ndarray, tuple]:
    batch, height, width, _ = x.shape
    kh, kw, _, out_channels = weight.shape
    y = np.zeros((batch, (height - 1) * stride + kh, (width - 1) * stride + kw, out_channels), dtype=x.dtype)
    for a in range(kh):
        for b in range(kw):  # pixel (a, b) of all copies at once: every stride-th pixel of y
            rows, columns = slice(a, a + stride * height, stride), slice(b, b + stride * width, stride)
            y[:, rows, columns] += x @ weight[a, b]  # (N, H, W, C) @ (C, K)
    return y + bias, (x, weight, stride)


def conv_transpose2d_backward(dy: np.ndarray, cache: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, weight, stride = cache
    _, height, width, channels = x.shape
    kh, kw, _, out_channels = weight.shape
    x_rows = x.reshape(-1, channels)  # (N*H*W, C)
    dx, dweight = np.zeros_like(x), np.zeros_like(weight)
    for a in range(kh):
        for b in range(kw):
            rows, columns = slice(a, a + stride * height, stride), slice(b, b + stride * width, stride)
            dy_place = dy[:, rows, columns]  # (N, H, W, K): what came out at place (a, b) of each copy
            dx += dy_place @ weight[a, b].T  # (N, H, W, K) @ (K, C)
            dweight[a, b] = x_rows.T @ dy_place.reshape(-1, out_channels)  # (C, N*H*W) @ (N*H*W, K)
    return dx, dweight, dy.sum(axis=(0, 1, 2))


def adjoint_gap(
    forward: Callable[[np.ndarray], np.ndarray],
    transposed: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    z: np.ndarray,
) -> float:
    return float((forward(x) * z).sum() - (x * transposed(z)).sum())
