"""A run that stops goes on to the same bits, and nothing else is taken for a run."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from minunet.model.checkpoint import load_checkpoint, save_checkpoint
from minunet.train import __main__ as train
from minunet.train import presets
from tests.data.pictures import write_folder
from tests.model.texts import change_meta
from tests.train.runs import SMALL, assert_refused, assert_same_run, rows_of, stops_after

pytestmark = pytest.mark.usefixtures("small_cells_elsewhere")


@pytest.mark.parametrize("more", [{}, {"ema_decay": 0.9, "dropout": 0.5}, {"momentum": 0.9}])
@pytest.mark.parametrize("stop_after", [1, 3, 4, 5])
def test_resume_gives_the_bits_of_an_uninterrupted_run(monkeypatch, capsys, stop_after, more):
    """Stopped in the middle of an epoch, at its last step (3), and right after the first one of the next."""
    monkeypatch.setitem(presets.PRESETS, "cells", dataclasses.replace(presets.PRESETS["cells"], **more))
    options = [*SMALL, "--epochs", "3", "--batch-size", "4", "--seed", "5"]
    assert train.main([*options, "--out", "straight"]) == 0

    monkeypatch.setattr(train, "StopSignals", stops_after(stop_after))
    assert train.main([*options, "--out", "broken"]) == 130
    assert "-m minunet.train --resume broken" in capsys.readouterr().out
    assert not Path("broken/test.json").exists()
    assert Path("broken/progress.gif").exists() == (stop_after > 3)  # an epoch has 3 steps
    assert train.main(["--resume", "broken", "--device", "cpu"]) == 0
    assert f"after step {stop_after}" in capsys.readouterr().out
    assert_same_run(Path("straight"), Path("broken"))
    assert Path("straight/progress.gif").read_bytes() == Path("broken/progress.gif").read_bytes()


def test_what_computes_is_remembered(monkeypatch, capsys):
    """Other operations round otherwise: the command that goes on names them, and a change of them is said."""
    with monkeypatch.context() as patch:
        patch.setattr(train, "StopSignals", stops_after(1))
        assert train.main([*SMALL, "--epochs", "2", "--operations", "plain", "--out", "a"]) == 130
    assert "--resume a --operations plain" in capsys.readouterr().out
    shutil.copytree("a", "b")
    assert train.main(["--resume", "a", "--device", "cpu"]) == 0
    assert "began with plain operations and goes on with quick ones" in capsys.readouterr().out
    assert train.main(["--resume", "b", "--device", "cpu", "--operations", "plain"]) == 0
    assert "goes on with" not in capsys.readouterr().out


def test_curves_are_those_of_the_table_when_a_run_stops(monkeypatch):
    """They are drawn at ten epochs, and at the end, wherever that is."""
    drawn = []
    monkeypatch.setattr(train, "save_curves", lambda path, rows, classes, loss: drawn.append(len(rows)))
    monkeypatch.setattr(train, "StopSignals", stops_after(3 * 8 + 1))
    assert train.main([*SMALL, "--epochs", "30", "--batch-size", "4", "--out", "a"]) == 130
    assert drawn == [8] == [len(rows_of(Path("a")))]


def test_resume_takes_no_other_options(capsys):
    assert train.main([*SMALL, "--epochs", "1", "--out", "a"]) == 0
    capsys.readouterr()
    assert_refused(capsys, ["--resume", "a", "--epochs", "3", "--lr", "1"], "--epochs, --lr cannot be given")


def test_resuming_a_finished_run_changes_nothing():
    assert train.main([*SMALL, "--epochs", "1", "--out", "a"]) == 0
    before = (Path("a/last.npz").read_bytes(), Path("a/test.json").read_text())
    assert train.main(["--resume", "a", "--device", "cpu"]) == 0
    assert (Path("a/last.npz").read_bytes(), Path("a/test.json").read_text()) == before


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_asks_to_stop(sent):
    with (stopper := train.StopSignals()) as interrupted:
        assert not interrupted()
        signal.raise_signal(sent)
        assert interrupted() and stopper.number == sent


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])  # a run each; what they ask for is one thing
def test_ctrl_c_saves_first_and_loses_nothing(tmp_path, sent):
    """A real process, a real signal; then to the end, and the same bits as a run that nobody stopped.

    While it runs, nobody else can go on with it, or begin in its folder.
    """
    folder = write_folder(tmp_path / "mine", count=15)
    options = ["--data-dir", str(folder), *SMALL, "--epochs", "25", "--batch-size", "4"]
    environment = {**os.environ, "PYTHONPATH": str(Path(train.__file__).parents[2])}
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "minunet.train", *options, "--out", "broken"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not Path("broken/metrics.csv").exists():  # an epoch is done
        assert time.monotonic() < deadline and process.poll() is None, process.communicate()
        time.sleep(0.01)
    assert train.main(["--resume", "broken", "--device", "cpu"]) == 2
    process.send_signal(sent)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 128 + sent and "go on with" in out and "Traceback" not in err
    assert 0 < load_checkpoint(Path("broken/last.npz")).step < 25 * 3
    assert train.main(["--resume", "broken", "--device", "cpu"]) == 0
    assert train.main([*options, "--out", "straight"]) == 0
    assert_same_run(Path("straight"), Path("broken"))


def test_ctrl_c_before_the_first_step_is_no_traceback(monkeypatch, capsys):
    def interrupted(config, index):
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "load", interrupted)
    assert train.main(SMALL) == 130
    assert "stopped" in capsys.readouterr().err


@pytest.mark.parametrize("other", [["--base", "8"], ["--seed", "1"]])
def test_a_checkpoint_of_another_run(capsys, other):
    for name, options in (("a", []), ("b", other)):
        assert train.main([*SMALL, "--epochs", "1", "--out", name, *options]) == 0
    Path("b/last.npz").rename("a/last.npz")
    capsys.readouterr()
    assert_refused(capsys, ["--resume", "a", "--device", "cpu"], "a/last.npz belongs to another run than a/config.json")


def test_a_run_of_an_older_version_goes_on():
    """One that did not know a field yet, whose default is what it did."""
    assert train.main([*SMALL, "--epochs", "1"]) == 0
    run = Path("runs/cells")
    file = json.loads((run / "config.json").read_text())
    del file["config"]["dropout"]
    (run / "config.json").write_text(json.dumps(file))
    change_meta(run / "last.npz", lambda meta: meta["config"].pop("dropout"))
    assert train.main(["--resume", str(run), "--device", "cpu"]) == 0


def test_a_checkpoint_whose_parameters_are_of_another_network(capsys):
    for name, base in (("a", "4"), ("b", "8")):
        assert train.main([*SMALL, "--epochs", "1", "--out", name, "--base", base]) == 0
    checkpoint, other = (load_checkpoint(Path(name, "last.npz")) for name in "ab")
    checkpoint.params = other.params
    save_checkpoint(Path("a/last.npz"), checkpoint)
    capsys.readouterr()
    assert_refused(capsys, ["--resume", "a", "--device", "cpu"], "a/last.npz belongs to another network")


@pytest.mark.parametrize("more", [[], ["--set", "momentum=0.9"], ["--set", "ema_decay=0.9"]])
def test_a_checkpoint_that_cannot_go_on(capsys, more):
    "best.npz in the place of last.npz, and one that has lost or gained something."
    assert train.main([*SMALL, "--epochs", "1", "--out", "a", *more]) == 0
    whole = Path("a/last.npz").read_bytes()
    shutil.copy("a/best.npz", "a/last.npz")
    assert_refused(capsys, ["--resume", "a", "--device", "cpu"], "optimiser remembers|has no parameter")
    for part in ("optimizer", "average"):
        Path("a/last.npz").write_bytes(whole)
        checkpoint = load_checkpoint(Path("a/last.npz"))
        arrays = getattr(checkpoint, part)
        if arrays:
            arrays.pop(max(arrays))
            save_checkpoint(Path("a/last.npz"), checkpoint)
            assert_refused(capsys, ["--resume", "a", "--device", "cpu"], "optimiser remembers|has no parameter")
    for part, array in (
        ("optimizer", {"m.more": np.ones(3)}),
        ("optimizer", {"t": np.array(7)}),
        ("average", {"a": np.ones(3)}),
    ):
        Path("a/last.npz").write_bytes(whole)
        checkpoint = load_checkpoint(Path("a/last.npz"))
        if "t" in array and "t" not in checkpoint.optimizer:  # momentum does not count its steps
            continue
        getattr(checkpoint, part).update(array)
        save_checkpoint(Path("a/last.npz"), checkpoint)
        says = "optimiser remembers|the parameter a too many|a running mean of the weights, which this run"
        assert_refused(capsys, ["--resume", "a", "--device", "cpu"], says)
    for change in ({"step": 1.5}, {"step": -1}, {"rows": None}, {"rows": [1]}, {"seconds": "x"}, {"data": 3}):
        Path("a/last.npz").write_bytes(whole)
        change_meta(Path("a/last.npz"), lambda meta, change=change: meta.update(change))
        assert_refused(capsys, ["--resume", "a", "--device", "cpu"], "not a checkpoint of minunet, or it is damaged")


def rename(folder: Path) -> None:
    """The same pictures, another order: what was trained on would become the test."""
    for part, ending in (("images", "jpg"), ("masks", "png")):
        (folder / part / f"photo-0.{ending}").rename(folder / part / f"photo-95.{ending}")


def remove(folder: Path) -> None:
    (folder / "images" / "photo-0.jpg").unlink()


def repaint(folder: Path) -> None:
    path = folder / "masks" / "photo-0.png"
    Image.fromarray(np.eye(20, 16, dtype="uint8")).save(path)


@pytest.mark.parametrize("change", [rename, remove, repaint])
def test_data_that_have_changed(capsys, tmp_path, change):
    folder = write_folder(tmp_path / "mine", count=8)
    assert train.main(["--data-dir", str(folder), *SMALL, "--epochs", "1", "--out", "a"]) == 0
    change(folder)
    capsys.readouterr()
    assert_refused(capsys, ["--resume", "a", "--device", "cpu"], "The images are not those .* was trained on")


def test_a_damaged_configuration(capsys):
    assert train.main([*SMALL, "--epochs", "1", "--out", "a"]) == 0
    capsys.readouterr()
    for content in ("", "{}", "[1]", '{"config": {"preset": "cells"}}', '{"config": 3}'):
        Path("a/config.json").write_text(content)
        assert_refused(capsys, ["--resume", "a"], "a/config.json( cannot be read|: their configurations differ)")


def test_the_data_may_have_moved(tmp_path, capsys):
    folder = write_folder(tmp_path / "mine", count=6)
    assert train.main(["--data-dir", str(folder), *SMALL, "--epochs", "1", "--out", "a"]) == 0
    folder.rename(tmp_path / "moved")
    assert train.main(["--resume", "a", "--device", "cpu"]) == 2
    assert "say where they are: --data-dir DIR" in capsys.readouterr().err
    for where in (["--data-dir", "moved"], [], ["--data-dir", "moved"]):  # once is enough, and again does no harm
        assert train.main(["--resume", "a", *where, "--device", "cpu"]) == 0


def test_resume_takes_the_folder(capsys):
    assert train.main([*SMALL, "--epochs", "1"]) == 0
    assert_refused(capsys, ["--resume", "runs/cells/last.npz"], "takes the folder of a run, not a file: runs/cells")
