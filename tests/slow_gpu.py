"""A GPU that does nothing until somebody waits for it: it shows who relies on an order that nobody asked for.

What a stream is told is put into a queue. `wait_event` and `synchronize` run only what they must: another stream up to
an event. Copies know addresses and keep nothing alive, as cudaMemcpyAsync. Memory that is let go of, pinned or of the
GPU, is handed out again at once, the last first, as CuPy's pools do.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

_lock = threading.RLock()


class Stream:
    """A queue of work, and how much of it was told and done."""

    def __init__(self, null: bool = False, non_blocking: bool = False) -> None:
        self.queue: deque[Callable[[], None]] = deque()
        self.told = self.done = 0

    def tell(self, work: Callable[[], None]) -> None:
        with _lock:
            self.queue.append(work)
            self.told += 1

    def run_to(self, number: int) -> None:
        with _lock:
            while self.done < number:
                self.done += 1
                self.queue.popleft()()

    def wait_event(self, event: Event) -> None:
        if event.place is not None:
            stream, number = event.place
            self.tell(lambda: stream.run_to(number))


class Event:
    """A place in the queue of a stream."""

    null: Stream  # the stream that is meant if none is named

    def __init__(self, block: bool = False, disable_timing: bool = False) -> None:
        self.place: tuple[Stream, int] | None = None

    def record(self, stream: Stream | None = None) -> None:
        stream = stream or Event.null
        stream.tell(lambda: None)
        self.place = stream, stream.told

    def synchronize(self) -> None:
        if self.place is not None:
            self.place[0].run_to(self.place[1])


class _Pool:
    """Memory that is never given back to the system, so that an address stays one."""

    def __init__(self) -> None:
        self.free: dict[int, list[np.ndarray]] = defaultdict(list)
        self.all: list[np.ndarray] = []

    def take(self, size: int) -> np.ndarray:
        size = -(-size // 512) * 512
        if not self.free[size]:
            self.free[size].append(np.full(size, 255, "uint8"))
            self.all.append(self.free[size][-1])
        return np.asarray(_Block(self.free[size].pop(), self.free[size]))


class _Block:
    """Goes back to the pool when the last view of it is gone."""

    def __init__(self, memory: np.ndarray, home: list[np.ndarray]) -> None:
        self.memory, self.home, self.__array_interface__ = memory, home, memory.__array_interface__

    def __del__(self) -> None:
        self.home.append(self.memory)


class ndarray:
    """An array of the GPU: bytes at an address, and a shape."""

    def __init__(self, bytes_: np.ndarray) -> None:
        self.bytes = bytes_
        self.shape, self.dtype = bytes_.shape, bytes_.dtype

    def __getitem__(self, key: slice) -> ndarray:
        return ndarray(self.bytes[key])

    def view(self, dtype: Any) -> ndarray:
        return ndarray(self.bytes.view(dtype))

    def reshape(self, shape: tuple[int, ...]) -> ndarray:
        return ndarray(self.bytes.reshape(shape))

    def set(self, array: np.ndarray, stream: Stream) -> None:
        _copy(array, self.bytes, stream)

    def get(self, stream: Stream, out: np.ndarray, blocking: bool) -> None:
        assert not blocking
        _copy(self.bytes, out, stream)

    def read_later(self, use: Callable[[np.ndarray], None]) -> None:
        """What a kernel does: on the null stream, with whatever lies at the address then."""
        address, shape, dtype = self.bytes.ctypes.data, self.shape, self.dtype
        size = self.bytes.nbytes

        def work() -> None:
            use(np.frombuffer(ctypes.string_at(address, size), dtype).reshape(shape))

        Event.null.tell(work)

    def write_later(self, value: float) -> None:
        address, value_bytes = self.bytes.ctypes.data, np.full(self.shape, value, self.dtype).tobytes()
        Event.null.tell(lambda: ctypes.memmove(address, value_bytes, len(value_bytes)) and None)


def _copy(source: np.ndarray, target: np.ndarray, stream: Stream) -> None:
    start, end, size = source.ctypes.data, target.ctypes.data, source.nbytes
    assert size == target.nbytes
    stream.tell(lambda: ctypes.memmove(end, start, size) and None)


def install(monkeypatch: Any) -> None:
    """Until the test ends, `import cupy` finds this."""
    Event.null = Stream()
    pinned, memory = _Pool(), _Pool()
    cupy, cupyx = ModuleType("cupy"), ModuleType("cupyx")
    cupy.cuda = SimpleNamespace(Stream=Stream, Event=Event, get_current_stream=lambda: Event.null)
    cupy.empty = lambda size, dtype: ndarray(memory.take(size)[:size])
    cupyx.empty_pinned = lambda shape, dtype: (
        pinned.take(int(np.prod(shape)) * np.dtype(dtype).itemsize)[: int(np.prod(shape)) * np.dtype(dtype).itemsize]
        .view(dtype)
        .reshape(shape)
    )
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.setitem(sys.modules, "cupyx", cupyx)


def finish() -> None:
    """The GPU does all that was ordered on its usual stream, and what that waits for."""
    Event.null.run_to(Event.null.told)
