"""crop_concat.png: the centre of the skip is laid beside x; backward, the gradient is split, and zeros lie around it.

Run: python -m lessons.figures.crop_concat
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lessons.figures.style import BLUE, GREEN, RED, arrow, blank, draw_grid, frame, new_figure, save
from minunet.layers import crop_concat, crop_concat_backward

SKIP, BELOW, NOTHING = "#cfe6f3", "#f5d9c6", "#f4f4f4"


def draw() -> Figure:
    """Above: forward. Below: backward. A skip of 5 x 5 pixels and an x of 3 x 3, each of one channel."""
    skip = np.arange(1.0, 26).reshape(1, 5, 5, 1)
    x = np.arange(-9.0, 0).reshape(1, 3, 3, 1)
    y, cache = crop_concat(skip, x)
    rng = np.random.default_rng(6)
    dy = rng.integers(1, 6, y.shape) * rng.choice([-1.0, 1.0], y.shape)  # no zero, so that every zero below is a border
    dskip, dx = crop_concat_backward(dy, cache)
    inside = np.zeros((5, 5), dtype=bool)
    inside[1:4, 1:4] = True  # for the colours; the numbers come from the layer

    figure = new_figure(9.5, 7.6)
    forward, backward = figure.subplots(2, 1)
    for axes in (forward, backward):
        blank(axes, 21, 8.1)

    tints = np.where(inside, SKIP, NOTHING)
    draw_grid(forward, _whole(skip[0, :, :, 0]), 0, 1.2, colours=tints, label="skip  (1, 5, 5, 1)")
    frame(forward, 1, 2.2, 3, 3, BLUE)
    draw_grid(forward, _whole(x[0, :, :, 0]), 8.0, 4.7, colours=BELOW, label="x  (1, 3, 3, 1)")
    arrow(forward, (5.3, 2.7), (14.6, 2.7), BLUE)
    forward.text(9.9, 2.4, "crop the centre", ha="center", fontsize=9, color=BLUE)
    arrow(forward, (11.3, 6.2), (14.6, 6.2), RED)
    _pair(forward, y, 15, 1.2, "y  (1, 3, 3, 2)")

    tints = np.where(inside, SKIP, "white")
    draw_grid(backward, _whole(dskip[0, :, :, 0]), 0, 1.2, colours=tints, label="dskip  (1, 5, 5, 1)")
    frame(backward, 1, 2.2, 3, 3, BLUE)
    draw_grid(backward, _whole(dx[0, :, :, 0]), 8.0, 4.7, colours=BELOW, label="dx  (1, 3, 3, 1)")
    arrow(backward, (14.6, 2.7), (5.3, 2.7), BLUE)
    backward.text(9.9, 2.4, "put it back among zeros", ha="center", fontsize=9, color=BLUE)
    arrow(backward, (14.6, 6.2), (11.3, 6.2), RED)
    _pair(backward, dy, 15, 1.2, "dy  (1, 3, 3, 2)")
    backward.text(0, 6.85, "the 16 pixels that were cut off", fontsize=9, color=GREEN)
    backward.text(0, 7.4, "changed no y: their gradient is 0", fontsize=9, color=GREEN)
    return figure


def _pair(axes: Axes, values: np.ndarray, left: float, top: float, label: str) -> None:
    """Two channels (1, 3, 3, 2), one below the other: that of the skip first."""
    draw_grid(axes, _whole(values[0, :, :, 0]), left, top, colours=SKIP, label=label)
    draw_grid(axes, _whole(values[0, :, :, 1]), left, top + 3.5, colours=BELOW)
    axes.text(left + 3.2, top + 1.5, "channel 0", va="center", fontsize=9)
    axes.text(left + 3.2, top + 5, "channel 1", va="center", fontsize=9)


def _whole(values: np.ndarray) -> list[list[str]]:
    return [[f"{value + 0.0:g}" for value in row] for row in values]


if __name__ == "__main__":
    save(draw(), __file__)
