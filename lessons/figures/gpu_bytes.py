"""gpu_bytes.png: arithmetic per byte of what a forward pass of the seed network, and Adam, do on a GPU.

Counted from shapes, as the code in `minunet.gpu` reads and writes; nothing is measured.
Run: python -m lessons.figures.gpu_bytes
"""

import math
from typing import NamedTuple

from matplotlib.figure import Figure

from lessons.figures.style import GREY, OLIVE, VIOLET, new_figure, save
from minunet import UNet
from minunet.bench.networks import Convolution, convolutions

BATCH, SIZE = 50, 100
# NVIDIA, "NVIDIA A100 Tensor Core GPU Architecture" (2020): operations a second in float32 and TF32, bytes a second
FLOAT32, TF32, MEMORY = 19.5e12, 156e12, 1555e9
LABELS = {  # which dots have a name, and on which side of them it stands
    "Adam": "left",
    "loss": "left",
    "bias and ReLU of input.conv2": "left",
    "max-pool 1": "right",
    "squares of up2": "right",
    "input.conv1": "right",
    "out": "left",
}


class Work(NamedTuple):
    """A product or a pass: how many operations, and how many float32 numbers it reads or writes."""

    name: str
    operations: float
    numbers: float

    @property
    def bytes(self) -> float:
        return 4 * self.numbers

    @property
    def intensity(self) -> float:
        return self.operations / self.bytes


def draw(narrow: bool = False) -> Figure:
    """Products violet, passes olive; to the left of a line memory decides, to the right arithmetic."""
    products, passes = count(UNet(3, 3, base=64, depth=3, padding="valid"))
    figure = new_figure(4, 5) if narrow else new_figure(9.5, 4.6)
    axes = figure.subplots()
    kinds = ((products, VIOLET, "o", "matrix products, by cuBLAS"), (passes, OLIVE, "s", "passes, our kernels"))
    for works, colour, marker, label in kinds:
        intensity, megabytes = [each.intensity for each in works], [each.bytes / 1e6 for each in works]
        axes.scatter(intensity, megabytes, s=36, color=colour, marker=marker, alpha=0.75, label=label, linewidth=0)
    axes.set(xscale="log", yscale="log", xlim=(0.03, 400), ylim=(1, 3000))
    for rate, name in ((FLOAT32, "float32"), (TF32, "TF32")):
        axes.axvline(rate / MEMORY, color=GREY, linewidth=1.2, linestyle="--")
        words = f"A100, {name}: {rate / MEMORY:.3g}"
        axes.text(rate / MEMORY * 1.05, 1.25, words, fontsize=9, color=GREY, rotation=90)
    for each in products + passes:
        if each.name in LABELS and (not narrow or each.name in ("Adam", "loss")):
            side = LABELS[each.name]
            across = 1.15 if side == "left" else 1 / 1.15
            axes.text(across * each.intensity, each.bytes / 1e6, each.name, fontsize=9, va="center", ha=side)
    axes.set(xlabel="operations per byte", ylabel="megabytes read and written")
    axes.set_title(f"preset seed, batch {BATCH}, forward, and Adam:\ncounted from shapes", fontsize=10)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.legend(loc="upper left", fontsize=9)
    axes.grid(True, alpha=0.25)
    return figure


def count(net: UNet) -> tuple[list[Work], list[Work]]:
    """Products and passes; not those that only copy, im2col and concatenation, which have no operations."""
    parameters = sum(math.prod(shape) for shape in net.shapes().values())
    logits = BATCH * net.classes * math.prod(net.output_size(SIZE, SIZE))
    products: list[Work] = []
    passes = [
        Work("Adam", 12 * parameters, 7 * parameters),  # reads 4 arrays, writes 3
        Work("loss", 7 * logits, 2 * logits + 4 * logits / net.classes),  # of a pixel: label, weight (64 bits), loss
    ]
    for conv in convolutions(net, SIZE):
        outputs = BATCH * conv.out_channels * conv.out_size**2
        products.append(product(conv, outputs))
        if conv.transposed:
            passes.append(Work(f"squares of {conv.name.split('.')[0]}", outputs, 2 * outputs))
        else:
            passes.append(Work(f"bias and ReLU of {conv.name}", 2 * outputs, 2 * outputs))
    for number, conv in enumerate(
        each for each in convolutions(net, SIZE) if each.name in ("input.conv2", "down1.conv2")
    ):
        pooled = BATCH * conv.out_channels * (conv.out_size // 2) ** 2
        passes.append(Work(f"max-pool {number + 1}", 3 * pooled, 5 * pooled))
    return products, passes


def product(conv: Convolution, outputs: int) -> Work:
    """Of 3x3 with many channels three, over all pixels, between which the sum lies in memory; of others one."""
    pixels, weight = BATCH * conv.size**2, conv.kernel**2 * conv.channels * conv.out_channels
    if conv.kernel == 3 and conv.channels >= 8:
        windows = pixels - 2 * conv.size - 2
        read, written_or_read_back = 3 * pixels * conv.channels + weight, 5 * windows * conv.out_channels
        return Work(conv.name, 2 * weight * windows, read + written_or_read_back)
    rows = BATCH * (conv.size if conv.transposed else conv.out_size) ** 2
    columns = conv.channels if conv.transposed else conv.kernel**2 * conv.channels
    return Work(conv.name, BATCH * conv.flops, rows * columns + weight + outputs)


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
