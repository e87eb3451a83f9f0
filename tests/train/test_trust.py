"""What a training says, and what it never does: lose work, go on with damaged numbers, keep quiet about a failure."""

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
from PIL import Image

from minunet import InputError, UNet
from minunet.data.cells import make_cells
from minunet.model import load_model
from minunet.model.archive import read_archive, write_archive
from minunet.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint, save_weights
from minunet.train import __main__ as train
from minunet.train import listeners as listening
from minunet.train import loop, presets
from minunet.train import score as scoring
from minunet.train.numerics import finite, finite_square, first_not_finite
from minunet.train.presets import PRESETS
from minunet.train.remarks import remarks, shares
from minunet.train.score import score
from tests.data.pictures import write_folder
from tests.model.texts import change_meta

SMALL = ["--size", "16", "--base", "4", "--depth", "2", "--device", "cpu"]


@pytest.fixture(autouse=True)
def _small_and_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(presets, "make_cells", lambda count, size, rng: make_cells(min(count, 12), size, rng))


# Numbers that are not finite


@pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered:RuntimeWarning")
@pytest.mark.parametrize("norm", [None, "group"])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_the_first_layer_whose_numbers_are_not_finite_is_named(rng, padding, norm):
    net = UNet(3, 2, base=2, depth=3, padding=padding, norm=norm)
    params = net.init(rng)
    size = 44 if padding == "valid" else 16
    images = rng.standard_normal((3, size, size, 3)).astype("float32")
    labels = np.zeros((3, *net.output_size(size, size)), "int64")
    batch = {"images": images, "labels": labels}
    assert first_not_finite(net, params, batch) == ""
    assert first_not_finite(net, {**params, "out.bias": params["out.bias"] * np.nan}, batch) == "the weights out.bias"
    for step in ("down1.conv2", "up1.conv_transpose"):
        large = {**params, f"{step}.weight": np.full_like(params[f"{step}.weight"], 3e38)}
        assert first_not_finite(net, large, batch) == step
    spoilt = {"images": images.copy(), "labels": labels}
    spoilt["images"][2, 5, 5, 0] = np.inf  # only in the last image
    assert first_not_finite(net, params, spoilt) == "input.conv1"


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_finite():
    assert finite(np.full(100, 3e38, "float32"))  # whose sum is not
    assert finite(np.arange(5.0)) and finite(np.zeros(0))
    for number in (np.nan, np.inf, -np.inf):
        assert not finite(np.array([1, number, 2]))
    assert not finite(np.array([np.inf, -np.inf]))


def test_a_gradient_that_is_not_finite_ends_the_run_before_the_step(monkeypatch, capsys):
    original = loop.loss_and_gradients
    calls = []

    def third_is_spoilt(net, params, images, labels, **more):
        loss, grads = original(net, params, images, labels, **more)
        calls.append(1)
        if len(calls) == 3:
            grads["down1.conv1.weight"][0, 0, 0, 0] = np.nan
        return loss, grads

    monkeypatch.setattr(loop, "loss_and_gradients", third_is_spoilt)
    options = ["--batch-size", "5", "--epochs", "2", "--out", "a"]
    assert train.main([*SMALL, *options]) == 2
    assert (
        "A gradient, or its square, is not finite at step 3 (epoch 1): training has diverged" in capsys.readouterr().err
    )
    assert not Path("a/best.npz").exists()


# Checkpoints


def stopped_in_the_second_epoch(monkeypatch, *options: str) -> None:
    steps = itertools.count(1)

    class Stops(train.CtrlC):
        def __enter__(self):
            super().__enter__()
            return lambda: next(steps) == 4

    with monkeypatch.context() as patch:
        patch.setattr(train, "CtrlC", Stops)
        assert train.main([*SMALL, "--batch-size", "5", "--epochs", "2", *options]) == 130


def test_best_weights_of_another_run_are_not_tested_as_this_runs(capsys, monkeypatch):
    for seed in ("0", "1"):
        stopped_in_the_second_epoch(monkeypatch, "--seed", seed, "--out", seed)
    shutil.copy("0/best.npz", "1/best.npz")
    assert train.main(["--resume", "1", "--device", "cpu"]) == 2
    assert "best.npz holds weights of another run than 1/last.npz, which still predicts" in capsys.readouterr().err
    Path("1/best.npz").unlink()
    assert train.main(["--resume", "1", "--device", "cpu"]) == 2
    assert "best.npz is gone, and with it the best epoch" in capsys.readouterr().err


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


