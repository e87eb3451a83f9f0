"""Threads: results in order, one BLAS thread in each, errors that arrive."""

from __future__ import annotations

import sys
import time

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from minunet import InputError, threads


@pytest.mark.parametrize("count", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(count):
    """And while they are made, a thread has one BLAS thread, whatever was set before."""
    threads.set_threads(count)
    numpys_own = {library.filepath for library in threads._blas.lib_controllers if library.user_api == "blas"}
    assert numpys_own

    def slow_at_first(item):
        time.sleep(0.02 if item == 0 else 0)
        assert {library["num_threads"] for library in threadpool_info() if library["filepath"] in numpys_own} == {1}
        return item * item

    with threadpool_limits(2, user_api="blas"):
        assert list(threads.map_in_order(slow_at_first, range(6))) == [0, 1, 4, 9, 16, 25]


def test_an_error_in_a_thread_arrives():
    threads.set_threads(2)
    with pytest.raises(ZeroDivisionError):
        list(threads.map_in_order(lambda item: 1 // item, [1, 0, 2]))


def test_the_number_of_threads_is_at_least_one():
    with pytest.raises(InputError, match="at least 1"):
        threads.set_threads(0)


def test_the_switch_interval_comes_back():
    """Also if two of them overlap, and end in the order in which they began."""
    before = sys.getswitchinterval()
    pairs = list(zip(threads.map_in_order(str, [1, 2]), threads.map_in_order(str, [3, 4]), strict=True))
    assert pairs == [("1", "3"), ("2", "4")]
    assert sys.getswitchinterval() == before
