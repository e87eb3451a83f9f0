"""Worked solutions of lesson 13. Try first: `python -m lessons.check 13` knows most mistakes by name."""

import numpy as np

BT = np.array([[1.0, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]])  # (4, 4)
G = np.array([[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]])  # (4, 3)
AT = np.array([[1.0, 1, 1, 0], [0, 1, -1, 1]])  # (2, 4)


def winograd_f23(d: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    d0, d1, d2, d3 = d.T  # (T,) each
    plus, minus = (g[0] + g[1] + g[2]) / 2, (g[0] - g[1] + g[2]) / 2  # once for all tiles
    m = np.stack([(d0 - d2) * g[0], (d1 + d2) * plus, (d2 - d1) * minus, (d3 - d1) * g[2]], axis=1)  # (T, 4)
    y = np.stack([m[:, 0] + m[:, 1] + m[:, 2], m[:, 1] - m[:, 2] + m[:, 3]], axis=1)  # (T, 2)
    return m, y


def winograd_tile(d: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    v = BT @ d @ BT.T
    u = G @ g @ G.T
    return v, u, AT @ (v * u) @ AT.T


def winograd_conv(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    batch, height, width, _ = x.shape
    u = np.einsum("ia,jb,abck->ijck", G, G, weight)  # (4, 4, C, K)
    y = np.empty((batch, height - 2, width - 2, weight.shape[3]), dtype=x.dtype)
    for i in range(0, height - 2, 2):
        for j in range(0, width - 2, 2):
            v = np.einsum("ia,jb,nabc->ijnc", BT, BT, x[:, i : i + 4, j : j + 4])  # (4, 4, N, C)
            m = v @ u  # 16 products (N, C) @ (C, K)
            y[:, i : i + 2, j : j + 2] = np.einsum("ai,bj,ijnk->nabk", AT, AT, m)
    return y


def sum_of_parts(
    losses: list[float], grads: list[dict[str, np.ndarray]], weights: list[float]
) -> tuple[float, dict[str, np.ndarray]]:
    total = sum(weights)
    loss, summed = 0.0, {name: np.zeros_like(gradient) for name, gradient in grads[0].items()}
    for part_loss, part, weight in zip(losses, grads, weights, strict=True):
        loss += part_loss * (weight / total)
        for name, gradient in part.items():
            summed[name] += gradient * (weight / total)
    return loss, summed
