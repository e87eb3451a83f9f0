"""The curves of a run for TensorBoard, by tensorboardX, which needs no TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from minunet.errors import InputError

Report = Callable[[dict[str, Any]], None]

GROUPS = {"train_loss": "loss", "val_loss": "loss", "seconds": "time"}
FLUSH_SECONDS = 10


def tensorboard() -> Callable[[Path], AbstractContextManager[Report]]:
    """What makes, for the folder of a run, what writes a row of `metrics.csv` into RUN/tensorboard.

    Raises InputError if tensorboardX is not installed: before anything is written, if it is called early.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError:
        raise InputError("--tensorboard needs tensorboardX: pip install 'minunet[tensorboard]'.") from None

    @contextmanager
    def reporter(run: Path) -> Iterator[Report]:
        try:
            writer = SummaryWriter(str(run / "tensorboard"), flush_secs=FLUSH_SECONDS)
        except OSError as error:
            raise InputError(f"{run / 'tensorboard'} cannot be written: {error}.") from error

        def report(row: dict[str, Any]) -> None:
            for name, value in row.items():
                if name != "epoch":
                    writer.add_scalar(f"{GROUPS.get(name, 'validation')}/{name}", value, row["epoch"])

        try:
            yield report
        finally:
            writer.close()  # its flush() does not wait for what it has not written yet

    return reporter
