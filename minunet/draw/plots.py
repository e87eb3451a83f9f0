"""Pictures of a run: the curves, and what the network says beside what is true.

Matplotlib is imported where something is drawn: it wants to write files of its own, and if it cannot, a run goes on.
"""

import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from minunet.data.dataset import Dataset, ignored_label
from minunet.data.depth import shown
from minunet.draw.colours import class_colours, painted
from minunet.errors import printable
from minunet.files import whole_file
from minunet.metrics import confusion_matrix, mean_iou

LARGEST = 1024  # pixels a side of a picture that is drawn
NAMED = 20  # classes in the legend of pictures: of more, those of the most pixels
CURVES, EXTREME = 10, 4  # of more classes, only the best and the worst have a colour and a name, so many of each
PANELS = ("input", "truth", "prediction", "overlay")
LOSS_NAMES = {
    "cross-entropy": "cross-entropy per pixel",
    "dice": "1 - soft Dice",
    "both": "cross-entropy + 1 - soft Dice",
}


def drawn(path: Path, draw: Callable[[], None]) -> None:
    """Draw the picture `path` by `draw()`; if that fails, say so and go on: a run is worth more than that."""
    try:
        draw()
    except Exception as error:
        tqdm.write(f"minunet: {printable(path)} could not be drawn: {printable(error)}", file=sys.stderr)


def save_curves(path: Path, rows: list[dict[str, Any]], classes: tuple[str, ...], loss: str = "cross-entropy") -> None:
    """The curves of a run, a row of `metrics.csv` an epoch: losses, of the kind `loss`, and scores."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    epochs = [row["epoch"] for row in rows]
    figure = Figure(figsize=(12, 4), layout="constrained")
    losses, scores = figure.subplots(1, 2)
    curves: list[tuple[Any, str, str, dict[str, Any]]] = [
        (losses, "train_loss", "training", {"color": "#0072b2"}),
        (losses, "val_loss", "validation", {"color": "#d55e00"}),
        (scores, "pixel_accuracy", "pixel accuracy", {"color": "black", "linestyle": "--"}),
        (scores, "mean_iou", "mean IoU", {"color": "black", "linewidth": 2}),
    ]
    colours = dict(zip(classes, class_colours(classes) / 255, strict=True))
    ranked = by_score(rows[-1], classes)
    named = classes if len(classes) <= CURVES else (*ranked[:EXTREME], *ranked[-EXTREME:])
    for name in [name for name in classes if name not in named]:  # "_": Matplotlib leaves these out of the legend
        curves.append((scores, f"iou_{name}", "_", {"color": "0.85", "linewidth": 0.8, "zorder": 1}))
    for name in named:
        curves.append((scores, f"iou_{name}", f"IoU {_plain(name)}", {"color": colours[name]}))
    for axes, key, label, style in curves:
        axes.plot(epochs, [row[key] for row in rows], label=label, marker="." if label != "_" else None, **style)
    losses.set(title="Loss", xlabel="epoch", ylabel=LOSS_NAMES[loss], ylim=(0, None))
    scores.set(title="Validation", xlabel="epoch", ylim=(-0.02, 1.02))
    for axes in (losses, scores):
        axes.grid(alpha=0.3)
        axes.set_xlim(0.5, len(rows) + 0.5)
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)  # beside the curves, never on them
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    with whole_file(path, "wb") as file:
        figure.savefig(file, dpi=100, format="png")


def by_score(row: dict[str, Any], classes: Sequence[str]) -> list[str]:
    """The classes that have an IoU in a row of `metrics.csv`, the best first."""
    there = [name for name in classes if not math.isnan(row[f"iou_{name}"])]
    return sorted(there, key=lambda name: -row[f"iou_{name}"])


def _plain(name: str) -> str:
    """For Matplotlib, which would take what stands between two dollar signs for a formula."""
    return name.replace("$", r"\$")


def save_predictions(
    path: Path, dataset: Dataset, predictions: Sequence[np.ndarray], count: int = 5, panels: Sequence[str] = PANELS
) -> None:
    """A row an image: input, truth, prediction, and the prediction laid over the input.

    The rows are chosen by rule, so that nothing is hidden: the worst image by mean IoU, the best, and those at equal
    steps between, in the order of their scores.

    Args:
        dataset: N images (H, W, C) with labels (H, W).
        predictions: class ids, N times (H, W).
        panels: what to show of each; "errors" is the prediction where it is wrong, and pale where it is right.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    classes, ignored = len(dataset.classes), ignored_label(len(dataset.classes))
    pairs = zip(dataset.labels, predictions, strict=True)
    scores = [mean_iou(confusion_matrix(truth, prediction, classes, ignored)) for truth, prediction in pairs]
    ranked = np.argsort(scores, kind="stable")
    chosen = ranked[np.unique(np.linspace(0, len(ranked) - 1, min(count, len(ranked))).round().astype(int))]

    colours = class_colours(dataset.classes)
    figure = Figure(figsize=(2.1 * len(panels), 2.12 * len(chosen) + 0.5), layout="constrained")
    grid = figure.subplots(len(chosen), len(panels), squeeze=False)
    for axes_row, index in zip(grid, chosen, strict=True):
        step = -(-max(dataset.labels[index].shape) // LARGEST)  # more pixels would not be seen
        labels, predicted = dataset.labels[index][::step, ::step], predictions[index][::step, ::step]
        image = shown(dataset.images[index][::step, ::step])
        truth, prediction = (painted(each, dataset.classes) for each in (labels, predicted))
        right = ((labels == predicted) | (labels == ignored))[..., None]
        pictures = {
            "input": image,
            "truth": truth,
            "prediction": prediction,
            "overlay": (0.65 * image + 0.35 * prediction).astype("uint8"),
            "errors": np.where(right, (255 - 0.15 * (255 - prediction)).astype("uint8"), prediction),
        }
        for axes, name in zip(axes_row, panels, strict=True):
            axes.imshow(pictures[name], interpolation="nearest")
            axes.set(xticks=[], yticks=[])
        axes_row[0].set_ylabel(f"mean IoU {scores[index]:.2f}")
    for axes, title in zip(grid[0], panels, strict=True):
        axes.set_title(title)
    named = range(classes)
    if classes > NAMED:
        shown_pixels = [array[index].ravel() for array in (dataset.labels, predictions) for index in chosen]
        counts = np.bincount(np.concatenate(shown_pixels), minlength=256)[:classes]
        named = np.argsort(-counts, kind="stable")[: min(NAMED, np.count_nonzero(counts))].tolist()
    patches = [Patch(color=colours[k] / 255, label=_plain(dataset.classes[k])) for k in named]
    longest = max(len(dataset.classes[k]) for k in named)
    columns = min(
        len(patches), 6, max(1, int(210 * len(panels) / (8 * longest + 50)))
    )  # pixels, of the figure and each
    figure.legend(handles=patches, loc="outside lower center", ncols=columns, frameon=False)
    with whole_file(path, "wb") as file:
        figure.savefig(file, dpi=100, format="png")
