"""`--profile`: every second of a run has its place, and the innermost function that has one says which."""

import re
import sys
import time

import pytest

from minunet.gradient import loss_and_gradients
from minunet.train import __main__ as train
from minunet.train import loop, profile
from tests.train.runs import SMALL


def scoring():
    return helper(), computing()


def computing():
    return helper()


def helper():
    return profile._part(sys._getframe())


def test_the_innermost_function_counts(monkeypatch):
    monkeypatch.setattr(profile, "PARTS", {scoring.__code__: "scoring", computing.__code__: profile.STEPS})
    assert helper() == profile.REST
    assert scoring() == ("scoring", profile.STEPS)


def test_a_run_says_where_its_time_went(small_cells_elsewhere, monkeypatch, tmp_path, capsys):
    def slow(*arguments, **options):
        time.sleep(0.1)  # twenty looks
        return loss_and_gradients(*arguments, **options)

    monkeypatch.setattr(loop, "loss_and_gradients", slow)
    monkeypatch.setitem(profile.PARTS, slow.__code__, profile.STEPS)
    assert train.main([*SMALL, "--epochs", "1", "--profile", "--out", str(tmp_path / "run")]) == 0
    printed = capsys.readouterr().out
    seconds = parts(printed)
    whole, first = re.search(r"([0-9.]+) s; the first step began after ([0-9.]+) s", printed).groups()
    assert list(seconds) == [profile.STARTING, *profile.FUNCTIONS, profile.REST]
    assert sum(seconds.values()) == pytest.approx(float(whole), abs=0.1)
    assert seconds[profile.STEPS] >= 0.1 and 0 < float(first) < float(whole)

    assert train.main(["--profile", "--resume", str(tmp_path / "run")]) == 0  # only the test is left
    printed = capsys.readouterr().out
    assert parts(printed)[profile.STEPS] == 0 and "first step" not in printed


def test_an_error_speaks_alone(tmp_path, capsys):
    (tmp_path / "images").mkdir()
    assert train.main(["--profile", "--data-dir", str(tmp_path), "--out", str(tmp_path / "run")]) == 2
    printed = capsys.readouterr()
    assert profile.STARTING not in printed.out and printed.err.startswith("minunet: ")


def parts(printed):
    """The seconds of each part, as they were printed."""
    rows = re.findall(r"^  (.*?) +([0-9.]+) s +[0-9.]+%$", printed, flags=re.MULTILINE)
    return {name: float(seconds) for name, seconds in rows}
