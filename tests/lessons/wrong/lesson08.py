"""Wrong solutions of lesson 8."""

import numpy as np

from minunet import layers as minunet_layers
from tests.lessons.wrong import wrong

# --- 8.1 output_size


@wrong("8.1")
def one_convolution_a_block(size, depth):
    for _ in range(depth - 1):
        size = size - 2
        if size % 2 == 1 or size <= 0:
            return 0
        size = size // 2
    size = size - 2
    for _ in range(depth - 1):
        size = size * 2 - 2
    return size if size > 0 else 0


@wrong("8.1")
def odd_sizes_rounded(size, depth):
    for _ in range(depth - 1):
        size = (size - 4) // 2
    size -= 4
    for _ in range(depth - 1):
        size = 2 * size - 4
    return max(0, size)


@wrong("8.1")
def a_pooling_for_each_level(size, depth):
    for _ in range(depth):
        size -= 4
        if size < 2 or size % 2 != 0:
            return 0
        size //= 2
    size -= 4
    for _ in range(depth):
        size = size * 2 - 4
    return max(size, 0)


@wrong("8.1")
def padded_up_path(size, depth):
    for _ in range(depth - 1):
        size -= 4
        if size < 2 or size % 2:
            return 0
        size //= 2
    return max((size - 4) * 2 ** (depth - 1), 0)


@wrong("8.1")
def divisible_at_the_top(size, depth):
    step = 2 ** (depth - 1)
    if size % step != 0:
        return 0
    for _ in range(depth - 1):
        size = (size - 4) // 2
    size = size - 4
    for _ in range(depth - 1):
        size = size * 2 - 4
    return max(0, size)


@wrong("8.1")
def less_than_nothing(size, depth):
    for _ in range(depth - 1):
        size -= 4
        if size < 2 or size % 2:
            return 0
        size //= 2
    size -= 4
    for _ in range(depth - 1):
        size = 2 * size - 4
    return size


@wrong("8.1")
def same_size(size, depth):
    return size if size % 2 ** (depth - 1) == 0 else 0


# --- 8.2 count_parameters


def weights_and_bias(kernel, channels, out_channels):
    return kernel**2 * channels * out_channels + out_channels


@wrong("8.2")
def weights_only(in_channels, classes, base, depth):
    total = 9 * in_channels * base + 9 * base * base
    for level in range(depth - 1):
        c = base * 2**level
        total += 9 * c * 2 * c + 9 * 2 * c * 2 * c
        total += 4 * 2 * c * c + 9 * 2 * c * c + 9 * c * c
    return total + base * classes


@wrong("8.2")
def skip_not_counted(in_channels, classes, base, depth):
    total = weights_and_bias(3, in_channels, base) + weights_and_bias(3, base, base)
    for level in range(depth - 1):
        c = base * 2**level
        total += weights_and_bias(3, c, 2 * c) + weights_and_bias(3, 2 * c, 2 * c)
        total += weights_and_bias(2, 2 * c, c) + weights_and_bias(3, c, c) + weights_and_bias(3, c, c)
    return total + weights_and_bias(1, base, classes)


@wrong("8.2")
def upsampling_without_weights(in_channels, classes, base, depth):
    total = weights_and_bias(3, in_channels, base) + weights_and_bias(3, base, base)
    for level in range(depth - 1):
        c = base * 2**level
        total += weights_and_bias(3, c, 2 * c) + weights_and_bias(3, 2 * c, 2 * c)
        total += weights_and_bias(3, 2 * c, c) + weights_and_bias(3, c, c)
    return total + weights_and_bias(1, base, classes)


@wrong("8.2")
def depth_poolings(in_channels, classes, base, depth):
    total = weights_and_bias(3, in_channels, base) + weights_and_bias(3, base, base)
    for level in range(depth):
        c = base * 2**level
        total += weights_and_bias(3, c, 2 * c) + weights_and_bias(3, 2 * c, 2 * c)
        total += weights_and_bias(2, 2 * c, c) + weights_and_bias(3, 2 * c, c) + weights_and_bias(3, c, c)
    return total + weights_and_bias(1, base, classes)


@wrong("8.2")
def three_by_three_at_the_end(in_channels, classes, base, depth):
    channels = [base * 2**level for level in range(depth)]
    total = weights_and_bias(3, in_channels, base) + weights_and_bias(3, base, base)
    for narrow, wide in zip(channels[:-1], channels[1:], strict=True):
        total += weights_and_bias(3, narrow, wide) + weights_and_bias(3, wide, wide)
        total += (
            weights_and_bias(2, wide, narrow) + weights_and_bias(3, wide, narrow) + weights_and_bias(3, narrow, narrow)
        )
    return total + weights_and_bias(3, base, classes)


