"""One epoch of a run: the steps that are left of it, its clock, its progress bar, and the mean of the loss so far."""

import math
import time
from collections.abc import Callable, Iterator
from typing import Self

from tqdm import tqdm

from minunet.backend import Array
from minunet.data.batches import Batches
from minunet.errors import InputError
from minunet.gpu.upload import LateNumbers, batches_on
from minunet.metrics import iou, mean_iou, pixel_accuracy
from minunet.model.checkpoint import Checkpoint
from minunet.train.score import Scores


class Epoch:
    """The epoch that `run` is in; entered, it shows a bar."""

    def __init__(self, run: Checkpoint, batches: Batches, device: str) -> None:
        self.run, self.device, self.number = run, device, run.epoch + 1
        self.images, self.batch_size = len(batches.dataset), batches.batch_size
        self.first = run.epoch * batches.per_epoch
        self.steps = range(run.step, self.first + batches.per_epoch)
        self.losses = LateNumbers(device, self._note)

    def __enter__(self) -> Self:
        self.started = time.perf_counter() - self.run.seconds
        done, name = (self.run.step - self.first) * self.batch_size, f"epoch {self.number}/{self.run.config.epochs}"
        self.bar = tqdm(total=self.images, initial=done, desc=name, unit="img", leave=False, disable=None)
        return self

    def __exit__(self, kind: type | None, *error: object) -> None:
        try:
            if kind is None:
                self.losses.finish()
        finally:
            self.run.seconds = time.perf_counter() - self.started
            self.bar.close()

    def batches(self, make: Callable[[int], dict[str, Array]]) -> Iterator[tuple[int, dict[str, Array]]]:
        """The steps that are left, and for each `make(step)` on the device."""
        for step, batch in zip(self.steps, batches_on(self.device, make, self.steps), strict=True):
            self.step, self.batch = step, len(batch["images"])
            yield step, batch

    def add(self, loss: Array) -> None:
        """Note the loss of the present batch; on a GPU, it is looked at when the next one has been ordered."""
        self.losses.add(loss, self.step, self.batch)
        self.bar.update(self.batch)

    def _note(self, loss: float, step: int, images: int) -> None:
        self._refuse(loss, f"The loss is {loss} at step {step + 1} (epoch {self.number})")
        self.run.loss_sum += loss * images
        self.bar.set_postfix(loss=f"{loss:.3f}", refresh=False)

    def _refuse(self, loss: float, what: str) -> None:
        """Raise InputError for a loss that is no number any more."""
        if not math.isfinite(loss):
            lr = self.run.config.lr
            raise InputError(f"{what}: training has diverged. Start again with a lower --lr; it was {lr:g}.")

    def add_row(self, scores: Scores) -> None:
        """Give the run its row of this epoch."""
        self._refuse(scores.loss, f"The loss on the validation images is {scores.loss} after epoch {self.number}")
        run, matrix = self.run, scores.matrix
        row = {
            "epoch": self.number,
            "train_loss": run.loss_sum / self.images,
            "val_loss": scores.loss,
            "pixel_accuracy": pixel_accuracy(matrix),
            "mean_iou": mean_iou(matrix),
            **{f"iou_{name}": float(value) for name, value in zip(run.classes, iou(matrix), strict=True)},
            "seconds": round(time.perf_counter() - self.started, 3),
        }
        run.rows.append(row)
        run.loss_sum, run.seconds = 0.0, 0.0
