"""Batches on their way to the device: while a GPU computes, the next one is prepared on the CPU and copied over.

The GPU never waits for the CPU, which runs up to a step ahead. A second thread prepares a batch, packs its arrays into
one piece of pinned memory (which the GPU reads by itself, at its own time) and orders one copy on a stream of its own.
Two such pieces take turns: while one is being computed with, the other is filled. Events keep the order on the GPU: the
computation of a batch waits for its copy, and the copy that overwrites it, two batches later, for the computation.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from minunet.backend import Array

Make = Callable[[int], dict[str, np.ndarray]]
ALIGNMENT = 256  # bytes, of where an array begins


def batches_on(device: str, make: Make, steps: Sequence[int]) -> Iterator[dict[str, Array]]:
    """`make(step)`, arrays by name, for each of `steps`, with the arrays on `device`.

    On a GPU they are valid until the next ones are asked for.
    """
    if device == "cpu":
        yield from map(make, steps)
        return
    import cupy

    slots = _Slot(), _Slot()
    try:
        with ThreadPoolExecutor(1, thread_name_prefix="minunet-upload") as thread:
            coming = [thread.submit(slots[0].load, make, step) for step in steps[:1]]
            for number in range(len(steps)):
                arrays = coming.pop().result()
                if number + 1 < len(steps):
                    coming.append(thread.submit(slots[(number + 1) % 2].load, make, steps[number + 1]))
                slot = slots[number % 2]
                cupy.cuda.get_current_stream().wait_event(slot.copied)  # what is ordered next comes after it
                yield arrays
                slot.used.record()  # what was ordered so far is the last that needs this batch
    finally:
        for slot in slots:
            slot.copied.synchronize()  # its memory, on both sides, is now free for others to use


class _Slot:
    """Room for one batch: pinned memory, memory of the GPU, and the events between them."""

    def __init__(self) -> None:
        import cupy

        self.stream = cupy.cuda.Stream(non_blocking=True)
        self.copied = cupy.cuda.Event(block=True, disable_timing=True)  # block: a thread that waits for it sleeps
        self.used = cupy.cuda.Event(disable_timing=True)
        self.size = 0

    def load(self, make: Make, step: int) -> dict[str, Array]:
        """Make a batch and order its copy; in the second thread."""
        import cupy
        import cupyx

        arrays = {name: np.ascontiguousarray(array) for name, array in make(step).items()}
        starts = np.cumsum([0, *(-(-array.nbytes // ALIGNMENT) * ALIGNMENT for array in arrays.values())]).tolist()
        self.copied.synchronize()  # the copy before last, of this slot: its pinned memory may be written again
        size = starts[-1]
        if self.size < size:
            self.size, self.pinned, self.memory = size, cupyx.empty_pinned(size, "uint8"), cupy.empty(size, "uint8")
            self.used.record()  # whoever had this memory before is done with it when the work ordered so far is done
        views = {}
        for (name, array), start in zip(arrays.items(), starts, strict=False):
            place = slice(start, start + array.nbytes)
            self.pinned[place] = array.reshape(-1).view("uint8")
            views[name] = self.memory[place].view(array.dtype).reshape(array.shape)
        self.stream.wait_event(self.used)
        self.memory[:size].set(self.pinned[:size], stream=self.stream)
        self.copied.record(self.stream)
        return views


class LateNumbers:
    """Numbers that the device computes, read a step late: the CPU waits for the step before, while the GPU has work.

    `use` is called with each, as a float, and with what was given along with it. On a CPU at once. On a GPU a number is
    fetched on a stream of its own, as soon as it is there; asked for on the stream of the computation, it would come
    after all that was ordered since.
    """

    def __init__(self, device: str, use: Callable[..., None]) -> None:
        self.use, self.stream = use, None
        self.waiting: list[tuple[np.ndarray, Any, tuple[Any, ...]]] = []
        if device != "cpu":
            import cupy

            self.stream = cupy.cuda.Stream(non_blocking=True)

    def add(self, number: Array, *along: Any) -> None:
        """Order the copy of this number, and use the one that was ordered before."""
        if self.stream is None:
            self.use(float(number), *along)
            return
        import cupy
        import cupyx

        computed = cupy.cuda.Event(disable_timing=True)
        fetched = cupy.cuda.Event(block=True, disable_timing=True)
        computed.record()
        self.stream.wait_event(computed)
        target = cupyx.empty_pinned(number.shape, number.dtype)
        number.get(stream=self.stream, out=target, blocking=False)
        fetched.record(self.stream)
        self.waiting.append((target, (fetched, number), along))  # `number` must not be freed before it was fetched
        self.finish(keep=1)

    def finish(self, keep: int = 0) -> None:
        """Use those that are left, except for the last `keep`."""
        while len(self.waiting) > keep:
            target, (fetched, _), along = self.waiting.pop(0)
            fetched.synchronize()
            self.use(float(target), *along)
