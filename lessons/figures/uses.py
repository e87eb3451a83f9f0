"""uses.png and uses.narrow.png: three pictures, and what networks of this project predict for them.

Run: python -m lessons.figures.uses RUN NUCLEI CAT

RUN is a run of `python -m minunet.train --preset nuclei --data-dir NUCLEI --epochs 60`, and CAT the file chelsea.png of
scikit-image, a photograph by Stefan van der Walt. Nuclei (BBBC038) and cat are under CC0. They do not come along, so no
test draws this figure again.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lessons.figures.journey import SEED, SIZE, WEIGHTS
from lessons.figures.style import new_figure, save
from minunet.data.cells import CLASSES, make_cell_image
from minunet.data.nuclei import load_nuclei
from minunet.data.pictures import read_image
from minunet.draw.colours import class_colours
from minunet.model import load_model

NUCLEI_PICTURE = 16  # which of the test pictures
SQUARE = np.s_[:, 150:450]  # of the cat's 300 x 451 pixels


def predictions(run: Path, nuclei: Path, cat: Path) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """A title, a picture and the colours of its predicted classes, of each."""
    micrograph = load_nuclei(nuclei, np.random.default_rng(0)).test.images[NUCLEI_PICTURE]
    cells, _, _ = make_cell_image(SIZE, np.random.default_rng(SEED))
    shown = []
    for title, picture, weights, part in (
        ("nuclei: count and measure", micrograph, run, np.s_[:, :]),
        ("a cat: cut out", read_image(cat), WEIGHTS.parent / "pets.npz", SQUARE),
        ("touching cells: tell apart", cells, WEIGHTS, np.s_[:, :]),
    ):
        model = load_model(weights)
        colours = class_colours(model.classes)[model.predict(picture)]
        bright = picture if title.startswith("a cat") else np.clip(picture * (1.3 / picture.max()), 0, 1)
        shown.append((title, bright[part], colours[part]))
    return shown


def draw(shown: list[tuple[str, np.ndarray, np.ndarray]], narrow: bool = False) -> Figure:
    """Pictures above, predictions below; narrow, beside each other, one use per row."""
    figure = new_figure(4, 7) if narrow else new_figure(9.5, 6.5)
    grid = figure.subplots(3, 2) if narrow else figure.subplots(2, 3).T
    for (title, picture, colours), (left, right) in zip(shown, grid, strict=True):
        left.imshow(picture)
        right.imshow(colours, interpolation="nearest")
        left.set_title(title, fontsize=10, loc="left")
        for axes in (left, right):
            axes.set(xticks=[], yticks=[])
    names = {"background": 0, "object": 1, "border": 2}
    patches = [Patch(color=class_colours(CLASSES)[number] / 255, label=name) for name, number in names.items()]
    figure.legend(handles=patches, loc="outside lower center", ncols=3, frameon=False, fontsize=10, handlelength=1)
    return figure


if __name__ == "__main__":
    made = predictions(*map(Path, sys.argv[1:4]))
    save(draw(made), __file__, draw(made, narrow=True))
