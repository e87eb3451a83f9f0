"""What the figures of the lessons share: colours, grids of numbers, arrows, and how they are saved.

A figure is a script NAME.py with `draw() -> Figure`; `python -m lessons.figures.NAME` writes NAME.png. Figures are at
most 9.5 inches wide, at 110 dots per inch: that is how wide a page shows them, so that text is read at its size. A
phone is 3.3 inches wide, so what would be too small there is drawn once more, by `draw(narrow=True)`, 4 inches wide, as
NAME.narrow.png. The same version of matplotlib gives the same bytes; a test compares.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

DPI = 110
PHONE = 4.0  # inches: how wide a figure for a phone is

# Told apart also by those who see colours differently: Okabe and Ito, "Color Universal Design" (2008).
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW = (
    "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#f0e442",
)  # fmt: skip
INK, GREY, LIGHT = "#222222", "#888888", "#eeeeee"  # all that has no colour below; a skip connection is GREY

# The key: each colour has one meaning, the same in every figure of the course.
BACKGROUND, OBJECT, BORDER = BLUE, ORANGE, GREEN  # the classes, as in minunet/draw/colours.py; object: cell, pet, ...
FORWARD = SKY  # what goes forward, and the side of the input
GRADIENT = RED  # gradients, which go back
FRAMED = PURPLE  # what is framed or pointed at ("pink" in the text)
MISSED, FALSE_ALARM, CORRECT = INK, YELLOW, "#c4c4c4"  # an object not found; found where none is; found
VIOLET, WINE, OLIVE = "#5b4b9e", "#882255", "#8a8a1f"  # nothing by themselves: they tell things of one kind apart

SKY_TINT, RED_TINT = "#d3eafa", "#f5d9c6"  # cells of what goes forward, and of gradients
STRONG = (VIOLET, WINE, OLIVE, GREY)  # four things of one kind, as frames and lines ...
PALE = ("#d9d4ec", "#eecfdc", "#e6e6bd", "#d4d4d4")  # ... and as cells
METHODS = ((INK, "-"), (OLIVE, "--"), (WINE, "-."), (GREY, ":"))  # lines that are compared: colour and style
MAGNITUDES = "gray"  # the colour map of sizes: bright is large


def new_figure(width: float, height: float) -> Figure:
    """A white figure of `width` x `height` inches, laid out by itself."""
    return Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white")


def panels(
    narrow: bool, count: int, height: float, narrow_height: float, *, columns: int = 1, **how: object
) -> tuple[Figure, list[Axes]]:
    """A figure with panels in a row; narrow, in so many columns."""
    figure = new_figure(PHONE, narrow_height) if narrow else new_figure(9.5, height)
    shape = (-(-count // columns), columns) if narrow else (1, count)
    return figure, list(figure.subplots(*shape, squeeze=False, **how).flat)


class Piece(NamedTuple):
    """A drawing board, and which part of it is shown, in its units; row 0 is at the top, as in an array."""

    board: Callable[[Axes], None]
    left: float
    top: float
    right: float
    bottom: float


def pieces(width: float, *shown: Piece) -> Figure:
    """Pieces of drawing boards below each other, all at the scale of the widest: so a board is cut for a phone."""
    scale = width / max(piece.right - piece.left for piece in shown)
    height = scale * sum(piece.bottom - piece.top for piece in shown)
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    above = height
    for piece in shown:
        size = (piece.right - piece.left) * scale, (piece.bottom - piece.top) * scale
        above -= size[1]
        show(figure.add_axes((0, above / height, size[0] / width, size[1] / height)), piece)
    return figure


def show(axes: Axes, piece: Piece) -> None:
    """A piece of a drawing board in these axes; a text is shown whole or not at all, by where it is placed."""
    board, left, top, right, bottom = piece
    board(axes)
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    axes.axis("off")
    for text in axes.texts:
        x, y = text.get_position()
        text.set_visible(left <= x <= right and top <= y <= bottom)


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
            axes.text(
                left + j + 0.5, top + i + 0.53, f"{value}", ha="center", va="center", fontsize=size,
                color="white" if colour == MISSED else INK,
            )  # fmt: skip
    if label:
        axes.text(left + len(rows[0]) / 2, top - 0.25, label, ha="center", va="bottom", fontsize=size + 1, color=INK)


def frame(axes: Axes, left: float, top: float, width: float, height: float, colour: str = FRAMED) -> None:
    """A thick frame around cells."""
    axes.add_patch(Rectangle((left, top), width, height, fill=False, edgecolor=colour, linewidth=2.2, zorder=3))


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = INK, bend: float = 0) -> None:
    """An arrow from one point to another; with `bend` along an arc."""
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=11, color=colour, linewidth=1.5,
            connectionstyle=f"arc3,rad={bend}", shrinkA=0, shrinkB=0, zorder=4,
        )
    )  # fmt: skip


def whole(values: np.ndarray) -> list[list[str]]:
    """Whole numbers as they are written, also -0.0."""
    return [[f"{value + 0.0:g}" for value in row] for row in values]
