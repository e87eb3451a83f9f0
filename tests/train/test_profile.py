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
    monkeypatch.setattr(profile, "PARTS", {scoring.__code__: "scoring", computing.__code__: profile.COMPUTING})
    assert helper() == profile.REST
    assert scoring() == ("scoring", profile.COMPUTING)


def test_a_run_says_where_its_time_went(small_cells_elsewhere, monkeypatch, tmp_path, capsys):
    def slow(*arguments, **options):
        time.sleep(0.1)  # twenty looks
        return loss_and_gradients(*arguments, **options)

    monkeypatch.setattr(loop, "loss_and_gradients", slow)
    monkeypatch.setitem(profile.PARTS, slow.__code__, profile.COMPUTING)
    assert train.main([*SMALL, "--epochs", "1", "--profile", "--out", str(tmp_path / "run")]) == 0
    printed = capsys.readouterr().out
    seconds = parts(printed)
    whole, first = re.search(r"([0-9.]+) s; the first step began after ([0-9.]+) s", printed).groups()
    assert set(seconds) == {profile.STARTING, *profile.FUNCTIONS, profile.REST}
    assert sum(seconds.values()) == pytest.approx(float(whole), abs=0.1)
    assert seconds[profile.COMPUTING] > 0 and 0 < float(first) < float(whole)


def test_it_speaks_after_an_error_too(tmp_path, capsys):
    """And without a step there is no first one."""
    (tmp_path / "images").mkdir()
    assert train.main(["--profile", "--data-dir", str(tmp_path), "--out", str(tmp_path / "run")]) == 2
    assert "first step" not in capsys.readouterr().out


@pytest.mark.parametrize("stat", [None, "1 (python) S", "1 (py) " + "x " * 30])
def test_a_system_that_does_not_say_when_the_process_began(monkeypatch, tmp_path, stat):
    if stat is not None:
        (tmp_path / "stat").write_text(stat)
    monkeypatch.setattr(profile, "STAT", tmp_path / "stat")
    assert profile._age() == 0


def parts(printed):
    """The seconds of each part, as they were printed."""
    rows = re.findall(r"^  (.*?) +([0-9.]+) s +[0-9.]+%$", printed, flags=re.MULTILINE)
    return {name: float(seconds) for name, seconds in rows}
