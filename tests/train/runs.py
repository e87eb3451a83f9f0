"""Small runs that the tests of this folder share."""

import csv
import itertools
import json
import re
from pathlib import Path

import numpy as np

from minunet.model.checkpoint import load_checkpoint
from minunet.train import __main__ as train

SMALL = ["--size", "16", "--base", "4", "--depth", "2", "--device", "cpu"]


def stops_after(step: int) -> type[train.StopSignals]:
    """In the place of StopSignals: it asks to stop after this step, as if somebody had pressed Ctrl-C just then."""
    steps = itertools.count(1)

    class Stops(train.StopSignals):
        def __enter__(self):
            super().__enter__()
            return lambda: next(steps) == step

    return Stops


def stopped_in_the_second_epoch(monkeypatch, *options: str) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(train, "StopSignals", stops_after(4))
        assert train.main([*SMALL, "--batch-size", "5", "--epochs", "2", *options]) == 130


def rows_of(run: Path) -> list[dict[str, str]]:
    """metrics.csv without the seconds, the only thing that differs between equal runs."""
    with open(run / "metrics.csv", newline="", encoding="utf-8") as file:
        return [{key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(file)]


def assert_same_run(one: Path, two: Path) -> None:
    assert rows_of(one) == rows_of(two)
    first, second = load_checkpoint(one / "last.npz"), load_checkpoint(two / "last.npz")
    for part in ("params", "optimizer", "average"):
        arrays, others = getattr(first, part), getattr(second, part)
        assert list(arrays) == list(others)
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, others[name], err_msg=name)
    assert json.loads((one / "test.json").read_text()) == json.loads((two / "test.json").read_text())


def assert_refused(capsys, arguments: list[str], says: str) -> None:
    """Exit status 2, one sentence, no traceback, and no run folder left behind."""
    before = set(Path.cwd().rglob("*"))
    assert train.main(arguments) == 2
    error = capsys.readouterr().err
    assert re.search(says, error), error
    lines = [line for line in error.splitlines() if line.startswith("minunet: ")]
    assert len(lines) == 1 and "Traceback" not in error
    assert set(Path.cwd().rglob("*")) == before
