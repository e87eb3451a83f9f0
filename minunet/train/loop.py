"""The training loop: take a batch, compute the gradient, make a step; after each epoch measure, draw and save.

A run writes into its folder:

    config.json        the experiment
    metrics.csv        a row an epoch, and curves.png, the same as a picture
    last.npz           where the run stands, and best.npz, where it scored best on the validation images
    test.json          the score of best.npz on images that training and choosing never saw
    predictions.png    what it answers on some of them
    progress.gif       what it answered on three validation images, epoch by epoch; its pictures are in progress/
"""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from minunet.backend import to_device
from minunet.data.batches import Batches
from minunet.data.dataset import Dataset, Splits
from minunet.data.instances import seam_weights
from minunet.draw.animation import is_drawn, save_animation, save_frame
from minunet.draw.plots import save_curves
from minunet.errors import InputError
from minunet.files import whole_file
from minunet.gpu.upload import LateNumbers, batches_on
from minunet.gradient import loss_and_gradients
from minunet.layers import dropout_mask
from minunet.metrics import iou, mean_iou, pixel_accuracy
from minunet.model.checkpoint import Checkpoint, check_fits, save_checkpoint
from minunet.model.config import Config, make_network
from minunet.model.trained import prepare
from minunet.optim import Optimizer, follow
from minunet.seeds import generator
from minunet.train.presets import make_optimizer, make_schedule
from minunet.train.score import as_answered, score
from minunet.unet import Parameters, UNet


@dataclass
class Progress:
    """Where a run stands: all that changes while it goes on, and all that a checkpoint must hold."""

    params: Parameters
    optimizer: Optimizer
    step: int = 0
    loss_sum: float = 0.0  # over the images of the unfinished epoch
    seconds: float = 0.0  # spent on the unfinished epoch
    rows: list[dict[str, Any]] = field(default_factory=list)  # a row for each finished epoch
    average: Parameters = field(default_factory=dict)  # the running mean of params, if the experiment has one

    @property
    def tested(self) -> Parameters:
        """The weights that are scored, see `Checkpoint.tested`."""
        return self.average or self.params

    def save(self, path: Path, config: Config, data: Splits, *, to_go_on: bool = True) -> None:
        """Everything that is needed to go on, or only what is needed to predict."""
        meta = {
            "config": config.to_json(),
            "classes": list(data.training.classes),
            "data": data.digests(),
            "step": self.step,
            "loss_sum": self.loss_sum,
            "seconds": self.seconds,
            "rows": self.rows,
        }
        if to_go_on:
            save_checkpoint(path, Checkpoint(self.params, self.optimizer.state, meta, self.average))
        else:
            save_checkpoint(path, Checkpoint(self.tested, {}, meta))


def begin(config: Config, net: UNet, device: str) -> Progress:
    """A run that has not made a step yet."""
    params = {name: to_device(array, device) for name, array in net.init(generator(config.seed, "weights")).items()}
    average = {name: array.copy() for name, array in params.items()} if config.average else {}
    return Progress(params, make_optimizer(config), average=average)


def resume(checkpoint: Checkpoint, source: Path, config: Config, data: Splits, device: str) -> Progress:
    """The run as `checkpoint`, read from the file `source`, has it."""
    check_fits(checkpoint.params, make_network(config, len(data.training.classes)), source)
    meta = checkpoint.meta
    if "split_seed" not in meta["config"]:
        raise InputError(
            f"{source} comes from a version of minunet that dealt out the images and drew the batches in another way, "
            "so it cannot go on to the same bits. Its best.npz still predicts; start a new run to train."
        )
    if meta["data"] != data.digests():
        raise InputError(
            f"The images are not those that {source} was trained on: some were added, removed, renamed or changed. "
            "Going on would mix training and test images."
        )
    optimizer = make_optimizer(config)
    optimizer.state = {
        name: to_device(array, device) if array.ndim else array for name, array in checkpoint.optimizer.items()
    }
    params, average = (
        {name: to_device(array, device) for name, array in arrays.items()}
        for arrays in (checkpoint.params, checkpoint.average)
    )
    return Progress(params, optimizer, meta["step"], meta["loss_sum"], meta["seconds"], meta["rows"], average)


