"""journey.png: one picture of cells on its way through a trained U-Net, with feature maps of every level.

Run: python -m lessons.figures.journey
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle
from scipy import ndimage

from lessons.figures.style import DPI, FRAMED, GREY, INK, save
from minunet.data.batches import to_input
from minunet.data.cells import CLASSES, make_cell_image
from minunet.draw.colours import class_colours
from minunet.model import load_model
from minunet.recording import Recording

SIZE, SEED, CELL = 64, 24, 1  # the picture of lesson 0, and the cell in it that is followed
AROUND = 3  # pixels between the cell and its frame
WEIGHTS = Path(__file__).parents[2] / "minunet" / "weights" / "cells.npz"
MAPS = {  # which maps of a step are shown, of those that show most
    "input.relu2": (11, 9, 14),
    "down1.relu2": (28, 30, 29),
    "down2.relu2": (39, 59, 60),
    "up1.relu2": (12, 10, 13),
    "up2.relu2": (2, 0, 15),
}


class Board:
    """A figure on which things lie at inches from its upper left corner."""

    def __init__(self, width: float, height: float) -> None:
        self.size = (width, height)
        self.figure = Figure(figsize=self.size, dpi=DPI, facecolor="white")
        self.base = self.figure.add_axes((0, 0, 1, 1))
        self.base.set(xlim=(0, width), ylim=(height, 0))
        self.base.axis("off")

    def picture(self, left: float, top: float, side: float, values: np.ndarray, cell: tuple[slice, slice]) -> None:
        """A picture or a map, with a frame around the cell that is followed."""
        width, height = self.size
        axes: Axes = self.figure.add_axes((left / width, 1 - (top + side) / height, side / width, side / height))
        axes.imshow(values, cmap="gray", interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        scale = len(values) / SIZE
        rows, columns = cell
        corner = ((columns.start - AROUND) * scale - 0.5, (rows.start - AROUND) * scale - 0.5)
        size = ((columns.stop - columns.start + 2 * AROUND) * scale, (rows.stop - rows.start + 2 * AROUND) * scale)
        axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor=FRAMED, linewidth=1.6))

    def text(self, x: float, y: float, words: str, size: float = 9, **how: object) -> None:
        self.base.text(x, y, words, **{"ha": "center", "va": "center", "fontsize": size, "color": INK, **how})

    def number(self, x: float, y: float, number: int) -> None:
        """The number of a step, in a disc."""
        disc = {"boxstyle": "circle,pad=0.25", "facecolor": INK, "edgecolor": INK}
        self.text(x, y, f"{number}", 10, color="white", weight="bold", bbox=disc)

    def colours(self, x: float, y: float) -> None:
        """What the colours of the prediction stand for."""
        for name, colour in zip(CLASSES, class_colours(CLASSES) / 255, strict=True):
            self.base.add_patch(Rectangle((x, y - 0.06), 0.2, 0.12, facecolor=colour))
            self.text(x + 0.26, y, name, ha="left")
            x += 0.4 + 0.085 * len(name)

    def arrow(self, path: Sequence[tuple[float, float]], colour: str = INK) -> None:
        """Through these points; only the last stretch has a head."""
        for start, end in zip(path, path[1:], strict=False):
            style = "-|>" if end == path[-1] else "-"
            self.base.add_patch(
                FancyArrowPatch(
                    start, end, arrowstyle=style, mutation_scale=14, color=colour, linewidth=1.6, shrinkA=0, shrinkB=0
                )
            )


def journey() -> tuple[dict[str, list[np.ndarray]], tuple[slice, slice]]:
    """The pictures of each step by its name, with "picture", "prediction" and "truth", and where the cell lies."""
    model = load_model(WEIGHTS)
    image, labels, instances = make_cell_image(SIZE, np.random.default_rng(SEED))
    recording = Recording(model.net)
    logits = recording.forward(model.params, to_input(image[None]))  # (1, 64, 64, 3)
    shown = {name: [recording.steps[name].y[0, ..., k] for k in chosen] for name, chosen in MAPS.items()}
    bright = np.clip(image.astype(float) / image.max() * 1.3, 0, 1)  # to be seen; the network gets the picture as it is
    colours = class_colours(CLASSES)
    shown |= {"picture": [bright], "prediction": [colours[logits[0].argmax(axis=2)]], "truth": [colours[labels]]}
    return shown, ndimage.find_objects(instances)[CELL - 1]


def draw(narrow: bool = False) -> Figure:
    """The way down on the left, the way up on the right, the bottom below; narrow, one below the other."""
    shown, cell = journey()
    board = _narrow(shown, cell) if narrow else _wide(shown, cell)
    return board.figure


def _wide(shown: dict[str, list[np.ndarray]], cell: tuple[slice, slice]) -> Board:
    board = Board(9.5, 6.3)
    for name, left, top, side, step in (
        ("picture", 0.08, 0.5, 1.2, 0),
        ("input.relu2", 1.45, 0.5, 1.2, 1.25),
        ("up2.relu2", 5.6, 0.5, 1.2, 1.25),
        ("prediction", 8.22, 0.5, 1.2, 0),
        ("down1.relu2", 0.85, 2.5, 0.95, 1.0),
        ("up1.relu2", 5.7, 2.5, 0.95, 1.0),
        ("down2.relu2", 3.55, 4.5, 0.78, 0.82),
        ("truth", 8.22, 4.15, 1.2, 0),
    ):
        skipped = slice(None, None, 2 if step == 1.25 else 1)  # of the large ones, the first and the last have room
        for place, values in enumerate(shown[name][skipped]):
            board.picture(left + place * step, top, side, values, cell)
    for x, y, words in (
        (0.68, 1.88, "64 x 64 pixels\nof 3 numbers"),
        (2.7, 1.88, "2 of 16 maps\nof 64 x 64"),
        (6.85, 1.88, "2 of 16 maps\nof 64 x 64"),
        (8.82, 1.88, "64 x 64 pixels\nof 1 class each"),
        (2.33, 3.62, "3 of 32 maps of 32 x 32"),
        (7.18, 3.62, "3 of 32 maps of 32 x 32"),
        (4.76, 5.45, "3 of 64 maps of 16 x 16"),
        (8.82, 5.48, "ground truth"),
    ):
        board.text(x, y, words)
    for x, y, number, words in (
        (0.2, 0.25, 1, "picture"),
        (1.57, 0.25, 2, "way down (encoder)"),
        (3.67, 4.28, 3, "bottom (bottleneck)"),
        (5.72, 0.25, 4, "way up (decoder)"),
        (8.32, 0.25, 5, "prediction"),
    ):
        board.number(x, y, number)
        board.text(x + 0.22, y, words, 10, ha="left", weight="bold")
    board.arrow([(1.3, 1.1), (1.43, 1.1)])
    board.arrow([(8.07, 1.1), (8.2, 1.1)])
    board.arrow([(2.33, 2.12), (2.33, 2.46)])
    board.arrow([(2.33, 3.76), (2.33, 4.9), (3.49, 4.9)])
    board.arrow([(6.03, 4.9), (7.18, 4.9), (7.18, 3.78)])
    board.arrow([(7.18, 2.46), (7.18, 2.12)])
    for y, left, right, words in ((1.1, 3.95, 5.55, "16 maps"), (2.97, 3.85, 5.65, "32 maps")):
        board.arrow([(left, y), (right, y)], GREY)
        board.text((left + right) / 2, y - 0.14, f"skip connection: {words}", 8)
    for x, y, words in ((1.95, 2.29, "halved"), (1.95, 4.3, "halved"), (7.6, 4.3, "doubled"), (7.6, 2.29, "doubled")):
        board.text(x, y, words, 8)
    board.text(0.08, 6.1, "Pink frame: the same cell everywhere. Bright: a large number.", ha="left")
    board.colours(6.6, 6.1)
    return board


def _narrow(shown: dict[str, list[np.ndarray]], cell: tuple[slice, slice]) -> Board:
    board = Board(4.0, 11.05)
    top, middles = 0.0, {}
    for number, title, name, words in (
        (1, "picture", "picture", "64 x 64 pixels of 3 numbers"),
        (2, "way down (encoder)", "input.relu2", "3 of 16 maps of 64 x 64"),
        (0, "", "down1.relu2", "3 of 32 maps of 32 x 32"),
        (3, "bottom (bottleneck)", "down2.relu2", "3 of 64 maps of 16 x 16"),
        (4, "way up (decoder)", "up1.relu2", "3 of 32 maps of 32 x 32"),
        (0, "", "up2.relu2", "3 of 16 maps of 64 x 64"),
        (5, "prediction, and ground truth", "prediction", "64 x 64 pixels of 1 class each"),
    ):
        if number:
            board.number(0.18, top + 0.2, number)
            board.text(0.4, top + 0.2, title, 10, ha="left", weight="bold")
            top += 0.38
        for place, values in enumerate(shown[name]):
            board.picture(0.03 + place * 1.07, top, 1.03, values, cell)
        if name == "prediction":
            board.picture(1.1, top, 1.03, shown["truth"][0], cell)
        board.text(0.03, top + 1.13, words, ha="left")
        middles[name] = top + 0.5
        top += 1.28
    board.colours(0.03, middles["prediction"] + 0.87)
    for start, end, x, words in (
        ("input.relu2", "up2.relu2", 3.85, "skip connection: 16 maps"),
        ("down1.relu2", "up1.relu2", 3.5, "skip connection: 32 maps"),
    ):
        board.arrow([(3.25, middles[start]), (x, middles[start]), (x, middles[end]), (3.25, middles[end])], GREY)
        board.text(x - 0.11, (middles[start] + middles[end]) / 2, words, 8, rotation=90)
    return board


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
