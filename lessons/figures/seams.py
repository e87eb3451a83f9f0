"""seams.png: how far the prediction in tiles is from that in one piece, of networks with and without padding.

Run: python -m lessons.figures.seams
"""

import itertools
from functools import cache

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from lessons.figures.style import MAGNITUDES, panels, save
from minunet import UNet
from minunet.data.batches import to_input
from minunet.data.cells import make_cell_image
from minunet.model.tiling import predict, probabilities

SIZE, TILE, WHOLE = 384, 160, 1 << 20
SMALLEST = 1e-5  # rounding lies below, and is drawn as this: it is another on every machine


def draw(narrow: bool = False) -> Figure:
    """Three maps of the largest difference of a probability, on one scale."""
    figure, grid = panels(narrow, 3, 3.9, 9.8)
    for axes, (name, difference) in zip(grid, _maps().items(), strict=True):
        worst = difference.max(axis=2)
        image = axes.imshow(np.maximum(worst, SMALLEST), norm=LogNorm(SMALLEST, 1), cmap=MAGNITUDES)
        axes.set_title(name, fontsize=10)
        axes.set_xlabel(f"tiles of {TILE} pixels; largest {_rounded(worst.max())}", fontsize=9)
        axes.set(xticks=[], yticks=[])
    bar = figure.colorbar(image, ax=grid, location="bottom", shrink=0.6, aspect=40, pad=0.04)
    bar.set_label("difference of a probability from that\nof one pass over the whole picture", fontsize=9)
    return figure


@cache
def _maps() -> dict[str, np.ndarray]:
    """How far the probabilities of each network in tiles are from those in one piece."""
    picture = make_cell_image(SIZE, np.random.default_rng(1))[0]
    same, valid = (UNet(3, 3, base=4, depth=4, padding=padding) for padding in ("same", "valid"))
    params = same.init(np.random.default_rng(0))  # untrained; the shapes are those of the other, too
    maps = {"zero padding, side by side": _side_by_side(same, params, picture)}
    for name, net in (("zero padding, overlapping and mixed", same), ("no padding, overlap-tile", valid)):
        whole, tiled = (probabilities(net, params, picture, to_input, tile=tile) for tile in (WHOLE, TILE))
        maps[name] = np.abs(tiled - whole)
    return maps


def _side_by_side(net: UNet, params: dict, picture: np.ndarray) -> np.ndarray:
    """Every tile by itself, none sees beyond its rim."""
    whole = predict(net, params, to_input(picture[None]))[0]
    difference = np.zeros_like(whole)
    for i, j in itertools.product(range(0, SIZE, TILE), repeat=2):
        place = slice(i, i + TILE), slice(j, j + TILE)
        difference[place] = np.abs(predict(net, params, to_input(picture[place][None]))[0] - whole[place])
    return difference


def _rounded(value: float) -> str:
    """Two digits where they are the same on every machine; of rounding only that it is small."""
    return f"{value:.2f}" if value > 1e-4 else "below 1e-5"


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
