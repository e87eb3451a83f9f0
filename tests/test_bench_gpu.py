"""The benchmark on a GPU; on the stand-in, everything but the figures."""

import json
import math
import sys

import numpy as np
import pytest

from minunet.bench import __main__ as command
from minunet.bench import gpu as bench_gpu
from minunet.bench.networks import Task
from minunet.gpu import products
from tests import cupy_on_cpu
from tests.conftest import NO_GPU

TINY = Task("seed", 8, 2, "valid", 2, 24)
ASKED = Task("seed-inference", 8, 2, "valid", 2, 24, train=False)


@pytest.fixture
def tiny(gpu, monkeypatch):
    monkeypatch.setattr(bench_gpu, "TASKS", {"seed": TINY, "seed-inference": ASKED})
    if cupy_on_cpu.in_use():  # as if the GPU of PyTorch were the CPU: its numbers are real, its times are not
        monkeypatch.setattr(bench_gpu, "torch_gpu_problem", lambda: None)
        torch = bench_gpu.Torch

        def on_cpu(*args, device, **kwargs):
            assert device == "cuda"
            return torch(*args, device="cpu", **kwargs)

        monkeypatch.setattr(bench_gpu, "Torch", on_cpu)
    elif bench_gpu.torch_gpu_problem() is not None:
        pytest.skip(f"{NO_GPU}for PyTorch: {bench_gpu.torch_gpu_problem()}")


def test_the_table(tiny, capsys, tmp_path):
    assert command.main(["--device", "gpu", "--rounds", "5", "--json", str(tmp_path / "a.json")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[-4:]] == [
        [task, precision] for task in ("seed", "seed-inference") for precision in ("float32", "tf32")
    ]
    tasks = json.loads((tmp_path / "a.json").read_text())["tasks"]
    for row in tasks.values():
        assert row["agree"] and row["same_bits"] and row["ratio"] > 0
    exact, rounded = (tasks[f"seed, {precision}"]["gradient_difference"] for precision in ("float32", "tf32"))
    assert exact < rounded  # TF32 was really asked for
    assert exact < 1e-3 < rounded or not cupy_on_cpu.in_use()


def test_the_ratio_is_to_the_faster_format_and_precisions_are_set(tiny, monkeypatch):
    """Of times that are given; and of what PyTorch is told."""
    import torch

    told = []

    def alternate(runs, rounds, clock):
        told.append(
            (
                torch.backends.cudnn.allow_tf32,
                torch.backends.cuda.matmul.allow_tf32,
                products._math == products.TF32_MATH,
                torch.backends.cudnn.benchmark,
            )
        )
        seconds = {"minunet": 2.0, "contiguous": 4.0, "channels last": 3.0}
        return {name: np.full(rounds, seconds[name]) for name in runs}

    made = []
    monkeypatch.setattr(bench_gpu, "alternate", alternate)
    torch_side = bench_gpu.Torch
    monkeypatch.setattr(bench_gpu, "Torch", lambda *a, **k: made.append(k["channels_last"]) or torch_side(*a, **k))
    for precision in ("float32", "tf32"):
        row = bench_gpu.measure_gpu_task(TINY, precision, 5)
        assert row["format"] == "channels last" and row["ratio"] == pytest.approx(2 / 3)
        assert row["ms"] == pytest.approx({"minunet": 2000, "contiguous": 4000, "channels last": 3000})
    assert told == [(False, False, False, True), (True, True, True, True)]
    assert made == [False, True] * 2


def test_other_bits_are_a_failure(tiny, capsys, monkeypatch):
    monkeypatch.setattr(bench_gpu, "_same_bits", lambda side: False)
    assert command.main(["--device", "gpu", "--rounds", "5"]) == 1
    assert "NO" in capsys.readouterr().out


def test_time_is_that_between_two_events(tiny, monkeypatch):
    if not cupy_on_cpu.in_use():
        pytest.skip(f"{NO_GPU}on a GPU, time is what it is")
    order = []
    cuda = sys.modules["cupy"].cuda
    monkeypatch.setattr(cuda.Event, "record", lambda self, stream=None: order.append(self))
    monkeypatch.setattr(cuda, "get_elapsed_time", lambda start, end: 1e3 * (order.index(end) - order.index(start)))
    assert bench_gpu.seconds_on_gpu(lambda: order.append("run")) == 2.0


def test_a_profile(tiny, capsys):
    assert command.main(["--device", "gpu", "--profile", "--rounds", "5"]) == 0
    names = {
        line.rsplit(maxsplit=1)[0].strip() for line in capsys.readouterr().out.splitlines() if line.startswith("  ")
    }
    assert {"products, 3x3, y and dx", "products, dweight", "adam", "max_pool_backward", "frame", "rest"} <= names


def test_who_disagrees_is_not_timed(tiny, capsys, monkeypatch):
    monkeypatch.setattr(bench_gpu, "difference", lambda *sides: (0.0, math.nan))
    assert command.main(["--device", "gpu", "--rounds", "5"]) == 1
    assert "DO NOT AGREE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--layers"], "is for the CPU"),
        (["--task", "small"], "On a GPU the tasks are seed, seed-inference, not small"),
    ],
)
def test_bad_input(tiny, capsys, options, says):
    assert command.main(["--device", "gpu", *options]) == 2
    assert says in capsys.readouterr().err
