"""One epoch of a run: the steps that are left of it, its clock, its progress bar, and the mean of the loss so far."""

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Self

from tqdm import tqdm

from minunet.backend import Array
from minunet.data.batches import Batches
from minunet.errors import InputError
from minunet.gpu.upload import LateNumbers, batches_on
from minunet.metrics import iou, mean_iou, pixel_accuracy
from minunet.model.checkpoint import Checkpoint, row_names
from minunet.train.numerics import finite_square, first_not_finite
from minunet.train.score import Scores
from minunet.unet import Parameters, UNet

PATIENCE = 20  # seconds, after which it is told how long it will take


class HowLong:
    """Says how long it will take, once, when that is known: for whoever has no bar to look at, as in a file."""

    def __init__(self, run: Checkpoint, per_epoch: int) -> None:
        self.began, self.first, self.last = time.perf_counter(), run.step, run.config.epochs * per_epoch
        self.told = False

    def tell(self, step: int) -> None:
        """After step number `step`."""
        spent = time.perf_counter() - self.began
        if self.told or spent < PATIENCE or step == self.first:
            return
        self.told = True
        left = spent / (step - self.first) * (self.last - step)
        words = (
            f"{left:.0f} seconds"
            if left < 120
            else f"{left / 60:.0f} minutes"
            if left < 7200
            else f"{left / 3600:.1f} hours"
        )
        with suppress(OSError):  # a terminal that is gone is no reason to stop
            tqdm.write(
                f"at this rate the {self.last - step:,} steps that are left take {words}; --epochs asks for fewer"
            )
            sys.stdout.flush()


class Epoch:
    """The epoch that `run` is in; entered, it shows a bar."""

    def __init__(self, net: UNet, run: Checkpoint, batches: Batches, device: str, check_gradients: bool) -> None:
        self.net, self.check_gradients = net, check_gradients
        self.batch: dict[str, Array] = {}  # the present one
        self.blank: set[int] = set()  # steps whose batch has no pixel that counts
        self.run, self.device, self.number = run, device, run.epoch + 1
        self.images, self.batch_size = batches.images, batches.batch_size
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
            with suppress(OSError):
                self.bar.close()

    def batches(self, make: Callable[[int], dict[str, Array]]) -> Iterator[tuple[int, dict[str, Array]]]:
        """The steps that are left, and for each `make(step)` on the device."""

        def noted(step: int) -> dict[str, Array]:
            batch = make(step)
            if "pixel_weight" in batch and not batch["pixel_weight"].any():
                self.blank.add(step)
            return batch

        for step, batch in zip(self.steps, batches_on(self.device, noted, self.steps), strict=True):
            self.step, self.batch = step, batch
            yield step, batch

    def add(self, loss: Array, grads: Parameters) -> None:
        """Note the loss of the present batch; on a GPU, it is looked at when the next one has been ordered."""
        images = len(self.batch["images"])
        self.losses.add(loss, self.step, images)
        if self.check_gradients and not all(map(finite_square, grads.values())):
            self._diverged(f"A gradient, or its square, is not finite at step {self.step + 1} (epoch {self.number})")
        with suppress(OSError):  # a terminal that is gone is no reason to lose the epoch
            self.bar.update(images)

    def _note(self, loss: float, step: int, images: int) -> None:
        if not math.isfinite(loss):
            self._diverged(f"The loss is {loss} at step {step + 1} (epoch {self.number})", now=step == self.step)
        self.run.loss_sum += loss * images
        self.run.blank += images if step in self.blank else 0
        self.bar.set_postfix(loss=f"{loss:.3f}", refresh=False)

    def _diverged(self, what: str, now: bool = True) -> None:
        """Raise InputError, and say where it began, if that is in the present batch and weights."""
        where = first_not_finite(self.net, self.run.params, self.batch, self.run.config.loss) if now else ""
        began = f", first in {where}" if where else "" if now else " (--check-numerics says where it began)"
        lr = self.run.config.lr
        raise InputError(f"{what}{began}: training has diverged. Start again with a lower --lr; it was {lr:g}.")

    def add_row(self, scores: Scores) -> None:
        """Give the run its row of this epoch; batches in which nothing counts, with a loss of 0, are in no mean."""
        if not math.isfinite(scores.loss):
            self._diverged(f"The loss on the validation images is {scores.loss} after epoch {self.number}")
        run, matrix = self.run, scores.matrix
        loss = run.loss_sum / max(1, self.images - run.blank)
        of_all = (loss, scores.loss, pixel_accuracy(matrix), mean_iou(matrix))
        values = [self.number, *of_all, *iou(matrix).tolist(), round(time.perf_counter() - self.started, 3)]
        run.rows.append(dict(zip(row_names(run.classes), values, strict=True)))
        run.loss_sum, run.seconds, run.blank = 0.0, 0.0, 0
