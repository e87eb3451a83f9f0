"""What the figures of the lessons share: colours, grids of numbers, arrows, and how they are saved.

A figure is a script NAME.py with `draw() -> Figure`; `python -m lessons.figures.NAME` writes NAME.png. Figures are at
most 9.5 inches wide, at 110 dots per inch: that is how wide a page shows them, so that text is read at its size. What
would be too small on a phone is drawn once more, by `draw(narrow=True)`, at most 4 inches wide, as NAME.narrow.png. The
same version of matplotlib gives the same bytes; a test compares.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

DPI = 110
# Told apart also by those who see colours differently: Okabe and Ito, "Color Universal Design" (2008).
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW = (
    "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#f0e442",
)  # fmt: skip
INK, GREY, LIGHT = "#222222", "#888888", "#eeeeee"


def new_figure(width: float, height: float) -> Figure:
    """A white figure of `width` x `height` inches, laid out by itself."""
    return Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white")


def save(figure: Figure, script: str, narrow: Figure | None = None) -> None:
    """Write the figure beside its script, which gives its own __file__; and the one for a phone, if there is one."""
    for each, suffix in ((figure, ".png"), (narrow, ".narrow.png")):
        if each is not None:
            each.savefig(Path(script).with_suffix(suffix), dpi=DPI, metadata={"Software": None})


def blank(axes: Axes, width: float, height: float, title: str = "") -> None:
    """A drawing board of width x height units, row 0 at the top as in an array, without ticks."""
    axes.set(xlim=(-0.1, width + 0.1), ylim=(height + 0.1, -0.1), aspect="equal", title=title)
    axes.axis("off")


def draw_grid(
    axes: Axes,
    values: np.ndarray | Sequence[Sequence[object]],
    left: float = 0,
    top: float = 0,
    *,
    colours: np.ndarray | Sequence[Sequence[str]] | str = "white",
    size: float = 9,
    label: str = "",
) -> None:
    """A table of cells of one unit each, row 0 at the top: `values` as they are written, "" for an empty cell."""
    rows = [list(row) for row in values]
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            colour = colours if isinstance(colours, str) else colours[i][j]
            axes.add_patch(Rectangle((left + j, top + i), 1, 1, facecolor=colour, edgecolor=GREY, linewidth=0.8))
            axes.text(left + j + 0.5, top + i + 0.53, f"{value}", ha="center", va="center", fontsize=size, color=INK)
    if label:
        axes.text(left + len(rows[0]) / 2, top - 0.25, label, ha="center", va="bottom", fontsize=size + 1, color=INK)


def frame(axes: Axes, left: float, top: float, width: float, height: float, colour: str = RED) -> None:
    """A thick frame around cells."""
    axes.add_patch(Rectangle((left, top), width, height, fill=False, edgecolor=colour, linewidth=2.2, zorder=3))


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = INK, bend: float = 0) -> None:
    """An arrow from one point to another; with `bend` along an arc."""
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=11, color=colour, linewidth=1.2,
            connectionstyle=f"arc3,rad={bend}", shrinkA=0, shrinkB=0, zorder=4,
        )
    )  # fmt: skip
