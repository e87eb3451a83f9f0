"""stamps.png: a transposed convolution: every pixel puts down a copy of the kernel, and copies that overlap add up.

Run: python -m lessons.figures.stamps
"""

import numpy as np
from matplotlib.figure import Figure

from lessons.figures.style import BLUE, GREEN, INK, LIGHT, PURPLE, RED, arrow, blank, draw_grid, frame, new_figure, save
from minunet.layers import conv_transpose2d

COLOURS = (BLUE, RED, GREEN, PURPLE)  # one for each pixel of x
TINTS = ("#cfe6f3", "#f5d9c6", "#ccebe0", "#f3dcea")
OVERLAPS = {1: "white", 2: "#f6efb8", 4: "#e9d84a"}  # by how many copies reach a pixel


def draw() -> Figure:
    """Left: x and the kernel. Middle: the stamp of each pixel. Right: their sum."""
    x, kernel = np.array([[1.0, 2], [3, -1]]), np.array([[1.0, 2, 0], [3, 1, 2], [0, 1, 4]])
    weight = kernel.reshape(3, 3, 1, 1)
    units = np.eye(4).reshape(4, 2, 2, 1) * x.reshape(4, 1, 1, 1)  # sample q: pixel q alone
    stamps = conv_transpose2d(units, weight, stride=2)[0][..., 0]  # (4, 5, 5)
    y = conv_transpose2d(x.reshape(1, 2, 2, 1), weight, stride=2)[0][0, :, :, 0]
    reached = conv_transpose2d(np.ones((1, 2, 2, 1)), np.ones_like(weight), stride=2)[0][0, :, :, 0].astype(int)

    figure = new_figure(9.5, 4.8)
    axes = figure.subplots()
    blank(axes, 26.2, 12.8)
    draw_grid(axes, _whole(x), 1.0, 2.4, colours=np.reshape(TINTS, (2, 2)), label="x  (2, 2)")
    draw_grid(axes, _whole(kernel), 0.5, 7.6, colours=LIGHT, label="weight  (3, 3)")
    arrow(axes, (4.0, 5.6), (6.2, 5.6))
    axes.text(5.0, 5.3, "stride 2", ha="center", va="bottom", fontsize=9, color=INK)
    for q, stamp in enumerate(stamps):
        i, j = divmod(q, 2)
        left, top = 6.8 + 6.2 * j, 1.0 + 6.6 * i
        tints = np.full((5, 5), "white", dtype="<U7")
        tints[2 * i : 2 * i + 3, 2 * j : 2 * j + 3] = TINTS[q]
        here = tints != "white"
        cells = [[text if here[a, b] else "" for b, text in enumerate(row)] for a, row in enumerate(_whole(stamp))]
        draw_grid(axes, cells, left, top, colours=tints, size=8.5)
        frame(axes, left + 2 * j, top + 2 * i, 3, 3, COLOURS[q])
        axes.text(left + 2.5, top - 0.2, f"{x[i, j]:g} times the kernel", ha="center", va="bottom", fontsize=9,
                  color=INK)  # fmt: skip
    axes.text(19.25, 6.9, "sum", ha="center", va="bottom", fontsize=9, color=INK)
    arrow(axes, (18.3, 7.2), (20.2, 7.2))
    colours = [[OVERLAPS[count] for count in row] for row in reached]
    draw_grid(axes, _whole(y), 20.8, 4.7, colours=colours, label="y  (5, 5)")
    axes.text(23.3, 10.0, "yellow: 2 copies add up,\nin the middle all 4", ha="center", va="top", fontsize=9, color=INK)
    return figure


def _whole(values: np.ndarray) -> list[list[str]]:
    return [[f"{value + 0.0:g}" for value in row] for row in values]


if __name__ == "__main__":
    save(draw(), __file__)
