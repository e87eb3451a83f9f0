"""memory.png: where the numbers of a batch lie in memory, with channels last and with channels first.

Run: python -m lessons.figures.memory
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lessons.figures.style import INK, PHONE, Piece, arrow, draw_grid, frame, pieces, save

SHAPE = (2, 2, 3, 2)  # (N, H, W, C)
X = np.arange(np.prod(SHAPE)).reshape(SHAPE)
PIXELS = np.array([["#e4e1f2", "#f4e2ea", "#efefd3"], ["#c3bce0", "#e2b4c8", "#d2d296"]])  # one for each of a picture
COLOURS = np.broadcast_to(PIXELS[None, :, :, None], SHAPE)
STEPS = ("channel", "column", "row", "sample")


def draw(narrow: bool = False) -> Figure:
    """Above: the two pictures. Below: the 24 numbers in a row, in either order, and one pixel framed in both."""
    if not narrow:
        return pieces(9.5, Piece(_pictures, -0.4, -0.5, 25.1, 4.6), Piece(_last, -0.4, 5.4, 25.1, 12.4),
                      Piece(_first, -0.4, 12.4, 25.1, 14.7))  # fmt: skip
    return pieces(
        PHONE,
        Piece(_pictures, 1.5, -0.5, 13.8, 4.3),
        Piece(_pictures, 12.5, -0.5, 25.3, 4.3),
        Piece(_last, -0.3, 5.6, 12.5, 12.4),
        Piece(_last, 11.9, 6.6, 24.7, 8.2),
        Piece(_first, -0.3, 12.4, 12.5, 14.7),
        Piece(_first, 11.9, 13.2, 24.7, 14.7),
    )


def _pictures(axes: Axes) -> None:
    """The samples, pixel by pixel."""
    for n in range(SHAPE[0]):
        left = 3.3 + 11 * n
        axes.text(left + 3, 0.35, f"sample n = {n}", ha="center", va="bottom", fontsize=10)
        for h, w in np.ndindex(SHAPE[1:3]):
            draw_grid(axes, X[n, h, w][None], left + 2.1 * w, 1.4 + 1.3 * h, colours=COLOURS[n, h, w][None], size=10)
        for w in range(SHAPE[2]):
            axes.text(left + 2.1 * w + 1, 1.25, f"w = {w}", ha="center", va="bottom", fontsize=8, color="#666666")
        for h in range(SHAPE[1]):
            axes.text(left - 0.25, 1.95 + 1.3 * h, f"h = {h}", ha="right", va="center", fontsize=8, color="#666666")
    frame(axes, 3.3 + 2.1, 1.4, 2, 1)


def _last(axes: Axes) -> None:
    """In memory, channels last, and how far it is from the first number to its neighbour along each axis."""
    axes.text(0, 6.5, "in memory, channels last (N, H, W, C)", fontsize=10, ha="left", va="bottom")
    draw_grid(axes, X.reshape(1, -1), 0, 6.9, colours=COLOURS.reshape(1, -1), size=9)
    frame(axes, X[0, 0, 1, 0], 6.9, 2, 1)
    for number, name in enumerate(STEPS):
        y, stride = 8.45 + 0.95 * number, X.strides[-1 - number] // X.itemsize
        axes.plot([0.5, 0.5], [7.98, y], color="#bbbbbb", linewidth=0.8, zorder=1)
        axes.plot([0.5 + stride] * 2, [7.98, y], color="#bbbbbb", linewidth=0.8, linestyle=":", zorder=1)
        arrow(axes, (0.5, y), (0.5 + stride, y))
        before = stride > 6  # the words are where there is room
        axes.text(
            0.5 + stride - 0.5 if before else 0.8 + stride, y + 0.4 if before else y, f"next {name}: {stride} further",
            fontsize=9, color=INK, ha="right" if before else "left", va="top" if before else "center", zorder=2,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )  # fmt: skip


def _first(axes: Axes) -> None:
    """The same numbers, in the order of (N, C, H, W)."""
    order = (0, 3, 1, 2)
    first = X.transpose(order).ravel()
    axes.text(0, 13.1, "in memory, channels first (N, C, H, W)", fontsize=10, ha="left", va="bottom")
    draw_grid(axes, first[None], 0, 13.5, colours=COLOURS.transpose(order).reshape(1, -1), size=9)
    for value in X[0, 0, 1]:
        frame(axes, int(np.flatnonzero(first == value)[0]), 13.5, 1, 1)


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
