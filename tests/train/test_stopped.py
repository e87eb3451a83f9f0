"""A run that is stopped, killed or cannot write loses nothing, and says how to go on."""

import errno
import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from minunet.model.checkpoint import load_checkpoint
from minunet.train import __main__ as train
from minunet.train import listeners as listening
from minunet.train import loop
from minunet.train.stopping import StopSignals
from tests.data.pictures import write_folder
from tests.train.runs import SMALL, stopped_in_the_second_epoch

pytestmark = pytest.mark.usefixtures("small_cells_elsewhere")


def failing(number: int):
    """A function that fails as a full disk does, the first time that it is asked for this file."""

    def fail(*arguments, **options):
        raise OSError(number, os.strerror(number), "a/metrics.csv")

    return fail


@pytest.mark.parametrize("epoch", [1, 2])
def test_a_run_killed_between_its_files_goes_on_with_its_best_weights(monkeypatch, epoch):
    """The epoch is saved before anybody is told; what they would have written is written when the run goes on."""
    assert train.main([*SMALL, "--epochs", "2", "--out", "a"]) == 0
    whole = listening.write

    def killed(folder, run):
        if run.epoch == epoch:
            raise KeyboardInterrupt
        whole(folder, run)

    with monkeypatch.context() as patch:
        patch.setattr(listening, "write", killed)
        assert train.main([*SMALL, "--epochs", "2", "--out", "b"]) == 130
    Path("b/.0123abcd.unfinished").write_bytes(b"half of it")
    os.utime("b/.0123abcd.unfinished", (0, 0))
    assert load_checkpoint(Path("b/last.npz")).epoch == epoch
    assert train.main(["--resume", "b", "--device", "cpu"]) == 0
    assert Path("a/test.json").read_text() == Path("b/test.json").read_text()
    best, other = (load_checkpoint(Path(run, "best.npz")) for run in ("a", "b"))
    assert all(np.array_equal(array, other.params[name]) for name, array in best.params.items())
    assert not list(Path("b").glob("*.unfinished"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.ENOENT, errno.EDQUOT, errno.EACCES])
