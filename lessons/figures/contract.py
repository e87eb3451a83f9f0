"""contract.png: what goes into a layer's two functions, and what comes out.

Run: python -m lessons.figures.contract
"""

from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from lessons.figures.style import FORWARD, GRADIENT, GREY, INK, PHONE, Piece, arrow, pieces, save


def draw(narrow: bool = False) -> Figure:
    """Two layers in a row: values to the right, gradients to the left, a cache between the two functions of each."""
    if narrow:
        first, second = partial(_half, first=True), partial(_half, first=False)
        return pieces(PHONE, Piece(first, 2.3, -0.4, 15.7, 11.2), Piece(second, 12.4, 0.2, 26.1, 10.9))
    return pieces(9.5, Piece(_board, -0.2, -0.4, 26.6, 10.9))


def _half(axes: Axes, first: bool) -> None:
    """The board for one of its halves, which says what it is, and where y and dy come from and go."""
    left, start, end = (2.4, 11.3, 15.5) if first else (12.5, 12.5, 15.9)
    _board(axes, start, end)
    there, back = ("to relu", "from\nrelu_backward") if first else ("from linear", "to\nlinear_backward")
    axes.text(left, 0.9, "forward", fontsize=10, color=INK, va="center")
    axes.text(left, 10.3, "backward", fontsize=10, color=GRADIENT, va="center")
    for top, where in ((2.9, there), (8.2, back)):
        axes.text((start + end) / 2, top, where, fontsize=8.5, color="#555555", ha="center", va="top")


def _board(axes: Axes, start: float = 11.3, end: float = 15.9) -> None:
    """Both layers; the arrows between them reach from start to end."""
    for left, name, keeps in ((6.0, "linear", "cache: x, weight"), (16.0, "relu", "cache: z")):
        _box(axes, left, 1.6, name, FORWARD)
        _box(axes, left, 7.0, f"{name}_backward", GRADIENT)
        arrow(axes, (left + 2.6, 3.7), (left + 2.6, 6.9), GREY)
        axes.text(left + 2.9, 5.3, keeps, fontsize=9, color="#555555", va="center")
    for left, right, text in ((2.6, 5.9, "x"), (start, end, "y"), (21.3, 24.6, "z")):
        arrow(axes, (left, 2.6), (right, 2.6), FORWARD)
        axes.text((left + right) / 2, 2.35, text, fontsize=12, color=INK, ha="center", va="bottom")
        arrow(axes, (right, 8.0), (left, 8.0), GRADIENT)
        axes.text((left + right) / 2, 7.75, f"d{text}", fontsize=12, color=GRADIENT, ha="center", va="bottom")
    axes.text(8.6, 0.2, "weight, bias", fontsize=10, color=INK, ha="center", va="center")
    arrow(axes, (8.6, 0.6), (8.6, 1.5), INK)
    arrow(axes, (8.6, 9.1), (8.6, 10.0), GRADIENT)
    axes.text(8.6, 10.4, "dweight, dbias", fontsize=10, color=GRADIENT, ha="center", va="center")
    axes.text(25.4, 5.3, "loss", fontsize=11, color=INK, ha="center", va="center")
    axes.text(0.0, 2.6, "forward", fontsize=10, color=INK, va="center")
    axes.text(0.0, 8.0, "backward", fontsize=10, color=GRADIENT, va="center")
    arrow(axes, (25.0, 2.9), (25.4, 4.8), FORWARD, bend=-0.3)
    arrow(axes, (25.4, 5.8), (25.0, 7.7), GRADIENT, bend=-0.3)


def _box(axes: Axes, left: float, top: float, name: str, colour: str) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (left, top), 5.2, 2.0, boxstyle="round,pad=0.05", facecolor="white", edgecolor=colour, linewidth=1.6
        )
    )
    axes.text(left + 2.6, top + 1.0, name, fontsize=10, ha="center", va="center", color=INK, family="monospace")


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
