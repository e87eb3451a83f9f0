"""Worked solutions of lesson 8. Try first: `python -m lessons.check 8` knows most mistakes by name."""

import numpy as np

from minunet.layers import (
    conv2d_backward,
    conv_transpose2d_backward,
    crop_concat_backward,
    max_pool2d_backward,
    relu_backward,
)


def output_size(size: int, depth: int) -> int:
    for _ in range(depth - 1):
        size -= 4  # two 3x3 convolutions
        if size < 2 or size % 2:
            return 0
        size //= 2
    for _ in range(depth - 1):
        size = 2 * (size - 4)
    return max(size - 4, 0)


def count_parameters(in_channels: int, classes: int, base: int, depth: int) -> int:
    def conv(kernel: int, channels: int, out_channels: int) -> int:
        return kernel * kernel * channels * out_channels + out_channels  # weights and biases

    total = conv(3, in_channels, base) + conv(3, base, base)
    for level in range(1, depth):
        wide, narrow = base * 2**level, base * 2 ** (level - 1)
        total += conv(3, narrow, wide) + conv(3, wide, wide)  # down
        total += conv(2, wide, narrow) + conv(3, wide, narrow) + conv(3, narrow, narrow)  # up
    return total + conv(1, base, classes)


def receptive_field(layers: list[tuple[int, int]]) -> int:
    field, jump = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * jump
        jump *= stride
    return field


def tiny_unet_backward(dlogits: np.ndarray, caches: dict[str, tuple]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    grads = {}
    dy, grads["out.weight"], grads["out.bias"] = conv2d_backward(dlogits, caches["out"])
    dskip, dy = crop_concat_backward(dy, caches["concat"])
    dy, grads["up.weight"], grads["up.bias"] = conv_transpose2d_backward(dy, caches["up"])
    dy = relu_backward(dy, caches["down_relu"])
    dy, grads["down.weight"], grads["down.bias"] = conv2d_backward(dy, caches["down"])
    dy = max_pool2d_backward(dy, caches["pool"]) + dskip  # the features went down and across
    dy = relu_backward(dy, caches["input_relu"])
    dx, grads["input.weight"], grads["input.bias"] = conv2d_backward(dy, caches["input"])
    return dx, grads
