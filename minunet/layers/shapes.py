"""Shape arithmetic and shape errors, shared by the layers that slide a window over an image."""

from fractions import Fraction
from typing import Any

from minunet.backend import Array

IntPair = int | tuple[int, int]


def as_pair(value: IntPair, name: str, *, minimum: int) -> tuple[int, int]:
    """`3` -> `(3, 3)`, `(3, 5)` -> `(3, 5)`; for rows and for columns. Raises ValueError below `minimum`."""
    pair = (value, value) if not isinstance(value, (tuple, list)) else tuple(value)
    if len(pair) != 2 or any(int(number) != number or number < minimum for number in pair):
        raise ValueError(f"{name} must be an integer >= {minimum} or a pair of them, not {value!r}")
    return int(pair[0]), int(pair[1])


def window_count(size: int, kernel: int, stride: int, padding: int) -> int:
    """How many windows of `kernel` pixels fit into `size` pixels with `padding` added at both ends.

    `(size + 2 * padding - kernel) // stride + 1`: the first window starts at 0, the last one may end at
    the last pixel at most, and each step is `stride`. Raises ValueError if not even one fits.
    """
    count = (size + 2 * padding - kernel) // stride + 1
    if count < 1:
        raise ValueError(
            f"a window of {kernel} does not fit into {size} pixels with padding {padding}: "
            f"use an image of at least {max(kernel - 2 * padding, 1)} pixels, or more padding"
        )
    return count


def check_image(x: Array, name: str = "x", *, exact: bool = False) -> None:
    """Raise unless `x` is a floating-point array of shape (N, H, W, C); or, if they may be `exact`, of fractions."""
    if x.ndim != 4:
        raise ValueError(f"{name} must have the shape (N, H, W, C), but has {x.shape}: channels last, batch first")
    if x.size == 0:
        raise ValueError(f"{name} {x.shape} is empty: it needs at least one sample, one pixel and one channel")
    if not (exact and x.dtype.kind == "O" and all(isinstance(number, Fraction) for number in x.flat)):
        check_floating(x, name)


def check_floating(x: Array, name: str = "x") -> None:
    """Raise unless `x` holds floating-point (or complex) numbers: integers would be rounded on the way."""
    if x.dtype.kind not in "fc":
        raise TypeError(f"{name} is {x.dtype}: convert it to a floating-point type first, {name}.astype('float32')")


def check_same_dtype(x: Array, name: str, other: Array) -> None:
    """Raise unless `other`, called `name`, has the dtype of `x`."""
    if other.dtype != x.dtype:
        raise TypeError(f"x is {x.dtype}, but {name} is {other.dtype}: nothing is converted, make them equal")


def check_dy(dy: Array, shape: tuple[int, ...], dtype: Any) -> None:
    """Raise unless `dy`, the gradient with respect to y, has the shape and the dtype of y."""
    if dy.shape != shape:
        raise ValueError(f"dy must have the shape of y, {shape}, not {dy.shape}")
    if dy.dtype != dtype:
        raise TypeError(f"dy must have the dtype of y, {dtype}, not {dy.dtype}: nothing is converted on the way")


def conv_shape(x: Array, weight: Array, stride: tuple[int, int], padding: tuple[int, int]) -> tuple[int, int, int, int]:
    """(N, OH, OW, K): what a convolution makes of x (N, H, W, C) with a weight (KH, KW, C, K)."""
    height, width = (window_count(x.shape[1 + i], weight.shape[i], stride[i], padding[i]) for i in (0, 1))
    return len(x), height, width, weight.shape[3]


def check_parameters(x: Array, weight: Array, bias: Array | None, *, exact: bool = False) -> None:
    """Raise unless `weight` (KH, KW, Cin, Cout) and `bias` (Cout,) go with the image `x` (N, H, W, Cin)."""
    check_image(x, exact=exact)
    if weight.ndim != 4:
        raise ValueError(f"weight must have the shape (KH, KW, Cin, Cout), but has {weight.shape}")
    if weight.shape[2] != x.shape[3]:
        raise ValueError(
            f"x has {x.shape[3]} channels, but weight {weight.shape} takes {weight.shape[2]}: "
            "the last axis of x and the third axis of weight (KH, KW, Cin, Cout) must be equal"
        )
    if bias is not None and bias.shape != weight.shape[3:]:
        raise ValueError(
            f"bias must have the shape ({weight.shape[3]},), one number per output channel, not {bias.shape}"
        )
    check_same_dtype(x, "weight", weight)
    if bias is not None:
        check_same_dtype(x, "bias", bias)