def test_best_weights_in_the_place_of_the_last(capsys):
    assert train.main([*SMALL, "--epochs", "1", "--out", "a"]) == 0
    shutil.copy("a/best.npz", "a/last.npz")
    assert train.main(["--resume", "a", "--device", "cpu"]) == 2
    assert "this is no last.npz of a run" in capsys.readouterr().err


def test_weights_of_whole_numbers_are_refused(tmp_path):
    assert train.main([*SMALL, "--epochs", "1", "--out", "a"]) == 0
    meta, arrays = read_archive(Path("a/best.npz"))
    write_archive(Path("b.npz"), meta, {name: (array * 9).astype("int8") for name, array in arrays.items()})
    with pytest.raises(InputError, match="are not finite float32 numbers"):
        load_model("b.npz")
    name = "input.conv1.weight"
    arrays[f"params8/{name}"], arrays[f"scale/{name}"] = arrays.pop(f"params/{name}"), np.ones(4, "float32")
    write_archive(Path("c.npz"), meta, arrays)
    with pytest.raises(InputError, match="is not a checkpoint"):
        load_model("c.npz")


@pytest.mark.parametrize("name", ["\x1b]0;title\x07", "two\nlines", "\u202eback"])
def test_the_name_of_a_class_cannot_move_the_cursor(name):
    assert train.main([*SMALL, "--epochs", "1", "--out", "a"]) == 0
    meta, arrays = read_archive(Path("a/best.npz"))
    rows = [{key.replace("iou_cell", f"iou_{name}"): value for key, value in row.items()} for row in meta["rows"]]
    classes = [name if each == "cell" else each for each in meta["classes"]]
    write_archive(Path("b.npz"), {**meta, "classes": classes, "rows": rows}, arrays)
    with pytest.raises(InputError, match="the name of a class cannot be shown: '"):
        load_model("b.npz")


# Work that is not lost


def failing(number: int):
    """A function that fails as a full disk does, the first time that it is asked for this file."""

    def fail(*arguments, **options):
        raise OSError(number, os.strerror(number), "a/metrics.csv")

    return fail


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


def test_a_run_whose_folder_is_gone_says_that_nothing_is_saved(monkeypatch, capsys):
    whole = listening.write

    def gone(folder, run):
        shutil.rmtree(folder)
        whole(folder, run)

    monkeypatch.setattr(listening, "write", gone)
    assert train.main([*SMALL, "--epochs", "1", "--out", "a"]) == 2
    assert ": No such file or directory. Nothing of the run is saved" in capsys.readouterr().err


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


# What is said


def test_the_classes_and_their_parts_are_said_at_the_start(capsys):
    assert train.main([*SMALL, "--epochs", "1"]) == 0
    printed = capsys.readouterr().out
    assert "3 classes, by their part of the pixels: background " in printed
    labels = [np.array([[0, 1], [1, 2]]), np.array([[1, 1]])]
    np.testing.assert_allclose(shares(labels, 4), [1 / 6, 4 / 6, 1 / 6, 0])


def test_remarks():
    names = ("ground", "cell", "rim")
    assert remarks(np.diag([5, 4, 3]), names) == []
    (said,) = remarks(np.array([[900, 0, 0], [90, 0, 0], [9, 0, 0]]), names)
    assert said.startswith("Every pixel is predicted as 'ground'") and "--set class_weight=[1,3,10]" in said
    (said,) = remarks(np.array([[900, 10, 0], [10, 80, 0], [9, 0, 0]]), names)
    assert said.startswith("Never predicted: rim.") and "--set class_weight=[1,3,10]" in said
    (said,) = remarks(np.array([[900, 10, 0], [10, 80, 0], [0, 0, 0]]), names)
    assert said == "No test image shows rim: this test says nothing about them."
    (said,) = remarks(np.array([[900, 0, 0], [0, 0, 0], [0, 0, 0]]), names)  # nothing else was there
    assert said.startswith("No test image shows cell, rim")


def test_a_class_that_is_never_predicted_is_said(tmp_path, capsys):
    folder = write_folder(tmp_path / "d", count=8, size=(32, 32))
    for path in (folder / "masks").iterdir():
        mask = np.zeros((32, 32), "uint8")
        mask[9, 9] = 1
        Image.fromarray(mask).save(path)
    options = ["--data-dir", str(folder), "--size", "32", "--base", "2", "--depth", "2"]
    assert (
        train.main(
            [*options, "--device", "cpu", "--epochs", "30", "--lr", "0.02", "--set", "class_weight=[1,0.000001]"]
        )
        == 0
    )
    assert "Every pixel is predicted as 'class 0': nothing useful was learnt." in capsys.readouterr().out


