"""im2col.png: a convolution of 3x3 pixels with a 2x2 kernel as one matrix product, and the way back.

Run: python -m lessons.figures.im2col
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lessons.figures.style import (
    GRADIENT,
    INK,
    LIGHT,
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
from minunet.layers.im2col import col2im, im2col

IMAGE = np.arange(1, 10).reshape(1, 3, 3, 1).astype(float)
KERNEL = np.array([[1, 0], [2, 1]], dtype=float)
DY = np.array([[1, -1], [2, 3]], dtype=float)
TINTS = np.array(PALE)  # one for each window
ROWS = np.repeat(TINTS[:, None], 4, axis=1)


def draw(narrow: bool = False) -> Figure:
    """Above: forward, from the image to y. Below: backward, from dy to dx, where windows overlap and add up."""
    if not narrow:
        return pieces(9.5, Piece(_forward, -0.3, 0, 18.7, 5.2), Piece(_backward, -0.3, -0.2, 18.7, 6.4))
    return pieces(
        PHONE,
        Piece(_forward, -0.2, 0, 9.5, 5.1),
        Piece(_forward, 9.3, 0, 18.7, 5.3),
        Piece(_backward, -0.2, -0.2, 9.5, 6.6),
        Piece(_backward, 9.3, 0, 18.7, 5.1),
    )


def _forward(axes: Axes) -> None:
    cols = im2col(IMAGE, (2, 2), (1, 1), (0, 0)).reshape(4, 4)  # (OH*OW, KH*KW)
    y = cols @ KERNEL.ravel()
    draw_grid(axes, whole(IMAGE.reshape(3, 3)), 0, 1.2, label="x  (3, 3)")
    frame(axes, 0, 1.2, 2, 2, STRONG[0])
    frame(axes, 1, 2.2, 2, 2, STRONG[3])
    arrow(axes, (3.3, 2.2), (5.0, 1.3), STRONG[0])
    arrow(axes, (3.3, 3.4), (5.0, 4.2), STRONG[3])
    axes.text(4.1, 2.85, "im2col", ha="center", va="center", fontsize=9)
    draw_grid(axes, whole(cols), 5.2, 0.8, colours=ROWS, label="cols  (4, 4)")
    frame(axes, 5.2, 0.8, 4, 1, STRONG[0])
    frame(axes, 5.2, 3.8, 4, 1, STRONG[3])
    axes.text(9.8, 2.8, "@", ha="center", va="center", fontsize=14)
    draw_grid(axes, whole(KERNEL.reshape(4, 1)), 10.4, 0.8, colours=LIGHT, label="weight  (4, 1)")
    axes.text(12.2, 2.8, "=", ha="center", va="center", fontsize=14)
    draw_grid(axes, whole(y[:, None]), 13, 0.8, colours=TINTS[:, None], label="y  (4, 1)")
    arrow(axes, (14.4, 2.8), (15.8, 2.8))
    draw_grid(axes, whole(y.reshape(2, 2)), 16.2, 1.8, colours=TINTS.reshape(2, 2), label="y  (2, 2)")


def _backward(axes: Axes) -> None:
    dcols = np.outer(DY.ravel(), KERNEL.ravel())  # (OH*OW, KH*KW)
    dx = col2im(dcols.reshape(1, 2, 2, 4), 3, 3, (2, 2), (1, 1), (0, 0)).reshape(3, 3)
    draw_grid(axes, whole(dx), 0, 1.2, label="dx  (3, 3)")
    frame(axes, 1, 2.2, 1, 1)
    arrow(axes, (5.0, 2.8), (3.3, 2.8), GRADIENT)
    axes.text(4.1, 2.45, "col2im", ha="center", va="center", fontsize=9)
    draw_grid(axes, whole(dcols), 5.2, 0.8, colours=ROWS, label="dcols  (4, 4)")
    for row, column in ((0, 3), (1, 2), (2, 1), (3, 0)):
        frame(axes, 5.2 + column, 0.8 + row, 1, 1)
    axes.text(9.8, 2.8, "=", ha="center", va="center", fontsize=14)
    draw_grid(axes, whole(DY.reshape(4, 1)), 10.4, 0.8, colours=TINTS[:, None], label="dy  (4, 1)")
    axes.text(12.0, 2.8, "@", ha="center", va="center", fontsize=14)
    draw_grid(axes, whole(KERNEL.reshape(1, 4)), 12.6, 2.3, colours=LIGHT, label="weight.T  (1, 4)")
    centre = " + ".join(f"{dcols[row, 3 - row] + 0.0:g}" for row in range(4)).replace("+ -", "- ")
    words = f"the middle pixel was in all four windows:\n{centre} = {dx[1, 1]:g}"
    axes.text(0, 5.1, words, fontsize=9, color=INK, va="top", linespacing=1.4)


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
