"""The training loop: take a batch, compute the gradient, make a step; after each epoch measure, draw and save.

A run writes into its folder:

    config.json        the experiment
    metrics.csv        a row an epoch, and curves.png, the same as a picture
    last.npz           where the run stands, and best.npz, where it scored best on the validation images
    test.json          the score of best.npz on images that training and choosing never saw
    predictions.png    what it answers on some of them
"""

from __future__ import annotations

import csv
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from minunet.backend import to_device, to_numpy
from minunet.checkpoint import Checkpoint, check_fits, load_checkpoint, save_checkpoint, whole_file
from minunet.data.batches import Batches, centre_crop, to_input
from minunet.data.dataset import Dataset
from minunet.errors import InputError
from minunet.layers import softmax_cross_entropy
from minunet.layers.softmax import pixel_weights
from minunet.metrics import confusion_matrix, iou, mean_iou, pixel_accuracy
from minunet.optim import Adam
from minunet.parallel import logits, loss_and_gradients
from minunet.plots import save_curves, save_predictions
from minunet.presets import Config, Data, make_network, make_schedule
from minunet.seeds import generator
from minunet.unet import Parameters, UNet

SCORING_BATCH = 16  # images at a time in validation and test; only memory depends on it


@dataclass
class Progress:
    """Where a run stands: all that changes while it goes on, and all that a checkpoint must hold."""

    params: Parameters
    optimizer: Adam
    step: int = 0
    loss_sum: float = 0.0  # over the images of the unfinished epoch
    seconds: float = 0.0  # spent on the unfinished epoch
    rows: list[dict[str, Any]] = field(default_factory=list)  # a row for each finished epoch

    def save(self, path: Path, config: Config, data: Data) -> None:
        meta = {
            "config": config.to_json(),
            "classes": list(data.training.classes),
            "data": data.digests(),
            "step": self.step,
            "loss_sum": self.loss_sum,
            "seconds": self.seconds,
            "rows": self.rows,
        }
        save_checkpoint(path, Checkpoint(self.params, self.optimizer.state, meta))


def begin(config: Config, net: UNet, device: str) -> Progress:
    """A run that has not made a step yet."""
    params = net.init(generator(config.seed, "weights"))
    return Progress({name: to_device(array, device) for name, array in params.items()}, Adam(config.lr))


def resume(checkpoint: Checkpoint, source: Path, config: Config, data: Data, device: str) -> Progress:
    """The run as `checkpoint`, read from the file `source`, has it."""
    check_fits(checkpoint.params, make_network(config, len(data.training.classes)), source)
    meta = checkpoint.meta
    if meta["data"] != data.digests():
        raise InputError(
            f"The images are not those that {source} was trained on: some were added, removed, renamed or changed. "
            "Going on would mix training and test images."
        )
    optimizer = Adam(config.lr)
    optimizer.state = {
        name: to_device(array, device) if array.ndim else array for name, array in checkpoint.optimizer.items()
    }
    params = {name: to_device(array, device) for name, array in checkpoint.params.items()}
    return Progress(params, optimizer, meta["step"], meta["loss_sum"], meta["seconds"], meta["rows"])


