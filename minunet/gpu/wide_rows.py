"""3x3 convolution with stride 1 on a GPU, by three matrix products of the image itself: nothing is gathered.

With channels last, three neighbouring pixels of a row are 3*C numbers side by side: one row of a 3x3 window, without a
copy. For a fixed row a of the window, all windows of the batch are rows of 3*C numbers, each of which begins C numbers
after the one before. cuBLAS refuses rows that overlap, so they are dealt out: windows 0, 3, 6, ... make a matrix whose
rows are 3*C apart, windows 1, 4, 7, ... and 2, 5, 8, ... two more. One call multiplies all three with weight[a],
(3*C, K), and puts the results into every third row of the output. Three such calls add up to the convolution:

    full[m] = sum over a of  x[m + a*W : m + a*W + 3] @ weight[a]           m counts the pixels of the batch

It is made for every pixel m, also where the window runs over the right edge into the next row; those are left out when
the bias is added. At 98 x 98 pixels they are 4 % of the products; im2col would write and read nine times the image.

**Backward.** dx is the same convolution, of dy with zeros around it, by the weight turned by 180 degrees. And

    dweight[a] = sum over m of  x[m + a*W : m + a*W + 3].T @ dy[m]           dy[m] = 0 where m is no pixel of y

has few numbers and a very long sum: `add_tall_product` cuts it into stretches.
"""

from minunet.backend import Array, array_module
from minunet.gpu.passes import Pair, add_bias, frame
from minunet.gpu.products import Matrix, add_tall_product, multiply, rows_of, stretches


def forward(x: Array, weight: Array, bias: Array | None, y: Array, padding: Pair, relu: bool) -> None:
    """y (N, OH, OW, K) = the convolution of x (N, H, W, C) by weight (3, 3, C, K), all C-contiguous float32."""
    add_bias(_correlate(frame(x, padding, padding), weight), bias, y, relu)


def backward(
    x: Array, weight: Array, dy: Array, y: Array | None, padding: Pair, need_dx: bool
) -> tuple[Array | None, Array, Array]:
    """dx or None, dweight, and dy behind the ReLU with zeros around it, whose sum is dbias; padding at most 2."""
    dx, around = None, None
    if need_dx:
        zeros = 2 - padding[0], 2 - padding[1]
        around = frame(dy, zeros, zeros, y)  # (N, H + 2, W + 2, K)
        turned = array_module(x).ascontiguousarray(weight[::-1, ::-1].swapaxes(2, 3))  # (3, 3, K, C)
        dx = add_bias(_correlate(around, turned), None, array_module(x).empty(x.shape, x.dtype))
    framed = frame(x, padding, padding)  # (N, H + 2*PH, W + 2*PW, C)
    if around is not None and padding == (1, 1):  # of the same size, and its dy one row and one pixel further on
        return dx, _dweight(framed, around, around.shape[2] + 1, weight.shape), around
    corner = frame(dy, (0, 0), (2, 2), y)
    return dx, _dweight(framed, corner, 0, weight.shape), corner


def _correlate(framed: Array, weight: Array) -> Array:
    """full (N, H, W, K) for framed (N, H, W, C): every pixel's window of 3x3, the sum over a of three products.

    Undefined where no window fits, not even beyond the edge.
    """
    *_, width, channels = framed.shape
    out_channels, windows = weight.shape[3], _windows(framed)
    full = array_module(framed).empty((*framed.shape[:3], out_channels), framed.dtype)
    for a in range(3):
        part = rows_of(weight[a])  # (3*C, K)
        for first, rows, batch in ((0, windows // 3, 3), (windows // 3 * 3, 1, windows % 3)):  # and the last 0 to 2
            if rows and batch:
                start = (first + a * width) * channels
                multiply(
                    Matrix(framed, rows, 3 * channels, 3 * channels, start, stride=channels),
                    part,
                    Matrix(full, rows, out_channels, 3 * out_channels, first * out_channels, stride=out_channels),
                    batch=batch,
                    accumulate=a > 0,
                )
    return full


def _windows(framed: Array) -> int:
    """How many pixels m of the batch (N, H, W, C) there are, from the first on, with m + 2*W + 2 in the batch too."""
    batch, height, width, _ = framed.shape
    return batch * height * width - 2 * width - 2


def _dweight(framed: Array, dy: Array, first: int, weight_shape: tuple[int, ...]) -> Array:
    """dweight (3, 3, C, K) of framed (N, H, W, C) and dy (N, H, W, K), whose pixel number `first` belongs to m = 0."""
    _, _, channels, out_channels = weight_shape
    width, windows = framed.shape[2], _windows(framed)
    count = stretches(windows // 3, 3 * channels, out_channels)
    parts = array_module(framed).zeros((3, count + 1, 3 * channels, out_channels), framed.dtype)
    for a in range(3):
        for third in range(min(3, windows)):  # m = 0, 3, 6, ...; 1, 4, 7, ...; 2, 5, 8, ...
            rows = (windows - third + 2) // 3
            add_tall_product(
                Matrix(framed, rows, 3 * channels, 3 * channels, start=(third + a * width) * channels),
                Matrix(dy, rows, out_channels, 3 * out_channels, start=(first + third) * out_channels),
                parts[a],
            )
    return parts.sum(axis=1).reshape(weight_shape)
