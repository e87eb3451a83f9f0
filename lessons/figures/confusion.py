"""confusion.png: the pixels of two small masks, counted into the confusion matrix; the share of one class in it.

Run: python -m lessons.figures.confusion
"""

from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lessons.figures.style import (
    CORRECT,
    FALSE_ALARM,
    FRAMED,
    INK,
    LIGHT,
    MISSED,
    PHONE,
    Piece,
    arrow,
    draw_grid,
    frame,
    pieces,
    save,
)
from minunet.metrics import confusion_matrix, dice, iou

LABELS = np.array([[0, 0, 0, 0], [0, 1, 1, 2], [0, 1, 1, 2], [0, 1, 1, 2]])
PREDICTED = np.array([[0, 1, 0, 0], [0, 0, 1, 1], [0, 1, 1, 2], [0, 1, 1, 1]])
MATRIX = confusion_matrix(LABELS, PREDICTED, 3)
LEFT, TOP = 13.2, 1.7  # where the matrix begins
CLASS_TINTS = np.array(["#cce3f0", "#faecce", "#cdece3"])  # of the colours of background, object and border


def draw(narrow: bool = False) -> Figure:
    """Above: from the masks to the matrix. Below: class 1, in the picture and in the matrix."""
    if not narrow:
        return pieces(9.5, Piece(_count, -0.2, 0, 19, 6.8), Piece(_score, -0.2, 0, 19, 6))
    return pieces(
        PHONE,
        Piece(partial(_count, left=1.2, top=8, bend=-0.76), -0.3, 0, 10.3, 13.2),
        Piece(partial(_score, left=0, top=6.1), -0.3, 0, 10.3, 9.9),
        Piece(_score, 9.62, 0.4, 20.2, 5.4),
    )


def _count(axes: Axes, left: float = LEFT, top: float = TOP, bend: float = 0.45) -> None:
    """One pixel on its way into the matrix, which begins at left and top."""
    draw_grid(axes, LABELS, 0, 1.2, colours=CLASS_TINTS[LABELS], size=11, label="labels (the truth)")
    draw_grid(axes, PREDICTED, 5.5, 1.2, colours=CLASS_TINTS[PREDICTED], size=11, label="predictions")
    _matrix(axes, np.full((3, 3), "white"), left, top)
    for x, y in ((3, 2.2), (8.5, 2.2), (left + 1, top + 2)):
        frame(axes, x, y, 1, 1)
    arrow(axes, (4.05, 2.7), (8.45, 2.7), FRAMED, bend=-0.18)
    arrow(axes, (9.55, 2.9), (left + 1.5, top + 3.1), FRAMED, bend=bend)
    axes.text(0, 6.1, "one pixel: border in truth (2), predicted as cell (1)", fontsize=9, color=INK)
    axes.text(left - 1.2, top + 4.4, "it is one of the 2 in row 2, column 1", fontsize=9, color=INK)


def _score(axes: Axes, left: float = 4.6, top: float = 1.75) -> None:
    """The cells found, missed and false, in the picture and in the matrix; the words begin at left and top."""
    is_cell, called_cell = LABELS == 1, PREDICTED == 1
    hit, missed, false = is_cell & called_cell, is_cell & ~called_cell, ~is_cell & called_cell
    kinds = np.select([hit, missed, false], [CORRECT, MISSED, FALSE_ALARM], "white")
    names = np.select([hit, missed, false], ["TP", "FN", "FP"], "")
    draw_grid(axes, names, 0, 1.2, colours=kinds, label="class 1, cell")
    in_matrix = np.full((3, 3), "white", dtype=object)
    in_matrix[1, :], in_matrix[:, 1], in_matrix[1, 1] = MISSED, FALSE_ALARM, CORRECT
    _matrix(axes, in_matrix, LEFT, TOP)

    tp, fn, fp = hit.sum(), missed.sum(), false.sum()
    for line, (colour, text) in enumerate(
        (
            (CORRECT, f"TP = {tp}   cell, and found"),
            (MISSED, f"FN = {fn}   cell, but missed (rest of the row)"),
            (FALSE_ALARM, f"FP = {fp}   called cell, but is not (rest of the column)"),
        )
    ):
        axes.text(left, top + 0.75 * line, "■", fontsize=12, color=colour, va="center")
        axes.text(left + 0.6, top + 0.75 * line, text, fontsize=9, color=INK, va="center")
    for below, text in (
        (2.65, f"IoU = {tp} / ({tp} + {fn} + {fp}) = {iou(MATRIX)[1]:.3f}"),
        (3.35, f"Dice = 2 x {tp} / (2 x {tp} + {fn} + {fp}) = {dice(MATRIX)[1]:.3f}"),
    ):
        axes.text(left, top + below, text, fontsize=10, va="center")


def _matrix(axes: Axes, colours: np.ndarray, left: float, top: float) -> None:
    """The confusion matrix, with the classes written beside it."""
    axes.text(left + 1.5, top - 0.75, "predicted class", ha="center", va="bottom", fontsize=9, color=INK)
    axes.text(left - 0.75, top + 1.5, "true class", ha="right", va="center", fontsize=9, color=INK, rotation=90)
    for i in range(3):
        axes.text(left + i + 0.5, top - 0.15, f"{i}", ha="center", va="bottom", fontsize=9, color="#666666")
        axes.text(left - 0.3, top + i + 0.5, f"{i}", ha="right", va="center", fontsize=9, color="#666666")
    draw_grid(axes, MATRIX, left, top, colours=colours, size=12)
    axes.text(
        left + 3.4, top + 1.5, "0 background\n1 cell\n2 border", fontsize=9, va="center", color=INK, linespacing=1.6,
        bbox={"facecolor": LIGHT, "edgecolor": "none", "pad": 4},
    )  # fmt: skip


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
