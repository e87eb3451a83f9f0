"""Threads: results in order, one BLAS thread in each, errors that arrive."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import minunet
from minunet import InputError, UNet, fast, threads


@pytest.mark.parametrize("count", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(count):
    """And while they are made, a thread has one BLAS thread, whatever was set before."""
    threads.set_threads(count)
    numpys_own = {library.filepath for library in threads._libraries}
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


def test_the_switch_interval_comes_back():
    """Also if two of them overlap, and end in the order in which they began."""
    before = sys.getswitchinterval()
    pairs = list(zip(threads.map_in_order(str, [1, 2]), threads.map_in_order(str, [3, 4]), strict=True))
    assert pairs == [("1", "3"), ("2", "4")]
    assert sys.getswitchinterval() == before


def blas_threads() -> set[int]:
    """Those of NumPy's own library."""
    own = {library.filepath for library in threads._libraries}
    return {library["num_threads"] for library in threadpool_info() if library["filepath"] in own}


def test_two_callers_at_once_leave_the_limits_as_they_were():
    """The one that ends last puts back what was there before the first one began, in whatever order they end."""
    with threadpool_limits(2, user_api="blas"):
        first, second = threads.map_in_order(str, [1, 2]), threads.map_in_order(str, [3, 4])
        assert (next(first), next(second)) == ("1", "3") and blas_threads() == {1}
        assert list(first) == ["2"] and blas_threads() == {1}
        assert list(second) == ["4"] and blas_threads() == {2}


def test_another_thread_than_the_first_may_limit_and_put_back():
    """threadpoolctl passes over what any thread asks of OpenBLAS but the first that ever did."""
    list(threads.map_in_order(str, [1, 2]))  # this one
    seen = []

    def elsewhere():
        calls = threads.map_in_order(lambda item: blas_threads(), [1, 2])
        seen.extend(calls)
        seen.append(blas_threads())

    with threadpool_limits(2, user_api="blas"):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        begun_here = threads.map_in_order(str, [1, 2])
        next(begun_here)
        thread = threading.Thread(target=lambda: list(begun_here))  # and ends there
        thread.start()
        thread.join()
        assert seen == [{1}, {1}, {2}] and blas_threads() == {2}


def test_a_map_within_a_map_waits_for_nobody():
    threads.set_threads(2)
    sums = threads.map_in_order(
        lambda item: sum(threads.map_in_order(lambda each: each * item, [1, 2, 3])), [1, 2, 3, 4]
    )
    assert list(sums) == [6, 12, 18, 24]


@pytest.mark.parametrize("items", [[0], [0, 1]])
def test_whoever_is_idle_helps_with_the_pieces(items):
    """Of a single item, or of the last one: a barrier that only two threads together can pass."""
    threads.set_threads(2)
    together = threading.Barrier(2)

    def work(item):
        if item < len(items) - 1:
            return
        time.sleep(0.05)  # until all other items are done
        threads.do_pieces(lambda piece: together.wait(timeout=20), [0, 1])

    list(threads.map_in_order(work, items))
    assert not together.broken


def test_helpers_follow_what_the_caller_has_set():
    threads.set_threads(2)
    together = threading.Barrier(2)

    def work(item):
        together.wait(timeout=20)
        return np.geterr()["over"]

    with np.errstate(over="ignore"):
        assert list(threads.map_in_order(work, [0, 1])) == ["ignore", "ignore"]
    assert list(threads.map_in_order(work, [0, 1])) == [np.geterr()["over"]] * 2


def test_pieces_that_are_not_worth_it_stay_with_the_caller():
    threads.set_threads(2)
    found = list(threads.pieces_in_order(lambda piece: threading.get_ident(), range(20), worth=False))
    assert found == [threading.get_ident()] * 20


def test_ctrl_c_in_the_caller_ends_a_map_at_once():
    threads.set_threads(2)
    done = []

    def work(item):
        if threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        done.append(item)
        time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        list(threads.map_in_order(work, range(1000)))
    time.sleep(0.05)
    assert len(done) < 900 and list(threads.map_in_order(abs, [-1, -2])) == [1, 2]