def fit(
    config: Config,
    data: Splits,
    progress: Progress,
    run: Path,
    device: str = "cpu",
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[dict[str, Any]], None] = lambda row: None,
) -> bool:
    """Train until the last epoch, or until `stop()`; return whether it is finished. Either way `last.npz` is saved.

    `report` is told the row of `metrics.csv` of every epoch.

    A run that stops and is resumed gives the same bits as one that does not: batches and learning rates depend on the
    number of the step alone.
    """
    training, validation = data.training, data.validation
    net = make_network(config, len(training.classes))
    shown, seams = as_shown(training, config)
    size = (config.size, config.size)
    batches = Batches(
        shown,
        config.batch_size,
        size,
        net.output_size(*size),
        config.augmentation,
        config.seed,
        config.labels,
        config.centred,
        seams,
    )
    schedule = make_schedule(config, config.epochs * batches.per_epoch)
    class_weight = None if config.class_weight is None else to_device(np.array(config.class_weight), device)

    def prepare(step: int) -> dict[str, np.ndarray]:
        x, labels, extra_weight = batches.get(step)
        arrays = {"images": x, "labels": labels}
        if extra_weight is not None:  # the paper's sum, w_c + w0 * exp(...)
            of_class = 1.0 if config.class_weight is None else np.array(config.class_weight)[labels]
            arrays["pixel_weight"] = of_class + extra_weight
        if config.dropout:
            (epoch, places), shape = batches.places(step), net.lowest_shape(1, *x.shape[1:3])
            of_image = (generator(config.seed, "dropout", epoch, place) for place in places)
            arrays["mask"] = np.concatenate([dropout_mask(shape, config.dropout, rng) for rng in of_image])
        return arrays

    def note(loss: float, step: int, images: int, bar: tqdm) -> None:
        if not math.isfinite(loss):
            raise InputError(
                f"The loss is {loss} at step {step + 1} (epoch {step // batches.per_epoch + 1}): training has "
                f"diverged. Start again with a lower --lr; it was {config.lr:g}."
            )
        progress.loss_sum += loss * images
        bar.set_postfix(loss=f"{loss:.3f}", refresh=False)

    losses = LateNumbers(device, note)
    while len(progress.rows) < config.epochs:
        epoch, started = len(progress.rows) + 1, time.perf_counter()
        remaining = range(progress.step, epoch * batches.per_epoch)
        title = f"epoch {epoch}/{config.epochs}"
        images_done = (progress.step * config.batch_size) % (batches.per_epoch * config.batch_size)
        with tqdm(total=len(training), initial=images_done, desc=title, unit="img", leave=False, disable=None) as bar:
            for step, batch in zip(remaining, batches_on(device, prepare, remaining), strict=True):
                progress.optimizer.lr = schedule(step)
                how = {} if "pixel_weight" in batch else {"class_weight": class_weight}
                loss, grads = loss_and_gradients(net, progress.params, **batch, **how)
                losses.add(loss, step, len(batch["images"]), bar)
                progress.optimizer.step(progress.params, grads)
                if config.average:
                    follow(progress.average, progress.params, config.average, progress.step)
                progress.step += 1
                bar.update(len(batch["images"]))
                if stop():
                    losses.finish()
                    progress.seconds += time.perf_counter() - started
                    progress.save(run / "last.npz", config, data)
                    save_animation(run, net.classes)
                    return False
            losses.finish()
        val_loss, matrix, predictions = score(net, progress.tested, validation, config, device)
        progress.seconds += time.perf_counter() - started
        progress.rows.append(_row(epoch, progress, len(training), val_loss, matrix, training.classes))
        progress.loss_sum, progress.seconds = 0.0, 0.0
        tqdm.write(_summary(progress.rows[-1], config.epochs, training.classes))
        write_metrics(run / "metrics.csv", progress.rows)
        save_curves(run / "curves.png", progress.rows, training.classes)
        if progress.rows[-1]["mean_iou"] == max(row["mean_iou"] for row in progress.rows):
            progress.save(run / "best.npz", config, data, to_go_on=False)
        if is_drawn(epoch, config.epochs):
            title = f"epoch {epoch} of {config.epochs}, mean IoU of all {len(validation)}: {mean_iou(matrix):.3f}"
            save_frame(run, epoch, title, as_answered(validation, config, predictions), predictions)
        report(progress.rows[-1])
        progress.save(run / "last.npz", config, data)
    save_animation(run, net.classes)
    return True


def as_shown(training: Dataset, config: Config) -> tuple[Dataset, list[np.ndarray] | None]:
    """The training images as the network sees them, and by how much more each pixel counts because of the seams."""
    images = [prepare(image, config) for image in training.images] if config.pieces else training.images
    seams = None
    if config.seam_weight and training.instances is not None:
        seams = [seam_weights(each, config.seam_weight) for each in training.instances]
    return Dataset(images, training.labels, training.names, training.classes), seams


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


def _summary(row: dict[str, Any], epochs: int, classes: tuple[str, ...]) -> str:
    """One line for the terminal."""
    each = ", ".join(f"{name} {row[f'iou_{name}']:.3f}" for name in classes)
    return (
        f"epoch {row['epoch']:>3}/{epochs}  loss {row['train_loss']:.3f}, validation: loss {row['val_loss']:.3f}, "
        f"pixel accuracy {row['pixel_accuracy']:.3f}, mean IoU {row['mean_iou']:.3f} ({each})  {row['seconds']:.1f} s"
    )
