"""two_ways.png: features that go down and across get two gradients back, and their sum is the gradient.

Run: python -m lessons.figures.two_ways
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from lessons.figures.style import BLUE, GREY, RED, arrow, blank, draw_grid, frame, new_figure, save
from minunet.layers import crop_concat, crop_concat_backward, max_pool2d, max_pool2d_backward

ACROSS, DOWN, BOTH = "#cfe6f3", "#f5d9c6", "#e4d3e8"


def draw() -> Figure:
    """The features, 4 x 4 pixels of one channel; the way down is a max-pool, the way across a crop to 2 x 2."""
    features = np.array([[1.0, 3, 2, 0], [4, 2, 1, 5], [2, 6, 7, 3], [0, 1, 2, 4]]).reshape(1, 4, 4, 1)
    _, pool_cache = max_pool2d(features)
    _, concat_cache = crop_concat(features, np.zeros((1, 2, 2, 1)))
    dpooled = np.array([[2.0, -3], [5, 1]]).reshape(1, 2, 2, 1)
    dconcat = np.zeros((1, 2, 2, 2))
    dconcat[..., 0] = [[1, -2], [4, 3]]
    down = max_pool2d_backward(dpooled, pool_cache)[0, :, :, 0]
    across = crop_concat_backward(dconcat, concat_cache)[0][0, :, :, 0]

    figure = new_figure(9.5, 4.0)
    axes = figure.subplots()
    blank(axes, 25.3, 10)
    draw_grid(axes, _whole(features[0, :, :, 0]), 0, 3.2, label="features")
    frame(axes, 1, 4.2, 2, 2, BLUE)
    for row, column in np.argwhere(down):  # the winners of the four windows
        frame(axes, column + 0.08, row + 3.28, 0.84, 0.84, RED)

    arrow(axes, (4.3, 4.6), (7.4, 2.9), BLUE)
    axes.text(4.2, 2.9, "across:\ncrop", ha="left", fontsize=9, color=BLUE)
    arrow(axes, (4.3, 5.9), (7.4, 7.7), RED)
    axes.text(4.2, 8.4, "down:\nmax-pool", ha="left", fontsize=9, color=RED)
    axes.text(9, 4.7, "...", ha="center", fontsize=12)
    axes.text(9, 5.5, "the rest of the network", ha="center", fontsize=8)

    axes.text(5.6, 0.3, "forward", ha="center", fontsize=10)
    axes.text(16.9, 0.3, "backward", ha="center", fontsize=10)
    axes.plot([11.0, 11.0], [-0.1, 9.8], color=GREY, linewidth=0.8, linestyle=":")
    draw_grid(axes, _whole(dconcat[0, :, :, 0]), 8, 1.8, colours=ACROSS, label="dy of the crop")
    draw_grid(axes, _whole(dpooled[0, :, :, 0]), 8, 7.2, colours=DOWN, label="dy of the pool")
    arrow(axes, (11.3, 2.8), (13.2, 2.8), BLUE)
    arrow(axes, (11.3, 8.0), (13.2, 7.8), RED)
    draw_grid(axes, _whole(across), 13.5, 0.9, colours=_tints(across, ACROSS), label="")
    draw_grid(axes, _whole(down), 13.5, 5.7, colours=_tints(down, DOWN), label="")
    axes.text(17.8, 2.9, "from across", fontsize=9, va="center", color=BLUE)
    axes.text(17.8, 8.4, "from below", fontsize=9, va="center", color=RED)
    axes.text(19, 5.4, "+", fontsize=16, va="center", ha="center")
    arrow(axes, (19.6, 5.4), (20.9, 5.4))
    tints = np.where(across != 0, np.where(down != 0, BOTH, ACROSS), np.where(down != 0, DOWN, "white"))
    draw_grid(axes, _whole(across + down), 21.2, 3.2, colours=tints, label="dfeatures")
    return figure


def _tints(values: np.ndarray, colour: str) -> np.ndarray:
    return np.where(values != 0, colour, "white")


def _whole(values: np.ndarray) -> list[list[str]]:
    return [[f"{value + 0.0:g}" for value in row] for row in values]


if __name__ == "__main__":
    save(draw(), __file__)
