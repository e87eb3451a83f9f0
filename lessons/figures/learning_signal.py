"""learning_signal.png: how the size of a signal changes through ten layers, and that of a gradient on its way back.

Run: python -m lessons.figures.learning_signal
"""

import math
from functools import cache

import numpy as np
from matplotlib.figure import Figure

from lessons.figures.style import INK, OLIVE, WINE, panels, save
from minunet.layers import conv2d, conv2d_backward, relu, relu_backward

LAYERS, CHANNELS, SIZE = 10, 64, 32
# How many times He's standard deviation, what to call it, and how it is drawn.
STARTS = [
    (2.0, "twice He", WINE, "o-"),
    (math.sqrt(2), "1.41 times He", WINE, "o--"),
    (1.0, "He: variance 2 / fan_in", INK, "o-"),
    (math.sqrt(0.5), "variance 1 / fan_in", OLIVE, "o--"),
    (0.5, "half of He", OLIVE, "o-"),
]


@cache
def sizes(factor: float) -> tuple[list[float], list[float]]:
    """After each of the layers, the mean square of the signal; before each, the sum of squares of the gradient.

    Both relative to where they began, so at layers 0, 1, ..., LAYERS.
    """
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, SIZE, SIZE, CHANNELS))
    std = factor * math.sqrt(2 / (9 * CHANNELS))
    forward, caches = [(x * x).mean()], []
    for _ in range(LAYERS):
        x, conv_cache = conv2d(x, std * rng.standard_normal((3, 3, CHANNELS, CHANNELS)))
        x, relu_cache = relu(x)
        caches.append((conv_cache, relu_cache))
        forward.append((x * x).mean())
    dy = rng.standard_normal(x.shape)
    backward = [(dy * dy).sum()]
    for conv_cache, relu_cache in reversed(caches):
        dy = conv2d_backward(relu_backward(dy, relu_cache), conv_cache)[0]
        backward.insert(0, (dy * dy).sum())
    return [each / forward[0] for each in forward], [each / backward[-1] for each in backward]


def draw(narrow: bool = False) -> Figure:
    """Left: forward, from the picture to layer 10. Right: backward, from layer 10 to the picture."""
    figure, (left, right) = panels(narrow, 2, 4.0, 7.4, sharey=True)
    layers = range(LAYERS + 1)
    for factor, name, colour, shape in STARTS:
        forward, backward = sizes(factor)
        left.plot(layers, forward, shape, color=colour, markersize=4, label=name)
        right.plot(layers, backward, shape, color=colour, markersize=4)
    for axes in (left, right):
        axes.set(yscale="log", xticks=list(layers))
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    left.set_title("forward: mean square of the signal", fontsize=10, color=INK)
    left.set_xlabel("layers of convolution and ReLU passed  →")
    right.set_title("backward: sum of squares of the gradient", fontsize=10, color=INK)
    right.set_xlabel("←  back from layer 10 to the picture, 0")
    left.set_ylabel("relative to where it began")
    figure.legend(loc="outside lower center", ncols=2 if narrow else 5, fontsize=9, frameon=False)
    return figure


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
