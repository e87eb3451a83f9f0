"""The layers: one operation a file, forward above backward, each a pair of pure functions.

    y, cache = conv2d(x, weight, bias, padding=1)
    dx, dweight, dbias = conv2d_backward(dy, cache)

`dy` is the gradient of the loss with respect to `y`, of the shape of `y`; `dx` is that with respect to `x`, of the
shape of `x`. Nothing is stored between calls but in the cache, and no argument is ever changed.
"""

from minunet.layers.conv import conv2d, conv2d_backward, conv2d_loops, conv2d_loops_backward
from minunet.layers.conv_transpose import conv_transpose2d, conv_transpose2d_backward
from minunet.layers.crop_concat import crop_concat, crop_concat_backward
from minunet.layers.cross_entropy import softmax_cross_entropy, softmax_cross_entropy_backward
from minunet.layers.dice import soft_dice, soft_dice_backward
from minunet.layers.dropout import dropout, dropout_backward, dropout_mask
from minunet.layers.norm import group_norm, group_norm_backward
from minunet.layers.pool import max_pool2d, max_pool2d_backward
from minunet.layers.relu import relu, relu_backward
from minunet.layers.softmax import softmax, softmax_backward

__all__ = [
    "conv2d", "conv2d_backward", "conv2d_loops", "conv2d_loops_backward",
    "conv_transpose2d", "conv_transpose2d_backward",
    "crop_concat", "crop_concat_backward",
    "dropout", "dropout_backward", "dropout_mask",
    "group_norm", "group_norm_backward",
    "max_pool2d", "max_pool2d_backward",
    "relu", "relu_backward",
    "soft_dice", "soft_dice_backward",
    "softmax", "softmax_backward",
    "softmax_cross_entropy", "softmax_cross_entropy_backward",
]  # fmt: skip
