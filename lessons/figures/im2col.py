"""im2col.png: a convolution of 3x3 pixels with a 2x2 kernel as one matrix product, and the way back.

Run: python -m lessons.figures.im2col
"""

import numpy as np
from matplotlib.figure import Figure

from lessons.figures.style import BLUE, GREEN, LIGHT, RED, arrow, blank, draw_grid, frame, new_figure, save
from minunet.layers.im2col import col2im, im2col

TINTS = np.array([["#cfe6f3", "#fbe8c4"], ["#ccebe0", "#f5d9c6"]])  # one for each window


def draw() -> Figure:
    """Above: forward, from the image to y. Below: backward, from dy to dx, where windows overlap and add up."""
    image = np.arange(1, 10).reshape(1, 3, 3, 1).astype(float)
    kernel = np.array([[1, 0], [2, 1]], dtype=float)
    cols = im2col(image, (2, 2), (1, 1), (0, 0)).reshape(4, 4)  # (OH*OW, KH*KW)
    y = (cols @ kernel.ravel()).reshape(2, 2)
    dy = np.array([[1, -1], [2, 3]], dtype=float)
    dcols = np.outer(dy.ravel(), kernel.ravel())  # (OH*OW, KH*KW)
    dx = col2im(dcols.reshape(1, 2, 2, 4), 3, 3, (2, 2), (1, 1), (0, 0)).reshape(3, 3)

    row_tints = np.repeat(TINTS.reshape(4, 1), 4, axis=1)
    figure = new_figure(9.5, 5.6)
    forward, backward = figure.subplots(2, 1)
    for axes in (forward, backward):
        blank(axes, 19, 5.5)

    draw_grid(forward, _whole(image.reshape(3, 3)), 0, 1.2, label="x  (3, 3)")
    frame(forward, 0, 1.2, 2, 2, BLUE)
    frame(forward, 1, 2.2, 2, 2, RED)
    arrow(forward, (3.3, 2.2), (5.0, 1.3), BLUE)
    arrow(forward, (3.3, 3.4), (5.0, 4.2), RED)
    forward.text(4.1, 2.85, "im2col", ha="center", va="center", fontsize=9)
    draw_grid(forward, _whole(cols), 5.2, 0.8, colours=row_tints, label="cols  (4, 4)")
    frame(forward, 5.2, 0.8, 4, 1, BLUE)
    frame(forward, 5.2, 3.8, 4, 1, RED)
    forward.text(9.8, 2.8, "@", ha="center", va="center", fontsize=14)
    draw_grid(forward, _whole(kernel.reshape(4, 1)), 10.4, 0.8, colours=LIGHT, label="weight  (4, 1)")
    forward.text(12.2, 2.8, "=", ha="center", va="center", fontsize=14)
    draw_grid(forward, _whole(y.reshape(4, 1)), 13, 0.8, colours=TINTS.reshape(4, 1), label="y  (4, 1)")
    arrow(forward, (14.4, 2.8), (15.8, 2.8))
    draw_grid(forward, _whole(y), 16.2, 1.8, colours=TINTS, label="y  (2, 2)")

    draw_grid(backward, _whole(dx), 0, 1.2, label="dx  (3, 3)")
    frame(backward, 1, 2.2, 1, 1, GREEN)
    arrow(backward, (5.0, 2.8), (3.3, 2.8))
    backward.text(4.1, 2.45, "col2im", ha="center", va="center", fontsize=9)
    draw_grid(backward, _whole(dcols), 5.2, 0.8, colours=row_tints, label="dcols  (4, 4)")
    for row, column in ((0, 3), (1, 2), (2, 1), (3, 0)):
        frame(backward, 5.2 + column, 0.8 + row, 1, 1, GREEN)
    backward.text(9.8, 2.8, "=", ha="center", va="center", fontsize=14)
    draw_grid(backward, _whole(dy.reshape(4, 1)), 10.4, 0.8, colours=TINTS.reshape(4, 1), label="dy  (4, 1)")
    backward.text(12.0, 2.8, "@", ha="center", va="center", fontsize=14)
    draw_grid(backward, _whole(kernel.reshape(1, 4)), 12.6, 2.3, colours=LIGHT, label="weight.T  (1, 4)")
    centre = " + ".join(f"{dcols[row, 3 - row] + 0.0:g}" for row in range(4)).replace("+ -", "- ")
    backward.text(
        0, 5.35, f"the middle pixel was in all four windows: {centre} = {dx[1, 1]:g}", fontsize=9, color=GREEN
    )
    return figure


def _whole(values: np.ndarray) -> list[list[str]]:
    return [[f"{value + 0.0:g}" for value in row] for row in values]


if __name__ == "__main__":
    save(draw(), __file__)
