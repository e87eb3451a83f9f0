"""`--profile`: where the time of a run goes. Every few milliseconds, what the main thread is at is noted.

It looks from outside, at the functions that the thread is in, and the innermost one that stands in PARTS says which
part of the run that is. So the training loop knows nothing of it, and takes as long as without it.
"""

import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from minunet.draw import plots
from minunet.gradient import logits, loss_and_gradients
from minunet.model.checkpoint import save_checkpoint
from minunet.optim import SGD, Adam, follow
from minunet.train import listeners, loop, presets, score
from minunet.train.counted import counted
from minunet.train.epoch import Epoch

INTERVAL = 0.005  # seconds between two looks
STAT = Path("/proc/self/stat")  # what Linux tells of this process
STARTING, COMPUTING, REST = "starting Python, importing", "computing", "the rest"
FUNCTIONS: dict[str, tuple[Callable, ...]] = {
    "reading the images": (presets.folder_preset, presets.load, counted),
    "preparing batches": (loop.make_batches, loop.make_batch),
    COMPUTING: (loss_and_gradients, logits, SGD.step, Adam.step, follow, Epoch.add),  # of scores, the forward pass
    "scoring": (score.score, score.final_test),
    "saving": (save_checkpoint, listeners.write),
    "drawing": (listeners.draw, plots.drawn),
}
PARTS = {function.__code__: part for part, functions in FUNCTIONS.items() for function in functions}


@contextmanager
def profiled() -> Iterator[None]:
    """At the end, print the seconds of each part of what the calling thread did meanwhile, and its share."""
    started, seen, ended = _age(), defaultdict[str, float](float), threading.Event()
    first: list[float] = []  # when the first step began
    watched = threading.get_ident()

    def watch() -> None:
        last = time.perf_counter()
        while not ended.wait(INTERVAL):
            part = _part(sys._current_frames().get(watched))
            now = time.perf_counter()
            seen[part] += now - last
            last = now
            if part == COMPUTING and not first:
                first.append(started + sum(seen.values()))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        _print({STARTING: started} | {part: seen[part] for part in (*FUNCTIONS, REST)}, first)


def _part(frame: FrameType | None) -> str:
    """What part of the run this frame, or whoever called it, belongs to."""
    while frame is not None:
        if frame.f_code in PARTS:
            return PARTS[frame.f_code]
        frame = frame.f_back
    return REST


def _age() -> float:
    """For how many seconds this process has been there; 0 where the system does not say it as Linux does."""
    try:
        began = STAT.read_text().rpartition(")")[2].split()[19]  # in ticks since the machine was started
        return float(Path("/proc/uptime").read_text().split()[0]) - int(began) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0


def _print(seconds: dict[str, float], first: list[float]) -> None:
    whole = sum(seconds.values())
    until = f"; the first step began after {first[0]:.1f} s" if first else ""
    print(f"{whole:.1f} s{until}")
    for part, value in seconds.items():
        print(f"  {part:<28}{value:>8.2f} s {value / whole:>7.1%}")
