"""linear.png: the linear layer at every pixel as a matrix product, and its three gradients.

Run: python -m lessons.figures.linear
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lessons.figures.style import INK, LIGHT, PALE, PHONE, Piece, arrow, draw_grid, frame, pieces, save, whole
from minunet.layers import conv2d, conv2d_backward

X = np.array([[[1, 0, 2], [2, 1, 0]], [[0, 1, 1], [1, -1, 1]]], dtype=float)  # (H, W, C) = (2, 2, 3)
WEIGHT = np.array([[1, 2], [0, -1], [1, 1]], dtype=float)  # (C, K) = (3, 2)
BIAS = np.array([1, -1], dtype=float)
DY = np.array([[[1, 0], [0, 2]], [[-1, 1], [1, 1]]], dtype=float)  # (H, W, K)
THREE, TWO = (np.repeat(np.array(PALE)[:, None], count, axis=1) for count in (3, 2))  # a colour for each pixel


def draw(narrow: bool = False) -> Figure:
    """Above: forward. Below: dx, dweight and dbias, each from what forward has kept and dy."""
    if not narrow:
        return pieces(
            9.5,
            Piece(_forward, -0.8, -0.7, 22.6, 6.6),
            Piece(_back, -0.8, -0.7, 22.6, 6.6),
            Piece(_weights, -0.8, 0.2, 22.6, 6.9),
        )
    return pieces(
        PHONE,
        Piece(_forward, -0.2, -0.7, 8.7, 5.4),
        Piece(_forward, 8.6, 0.2, 17, 6.4),
        Piece(_back, -0.2, -0.7, 13, 5.6),
        Piece(_back, 14.4, 0.2, 22, 5.6),
        Piece(_weights, -0.2, 0.2, 13, 7),
    )


def _forward(axes: Axes) -> None:
    y, _ = conv2d(X[None], WEIGHT[None, None], BIAS)
    x_rows, y_rows = X.reshape(4, 3), y.reshape(4, 2)
    axes.text(0.4, -0.2, "forward", fontsize=11, va="center", weight="bold")
    draw_grid(axes, whole(x_rows), 0.4, 1.2, colours=THREE, label="x  (4, 3)")
    _sign(axes, 4.35, "@")
    draw_grid(axes, whole(WEIGHT), 5.3, 1.7, colours=LIGHT, label="weight  (3, 2)")
    _sign(axes, 8.2, "+")
    draw_grid(axes, whole(BIAS[None]), 9.1, 2.7, colours=LIGHT, label="bias  (2,)")
    _sign(axes, 12.1, "=")
    draw_grid(axes, whole(y_rows), 13.1, 1.2, colours=TWO, label="y  (4, 2)")
    for left, top, width, height in ((0.4, 2.2, 3, 1), (6.3, 1.7, 1, 3), (14.1, 2.2, 1, 1)):
        frame(axes, left, top, width, height)
    axes.text(
        9.1, 5.7, f"{_products(x_rows[1], WEIGHT[:, 1])} - {-BIAS[1]:g} = {y_rows[1, 1]:g}",
        fontsize=9, color=INK, va="center",
    )  # fmt: skip


def _back(axes: Axes) -> None:
    dx, _, dbias = conv2d_backward(DY[None], conv2d(X[None], WEIGHT[None, None], BIAS)[1])
    dy_rows = DY.reshape(4, 2)
    axes.text(0.4, -0.2, "backward", fontsize=11, va="center", weight="bold")
    draw_grid(axes, whole(dy_rows), 0.4, 1.2, colours=TWO, label="dy  (4, 2)")
    _sign(axes, 3.35, "@")
    draw_grid(axes, whole(WEIGHT.T), 4.3, 2.2, colours=LIGHT, label="weight.T  (2, 3)")
    _sign(axes, 8.2, "=")
    draw_grid(axes, whole(dx.reshape(4, 3)), 9.1, 1.2, colours=THREE, label="dx  (4, 3)")
    draw_grid(axes, whole(dy_rows), 15.2, 1.2, colours=TWO, label="dy")
    arrow(axes, (17.5, 3.2), (19.2, 3.2))
    axes.text(18.35, 2.9, "sum", ha="center", va="bottom", fontsize=9, color=INK)
    draw_grid(axes, whole(dbias[None]), 19.5, 2.7, colours=LIGHT, label="dbias  (2,)")
    frame(axes, 15.2, 1.2, 1, 4)
    frame(axes, 19.5, 2.7, 1, 1)


def _weights(axes: Axes) -> None:
    _, dweight, _ = conv2d_backward(DY[None], conv2d(X[None], WEIGHT[None, None], BIAS)[1])
    x_rows, dy_rows = X.reshape(4, 3), DY.reshape(4, 2)
    draw_grid(axes, whole(x_rows.T), 0.4, 1.7, colours=THREE.T, label="x.T  (3, 4)")
    _sign(axes, 5.35, "@")
    draw_grid(axes, whole(dy_rows), 6.3, 1.2, colours=TWO, label="dy  (4, 2)")
    _sign(axes, 9.2, "=")
    draw_grid(axes, whole(dweight.reshape(3, 2)), 10.1, 1.7, colours=LIGHT, label="dweight  (3, 2)")
    for left, top, width, height in ((0.4, 3.7, 4, 1), (6.3, 1.2, 1, 4), (10.1, 3.7, 1, 1)):
        frame(axes, left, top, width, height)
    axes.text(
        0.4, 6.1, f"{_products(x_rows[:, 2], dy_rows[:, 0])} = {dweight[0, 0, 2, 0]:g},\na sum over all pixels",
        fontsize=9, color=INK, va="center", linespacing=1.5,
    )  # fmt: skip


def _sign(axes: Axes, x: float, text: str) -> None:
    axes.text(x, 3.2, text, ha="center", va="center", fontsize=14)


def _products(one: np.ndarray, other: np.ndarray) -> str:
    return " + ".join(f"{a:g} x {b:g}" for a, b in zip(one, other, strict=True)).replace("x -1", "x (-1)")


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
