"""augmentation.png: what each kind of augmentation does to an image and its labels.

Run: python -m lessons.figures.augmentation
"""

import numpy as np
from matplotlib.figure import Figure

from lessons.figures.style import new_figure, save
from minunet.data.augment import Augmentation, augment
from minunet.data.cells import CLASSES, make_cell_image
from minunet.draw.colours import class_colours

SHOWN = {
    "as it is": Augmentation(),
    "flips": Augmentation(flip_left_right=True, flip_up_down=True),
    "quarter turns": Augmentation(quarter_turns=True),
    "shift 0.3": Augmentation(shift=0.3),
    "rotation 30°": Augmentation(rotation=30),
    "scale 0.8": Augmentation(scale=0.8),
    "elastic 6": Augmentation(elastic=6),
    "brightness 0.3,\ncontrast 0.5": Augmentation(brightness=0.3, contrast=0.5),
    "colour 0.6": Augmentation(colour=0.6),
}


def draw(narrow: bool = False) -> Figure:
    """Image above, labels below, narrow in three rows; thin lines, drawn first, show how the plane is bent."""
    picture, labels, _ = make_cell_image(96, np.random.default_rng(3))
    image = picture.astype("float32") / 255
    colours = class_colours(CLASSES)
    lines = np.zeros(labels.shape, dtype=bool)
    lines[::16], lines[:, ::16] = True, True
    image[lines] = 0.6 * image[lines] + 0.4
    figure = new_figure(4, 8.7) if narrow else new_figure(9.5, 2.8)
    rows = 3 if narrow else 1
    grid = figure.subplots(2 * rows, len(SHOWN) // rows).reshape(rows, 2, -1).swapaxes(0, 1).reshape(2, -1)
    for (name, how), axes in zip(SHOWN.items(), grid.T, strict=True):
        moved, (moved_labels, moved_lines) = augment(image, [labels, lines], how, np.random.default_rng(2))
        shown = colours[moved_labels]
        shown[moved_lines] = (0.6 * shown[moved_lines] + 0.4 * 255).astype("uint8")
        axes[0].imshow(moved, interpolation="nearest")
        axes[1].imshow(shown, interpolation="nearest")
        axes[0].set_title(name, fontsize=7.5)
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[])
    return figure


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
