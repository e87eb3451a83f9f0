"""How a training step gains from more cores: the same step with several numbers of threads, beside PyTorch."""

from typing import Any

import numpy as np

from minunet.bench.measure import alternate
from minunet.bench.networks import Task
from minunet.bench.sides import Minunet, Side, Torch, torch_problem
from minunet.threads import get_threads, set_threads


def measure_threads(task: Task, counts: list[int], rounds: int) -> dict[int, dict[str, float]]:
    """For each number of threads: median ms of a run of each side, and the median ratio of both, round by round."""
    before, found = get_threads(), {}
    try:
        for count in counts:
            set_threads(count)
            sides: dict[str, Side] = {"minunet": Minunet(task)}
            if torch_problem() is None:
                sides["PyTorch"] = Torch(task, channels_last=True)
            times = alternate({name: side.run for name, side in sides.items()}, rounds)
            row = {name: float(np.median(each)) * 1e3 for name, each in times.items()}
            if "PyTorch" in times:
                row["ratio"] = float(np.median(times["minunet"] / times["PyTorch"]))
            found[count] = row
    finally:
        set_threads(before)
    return found


def print_threads(task: Task, found: dict[int, dict[str, Any]]) -> None:
    """A line for each number of threads: ms a run, how much faster than with the first number, and beside PyTorch."""
    print(f"\n{task.name}, {task.describe()}: ms a run")
    print(f"{'threads':>9}{'minunet':>10}{'faster by':>11}{'PyTorch':>10}{'faster by':>11}{'minunet / PyTorch':>20}")
    first = next(iter(found.values()))
    for count, row in found.items():
        line = f"{count:>9}"
        for name in ("minunet", "PyTorch"):
            line += f"{row[name]:>10.1f}{first[name] / row[name]:>11.2f}" if name in row else f"{'-':>10}{'-':>11}"
        print(line + (f"{row['ratio']:>20.2f}" if "ratio" in row else f"{'-':>20}"), flush=True)
