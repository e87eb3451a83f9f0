"""Convolution on a GPU by im2col: any kernel, stride and padding; in the network the first layer and the last one."""

from minunet.backend import Array, array_module
from minunet.gpu import passes
from minunet.gpu.passes import Pair
from minunet.gpu.products import multiply, rows_of, tall_product


def forward(x: Array, weight: Array, bias: Array | None, y: Array, stride: Pair, padding: Pair, relu: bool) -> None:
    """y (N, OH, OW, K) = the convolution of x (N, H, W, C) by weight (KH, KW, C, K), all C-contiguous float32."""
    cols = passes.im2col(x, y.shape[1:3], weight.shape[:2], stride, padding)
    multiply(rows_of(cols), rows_of(weight), rows_of(y))
    if bias is not None or relu:
        passes.add_bias(y, bias, y, relu)


def backward(
    x: Array, weight: Array, dy: Array, y: Array | None, stride: Pair, padding: Pair, need_dx: bool
) -> tuple[Array | None, Array, Array]:
    """dx or None, dweight, and dy behind the ReLU, whose sum is dbias."""
    dy = passes.frame(dy, (0, 0), (0, 0), y)
    how = dy.shape[1:3], weight.shape[:2], stride, padding
    cols = passes.im2col(x, *how)
    dweight = tall_product(rows_of(cols), rows_of(dy)).reshape(weight.shape)
    if not need_dx:
        return None, dweight, dy
    dcols = array_module(x).empty(cols.shape, x.dtype)
    multiply(rows_of(dy), rows_of(weight)._replace(transposed=True), rows_of(dcols))  # weight as (KH*KW*C, K)
    return passes.col2im(dcols, x.shape, *how), dweight, dy
