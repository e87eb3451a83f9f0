"""two_ways.png: features that go down and across get two gradients back, and their sum is the gradient.

Run: python -m lessons.figures.two_ways
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lessons.figures.style import (
    FORWARD,
    GRADIENT,
    GREY,
    INK,
    OLIVE,
    PALE,
    PHONE,
    Piece,
    arrow,
    draw_grid,
    frame,
    pieces,
    save,
    whole,
)
from minunet.layers import crop_concat, crop_concat_backward, max_pool2d, max_pool2d_backward

_, _, DOWN, ACROSS = PALE  # olive, and grey as every skip connection
BOTH = "#b4b48a"  # the two mixed


def draw(narrow: bool = False) -> Figure:
    """The features, 4 x 4 pixels of one channel; the way down is a max-pool, the way across a crop to 2 x 2."""
    if not narrow:
        return pieces(9.5, Piece(_board, -0.2, -0.4, 27.6, 10.1))
    return pieces(
        PHONE,
        Piece(_board, -0.2, -0.5, 11.6, 10.2),
        Piece(_board, 11.2, -0.5, 23.3, 10.2),
        Piece(_board, 20.7, 2, 32.8, 7.5),
    )


def _board(axes: Axes) -> None:
    features = np.array([[1.0, 3, 2, 0], [4, 2, 1, 5], [2, 6, 7, 3], [0, 1, 2, 4]]).reshape(1, 4, 4, 1)
    pooled, pool_cache = max_pool2d(features)
    joined, concat_cache = crop_concat(features, np.zeros((1, 2, 2, 1)))
    dpooled = np.array([[2.0, -3], [5, 1]]).reshape(1, 2, 2, 1)
    dconcat = np.zeros((1, 2, 2, 2))
    dconcat[..., 0] = [[1, -2], [4, 3]]
    down = max_pool2d_backward(dpooled, pool_cache)[0, :, :, 0]
    across = crop_concat_backward(dconcat, concat_cache)[0][0, :, :, 0]
    tints = np.pad(np.full((2, 2), ACROSS), 1, constant_values="white")
    draw_grid(axes, whole(features[0, :, :, 0]), 0, 3.2, colours=tints, label="features")
    frame(axes, 1, 4.2, 2, 2, GREY)
    for row, column in np.argwhere(down):  # the winners of the four windows
        frame(axes, column + 0.08, row + 3.28, 0.84, 0.84, OLIVE)

    axes.text(4.1, 0.2, "forward", ha="center", fontsize=10)
    axes.text(18, 0.2, "backward", ha="center", fontsize=10)
    axes.plot([10.0, 10.0], [-0.1, 4.4], color=GREY, linewidth=0.8, linestyle=":")
    axes.plot([10.0, 10.0], [6.4, 9.8], color=GREY, linewidth=0.8, linestyle=":")
    axes.text(10.0, 5.4, "the rest\nof the network,\nand the loss", ha="center", va="center", fontsize=8)

    arrow(axes, (4.3, 4.6), (6.2, 3.1), FORWARD)
    axes.text(4.2, 2.9, "across:\ncrop", ha="left", fontsize=9, color=INK)
    draw_grid(axes, whole(joined[0, :, :, 0]), 6.5, 1.8, colours=ACROSS, label="the crop")
    arrow(axes, (4.3, 5.9), (6.2, 7.8), FORWARD)
    axes.text(4.1, 8.6, "down:\nmax-pool", ha="left", fontsize=9, color=INK)
    draw_grid(axes, whole(pooled[0, :, :, 0]), 6.5, 7.2, colours=DOWN, label="pooled")

    draw_grid(axes, whole(dconcat[0, :, :, 0]), 11.7, 1.8, colours=ACROSS, label="dy of the crop")
    draw_grid(axes, whole(dpooled[0, :, :, 0]), 11.7, 7.2, colours=DOWN, label="dy of the pool")
    arrow(axes, (14.0, 2.8), (15.7, 2.8), GRADIENT)
    arrow(axes, (14.0, 8.1), (15.7, 7.8), GRADIENT)
    draw_grid(axes, whole(across), 16, 0.9, colours=_tints(across, ACROSS), label="")
    draw_grid(axes, whole(down), 16, 5.7, colours=_tints(down, DOWN), label="")
    axes.text(20.2, 2.9, "from across", fontsize=9, va="center", color=INK)
    axes.text(20.2, 8.4, "from below", fontsize=9, va="center", color=INK)
    axes.text(21.2, 5.4, "+", fontsize=16, va="center", ha="center")
    arrow(axes, (21.8, 5.4), (23.0, 5.4))
    tints = np.where(across != 0, np.where(down != 0, BOTH, ACROSS), np.where(down != 0, DOWN, "white"))
    draw_grid(axes, whole(across + down), 23.3, 3.2, colours=tints, label="dfeatures")


def _tints(values: np.ndarray, colour: str) -> np.ndarray:
    return np.where(values != 0, colour, "white")


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