def test_what_cannot_be_written_is_said_and_how_to_go_on(monkeypatch, capsys, number):
    whole = listening.write
    monkeypatch.setattr(
        listening, "write", lambda folder, run: (failing(number) if run.epoch == 2 else whole)(folder, run)
    )
    assert train.main([*SMALL, "--epochs", "3", "--out", "a"]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error == (
        f"minunet: a/metrics.csv: {os.strerror(number)}. Epoch 2 is saved; when this is mended, go on with: "
        f"{sys.executable} -m minunet.train --resume a"
    )
    monkeypatch.setattr(listening, "write", whole)
    assert train.main(["--resume", "a", "--device", "cpu"]) == 0
    assert load_checkpoint(Path("a/last.npz")).epoch == 3


def test_a_run_whose_folder_is_gone_says_so(monkeypatch, capsys):
    whole = listening.write

    def gone(folder, run):
        shutil.rmtree(folder)
        whole(folder, run)

    monkeypatch.setattr(listening, "write", gone)
    assert train.main([*SMALL, "--epochs", "1", "--out", "a"]) == 2
    assert (
        ": No such file or directory. The folder of the run is gone; if it was moved, --resume goes on"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize("what", ["save_curves", "save_frame"])
def test_a_drawing_that_fails_is_told_and_training_goes_on(monkeypatch, capsys, what):
    def fail(*arguments):
        raise ValueError("no such font")

    monkeypatch.setattr(listening, what, fail)
    assert train.main([*SMALL, "--epochs", "2", "--out", "a"]) == 0
    error = capsys.readouterr().err
    where = {"save_curves": "a/curves.png", "save_frame": "a/progress"}[what]
    assert f"minunet: {where} could not be drawn: no such font" in error
    assert Path("a/test.json").exists() and Path("a/best.npz").exists()


def test_matplotlib_that_cannot_write_its_own_files_ends_no_training(monkeypatch, capsys):
    """As in a container whose only folder that can be written to is that of the run."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert train.main([*SMALL, "--epochs", "1", "--out", "a"]) == 0
    error = capsys.readouterr().err
    assert "a/curves.png could not be drawn" in error and "a/predictions.png could not be drawn" in error
    assert Path("a/test.json").exists() and Path("a/progress.gif").exists()


def test_a_run_that_was_stopped_before_it_was_saved_can_be_begun_again(capsys):
    assert train.main([*SMALL, "--epochs", "1", "--out", "a"]) == 0
    for path in Path("a").iterdir():
        if path.name != "config.json":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    Path("a/last.npz.unfinished").write_bytes(b"half")
    assert train.main(["--resume", "a", "--device", "cpu"]) == 2
    assert "a was stopped before it was saved: begin anew with --out a" in capsys.readouterr().err
    assert train.main([*SMALL, "--epochs", "1", "--out", "a"]) == 0
    (Path("b")).mkdir()
    Path("b/config.json").write_text('{"mine": 1}')
    assert train.main([*SMALL, "--epochs", "1", "--out", "b"]) == 2
    assert "holds something already" in capsys.readouterr().err


def test_a_second_ctrl_c_during_a_save_is_no_traceback(monkeypatch, capsys):
    """Half of a zip file cannot be closed; what that raises is not what has happened."""
    whole = np.lib.format.write_array

    def interrupted(file, array, **options):
        whole(file, array[..., :1] if array.ndim else array, **options)
        if array.ndim == 4:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
        return

    saves = []
    original = loop.save_checkpoint

    def save(path, run):
        saves.append(path)
        with monkeypatch.context() as patch:
            patch.setattr(np.lib.format, "write_array", interrupted)
            original(path, run)

    monkeypatch.setattr(loop, "save_checkpoint", save)
    assert train.main([*SMALL, "--epochs", "1", "--out", "a"]) == 130
    assert saves and capsys.readouterr().err.endswith("minunet: stopped\n")
    assert load_checkpoint(Path("a/last.npz")).step == 0  # the one from before


def test_ctrl_c_while_the_last_epoch_is_scored_stops(monkeypatch, capsys):
    whole = loop.score

    def interrupted(*arguments):
        signal.raise_signal(signal.SIGINT)
        return whole(*arguments)

    monkeypatch.setattr(loop, "score", interrupted)
    assert train.main([*SMALL, "--epochs", "1", "--out", "a"]) == 130
    assert "stopped and saved; go on with" in capsys.readouterr().out and not Path("a/test.json").exists()
    monkeypatch.setattr(loop, "score", whole)
    assert train.main(["--resume", "a", "--device", "cpu"]) == 0


def test_ctrl_c_while_tensorboardx_is_imported_says_how_to_go_on(monkeypatch, capsys):
    class Slow:
        def find_spec(self, name, *arguments):
            if name == "tensorboardX":
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(train, "require_tensorboardx", lambda: None)
    for name in [name for name in sys.modules if name.split(".")[0] == "tensorboardX"]:
        monkeypatch.delitem(sys.modules, name)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "meta_path", [Slow(), *sys.meta_path])
        assert train.main([*SMALL, "--epochs", "1", "--tensorboard", "--out", "a"]) == 130
    assert "stopped and saved; go on with: " in capsys.readouterr().out
    assert train.main(["--resume", "a", "--device", "cpu"]) == 0


def test_ctrl_c_saves_although_nobody_reads_any_more(tmp_path):
    """Of `train | tee log` the reader is stopped, too, perhaps first."""
    script = """
import os, signal, sys
from minunet.train import __main__ as train, loop

made, steps = loop.make_batch, []

def interrupted(*arguments):
    steps.append(1)
    if len(steps) == 5:
        os.close(reader)
        os.dup2(writer, 2)
        os.kill(os.getpid(), signal.SIGINT)
    return made(*arguments)

reader, writer = os.pipe()
loop.make_batch = interrupted
sys.exit(train.main(sys.argv[1:]))
"""
    options = [
        "--set",
        "count=12",
        "--batch-size",
        "5",
        "--epochs",
        "9",
        "--threads",
        "1",
        "--out",
        str(tmp_path / "a"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(Path(train.__file__).parents[2])}
    command = [sys.executable, "-c", script, *SMALL, *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, env=environment, text=True)
    assert done.returncode == 130 and "stopped and saved" in done.stdout
    assert load_checkpoint(tmp_path / "a" / "last.npz").step == 5


def test_nothing_is_written_through_links(tmp_path, monkeypatch):
    stopped_in_the_second_epoch(monkeypatch, "--out", "a")
    (tmp_path / "elsewhere").mkdir()
    for name in ("curves.png", "predictions.png", "progress.gif", "metrics.csv", "test.json"):
        Path("a", name).unlink(missing_ok=True)
        Path("a", name).symlink_to(tmp_path / "elsewhere" / name)
    shutil.rmtree("a/progress")
    Path("a/progress").symlink_to(tmp_path / "elsewhere")
    assert train.main(["--resume", "a", "--device", "cpu"]) == 0
    assert not list((tmp_path / "elsewhere").iterdir())
    assert not any(
        Path("a", name).is_symlink() for name in ("curves.png", "predictions.png", "metrics.csv", "test.json")
    )


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # its file is never closed
def test_a_disk_that_takes_no_more_events_does_not_stop_a_run(monkeypatch, capsys):
    """The thread of tensorboardX ends with an error, and who waits for it waits for ever."""
    from tensorboardX import event_file_writer

    whole, calls = event_file_writer.EventsWriter.write_event, itertools.count(1)

    def full(*arguments):
        if next(calls) > 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return whole(*arguments)

    monkeypatch.setattr(event_file_writer.EventsWriter, "write_event", full)
    monkeypatch.setattr(threading, "excepthook", lambda error: None)
    assert train.main([*SMALL, "--epochs", "9", "--tensorboard", "--out", "a"]) == 0
    assert (
        capsys.readouterr().err.count("a/tensorboard is not whole: its thread has ended") == 1
        and Path("a/test.json").exists()
    )


def test_what_a_process_was_told_to_ignore_does_not_stop_it():
    """As `nohup` does, and a shell for what it starts in the background of a script."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopSignals() as asked:
            signal.raise_signal(signal.SIGHUP)
            assert not asked()
            signal.raise_signal(signal.SIGTERM)
            assert asked()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_files_of_another_run_are_not_written_over(capsys, tmp_path):
    """Two runs that differ only in their images; the last of one is copied into the folder of the other."""
    for name, size in (("a", (20, 16)), ("b", (16, 20))):
        folder = write_folder(tmp_path / f"data-{name}", size=size)
        assert train.main(["--data-dir", str(folder), *SMALL, "--epochs", "1", "--out", name]) == 0
    shutil.copy("b/last.npz", "a/last.npz")
    kept = {name: Path("a", name).read_bytes() for name in ("best.npz", "metrics.csv", "last.npz")}
    assert train.main(["--resume", "a", "--device", "cpu"]) == 2
    assert "best.npz holds weights of another run" in capsys.readouterr().err
    assert kept == {name: Path("a", name).read_bytes() for name in kept}


def test_a_bar_that_cannot_be_drawn_does_not_end_a_run(monkeypatch):
    """Its terminal is gone."""

    def gone(*arguments: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("minunet.train.epoch.tqdm.update", gone)
    assert train.main([*SMALL, "--epochs", "1", "--out", "a"]) == 0
