"""Batches reach the device whole and in order; numbers from it are read a step late."""

import numpy as np
import pytest

from minunet import backend
from minunet.gpu.upload import LateNumbers, batches_on
from tests import cupy_on_cpu, slow_gpu
from tests.conftest import NO_GPU


def prepare(step: int) -> dict[str, np.ndarray]:
    """Of another size from step to step, and not contiguous."""
    rng = np.random.default_rng(step)
    images = rng.standard_normal((2, 5 + step % 3, 4)).astype("float32")
    return {"images": images.swapaxes(0, 1), "labels": rng.integers(0, 9, (3, step % 4 + 1)), "one": np.uint8([step])}


@pytest.mark.parametrize("steps", [range(0), range(1), range(7, 9), range(3, 12)])
@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_batches_arrive(gpu, device, steps):
    number = 0
    for number, arrays in enumerate(batches_on(device, prepare, steps), start=1):
        expected = prepare(steps[number - 1])
        assert arrays.keys() == expected.keys()
        for name, array in arrays.items():
            assert (backend.array_module(array) is np) == (device == "cpu")
            np.testing.assert_array_equal(backend.to_numpy(array), expected[name], strict=True)
    assert number == len(steps)


def test_one_copy_a_batch_and_no_wait(gpu):
    if not cupy_on_cpu.in_use():
        pytest.skip(f"{NO_GPU}on a GPU, nobody counts")
    cupy_on_cpu.counts.clear()
    assert sum(1 for _ in batches_on("gpu", prepare, range(5))) == 5
    assert cupy_on_cpu.counts["upload"] == 5
    assert cupy_on_cpu.counts["wait"] == cupy_on_cpu.counts["download"] == 0
    assert cupy_on_cpu.counts["wait for an event"] == 5 + 2  # the second thread, for each copy, and once at the end


def test_an_error_in_the_other_thread_comes_through(gpu):
    def broken(step: int) -> dict[str, np.ndarray]:
        if step == 2:
            raise ValueError("no such image")
        return prepare(step)

    batches = batches_on("gpu", broken, range(5))
    next(batches), next(batches)
    with pytest.raises(ValueError, match="no such image"):
        next(batches)


@pytest.mark.parametrize(("device", "late"), [("cpu", 0), ("gpu", 1)])
def test_numbers_are_read_late(gpu, device, late):
    seen = []
    cupy_on_cpu.counts.clear()
    numbers = LateNumbers(device, lambda *each: seen.append(each))
    for step in range(3):
        numbers.add(backend.to_device(np.array(step, "float32"), device), f"step {step}")
        assert len(seen) == step + 1 - late
    numbers.finish()
    assert cupy_on_cpu.counts["wait"] == cupy_on_cpu.counts["download"] == 0
    assert seen == [(0.0, "step 0"), (1.0, "step 1"), (2.0, "step 2")]


# --- the order on a GPU that does everything as late as it may: see slow_gpu.py ---------------------------------


def numbered(step: int) -> dict[str, np.ndarray]:
    return {"images": np.full(300 + 300 * (step % 3), step, "float32"), "labels": np.full(5, step)}


def read_all(arrays: dict, step: int, wrong: list) -> None:
    """A kernel of this step: whatever it finds must be this step's."""
    for name, array in arrays.items():
        array.read_later(lambda found, name=name: wrong.append((step, name)) if (found != step).any() else None)


@pytest.mark.parametrize("copies_are_late", [False, True])
@pytest.mark.parametrize("epochs", [1, 3])
def test_every_step_reads_its_own_batch(monkeypatch, epochs, copies_are_late):
    """Nobody waits between the epochs: what the second one does must not reach what the first one still reads."""
    slow_gpu.install(monkeypatch)
    wrong: list = []
    for epoch in range(epochs):
        steps = range(6 * epoch, 6 * epoch + 6)
        for step, arrays in zip(steps, batches_on("gpu", numbered, steps), strict=True):
            read_all(arrays, step, wrong)
            if copies_are_late:
                slow_gpu.finish()  # the computation; the stream of the copies has done only what it had to
    slow_gpu.finish()
    assert wrong == []


def test_a_loop_that_is_left_leaves_no_copy_behind(monkeypatch):
    slow_gpu.install(monkeypatch)
    wrong: list = []
    for start in (0, 10, 20):
        batches = batches_on("gpu", numbered, range(start, start + 6))
        for step in range(start, start + 3):
            read_all(next(batches), step, wrong)
        batches.close()
    slow_gpu.finish()
    assert wrong == []


def test_late_numbers_are_the_computed_ones(monkeypatch):
    slow_gpu.install(monkeypatch)
    import cupy

    seen: list = []
    numbers = LateNumbers("gpu", lambda number, step: seen.append((number, step)))
    for step in range(4):
        loss = cupy.empty(4, "uint8").view("float32").reshape(())
        loss.write_later(step)
        numbers.add(loss, step)
    numbers.finish()
    assert seen == [(float(step), step) for step in range(4)]


def test_nothing_is_waited_for_but_what_must_be(monkeypatch):
    """When a batch is handed out, its copy need not have begun; the computation of the one before neither."""
    slow_gpu.install(monkeypatch)
    computed: list = []
    for step, arrays in zip(range(4), batches_on("gpu", numbered, range(4)), strict=True):
        read_all(arrays, step, [])
        slow_gpu.Event.null.tell(lambda step=step: computed.append(step))
        assert len(computed) <= max(0, step - 1)
    slow_gpu.finish()
    assert computed == [0, 1, 2, 3]
