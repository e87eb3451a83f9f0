"""relu_gate.png: ReLU as a gate, forward and backward, and the kink of its graph.

Run: python -m lessons.figures.relu_gate
"""

import numpy as np
from matplotlib.figure import Figure

from lessons.figures.style import (
    FORWARD,
    GRADIENT,
    GREY,
    INK,
    SKY_TINT,
    arrow,
    blank,
    draw_grid,
    new_figure,
    save,
    whole,
)
from minunet.layers import relu, relu_backward

OPEN, SHUT = SKY_TINT, "#dddddd"


def draw(narrow: bool = False) -> Figure:
    """y over x, and the slope; twelve numbers forward, and twelve gradients back through the same gate."""
    x = np.array([[3.0, -1, 0, 2], [-4, 5, -2, 1], [0, -3, 6, -5]])
    dy = np.array([[2.0, 7, -3, -1], [5, -2, 4, 3], [-6, 1, 8, -4]])
    y, cache = relu(x)
    dx = relu_backward(dy, cache)
    tints = np.where(y > 0, OPEN, SHUT)

    if narrow:
        figure = new_figure(4, 6.5)
        left, right = figure.subplots(2, 1, height_ratios=(1.15, 1))
    else:
        figure = new_figure(9.5, 4.2)
        left, right = figure.subplots(1, 2, width_ratios=(3.6, 6))

    along = np.linspace(-2, 2, 401)
    height, gate = relu(along)
    left.plot(along, height, color=FORWARD, linewidth=2.5, label="y = max(x, 0)")
    slope = relu_backward(np.ones_like(along), gate)
    for side in (along < 0, along > 0):  # two pieces: at 0 the slope jumps
        left.plot(along[side], slope[side], color=GRADIENT, linewidth=2, linestyle="--")
    left.plot([], [], color=GRADIENT, linewidth=2, linestyle="--", label="slope, dx for dy = 1")
    left.plot(0, relu_backward(np.ones(1), relu(np.zeros(1))[1])[0], "o", color=GRADIENT, markersize=7)
    left.plot(0, 1, "o", color=GRADIENT, markersize=7, markerfacecolor="white")
    left.annotate("at 0: the slope\njumps, we take 0", (0, 0), (0.45, -0.72), fontsize=9, color=INK,
                  arrowprops={"arrowstyle": "-", "color": GREY, "shrinkB": 5})  # fmt: skip
    left.set(xlim=(-2, 2), ylim=(-0.85, 2.05), xlabel="x", xticks=(-2, -1, 0, 1, 2), yticks=(0, 1, 2))
    left.grid(color="#e6e6e6", linewidth=0.8)
    left.legend(loc="upper left", fontsize=9, frameon=False)
    left.spines[["top", "right"]].set_visible(False)

    blank(right, 13.6, 9.4)
    draw_grid(right, whole(x), 0.5, 1, colours=tints, label="x")
    arrow(right, (5, 2.5), (8.8, 2.5), FORWARD)
    right.text(6.9, 2.2, "forward", ha="center", va="bottom", fontsize=9)
    draw_grid(right, whole(y), 9.3, 1, colours=tints, label="y, also the cache")
    draw_grid(right, whole(dx), 0.5, 5.8, colours=tints, label="dx")
    arrow(right, (8.8, 7.3), (5, 7.3), GRADIENT)
    right.text(6.9, 7.0, "backward", ha="center", va="bottom", fontsize=9)
    draw_grid(right, whole(dy), 9.3, 5.8, colours=tints, label="dy")
    words = "light blue: the gate is open, y > 0      grey: shut"
    right.text(6.9, 9.35, words, ha="center", va="bottom", fontsize=9, color=INK)
    return figure


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
