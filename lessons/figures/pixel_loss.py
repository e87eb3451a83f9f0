"""pixel_loss.png: the loss of one pixel, from its logits to its gradient, and the two curves behind it.

Run: python -m lessons.figures.pixel_loss
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lessons.figures.style import (
    GRADIENT,
    GREY,
    INK,
    LIGHT,
    RED_TINT,
    Piece,
    arrow,
    frame,
    new_figure,
    save,
    show,
)
from minunet.layers import softmax, softmax_cross_entropy, softmax_cross_entropy_backward
from minunet.layers.softmax import shifted_exponentials

LOGITS, LABEL = np.array([2.0, 0.0, 1.0]), 2  # background, cell, border; the truth is border
NAMES = ("background", "cell", "border")


def draw(narrow: bool = False) -> Figure:
    """Above: the five steps for one pixel. Below: the surprise; loss and gradient against the true logit."""
    if narrow:
        figure = new_figure(4, 10.2)
        axes = figure.subplot_mosaic([["steps"], ["rest"], ["surprise"], ["logit"]], height_ratios=(1, 1, 1.5, 1.5))
        show(axes["steps"], Piece(_draw_steps, 0, 0, 11.3, 4.3))
        show(axes["rest"], Piece(_draw_steps, 11.1, 0, 22.4, 5.2))
    else:
        figure = new_figure(9.5, 6.2)
        axes = figure.subplot_mosaic([["steps", "steps"], ["surprise", "logit"]], height_ratios=[1, 1.15])
        show(axes["steps"], Piece(_draw_steps, 0, 0, 21.5, 5.4))
    _draw_surprise(axes["surprise"])
    _draw_logit(axes["logit"])
    return figure


def _draw_steps(axes: Axes) -> None:
    exponentials, total, _ = shifted_exponentials(LOGITS)
    loss, cache = softmax_cross_entropy(LOGITS[None], np.array([LABEL]))
    probs = softmax(LOGITS)[0]
    truth = np.eye(3)[LABEL]
    gradient = softmax_cross_entropy_backward(cache)[0]

    for row, name in enumerate(NAMES):
        axes.text(2.6, 1.55 + row, name, ha="right", va="center", fontsize=9, weight="bold" if row == LABEL else None)
    columns = (
        (3.0, [f"{value:g}" for value in LOGITS], "logits"),
        (7.2, [f"{value:.3f}" for value in exponentials], "exp(logit − 2)"),
        (11.6, [f"{value:.3f}" for value in probs], "probs"),
        (14.4, [f"{value:g}" for value in truth], "truth"),
        (17.2, [f"{value:+.3f}".replace("-", "−") for value in gradient], "gradient"),
    )
    for left, values, label in columns:
        _column(axes, left, values, label, {"gradient": RED_TINT, "truth": LIGHT}.get(label, "white"))
    for left, text in ((4.85, "exp"), (9.25, f"/ {float(total[0]):.3f}")):
        arrow(axes, (left, 2.5), (left + 1.8, 2.5))
        axes.text(left + 0.85, 2.25, text, ha="center", va="bottom", fontsize=9)
    axes.text(13.75, 2.5, "−", ha="center", va="center", fontsize=15)
    axes.text(16.55, 2.5, "=", ha="center", va="center", fontsize=15)
    for row, text in enumerate(("push it down", "push it down", "push it up")):
        axes.text(18.95, 1.55 + row, text, va="center", fontsize=9, color=INK)
    frame(axes, 11.6, 1 + LABEL, 1.5, 1)
    axes.text(11.6, 4.7, f"loss = −log({probs[LABEL]:.3f}) = {float(loss):.2f}", fontsize=9)


def _column(axes: Axes, left: float, values: list[str], label: str, colour: str) -> None:
    """A column of cells, wider than they are high."""
    for row, value in enumerate(values):
        axes.add_patch(Rectangle((left, 1 + row), 1.5, 1, facecolor=colour, edgecolor=GREY, linewidth=0.8))
        axes.text(left + 0.75, 1.53 + row, value, ha="center", va="center", fontsize=9, color=INK)
    axes.text(left + 0.75, 0.75, label, ha="center", va="bottom", fontsize=10, color=INK)


def _draw_surprise(axes: Axes) -> None:
    p = np.linspace(0.005, 1, 400)
    axes.plot(p, -np.log(p), color=INK)
    for value, name in ((0.01, "1 in 100"), (0.1, "1 in 10"), (0.5, "1 in 2"), (1.0, "certain")):
        loss = -np.log(value) + 0.0
        axes.plot([value], [loss], "o", color=INK, markersize=5)
        axes.annotate(
            f"{name}: {loss:.2f}", (value, loss), textcoords="offset points", fontsize=9,
            xytext=(8, 4) if value < 1 else (2, 14), ha="left" if value < 1 else "right",
        )  # fmt: skip
    axes.set(
        xlabel="probability of the true class", ylabel="loss = −log(probability)", xlim=(-0.02, 1.03), ylim=(-0.2, 5.3)
    )
    axes.spines[["top", "right"]].set_visible(False)


def _draw_logit(axes: Axes) -> None:
    """The true class's logit moves, the two others stay at 0."""
    lead = np.linspace(-6, 6, 241)
    logits = np.stack([lead, 0 * lead, 0 * lead], axis=1)
    loss = np.array([softmax_cross_entropy(row[None], np.array([0]))[0] for row in logits])
    slope = softmax_cross_entropy_backward(softmax_cross_entropy(logits, np.zeros(len(lead), int))[1])[:, 0] * len(lead)
    axes.plot(lead, loss, color=INK)
    axes.plot(lead, slope, color=GRADIENT, linestyle="--")
    axes.axhline(0, color=GREY, linewidth=0.8)
    start = float(loss[len(lead) // 2])
    axes.plot([0], [start], "o", color=INK, markersize=5)
    axes.annotate(f"all equal: log(3) = {start:.2f}", (0, start), xytext=(7, 6), textcoords="offset points", fontsize=9)
    axes.text(-4.3, 5.3, "loss", color=INK, fontsize=10)
    axes.text(-5.9, -0.75, "gradient: p − 1", color=GRADIENT, fontsize=10)
    axes.set(xlabel="logit of the true class (the two others are 0)", xlim=(-6, 6), ylim=(-1.3, 6.8))
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
