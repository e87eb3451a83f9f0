"""Who listens to a run: each is told after every epoch, and writes, draws or prints something of it."""

import csv
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from minunet.data.dataset import Dataset
from minunet.draw.animation import is_drawn, save_frame
from minunet.draw.plots import by_score, drawn, save_curves
from minunet.files import whole_file
from minunet.model.checkpoint import Checkpoint, best_epoch, save_weights
from minunet.train.loop import Listener
from minunet.train.score import Scores, as_predicted

CURVES, PAUSE = 10, 10.0  # how often `curves.png` is drawn, and seconds in between: it takes a quarter of one
LISTED = 8  # classes on the line of an epoch; of more, the three of the lowest IoU


def listeners(folder: Path, validation: Dataset, report: Callable[[dict[str, Any]], None]) -> list[Listener]:
    """All of them, for a run in `folder`; `report` is told the row of every epoch."""
    return [
        lambda run, scores: write(folder, run),
        print_row,
        lambda run, scores: draw(folder, run, scores, validation),
        lambda run, scores: report(run.rows[-1]),
    ]


def print_row(run: Checkpoint, scores: Scores) -> None:
    """One line for the terminal."""
    row = run.rows[-1]
    names, of_all = by_score(row, run.classes), len(run.classes) <= LISTED
    each = ", ".join(f"{name} {row[f'iou_{name}']:.3f}" for name in (run.classes if of_all else names[:-4:-1]))
    each = each if of_all else f"lowest: {each}"
    tqdm.write(
        f"epoch {row['epoch']:>3}/{run.config.epochs}  loss {row['train_loss']:.3f}, validation: loss "
        f"{row['val_loss']:.3f}, pixel accuracy {row['pixel_accuracy']:.3f}, mean IoU {row['mean_iou']:.3f} ({each})  "
        f"{row['seconds']:.1f} s"
    )


def write(folder: Path, run: Checkpoint) -> None:
    """`metrics.csv`, a row an epoch, numbers at full precision, and in `best.npz` the weights of the best mean IoU."""
    with whole_file(folder / "metrics.csv", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(run.rows[0]))
        writer.writeheader()
        writer.writerows(run.rows)
    if best_epoch(run.rows) == run.epoch:
        save_weights(folder / "best.npz", run)


def draw(folder: Path, run: Checkpoint, scores: Scores, validation: Dataset) -> None:
    """The curves, which are drawn at the end too, and a picture of `progress.gif`, both at some of the epochs."""
    curves = folder / "curves.png"
    if is_drawn(run.epoch, run.config.epochs, CURVES) and not _younger(curves, PAUSE):
        drawn(curves, lambda: save_curves(curves, run.rows, run.classes, run.config.loss))
    if is_drawn(run.epoch, run.config.epochs):
        mean = f"mean IoU of all {len(validation)}: {run.rows[-1]['mean_iou']:.3f}"
        title = f"epoch {run.epoch} of {run.config.epochs}, {mean}"
        shown = as_predicted(validation, run.config, scores.predictions)
        drawn(folder / "progress", lambda: save_frame(folder, run.epoch, title, shown, scores.predictions))


def _younger(path: Path, seconds: float) -> bool:
    """Whether there is such a file, written less than so many seconds ago."""
    try:
        return 0 <= time.time() - path.stat().st_mtime < seconds
    except OSError:
        return False
