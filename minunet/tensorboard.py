"""The curves of a run for TensorBoard, by tensorboardX, which needs no TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from minunet.errors import InputError


def tensorboard() -> Callable[[Path], Callable[[dict[str, Any]], None]]:
    """What makes, for the folder of a run, what writes a row of `metrics.csv` into RUN/tensorboard.

    Raises InputError if tensorboardX is not installed: before anything is written, if it is called early.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError:
        raise InputError("--tensorboard needs tensorboardX: pip install 'minunet[tensorboard]'.") from None

    def reporter(run: Path) -> Callable[[dict[str, Any]], None]:
        writer = SummaryWriter(str(run / "tensorboard"))

        def report(row: dict[str, Any]) -> None:
            for name, value in row.items():
                if name != "epoch":
                    group = "loss" if name.endswith("_loss") else "time" if name == "seconds" else "validation"
                    writer.add_scalar(f"{group}/{name}", value, row["epoch"])
            writer.flush()

        return report

    return reporter
