"""windows.png: a window slides over a small picture; what stride 2 skips, and what padding 1 adds.

Run: python -m lessons.figures.windows
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lessons.figures.style import INK, LIGHT, PALE, STRONG, arrow, blank, draw_grid, frame, new_figure, save
from minunet.layers import conv2d

X = np.array([[1, 2, 0, 3, 1], [0, 4, 1, 1, 2], [2, 1, 3, 1, 5], [5, 0, 2, 4, 1], [1, 3, 0, 2, 6]])
KERNEL = np.eye(3, dtype=int)  # the sum along a diagonal, which is quickly checked
BOARDS = ((1, 0, "every window"), (2, 0, "every second window"), (1, 1, "zeros around x"))  # stride, padding


def draw(narrow: bool = False) -> Figure:
    """The kernel; then for stride 1, for stride 2 and for padding 1 x with two windows, and y."""
    figure = new_figure(4.0, 10.0) if narrow else new_figure(9.5, 6.4)
    axes = figure.subplots()
    blank(axes, *((13.8, 34.4) if narrow else (26.4, 17.6)))
    draw_grid(axes, KERNEL, 0.2, 1.2 if narrow else 4.4, colours=LIGHT, size=8.5, label="kernel  (3, 3)")
    where = (4.0, 2.7) if narrow else (0.2, 8.1)
    axes.text(*where, "it sums the\ndiagonal of\na window", fontsize=8.5, va="center" if narrow else "top", color=INK)
    between = " " if narrow else "\n"
    for number, (stride, padding, how) in enumerate(BOARDS):
        size = 5 + 2 * padding
        out = size - 2  # at stride 1
        if narrow:
            left, top = 0.2, 7.9 + 9.2 * number
            place, centre = (left + size + 1.4, top + (size - out) / 2), left
        else:
            centre = (7.2, 14.2, 22.4)[number]
            left, top = centre - size / 2, 5.9 - size / 2
            place = (centre - out / 2, 11.1)
        _board(axes, stride, padding, (left, top), place)
        axes.text(
            centre, top - 1.75 if narrow else 0.5, f"stride {stride}, padding {padding}:{between}{how}", fontsize=9.5,
            weight="bold", ha="left" if narrow else "center", va="center", color=INK,
        )  # fmt: skip
    return figure


def _board(axes: Axes, stride: int, padding: int, at: tuple[float, float], y_at: tuple[float, float]) -> None:
    """x with its padding, the first window violet and the next olive, and y; empty places are what stride skips."""
    (left, top), (y_left, y_top) = at, y_at
    padded = np.pad(X, padding)
    colours = np.where(np.pad(np.ones_like(X), padding) == 1, "white", LIGHT)
    around = f", with zeros {padded.shape}" if padding else ""
    draw_grid(axes, padded, left, top, colours=colours, size=8.5, label=f"x  (5, 5){around}")
    frame(axes, left + 0.07, top + 0.07, 2.86, 2.86, STRONG[0])
    frame(axes, left + stride + 0.07, top + 0.16, 2.86, 2.68, STRONG[2])

    every, kept = _convolved(1, padding), _convolved(stride, padding)
    cells = np.full(every.shape, "", dtype="<U2")
    cells[::stride, ::stride] = kept
    tints = np.full(every.shape, LIGHT, dtype="<U7")
    tints[::stride, ::stride] = "white"
    tints[0, 0], tints[0, stride] = PALE[0], PALE[2]
    draw_grid(axes, cells, y_left, y_top, colours=tints, size=8.5, label=f"y  {kept.shape}")
    below = top < y_top - 5
    if below:
        middle = left + len(padded) / 2
        arrow(axes, (middle, top + len(padded) + 0.2), (middle, y_top - 1.2))
    else:
        arrow(axes, (left + len(padded) + 0.2, y_top + len(every) / 2), (y_left - 0.2, y_top + len(every) / 2))
    lines = []
    for column, colour in ((0, STRONG[0]), (stride, STRONG[2])):
        terms = " + ".join(f"{padded[i, column + i]}" for i in range(3))
        lines.append((f"{terms} = {cells[0, column]}", colour))
    if kept.size < every.size:
        lines.append((f"y is the {kept.size} numbers,\nwithout the gaps", INK))
    for line, (text, colour) in enumerate(lines):
        axes.text(
            y_left + len(every) / 2 if below else y_left, y_top + len(every) + 0.2 + 0.75 * line, text,
            fontsize=8.5, color=colour, ha="center" if below else "left", va="top",
        )  # fmt: skip


def _convolved(stride: int, padding: int) -> np.ndarray:
    x, weight = X.reshape(1, 5, 5, 1).astype(float), KERNEL.reshape(3, 3, 1, 1).astype(float)
    return conv2d(x, weight, stride=stride, padding=padding)[0][0, :, :, 0].astype(int)


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
