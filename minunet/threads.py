"""Several CPU cores: a pool of threads, and a map over it whose results do not depend on their number."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from threadpoolctl import ThreadpoolController

from minunet.errors import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")

SWITCH_INTERVAL = 2e-4  # seconds, see `map_in_order`
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1  # for this process
_threads = CORES
_blas = ThreadpoolController()
_lock = threading.Lock()  # for all that follows
_pool: ThreadPoolExecutor | None = None
_inside = 0  # how many calls of `map_in_order` are under way
_before: list[Callable[[], object]] = []  # what the last of them does: puts back what the first one has changed


def get_threads() -> int:
    """How many threads `map_in_order` uses; at the start, the number of cores this process may use."""
    return _threads


def set_threads(threads: int) -> None:
    """Use `threads` threads (>= 1) from now on. The results are the same to the last bit for any number."""
    global _threads, _pool
    if not isinstance(threads, int) or threads < 1:
        raise InputError(f"the number of threads must be a whole number of at least 1, not {threads}")
    with _lock:
        pool, changed = _pool, threads != _threads
        _threads, _pool = threads, None if changed else pool
    if changed and pool is not None:
        pool.shutdown()


@contextmanager
def _one_blas_thread_each() -> Iterator[None]:
    """One BLAS thread for each thread, and a short switch interval, until the last of several such blocks has ended."""
    global _inside
    with _lock:
        if _inside == 0:
            limit = _blas.limit(limits=1, user_api="blas")
            _before[:] = [limit.restore_original_limits, partial(sys.setswitchinterval, sys.getswitchinterval())]
            sys.setswitchinterval(SWITCH_INTERVAL)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                for put_back in _before:
                    put_back()


def _the_pool() -> ThreadPoolExecutor:
    """The threads, started when they are needed for the first time."""
    global _pool
    with _lock:
        if _pool is None:
            _pool = ThreadPoolExecutor(_threads, thread_name_prefix="minunet")
        return _pool


def _in_a_forked_child() -> None:
    """A child process has none of its parent's threads: it starts its own."""
    global _lock, _pool, _inside
    if _inside:  # forked while its parent computed
        for put_back in _before:
            put_back()
    _lock, _pool, _inside = threading.Lock(), None, 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_a_forked_child)


def map_in_order(function: Callable[[Item], Result], items: Sequence[Item]) -> Generator[Result, None, None]:
    """Yield `function(item)` for each item, in the order of the items, several at a time.

    Threads help although Python runs one at a time: NumPy lets go of the interpreter lock inside matrix
    products, copies and elementwise operations. Each of them may use one BLAS thread only, whatever
    `set_threads` says: several would fight over the cores, and a product split over another number of
    BLAS threads may round differently. A single item stays in the thread of the caller, as a whole batch on a GPU
    must: which GPU and which stream CuPy uses is set for each thread.

    A thread that comes back from NumPy waits for the interpreter lock, and asks for it after Python's switch interval;
    until then the other thread can take it again and again. With 0.2 instead of 5 milliseconds a training step on 16
    images of 64x64 pixels takes 4 % less time.
    """
    with _one_blas_thread_each():
        if _threads == 1 or len(items) == 1:
            yield from map(function, items)
        else:
            yield from _the_pool().map(function, items)
