"""Worked solutions of lesson 9. Try first: `python -m lessons.check 9` knows most mistakes by name."""

import math

import numpy as np


def he_normal(shape: tuple[int, int, int, int], rng: np.random.Generator) -> np.ndarray:
    kernel_height, kernel_width, channels, _ = shape
    fan_in = kernel_height * kernel_width * channels
    return rng.standard_normal(shape) * math.sqrt(2 / fan_in)


def sgd_momentum_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    velocity: dict[str, np.ndarray],
    lr: float,
    momentum: float,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    new_velocity = {name: momentum * velocity[name] + grads[name] for name in params}
    return {name: params[name] - lr * new_velocity[name] for name in params}, new_velocity


def adam_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    m: dict[str, np.ndarray],
    v: dict[str, np.ndarray],
    step: int,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    new_params, new_m, new_v = {}, {}, {}
    for name, gradient in grads.items():
        new_m[name] = beta1 * m[name] + (1 - beta1) * gradient
        new_v[name] = beta2 * v[name] + (1 - beta2) * gradient**2
        mhat = new_m[name] / (1 - beta1**step)
        vhat = new_v[name] / (1 - beta2**step)
        new_params[name] = params[name] - lr * mhat / (np.sqrt(vhat) + eps)
    return new_params, new_m, new_v


def one_cycle(step: int, steps: int, highest: float, warm_up: float, start_divisor: float, end_divisor: float) -> float:
    if steps == 1:
        return highest
    first = highest / start_divisor
    last = first / end_divisor
    peak = warm_up * steps - 1
    if step < peak:
        start, end, part = first, highest, step / peak
    else:
        start, end, part = highest, last, min((step - peak) / (steps - 1 - peak), 1)
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2


def group_norm(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, groups: int, eps: float
) -> tuple[np.ndarray, tuple]:
    batch, height, width, channels = x.shape
    grouped = x.reshape(batch, height * width, groups, channels // groups)  # (N, H*W, G, C/G)
    mean = grouped.mean(axis=(1, 3), keepdims=True)  # (N, 1, G, 1)
    variance = ((grouped - mean) ** 2).mean(axis=(1, 3), keepdims=True)  # (N, 1, G, 1)
    inverse_std = 1 / np.sqrt(variance + eps)
    xhat = (grouped - mean) * inverse_std
    return xhat.reshape(x.shape) * weight + bias, (xhat, inverse_std, weight)


def group_norm_backward(dy: np.ndarray, cache: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    xhat, inverse_std, weight = cache
    dweight = (dy * xhat.reshape(dy.shape)).sum(axis=(0, 1, 2))
    dbias = dy.sum(axis=(0, 1, 2))
    g = (dy * weight).reshape(xhat.shape)  # (N, H*W, G, C/G)
    mean_g = g.mean(axis=(1, 3), keepdims=True)  # (N, 1, G, 1)
    mean_product = (g * xhat).mean(axis=(1, 3), keepdims=True)
    dx = (g - mean_g - xhat * mean_product) * inverse_std
    return dx.reshape(dy.shape), dweight, dbias
