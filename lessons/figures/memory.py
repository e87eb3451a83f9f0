"""memory.png: where the numbers of a batch lie in memory, with channels last and with channels first.

Run: python -m lessons.figures.memory
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lessons.figures.style import BLUE, GREEN, INK, PURPLE, RED, arrow, blank, draw_grid, frame, new_figure, save

SHAPE = (2, 2, 3, 2)  # (N, H, W, C)
# A colour for each of the six pixels of a picture, and in the second picture the same, darker.
PIXELS = np.array([["#e3f1fa", "#fdf3dc", "#dff3ec"], ["#b5d9ee", "#f6d99a", "#a5dcc8"]])
STEPS = (("channel", RED), ("column", GREEN), ("row", BLUE), ("sample", PURPLE))


def draw() -> Figure:
    """Above: the two pictures. Below: the 24 numbers in a row, in either order, and one pixel framed in both."""
    x = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    colours = np.broadcast_to(PIXELS[None, :, :, None], SHAPE)
    figure = new_figure(9.5, 5.7)
    axes = figure.subplots()
    blank(axes, 25.5, 14.8)

    for n in range(SHAPE[0]):
        left = 3.6 + 11 * n
        axes.text(left + 3, 0.35, f"sample n = {n}", ha="center", va="bottom", fontsize=10)
        for h, w in np.ndindex(SHAPE[1:3]):
            draw_grid(axes, x[n, h, w][None], left + 2.1 * w, 1.4 + 1.3 * h, colours=colours[n, h, w][None], size=10)
        for w in range(SHAPE[2]):
            axes.text(left + 2.1 * w + 1, 1.25, f"w = {w}", ha="center", va="bottom", fontsize=8, color="#666666")
        for h in range(SHAPE[1]):
            axes.text(left - 0.25, 1.95 + 1.3 * h, f"h = {h}", ha="right", va="center", fontsize=8, color="#666666")
    frame(axes, 3.6 + 2.1, 1.4, 2, 1, RED)
    axes.text(12.75, 4.7, "two channels a pixel, side by side", ha="center", va="center", fontsize=9, color=INK)

    top = 6.9
    axes.text(0.7, top - 0.4, "in memory, channels last (N, H, W, C)", fontsize=10, ha="left", va="bottom")
    draw_grid(axes, x.reshape(1, -1), 0.7, top, colours=colours.reshape(1, -1), size=9)
    frame(axes, 0.7 + x[0, 0, 1, 0], top, 2, 1, RED)
    _arcs(axes, top + 1, [stride // x.itemsize for stride in x.strides[::-1]])

    first = x.transpose(0, 3, 1, 2).ravel()  # the same numbers, in the order of (N, C, H, W)
    top = 13.4
    axes.text(0.7, top - 0.4, "in memory, channels first (N, C, H, W)", fontsize=10, ha="left", va="bottom")
    draw_grid(
        axes, first.reshape(1, -1), 0.7, top, size=9,
        colours=colours.transpose(0, 3, 1, 2).reshape(1, -1),
    )  # fmt: skip
    for value in x[0, 0, 1]:
        frame(axes, 0.7 + int(np.flatnonzero(first == value)[0]), top, 1, 1, RED)
    return figure


def _arcs(axes: Axes, bottom: float, strides: list[int]) -> None:
    """From the first number to its neighbour along each axis, one below the other."""
    for number, ((name, colour), stride) in enumerate(zip(STEPS, strides, strict=True)):
        y = bottom + 0.55 + 0.95 * number
        axes.plot([1.2, 1.2], [bottom + 0.08, y], color="#bbbbbb", linewidth=0.8, zorder=1)
        axes.plot([1.2 + stride] * 2, [bottom + 0.08, y], color=colour, linewidth=0.8, linestyle=":", zorder=1)
        arrow(axes, (1.2, y), (1.2 + stride, y), colour)
        axes.text(
            1.2 + stride + 0.3, y, f"next {name}: {stride} further", fontsize=9, color=colour, ha="left", va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1}, zorder=2,
        )  # fmt: skip


if __name__ == "__main__":
    save(draw(), __file__)
