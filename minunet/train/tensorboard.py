"""The curves of a run for TensorBoard, by tensorboardX, which needs no TensorFlow."""

import atexit
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

from minunet.backend import imported
from minunet.errors import InputError, printable
from minunet.files import own_folder

Report = Callable[[dict[str, Any]], None]

GROUPS = {"train_loss": "loss", "val_loss": "loss", "seconds": "time"}
FLUSH_SECONDS = 10
QUEUE = 10**6  # numbers that wait to be written: nobody waits for a place


def require_tensorboardx() -> None:
    """Raise InputError if tensorboardX is not installed: early, before anything is written."""
    try:
        imported("tensorboardX")
    except ImportError:
        raise InputError("--tensorboard needs tensorboardX: pip install 'minunet[tensorboard]'.") from None


@contextmanager
def tensorboard(folder: Path) -> Iterator[Report]:
    """While this is entered: a function that writes a row of `metrics.csv` into FOLDER/tensorboard."""
    from tensorboardX import SummaryWriter

    own_folder(folder / "tensorboard")
    writer = SummaryWriter(str(folder / "tensorboard"), max_queue=QUEUE, flush_secs=FLUSH_SECONDS)

    def report(row: dict[str, Any]) -> None:
        if not _is_alive(writer):  # which is told once, at the end
            return
        for tag, name in _tags([name for name in row if name != "epoch"]).items():
            writer.add_scalar(f"{GROUPS.get(name, 'validation')}/{tag}", row[name], row["epoch"])

    try:
        yield report
    finally:
        try:
            if not _is_alive(writer):
                raise OSError("its thread has ended")
            writer.close()  # its flush() does not wait for what it has not written yet
        except OSError as error:  # the run does not need it
            tqdm.write(f"minunet: {printable(folder / 'tensorboard')} is not whole: {error}", file=sys.stderr)
            _give_up(writer)


def _tags(names: list[str]) -> dict[str, str]:
    """A tag for each name: tensorboardX turns most signs into _, and two classes must not become one curve."""
    tags: dict[str, str] = {}
    for name in names:
        tag = re.sub(r"[^-\w.]", "_", name)
        while tag in tags:
            tag += "_"
        tags[tag] = name
    return tags


def _give_up(writer: Any) -> None:
    """Let Python end although numbers wait for a thread that is no more, and closing would fail again."""
    queue: Any = getattr(writer.file_writer.event_writer, "_event_queue", None)
    if hasattr(queue, "cancel_join_thread"):
        queue.cancel_join_thread()
    atexit.unregister(getattr(writer.file_writer, "cleanup", None) or writer.close)


def _is_alive(writer: Any) -> bool:
    """Whether the thread that writes is alive: after an error of the disk it is not, and closing would never end."""
    events = getattr(getattr(writer, "file_writer", None), "event_writer", None)
    worker = getattr(events, "_worker", None)
    return worker is None or worker.is_alive()
