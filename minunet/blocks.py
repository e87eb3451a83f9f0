"""The four kinds of blocks that a U-Net is made of: DoubleConv, Down, Up and OutConv, each a short list of layers.

A block holds its name, its sizes and the operations that it computes with, and no numbers: the parameters live in one
flat dictionary, name to array ("down1.conv2.weight"), and the backward pass returns the gradients under the same names.
`using` is the same block with other operations.
"""

import math
from dataclasses import dataclass, replace
from typing import Self

from minunet.backend import Array
from minunet.operations import QUICK, Operations

Parameters = dict[str, Array]
Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class DoubleConv:
    """Twice: a 3x3 convolution, group norm if `groups` is not None, ReLU. (N, H, W, Cin) -> (N, H', W', Cout).

    With `padding` 1 the size stays; with 0 each convolution takes one pixel off each side: H' = H - 4.
    """

    name: str
    in_channels: int
    out_channels: int
    padding: int
    groups: int | None
    operations: Operations = QUICK

    def using(self, operations: Operations) -> Self:
        return replace(self, operations=operations)

    def shapes(self) -> Shapes:
        shapes: Shapes = {}
        for number, channels in ((1, self.in_channels), (2, self.out_channels)):
            shapes[f"{self.name}.conv{number}.weight"] = (3, 3, channels, self.out_channels)
            shapes[f"{self.name}.conv{number}.bias"] = (self.out_channels,)
            if self.groups is not None:
                shapes[f"{self.name}.norm{number}.weight"] = (self.out_channels,)
                shapes[f"{self.name}.norm{number}.bias"] = (self.out_channels,)
        return shapes

    def steps(self) -> list[str]:
        kinds = ("conv", "relu") if self.groups is None else ("conv", "norm", "relu")
        return [f"{self.name}.{kind}{number}" for number in (1, 2) for kind in kinds]

    def forward(self, params: Parameters, x: Array) -> tuple[Array, list]:
        ops, caches = self.operations, []
        for number in (1, 2):
            conv, norm = f"{self.name}.conv{number}", f"{self.name}.norm{number}"
            weight, bias = params[f"{conv}.weight"], params[f"{conv}.bias"]
            if self.groups is None:
                x, cache = ops.conv2d_relu(x, weight, bias, padding=self.padding)
            else:
                scale, shift = params[f"{norm}.weight"], params[f"{norm}.bias"]
                x, conv_cache = ops.conv2d(x, weight, bias, padding=self.padding)
                x, norm_cache = ops.group_norm(x, scale, shift, groups=self.groups)
                x, relu_cache = ops.relu(x)
                cache = conv_cache, norm_cache, relu_cache
            caches.append(cache)
        return x, caches

    def backward(self, dy: Array, caches: list, *, need_dx: bool = True) -> tuple[Array | None, Parameters]:
        ops, grads = self.operations, {}
        for number, cache in zip((2, 1), reversed(caches), strict=True):
            conv, norm = f"{self.name}.conv{number}", f"{self.name}.norm{number}"
            needed = need_dx or number == 2
            if self.groups is None:
                dy, dweight, dbias = ops.conv2d_relu_backward(dy, cache, need_dx=needed)
            else:
                conv_cache, norm_cache, relu_cache = cache
                dy = ops.relu_backward(dy, relu_cache)
                dy, grads[f"{norm}.weight"], grads[f"{norm}.bias"] = ops.group_norm_backward(dy, norm_cache)
                dy, dweight, dbias = ops.conv2d_backward(dy, conv_cache, need_dx=needed)
            grads[f"{conv}.weight"], grads[f"{conv}.bias"] = dweight, dbias
        return dy, grads


