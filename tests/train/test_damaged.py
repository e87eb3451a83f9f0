"""Files of a run that are damaged, crafted or of another run are refused, and nothing waits for them."""

import dataclasses
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from minunet import InputError
from minunet.model import load_model
from minunet.model.archive import read_archive, write_archive
from minunet.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint, save_weights
from minunet.train import __main__ as train
from minunet.train.presets import PRESETS
from minunet.train.run_folder import check_best
from tests.model.texts import change_meta
from tests.train.runs import SMALL, stopped_in_the_second_epoch

pytestmark = pytest.mark.usefixtures("small_cells_elsewhere")


def test_best_weights_of_another_run_are_not_tested_as_this_runs(capsys, monkeypatch):
    for seed in ("0", "1"):
        stopped_in_the_second_epoch(monkeypatch, "--seed", seed, "--out", seed)
    shutil.copy("0/best.npz", "1/best.npz")
    assert train.main(["--resume", "1", "--device", "cpu"]) == 2
    assert "best.npz holds weights of another run than 1/last.npz. 1/last.npz still predicts" in capsys.readouterr().err
    Path("1/best.npz").unlink()
    assert train.main(["--resume", "1", "--device", "cpu"]) == 2
    assert "best.npz is gone, and with it the best epoch" in capsys.readouterr().err


def test_best_weights_of_another_epoch_are_not_tested_as_the_best():
    """As a copy of the folder has them that was begun while the run trained."""
    assert train.main([*SMALL, "--epochs", "4", "--out", "a"]) == 0
    run = load_checkpoint(Path("a/last.npz"))
    rows = [{**row, "mean_iou": iou} for row, iou in zip(run.rows, (0.1, 0.5, 0.3, 0.3), strict=True)]

    def check(best: int, last: int, **how: bool) -> None:
        save_weights(Path("a/best.npz"), dataclasses.replace(run, rows=rows[:best]))
        check_best(Path("a"), dataclasses.replace(run, rows=rows[:last]), **how)

    check(2, 4)
    check(1, 2, written=False)  # killed before the best weights were written, which comes next
    for best, last, how in ((1, 4, {}), (1, 2, {}), (1, 3, {"written": False})):
        with pytest.raises(InputError, match="a/best.npz is of epoch 1, but epoch 2 was the best, and is gone"):
            check(best, last, **how)
    for best, last in ((2, 0), (2, 1), (3, 1)):
        with pytest.raises(InputError, match=f"last.npz is of epoch {last}, and a/best.npz of epoch {best}: an older"):
            check(best, last)
    with pytest.raises(InputError, match="a/best.npz is of epoch 4, but epoch 2 was the best, and is gone"):
        check(4, 4)  # last.npz under its name


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


@pytest.mark.parametrize("classes", [["a", "a", "b"], ["a", " ", "b"], [f"{number}" for number in range(300)]])
def test_classes_that_make_no_sense(tmp_path, classes):
    config = PRESETS["cells"]
    save_weights(tmp_path / "a.npz", Checkpoint(config, tuple(classes), {}))
    with pytest.raises(InputError, match="names 3 classes|names 300 classes|does not say which classes"):
        load_checkpoint(tmp_path / "a.npz")


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


@pytest.mark.parametrize(
    "change",
    [
        lambda meta: meta.update(loss_sum=10**400),
        lambda meta: meta.update(loss_sum=float("nan")),
        lambda meta: meta.update(seconds=float("inf")),
        lambda meta: meta.update(blank=-1),
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


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="not on this system: it has no pipes with names")
def test_a_pipe_in_the_place_of_a_file_does_not_hang(tmp_path, capsys):
    Path("a").mkdir()
    os.mkfifo("a/last.npz")
    assert train.main(["--resume", "a", "--device", "cpu"]) == 2
    Path("b").mkdir()
    os.mkfifo("b/config.json")
    assert train.main([*SMALL, "--out", "b"]) == 2
    assert "is not a checkpoint" in (error := capsys.readouterr().err) and "holds something already" in error


def test_a_pipe_in_the_place_of_a_text_or_a_frame_does_not_hang(monkeypatch, capsys):
    stopped_in_the_second_epoch(monkeypatch, "--out", "a")
    Path("a/progress/00002.png").unlink(missing_ok=True)
    os.mkfifo("a/progress/00003.png")
    assert train.main(["--resume", "a", "--device", "cpu"]) == 0
    Path("a/config.json").unlink()
    os.mkfifo("a/config.json")
    assert train.main(["--resume", "a", "--device", "cpu"]) == 2
    assert "config.json cannot be read" in capsys.readouterr().err
