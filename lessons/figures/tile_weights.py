"""tile_weights.png: how much each tile of a network with padding counts, along one axis of a picture.

Run: python -m lessons.figures.tile_weights
"""

import numpy as np
from matplotlib.figure import Figure

from lessons.figures.style import GREY, STRONG, new_figure, save
from minunet import UNet
from minunet.model.tiling import _cuts

SIZE, TILE = 410, 160


def draw(narrow: bool = False) -> Figure:
    """A line for each tile, and their sum."""
    cuts = _cuts(UNet(3, 3, base=1, depth=4, padding="same"), SIZE, TILE)
    figure = new_figure(4, 3.2) if narrow else new_figure(9.5, 2.7)
    axes = figure.subplots()
    total = np.zeros(SIZE)
    for number, (cut, colour) in enumerate(zip(cuts, STRONG, strict=True)):
        place = np.arange(cut.writes.start, cut.writes.stop)
        axes.plot(place, cut.weight, color=colour, linewidth=2)
        axes.fill_between(place, cut.weight, color=colour, alpha=0.18, linewidth=0)
        # what it sees: a bar under the axis, beyond the end of the picture for the last one
        low = -0.2 - 0.2 * (number % 2)
        axes.plot([cut.reads[0], cut.reads[-1]], [low, low], color=colour, linewidth=13, solid_capstyle="butt")
        middle = (cut.reads[0] + cut.reads[-1]) / 2
        what = f"{cut.reads[0]} to {cut.reads[-1]}"
        axes.text(middle, low, what, ha="center", va="center_baseline", fontsize=9, color="white")
        total[place] += cut.weight
    axes.plot(total, color=GREY, linewidth=1.2, linestyle="--")
    axes.text(SIZE / 2, 1.05, "their sum", color=GREY, fontsize=9, ha="center", va="bottom")
    axes.axvline(SIZE - 1, color="black", linewidth=0.8)
    axes.text(SIZE + 2, 0.5, "end of the\npicture", fontsize=9, va="center")
    axes.set(xlim=(-5, SIZE + (85 if narrow else 42)), ylim=(-0.52, 1.22), yticks=[0, 0.5, 1], ylabel="weight")
    between = "\n" if narrow else " "
    axes.set_title(f"{SIZE} pixels in {len(cuts)} tiles of {TILE};{between}below, what each of them sees", fontsize=10)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
