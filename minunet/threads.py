"""Several CPU cores: a pool of threads, and a map over it whose results do not depend on their number."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from threadpoolctl import ThreadpoolController

from minunet.errors import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")

SWITCH_INTERVAL = 2e-4  # seconds, see `map_in_order`
_inside, _interval_before, _interval_lock = 0, 0.0, threading.Lock()
_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_pool: ThreadPoolExecutor | None = None
_blas = ThreadpoolController()


def get_threads() -> int:
    """How many threads `map_in_order` uses; at the start, the number of cores this process may use."""
    return _threads


def set_threads(threads: int) -> None:
    """Use `threads` threads (>= 1) from now on. The results are the same to the last bit for any number."""
    global _threads, _pool
    if threads < 1:
        raise InputError(f"the number of threads must be at least 1, not {threads}")
    if threads != _threads and _pool is not None:
        _pool.shutdown()
        _pool = None
    _threads = threads


@contextmanager
def _short_switch_interval() -> Iterator[None]:
    """Python's switch interval is SWITCH_INTERVAL until the last of several such blocks has ended."""
    global _inside, _interval_before
    with _interval_lock:
        if _inside == 0:
            _interval_before = sys.getswitchinterval()
            sys.setswitchinterval(SWITCH_INTERVAL)
        _inside += 1
    try:
        yield
    finally:
        with _interval_lock:
            _inside -= 1
            if _inside == 0:
                sys.setswitchinterval(_interval_before)


def map_in_order(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
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
    global _pool
    with _blas.limit(limits=1, user_api="blas"), _short_switch_interval():
        if _threads == 1 or len(items) == 1:
            yield from map(function, items)
            return
        if _pool is None:
            _pool = ThreadPoolExecutor(_threads, thread_name_prefix="minunet")
        yield from _pool.map(function, items)
