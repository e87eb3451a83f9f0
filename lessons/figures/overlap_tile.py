"""overlap_tile.png: a picture in tiles for a network without padding: what each tile predicts, and what it sees.

Run: python -m lessons.figures.overlap_tile
"""

import itertools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lessons.figures.style import FORWARD, FRAMED, new_figure, save
from minunet import UNet
from minunet.data.augment import mirrored
from minunet.data.cells import make_cell_image
from minunet.model.tiling import _Cut, _cuts

TILE = 48
CHOSEN = ((1, 1), (0, 2))  # row and column of the two tiles that are shown
BRIGHTER = 1.3


def draw(narrow: bool = False) -> Figure:
    """Left, or above: the picture, mirrored around; right: what the network is handed for two of the tiles."""
    net = UNet(3, 3, base=1, depth=3, padding="valid")
    picture = make_cell_image(144, np.random.default_rng(10))[0][:120]  # (120, 144, 3)
    picture = np.clip(BRIGHTER * picture, 0, 255).astype("uint8")
    height, width = picture.shape[:2]
    rows, columns = _cuts(net, height, TILE), _cuts(net, width, TILE)
    margin = -int(rows[0].reads[0])

    figure = new_figure(4, 6.8) if narrow else new_figure(9.5, 5.2)
    if narrow:
        panels = figure.subplot_mosaic("00;AB", height_ratios=[2.2, 1])
    else:
        panels = figure.subplot_mosaic("0A;0B", width_ratios=[2.35, 1])
    axes = panels["0"]
    around = np.arange(-margin, int(rows[-1].reads[-1]) + 1), np.arange(-margin, int(columns[-1].reads[-1]) + 1)
    wide = picture[np.ix_(mirrored(around[0], height), mirrored(around[1], width))].astype(float)
    in_rows, in_columns = around[0] == mirrored(around[0], height), around[1] == mirrored(around[1], width)
    inside = np.logical_and.outer(in_rows, in_columns)
    wide = np.where(inside[..., None], wide, 0.45 * wide + 110)  # the mirror image, paler
    axes.imshow(wide.astype("uint8"), extent=(-margin, len(around[1]) - margin, len(around[0]) - margin, -margin))
    for row, column in itertools.product(rows, columns):
        _output_frame(axes, row, column, "white", 0.8)
    for number, (i, j) in enumerate(CHOSEN):
        _tile(axes, rows[i], columns[j], "AB"[number])
    tiles = len(rows) * len(columns)
    axes.set_title(f"{height} x {width} pixels in {tiles} tiles;\noutside, their mirror image", fontsize=10)
    axes.axis("off")

    for number, (i, j) in enumerate(CHOSEN):
        row, column = rows[i], columns[j]
        axes = panels["AB"[number]]
        seen = picture[np.ix_(mirrored(row.reads, height), mirrored(column.reads, width))]
        left, top = int(column.reads[0]), int(row.reads[0])
        axes.imshow(seen, extent=(left, left + seen.shape[1], top + seen.shape[0], top))
        _tile(axes, row, column, "AB"[number])
        axes.set(xlim=(left - 0.5, left + seen.shape[1] + 0.5), ylim=(top + seen.shape[0] + 0.5, top - 0.5))
        out = net.output_size(*seen.shape[:2])
        title = f"tile {'AB'[number]}: {seen.shape[0]} x {seen.shape[1]} in,\n{out[0]} x {out[1]} out"
        axes.set_title(title, fontsize=10)
        axes.axis("off")
    return figure


def _tile(axes: Axes, row: _Cut, column: _Cut, name: str) -> None:
    """What a tile sees, light blue and dashed, and what it predicts, pink."""
    axes.add_patch(
        Rectangle(
            (column.reads[0], row.reads[0]), len(column.reads), len(row.reads), fill=False, edgecolor=FORWARD,
            linewidth=2.2, linestyle="--", zorder=3,
        )
    )  # fmt: skip
    _output_frame(axes, row, column, FRAMED, 2.4)
    axes.text(column.writes.start + 3, row.writes.start + 3, name, color="white", fontsize=15, ha="left", va="top")


def _output_frame(axes: Axes, row: _Cut, column: _Cut, colour: str, linewidth: float) -> None:
    corner = column.writes.start, row.writes.start
    size = column.writes.stop - column.writes.start, row.writes.stop - row.writes.start
    axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor=colour, linewidth=linewidth, zorder=4))


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
