"""Exercises of lesson 8: the U. Check yours with `python -m lessons.check 8`, or one with `8.2`.

`depth` counts the levels of the U, so there are depth - 1 poolings; each level has twice the channels of the one above
it. A block is two 3x3 convolutions; before those of the way down comes a 2x2 max-pool (but not in the first block),
before those of the way up a 2x2 transposed convolution of stride 2, and the skip.
"""

import numpy as np

from minunet.layers import (  # noqa: F401  (for 8.4)
    conv2d_backward,
    conv_transpose2d_backward,
    crop_concat_backward,
    max_pool2d_backward,
    relu_backward,
)


def output_size(size: int, depth: int) -> int:
    """8.1 (medium): how many pixels come out of the valid U-Net for `size` pixels in, along one axis; 0 if none do.

    No convolution is padded, so a 3x3 convolution takes one pixel off each end. A size does not fit, and the result is
    0, if a max-pool meets an odd number of pixels or less than 2, or if nothing is left at the end. depth >= 1: depth 1
    is one block and no pooling.
    """
    raise NotImplementedError("lesson 8, exercise 1: output_size")


def count_parameters(in_channels: int, classes: int, base: int, depth: int) -> int:
    """8.2 (medium): how many numbers a U-Net without group norm holds, weights and biases.

    The picture has in_channels, the first level has base channels, and the last layer is a 1x1 convolution from base
    channels to classes. A transposed convolution halves the channels; with those of the skip beside them there are as
    many as before.
    """
    raise NotImplementedError("lesson 8, exercise 2: count_parameters")


def receptive_field(layers: list[tuple[int, int]]) -> int:
    """8.3 (easy): how many pixels of a row of the picture a pixel sees after these layers.

    layers: (kernel, stride) of convolutions and poolings, the first one first. Without layers a pixel sees 1: itself.
    The stride of a layer counts for the layers behind it, not for itself.
    """
    raise NotImplementedError("lesson 8, exercise 3: receptive_field")


def tiny_unet_backward(dlogits: np.ndarray, caches: dict[str, tuple]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """8.4 (medium): dx and the gradients of a U-Net of depth 2 with one convolution per block.

    The lesson shows its forward pass, `tiny_unet` in lessons/check/lesson08.py. caches holds what each layer handed
    back, by the name there: input, input_relu, pool, down, down_relu, up, concat, out. The functions imported above
    take (dy, cache) each: conv2d_backward and conv_transpose2d_backward return (dx, dweight, dbias),
    crop_concat_backward returns (dskip, dx), and the two others return dx. Return (dx, grads), in this order; grads
    holds the gradients under "input.weight", "input.bias", and so on for down, up and out, in any order.
    """
    raise NotImplementedError("lesson 8, exercise 4: tiny_unet_backward")