def test_names_that_are_not_utf8_and_names_with_dollars(tmp_path, capsys):
    folder = write_folder(tmp_path / "d", count=4)
    for part in ("images", "masks"):
        for number, path in enumerate(sorted((folder / part).iterdir())):
            path.rename(folder / part / os.fsdecode(b"caf\xe9-%d%s" % (number, path.suffix.encode())))
    (folder / "classes.txt").write_text("0 a $5\\frac$ note\n1 $x$ and _ $\n")
    assert train.main(["--data-dir", str(folder), *SMALL, "--epochs", "1", "--out", "a"]) == 0
    assert "could not be drawn" not in capsys.readouterr().err
    assert {"curves.png", "predictions.png", "progress.gif", "test.json"} <= {path.name for path in Path("a").iterdir()}


@pytest.mark.parametrize("classes", [255, 256])
def test_as_many_classes_as_a_byte_has(tmp_path, capsys, classes):
    folder = write_folder(tmp_path / "d", count=4, size=(32, 32))
    for path in (folder / "masks").iterdir():
        Image.fromarray((np.arange(32 * 32) % classes).reshape(32, 32).astype("uint8")).save(path)
    (folder / "classes.txt").write_text("".join(f"{value} name{value}\n" for value in range(classes)))
    options = ["--data-dir", str(folder), *SMALL[:4], "--depth", "2", "--device", "cpu", "--size", "32"]
    assert train.main([*options, "--epochs", "1", "--out", "a"]) == 0
    assert "could not be drawn" not in capsys.readouterr().err and Path("a/progress.gif").exists()


def test_a_name_of_a_class_that_cannot_be_shown(tmp_path, capsys):
    folder = write_folder(tmp_path / "d")
    (folder / "classes.txt").write_text("0 ground\n1 a\x1b[31m\n")
    assert train.main(["--data-dir", str(folder), *SMALL]) == 2
    error = capsys.readouterr().err
    assert "names a class by what cannot be shown" in error and "\x1b" not in error


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


def test_a_test_whose_loss_is_no_number_is_no_traceback(monkeypatch, capsys):
    monkeypatch.setattr(scoring, "score", lambda model, data, tta=False: score(model, data, tta)._replace(loss=np.nan))
    assert train.main([*SMALL, "--epochs", "1"]) == 2
    assert "The loss on the test images is nan: training has diverged" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change",
    [
        lambda meta: meta.update(loss_sum=10**400),
        lambda meta: meta.update(loss_sum=float("nan")),
        lambda meta: meta.update(seconds=float("inf")),
        lambda meta: meta.update(classes=meta["classes"][::-1]),
        lambda meta: meta.update(seconds=10**400),
        lambda meta: meta.update(step=10**6),
        lambda meta: meta.update(step=2),
        lambda meta: meta["rows"][0].update(epoch=2),
        lambda meta: meta["rows"][0].update(val_loss=10**400),
        lambda meta: meta.update(rows=[]),
    ],
)
def test_a_crafted_text_is_refused(monkeypatch, capsys, change):
    stopped_in_the_second_epoch(monkeypatch, "--out", "a")
    change_meta(Path("a/last.npz"), change)
    assert train.main(["--resume", "a", "--device", "cpu"]) == 2
    error = capsys.readouterr().err
    assert "damaged" in error or "does not belong to its weights" in error or "config" in error


@pytest.mark.parametrize("dtype", ["float64", "int8", "complex64", "bool"])
def test_an_optimiser_of_other_numbers_is_refused(monkeypatch, capsys, dtype):
    stopped_in_the_second_epoch(monkeypatch, "--out", "a")
    checkpoint = load_checkpoint(Path("a/last.npz"))
    name = "m.out.weight"
    checkpoint.optimizer[name] = checkpoint.optimizer[name].astype(dtype)
    save_checkpoint(Path("a/last.npz"), checkpoint)
    assert train.main(["--resume", "a", "--device", "cpu"]) == 2
    checkpoint.optimizer[name] = np.full_like(checkpoint.optimizer[name], np.inf, dtype="float32")
    save_checkpoint(Path("a/last.npz"), checkpoint)
    assert train.main(["--resume", "a", "--device", "cpu"]) == 2
    assert capsys.readouterr().err.count("does not belong to its weights") == 2


