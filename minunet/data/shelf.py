"""Arrays of which there may be more than memory holds: the first stay in it, all others go to a file.

An array of the file is mapped when it is asked for, so that only what is read of it is fetched, and the system keeps
what is asked for often: reading a piece of a large picture again costs microseconds, and decoding its file a second
time would cost as long as the first time. When the array is let go, so is its memory.
"""

import math
import mmap
import os
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from pathlib import Path
from typing import Any, overload

import numpy as np

IN_MEMORY = 24 << 20  # bytes of all arrays of a store together
ALIGNMENT = mmap.ALLOCATIONGRANULARITY  # bytes: where in a file may begin what is mapped
LASTING = Path("/var/tmp")  # is on a disk, where /tmp may be memory; and the TMPDIR of whoever has set one comes first


class _File:
    """A file without a name, which is gone when nobody knows it any more, or with this process, however it ends."""

    def __init__(self) -> None:
        lasting = None if "TMPDIR" in os.environ or not os.access(LASTING, os.W_OK) else LASTING
        self.opened = tempfile.TemporaryFile(prefix="minunet-", dir=lasting, buffering=0)  # noqa: SIM115
        self.end = 0
        weakref.finalize(self, self.opened.close)

    def append(self, array: np.ndarray) -> int:
        """Write an array behind the last one; returns where it begins."""
        start, data = self.end, np.ascontiguousarray(array).data.cast("B")
        self.opened.seek(start)
        while data:  # a system may take less at a time
            data = data[self.opened.write(data) :]
        self.end -= array.nbytes // -ALIGNMENT * ALIGNMENT
        return start


class Filed:
    """An array in a file: its shape and kind, and the way to it."""

    __slots__ = ("dtype", "file", "shape", "start")  # of many arrays there are many

    def __init__(self, file: _File, start: int, array: np.ndarray) -> None:
        self.file, self.start, self.shape, self.dtype = file, start, array.shape, array.dtype

    def array(self) -> np.ndarray:
        """To be read only."""
        size = math.prod(self.shape) * self.dtype.itemsize
        mapped = mmap.mmap(self.file.opened.fileno(), size, offset=self.start, access=mmap.ACCESS_READ)
        return np.frombuffer(mapped, self.dtype).reshape(self.shape)


class Later:
    """An array that is made when it is asked for the first time, and then kept; `shape`: as far as it is known."""

    __slots__ = ("lock", "made", "make", "shape")

    def __init__(self, shape: tuple[int, ...], make: Callable[[], "Entry"]) -> None:
        self.shape, self.make, self.lock = shape, make, threading.Lock()
        self.made: Entry | None = None

    def array(self) -> np.ndarray:
        """To be read only."""
        with self.lock:
            if self.made is None:
                self.made = self.make()
        return opened(self.made)


Entry = np.ndarray | Filed | Later


class Store:
    """Where arrays are put, by any thread; the first stay in memory, up to a share of IN_MEMORY."""

    def __init__(self, share: float = 1) -> None:
        self.left: float = share * IN_MEMORY
        self.lock = threading.Lock()
        self.file: _File | None = None

    def put(self, array: np.ndarray) -> Entry:
        """The array itself, while there is room, or its place in the file.

        Where no file can be written, all stay in memory.
        """
        with self.lock:
            if array.nbytes <= self.left or not array.nbytes:  # nothing cannot be mapped
                self.left -= array.nbytes
                return array
            try:
                self.left, self.file = 0, self.file or _File()
                return Filed(self.file, self.file.append(array), array)
            except OSError:
                self.left = math.inf
                return array


def opened(entry: Entry) -> np.ndarray:
    """The array that was put into a store."""
    return entry if isinstance(entry, np.ndarray) else entry.array()


def shapes(arrays: Sequence[np.ndarray] | np.ndarray) -> list[tuple[int, ...]]:
    """The shape of each array; those of a shelf are not opened."""
    return [each.shape for each in (arrays.entries if isinstance(arrays, Shelf) else arrays)]


class Each(Sequence[np.ndarray]):
    """What a function makes of each of some arrays, or of other things, whenever it is asked for."""

    def __init__(self, function: Callable[[Any], np.ndarray], things: Sequence[Any] | np.ndarray) -> None:
        self.function, self.things = function, things

    def __len__(self) -> int:
        return len(self.things)

    @overload
    def __getitem__(self, index: int) -> np.ndarray: ...
    @overload
    def __getitem__(self, index: slice) -> "Each": ...
    def __getitem__(self, index: int | slice) -> "np.ndarray | Each":
        found = self.things[index]
        if not isinstance(index, slice):
            return self.function(found)
        part = copy(self)
        part.things = found
        return part


class Shelf(Each):
    """A list of arrays, of which some may lie in a file; a part of it is a shelf again."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        super().__init__(opened, list(entries))

    @property
    def entries(self) -> list[Entry]:
        """The arrays, and the places of those in a file."""
        return self.things  # type: ignore[return-value]
