"""Worked solutions of lesson 14. Try first: `python -m lessons.check 14` knows most mistakes by name."""

import numpy as np


def deal_windows(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    count, channels = pixels.shape

    def from_pixel(start: int) -> np.ndarray:
        windows = (count - start) // 3
        return pixels[start : start + 3 * windows].reshape(windows, 3 * channels)

    return from_pixel(0), from_pixel(1), from_pixel(2)


def wide_rows_conv(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    batch, height, width, channels = x.shape
    kernels = weight.shape[3]
    pixels = x.reshape(-1, channels)
    windows = len(pixels) - 2 * width - 2
    full = np.zeros((len(pixels), kernels), dtype=x.dtype)  # the last 2*W + 2 rows stay zero, and are left out below
    for a in range(3):
        matrices = deal_windows(pixels[a * width : a * width + windows + 2])
        for third, matrix in enumerate(matrices):
            full[third:windows:3] += matrix @ weight[a].reshape(3 * channels, kernels)
    return full.reshape(batch, height, width, kernels)[:, : height - 2, : width - 2]


def sum_in_stretches(values: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    sums = np.array([values[start : start + length].sum(axis=0) for start in range(0, len(values), length)])
    return sums, sums.sum(axis=0)
