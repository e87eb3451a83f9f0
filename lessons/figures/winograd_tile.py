"""winograd_tile.png: tiles of a picture, and one of them on its way through Winograd's F(4x4, 3x3).

Run: python -m lessons.figures.winograd_tile
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lessons.figures.style import (
    FORWARD,
    GREY,
    INK,
    LIGHT,
    OLIVE,
    PHONE,
    VIOLET,
    Piece,
    arrow,
    frame,
    pieces,
    save,
)
from minunet.fast.winograd_rows import AT, BT, G
from minunet.layers import conv2d


def draw(narrow: bool = False) -> Figure:
    """Above: six tiles. Below: the numbers of one, violet below 0 and olive above, each table by its own scale."""
    if not narrow:
        return pieces(9.5, Piece(_tiles, -0.2, -1.4, 32.6, 11.4), Piece(_numbers, -0.2, -0.6, 32.6, 14.8))
    return pieces(
        PHONE,
        Piece(_tiles, -0.3, -2, 15.7, 11.4),
        Piece(_tiles, 16.2, -2, 32.2, 11.4),
        Piece(_numbers, -0.3, -0.6, 15.7, 15),
        Piece(_numbers, 16.2, 2.2, 32.2, 14.8),
    )


def _tiles(axes: Axes) -> None:
    for left, words in (
        (0.5, "x, 10 x 14 pixels: a tile is 6 x 6, the next one\nbegins 4 further; darker where tiles overlap"),
        (17.5, "each makes 4 x 4 pixels of y, no overlap;\ngrey: the rim of x, for which y has none"),
    ):
        _cells(axes, np.full((10, 14), np.nan), left, 1)
        axes.text(left + 7, 0.7, words, ha="center", fontsize=9)
    for i in (0, 4):
        for j in (0, 4, 8):
            axes.add_patch(Rectangle((0.5 + j, 1 + i), 6, 6, facecolor=FORWARD, alpha=0.3, edgecolor=FORWARD))
            axes.add_patch(Rectangle((18.5 + j, 2 + i), 4, 4, facecolor=FORWARD, alpha=0.3, edgecolor=FORWARD))
    frame(axes, 4.5, 1, 6, 6)
    frame(axes, 22.5, 2, 4, 4)
    arrow(axes, (15.0, 6), (17.0, 6))


def _numbers(axes: Axes) -> None:
    tile = np.random.default_rng(2).integers(-3, 4, (6, 6)).astype(float)
    kernel = np.array([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])
    v, u = BT @ tile @ BT.T, G @ kernel @ G.T
    m = v * u
    y = AT @ m @ AT.T
    plain = conv2d(tile[None, ..., None], kernel[..., None, None])[0][0, ..., 0]
    assert np.allclose(y, plain, atol=1e-4)

    _cells(axes, tile, 0, 1, label="d, 6 x 6")
    _cells(axes, v, 8.6, 1, label="V, 6 x 6")
    _cells(axes, kernel, 1.5, 8.5, label="g, 3 x 3")
    _cells(axes, u, 8.6, 7.5)
    axes.text(11.6, 13.7, "U, 6 x 6", ha="center", va="top", fontsize=10)
    _cells(axes, m, 18.6, 4, label="M = V * U")
    _cells(axes, y, 27.8, 5, label="y, 4 x 4")
    for start, end in (
        ((6.3, 4), (8.3, 4)), ((4.8, 10), (8.3, 10)), ((14.9, 4.5), (18.3, 6.2)), ((14.9, 10), (18.3, 7.8)),
        ((24.9, 7), (27.5, 7)),
    ):  # fmt: skip
        arrow(axes, start, end)
    for x, y_, words in ((7.3, 3.5, "BT d B"), (6.5, 9.5, "G g GT"), (26.2, 6.5, "AT M A")):
        axes.text(x, y_, words, ha="center", va="bottom", fontsize=8)
    for x, y_, words in ((21.6, 10.3, "place by place:\n36 products"), (29.8, 9.4, "plain: 16 x 9 =\n144 products")):
        axes.text(x, y_, words, ha="center", va="top", fontsize=9, color=INK)
    axes.text(18.6, 12.6, "olive above 0, white 0, violet below 0,\neach table by its own scale", va="top", fontsize=9)


def _cells(axes: Axes, values: np.ndarray, left: float, top: float, *, label: str = "") -> None:
    """A table of colours: violet below 0, white at 0, olive above; grey where there is no number."""
    largest = np.nanmax(np.abs(values)) if np.isfinite(values).any() else 1
    for (i, j), value in np.ndenumerate(values):
        share = 0 if np.isnan(value) else np.sign(value) * np.sqrt(abs(value) / largest)
        strong = np.array(to_rgb(OLIVE if share > 0 else VIOLET))
        colour = LIGHT if np.isnan(value) else tuple(1 - abs(share) * (1 - strong))
        axes.add_patch(Rectangle((left + j, top + i), 1, 1, facecolor=colour, edgecolor=GREY, linewidth=0.5))
    if label:
        axes.text(left + values.shape[1] / 2, top - 0.2, label, ha="center", va="bottom", fontsize=10)


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
