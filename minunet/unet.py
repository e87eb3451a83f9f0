"""The U-Net: a list of blocks, see blocks.py.

    input ----------------- skip ----------------> up2 -> out -> logits       level 1: base channels
      \\ max-pool                                 / conv_transpose
       down1 -------------- skip ---------> up1                                level 2: 2 * base
         \\ max-pool                        /
          down2 ---------------------------                                    level 3: 4 * base

The way down halves the image and doubles the channels at every level, so that a 3x3 kernel sees more and more of
the picture; the way up returns to the full size, and the skips hand over the detail that was pooled away.
Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation" (2015), figure 1.
"""

import math
from copy import copy
from typing import Any, Self

import numpy as np

from minunet.backend import Array
from minunet.blocks import DoubleConv, Down, OutConv, Parameters, Shapes, Up, groups_for
from minunet.layers import dropout, dropout_backward
from minunet.operations import QUICK, Operations


class UNet:
    """The whole network; it holds sizes and names, and no numbers.

    Args:
        in_channels: channels of the images, 3 for RGB.
        classes: how many classes a pixel can have; the network returns a logit for each.
        base: channels of the first level; every level has twice as many as the one above.
        depth: number of resolution levels, so depth - 1 poolings.
        padding: "same" (zeros around every 3x3 convolution, the output has the size of the input) or "valid" (none,
            as in the paper: the output is smaller, and no output pixel has seen a made-up border).
        norm: None, or "group" for group normalisation after every 3x3 convolution, see `groups_for`.
        operations: what it computes with, see `minunet.operations`.
    """

    def __init__(
        self,
        in_channels: int = 3,
        classes: int = 3,
        base: int = 16,
        depth: int = 4,
        padding: str = "same",
        norm: str | None = None,
        operations: Operations = QUICK,
    ) -> None:
        if min(in_channels, classes, base, depth) < 1:
            raise ValueError("in_channels, classes, base and depth must be at least 1")
        if depth > 12:
            raise ValueError(f"depth must be at most 12, not {depth}: each halves the image and doubles the channels")
        if padding not in ("same", "valid"):
            raise ValueError(f"padding must be 'same' or 'valid', not {padding!r}")
        if norm not in (None, "group"):
            raise ValueError(f"norm must be None or 'group', not {norm!r}")
        self.in_channels, self.classes, self.base, self.depth = in_channels, classes, base, depth
        self.padding, self.norm, self.operations = padding, norm, operations

        def double_conv(name: str, channels_in: int, channels_out: int) -> DoubleConv:
            groups = groups_for(channels_out) if norm == "group" else None
            return DoubleConv(name, channels_in, channels_out, 1 if padding == "same" else 0, groups, operations)

        channels = [base * 2**level for level in range(depth)]  # base, 2*base, 4*base, ...
        self.input = double_conv("input", in_channels, base)
        self.downs = [Down(double_conv(f"down{i}", channels[i - 1], channels[i])) for i in range(1, depth)]
        self.ups = [Up(double_conv(f"up{i}", channels[-i], channels[-i - 1])) for i in range(1, depth)]
        self.out = OutConv("out", base, classes, operations)

    def __repr__(self) -> str:
        names = ("in_channels", "classes", "base", "depth", "padding", "norm")
        sizes = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        rows = [f"  {name:<28}{shape}" for name, shape in self.shapes().items()]
        return "\n".join([f"UNet({sizes}), {self.parameters():,} parameters", *rows])

    def using(self, operations: Operations) -> Self:
        """The same network, of the same blocks, computing with other operations."""
        net = copy(self)
        net.operations = operations
        net.input, net.out = self.input.using(operations), self.out.using(operations)
        net.downs = [down.using(operations) for down in self.downs]
        net.ups = [up.using(operations) for up in self.ups]
        return net

    def blocks(self) -> list[DoubleConv | Down | Up | OutConv]:
        """In the order in which the image meets them."""
        return [self.input, *self.downs, *self.ups, self.out]

    def shapes(self) -> Shapes:
        """The name and shape of every parameter, in the order in which the image meets them."""
        return {name: shape for block in self.blocks() for name, shape in block.shapes().items()}

    def parameters(self) -> int:
        """How many numbers there are to learn."""
        return sum(math.prod(shape) for shape in self.shapes().values())

    def steps(self) -> list[str]:
        """The name of every operation of a forward pass, in their order: "input.conv1", "input.relu1", ..., "out"."""
        return [step for block in self.blocks() for step in block.steps()]

    def init(self, rng: np.random.Generator | int, dtype: str | np.dtype = "float32") -> Parameters:
        """New parameters: He-normal weights, zero biases, and group norms that scale by 1; `rng` may be a seed.

        He: a weight has the standard deviation sqrt(2 / fan_in), fan_in being the number of inputs that an output sums
        over. A ReLU halves the mean square of what comes in, and the 2 makes up for it: the signal keeps its size
        from layer to layer. He, Zhang, Ren and Sun, "Delving Deep into Rectifiers" (2015), section 2.2.
        """
        rng, params = np.random.default_rng(rng), {}
        for name, shape in self.shapes().items():
            if len(shape) == 4:
                kernel_height, kernel_width, channels, _ = shape
                # In a 2x2 transposed convolution of stride 2 the copies do not overlap: 1 pixel makes each output.
                fan_in = channels if "conv_transpose" in name else kernel_height * kernel_width * channels
                params[name] = (rng.standard_normal(shape) * math.sqrt(2 / fan_in)).astype(dtype)
            else:
                params[name] = np.full(shape, 1.0 if ".norm" in name and name.endswith("weight") else 0.0, dtype=dtype)
        return params

    def forward(
        self, params: Parameters, x: Array, *, dropout_mask: Array | None = None, keep_cache: bool = True
    ) -> tuple[Array, dict[str, Any]]:
        """Images x (N, H, W, in_channels) -> logits (N, OH, OW, classes), see `output_size`, and the cache.

        With `dropout_mask`, of the shape of `lowest_shape`, the features of the lowest level pass through `dropout`:
        the end of the contracting path, as in Ronneberger, Fischer and Brox (2015), section 3.1; for training only.

        The cache holds what each block remembers, by its name. Without `keep_cache` it stays empty.

        Raises:
            ValueError: no images, a wrong number of channels, or a size that does not fit; says which sizes do.
        """
        self.output_shape(x)
        cache: dict[str, Any] = {} if keep_cache else Forgetful()
        x, cache["input"] = self.input.forward(params, x)
        skips = [x]
        for down in self.downs:
            x, cache[down.name] = down.forward(params, x)
            skips.append(x)
        skips.pop()  # the lowest level has no skip: x itself goes up
        if dropout_mask is not None:
            x, cache["dropout"] = dropout(x, dropout_mask)
        for up in self.ups:
            x, cache[up.name] = up.forward(params, x, skips.pop())
        logits, cache["out"] = self.out.forward(params, x)
        return logits, cache

    def backward(
        self, dlogits: Array, cache: dict[str, Any], *, need_dx: bool = True, empty_cache: bool = False
    ) -> tuple[Array | None, Parameters]:
        """From dlogits (N, OH, OW, classes) to dx (N, H, W, in_channels) and the gradient of every parameter.

        Training does not ask how the images should change: without `need_dx`, dx is None and is not computed. Nor does
        it go back twice: with `empty_cache` the features of a block are freed as soon as they were used.
        """
        if not cache:
            raise ValueError("this cache is empty: run forward again, with keep_cache")
        cache = cache if empty_cache else dict(cache)
        dy, grads = self.out.backward(dlogits, cache.pop("out"))
        dskips = []
        for up in reversed(self.ups):
            dy, dskip, up_grads = up.backward(dy, cache.pop(up.name))
            dskips.append(dskip)
            grads |= up_grads
        if "dropout" in cache:
            dy = dropout_backward(dy, cache.pop("dropout"))
        for down in reversed(self.downs):
            dy, down_grads = down.backward(dy, cache.pop(down.name))
            # The features went two ways, down and across: their gradients add up.
            dy = self.operations.add_skip(dy, dskips.pop())
            grads |= down_grads
        dx, input_grads = self.input.backward(dy, cache.pop("input"), need_dx=need_dx)
        grads |= input_grads
        return dx, {name: grads[name] for name in self.shapes()}

    def output_shape(self, x: Array) -> tuple[int, int, int]:
        """(N, OH, OW) of the logits for images x. Raises ValueError for images that the network cannot take."""
        if x.ndim != 4 or x.shape[3] != self.in_channels or len(x) == 0:
            raise ValueError(
                f"a batch has the shape (N, H, W, {self.in_channels}) with N of at least 1, not {x.shape}; one image: "
                "image[None]"
            )
        return len(x), *self.output_size(x.shape[1], x.shape[2])

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """The size of the logits for images of height x width. Raises ValueError if the size does not fit."""
        problems = []
        for name, size in (("height", height), ("width", width)):
            if self.output_length(size) is None:
                step = 2 ** (self.depth - 1)  # among that many neighbours one fits, once the image is large enough
                below = next((s for s in range(size, 0, -1) if self.output_length(s) is not None), None)
                above = next(s for s in range(size, size + 8 * self.depth * step) if self.output_length(s) is not None)
                nearest = f"{below} and {above}" if below is not None else f"{above}, the smallest"
                problems.append(f"{name} {size} does not fit, the nearest that do are {nearest}")
        if problems:
            raise ValueError(f"a U-Net with depth={self.depth}, padding={self.padding!r}: {'; '.join(problems)}")
        return self.output_length(height), self.output_length(width)  # type: ignore[return-value]

    def lowest_shape(self, batch: int, height: int, width: int) -> tuple[int, int, int, int]:
        """The shape of the features of the lowest level for images of a size that fits: (N, h, w, C)."""
        border = 4 if self.padding == "valid" else 0
        for _ in range(self.depth - 1):
            height, width = (height - border) // 2, (width - border) // 2
        return batch, height - border, width - border, self.base * 2 ** (self.depth - 1)

    def output_length(self, size: int) -> int | None:
        """How many pixels come out for `size` pixels in, along one axis; None if the size does not fit."""
        border = 4 if self.padding == "valid" else 0  # what two 3x3 convolutions take
        for _ in range(self.depth - 1):
            size -= border
            if size < 2 or size % 2:  # max-pooling an odd size would lose a row that the way up cannot give back
                return None
            size //= 2
        for _ in range(self.depth - 1):
            size = 2 * (size - border)
        size -= border
        return size if size > 0 else None


class Forgetful(dict):
    """A cache that keeps nothing."""

    def __setitem__(self, name: str, value: Any) -> None:
        pass
