"""Where a training step spends its time: what each part of it takes of a thread, by a clock around its functions."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from minunet import fast, layers
from minunet.bench.measure import seconds_of
from minunet.bench.networks import Task
from minunet.bench.sides import Minunet
from minunet.fast import im2col, winograd, winograd_rows
from minunet.optim import Adam
from minunet.threads import get_threads

REST = "the rest, and waiting"
PARTS: dict[str, tuple[Any, tuple[str, ...]]] = {
    # Each with its ReLU, and with the waiting for others who do some of its pieces.
    "3x3 by winograd": (winograd, ("forward", "backward")),  # without the next two: products, for the most part
    "  transforms of images": (winograd, ("_transform_input", "_transform_output", "_transform_dy", "_transform_dv")),
    "  transforms of weights": (winograd, ("transform_weight", "transform_back")),
    "3x3 by winograd_rows": (winograd_rows, ("forward", "backward")),
    "3 channels and 1x1, im2col": (im2col, ("forward", "backward")),
    "transposed convolution": (fast, ("conv_transpose2d", "conv_transpose2d_backward")),
    "max-pool": (fast, ("max_pool2d", "max_pool2d_backward")),
    "concatenation": (layers, ("crop_concat",)),
    "  its way back": (fast, ("crop_concat_backward_parts", "add_to_centre")),
    "loss": (fast, ("softmax_cross_entropy", "softmax_cross_entropy_backward")),
    "Adam": (Adam, ("step",)),
}


def measure_parts(task: Task, rounds: int) -> dict[str, float]:
    """Milliseconds of a thread that an image costs in each of PARTS; all together: threads x time of a step / images.

    While one thread is timed the others compute too, so that a part includes what it waits for them: for memory, and
    for the interpreter lock. Means, so that the parts add up.
    """
    side = Minunet(task)
    side.run()  # memory and transformed weights are there from now on
    with _clocks() as spent:
        whole = sum(seconds_of(side.run) for _ in range(rounds)) * get_threads()
    seconds = dict.fromkeys(PARTS, 0.0)
    for part, duration in spent:
        seconds[part] += duration
    seconds[REST] = whole - sum(seconds.values())
    return {part: value * 1e3 / (rounds * task.batch) for part, value in seconds.items()}


@contextmanager
def _clocks() -> Iterator[list[tuple[str, float]]]:
    """While this is entered, every call of a function of PARTS appends its part and its seconds to the list.

    What it spends in other functions of PARTS is theirs: no second counts twice.
    """
    spent: list[tuple[str, float]] = []  # appending is safe from several threads; adding numbers up is not
    inner = threading.local()  # .seconds: what the calls inside of the present one took

    @contextmanager
    def clock(part: str) -> Iterator[None]:
        before, inner.seconds = getattr(inner, "seconds", 0.0), 0.0
        start = time.perf_counter()
        yield
        duration = time.perf_counter() - start
        spent.append((part, duration - inner.seconds))
        inner.seconds = before + duration

    with ExitStack() as stack:
        for part, (owner, names) in PARTS.items():
            for name in names:
                stack.enter_context(patch.object(owner, name, clock(part)(getattr(owner, name))))
        yield spent


def print_parts(parts: dict[str, dict[str, float]]) -> None:
    """A column for each task, a row for each part."""
    print(f"\n{'ms of one thread, an image':<30}" + "".join(f"{name:>10}" for name in parts))
    for part in (*PARTS, REST):
        print(f"{part:<30}" + "".join(f"{column[part]:>10.1f}" for column in parts.values()))
    print(f"{'together':<30}" + "".join(f"{sum(column.values()):>10.1f}" for column in parts.values()))
