"""with_and_without.png: what a U-Net of five levels predicts with skip connections, and what it predicts without.

Drawn from the files that lessons/experiments/skips.py has written. Run: python -m lessons.figures.with_and_without
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lessons.figures.skips import EXPERIMENT
from lessons.figures.style import panels, save
from minunet.data.cells import CLASSES
from minunet.draw.colours import class_colours

PANELS = {
    "images": "picture",
    "truth": "ground truth",
    "depth5_with": "prediction\nwith skip connections",
    "depth5_without": "prediction\nwithout them",
}


def draw(narrow: bool = False) -> Figure:
    """Four panels beside each other; narrow, two by two."""
    figure, grid = panels(narrow, len(PANELS), 3.45, 5.0, columns=2)
    colours = class_colours(CLASSES)
    with np.load(EXPERIMENT / "skips.npz") as kept:
        for (name, title), axes in zip(PANELS.items(), grid, strict=True):
            shown = kept[name][0]
            axes.imshow(shown if name == "images" else colours[shown], interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            axes.set_title(title, fontsize=10)
    patches = [Patch(color=colour / 255, label=name) for name, colour in zip(CLASSES, colours, strict=True)]
    figure.legend(handles=patches, loc="outside lower center", ncols=3, frameon=False, fontsize=10)
    return figure


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
