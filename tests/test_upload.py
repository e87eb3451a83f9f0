"""Batches reach the device whole and in order; numbers from it are read a step late."""

from __future__ import annotations

import numpy as np
import pytest

from minunet import backend
from minunet.upload import LateNumbers, batches_on
from tests import cupy_on_cpu
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
