"""winograd_dv.png: the way back from tiles to pixels, down the rows: what is written, what is added, what is carried.

Run: python -m lessons.figures.winograd_dv
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lessons.figures.style import (
    FRAMED,
    GREY,
    INK,
    LIGHT,
    PALE,
    PHONE,
    WINE,
    Piece,
    arrow,
    draw_grid,
    frame,
    pieces,
    save,
)
from minunet.fast.blocks import Block
from minunet.fast.winograd import _transform_dv
from minunet.fast.winograd_rows import BT

WRITTEN, ADDED, _, BOTH = PALE  # the first 4 rows, the last 2, and where both meet
TILES, PADDING = 4, 1


LEFT = 5  # where row 0 begins


def draw(narrow: bool = False) -> Figure:
    """Four tiles in two blocks. A column is a row of pixels."""
    if not narrow:
        return pieces(9.5, Piece(_board, -0.6, -0.2, 27.4, 15.6))
    return pieces(
        PHONE,
        Piece(_board, LEFT + 10.8, 1.8, LEFT + 25.8, 4.6),
        Piece(_board, LEFT - 4.7, -0.2, LEFT + 10.3, 7.15),
        Piece(_board, LEFT + 3.3, 7.15, LEFT + 18.3, 11.9),
        Piece(_board, LEFT - 4.7, 13, LEFT + 10.3, 15.7),
        Piece(_board, LEFT + 7.8, 13, LEFT + 22.8, 15.7),
    )


def _board(axes: Axes) -> None:
    left = LEFT
    for row in range(4 * TILES + 2):
        axes.text(left + row + 0.5, 0.6, f"{row}", ha="center", va="bottom", fontsize=8, color=GREY)
    axes.text(left - 0.3, 0.6, "row (padded)", ha="right", va="bottom", fontsize=9, color=GREY)

    tops = {0: 1.0, 1: 2.4, 2: 7.2, 3: 8.6}  # of the tiles
    for tile, top in tops.items():
        start = left + 4 * tile
        draw_grid(axes, [[0, 1, 2, 3, 4, 5]], start, top, colours=[[WRITTEN] * 4 + [ADDED] * 2])
        axes.text(start - 0.3, top + 0.55, f"B dV of tile {tile}", ha="right", va="center", fontsize=9)
        if tile % 2 == 0:
            for place in (4, 5):
                arrow(axes, (start + place + 0.5, top + 1.05), (start + place + 0.5, tops[tile + 1] - 0.05), WINE)

    draw_grid(axes, [[""]], left + 11, 2.0, colours=WRITTEN)
    axes.text(left + 12.3, 2.5, "BT.T[:4] @ dV, 4 rows: written", ha="left", va="center", fontsize=9)
    draw_grid(axes, [[""]], left + 11, 3.4, colours=ADDED)
    axes.text(left + 12.3, 3.9, "BT.T[4:] @ dV, 2 rows: added to the next", ha="left", va="center", fontsize=9)

    for number, top in ((0, 4.4), (1, 10.6)):
        start, length = left + 8 * number, 10
        colours = [[BOTH if 4 <= place % 8 + 8 * (place >= 8) < 6 else WRITTEN for place in range(length)]]
        colours[0][8:] = [ADDED, ADDED]
        texts = [["0", "1", "2", "3", "0+4", "1+5", "2", "3", "4", "5"]]
        if number:
            colours[0][:2], texts[0][:2] = [BOTH, BOTH], ["0+4", "1+5"]
        draw_grid(axes, texts, start, top, colours=colours, size=8.5)
        axes.text(start - 0.3, top + 0.55, f"block {number}", ha="right", va="center", fontsize=9)
    for place in (0, 1):
        x = left + 8.5 + place
        arrow(axes, (x, 5.45), (x, 7.15), FRAMED)
    frame(axes, left + 8, 4.4, 2, 1)
    axes.text(left + 7.7, 6.2, "carry", ha="right", va="center", fontsize=10, color=INK)

    counts = _counts()
    cells = [[""] + [f"{count:g}" for count in counts] + [""]]
    colours = [[LIGHT] + [WRITTEN] * len(counts) + [LIGHT]]
    draw_grid(axes, cells, left, 13.4, colours=colours)
    frame(axes, left + PADDING, 13.4, 8 - PADDING, 1, INK)
    frame(axes, left + 8, 13.4, 9, 1, INK)
    _text_under(axes, left + PADDING, left + 8, "written by block 0")
    _text_under(axes, left + 8, left + 17, "written by block 1, to the end")
    axes.text(left - 0.3, 13.95, "tiles that reach\na row of dx", ha="right", va="center", fontsize=9)
    axes.text(left + 18.2, 13.95, "grey: padding,\nnot part of dx", ha="left", va="center", fontsize=8, color=GREY)


def _text_under(axes: Axes, left: float, right: float, text: str) -> None:
    axes.text((left + right) / 2, 14.65, text, ha="center", va="top", fontsize=9, color=INK)


def _counts() -> np.ndarray:
    """How many tiles add to each row of dx: the real function, given a dV for which every tile's B dV BT is ones."""
    inverse = np.linalg.inv(BT.T.astype(float))
    ones = np.ones((6, 6))
    dv = np.tile((inverse @ ones @ inverse.T)[:, :, None, None, None, None], (1, 1, 1, TILES // 2, 1, 1))
    dx = np.empty((1, 4 * TILES + 2 - 2 * PADDING, 4, 1), "float32")
    above, below = Block(slice(0, 1), 0, 2), Block(slice(0, 1), 2, 4)
    carry = _transform_dv(dv.astype("float32"), dx, above, (PADDING, 1))  # (1, 2, 4, 1)
    _transform_dv(dv.astype("float32"), dx, below, (PADDING, 1))
    dx[:, 4 * below.start - PADDING :][:, :2] += carry
    return np.rint(dx[0, :, 0, 0])


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
