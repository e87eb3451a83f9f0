"""`--profile`: where the time of a run goes. Every few milliseconds, what the main thread is at is noted.

It looks from outside, at the functions that the thread is in, and the innermost one that stands in PARTS says which
part of the run that is. So the training loop knows nothing of it, and takes as long as without it.
"""

import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from minunet.draw import plots
from minunet.gradient import logits, loss_and_gradients
from minunet.model.checkpoint import save_checkpoint
from minunet.optim import SGD, Adam, follow
from minunet.train import listeners, loop, presets, score
from minunet.train.counted import counted
from minunet.train.epoch import Epoch

INTERVAL = 0.005  # seconds between two looks
STARTING, STEPS, REST = "starting Python, importing", "training steps", "the rest"
FUNCTIONS: dict[str, tuple[Callable, ...]] = {
    "reading the images": (presets.folder_preset, presets.load, counted),
    "preparing batches": (loop.make_batches, loop.make_batch),
    STEPS: (loss_and_gradients, SGD.step, Adam.step, follow, Epoch.add),
    "predicting, for the scores": (logits,),
    "scoring": (score.score, score.final_test),
    "saving": (save_checkpoint, listeners.write),
    "drawing": (listeners.draw, plots.drawn),
}
PARTS = {function.__code__: part for part, functions in FUNCTIONS.items() for function in functions}


@contextmanager
def profiled() -> Iterator[None]:
    """If no error ends it, print the seconds of each part of what the calling thread did meanwhile, and its share.

    What was before is counted as the processor's time of this process: the clock that began with it is not to be had
    everywhere.
    """
    seconds, watched, ended = defaultdict[str, float](float), threading.get_ident(), threading.Event()
    seconds[STARTING] = time.process_time()
    first: list[float] = []  # when the first step began

    def watch() -> None:
        last = time.perf_counter()
        while not ended.wait(INTERVAL):
            part, now = _part(sys._current_frames().get(watched)), time.perf_counter()
            seconds[part] += now - last
            last = now
            if part == STEPS and not first:
                first.append(sum(seconds.values()))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    whole = sum(seconds.values())
    print(f"{whole:.1f} s" + "".join(f"; the first step began after {each:.1f} s" for each in first))
    for part in (STARTING, *FUNCTIONS, REST):
        print(f"  {part:<28}{seconds[part]:>8.2f} s {seconds[part] / whole:>7.1%}")


def _part(frame: FrameType | None) -> str:
    """What part of the run this frame, or whoever called it, belongs to."""
    while frame is not None:
        if frame.f_code in PARTS:
            return PARTS[frame.f_code]
        frame = frame.f_back
    return REST
