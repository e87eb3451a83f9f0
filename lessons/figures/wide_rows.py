"""wide_rows.png: a row of pixels read as three matrices of windows, without a copy.

Run: python -m lessons.figures.wide_rows
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lessons.figures.style import GREY, LIGHT, PALE, PHONE, STRONG, Piece, draw_grid, pieces, save
from minunet.fast.winograd_rows import _windows

LETTERS = "abcdefgh"


def draw(narrow: bool = False) -> Figure:
    """Above the row in memory, under it the three matrices, and where each product puts its results."""
    if not narrow:
        return pieces(9.5, Piece(_board, -0.2, -0.2, 22.7, 11.8))
    return pieces(
        PHONE,
        Piece(_board, 6.8, -0.2, 15.8, 3.6),
        *(Piece(_board, left, 3.9, left + 7.6, 7.8) for left in (-0.2, 7.5, 15.2)),
        Piece(_board, 2.5, 8.3, 11.5, 11.7),
        Piece(_board, 11.3, 9.4, 20.3, 11.7),
    )


def _board(axes: Axes) -> None:
    row = np.tile(np.arange(8.0)[:, None], (6, 1, 1))  # 6 transformed rows of 8 pixels, 1 channel; all alike here
    matrices = _windows(row)[0].astype(int)  # (3, 2, 3): a view of the same numbers
    draw_grid(axes, [list(LETTERS)], 7.3, 1.0, label="x, 8 pixels of a row in memory", size=10)
    for number, (matrix, tint, colour) in enumerate(zip(matrices, PALE, STRONG, strict=False)):
        for window in matrix:  # a bar under the pixels of each
            low = 2.3 + 0.42 * number
            axes.plot(
                [7.38 + window[0], 10.22 + window[0]], [low, low], color=colour, linewidth=5, solid_capstyle="butt"
            )
        left, top = 7.7 * number, 5.1
        cells = [[LETTERS[place] for place in window] for window in matrix]
        draw_grid(axes, cells, left, top, colours=tint, size=11, label=f"windows {matrix[0, 0]}, {matrix[1, 0]}, ...")
        axes.text(left + 3.5, top + 1.05, "@", ha="center", va="center", fontsize=13)
        draw_grid(axes, [["p"], ["q"], ["r"]], left + 4, top - 0.5, colours=LIGHT, size=11)
        axes.text(left + 5.4, top + 1.05, "=", ha="center", va="center", fontsize=13)
        draw_grid(axes, [[f"y{window[0]}"] for window in matrix], left + 5.8, top, colours=tint, size=11)
    for place in range(6):
        left = 2.7 + 2.9 * place
        axes.add_patch(Rectangle((left, 9.6), 2.9, 1, facecolor=PALE[place % 3], edgecolor=GREY, linewidth=0.8))
        terms = " + ".join(f"{LETTERS[place + tap]}{'pqr'[tap]}" for tap in range(3))
        axes.text(left + 1.45, 10.13, terms, ha="center", va="center", fontsize=9)
        axes.text(left + 1.45, 10.8, f"y{place}", ha="center", va="top", fontsize=9)
    axes.text(2.7, 9.3, "y: each product fills every third place", ha="left", va="bottom", fontsize=10)


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
