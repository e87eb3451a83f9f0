"""conv_matrix.png: a convolution of 4x4 pixels with a 3x3 kernel as a matrix, and the transpose.

Run: python -m lessons.figures.conv_matrix
"""

import numpy as np
from matplotlib.figure import Figure

from lessons.figures.style import BLUE, INK, RED, blank, draw_grid, frame, new_figure, save
from minunet.layers import conv2d

# One colour for each row of the kernel, one shade for each of its columns.
TINTS = np.array(
    [["#dbeaf5", "#b3d4ea", "#8bbde0"], ["#fcefd2", "#f8dfa5", "#f3cd75"], ["#d8efe6", "#ade0cd", "#80cfb1"]]
)


def draw() -> Figure:
    """Above: kernel, picture and A, a row of it for each window. Right: A.T, a column of it for each stamp."""
    kernel = np.arange(1.0, 10.0).reshape(3, 3)
    units = np.eye(16).reshape(16, 4, 4, 1)  # sample p: a 1 at pixel p
    matrix = conv2d(units, kernel.reshape(3, 3, 1, 1))[0].reshape(16, 4).T  # (OH*OW, H*W)
    numbers = [["" if value == 0 else f"{value:g}" for value in row] for row in matrix]
    tints = np.where(matrix == 0, "white", TINTS.ravel()[matrix.astype(int) - 1])

    figure = new_figure(9.5, 6.7)
    axes = figure.subplots()
    blank(axes, 24.6, 17.6)

    draw_grid(
        axes, [[f"{value:g}" for value in row] for row in kernel], 0.6, 1.2, colours=TINTS, label="weight  (3, 3)"
    )
    pixels = [[f"x{4 * i + j}" for j in range(4)] for i in range(4)]
    draw_grid(axes, pixels, 6.4, 1.2, label="x  (4, 4)")
    frame(axes, 7.4, 1.2, 3, 3, BLUE)
    draw_grid(axes, [["y0", "y1"], ["y2", "y3"]], 13.6, 2.2, label="y  (2, 2)")
    frame(axes, 14.6, 2.2, 1, 1, BLUE)

    draw_grid(axes, numbers, 0.6, 8.0, colours=tints, label="A  (4, 16):  y = A x")
    for q in range(4):
        axes.text(0.45, 8.0 + q + 0.53, f"y{q}", ha="right", va="center", fontsize=9, color=INK)
    for p in range(16):
        axes.text(0.6 + p + 0.5, 12.12, f"x{p}", ha="center", va="top", fontsize=8, color=INK)
    frame(axes, 0.6, 9.0, 16, 1, BLUE)
    axes.text(
        0.6, 13.4, "Blue: the second window. Its row of A holds the kernel, where", fontsize=9, color=BLUE, va="top"
    )
    axes.text(0.6, 14.0, "the window lies, and zeros elsewhere.", fontsize=9, color=BLUE, va="top")
    axes.text(0.6, 15.0, "Orange: the second column of A.T, the same numbers. It says", fontsize=9, color=RED, va="top")
    axes.text(0.6, 15.6, "where in u the number z1 puts its copy of the kernel.", fontsize=9, color=RED, va="top")

    transposed, shades = [list(row) for row in zip(*numbers, strict=True)], tints.T
    draw_grid(axes, transposed, 19.8, 1.2, colours=shades, label="A.T  (16, 4):  u = A.T z")
    for q in range(4):
        axes.text(19.8 + q + 0.5, 17.32, f"z{q}", ha="center", va="top", fontsize=8, color=INK)
    for p in range(16):
        axes.text(19.65, 1.2 + p + 0.53, f"u{p}", ha="right", va="center", fontsize=8, color=INK)
    frame(axes, 20.8, 1.2, 1, 16, RED)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
