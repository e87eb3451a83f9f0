"""How it is measured: times by turns, peak memory in a process of its own, and what the machine could do at most."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np

from minunet.bench.networks import TASKS, Task
from minunet.bench.sides import Minunet, Side, Torch
from minunet.threads import get_threads, map_in_order, set_threads

MEBIBYTE = 1 << 20
PROCESSES = 5  # for the memory of a side
SIZES = ((96, 400), (192, 60), (384, 12), (768, 2))  # of matrix products, and how many a thread makes at once


def seconds_of(run: Callable[[], object]) -> float:
    """How long `run` takes, by the clock of the CPU."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def alternate(
    runs: dict[str, Callable[[], object]], rounds: int, clock: Callable[[Callable[[], object]], float] = seconds_of
) -> dict[str, np.ndarray]:
    """Seconds that each of `runs` took in each of `rounds` rounds, by turns, after a round that does not count.

    Machines are shared and their speed changes within seconds; only times of the same round are fit to be compared.
    The order is drawn anew in every round, so that nobody always comes after the same one.
    """
    times: dict[str, list[float]] = {name: [] for name in runs}
    order, rng = list(runs), np.random.default_rng(0)
    for number in range(rounds + 1):
        rng.shuffle(order)
        for name in order:
            duration = clock(runs[name])
            if number > 0:
                times[name].append(duration)
    return {name: np.array(seconds) for name, seconds in times.items()}


class OtherWork:
    """How many cores other processes kept busy while this was entered, in `cores`; None off Linux.

    PyTorch's threads wait for each other at the end of every loop, turning on the spot. If a neighbour takes a core
    away from them, a step was seen to take 12 times as long, and no ratio means anything.
    """

    def __init__(self, stat: Path = Path("/proc/stat")) -> None:
        self.stat = stat

    def __enter__(self) -> Self:
        self.cores: float | None = None
        self.before = self._others()
        return self

    def __exit__(self, *error: object) -> None:
        after = self._others()
        if self.before is not None and after is not None and after[1] > self.before[1]:
            self.cores = max(0.0, (after[0] - self.before[0]) / (after[1] - self.before[1]))

    def _others(self) -> tuple[float, float] | None:
        """Seconds of processor time that others have used, and the time."""
        if not self.stat.exists():
            return None
        user, nice, system, _, _, irq, softirq, steal = (int(n) for n in self.stat.read_text().split()[1:9])
        busy = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
        return busy - sum(os.times()[:4]), time.perf_counter()  # without this process and its children


def peak_memory(task: str, side: str) -> float | None:
    """MiB that three runs of a task need at most, beyond the imports, the weights and the batch; None off Linux.

    In new processes, so that neither side gets memory that the other one, or an earlier task, has left behind: the
    median of PROCESSES, as threads that happen to meet make it differ by a tenth and more.
    """
    if not Path("/proc/self/status").exists():
        return None
    command = [sys.executable, "-m", "minunet.bench.measure", task, side, str(get_threads())]
    results = [subprocess.run(command, check=True, capture_output=True, text=True) for _ in range(PROCESSES)]
    return float(np.median([float(result.stdout) for result in results]))


def _peak_memory_here(task: Task, side: str, threads: int) -> float:
    set_threads(threads)
    what: Side = Minunet(task) if side == "minunet" else Torch(task, channels_last=side == "channels last")
    before, code_before = _status("VmRSS"), _status("RssFile")
    for _ in range(3):
        what.run()
    code = _status("RssFile") - code_before  # of the libraries, read from disk only now: not what a step needs
    return (_status("VmHWM") - before - code) / MEBIBYTE


def _status(field: str) -> int:
    """Bytes that Linux reports for this process: VmRSS now, VmHWM at the highest."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


def gemm_peak() -> float:
    """GFLOP/s of float32 matrix products, one on each thread at a time: the best of several sizes."""

    def products(n: int, calls: int, thread: int) -> None:
        a, b, c = np.ones((3, n, n), dtype="float32")
        for _ in range(calls):
            np.matmul(a, b, out=c)

    count = get_threads()

    def seconds(n: int, calls: int) -> float:
        return min(seconds_of(lambda: list(map_in_order(partial(products, n, calls), range(count)))) for _ in range(7))

    return max(2 * n**3 * calls * count / seconds(n, calls) / 1e9 for n, calls in SIZES)


if __name__ == "__main__":
    print(_peak_memory_here(TASKS[sys.argv[1]], sys.argv[2], int(sys.argv[3])))
