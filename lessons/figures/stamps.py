"""stamps.png: a transposed convolution: every pixel puts down a copy of the kernel, and copies that overlap add up.

Run: python -m lessons.figures.stamps
"""

from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lessons.figures.style import INK, LIGHT, PALE, PHONE, STRONG, Piece, arrow, draw_grid, frame, pieces, save, whole
from minunet.layers import conv_transpose2d

X, KERNEL = np.array([[1.0, 2], [3, -1]]), np.array([[1.0, 2, 0], [3, 1, 2], [0, 1, 4]])
OVERLAPS = {1: "white", 2: "#d4d4d4", 4: "#a8a8a8"}  # by how many copies reach a pixel


def draw(narrow: bool = False) -> Figure:
    """Left: x and the kernel. Middle: the stamp of each pixel. Right: their sum."""
    if not narrow:
        return pieces(9.5, Piece(_board, -0.1, -0.2, 26.2, 13))
    return pieces(
        PHONE,
        Piece(partial(_inputs, weight_at=(6.5, 1.4)), 0.3, 0.2, 11.8, 5),
        Piece(_stamps, 6.6, -0.2, 18.2, 13),
        Piece(_sum, 18.1, 3.6, 29.6, 11.7),
    )


def _board(axes: Axes) -> None:
    _inputs(axes)
    _stamps(axes)
    _sum(axes)
    arrow(axes, (4.0, 5.6), (6.2, 5.6))
    axes.text(5.0, 5.3, "stride 2", ha="center", va="bottom", fontsize=9, color=INK)


def _inputs(axes: Axes, weight_at: tuple[float, float] = (0.5, 7.6)) -> None:
    draw_grid(axes, whole(X), 1.0, 2.4, colours=np.reshape(PALE, (2, 2)), label="x  (2, 2)")
    draw_grid(axes, whole(KERNEL), *weight_at, colours=LIGHT, label="weight  (3, 3)")


def _stamps(axes: Axes) -> None:
    units = np.eye(4).reshape(4, 2, 2, 1) * X.reshape(4, 1, 1, 1)  # sample q: pixel q alone
    stamps = conv_transpose2d(units, KERNEL[:, :, None, None], stride=2)[0][..., 0]  # (4, 5, 5)
    for q, stamp in enumerate(stamps):
        i, j = divmod(q, 2)
        left, top = 6.8 + 6.2 * j, 1.0 + 6.6 * i
        tints = np.full((5, 5), "white", dtype="<U7")
        tints[2 * i : 2 * i + 3, 2 * j : 2 * j + 3] = PALE[q]
        here = tints != "white"
        cells = [[text if here[a, b] else "" for b, text in enumerate(row)] for a, row in enumerate(whole(stamp))]
        draw_grid(axes, cells, left, top, colours=tints, size=8.5)
        frame(axes, left + 2 * j, top + 2 * i, 3, 3, STRONG[q])
        axes.text(left + 2.5, top - 0.2, f"{X[i, j]:g} times the kernel", ha="center", va="bottom", fontsize=9,
                  color=INK)  # fmt: skip


def _sum(axes: Axes) -> None:
    y, ones = (
        conv_transpose2d(x[None, :, :, None], weight[:, :, None, None], stride=2)[0][0, :, :, 0]
        for x, weight in ((X, KERNEL), (np.ones((2, 2)), np.ones((3, 3))))
    )
    axes.text(19.25, 6.9, "sum", ha="center", va="bottom", fontsize=9, color=INK)
    arrow(axes, (18.3, 7.2), (20.2, 7.2))
    colours = [[OVERLAPS[count] for count in row] for row in ones.astype(int)]
    draw_grid(axes, whole(y), 20.8, 4.7, colours=colours, label="y  (5, 5)")
    axes.text(23.3, 10.0, "grey: 2 copies add up,\nin the middle all 4", ha="center", va="top", fontsize=9, color=INK)


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
