"""Max-pooling: the layer that makes an image smaller on the way down the U.

    y[n, i, j, c] = max over a, b of  x[n, S*i + a - P, S*j + b - P, c]

Pixels outside the image count as minus infinity, so that they never win. Backward, each dy goes to the one pixel
that won, and windows that overlap add up. If several pixels of a window tie, the first one in reading order wins
and gets all of the gradient; PyTorch does the same. Scherer, Müller and Behnke, "Evaluation of Pooling Operations
in Convolutional Architectures for Object Recognition" (2010).
"""

import math

from minunet.backend import Array, array_module
from minunet.layers.im2col import pad, window_places
from minunet.layers.shapes import IntPair, as_pair, check_dy, check_image, window_count


def max_pool2d(
    x: Array, *, kernel_size: IntPair = 2, stride: IntPair | None = None, padding: IntPair = 0
) -> tuple[Array, tuple]:
    """The largest value of every window.

    Args:
        x: images, (N, H, W, C).
        kernel_size: window, in pixels, an int or a pair (rows, columns).
        stride: step between windows; None means kernel_size, so that windows do not overlap.
        padding: pixels of minus infinity on each side, at most half of the kernel, the limit of PyTorch.

    Returns:
        y, (N, OH, OW, C) with OH = (H + 2*padding - KH) // stride + 1 and OW likewise, and the cache for
        `max_pool2d_backward`. Rows and columns that do not fill a window are left out.

    Raises:
        ValueError: a kernel larger than the padded image, or padding of more than half the kernel.
        TypeError: integer images.
    """
    check_image(x, exact=True)
    kernel = as_pair(kernel_size, "kernel_size", minimum=1)
    stride = kernel if stride is None else as_pair(stride, "stride", minimum=1)
    padding = as_pair(padding, "padding", minimum=0)
    if 2 * padding[0] > kernel[0] or 2 * padding[1] > kernel[1]:
        raise ValueError(
            f"padding {padding} is more than half of the kernel {kernel}; at most half is allowed, as in PyTorch"
        )
    out_height = window_count(x.shape[1], kernel[0], stride[0], padding[0])
    out_width = window_count(x.shape[2], kernel[1], stride[1], padding[1])

    xp = array_module(x)
    padded = pad(x, padding, value=-math.inf)  # (N, H + 2*PH, W + 2*PW, C)
    places = window_places(kernel, stride, (out_height, out_width))
    y = padded[next(places)].copy()  # (N, OH, OW, C): place 0 of every window leads; the loop goes on with place 1
    winner = xp.zeros(y.shape, dtype="uint8" if kernel[0] * kernel[1] <= 256 else "int32")
    # winner (N, OH, OW, C): the number of the place that won, a * KW + b
    for number, place in enumerate(places, start=1):
        candidate = padded[place]  # (N, OH, OW, C), a view
        xp.copyto(winner, number, where=candidate > y)  # `>`: the first of several equals stays
        xp.maximum(y, candidate, out=y)  # unlike the comparison, this passes a NaN on, so that it is seen
    return y, (winner, x.shape, kernel, stride, padding, x.dtype)


def max_pool2d_backward(dy: Array, cache: tuple) -> Array:
    """From dy (N, OH, OW, C) to dx (N, H, W, C): every dy goes to the pixel that won its window."""
    winner, (batch, height, width, channels), kernel, stride, padding, dtype = cache
    check_dy(dy, winner.shape, dtype)
    padded_shape = (batch, height + 2 * padding[0], width + 2 * padding[1], channels)
    dpadded = array_module(dy).zeros(padded_shape, dtype=dy.dtype)
    for number, place in enumerate(window_places(kernel, stride, dy.shape[1:3])):
        dpadded[place] += dy * (winner == number)  # (N, OH, OW, C)
    return dpadded[:, padding[0] : padding[0] + height, padding[1] : padding[1] + width]
