"""The benchmark on a GPU; on the stand-in, everything but the figures."""

from __future__ import annotations

import json
import math

import pytest

from minunet.bench import __main__ as command
from minunet.bench import gpu as bench_gpu
from minunet.bench.networks import Task
from tests import cupy_on_cpu

TINY = Task("seed", 8, 2, "valid", 2, 24)
ASKED = Task("seed-inference", 8, 2, "valid", 2, 24, train=False)


@pytest.fixture
def tiny(gpu, monkeypatch):
    monkeypatch.setattr(bench_gpu, "TASKS", {"seed": TINY, "seed-inference": ASKED})
    if cupy_on_cpu.in_use():  # as if the GPU of PyTorch were the CPU: its numbers are real, its times are not
        monkeypatch.setattr(bench_gpu, "torch_gpu_problem", lambda: None)
        torch = bench_gpu.Torch
        monkeypatch.setattr(bench_gpu, "Torch", lambda *args, device, **kwargs: torch(*args, device="cpu", **kwargs))


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
    assert exact < 1e-3 < rounded or not cupy_on_cpu.in_use()  # TF32 was really asked for


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
        (["--layers"], "are for the CPU"),
        (["--task", "small"], "On a GPU the tasks are seed, seed-inference, not small"),
    ],
)
def test_bad_input(tiny, capsys, options, says):
    assert command.main(["--device", "gpu", *options]) == 2
    assert says in capsys.readouterr().err
