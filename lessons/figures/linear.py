"""linear.png: the linear layer at every pixel as a matrix product, and its three gradients.

Run: python -m lessons.figures.linear
"""

import numpy as np
from matplotlib.figure import Figure

from lessons.figures.style import BLUE, GREEN, LIGHT, ORANGE, arrow, blank, draw_grid, frame, new_figure, save
from minunet.layers import conv2d, conv2d_backward

TINTS = np.array(["#cfe6f3", "#fbe8c4", "#ccebe0", "#f5d9c6"])  # one for each pixel
X = np.array([[[1, 0, 2], [2, 1, 0]], [[0, 1, 1], [1, -1, 1]]], dtype=float)  # (H, W, C) = (2, 2, 3)
WEIGHT = np.array([[1, 2], [0, -1], [1, 1]], dtype=float)  # (C, K) = (3, 2)
BIAS = np.array([1, -1], dtype=float)
DY = np.array([[[1, 0], [0, 2]], [[-1, 1], [1, 1]]], dtype=float)  # (H, W, K)


def draw() -> Figure:
    """Above: forward. Below: dx, dweight and dbias, each from what forward has kept and dy."""
    y, cache = conv2d(X[None], WEIGHT[None, None], BIAS)
    dx, dweight, dbias = conv2d_backward(DY[None], cache)
    x_rows, y_rows, dy_rows = X.reshape(4, 3), y.reshape(4, 2), DY.reshape(4, 2)
    three, two = (np.repeat(TINTS[:, None], count, axis=1) for count in (3, 2))

    figure = new_figure(9.5, 7.0)
    forward, back, weights = figure.subplots(3, 1, height_ratios=(1, 0.95, 0.95))
    for axes in (forward, back, weights):
        blank(axes, 26, 5.4)

    forward.text(0, 0.55, "forward", fontsize=11, va="center", weight="bold")
    draw_grid(forward, _whole(x_rows), 4.4, 1.2, colours=three, label="x, a pixel a row  (4, 3)")
    forward.text(8.35, 3.2, "@", ha="center", va="center", fontsize=14)
    draw_grid(forward, _whole(WEIGHT), 9.3, 1.7, colours=LIGHT, label="weight  (3, 2)")
    forward.text(12.2, 3.2, "+", ha="center", va="center", fontsize=14)
    draw_grid(forward, _whole(BIAS[None]), 13.1, 2.7, colours=LIGHT, label="bias  (2,)")
    forward.text(16.1, 3.2, "=", ha="center", va="center", fontsize=14)
    draw_grid(forward, _whole(y_rows), 17.1, 1.2, colours=two, label="y  (4, 2)")
    frame(forward, 4.4, 2.2, 3, 1, BLUE)
    frame(forward, 10.3, 1.7, 1, 3, BLUE)
    frame(forward, 18.1, 2.2, 1, 1, BLUE)
    terms = " + ".join(f"{a:g} x {b:g}" for a, b in zip(x_rows[1], WEIGHT[:, 1], strict=True)).replace("x -1", "x (-1)")
    forward.text(
        19.6, 2.7, f"{terms} - {-BIAS[1]:g} = {y_rows[1, 1]:g}", fontsize=9, color=BLUE, va="center", ha="left"
    )

    back.text(0, 0.55, "backward", fontsize=11, va="center", weight="bold")
    draw_grid(back, _whole(dy_rows), 4.4, 1.2, colours=two, label="dy  (4, 2)")
    back.text(7.35, 3.2, "@", ha="center", va="center", fontsize=14)
    draw_grid(back, _whole(WEIGHT.T), 8.3, 2.2, colours=LIGHT, label="weight.T  (2, 3)")
    back.text(12.2, 3.2, "=", ha="center", va="center", fontsize=14)
    draw_grid(back, _whole(dx.reshape(4, 3)), 13.1, 1.2, colours=three, label="dx  (4, 3)")
    draw_grid(back, _whole(dy_rows), 19.2, 1.2, colours=two, label="dy")
    arrow(back, (21.5, 3.2), (23.2, 3.2), ORANGE)
    back.text(22.35, 2.9, "sum", ha="center", va="bottom", fontsize=9, color=ORANGE)
    draw_grid(back, _whole(dbias[None]), 23.5, 2.7, colours=LIGHT, label="dbias  (2,)")
    frame(back, 19.2, 1.2, 1, 4, ORANGE)
    frame(back, 23.5, 2.7, 1, 1, ORANGE)

    draw_grid(weights, _whole(x_rows.T), 4.4, 1.7, colours=three.T, label="x.T  (3, 4)")
    weights.text(9.35, 3.2, "@", ha="center", va="center", fontsize=14)
    draw_grid(weights, _whole(dy_rows), 10.3, 1.2, colours=two, label="dy  (4, 2)")
    weights.text(13.2, 3.2, "=", ha="center", va="center", fontsize=14)
    draw_grid(weights, _whole(dweight.reshape(3, 2)), 14.1, 1.7, colours=LIGHT, label="dweight  (3, 2)")
    frame(weights, 4.4, 3.7, 4, 1, GREEN)
    frame(weights, 10.3, 1.2, 1, 4, GREEN)
    frame(weights, 14.1, 3.7, 1, 1, GREEN)
    terms = " + ".join(f"{a:g} x {b:g}" for a, b in zip(x_rows[:, 2], dy_rows[:, 0], strict=True))
    weights.text(
        16.7, 4.2, f"{terms.replace('x -1', 'x (-1)')} = {dweight[0, 0, 2, 0]:g}\na sum over all pixels",
        fontsize=9, color=GREEN, va="center", ha="left", linespacing=1.5,
    )  # fmt: skip
    return figure


def _whole(values: np.ndarray) -> list[list[str]]:
    return [[f"{value + 0.0:g}" for value in row] for row in values]


if __name__ == "__main__":
    save(draw(), __file__)
