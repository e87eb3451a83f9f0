"""Transposed convolution: the layer that makes an image larger on the way up the U.

A convolution with fixed weights is linear in x: flatten the images and it is `y = A x` with one large, sparse
matrix A. In one dimension, with the kernel (p, q, r), stride 2 and 5 pixels in, 2 out:

    A = [p q r 0 0]             A.T z = [p*z0, q*z0, r*z0 + p*z1, q*z1, r*z1]
        [0 0 p q r]

The transposed convolution is `A.T`: it takes an image of the size of y to one of the size of x, and where two copies
of the kernel overlap they add up. It is not the inverse (A.T A is not the identity): it restores the size, not the
values. With channels, what came out of the convolution goes in here: the two channel axes of the weight change places.

As a formula, every input pixel puts a copy of the kernel, scaled by its value, onto the output:

    y[n, S*i + a - P, S*j + b - P, k] += x[n, i, j, c] * weight[a, b, c, k]        (and + bias[k])

The U-Net uses it with a 2x2 kernel and stride 2: the copies lie side by side, and nothing overlaps. What falls outside
the output is dropped; `output_padding` adds rows at the lower and columns at the right end.
Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), chapter 4.

So the forward pass is the convolution's dx, and the backward pass gathers as a convolution does.
"""

from minunet.backend import Array
from minunet.layers.im2col import col2im, im2col
from minunet.layers.shapes import IntPair, as_pair, check_dy, check_parameters


def conv_transpose2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: IntPair = 1,
    padding: IntPair = 0,
    output_padding: IntPair = 0,
) -> tuple[Array, tuple]:
    """Transposed convolution.

    Args:
        x: images, (N, H, W, C).
        weight: kernel, (KH, KW, C, K): C channels in, K out, of the same dtype.
        bias: one number per output channel, (K,), or None.
        stride: step between the copies of the kernel in the output, in pixels.
        padding: how many pixels are cut off on each side of the output.
        output_padding: pixels added at the lower and right end, 0 <= output_padding < stride; several input sizes
            of a strided convolution give the same output size, and this says which one to return to.

    Returns:
        y, (N, OH, OW, K) with OH = (H - 1) * stride - 2 * padding + KH + output_padding and OW likewise, and the
        cache for `conv_transpose2d_backward`.

    Raises:
        ValueError: shapes that do not go together, an empty output, or output_padding >= stride.
        TypeError: integer images, or different dtypes.
    """
    check_parameters(x, weight, bias, exact=True)
    stride, padding = as_pair(stride, "stride", minimum=1), as_pair(padding, "padding", minimum=0)
    extra = as_pair(output_padding, "output_padding", minimum=0)
    if extra[0] >= stride[0] or extra[1] >= stride[1]:
        raise ValueError(f"output_padding {extra} must be smaller than stride {stride}")
    batch, height, width, in_channels = x.shape
    kernel_size = weight.shape[:2]
    out_height = (height - 1) * stride[0] - 2 * padding[0] + kernel_size[0] + extra[0]
    out_width = (width - 1) * stride[1] - 2 * padding[1] + kernel_size[1] + extra[1]
    if out_height < 1 or out_width < 1:
        raise ValueError(f"the output would be {out_height} x {out_width} pixels: padding {padding} cuts all of it off")

    # One matrix product scales the kernel by every pixel; col2im adds the copies up.
    cols = x.reshape(-1, in_channels) @ _kernel_matrix(weight)  # (N*H*W, C) @ (C, KH*KW*K)
    # Before padding is cut off, no copy of the kernel reaches the rows and columns of output_padding: they stay zero.
    y = col2im(cols.reshape(batch, height, width, -1), out_height, out_width, kernel_size, stride, padding)
    if bias is not None:
        y += bias
    return y, (x, weight, bias is not None, stride, padding, y.shape)


def conv_transpose2d_backward(dy: Array, cache: tuple) -> tuple[Array, Array, Array | None]:
    """From dy (N, OH, OW, K) to dx (N, H, W, C), dweight (KH, KW, C, K) and dbias (K,), None without a bias.

    Y = col2im(X @ W) with W (C, KH*KW*K). The transpose of col2im is im2col, so dcols = im2col(dy), and the rule
    for a matrix product gives dX = dcols @ W.T, a plain convolution of dy, and dW = X.T @ dcols.
    """
    x, weight, has_bias, stride, padding, shape = cache
    check_dy(dy, shape, x.dtype)
    kernel_size, in_channels, out_channels = weight.shape[:2], weight.shape[2], weight.shape[3]

    dcols = im2col(dy, kernel_size, stride, padding)  # (N, H, W, KH*KW*K)
    dcols = dcols.reshape(-1, dcols.shape[3])  # (N*H*W, KH*KW*K)

    dx = (dcols @ _kernel_matrix(weight).T).reshape(x.shape)  # (N*H*W, KH*KW*K) @ (KH*KW*K, C)
    dweight = x.reshape(-1, in_channels).T @ dcols  # (C, N*H*W) @ (N*H*W, KH*KW*K)
    dweight = dweight.reshape(in_channels, *kernel_size, out_channels).transpose(1, 2, 0, 3)  # -> (KH, KW, C, K)
    dbias = dy.sum(axis=(0, 1, 2)) if has_bias else None
    return dx, dweight, dbias


def _kernel_matrix(weight: Array) -> Array:
    """(KH, KW, C, K) -> (C, KH*KW*K): row c holds the kernel that a pixel of channel c puts down."""
    return weight.transpose(2, 0, 1, 3).reshape(weight.shape[2], -1)
