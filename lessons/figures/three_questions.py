"""three_questions.png: one picture of cells, and what classification, detection and segmentation answer about it.

Run: python -m lessons.figures.three_questions
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from scipy import ndimage

from lessons.figures.style import FRAMED, panels, save
from minunet.data.cells import CLASSES, make_cell_image
from minunet.draw.colours import class_colours

SIZE, SEED = 64, 24


def draw(narrow: bool = False) -> Figure:
    """Four panels: the picture, one class for all of it, a box for each cell, a class for each pixel."""
    image, labels, instances = make_cell_image(SIZE, np.random.default_rng(SEED))
    bright = np.clip(image.astype(float) / image.max() * 1.3, 0, 1)  # to be seen; a network gets the picture as it is
    colours = class_colours(CLASSES)
    cells = int(instances.max())

    figure, (picture, classification, detection, segmentation) = panels(narrow, 4, 3.1, 5.2, columns=2)
    for axes in (picture, classification, detection):
        axes.imshow(bright)
    segmentation.imshow(colours[labels])
    for rows, columns in ndimage.find_objects(instances):
        height, width = rows.stop - rows.start, columns.stop - columns.start
        corner = (columns.start - 0.5, rows.start - 0.5)
        detection.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=FRAMED, linewidth=1.6))
    classification.text(
        SIZE / 2, SIZE / 2, '"cells"', ha="center", va="center", fontsize=15, bbox={"facecolor": "white", "pad": 5}
    )

    for axes, title, below in (
        (picture, "the picture", f"in: {SIZE}x{SIZE}x3 = {image.size:,} numbers"),
        (classification, "classification", "out: 1 class"),
        (detection, "detection", f"out: {cells} boxes of 4 numbers"),
        (segmentation, "segmentation", f"out: {SIZE}x{SIZE} = {labels.size:,} classes"),
    ):
        axes.set_title(title, fontsize=11)
        axes.set_xlabel(below, fontsize=8.5)
        axes.set(xticks=[], yticks=[])
    figure.legend(
        handles=[Patch(color=colour / 255, label=name) for name, colour in zip(CLASSES, colours, strict=True)],
        loc="outside lower right", ncols=3, fontsize=9, frameon=False,
    )  # fmt: skip
    return figure


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