@wrong("8.2")
def channels_that_never_double(in_channels, classes, base, depth):
    total = weights_and_bias(3, in_channels, base) + weights_and_bias(3, base, base)
    for _ in range(depth - 1):
        total += 2 * weights_and_bias(3, base, base)
        total += weights_and_bias(2, base, base) + weights_and_bias(3, 2 * base, base) + weights_and_bias(3, base, base)
    return total + weights_and_bias(1, base, classes)


@wrong("8.2")
def biases_of_the_inputs(in_channels, classes, base, depth):
    def layer(kernel, channels, out_channels):
        return kernel * kernel * channels * out_channels + channels

    total = layer(3, in_channels, base) + layer(3, base, base)
    for level in range(1, depth):
        wide, narrow = base * 2**level, base * 2 ** (level - 1)
        total += layer(3, narrow, wide) + layer(3, wide, wide)
        total += layer(2, wide, narrow) + layer(3, 2 * narrow, narrow) + layer(3, narrow, narrow)
    return total + layer(1, base, classes)


@wrong("8.2")
def channels_after_the_loop(in_channels, classes, base, depth):
    total = weights_and_bias(3, in_channels, base) + weights_and_bias(3, base, base)
    c = base
    for _ in range(depth - 1):
        total += weights_and_bias(3, c, 2 * c) + weights_and_bias(3, 2 * c, 2 * c)
        total += weights_and_bias(2, 2 * c, c) + weights_and_bias(3, 2 * c, c) + weights_and_bias(3, c, c)
        c *= 2
    return total + c * classes + classes


@wrong("8.2")
def channels_of_the_last_up(in_channels, classes, base, depth):
    total, narrow = weights_and_bias(3, in_channels, base) + weights_and_bias(3, base, base), base
    for level in range(1, depth):
        wide, narrow = base * 2**level, base * 2 ** (level - 1)
        total += weights_and_bias(3, narrow, wide) + weights_and_bias(3, wide, wide) + weights_and_bias(2, wide, narrow)
        total += weights_and_bias(3, wide, narrow) + weights_and_bias(3, narrow, narrow)
    return total + weights_and_bias(1, narrow, classes)


@wrong("8.2")
def second_of_the_input_from_the_picture(in_channels, classes, base, depth):
    total = 2 * weights_and_bias(3, in_channels, base) + weights_and_bias(1, base, classes)
    for level in range(depth - 1):
        c = base * 2**level
        total += weights_and_bias(3, c, 2 * c) + weights_and_bias(3, 2 * c, 2 * c)
        total += weights_and_bias(2, 2 * c, c) + weights_and_bias(3, 2 * c, c) + weights_and_bias(3, c, c)
    return total


# --- 8.3 receptive_field


@wrong("8.3")
def no_strides(layers):
    return 1 + sum(kernel - 1 for kernel, _ in layers)


@wrong("8.3")
def stride_first(layers):
    r = jump = 1
    for kernel, stride in layers:
        jump *= stride
        r += (kernel - 1) * jump
    return r


@wrong("8.3")
def from_nothing(layers):
    r, jump = 0, 1
    for kernel, stride in layers:
        r += (kernel - 1) * jump
        jump *= stride
    return r


@wrong("8.3")
def kernel_by_kernel(layers):
    r, jump = 1, 1
    for kernel, stride in layers:
        r += kernel * jump
        jump *= stride
    return r


@wrong("8.3")
def forwards_with_the_other_recurrence(layers):
    """(r - 1) * stride + kernel is right from the last layer to the first."""
    r = 1
    for kernel, stride in layers:
        r = (r - 1) * stride + kernel
    return r


@wrong("8.3")
def forgets_earlier_strides(layers):
    r, jump = 1, 1
    for kernel, stride in layers:
        r += (kernel - 1) * jump
        jump = stride
    return r


@wrong("8.3")
def jump_plus_stride(layers):
    r, j = 1, 1
    for k, s in layers:
        r += (k - 1) * j
        j += s
    return r


@wrong("8.3")
def stride_added_first(layers):
    r, j = 1, 1
    for k, s in layers:
        j += s
        r += (k - 1) * j
    return r


# --- 8.4 tiny_unet_backward


def block(dy, caches, name, grads):
    dy = minunet_layers.relu_backward(dy, caches[f"{name}_relu"])
    dy, grads[f"{name}.weight"], grads[f"{name}.bias"] = minunet_layers.conv2d_backward(dy, caches[name])
    return dy


