"""displacement.png: which labels a network without padding was given, and which pixels it predicts.

Run: python -m lessons.figures.displacement
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lessons.figures.style import FRAMED, new_figure, save
from minunet.data.batches import centre_crop, whole_resized
from minunet.data.cells import make_cell_image

SIZE, OUT = 100, 60
EVERY = 7  # an arrow for every so many pixels of the output
SEED = 5


def draw(narrow: bool = False) -> Figure:
    """The picture, an arrow from each pixel to the place of its label; the part that is predicted, labelled twice."""
    image, labels, _ = make_cell_image(SIZE, np.random.default_rng(SEED))
    middle = centre_crop(image[None], OUT, OUT)[0]  # what the 60 x 60 pixels of the output lie on
    if narrow:
        figure = new_figure(4, 6.6)
        panels = figure.subplot_mosaic([["whole", "whole"], ["aligned", "resized"]], height_ratios=(1.8, 1))
        whole, aligned, resized = panels["whole"], panels["aligned"], panels["resized"]
    else:
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
                arrowprops={"arrowstyle": "-|>", "color": FRAMED, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0},
            )  # fmt: skip
    whole.set_title("image, 100 x 100, and where each\nresized label was taken", fontsize=10)
    for axes, select, title in (
        (aligned, centre_crop, "the 60 x 60 pixels predicted,\nthe middle of the mask"),
        (resized, whole_resized, "the same pixels,\nthe whole mask, resized"),
    ):
        axes.imshow(_brighter(middle))
        _outline(axes, select(labels[None], OUT, OUT)[0])
        axes.set_title(title, fontsize=9)
    for axes in (whole, aligned, resized):
        axes.set(xticks=[], yticks=[])
    return figure


def _brighter(image: np.ndarray) -> np.ndarray:
    return np.clip(image * 1.25, 0, 255).astype("uint8")


def _outline(axes: Axes, labels: np.ndarray) -> None:
    """The outline of all that is not background."""
    axes.contour(labels > 0, levels=[0.5], colors=[FRAMED], linewidths=1.8)


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
