"""tiny_graph.png: three pixels, a convolution of two taps, ReLU and a loss, with every number forward and backward.

Run: python -m lessons.figures.tiny_graph
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from lessons.figures.style import FORWARD, GRADIENT, INK, arrow, blank, new_figure, save

X, W, T = np.array([2.0, -1.0, 3.0]), np.array([1.0, 0.5]), np.array([1.0, 2.0])  # pixels, taps, targets
BOX, WEIGHT, HIGH = 1.24, 1.56, 0.5  # how wide a box is, and one of a weight, and how high: inches, as all here
# The middle of each box, in the half of the figure that holds it.
WIDE = {
    "x": [(0.75, 0.95), (0.75, 1.75), (0.75, 2.55)],
    "y": [(4.2, 1.35), (4.2, 2.15)],
    "z": [(6.35, 1.35), (6.35, 2.15)],
    "w": [(2.2, 0.35), (4.0, 0.35)],
    "L": [(8.75, 1.75)],
}
NARROW = {
    "x": [(0.65, 1.25), (2.0, 1.25), (3.35, 1.25)],
    "y": [(1.2, 2.4), (2.8, 2.4)],
    "z": [(1.2, 3.45), (2.8, 3.45)],
    "w": [(1.1, 0.6), (2.9, 0.6)],
    "L": [(2.0, 4.5)],
}
TAPS = [(0, 0, 0), (1, 0, 1), (1, 1, 0), (2, 1, 1)]  # pixel, place of y, tap
# No arrows lead from and to the weights: they would cross the others.
NOTES = {
    "forward": "w[0] has two paths to the loss:\n× x[0] to y[0], and × x[1] to y[1]",
    "backward": "dw[0] adds up its two paths:\ndy[0] × x[0] + dy[1] × x[1]",
}


def draw(narrow: bool = False) -> Figure:
    """Above: values, from the pixels to the loss. Below: gradients, from the loss to the pixels and the taps."""
    y = np.array([X[0] * W[0] + X[1] * W[1], X[1] * W[0] + X[2] * W[1]])
    z = np.maximum(y, 0)
    dz = 2 * (z - T)
    dy = dz * (y > 0)
    dw = [dy[0] * X[0] + dy[1] * X[1], dy[0] * X[1] + dy[1] * X[2]]
    dx = [dy[0] * W[0], dy[0] * W[1] + dy[1] * W[0], dy[1] * W[1]]

    width, half = (4.0, 5.0) if narrow else (9.5, 3.1)
    figure = new_figure(width, 2 * half - 0.25)
    axes = figure.subplots()
    blank(axes, width, 2 * half - 0.25)
    values = {
        "x": [("x", X[i], "pixel") for i in range(3)],
        "w": [("w", W[i], "weight") for i in range(2)],
        "y": [("y", y[i], _sum((X[i], W[0]), (X[i + 1], W[1]))) for i in range(2)],
        "z": [("z", z[i], f"max({_number(y[i])}, 0)") for i in range(2)],
        "L": [("loss", ((z - T) ** 2).sum(), " + ".join(_number(each) for each in (z - T) ** 2))],
    }
    gradients = {
        "x": [
            ("dx", dx[0], _sum((dy[0], W[0]))),
            ("dx", dx[1], _sum((dy[0], W[1]), (dy[1], W[0]))),
            ("dx", dx[2], _sum((dy[1], W[1]))),
        ],
        "w": [("dw", dw[i], _sum((dy[0], X[i]), (dy[1], X[i + 1]))) for i in range(2)],
        "y": [("dy", dy[i], _sum((dz[i], float(y[i] > 0)))) for i in range(2)],
        "z": [("dz", dz[i], f"2 × ({_number(z[i])} − {_number(T[i])})") for i in range(2)],
        "L": [("dloss", 1.0, "d loss / d loss")],
    }
    _half(axes, values, narrow, 0, "forward", FORWARD)
    _half(axes, gradients, narrow, half, "backward", GRADIENT)
    return figure


def _half(
    axes: Axes, boxes: dict[str, list[tuple[str, float, str]]], narrow: bool, top: float, title: str, colour: str
) -> None:
    """The graph once, with the arrows from pixels to loss (forward) or from loss to pixels (backward)."""
    forward = title == "forward"
    at = {kind: [(left, top + down) for left, down in places] for kind, places in (NARROW if narrow else WIDE).items()}
    axes.text(0.1, top + 0.1, title, fontsize=11, color=INK, weight="bold", va="center")
    axes.text(*((1.2, top) if narrow else (5.1, top + 0.35)), NOTES[title], fontsize=8.5, color=INK, va="center")
    edges = [(at["x"][pixel], at["y"][place], f"× w[{tap}]", 0.36) for pixel, place, tap in TAPS]
    for i in range(2):
        edges.append((at["y"][i], at["z"][i], "ReLU" if forward else "slope 1", 0.5))
        edges.append((at["z"][i], at["L"][0], f"target {_number(T[i])}" if forward else "", 0.5))
    for start, end, text, part in edges:
        start, end = _edge(start, end, narrow), _edge(end, start, narrow)
        arrow(axes, *((start, end) if forward else (end, start)), colour)
        axes.text(
            start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1]), text, fontsize=8.5,
            ha="center", va="center", color=INK, zorder=5, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )  # fmt: skip
    for kind, each in boxes.items():
        for i, (name, value, how) in enumerate(each):
            index = "" if kind == "L" else f"[{i}]"
            _box(axes, *at[kind][i], f"{name}{index} = {_number(value)}", how, colour, WEIGHT if kind == "w" else BOX)


def _edge(here: tuple[float, float], there: tuple[float, float], narrow: bool) -> tuple[float, float]:
    """Where an arrow from one box towards another leaves it: at its side, in the narrow figure at its top or bottom."""
    axis, reach = (1, HIGH / 2 + 0.06) if narrow else (0, BOX / 2 + 0.06)
    moved = list(here)
    moved[axis] += reach if there[axis] > here[axis] else -reach
    return moved[0], moved[1]


def _box(axes: Axes, centre: float, middle: float, text: str, how: str, colour: str, wide: float) -> None:
    """What it is, and below it in small letters where that comes from."""
    axes.add_patch(
        FancyBboxPatch(
            (centre - wide / 2 + 0.03, middle - HIGH / 2 + 0.03), wide - 0.06, HIGH - 0.06,
            boxstyle="round,pad=0.03", facecolor="white", edgecolor=colour, linewidth=1.4, zorder=4,
        )
    )  # fmt: skip
    axes.text(centre, middle - 0.1, text, fontsize=10, ha="center", va="center", color=INK, zorder=5)
    axes.text(centre, middle + 0.12, how, fontsize=8, ha="center", va="center", color=INK, zorder=5)


def _sum(*products: tuple[float, float]) -> str:
    """A sum of products: "1 × 0.5 + (−3) × 1"."""
    terms: list[str] = []
    for a, b in products:
        first = f"({_number(a)})" if a < 0 and terms else _number(a)
        terms.append(f"{first} × {f'({_number(b)})' if b < 0 else _number(b)}")
    return " + ".join(terms)


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
