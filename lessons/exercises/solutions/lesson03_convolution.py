"""Worked solutions of lesson 3. Try first: `python -m lessons.check 3` knows most mistakes by name."""

import numpy as np


def conv2d_loops(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int, padding: int) -> np.ndarray:
    kh, kw, _, out_channels = weight.shape
    xpad = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    out_height = (xpad.shape[1] - kh) // stride + 1
    out_width = (xpad.shape[2] - kw) // stride + 1
    y = np.empty((len(x), out_height, out_width, out_channels), dtype=x.dtype)
    for n, i, j, k in np.ndindex(y.shape):
        window = xpad[n, stride * i : stride * i + kh, stride * j : stride * j + kw]  # (KH, KW, C)
        y[n, i, j, k] = bias[k] + (window * weight[..., k]).sum()
    return y


def im2col(x: np.ndarray, kernel_size: tuple[int, int], stride: int, padding: int) -> np.ndarray:
    kh, kw = kernel_size
    xpad = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    out_height = (xpad.shape[1] - kh) // stride + 1
    out_width = (xpad.shape[2] - kw) // stride + 1
    cols = np.empty((len(x), out_height, out_width, kh, kw, x.shape[3]), dtype=x.dtype)
    for a in range(kh):
        for b in range(kw):  # pixel (a, b) of all windows at once
            cols[:, :, :, a, b] = xpad[:, a : a + stride * out_height : stride, b : b + stride * out_width : stride]
    return cols.reshape(len(x), out_height, out_width, -1)


def conv2d(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int, padding: int) -> tuple[np.ndarray, tuple]:
    cols = im2col(x, weight.shape[:2], stride, padding)  # (N, OH, OW, KH*KW*C)
    y = cols @ weight.reshape(-1, weight.shape[3]) + bias  # (N, OH, OW, KH*KW*C) @ (KH*KW*C, K)
    return y, (x, weight, stride, padding)


def col2im(
    cols: np.ndarray, height: int, width: int, kernel_size: tuple[int, int], stride: int, padding: int
) -> np.ndarray:
    kh, kw = kernel_size
    batch, out_height, out_width, _ = cols.shape
    cols = cols.reshape(batch, out_height, out_width, kh, kw, -1)  # (N, OH, OW, KH, KW, C)
    xpad = np.zeros((batch, height + 2 * padding, width + 2 * padding, cols.shape[5]), dtype=cols.dtype)
    for a in range(kh):
        for b in range(kw):
            rows, columns = slice(a, a + stride * out_height, stride), slice(b, b + stride * out_width, stride)
            xpad[:, rows, columns] += cols[:, :, :, a, b]
    return xpad[:, padding : padding + height, padding : padding + width]


def conv2d_backward(dy: np.ndarray, cache: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, weight, stride, padding = cache
    dy_rows = dy.reshape(-1, dy.shape[3])  # (N*OH*OW, K)
    cols = im2col(x, weight.shape[:2], stride, padding).reshape(len(dy_rows), -1)  # (N*OH*OW, KH*KW*C)
    dweight = (cols.T @ dy_rows).reshape(weight.shape)
    dcols = dy @ weight.reshape(-1, dy.shape[3]).T  # (N, OH, OW, K) @ (K, KH*KW*C)
    dx = col2im(dcols, x.shape[1], x.shape[2], weight.shape[:2], stride, padding)
    return dx, dweight, dy_rows.sum(axis=0)
