"""the_u.png: the network that minunet began with, every array of its forward pass with its shape.

Run: python -m lessons.figures.the_u
"""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from lessons.figures.style import FORWARD, GREY, INK, OLIVE, PHONE, SKY_TINT, WINE, arrow, new_figure, save
from minunet.recording import Recording
from minunet.unet import UNet

SIZE = 100
SKIP = "#c4c4c4"
NET = UNet(3, 3, base=64, depth=3, padding="valid")
TOPS = (0.0, 2.2, 3.95)  # where the centre line of each level's arrays lies, in inches from the top
KINDS = {
    "3x3 convolution, ReLU": FORWARD,
    "2x2 max-pool": WINE,
    "2x2 transposed convolution": OLIVE,
    "crop and copy": GREY,
    "1x1 convolution": INK,
}
NARROW = (  # where the bars' middles lie on a phone: input, down1, down2, up1, up2 and out
    0.27, 0.75, 1.15, 0.35, 0.8, 1.26, 1.26, 1.85, 2.45, 2.49, 3.03, 3.5, 2.4, 2.84, 3.26, 3.7,
)  # fmt: skip


@dataclass
class Map:
    """An array (1, H, W, C) on the drawing board: its centre, in inches."""

    shape: tuple[int, ...]
    x: float
    y: float
    skip_channels: int = 0  # of a concatenation

    @property
    def height(self) -> float:
        return 0.014 * self.shape[1]

    @property
    def width(self) -> float:
        return 0.06 + 0.025 * np.sqrt(self.shape[3])


def draw(narrow: bool = False) -> Figure:
    """Arrays as bars: height for the size, width for the root of the number of channels."""
    levels = _shapes()
    figure = new_figure(PHONE, 6.6) if narrow else new_figure(9.5, 6.3)
    axes = figure.subplots()
    axes.set(xlim=(0, 4) if narrow else (-0.42, 9.17), ylim=(5.2 if narrow else 5.0, -1.12), aspect="equal")
    axes.axis("off")

    xs = iter(NARROW if narrow else _places([shape for _, shapes in levels for shape in shapes]))
    down1, down2, bottom, up1, up2 = ([_map(shape, next(xs), level) for shape in shapes] for level, shapes in levels)
    up1[0].skip_channels, up2[0].skip_channels = down2[-1].shape[3], down1[-1].shape[3]
    for run in (down1, down2, bottom, up1, up2):
        for each in run:
            _bar(axes, each)
        for one, other in zip(run[:-1], run[1:], strict=True):
            last = other is up2[-1]
            _across(axes, one, other, INK if last else FORWARD)
    for one, other in ((down1[-1], down2[0]), (down2[-1], bottom[0])):
        arrow(
            axes,
            (one.x + 0.06, one.y + one.height / 2 + 0.22),
            (other.x - 0.06, other.y - other.height / 2 - 0.24),
            WINE,
        )
    for one, other in ((bottom[-1], up1[0]), (up1[-1], up2[0])):
        arrow(
            axes,
            (one.x + 0.06, one.y - one.height / 2 - 0.24),
            (other.x - 0.02, other.y + other.height / 2 + 0.22),
            OLIVE,
        )
    for one, other in ((down1[-1], up2[0]), (down2[-1], up1[0])):
        cut = (one.shape[1] - other.shape[1]) // 2
        _across(axes, one, other, GREY)
        words = f"{one.shape[1]} to {other.shape[1]}:\n{cut} pixels off{chr(10) if narrow else ' '}each side"
        size = 7.5 if narrow else 8.5
        axes.text((one.x + other.x) / 2, one.y - 0.08, words, ha="center", va="bottom", fontsize=size, color=INK)
    for name, run, beside in (  # narrow, the name stands below one bar, where no arrow passes
        ("input", down1, 0),
        ("down1", down2, 0),
        ("down2", bottom, 1),
        ("up1", up1, 1),
        ("up2", up2[:-1], 2),
        ("out", up2[-1:], 0),
    ):
        below = max(each.y + each.height / 2 for each in run) + 0.42
        x = run[beside].x if narrow else (run[0].x + run[-1].x) / 2
        axes.text(x, below, name, ha="center", va="center", fontsize=10, style="italic")
    axes.text(down1[0].x, -1.02, "picture", ha="center", fontsize=9)
    axes.text(up2[-1].x, -1.02, "logits", ha="center", fontsize=9)
    lines = [Line2D([], [], color=colour, linewidth=2, label=name) for name, colour in KINDS.items()]
    axes.legend(
        handles=lines, loc="lower center", ncols=2 if narrow else 5, frameon=False, fontsize=8.5,
        bbox_to_anchor=(0.5, -0.05), columnspacing=1.2, handlelength=1.4,
    )  # fmt: skip
    return figure


def _shapes() -> list[tuple[int, list[tuple[int, ...]]]]:
    """Level and shapes of each run of arrays, as a recorded forward pass has them."""
    recording = Recording(NET)
    recording.forward(NET.init(np.random.default_rng(0)), np.zeros((1, SIZE, SIZE, 3), "float32"))
    steps = recording.steps
    shapes = [
        (level, [steps[f"{block}.conv1"].inputs[0].shape, *(steps[f"{block}.relu{i}"].y.shape for i in (1, 2))])
        for level, block in enumerate(("input", "down1", "down2", "up1", "up2"))
    ]
    shapes = [(min(level, 4 - level), run) for level, run in shapes]  # down the U and up again
    shapes[-1][1].append(steps["out"].y.shape)
    return shapes


def _places(shapes: list[tuple[int, ...]], left: float = 0.0, right: float = 8.75) -> np.ndarray:
    """Where the bars' middles lie: the same gap between neighbours, with room for each arrow and the sizes below."""
    widths = np.array([max(_map(shape, 0, 0).width, 0.24) for shape in shapes])
    steps = (widths[:-1] + widths[1:]) / 2
    return left + np.concatenate([[0], np.cumsum(steps + (right - left - steps.sum()) / len(steps))])


def _map(shape: tuple[int, ...], x: float, level: int) -> Map:
    return Map(shape, x, TOPS[level])


def _bar(axes: Axes, each: Map) -> None:
    """The array, its channels above and its size below."""
    left, top = each.x - each.width / 2, each.y - each.height / 2
    axes.add_patch(Rectangle((left, top), each.width, each.height, facecolor=SKY_TINT, edgecolor=INK, linewidth=0.8))
    if each.skip_channels:
        part = each.width * each.skip_channels / each.shape[3]
        axes.add_patch(Rectangle((left, top), part, each.height, facecolor=SKIP, edgecolor=INK, linewidth=0.8))
    axes.text(each.x, top - 0.05, f"{each.shape[3]}", ha="center", va="bottom", fontsize=8.5, color=INK)
    axes.text(
        each.x,
        top + each.height + 0.04,
        f"{each.shape[1]}x{each.shape[2]}",
        ha="center",
        va="top",
        fontsize=8,
        color=INK,
    )


def _across(axes: Axes, one: Map, other: Map, colour: str) -> None:
    arrow(axes, (one.x + one.width / 2 + 0.02, one.y), (other.x - other.width / 2 - 0.02, other.y), colour)


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
