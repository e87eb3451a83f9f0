"""Worked solutions of lesson 1. Try first: `python -m lessons.check 1` knows most mistakes by name."""

import numpy as np


def flat_index(shape: tuple[int, int, int, int], n: int, h: int, w: int, c: int) -> int:
    _, height, width, channels = shape
    return ((n * height + h) * width + w) * channels + c


def linear(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, tuple]:
    y = x @ weight + bias  # (N, H, W, C) @ (C, K) + (K,)
    return y, (x, weight)


def linear_backward(dy: np.ndarray, cache: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, weight = cache
    x_rows = x.reshape(-1, x.shape[3])  # (N*H*W, C)
    dy_rows = dy.reshape(-1, dy.shape[3])  # (N*H*W, K)
    dx = dy @ weight.T  # (N, H, W, K) @ (K, C)
    dweight = x_rows.T @ dy_rows  # (C, N*H*W) @ (N*H*W, K)
    dbias = dy_rows.sum(axis=0)
    return dx, dweight, dbias


def sgd_step(params: dict[str, np.ndarray], grads: dict[str, np.ndarray], lr: float) -> dict[str, np.ndarray]:
    return {name: param - lr * grads[name] for name, param in params.items()}
