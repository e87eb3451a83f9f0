"""wide_rows.png: a row of pixels read as three matrices of windows, without a copy.

Run: python -m lessons.figures.wide_rows
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lessons.figures.style import BLUE, GREEN, GREY, LIGHT, RED, blank, draw_grid, new_figure, save
from minunet.fast.winograd_rows import _windows

TINTS = ("#cfe6f3", "#f5d9c6", "#ccebe0")  # one for each matrix
COLOURS = (BLUE, RED, GREEN)
LETTERS = "abcdefgh"


def draw() -> Figure:
    """Above the row in memory, under it the three matrices, and where each product puts its results."""
    row = np.tile(np.arange(8.0)[:, None], (6, 1, 1))  # 6 transformed rows of 8 pixels, 1 channel; all alike here
    matrices = _windows(row)[0].astype(int)  # (3, 2, 3): a view of the same numbers
    figure = new_figure(9.5, 5.0)
    axes = figure.subplots()
    blank(axes, 22.6, 11.6)
    draw_grid(axes, [list(LETTERS)], 7.3, 1.0, label="x, a row of 8 pixels as it lies in memory", size=11)
    for number, (matrix, tint, colour) in enumerate(zip(matrices, TINTS, COLOURS, strict=True)):
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
        axes.add_patch(Rectangle((left, 9.6), 2.9, 1, facecolor=TINTS[place % 3], edgecolor=GREY, linewidth=0.8))
        terms = " + ".join(f"{LETTERS[place + tap]}{'pqr'[tap]}" for tap in range(3))
        axes.text(left + 1.45, 10.13, terms, ha="center", va="center", fontsize=9)
        axes.text(left + 1.45, 10.8, f"y{place}", ha="center", va="top", fontsize=9)
    axes.text(11.4, 9.3, "y: each product fills every third place", ha="center", va="bottom", fontsize=10)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