def test_scales_of_another_shape_cannot_fill_the_memory(tmp_path):
    assert train.main([*SMALL, "--epochs", "1", "--out", "a"]) == 0
    meta, arrays = read_archive(Path("a/best.npz"))
    name = "input.conv1.weight"
    del arrays[f"params/{name}"]
    rng = np.random.default_rng(0)
    arrays[f"params8/{name}"] = rng.integers(-9, 9, (10**6, 1)).astype("int8")
    arrays[f"scale/{name}"] = rng.random(10**6).astype("float32")
    write_archive(Path("b.npz"), meta, arrays)
    with pytest.raises(InputError, match="is not a checkpoint"):
        load_model("b.npz")


@pytest.mark.parametrize("classes", [["a", "a", "b"], ["a", " ", "b"], [f"{number}" for number in range(300)]])
def test_classes_that_make_no_sense(tmp_path, classes):
    config = PRESETS["cells"]
    save_weights(tmp_path / "a.npz", Checkpoint(config, tuple(classes), {}))
    with pytest.raises(InputError, match="names 3 classes|names 300 classes|does not say which classes"):
        load_checkpoint(tmp_path / "a.npz")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="not on this system: it has no pipes with names")
def test_a_pipe_in_the_place_of_a_file_does_not_hang(tmp_path, capsys):
    Path("a").mkdir()
    os.mkfifo("a/last.npz")
    assert train.main(["--resume", "a", "--device", "cpu"]) == 2
    Path("b").mkdir()
    os.mkfifo("b/config.json")
    assert train.main([*SMALL, "--out", "b"]) == 2
    assert "is not a checkpoint" in (error := capsys.readouterr().err) and "holds something already" in error


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


def test_a_square_that_is_not_finite_ends_the_run():
    assert not finite_square(np.full(4, 2e19, "float32")) and finite_square(np.full(4, 1e18, "float32"))
    for number in (np.nan, np.inf):
        assert not finite_square(np.array([1, number]))


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("t", np.uint8(4)),
        ("t", np.complex64(4)),
        ("other", np.int64(1)),
        ("a", np.str_("x")),
        ("v.out.bias", np.zeros(0, "float32")),
    ],
)
def test_a_crafted_optimiser_is_refused(monkeypatch, capsys, name, array):
    stopped_in_the_second_epoch(monkeypatch, "--out", "a")
    checkpoint = load_checkpoint(Path("a/last.npz"))
    checkpoint.optimizer[name] = np.asarray(array)
    save_checkpoint(Path("a/last.npz"), checkpoint)
    assert train.main(["--resume", "a", "--device", "cpu"]) == 2
    assert "does not belong to its weights" in capsys.readouterr().err


def test_a_negative_square_is_refused(monkeypatch, capsys):
    stopped_in_the_second_epoch(monkeypatch, "--out", "a")
    checkpoint = load_checkpoint(Path("a/last.npz"))
    checkpoint.optimizer["v.out.bias"][0] = -1
    save_checkpoint(Path("a/last.npz"), checkpoint)
    assert train.main(["--resume", "a", "--device", "cpu"]) == 2
    assert "does not belong to its weights" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered:RuntimeWarning")
def test_what_is_written_can_be_read(capsys):
    """A loss that is finite and very large, too."""
    options = ["--base", "1", "--depth", "1", "--batch-size", "20", "--epochs", "3", "--lr", "1e7", "--out", "a"]
    train.main(["--size", "32", "--device", "cpu", "--set", "count=20", *options])
    assert "damaged" not in capsys.readouterr().err
    assert load_checkpoint(Path("a/last.npz")).rows == [] or load_checkpoint(Path("a/best.npz")).epoch > 0


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


def test_a_pipe_in_the_place_of_a_text_or_a_frame_does_not_hang(monkeypatch, capsys):
    stopped_in_the_second_epoch(monkeypatch, "--out", "a")
    Path("a/progress/00002.png").unlink(missing_ok=True)
    os.mkfifo("a/progress/00003.png")
    assert train.main(["--resume", "a", "--device", "cpu"]) == 0
    Path("a/config.json").unlink()
    os.mkfifo("a/config.json")
    assert train.main(["--resume", "a", "--device", "cpu"]) == 2
    assert "config.json cannot be read" in capsys.readouterr().err
