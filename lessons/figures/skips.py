"""skips.png: what networks predict with and without skips, the more often they pool; and how they learned.

Drawn from the files that lessons/experiments/skips.py has written. Run: python -m lessons.figures.skips
"""

import json
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Patch

from lessons.figures.style import INK, OLIVE, new_figure, save
from minunet.data.cells import CLASSES
from minunet.draw.colours import class_colours

EXPERIMENT = Path(__file__).parents[1] / "experiments"
DEPTHS = (3, 4, 5)
SHOWN = (0, 1)  # which of the test images
PANELS = {
    "images": "picture",
    "truth": "truth",
    "depth5_with": "with skips,\ndepth 5",
    "depth3_without": "without,\ndepth 3",
    "depth4_without": "without,\ndepth 4",
    "depth5_without": "without,\ndepth 5",
}
STYLES = {3: "-", 4: "--", 5: ":"}
MARKS = {"background": "s", "cell": "o", "border": "^"}


def draw(narrow: bool = False) -> Figure:
    """Predictions above, below them the curves of the mean IoU and the scores of each class."""
    runs = json.loads((EXPERIMENT / "skips.json").read_text(encoding="utf-8"))["runs"]
    figure = new_figure(4, 13.2) if narrow else new_figure(9.5, 7.6)
    above, below = figure.subfigures(2, 1, height_ratios=(1.08, 1))
    _predictions(above, rows=2 if narrow else 1)
    curves, scores = below.subplots(2, 1) if narrow else below.subplots(1, 2)
    _curves(curves, runs)
    _scores(scores, runs)
    return figure


def _predictions(part: SubFigure, rows: int) -> None:
    """So many rows for each of the images."""
    colours = class_colours(CLASSES)
    grid = part.subplots(rows * len(SHOWN), len(PANELS) // rows).reshape(len(SHOWN), len(PANELS))
    with np.load(EXPERIMENT / "skips.npz") as kept:
        for index, row in zip(SHOWN, grid, strict=True):
            for (name, title), axes in zip(PANELS.items(), row, strict=True):
                shown = kept[name][index]
                axes.imshow(shown if name == "images" else colours[shown], interpolation="nearest")
                axes.set(xticks=[], yticks=[])
                if index == SHOWN[0] or rows > 1:
                    axes.set_title(title, fontsize=9)
    patches = [Patch(color=colour / 255, label=name) for name, colour in zip(CLASSES, colours, strict=True)]
    part.legend(handles=patches, loc="outside lower center", ncols=3, frameon=False, fontsize=9)


def _curves(axes: Axes, runs: list[dict]) -> None:
    """The mean over the seeds, and a band from the lowest to the highest."""
    for skips, colour in ((True, INK), (False, OLIVE)):
        for depth in DEPTHS:
            curves = np.array([[row["mean_iou"] for row in run["validation"]] for run in _of(runs, depth, skips)])
            epochs = np.arange(1, curves.shape[1] + 1)
            axes.plot(epochs, curves.mean(axis=0), STYLES[depth], color=colour, label=_label(depth, skips))
            axes.fill_between(epochs, curves.min(axis=0), curves.max(axis=0), color=colour, alpha=0.12, linewidth=0)
    axes.set_title("mean IoU on the validation images", fontsize=10)
    axes.set(xlabel="epoch", xlim=(1, 20), xticks=(1, 5, 10, 15, 20), ylim=(0, 1))
    axes.legend(fontsize=8, ncols=2, loc="lower right", frameon=False, columnspacing=1)
    axes.grid(alpha=0.3)


def _scores(axes: Axes, runs: list[dict]) -> None:
    """A mark for every seed: full with skips, hollow without."""
    for skips, line, shift in ((True, "-", -0.12), (False, "--", 0.12)):
        for name, colour in zip(CLASSES, class_colours(CLASSES) / 255, strict=True):
            scores = np.array([[run["test"]["iou"][name] for run in _of(runs, depth, skips)] for depth in DEPTHS])
            axes.plot(np.array(DEPTHS) + shift, scores.mean(axis=1), line, color=colour, linewidth=1)
            look = {"color": colour, "markersize": 4.5, "markerfacecolor": colour if skips else "white"}
            for depth, values in zip(DEPTHS, scores, strict=True):
                axes.plot([depth + shift] * len(values), values, MARKS[name], clip_on=False, **look)
            axes.plot([], [], f"{MARKS[name]}{line}", **look, label=f"{name}, {'with' if skips else 'without'}")
    axes.set_title("IoU of each class on the test images, three seeds", fontsize=10)
    axes.set(xlabel="depth: levels of the U", xticks=DEPTHS, xlim=(2.6, 5.4), ylim=(0, 1))
    axes.legend(fontsize=8, loc="lower left", ncols=2, frameon=False, columnspacing=1)
    axes.grid(alpha=0.3)


def _of(runs: list[dict], depth: int, skips: bool) -> list[dict]:
    return [run for run in runs if (run["depth"], run["skips"]) == (depth, skips)]


def _label(depth: int, skips: bool) -> str:
    return f"{'with' if skips else 'without'}, depth {depth}"


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
