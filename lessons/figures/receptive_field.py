"""receptive_field.png: what one pixel of the output sees, by the formula and by the gradient.

Run: python -m lessons.figures.receptive_field
"""

from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from lessons.figures.style import FORWARD, FRAMED, GREY, INK, MAGNITUDES, OLIVE, WINE, new_figure, save
from minunet.unet import UNet

SIZE, AT = 100, 30  # of the picture; which pixel of the output, row and column
NET = UNet(3, 3, base=8, depth=3, padding="valid")
# Along the longest way, from the picture to the logits: (name, kernel, stride). A transposed convolution of stride 2
# halves the jump, and a pixel of its output is made of one pixel of its input.
LAYERS = [
    *[("conv", 3, 1.0)] * 2, ("pool", 2, 2.0), *[("conv", 3, 1.0)] * 2, ("pool", 2, 2.0), *[("conv", 3, 1.0)] * 2,
    ("up", 1, 0.5), *[("conv", 3, 1.0)] * 2, ("up", 1, 0.5), *[("conv", 3, 1.0)] * 2, ("out", 1, 1.0),
]  # fmt: skip
LOOKS = {"conv": (FORWARD, "o"), "pool": (WINE, "v"), "up": (OLIVE, "^"), "out": (INK, "s")}


def draw(narrow: bool = False) -> Figure:
    """The gradient of one logit for one picture, its mean over many, and the field layer by layer."""
    maps, fields = _maps(), _fields()
    if narrow:
        figure = new_figure(4, 6.2)
        axes = figure.subplot_mosaic([["one", "mean"], ["growth", "growth"]], height_ratios=(1, 1.1))
        one, mean, growth = axes["one"], axes["mean"], axes["growth"]
    else:
        figure = new_figure(9.5, 3.6)
        one, mean, growth = figure.subplots(1, 3, width_ratios=(1, 1, 1.15))
    _show(one, maps[0], "one network,\none picture", fields[-1])
    image = _show(mean, maps.mean(axis=0), f"\nmean of {len(maps)}", fields[-1])
    shrink = 0.9 if narrow else 0.6
    bar = figure.colorbar(image, ax=(one, mean), orientation="horizontal", shrink=shrink, aspect=35, pad=0.03)
    bar.ax.tick_params(labelsize=8)
    bar.set_label("|gradient| of a logit for a pixel, relative to the largest", fontsize=8.5)

    numbers = np.arange(len(fields))
    growth.step(numbers, fields, where="mid", color=GREY, linewidth=0.8)
    for number, field in zip(numbers[1:], fields[1:], strict=True):
        colour, marker = LOOKS[LAYERS[number - 1][0]]
        growth.plot(number, field, marker, color=colour, markersize=5)
    growth.plot(0, 1, "o", color=INK, markersize=5)
    for name, (colour, marker) in LOOKS.items():
        growth.plot([], [], marker, color=colour, markersize=5, label=name)
    growth.set_title("receptive field, layer by layer", fontsize=10)
    growth.set(xlabel="layers passed", ylabel="pixels", ylim=(0, 48), xticks=range(0, len(fields), 3))
    growth.legend(fontsize=8.5, frameon=False, loc="upper left")
    growth.grid(alpha=0.3)
    return figure


@cache
def _maps() -> np.ndarray:
    """(24, SIZE, SIZE)"""
    return np.stack([_gradient(seed) for seed in range(24)])


def _gradient(seed: int) -> np.ndarray:
    """The largest |gradient| over the channels of each pixel, (SIZE, SIZE), of logit 0 at (AT, AT)."""
    rng = np.random.default_rng(seed)
    params = NET.init(rng, "float64")
    logits, cache = NET.forward(params, rng.standard_normal((1, SIZE, SIZE, 3)))
    dlogits = np.zeros_like(logits)
    dlogits[0, AT, AT, 0] = 1
    dx, _ = NET.backward(dlogits, cache)
    assert dx is not None
    found = np.abs(dx[0]).max(axis=2)
    return found / found.max()


def _show(axes: Axes, values: np.ndarray, title: str, field: float) -> AxesImage:
    shown = np.maximum(values / values.max(), 1e-4)
    image = axes.imshow(shown, norm=LogNorm(1e-4, 1), cmap=MAGNITUDES, interpolation="nearest")
    rows = np.flatnonzero((values > 0).any(axis=1))
    first = rows[0] - 0.5  # measured: where the gradient begins; the side is the formula's
    axes.add_patch(Rectangle((first, first), field, field, fill=False, edgecolor=FRAMED, linewidth=1.6))
    axes.set_title(title, fontsize=10)
    axes.set(xlim=(19.5, 79.5), ylim=(79.5, 19.5), xticks=(20, 40, 60), yticks=(20, 40, 60))
    axes.tick_params(labelsize=8)
    return image


def _fields() -> list[float]:
    """The receptive field before the first layer, and after each."""
    field, jump, fields = 1.0, 1.0, [1.0]
    for _, kernel, stride in LAYERS:
        field += (kernel - 1) * jump
        jump *= stride
        fields.append(field)
    return fields


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
