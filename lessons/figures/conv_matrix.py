"""conv_matrix.png: a convolution of 4x4 pixels with a 3x3 kernel as a matrix, and the transpose.

Run: python -m lessons.figures.conv_matrix
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lessons.figures.style import INK, PHONE, Piece, draw_grid, frame, pieces, save
from minunet.layers import conv2d

# One colour for each row of the kernel, one shade for each of its columns.
TINTS = np.array(
    [["#e6e3f3", "#cdc7e5", "#b0a7d6"], ["#f5e1e9", "#e6bfcf", "#d49ab3"], ["#f0f0d5", "#dedeab", "#caca82"]]
)
WORDS = """Pink: the second window. Its row of A holds
the kernel, where the window lies, and zeros elsewhere.

The second column of A.T is the same numbers. It says
where in u the number z1 puts its copy of the kernel."""


def draw(narrow: bool = False) -> Figure:
    """Above: kernel, picture and A, a row of it for each window. Right: A.T, a column of it for each stamp."""
    if not narrow:
        return pieces(9.5, Piece(_board, -0.3, 0, 24.3, 17.9))
    return pieces(
        PHONE, Piece(_board, -0.5, 0, 16.8, 5.8), Piece(_board, -0.5, 6.6, 16.8, 17), Piece(_board, 17.5, 0, 34.8, 17.9)
    )


def _board(axes: Axes) -> None:
    kernel = np.arange(1.0, 10.0).reshape(3, 3)
    units = np.eye(16).reshape(16, 4, 4, 1)  # sample p: a 1 at pixel p
    matrix = conv2d(units, kernel.reshape(3, 3, 1, 1))[0].reshape(16, 4).T  # (OH*OW, H*W)
    numbers = [["" if value == 0 else f"{value:g}" for value in row] for row in matrix]
    tints = np.where(matrix == 0, "white", TINTS.ravel()[matrix.astype(int) - 1])

    draw_grid(
        axes, [[f"{value:g}" for value in row] for row in kernel], 0.6, 1.2, colours=TINTS, label="weight  (3, 3)"
    )
    pixels = [[f"x{4 * i + j}" for j in range(4)] for i in range(4)]
    draw_grid(axes, pixels, 6.4, 1.2, label="x  (4, 4)", size=8)
    frame(axes, 7.4, 1.2, 3, 3)
    draw_grid(axes, [["y0", "y1"], ["y2", "y3"]], 13.6, 2.2, label="y  (2, 2)", size=8)
    frame(axes, 14.6, 2.2, 1, 1)

    draw_grid(axes, numbers, 0.6, 8.0, colours=tints, label="A  (4, 16):  y = A x")
    for q in range(4):
        axes.text(0.45, 8.0 + q + 0.53, f"y{q}", ha="right", va="center", fontsize=8, color=INK)
    for p in range(16):
        axes.text(0.6 + p + 0.5, 12.12, f"x{p}", ha="center", va="top", fontsize=7, color=INK)
    frame(axes, 0.6, 9.0, 16, 1)
    axes.text(0.6, 13.3, WORDS, fontsize=9, color=INK, va="top")

    draw_grid(axes, [*zip(*numbers, strict=True)], 19.8, 1.2, colours=tints.T, label="A.T  (16, 4):  u = A.T z")
    for q in range(4):
        axes.text(19.8 + q + 0.5, 17.32, f"z{q}", ha="center", va="top", fontsize=8, color=INK)
    for p in range(16):
        axes.text(19.65, 1.2 + p + 0.53, f"u{p}", ha="right", va="center", fontsize=8, color=INK)
    frame(axes, 20.8, 1.2, 1, 16)


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