def fit(
    config: Config,
    data: Data,
    progress: Progress,
    run: Path,
    device: str = "cpu",
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Train until the last epoch, or until `stop()`; return whether it is finished. Either way `last.npz` is saved.

    A run that stops and is resumed gives the same bits as one that does not: batches and learning rates depend on the
    number of the step alone.
    """
    training, validation = data.training, data.validation
    net = make_network(config, len(training.classes))
    output_size = net.output_size(config.size, config.size)
    batches = Batches(training, config.batch_size, output_size, config.augmentation, config.seed)
    schedule = make_schedule(config, config.epochs * batches.per_epoch)
    class_weight = None if config.class_weight is None else to_device(np.array(config.class_weight), device)

    while len(progress.rows) < config.epochs:
        epoch, started = len(progress.rows) + 1, time.perf_counter()
        remaining = range(progress.step, epoch * batches.per_epoch)
        title = f"epoch {epoch}/{config.epochs}"
        images_done = (progress.step * config.batch_size) % (batches.per_epoch * config.batch_size)
        with tqdm(total=len(training), initial=images_done, desc=title, unit="img", leave=False, disable=None) as bar:
            for step in remaining:
                x, labels = batches.get(step)
                progress.optimizer.lr = schedule(step)
                loss, grads = loss_and_gradients(
                    net, progress.params, to_device(x, device), to_device(labels, device), class_weight=class_weight
                )
                if not math.isfinite(float(loss)):
                    raise InputError(
                        f"The loss is {float(loss)} at step {step + 1} (epoch {epoch}): training has diverged. Start "
                        f"again with a lower --lr; it was {config.lr:g}."
                    )
                progress.optimizer.step(progress.params, grads)
                progress.step += 1
                progress.loss_sum += float(loss) * len(x)
                bar.update(len(x))
                bar.set_postfix(loss=f"{float(loss):.3f}", refresh=False)
                if stop():
                    progress.seconds += time.perf_counter() - started
                    progress.save(run / "last.npz", config, data)
                    return False
        val_loss, matrix, _ = score(net, progress.params, validation, config, device)
        progress.seconds += time.perf_counter() - started
        progress.rows.append(_row(epoch, progress, len(training), val_loss, matrix, training.classes))
        progress.loss_sum, progress.seconds = 0.0, 0.0
        tqdm.write(_summary(progress.rows[-1], config.epochs, training.classes))
        write_metrics(run / "metrics.csv", progress.rows)
        save_curves(run / "curves.png", progress.rows, training.classes)
        if progress.rows[-1]["mean_iou"] == max(row["mean_iou"] for row in progress.rows):
            progress.save(run / "best.npz", config, data)
        progress.save(run / "last.npz", config, data)
    return True


def score(
    net: UNet, params: Parameters, dataset: Dataset, config: Config, device: str
) -> tuple[float, np.ndarray, np.ndarray]:
    """Loss, confusion matrix and predicted class ids (N, OH, OW) uint8 for all images of a data set."""
    loss, weight, predictions = 0.0, 0.0, []
    matrix = np.zeros((net.classes, net.classes), dtype="int64")
    for start in range(0, len(dataset), SCORING_BATCH):
        part = dataset.take(slice(start, start + SCORING_BATCH))
        answer = to_numpy(logits(net, params, to_device(to_input(part.images), device)))  # (n, OH, OW, K)
        labels = centre_crop(part.labels, *answer.shape[1:3])
        part_loss, _ = softmax_cross_entropy(answer, labels, class_weight=config.class_weight, total_weight=1.0)
        loss += float(part_loss)
        weight += float(pixel_weights(labels, net.classes, class_weight=config.class_weight).sum())
        predictions.append(answer.argmax(axis=3).astype("uint8"))
        matrix += confusion_matrix(labels, predictions[-1], net.classes)
    return loss / weight, matrix, np.concatenate(predictions)


def final_test(config: Config, dataset: Dataset, run: Path, device: str) -> dict[str, Any]:
    """Score `best.npz` on the test images; write `test.json` and `predictions.png`."""
    net = make_network(config, len(dataset.classes))
    checkpoint = load_checkpoint(run / "best.npz")
    params = {name: to_device(array, device) for name, array in checkpoint.params.items()}
    loss, matrix, predictions = score(net, params, dataset, config, device)
    result = {
        "pixel_accuracy": pixel_accuracy(matrix),
        "mean_iou": mean_iou(matrix),
        "iou": {name: _number(value) for name, value in zip(dataset.classes, iou(matrix), strict=True)},
        "loss": loss,
        "majority_accuracy": float(matrix.sum(axis=1).max() / matrix.sum()),  # answering the most frequent class
        "images": len(dataset),
        "epoch": len(checkpoint.meta["rows"]),
    }
    with whole_file(run / "test.json") as file:
        file.write(json.dumps(result, indent=2) + "\n")
    height, width = predictions.shape[1:]
    centred = centre_crop(dataset.images, height, width)
    truth = Dataset(centred, centre_crop(dataset.labels, height, width), dataset.names, dataset.classes)
    save_predictions(run / "predictions.png", truth, predictions)
    return result


def write_metrics(path: Path, rows: list[dict[str, Any]]) -> None:
    """`metrics.csv`, a row an epoch, numbers at full precision."""
    with whole_file(path, newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _row(
    epoch: int, progress: Progress, images: int, val_loss: float, matrix: np.ndarray, classes: tuple[str, ...]
) -> dict[str, Any]:
    """What is remembered of one epoch."""
    return {
        "epoch": epoch,
        "train_loss": progress.loss_sum / images,
        "val_loss": val_loss,
        "pixel_accuracy": pixel_accuracy(matrix),
        "mean_iou": mean_iou(matrix),
        **{f"iou_{name}": float(value) for name, value in zip(classes, iou(matrix), strict=True)},
        "seconds": round(progress.seconds, 3),
    }


def _number(value: float) -> float | None:
    """NaN, the IoU of a class that neither occurs nor is predicted, as None: JSON knows no NaN."""
    return None if math.isnan(value) else float(value)


def _summary(row: dict[str, Any], epochs: int, classes: tuple[str, ...]) -> str:
    """One line for the terminal."""
    each = ", ".join(f"{name} {row[f'iou_{name}']:.3f}" for name in classes)
    return (
        f"epoch {row['epoch']:>3}/{epochs}  loss {row['train_loss']:.3f}, validation: loss {row['val_loss']:.3f}, "
        f"pixel accuracy {row['pixel_accuracy']:.3f}, mean IoU {row['mean_iou']:.3f} ({each})  {row['seconds']:.1f} s"
    )
