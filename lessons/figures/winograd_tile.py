"""winograd_tile.png: tiles of a picture, and one of them on its way through Winograd's F(4x4, 3x3).

Run: python -m lessons.figures.winograd_tile
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lessons.figures.style import GREEN, GREY, INK, LIGHT, RED, arrow, blank, frame, new_figure, save
from minunet.fast.winograd_rows import AT, BT, G
from minunet.layers import conv2d


def draw() -> Figure:
    """Above: six tiles. Below: the numbers of one, blue below 0 and orange above, each table by its own scale."""
    tile = np.random.default_rng(2).integers(-3, 4, (6, 6)).astype(float)
    kernel = np.array([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])
    v, u = BT @ tile @ BT.T, G @ kernel @ G.T
    m = v * u
    y = AT @ m @ AT.T
    plain = conv2d(tile[None, ..., None], kernel[..., None, None])[0][0, ..., 0]
    assert np.allclose(y, plain, atol=1e-4)

    figure = new_figure(9.5, 6.4)
    above, below = figure.subplots(2, 1, height_ratios=[1, 1.05])
    blank(above, 33, 11.6)
    for left, top in ((0.5, 1), (17.5, 1)):
        _cells(above, np.full((10, 14), np.nan), left, top)
    above.text(
        7.5,
        0.7,
        "x, 10 x 14 pixels: a tile is 6 x 6, the next one\nbegins 4 further; darker where tiles overlap",
        ha="center",
        fontsize=9,
    )
    above.text(
        24.5,
        0.7,
        "each makes 4 x 4 pixels of y, which do not overlap;\ngrey: the rim of x, for which y has none",
        ha="center",
        fontsize=9,
    )
    for i in (0, 4):
        for j in (0, 4, 8):
            above.add_patch(Rectangle((0.5 + j, 1 + i), 6, 6, facecolor=GREEN, alpha=0.22, edgecolor=GREEN))
    frame(above, 4.5, 1, 6, 6, RED)
    for i in range(0, 8, 4):
        for j in range(0, 12, 4):
            above.add_patch(Rectangle((18.5 + j, 2 + i), 4, 4, facecolor=GREEN, alpha=0.22, edgecolor=GREEN))
    frame(above, 22.5, 2, 4, 4, RED)
    arrow(above, (15.0, 6), (17.0, 6))

    blank(below, 33, 12.6)
    _cells(below, tile, 0, 1, label="d, 6 x 6")
    arrow(below, (6.3, 4), (8.3, 4))
    below.text(7.3, 3.5, "BT d B", ha="center", va="bottom", fontsize=9)
    _cells(below, v, 8.6, 1, label="V, 6 x 6")
    _cells(below, kernel, 1.5, 8.5, label="g, 3 x 3")
    arrow(below, (4.8, 10), (8.3, 10))
    below.text(6.5, 9.5, "G g GT", ha="center", va="bottom", fontsize=9)
    _cells(below, u, 8.6, 7.5, label="")
    below.text(11.6, 13.7, "U, 6 x 6", ha="center", va="top", fontsize=10)
    below.text(21.6, 10.3, "place by place:\n36 products", ha="center", va="top", fontsize=9)
    arrow(below, (14.9, 4.5), (18.3, 6.2))
    arrow(below, (14.9, 10), (18.3, 7.8))
    _cells(below, m, 18.6, 4, label="M = V * U")
    arrow(below, (24.9, 7), (27.5, 7))
    below.text(26.2, 6.5, "AT M A", ha="center", va="bottom", fontsize=9)
    _cells(below, y, 27.8, 5, label="y, 4 x 4")
    below.text(29.8, 9.4, "plain: 16 x 9 =\n144 products", ha="center", va="top", fontsize=9, color=INK)
    below.text(18.6, 12.6, "orange above 0, white 0, blue below 0,\neach table by its own scale", va="top", fontsize=9)
    below.set_ylim(14.6, -0.1)
    return figure


def _cells(axes: Axes, values: np.ndarray, left: float, top: float, *, label: str = "") -> None:
    """A table of colours: blue below 0, white at 0, orange above; grey where there is no number."""
    largest = np.nanmax(np.abs(values)) if np.isfinite(values).any() else 1
    for (i, j), value in np.ndenumerate(values):
        share = 0 if np.isnan(value) else np.sign(value) * np.sqrt(abs(value) / largest)
        rgb = (
            np.array([1, 1 - 0.65 * share, 1 - 0.9 * share]) if share > 0 else np.array([1 + share, 1 + 0.5 * share, 1])
        )
        colour = LIGHT if np.isnan(value) else tuple(np.clip(rgb, 0, 1))
        axes.add_patch(Rectangle((left + j, top + i), 1, 1, facecolor=colour, edgecolor=GREY, linewidth=0.5))
    if label:
        axes.text(left + values.shape[1] / 2, top - 0.2, label, ha="center", va="bottom", fontsize=10)


if __name__ == "__main__":
    save(draw(), __file__)
