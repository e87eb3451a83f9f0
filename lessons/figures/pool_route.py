"""pool_route.png: max-pool forward and its gradient on the way back: a tie, and a pixel that wins several windows.

Run: python -m lessons.figures.pool_route
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lessons.figures.style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    RED,
    arrow,
    blank,
    draw_grid,
    frame,
    new_figure,
    save,
)
from minunet.layers import max_pool2d, max_pool2d_backward

TINTS = np.array([["#cfe6f3", "#fbe8c4"], ["#ccebe0", "#f5d9c6"]])  # one for each window
STRONG = np.array([[BLUE, ORANGE], [GREEN, RED]])  # the same colours, for frames


def draw() -> Figure:
    """Above: 2x2 windows side by side, one with a tie. Below: 3x3 windows that overlap, one pixel wins all four."""
    figure = new_figure(9.5, 6.0)
    above, below = figure.subplots(2, 1, height_ratios=(5.6, 6.6))

    image = np.array([[1.0, 2, 2, 2], [3, 0, 1, 2], [5, 4, 0, 7], [1, 6, 1, 3]])
    dy = np.array([[2.0, -1], [4, 3]])
    blank(above, 23, 5.6)
    winners = _row(above, image, dy, 2, top=1.0, tints=np.kron(TINTS, np.ones((2, 2), dtype=object)))
    for i, j in winners:
        frame(above, j, 1 + i, 1, 1, INK)
        frame(above, 18.5 + j, 1 + i, 1, 1, INK)
    for i, j in ((0, 3), (1, 3)):  # as large as the winner, but later in reading order
        frame(above, j + 0.09, 1 + i + 0.09, 0.82, 0.82, PURPLE)
    above.text(0, 5.25, "black: the winner", fontsize=9, color=INK, va="top")
    above.text(5.0, 5.25, "purple: as large, but later in reading order: gets nothing", fontsize=9, color="#a0527f",
               va="top")  # fmt: skip

    image = np.array([[1.0, 0, 2, 1, 0], [3, 2, 1, 0, 2], [1, 0, 9, 3, 1], [0, 2, 1, 4, 0], [2, 1, 3, 0, 5]])
    blank(below, 23, 6.6)
    winners = _row(below, image, dy, 3, stride=2, top=1.0, tints=np.full((5, 5), "white"))
    for i, j in np.ndindex(2, 2):
        inset = 0.05 if i == j else 0.17  # windows side by side share an edge, those across a corner do not
        below.add_patch(
            Rectangle((2 * j + inset, 1 + 2 * i + inset), 3 - 2 * inset, 3 - 2 * inset, fill=False,
                      edgecolor=STRONG[i, j], linewidth=1.8, zorder=3)
        )  # fmt: skip
    for i, j in winners:
        frame(below, j + 0.25, 1 + i + 0.25, 0.5, 0.5, INK)
        frame(below, 18 + j, 1 + i, 1, 1, INK)
    total = " + ".join(f"{value:g}" for value in dy.ravel()).replace("+ -", "- ")
    below.text(0, 6.3, "coloured frames: the four windows, each in the colour of its y; the 9 is in all of them and "
               f"wins them all: {total} = {dy.sum():g}", fontsize=9, color=INK, va="top")  # fmt: skip
    return figure


def _row(
    axes: Axes, image: np.ndarray, dy: np.ndarray, kernel: int, *, top: float, tints: np.ndarray, stride: int = 2
) -> set[tuple[int, int]]:
    """Image, y, dy and dx, left to right; the pixels that won."""
    y, cache = max_pool2d(image[None, :, :, None], kernel_size=kernel, stride=stride)
    dx = max_pool2d_backward(dy[None, :, :, None], cache)[0, :, :, 0]
    size, middle = len(image), top + len(image) / 2
    name = f"{kernel}x{kernel}, stride {stride}"
    draw_grid(axes, _whole(image), 0, top, colours=tints, label="x")
    arrow(axes, (size + 0.3, middle), (8.2, middle), BLUE)
    axes.text((size + 8.5) / 2, middle - 0.25, name, ha="center", va="bottom", fontsize=9)
    draw_grid(axes, _whole(y[0, :, :, 0]), 8.5, middle - 1, colours=TINTS, label="y")
    draw_grid(axes, _whole(dy), 12.3, middle - 1, colours=TINTS, label="dy")
    left = 18.5 if size == 4 else 18
    arrow(axes, (14.6, middle), (left - 0.3, middle), RED)
    axes.text((14.3 + left) / 2, middle - 0.25, "backward", ha="center", va="bottom", fontsize=9)
    draw_grid(axes, _whole(dx), left, top, colours=tints, label="dx")
    number, shape = cache[0][0, :, :, 0], cache[0].shape[1:3]  # (OH, OW): the place in the window that won
    return {
        (stride * i + int(number[i, j]) // kernel, stride * j + int(number[i, j]) % kernel)
        for i, j in np.ndindex(shape)
    }


def _whole(values: np.ndarray) -> list[list[str]]:
    return [[f"{value + 0.0:g}" for value in row] for row in values]


if __name__ == "__main__":
    save(draw(), __file__)
