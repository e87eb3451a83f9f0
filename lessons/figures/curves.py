"""curves.png: what training and validation loss look like in eight runs, seven of them ill.

Run: python -m lessons.figures.curves       (the runs: python lessons/experiments/curves.py)
"""

import json
from functools import cache
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from lessons.figures.style import GREY, INK, OLIVE, new_figure, save
from minunet.data.cells import make_cells
from minunet.seeds import generator

FILE = Path(__file__).parents[1] / "experiments" / "curves.json"
SHOWN = {  # the run, and what is special about it
    "healthy": "120 images, flips and turns",
    "by heart": "8 images, as they are",
    "augmented": "the same 8, much augmented",
    "too small": "one level, 4 channels",
    "rate too low": "rate 0.00004",
    "noisy": "batches of 1, rate 0.01",
    "rate too high": "rate always 0.03",
    "diverged": "rate always 0.3",
}
TOP = 1.2  # of the axis


def draw(narrow: bool = False) -> Figure:
    """A panel for each run, the same axes in all; dotted, the loss of one who knows only the frequencies."""
    found = json.loads(FILE.read_text(encoding="utf-8"))
    figure = new_figure(4, 9.4) if narrow else new_figure(9.5, 5.2)
    grid = figure.subplots(*((4, 2) if narrow else (2, 4)), sharex=True, sharey=True)
    for (name, what), axes in zip(SHOWN.items(), grid.flat, strict=True):
        curves = found[name]
        axes.axhline(_frequencies_only(), color=GREY, linestyle=":", label="knows only how frequent each class is")
        axes.plot(curves["step"], curves["training"], color=INK, label="training")
        axes.plot(curves["step"], curves["validation"], color=OLIVE, linestyle="--", label="validation")
        axes.set_title(f"{name}\n", fontsize=10.5, fontweight="bold")
        axes.text(0.5, 1.03, what, transform=axes.transAxes, ha="center", fontsize=8)
        axes.text(
            0.97, 0.93, f"mean IoU {curves['mean_iou'][-1]:.2f}", transform=axes.transAxes,
            ha="right", va="top", fontsize=9,
        )  # fmt: skip
        first = curves["training"][0]
        if first > TOP:
            size = f"{first:.1f}" if first < 100 else f"$10^{{{np.log10(first):.0f}}}$"
            axes.text(
                110, 0.82 * TOP, f"{size} in the\nfirst {curves['step'][0]} steps", fontsize=8.5, color=INK, va="top"
            )
        if max(curves["validation"]) > TOP:
            where = next(step for step, loss in zip(curves["step"], curves["validation"], strict=True) if loss > TOP)
            axes.annotate(
                f"up to {max(curves['validation']):.1f}", (where, TOP), (where + 60, 0.82 * TOP),
                fontsize=8.5, color=OLIVE, va="top",
            )  # fmt: skip
        axes.set(ylim=(0, TOP), xlim=(0, 910), xticks=[0, 300, 600, 900])
        axes.grid(alpha=0.25)
    for axes in grid[:, 0]:
        axes.set_ylabel("loss")
    for axes in grid[-1]:
        axes.set_xlabel("steps")
    figure.legend(
        *grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=1 if narrow else 3, frameon=False,
        fontsize=9,
    )  # fmt: skip
    return figure


@cache
def _frequencies_only() -> float:
    """The loss of one who knows only how frequent each class is, on the validation images of all the runs."""
    labels = make_cells(40, 64, generator(0, "data")).labels
    share = np.bincount(labels.ravel()) / labels.size
    return -(share * np.log(share)).sum()


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
