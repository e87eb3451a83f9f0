"""pool_route.png: max-pool forward and its gradient on the way back: a tie, and a pixel that wins several windows.

Run: python -m lessons.figures.pool_route
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lessons.figures.style import (
    FORWARD,
    GRADIENT,
    INK,
    PALE,
    PHONE,
    STRONG,
    Piece,
    arrow,
    draw_grid,
    frame,
    pieces,
    save,
    whole,
)
from minunet.layers import max_pool2d, max_pool2d_backward

TINTS = np.array(PALE).reshape(2, 2)  # one for each window
DY = np.array([[2.0, -1], [4, 3]])


def draw(narrow: bool = False) -> Figure:
    """Above: 2x2 windows side by side, one with a tie. Below: 3x3 windows that overlap, one pixel wins all four."""
    if not narrow:
        return pieces(9.5, Piece(_tie, -0.2, 0, 23.2, 6.7), Piece(_overlap, -0.2, 0, 23.2, 7.7))
    return pieces(
        PHONE,
        Piece(_tie, -0.2, 0, 10.9, 6.6),
        Piece(_tie, 12.1, 0.2, 23.2, 5.6),
        Piece(_overlap, -0.2, 0, 10.9, 7.9),
        Piece(_overlap, 12.1, 0, 23.2, 6.2),
    )


def _tie(axes: Axes) -> None:
    image = np.array([[1.0, 2, 2, 2], [3, 0, 1, 2], [5, 4, 0, 7], [1, 6, 1, 3]])
    for i, j in _row(axes, image, 2, top=1.0, tints=np.kron(TINTS, np.ones((2, 2), dtype=object))):
        frame(axes, j, 1 + i, 1, 1)
        frame(axes, 18.5 + j, 1 + i, 1, 1)
    for i, j in ((0, 3), (1, 3)):  # as large as the winner, but later in reading order
        dashed = Rectangle((j + 0.1, 1.1 + i), 0.8, 0.8, fill=False, edgecolor=INK, linewidth=1.3, linestyle="--")
        axes.add_patch(dashed)
    axes.text(0, 5.25, "pink: the winner\ndashed: as large, but later in reading order: gets nothing", fontsize=9,
              color=INK, va="top", linespacing=1.4)  # fmt: skip


def _overlap(axes: Axes) -> None:
    image = np.array([[1.0, 0, 2, 1, 0], [3, 2, 1, 0, 2], [1, 0, 9, 3, 1], [0, 2, 1, 4, 0], [2, 1, 3, 0, 5]])
    winners = _row(axes, image, 3, top=1.0, tints=np.full((5, 5), "white"))
    for (i, j), colour in zip(np.ndindex(2, 2), STRONG, strict=True):
        inset = 0.05 if i == j else 0.17  # windows side by side share an edge, those across a corner do not
        axes.add_patch(
            Rectangle((2 * j + inset, 1 + 2 * i + inset), 3 - 2 * inset, 3 - 2 * inset, fill=False,
                      edgecolor=colour, linewidth=1.8, zorder=3)
        )  # fmt: skip
    for i, j in winners:
        frame(axes, j + 0.25, 1 + i + 0.25, 0.5, 0.5)
        frame(axes, 18 + j, 1 + i, 1, 1)
    total = " + ".join(f"{value:g}" for value in DY.ravel()).replace("+ -", "- ")
    axes.text(0, 6.3, "the four windows, each in the colour of its y:\n"
              f"the 9 is in all of them and wins them all: {total} = {DY.sum():g}", fontsize=9, color=INK, va="top",
              linespacing=1.4)  # fmt: skip


def _row(axes: Axes, image: np.ndarray, kernel: int, *, top: float, tints: np.ndarray) -> set[tuple[int, int]]:
    """Image, y, dy and dx, left to right; the pixels that won."""
    stride = 2
    y, cache = max_pool2d(image[None, :, :, None], kernel_size=kernel, stride=stride)
    dx = max_pool2d_backward(DY[None, :, :, None], cache)[0, :, :, 0]
    size, middle = len(image), top + len(image) / 2
    name = f"{kernel}x{kernel}, stride {stride}"
    draw_grid(axes, whole(image), 0, top, colours=tints, label="x")
    arrow(axes, (size + 0.3, middle), (8.2, middle), FORWARD)
    axes.text((size + 8.5) / 2, middle - 0.25, name, ha="center", va="bottom", fontsize=9)
    draw_grid(axes, whole(y[0, :, :, 0]), 8.5, middle - 1, colours=TINTS, label="y")
    draw_grid(axes, whole(DY), 12.3, middle - 1, colours=TINTS, label="dy")
    left = 18.5 if size == 4 else 18
    arrow(axes, (14.6, middle), (left - 0.3, middle), GRADIENT)
    axes.text((14.3 + left) / 2, middle - 0.25, "backward", ha="center", va="bottom", fontsize=9)
    draw_grid(axes, whole(dx), left, top, colours=tints, label="dx")
    number, shape = cache[0][0, :, :, 0], cache[0].shape[1:3]  # (OH, OW): the place in the window that won
    return {
        (stride * i + int(number[i, j]) // kernel, stride * j + int(number[i, j]) % kernel)
        for i, j in np.ndindex(shape)
    }


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