def upper_half(dlogits, caches):
    grads = {}
    dy, grads["out.weight"], grads["out.bias"] = minunet_layers.conv2d_backward(dlogits, caches["out"])
    dskip, dy = minunet_layers.crop_concat_backward(dy, caches["concat"])
    return dskip, dy, grads


@wrong("8.4")
def skip_forgotten(dlogits, caches):
    dskip, dy, grads = upper_half(dlogits, caches)
    dy, grads["up.weight"], grads["up.bias"] = minunet_layers.conv_transpose2d_backward(dy, caches["up"])
    dy = block(dy, caches, "down", grads)
    dy = minunet_layers.max_pool2d_backward(dy, caches["pool"])
    return block(dy, caches, "input", grads), grads


@wrong("8.4")
def skip_replaces_the_pool(dlogits, caches):
    dskip, dy, grads = upper_half(dlogits, caches)
    dy, grads["up.weight"], grads["up.bias"] = minunet_layers.conv_transpose2d_backward(dy, caches["up"])
    block(dy, caches, "down", grads)
    return block(dskip, caches, "input", grads), grads


@wrong("8.4")
def skip_added_to_the_picture_side(dlogits, caches):
    """Added after the ReLU's backward pass, so that it lets everything through."""
    dskip, dy, grads = upper_half(dlogits, caches)
    dy, grads["up.weight"], grads["up.bias"] = minunet_layers.conv_transpose2d_backward(dy, caches["up"])
    dy = minunet_layers.max_pool2d_backward(block(dy, caches, "down", grads), caches["pool"])
    dy = minunet_layers.relu_backward(dy, caches["input_relu"]) + dskip
    dx, grads["input.weight"], grads["input.bias"] = minunet_layers.conv2d_backward(dy, caches["input"])
    return dx, grads


@wrong("8.4")
def no_relu_at_all(dlogits, caches):
    dskip, dy, grads = upper_half(dlogits, caches)
    for name, backward in (("up", minunet_layers.conv_transpose2d_backward), ("down", minunet_layers.conv2d_backward)):
        dy, grads[f"{name}.weight"], grads[f"{name}.bias"] = backward(dy, caches[name])
    dy = minunet_layers.max_pool2d_backward(dy, caches["pool"]) + dskip
    dx, grads["input.weight"], grads["input.bias"] = minunet_layers.conv2d_backward(dy, caches["input"])
    return dx, grads


@wrong("8.4")
def lower_relu_forgotten(dlogits, caches):
    dskip, dy, grads = upper_half(dlogits, caches)
    for name, backward in (("up", minunet_layers.conv_transpose2d_backward), ("down", minunet_layers.conv2d_backward)):
        dy, grads[f"{name}.weight"], grads[f"{name}.bias"] = backward(dy, caches[name])
    dy = minunet_layers.max_pool2d_backward(dy, caches["pool"]) + dskip
    return block(dy, caches, "input", grads), grads


@wrong("8.4")
def mean_of_both_ways(dlogits, caches):
    dskip, dy, grads = upper_half(dlogits, caches)
    dy, grads["up.weight"], grads["up.bias"] = minunet_layers.conv_transpose2d_backward(dy, caches["up"])
    dy = minunet_layers.max_pool2d_backward(block(dy, caches, "down", grads), caches["pool"])
    return block((dy + dskip) / 2, caches, "input", grads), grads


@wrong("8.4")
def parts_of_the_concatenation_swapped(dlogits, caches):
    dy, dskip, grads = upper_half(dlogits, caches)
    dy, grads["up.weight"], grads["up.bias"] = minunet_layers.conv_transpose2d_backward(dy, caches["up"])
    dy = minunet_layers.max_pool2d_backward(block(dy, caches, "down", grads), caches["pool"])
    return block(dy + dskip, caches, "input", grads), grads


@wrong("8.4")
def one_gradient_left_out(dlogits, caches):
    dskip, dy, grads = upper_half(dlogits, caches)
    dy, grads["up.weight"], _ = minunet_layers.conv_transpose2d_backward(dy, caches["up"])
    dy = minunet_layers.max_pool2d_backward(block(dy, caches, "down", grads), caches["pool"])
    return block(np.add(dy, dskip), caches, "input", grads), grads


@wrong("8.4")
def gradients_first(dlogits, caches):
    dskip, dy, grads = upper_half(dlogits, caches)
    dy, grads["up.weight"], grads["up.bias"] = minunet_layers.conv_transpose2d_backward(dy, caches["up"])
    dy = minunet_layers.max_pool2d_backward(block(dy, caches, "down", grads), caches["pool"])
    dx = block(dy + dskip, caches, "input", grads)
    return grads, dx
