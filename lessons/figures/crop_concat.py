"""crop_concat.png: the centre of the skip is laid beside x; backward, the gradient is split, and zeros lie around it.

Run: python -m lessons.figures.crop_concat
"""

from functools import partial
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lessons.figures.style import (
    FORWARD,
    GRADIENT,
    GREY,
    INK,
    PALE,
    PHONE,
    Piece,
    arrow,
    draw_grid,
    frame,
    pieces,
    save,
    whole,
)
from minunet.layers import crop_concat, crop_concat_backward

_, _, BELOW, ACROSS = PALE  # olive, and grey as every skip connection
INSIDE = np.pad(np.ones((3, 3), dtype=bool), 1)  # the crop, for its colour; the numbers come from the layer
SKIP, X = np.arange(1.0, 26).reshape(1, 5, 5, 1), np.arange(-9.0, 0).reshape(1, 3, 3, 1)


class Places(NamedTuple):
    """Where x lies, and channel 1 of y beside it, and how far right y begins."""

    x: float
    top: float
    y: float


WIDE, NARROW = Places(8.0, 4.7, 15), Places(1, 8.6, 8.4)


def draw(narrow: bool = False) -> Figure:
    """Above: forward. Below: backward. A skip of 5 x 5 pixels and an x of 3 x 3, each of one channel."""
    if not narrow:
        return pieces(9.5, *(Piece(partial(board, WIDE), -0.2, 0, 21.5, 8.4) for board in (_forward, _backward)))
    return pieces(
        PHONE, Piece(partial(_forward, NARROW), -0.2, 0, 14.4, 12), Piece(partial(_backward, NARROW), -0.2, 0, 14.4, 12)
    )


def _forward(places: Places, axes: Axes) -> None:
    draw_grid(axes, whole(SKIP[0, :, :, 0]), 0, 1.2, colours=np.where(INSIDE, ACROSS, "white"),
              label="skip  (1, 5, 5, 1)")  # fmt: skip
    frame(axes, 1, 2.2, 3, 3, GREY)
    draw_grid(axes, whole(X[0, :, :, 0]), places.x, places.top, colours=BELOW, label="x  (1, 3, 3, 1)")
    arrow(axes, (5.3, 2.7), (places.y - 0.4, 2.7), FORWARD)
    axes.text(places.y / 2 + 2.5, 2.4, "crop", ha="center", fontsize=9, color=INK)
    arrow(axes, (places.x + 3.3, places.top + 1.5), (places.y - 0.4, places.top + 1.5), FORWARD)
    _pair(axes, places, crop_concat(SKIP, X)[0], "y  (1, 3, 3, 2)")


def _backward(places: Places, axes: Axes) -> None:
    y, cache = crop_concat(SKIP, X)
    rng = np.random.default_rng(6)
    dy = rng.integers(1, 6, y.shape) * rng.choice([-1.0, 1.0], y.shape)  # no zero, so that every zero below is a border
    dskip, dx = crop_concat_backward(dy, cache)
    draw_grid(axes, whole(dskip[0, :, :, 0]), 0, 1.2, colours=np.where(INSIDE, ACROSS, "white"),
              label="dskip  (1, 5, 5, 1)")  # fmt: skip
    frame(axes, 1, 2.2, 3, 3, GREY)
    draw_grid(axes, whole(dx[0, :, :, 0]), places.x, places.top, colours=BELOW, label="dx  (1, 3, 3, 1)")
    arrow(axes, (places.y - 0.4, 2.7), (5.3, 2.7), GRADIENT)
    axes.text(places.y / 2 + 2.5, 2.4, "put back", ha="center", fontsize=9, color=INK)
    arrow(axes, (places.y - 0.4, places.top + 1.5), (places.x + 3.3, places.top + 1.5), GRADIENT)
    _pair(axes, places, dy, "dy  (1, 3, 3, 2)")
    axes.text(0, 6.4, "16 pixels were cut off and\nchanged no y: gradient 0", fontsize=9, color=INK, va="top")


def _pair(axes: Axes, places: Places, values: np.ndarray, label: str) -> None:
    """Two channels (1, 3, 3, 2), one below the other: that of the skip first."""
    for channel, (top, colour) in enumerate(((1.2, ACROSS), (places.top, BELOW))):
        draw_grid(axes, whole(values[0, :, :, channel]), places.y, top, colours=colour, label="" if channel else label)
        axes.text(places.y + 3.2, top + 1.5, f"channel {channel}", va="center", fontsize=9)


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