def test_ctrl_c_waits_for_the_items_that_others_have_begun():
    """They may be writing into memory that the caller's next call would use."""
    threads.set_threads(2)
    begun, done = threading.Event(), []

    def work(item):
        if threading.current_thread() is threading.main_thread():
            assert begun.wait(timeout=20)
            raise KeyboardInterrupt
        begun.set()
        time.sleep(0.2)
        done.append(item)

    with pytest.raises(KeyboardInterrupt):
        list(threads.map_in_order(work, [0, 1]))
    assert len(done) == 1
    calls = threads.map_in_order(lambda item: time.sleep(0.2 * item) or done.append(item), [0, 1])
    next(calls)
    calls.close()  # the second one may have been begun
    assert threads._shared == [] and len(threads._inside) == 0


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, StopIteration])
@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("where", ["map_in_order", "pieces_in_order"])
def test_odd_errors_arrive(error, count, where):
    """In whichever thread: the caller gets them and does not wait for ever, and the next map has its helper."""
    threads.set_threads(count)
    for last in (False, True):

        def work(item, last=last):
            time.sleep(0.01)
            if item == 5 or (last and threading.current_thread() is not threading.main_thread()):
                raise error

        with pytest.raises(RuntimeError if error is StopIteration else error):
            list(getattr(threads, where)(work, range(6)))
    if count == 2:
        together = threading.Barrier(2)
        threads.do_pieces(lambda piece: together.wait(timeout=20), [0, 1])


def test_a_map_that_is_given_up_by_its_own_helper():
    """As the garbage collector may do it, in any thread."""
    threads.set_threads(2)
    found, begun = [], threading.Event()

    def work(item):
        if threading.current_thread() is not threading.main_thread():
            begun.set()
            time.sleep(0.1)
            found[0].close()
        return item

    found.append(threads.map_in_order(work, [0, 1, 2, 3]))
    assert next(found[0]) == 0 and begun.wait(timeout=20)
    time.sleep(0.3)
    together = threading.Barrier(2)
    threads.do_pieces(lambda piece: together.wait(timeout=20), [0, 1])


def test_no_more_threads_are_started_than_there_are_items():
    threads.set_threads(10_000)
    assert list(threads.map_in_order(abs, [-1, -2, -3])) == [1, 2, 3]
    assert threading.active_count() < 100


def test_an_item_that_is_gone_when_a_helper_looks():
    """Another thread may take the last one between two lines: nobody dies of it, and the next map has its helper."""
    threads.set_threads(2)
    for _ in range(300):
        assert list(threads.map_in_order(abs, [-1, -2])) == [1, 2]
    together = threading.Barrier(2)
    threads.do_pieces(lambda piece: together.wait(timeout=20), [0, 1])


def test_an_operation_by_itself_gives_the_same_bits(rng):
    """Also without a map around it, where NumPy's BLAS has several threads of its own."""
    x = rng.standard_normal((5, 27, 12, 16)).astype("float32")
    weight, found = rng.standard_normal((2, 2, 16, 31)).astype("float32"), []
    with threadpool_limits(2, user_api="blas"):
        for count in (1, 2, 3):
            threads.set_threads(count)
            y, cache = fast.conv_transpose2d(x, weight, stride=2)
            found.append([y, *fast.conv_transpose2d_backward(y, cache)[:2]])
        assert blas_threads() == {2}
    for arrays in found[1:]:
        for array, expected in zip(arrays, found[0], strict=True):
            np.testing.assert_array_equal(array, expected)


def test_ctrl_c_when_the_result_is_there_already(monkeypatch):
    class Late(threads.Future):
        def set_result(self, result):
            super().set_result(result)
            if threading.current_thread() is threading.main_thread():
                raise KeyboardInterrupt

    threads.set_threads(2)
    monkeypatch.setattr(threads, "Future", Late)
    with pytest.raises(KeyboardInterrupt):
        list(threads.map_in_order(lambda item: time.sleep(0.001), range(50)))
    assert threads._shared == [] and len(threads._inside) == 0


def test_the_number_may_change_while_others_compute():
    threads.set_threads(2)
    stop, failures = threading.Event(), []

    def compute():
        while not stop.is_set():
            try:
                assert list(threads.map_in_order(lambda item: item + 1, range(5))) == [1, 2, 3, 4, 5]
            except Exception as error:
                failures.append(error)

    callers = [threading.Thread(target=compute) for _ in range(3)]
    for caller in callers:
        caller.start()
    for number in range(60):
        threads.set_threads(2 + number % 2)
        time.sleep(0.005)
    list(threads.map_in_order(lambda item: threads.set_threads(2 + item), [0, 1]))  # from inside, too
    stop.set()
    for caller in callers:
        caller.join()
    assert failures == []


def test_the_library_called_from_several_threads(rng):
    net = UNet(3, 2, base=8, depth=2)
    params, x = net.init(rng), rng.standard_normal((12, 16, 16, 3)).astype("float32")
    expected, found = minunet.logits(net, params, x), []
    threads.set_threads(2)
    with threadpool_limits(2, user_api="blas"):
        callers = [threading.Thread(target=lambda: found.append(minunet.logits(net, params, x))) for _ in range(6)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert blas_threads() == {2}
    assert len(found) == 6
    for logits in found:
        np.testing.assert_array_equal(logits, expected)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="not on this system: it has no fork")