@dataclass(frozen=True)
class Down:
    """One level down: 2x2 max-pool, then a DoubleConv. (N, H, W, Cin) -> about (N, H/2, W/2, Cout)."""

    convs: DoubleConv

    @property
    def name(self) -> str:
        return self.convs.name

    def using(self, operations: Operations) -> Self:
        return replace(self, convs=self.convs.using(operations))

    def shapes(self) -> Shapes:
        return self.convs.shapes()

    def steps(self) -> list[str]:
        return [f"{self.name}.pool", *self.convs.steps()]

    def forward(self, params: Parameters, x: Array) -> tuple[Array, tuple]:
        x, pool_cache = self.convs.operations.max_pool2d(x)
        x, convs_cache = self.convs.forward(params, x)
        return x, (pool_cache, convs_cache)

    def backward(self, dy: Array, cache: tuple) -> tuple[Array, Parameters]:
        pool_cache, convs_cache = cache
        dy, grads = self.convs.backward(dy, convs_cache)
        return self.convs.operations.max_pool2d_backward(dy, pool_cache), grads


@dataclass(frozen=True)
class Up:
    """One level up: 2x2 transposed convolution, crop and concatenate the skip, then a DoubleConv.

    x (N, H, W, 2*C) and skip (N, HS, WS, C) -> (N, 2*H, 2*W, C), less the border of valid convolutions.
    """

    convs: DoubleConv

    @property
    def name(self) -> str:
        return self.convs.name

    @property
    def weight(self) -> str:
        return f"{self.name}.conv_transpose.weight"

    @property
    def bias(self) -> str:
        return f"{self.name}.conv_transpose.bias"

    def using(self, operations: Operations) -> Self:
        return replace(self, convs=self.convs.using(operations))

    def shapes(self) -> Shapes:
        wide, narrow = self.convs.in_channels, self.convs.out_channels  # 2*C and C: half of 2*C comes by the skip
        return {self.weight: (2, 2, wide, narrow), self.bias: (narrow,), **self.convs.shapes()}

    def steps(self) -> list[str]:
        return [f"{self.name}.conv_transpose", f"{self.name}.concat", *self.convs.steps()]

    def forward(self, params: Parameters, x: Array, skip: Array) -> tuple[Array, tuple]:
        ops = self.convs.operations
        x, up_cache = ops.conv_transpose2d(x, params[self.weight], params[self.bias], stride=2)  # (N, 2*H, 2*W, C)
        x, concat_cache = ops.crop_concat(skip, x)  # (N, 2*H, 2*W, 2*C)
        x, convs_cache = self.convs.forward(params, x)
        return x, (up_cache, concat_cache, convs_cache)

    def backward(self, dy: Array, cache: tuple) -> tuple[Array, Array, Parameters]:
        ops = self.convs.operations
        up_cache, concat_cache, convs_cache = cache
        dy, grads = self.convs.backward(dy, convs_cache)
        dskip, dy = ops.crop_concat_backward(dy, concat_cache)
        dx, grads[self.weight], grads[self.bias] = ops.conv_transpose2d_backward(dy, up_cache)
        return dx, dskip, grads


@dataclass(frozen=True)
class OutConv:
    """A 1x1 convolution, the same linear classifier at every pixel: (N, H, W, C) -> logits (N, H, W, K)."""

    name: str
    in_channels: int
    classes: int
    operations: Operations = QUICK

    def using(self, operations: Operations) -> Self:
        return replace(self, operations=operations)

    def shapes(self) -> Shapes:
        return {f"{self.name}.weight": (1, 1, self.in_channels, self.classes), f"{self.name}.bias": (self.classes,)}

    def steps(self) -> list[str]:
        return [self.name]

    def forward(self, params: Parameters, x: Array) -> tuple[Array, tuple]:
        return self.operations.conv2d(x, params[f"{self.name}.weight"], params[f"{self.name}.bias"])

    def backward(self, dy: Array, cache: tuple) -> tuple[Array, Parameters]:
        dx, dweight, dbias = self.operations.conv2d_backward(dy, cache)
        return dx, {f"{self.name}.weight": dweight, f"{self.name}.bias": dbias}


def groups_for(channels: int) -> int:
    """Into how many groups `channels` are split: the largest of 8, 4, 2, 1 that divides half of them, so 2 at 12.

    A group of a single channel would subtract whatever the convolution's bias has added: a parameter without effect.
    """
    return math.gcd(8, channels // 2) if channels % 2 == 0 else 1
