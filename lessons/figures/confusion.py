"""confusion.png: the pixels of two small masks, counted into the confusion matrix; the share of one class in it.

Run: python -m lessons.figures.confusion
"""

import numpy as np
from matplotlib.figure import Figure

from lessons.figures.style import GREEN, INK, LIGHT, ORANGE, PURPLE, arrow, blank, draw_grid, frame, new_figure, save
from minunet.metrics import confusion_matrix, dice, iou

LABELS = np.array([[0, 0, 0, 0], [0, 1, 1, 2], [0, 1, 1, 2], [0, 1, 1, 2]])
ANSWER = np.array([[0, 1, 0, 0], [0, 0, 1, 1], [0, 1, 1, 2], [0, 1, 1, 1]])
LEFT = 13.2  # where the matrix begins
CLASS_TINTS = np.array(["#ffffff", "#cfe6f3", "#fbe8c4"])
HIT, MISSED, FALSE, OTHER = "#ccebe0", "#fbe8c4", "#ecd3e1", "white"  # tints of GREEN, ORANGE and PURPLE


def draw() -> Figure:
    """Above: from the masks to the matrix. Below: class 1, in the picture and in the matrix."""
    matrix = confusion_matrix(LABELS, ANSWER, 3)
    figure = new_figure(9.5, 6.6)
    count, score = figure.subplots(2, 1)
    for axes in (count, score):
        blank(axes, 19, 6.4)

    draw_grid(count, LABELS, 0, 1.2, colours=CLASS_TINTS[LABELS], size=11, label="labels (the truth)")
    draw_grid(count, ANSWER, 5.5, 1.2, colours=CLASS_TINTS[ANSWER], size=11, label="predictions")
    frame(count, 3, 2.2, 1, 1, ORANGE)
    frame(count, 8.5, 2.2, 1, 1, ORANGE)
    _matrix(count, matrix, np.full((3, 3), "white"))
    frame(count, LEFT + 1, 3.7, 1, 1, ORANGE)
    arrow(count, (4.05, 2.7), (8.45, 2.7), ORANGE, bend=-0.18)
    arrow(count, (9.55, 2.9), (LEFT + 1.5, 4.8), ORANGE, bend=0.45)
    count.text(
        0, 6.1, "one pixel: border in truth (2), predicted as cell (1): it is one of the 2 in row 2, column 1",
        fontsize=9, color=INK,
    )  # fmt: skip

    kinds = np.full((4, 4), OTHER, dtype=object)
    kinds[(LABELS == 1) & (ANSWER == 1)] = HIT
    kinds[(LABELS == 1) & (ANSWER != 1)] = MISSED
    kinds[(LABELS != 1) & (ANSWER == 1)] = FALSE
    names = {HIT: "TP", MISSED: "FN", FALSE: "FP", OTHER: ""}
    draw_grid(score, [[names[kind] for kind in row] for row in kinds], 0, 1.2, colours=kinds, label="class 1, cell")
    in_matrix = np.full((3, 3), OTHER, dtype=object)
    in_matrix[1, :], in_matrix[:, 1], in_matrix[1, 1] = MISSED, FALSE, HIT
    _matrix(score, matrix, in_matrix)

    hits = matrix[1, 1]
    missed, false = matrix[1].sum() - hits, matrix[:, 1].sum() - hits
    for line, (colour, text) in enumerate(
        (
            (GREEN, f"TP = {hits}   cell, and found"),
            (ORANGE, f"FN = {missed}   cell, but missed (rest of the row)"),
            (PURPLE, f"FP = {false}   called cell, but is not (rest of the column)"),
        )
    ):
        score.text(4.6, 1.75 + 0.75 * line, "■", fontsize=12, color=colour, va="center")
        score.text(5.2, 1.75 + 0.75 * line, text, fontsize=9, color=INK, va="center")
    score.text(
        4.6, 4.4, f"IoU = {hits} / ({hits} + {missed} + {false}) = {iou(matrix)[1]:.3f}", fontsize=10, va="center"
    )
    score.text(
        4.6, 5.1,
        f"Dice = 2 x {hits} / (2 x {hits} + {missed} + {false}) = {dice(matrix)[1]:.3f}", fontsize=10, va="center",
    )  # fmt: skip
    return figure


def _matrix(axes, matrix: np.ndarray, colours: np.ndarray) -> None:
    """The confusion matrix, with the classes written beside it."""
    left, top = LEFT, 1.7
    axes.text(left + 1.5, top - 0.75, "predicted class", ha="center", va="bottom", fontsize=9, color=INK)
    axes.text(left - 0.75, top + 1.5, "true class", ha="right", va="center", fontsize=9, color=INK, rotation=90)
    for i in range(3):
        axes.text(left + i + 0.5, top - 0.15, f"{i}", ha="center", va="bottom", fontsize=9, color="#666666")
        axes.text(left - 0.3, top + i + 0.5, f"{i}", ha="right", va="center", fontsize=9, color="#666666")
    draw_grid(axes, matrix, left, top, colours=colours, size=12)
    axes.text(
        left + 3.4, top + 1.5, "0 background\n1 cell\n2 border", fontsize=9, va="center", color=INK, linespacing=1.6,
        bbox={"facecolor": LIGHT, "edgecolor": "none", "pad": 4},
    )  # fmt: skip


if __name__ == "__main__":
    save(draw(), __file__)
