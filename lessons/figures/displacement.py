"""displacement.png: which labels a network without padding was given, and for which pixels it answers.

Run: python -m lessons.figures.displacement
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lessons.figures.style import YELLOW, new_figure, save
from minunet.data.batches import centre_crop, whole_resized
from minunet.data.cells import make_cell_image

SIZE, OUT = 100, 60
EVERY = 7  # an arrow for every so many pixels of the answer
SEED = 5


def draw() -> Figure:
    """The picture, with an arrow from each pixel to the place of its label; the answer's part of it, twice labelled."""
    image, labels, _ = make_cell_image(SIZE, np.random.default_rng(SEED))
    middle = centre_crop(image[None], OUT, OUT)[0]  # what the 60 x 60 pixels of the answer lie on
    figure = new_figure(9.5, 3.7)
    whole, aligned, resized = figure.subplots(1, 3)

    whole.imshow(_brighter(image))
    margin = (SIZE - OUT) / 2
    whole.add_patch(Rectangle((margin - 0.5, margin - 0.5), OUT, OUT, fill=False, edgecolor="white", linewidth=1.8))
    places = np.arange(SIZE)[None, None, :].repeat(SIZE, axis=1)  # the number of its column in every pixel
    looks, taken = (select(places, OUT, OUT)[0, 0] for select in (centre_crop, whole_resized))  # (OUT,), along an axis
    for i in range(2, OUT, EVERY):
        for j in range(2, OUT, EVERY):
            whole.annotate(
                "", (taken[j], taken[i]), (looks[j], looks[i]),
                arrowprops={"arrowstyle": "-|>", "color": YELLOW, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0},
            )  # fmt: skip
    whole.set_title("image, 100 x 100, and where each\nresized label was taken", fontsize=10)
    for axes, select, title in (
        (aligned, centre_crop, "the answer's 60 x 60 pixels\nwith the middle of the mask"),
        (resized, whole_resized, "the same pixels\nwith the whole mask, resized"),
    ):
        axes.imshow(_brighter(middle))
        _outline(axes, select(labels[None], OUT, OUT)[0])
        axes.set_title(title, fontsize=10)
    for axes in (whole, aligned, resized):
        axes.set(xticks=[], yticks=[])
    return figure


def _brighter(image: np.ndarray) -> np.ndarray:
    return np.clip(image * 1.25, 0, 255).astype("uint8")


def _outline(axes: Axes, labels: np.ndarray) -> None:
    """The outline of all that is not background."""
    axes.contour(labels > 0, levels=[0.5], colors=[YELLOW], linewidths=1.8)


if __name__ == "__main__":
    save(draw(), __file__)
