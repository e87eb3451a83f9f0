"""2-D convolution, twice: as the loops that define it, and as the matrix product that is used.

For each sample n, output pixel (i, j) and output channel k, with stride S and padding P:

    y[n, i, j, k] = bias[k] + sum over a, b, c of  x[n, S*i + a - P, S*j + b - P, c] * weight[a, b, c, k]

with a < KH, b < KW and c < C, where x counts as 0 outside the image. As in all of deep learning the kernel is not
flipped; strictly this is a cross-correlation. Dumoulin and Visin, "A guide to convolution arithmetic for deep
learning" (2016), chapter 2.

The three gradients follow from that one line. Each y is a sum of products, so a product x*weight passes dy on
to x multiplied by weight, and to weight multiplied by x; a number that was used several times receives the sum:

    dx[n, S*i + a - P, S*j + b - P, c] += dy[n, i, j, k] * weight[a, b, c, k]
    dweight[a, b, c, k]                += dy[n, i, j, k] * x[n, S*i + a - P, S*j + b - P, c]
    dbias[k]                           += dy[n, i, j, k]
"""

import numpy as np

from minunet.backend import Array
from minunet.layers.im2col import col2im, im2col, pad
from minunet.layers.shapes import IntPair, as_pair, check_dy, check_parameters, conv_shape

# --- The definition: one output number at a time; slow, for NumPy only, and the yardstick for everything faster ---


def conv2d_loops(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None, *, stride: IntPair = 1, padding: IntPair = 0
) -> tuple[np.ndarray, tuple]:
    """The same result as `conv2d`, written as the formula is: (N, H, W, C) and (KH, KW, C, K) -> (N, OH, OW, K)."""
    check_parameters(x, weight, bias, exact=True)
    (sh, sw), (ph, pw) = as_pair(stride, "stride", minimum=1), as_pair(padding, "padding", minimum=0)
    kh, kw = weight.shape[:2]
    padded = pad(x, (ph, pw))  # (N, H + 2*PH, W + 2*PW, C)
    shape = conv_shape(x, weight, (sh, sw), (ph, pw))
    y = np.empty(shape, dtype=x.dtype)  # (N, OH, OW, K)
    for n, i, j, k in np.ndindex(shape):
        window = padded[n, sh * i : sh * i + kh, sw * j : sw * j + kw]  # (KH, KW, C)
        y[n, i, j, k] = (window * weight[..., k]).sum()  # the sum over a, b and c
        if bias is not None:
            y[n, i, j, k] += bias[k]
    return y, (x, weight, bias is not None, (sh, sw), (ph, pw))


def conv2d_loops_backward(dy: np.ndarray, cache: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """The same result as `conv2d_backward`: walk over dy (N, OH, OW, K), hand each number to all who made that y."""
    x, weight, has_bias, (sh, sw), (ph, pw) = cache
    check_dy(dy, conv_shape(x, weight, (sh, sw), (ph, pw)), x.dtype)
    height, width = x.shape[1:3]
    kh, kw, _, out_channels = weight.shape
    padded = pad(x, (ph, pw))  # (N, H + 2*PH, W + 2*PW, C)
    dpadded, dweight = np.zeros_like(padded), np.zeros_like(weight)
    dbias = np.zeros(out_channels, dtype=weight.dtype) if has_bias else None  # (K,)
    for n, i, j, k in np.ndindex(dy.shape):
        window = np.s_[n, sh * i : sh * i + kh, sw * j : sw * j + kw]  # (KH, KW, C)
        dpadded[window] += dy[n, i, j, k] * weight[..., k]
        dweight[..., k] += dy[n, i, j, k] * padded[window]
        if dbias is not None:
            dbias[k] += dy[n, i, j, k]
    return dpadded[:, ph : ph + height, pw : pw + width], dweight, dbias  # the zeros outside need no gradient


# --- What is used: gather all windows into a matrix (im2col), and multiply once ---


def conv2d(
    x: Array, weight: Array, bias: Array | None = None, *, stride: IntPair = 1, padding: IntPair = 0
) -> tuple[Array, tuple]:
    """Convolve images with a kernel.

    Args:
        x: images, (N, H, W, C).
        weight: kernel, (KH, KW, C, K), of the same dtype.
        bias: one number per output channel, (K,), or None.
        stride: step between windows, in pixels, an int or a pair (rows, columns).
        padding: zeros on each side, in pixels, an int or a pair (rows, columns).

    Returns:
        y, (N, OH, OW, K) with OH = (H + 2*padding - KH) // stride + 1 and OW likewise, and the cache for
        `conv2d_backward`.

    Raises:
        ValueError: shapes that do not go together, or a kernel larger than the padded image.
        TypeError: integer images, or different dtypes.
    """
    check_parameters(x, weight, bias, exact=True)
    stride, padding = as_pair(stride, "stride", minimum=1), as_pair(padding, "padding", minimum=0)
    kernel_size, out_channels = weight.shape[:2], weight.shape[3]
    cols = im2col(x, kernel_size, stride, padding)  # (N, OH, OW, KH*KW*C)
    y = cols.reshape(-1, cols.shape[3]) @ weight.reshape(-1, out_channels)  # (N*OH*OW, KH*KW*C) @ (KH*KW*C, K)
    if bias is not None:
        y += bias
    # The cache keeps x, not cols: cols is KH*KW times larger, and quickly made again.
    return y.reshape(*cols.shape[:3], out_channels), (x, weight, bias is not None, stride, padding)


def conv2d_backward(dy: Array, cache: tuple) -> tuple[Array, Array, Array | None]:
    """From dy (N, OH, OW, K) to dx (N, H, W, C), dweight (KH, KW, C, K) and dbias (K,), None without a bias.

    With Y = cols @ W the rule for a matrix product gives dW = cols.T @ dY and dcols = dY @ W.T. As im2col is
    linear, dx is its transpose applied to dcols: col2im. Together that is `conv_transpose2d` of dy, with the two
    channel axes of the weight swapped; a test holds the two equal.
    """
    x, weight, has_bias, stride, padding = cache
    check_dy(dy, conv_shape(x, weight, stride, padding), x.dtype)
    height, width = x.shape[1:3]
    kernel_size, out_channels = weight.shape[:2], weight.shape[3]
    dy_rows = dy.reshape(-1, out_channels)  # (N*OH*OW, K)

    cols = im2col(x, kernel_size, stride, padding)
    cols = cols.reshape(-1, cols.shape[3])  # (N*OH*OW, KH*KW*C)
    dweight = (cols.T @ dy_rows).reshape(weight.shape)  # (KH*KW*C, N*OH*OW) @ (N*OH*OW, K)

    dcols = dy_rows @ weight.reshape(-1, out_channels).T  # (N*OH*OW, K) @ (K, KH*KW*C)
    dx = col2im(dcols.reshape(*dy.shape[:3], -1), height, width, kernel_size, stride, padding)

    dbias = dy_rows.sum(axis=0) if has_bias else None
    return dx, dweight, dbias