def test_a_forked_child_computes(tmp_path):
    """Of a process that has used its threads, as multiprocessing starts them on Linux."""
    script = """
import multiprocessing, sys
import numpy as np
import minunet

net = minunet.UNet(3, 2, 4, 2)
params, x = net.init(0), np.ones((16, 16, 16, 3), "float32")

def child(queue):
    queue.put(float(minunet.logits(net, params, x).sum()))

minunet.set_threads(2)
expected = float(minunet.logits(net, params, x).sum())
context = multiprocessing.get_context("fork")
queue = context.Queue()
process = context.Process(target=child, args=(queue,))
process.start()
sys.exit(queue.get(timeout=60) != expected)
"""
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], check=True, timeout=90, cwd=Path(threads.__file__).parents[1]
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="not on this system: it has no fork")
def test_a_child_of_one_of_the_threads_starts_its_own():
    script = """
import os, threading
from minunet import threads

def thread(_):
    return threading.get_ident()

def fork(item):
    child = os.fork()
    if not child:
        together = threading.Barrier(2)  # which the child's only thread cannot pass alone
        threads.do_pieces(lambda item: together.wait(timeout=20), [0, 1])
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

threads.set_threads(2)
assert list(threads.map_in_order(fork, [0, 1])) == [0, 0]
"""
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], check=True, timeout=90, cwd=Path(threads.__file__).parents[1]
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="not on this system: it has no fork")
def test_a_child_that_was_forked_inside_a_map_counts_from_0():
    script = """
import os, sys
from minunet import threads

threads.set_threads(2)
for _ in threads.map_in_order(abs, [0, 1]):
    child = os.fork()
    break
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
interval = sys.getswitchinterval()
inside = [sys.getswitchinterval() for _ in threads.map_in_order(abs, [0, 1])]
os._exit(max(inside) > interval / 2 or sys.getswitchinterval() != interval)
"""
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], check=True, timeout=90, cwd=Path(threads.__file__).parents[1]
    )


@pytest.mark.parametrize("number", [0, -1, 2.5, "2"])
def test_numbers_of_threads_that_are_none(number):
    with pytest.raises(InputError, match="whole number of at least 1"):
        threads.set_threads(number)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="not on this system: it has no fork")
def test_a_child_that_was_forked_while_weights_were_transformed():
    script = """
import os, signal
import numpy as np
from minunet import fast

kept, weight = fast.TransformedWeights(5), np.ones((3, 3, 32, 32), "float32")
with kept.lock:  # as a thread holds it that the child does not have
    child = os.fork()
    if not child:
        signal.alarm(20)
        os._exit(kept.transformed(weight, False).shape != (36, 32, 32))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], check=True, timeout=90, cwd=Path(threads.__file__).parents[1]
    )


@pytest.mark.parametrize(
    "script",
    [
        """
import json, time
from minunet import threads

threads.set_threads(2)
json.kept = threads.map_in_order(lambda item: time.sleep(0.3), range(6))  # never finished, when the interpreter ends
next(json.kept)
""",
        """
import os, signal, time
from minunet import threads

threads.set_threads(2)
calls = threads.map_in_order(lambda item: time.sleep(0.5), range(4))
next(calls)
time.sleep(0.1)
child = os.fork()
signal.alarm(20)
try:
    list(calls)
except RuntimeError as error:
    os._exit("forked child" not in str(error))
if not child:
    os._exit(2)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
""",
    ],
    ids=["the end of the interpreter", "a forked child"],
)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="not on this system: it has no fork")
def test_nobody_waits_for_threads_that_are_gone(script):
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], check=True, timeout=60, cwd=Path(threads.__file__).parents[1]
    )


def test_an_outer_map_comes_before_those_within_it():
    """Whoever helps takes the other items of the outer map, and only then pieces of the inner one, begun later."""
    threads.set_threads(2)
    order, first = [], []
    within, done = threading.Event(), threading.Event()

    def inner(piece):
        if threading.get_ident() != first[0]:
            order.append("inner")
            return
        within.set()  # the inner map is there to be helped with
        done.wait(60)  # until the other thread has had its choice often enough

    def outer(item):
        if item == 0:
            first.append(threading.get_ident())
            list(threads.map_in_order(inner, range(20)))
            return
        order.append("outer")
        within.wait(60)
        if item == 3:
            done.set()

    list(threads.map_in_order(outer, range(4)))
    assert order[:3] == ["outer"] * 3
