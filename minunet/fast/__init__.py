"""Quick ways to the results of `minunet.layers`, an algorithm a file, each held to the plain one by a test.

Most have the names and the arguments of the plain ones, and hand to them what they are not made for, such as unusual
kernels; CuPy arrays go to `gpu` where it has a kernel, else to `layers`. The network uses these, and prediction
`softmax`. Winograd's algorithms serve float32; float64 and complex numbers take im2col, which rounds like a plain sum,
so that a gradient check checks the exact mathematics.
"""

from minunet.fast.conv import conv2d, conv2d_backward
from minunet.fast.conv_transpose import conv_transpose2d, conv_transpose2d_backward
from minunet.fast.crop_concat import add_to_centre, crop_concat_backward_parts
from minunet.fast.cross_entropy import softmax_cross_entropy, softmax_cross_entropy_backward
from minunet.fast.norm import group_norm, group_norm_backward
from minunet.fast.pool import max_pool2d, max_pool2d_backward
from minunet.fast.relu import relu_backward_in_place, relu_in_place
from minunet.fast.softmax import softmax
from minunet.fast.winograd_weights import TransformedWeights

__all__ = [
    "TransformedWeights", "add_to_centre", "conv2d", "conv2d_backward", "conv_transpose2d", "conv_transpose2d_backward",
    "crop_concat_backward_parts", "group_norm", "group_norm_backward", "max_pool2d", "max_pool2d_backward",
    "relu_backward_in_place", "relu_in_place", "softmax", "softmax_cross_entropy", "softmax_cross_entropy_backward",
]  # fmt: skip
