"""What a U-Net does to a picture of a size, step by step, and what it costs: known before anything is computed."""

import math
from dataclasses import dataclass, field
from typing import Any

from minunet.blocks import groups_for
from minunet.unet import UNet

PICTURE = "x"  # what the first step takes
KINDS = {  # by the last part of a step's name, without its number
    "conv": "conv2d",
    "out": "conv2d",
    "norm": "group_norm",
    "relu": "relu",
    "pool": "max_pool2d",
    "conv_transpose": "conv_transpose2d",
    "concat": "crop_concat",
}


# Row r of a result is made of rows r * times // over - before to r * times // over + after of an input; so are columns.
# What group norm adds, the mean and the deviation of the whole picture, is left out.
Window = tuple[int, int, int, int]  # times, over, before, after
SAME = (1, 1, 0, 0)


@dataclass(frozen=True)
class Step:
    """One operation of a forward pass."""

    name: str  # as in `UNet.steps`: "down1.pool"
    kind: str  # a name in `minunet.layers`: "max_pool2d"
    inputs: tuple[str, ...]  # the steps whose results it takes, or PICTURE
    shape: tuple[int, int, int]  # of its result: height, width and channels
    block: str
    level: int  # 0 at the top
    side: str  # of the U: "down", "bottom" or "up"
    products: int  # how many numbers it multiplies
    windows: tuple[Window, ...]  # one for each input
    options: dict[str, Any] = field(default_factory=dict)  # the padding of a convolution, the groups of a group norm


def arrows_of(steps: list[Step]) -> list[tuple[str, str, str, str]]:
    """From block to block: which hands on, which takes, by which kind of step, and which flow that is."""
    block = {PICTURE: PICTURE} | {step.name: step.block for step in steps}
    hands = [(block[name], step.block, step.kind, f"{name}>{step.name}") for step in steps for name in step.inputs]
    return [arrow for arrow in hands if arrow[0] != arrow[1]] + [("out", "answer", "softmax", "")]


def steps_of(net: UNet, height: int, width: int) -> list[Step]:
    """The steps for a picture of height x width, in their order. Raises ValueError if the size does not fit."""
    net.output_size(height, width)
    weights, bottom = net.shapes(), net.depth - 1
    shapes = {PICTURE: (height, width, net.in_channels)}
    steps: list[Step] = []
    skips: list[str] = []
    last = PICTURE
    for number, block in enumerate(net.blocks()):
        side = "down" if number < bottom else "up" if number > bottom else "bottom"
        level = number if number < bottom else max(0, 2 * bottom - number)
        for name in block.steps():
            kind = KINDS[name.rpartition(".")[2].rstrip("12")]
            inputs: tuple[str, ...] = (last,)
            windows: tuple[Window, ...] = (SAME,)
            products, options = 0, {}
            h, w, c = shapes[last]
            if kind == "conv2d":
                kernel, _, _, c = weights[f"{name}.weight"]
                options["padding"] = kernel // 2 if net.padding == "same" else 0
                h, w = (length + 2 * options["padding"] - kernel + 1 for length in (h, w))
                products = h * w * math.prod(weights[f"{name}.weight"])
                windows = ((1, 1, options["padding"], kernel - 1 - options["padding"]),)
            elif kind == "conv_transpose2d":
                products = h * w * math.prod(weights[f"{name}.weight"])
                h, w, c, windows = 2 * h, 2 * w, weights[f"{name}.weight"][3], ((1, 2, 0, 0),)
            elif kind == "max_pool2d":
                h, w, windows = h // 2, w // 2, ((2, 1, 0, 1),)
            elif kind == "group_norm":
                options["groups"] = groups_for(c)
            elif kind == "crop_concat":
                skip = skips.pop()
                margin = (shapes[skip][0] - h) // 2  # of the skip, on each side, that is cropped
                inputs, windows = (skip, last), ((1, 1, -margin, margin), SAME)
                c += shapes[skip][2]
            shapes[name], last = (h, w, c), name
            steps.append(Step(name, kind, inputs, (h, w, c), block.name, level, side, products, windows, options))
        if side == "down":
            skips.append(last)
    return steps
