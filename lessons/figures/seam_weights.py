"""seam_weights.png: the paper's extra weight between cells, for one pixel, and for a picture.

Run: python -m lessons.figures.seam_weights
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from lessons.figures.style import FRAMED, INK, MAGNITUDES, OBJECT, PALE, panels, save
from minunet.data.cells import make_cell_image
from minunet.data.instances import seam_weights

W0, SIGMA = 10.0, 5.0
SEED = 6  # of the picture


def draw(narrow: bool = False) -> Figure:
    """Left: the two distances of a pixel. Middle: cells, each with its number. Right: their weight map."""
    figure, (left, middle, right) = panels(narrow, 3, 3.5, 10.2)
    _draw_distances(left)

    instances = make_cell_image(64, np.random.default_rng(SEED))[2]
    weights = seam_weights(instances, W0, SIGMA)
    middle.imshow(_tinted(instances), interpolation="nearest")
    for number in range(1, instances.max() + 1):
        rows, columns = np.nonzero(instances == number)
        if len(rows) > 40:
            middle.text(columns.mean(), rows.mean(), f"{number}", ha="center", va="center", fontsize=9, color=INK)
    middle.set_title("instances: 0 and the numbers of the cells", fontsize=9)
    shown = right.imshow(weights, cmap=MAGNITUDES, vmin=0, vmax=W0, interpolation="nearest")
    for number in range(1, instances.max() + 1):
        right.contour(instances == number, [0.5], colors=OBJECT, linewidths=1)
    right.set_title("seam_weights(instances)", fontsize=9)
    bar = figure.colorbar(shown, cax=right.inset_axes([1.04, 0, 0.05, 1]))
    bar.ax.tick_params(labelsize=8)
    for axes in (left, middle, right):
        axes.set(xticks=[], yticks=[])
    return figure


def _draw_distances(axes: Axes) -> None:
    rows, columns = np.mgrid[:22, :22]
    instances = np.zeros((22, 22), dtype="int32")
    instances[(rows - 11) ** 2 + (columns - 3) ** 2 <= 38] = 1
    instances[(rows - 8) ** 2 + (columns - 19) ** 2 <= 27] = 2
    pixel = (11, 11)  # row, column
    axes.imshow(_tinted(instances), interpolation="nearest")
    distances = []
    for number in (1, 2):
        cell = np.argwhere(instances == number)
        away = np.sqrt(((cell - pixel) ** 2).sum(axis=1))
        row, column = cell[away.argmin()]
        distances.append(away.min())
        axes.annotate("", (column, row), (pixel[1], pixel[0]), arrowprops={"arrowstyle": "-|>", "color": FRAMED})
        axes.text(
            (column + pixel[1]) / 2, (row + pixel[0]) / 2 + (1.5 if number == 1 else -2.3),
            f"d{number} = {away.min():.1f}", ha="center", va="center", fontsize=9, color=INK,
        )  # fmt: skip
    axes.plot([pixel[1]], [pixel[0]], "s", color=INK, markersize=4)
    weight = seam_weights(instances, W0, SIGMA)[pixel]
    axes.text(
        10.5, 19.2, f"10 exp(−({distances[0]:.1f} + {distances[1]:.1f})² / 50) = {weight:.1f}", ha="center", fontsize=9
    )
    axes.set_title("one pixel between two cells", fontsize=9)


def _tinted(instances: np.ndarray) -> np.ndarray:
    """A light colour for each cell, white for what is none."""
    tints = np.array([to_rgb(colour) for colour in PALE])
    colours = np.concatenate([np.ones((1, 3)), tints, 0.8 * tints])
    return colours[np.where(instances > 0, (instances - 1) % 8 + 1, 0)]


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
