"""What a training says of its classes, at the start and when a class was not learnt."""

import itertools
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from minunet.model.checkpoint import Checkpoint
from minunet.model.config import Config
from minunet.train import __main__ as train
from minunet.train import epoch
from minunet.train.remarks import remarks, shares
from tests.data.pictures import write_folder
from tests.train.runs import SMALL

pytestmark = pytest.mark.usefixtures("small_cells_elsewhere")


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
    assert said.startswith("Every pixel is predicted as 'ground'") and "--class-weight balanced" in said
    (said,) = remarks(np.array([[900, 10, 0], [10, 80, 0], [9, 0, 0]]), names)
    assert said.startswith("Never predicted: rim.") and "--class-weight balanced" in said
    (said,) = remarks(np.array([[900, 10, 0], [10, 80, 0], [9, 0, 0]]), names, "dice")
    assert "more weight for what is rare: --loss both --class-weight balanced." in said
    (said,) = remarks(np.array([[900, 10, 0], [10, 80, 0], [0, 0, 0]]), names)
    assert said == "No test image shows rim, as it is scored: this test says nothing about that."
    (said,) = remarks(np.array([[900, 0, 0], [0, 0, 0], [0, 0, 0]]), names)  # nothing else was there
    assert said.startswith("No test image shows cell, rim")
    absent, false = remarks(np.array([[900, 2, 0], [0, 50, 1], [0, 0, 0]]), names)
    assert absent.startswith("No test image shows rim")
    assert false == "1 pixel is predicted as rim all the same: its IoU of 0 counts in the mean IoU."
    *_, false = remarks(np.array([[900, 2, 1], [0, 50, 1], [0, 0, 0]]), names)
    assert false.startswith("2 pixels are predicted as rim")


def test_a_class_that_is_hardly_ever_right_is_told():
    matrix, names = np.array([[900, 50, 0], [90, 5, 0], [0, 0, 40]]), ("ground", "cell", "rim")
    (said,) = remarks(matrix, names)
    assert said == "Hardly learnt: cell. Try more --epochs, --loss both, or --class-weight balanced."
    assert remarks(matrix, names, "both") == ["Hardly learnt: cell. Try more --epochs, --class-weight balanced."]
    assert remarks(np.array([[900, 50, 0], [90, 16, 0], [0, 0, 40]]), names) == []


@pytest.mark.parametrize(
    ("seconds", "epochs", "said"),
    [(7, 10, "27 steps that are left take 3 minutes"), (7, 5, "12 steps that are left take 84 seconds")]
    + [(30, 2000, "5,999 steps that are left take 50.0 hours")],
)
def test_how_long_it_will_take_is_told_once(monkeypatch, capsys, seconds, epochs, said):
    """After 20 seconds, in whatever epoch; of 3 steps each."""
    clock = itertools.count(0, seconds)
    monkeypatch.setattr(epoch, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    run = Checkpoint(Config("cells", epochs=epochs), ("a", "b"), {})
    how_long = epoch.HowLong(run, per_epoch=3)
    for step in range(1, 9):
        how_long.tell(step)
    assert capsys.readouterr().out == f"at this rate the {said}; --epochs asks for fewer\n"


def test_a_class_that_no_training_image_shows_is_not_blamed_on_the_training():
    names, taught = ("ground", "cell", "rim"), np.array([0.9, 0.1, 0])
    unknown = "No training image shows rim, as the network sees it: that could not be learnt."
    assert remarks(np.array([[900, 10, 0], [10, 80, 0], [9, 0, 0]]), names, taught=taught) == [unknown]
    assert remarks(np.array([[900, 0, 0], [0, 0, 0], [9, 0, 0]]), names, taught=taught)[0] == unknown
    said = remarks(np.array([[900, 0, 0], [90, 0, 0], [9, 0, 0]]), names, taught=taught)
    assert said[0] == unknown and said[1].startswith("Every pixel is predicted as 'ground'")
    said = remarks(np.array([[900, 0, 9], [90, 0, 0], [9, 0, 0]]), names, taught=taught)
    assert said[0] == unknown and said[1].startswith("Never predicted: cell.")


def test_a_class_that_only_the_test_shows(tmp_path, capsys):
    """It is said at the end, and it has the mean weight, which is 1, not that of the rarest."""
    folder = write_folder(tmp_path / "d", count=5, size=(32, 32))
    path = folder / "masks" / "photo-0.png"
    mask = np.array(Image.open(path))
    mask[:3] = 2
    Image.fromarray(mask).save(path)
    (folder / "test.txt").write_text("photo-0\n")
    options = ["--data-dir", str(folder), *SMALL, "--size", "32", "--view", "whole", "--class-weight", "balanced"]
    assert train.main([*options, "--epochs", "1"]) == 0
    said = capsys.readouterr().out
    assert "No training image shows class 2, as the network sees it: that could not be learnt." in said
    assert "Never predicted: class 2" not in said and ", class 2 1\n" in said


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


@pytest.mark.ink
def test_names_that_are_not_utf8_and_names_with_dollars(tmp_path, capsys):
    folder = write_folder(tmp_path / "d", count=4)
    for part in ("images", "masks"):
        for number, path in enumerate(sorted((folder / part).iterdir())):
            path.rename(folder / part / os.fsdecode(b"caf\xe9-%d%s" % (number, path.suffix.encode())))
    (folder / "classes.txt").write_text("0 a $5\\frac$ note\n1 $x$ and _ $\n")
    assert train.main(["--data-dir", str(folder), *SMALL, "--epochs", "1", "--out", "a"]) == 0
    assert "could not be drawn" not in capsys.readouterr().err
    assert {"curves.png", "predictions.png", "progress.gif", "test.json"} <= {path.name for path in Path("a").iterdir()}


@pytest.mark.ink
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
