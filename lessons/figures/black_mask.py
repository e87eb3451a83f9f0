"""black_mask.png: why a good mask looks black, and a mask that looks good is not one.

Run: python -m lessons.figures.black_mask
"""

import numpy as np
from matplotlib.figure import Figure

from lessons.figures.style import panels, save
from minunet.data.cells import CLASSES, make_cell_image
from minunet.draw.colours import class_colours


def draw(narrow: bool = False) -> Figure:
    """A picture; its mask of class ids as a viewer shows it; the same mask tinted; and a mask of black and white."""
    image, labels, _ = make_cell_image(96, np.random.default_rng(7))
    black_and_white = np.where(labels == 1, 255, 0)
    figure, grid = panels(narrow, 4, 2.75, 4.9, columns=2)
    grid[0].imshow(image)
    grid[1].imshow(labels, cmap="gray", vmin=0, vmax=255)  # as a viewer does: 0 is black, 255 is white
    grid[2].imshow(class_colours(CLASSES)[labels])
    grid[3].imshow(black_and_white, cmap="gray", vmin=0, vmax=255)
    for axes, title, values in zip(
        grid,
        ("the picture", "its mask, in a viewer", "the same mask, tinted", "a mask for the eye"),
        (image, labels, labels, black_and_white),
        strict=True,
    ):
        axes.set(xticks=[], yticks=[])
        axes.set_title(title, fontsize=10)
        if values is not image:
            axes.set_xlabel(f"holds {', '.join(map(str, np.unique(values)))}", fontsize=9.5)
    return figure


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
