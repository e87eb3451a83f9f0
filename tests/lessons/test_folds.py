"""`lessons/experiments/folds.py`: every image is tested once, and what is finished is not done again."""

import pytest

from lessons.experiments.folds import main
from minunet.errors import InputError
from tests.data.pictures import write_folder

TINY = ["--epochs", "1", "--size", "16", "--base", "2", "--depth", "2", "--batch-size", "2", "--threads", "1"]


def test_every_image_is_tested_once(tmp_path, capsys):
    source, out = write_folder(tmp_path / "mine", count=7), tmp_path / "out"
    assert main([str(source), str(out), *TINY]) == 0
    first = capsys.readouterr().out
    lists = [(out / f"fold-{fold}" / "data" / "test.txt").read_text().split() for fold in range(5)]
    assert sorted(sum(lists, [])) == [f"photo-{number}.jpg" for number in range(7)] and len(lists[0]) == 2
    lines = first.splitlines()
    assert [line.split(":")[0] for line in lines] == [*(f"fold {fold}" for fold in range(5)), "mean"]
    assert "pixel_accuracy 0." in lines[-1] and "mean_iou" in lines[-1]
    logs = [(out / f"fold-{fold}" / "log.txt").read_text() for fold in range(5)]
    assert main([str(source), str(out), *TINY]) == 0 and capsys.readouterr().out == first
    assert logs == [(out / f"fold-{fold}" / "log.txt").read_text() for fold in range(5)]


def test_what_fails_is_named(tmp_path):
    source = write_folder(tmp_path / "mine", count=6)
    with pytest.raises(InputError, match=r"The training of .*fold-0 failed: see .*fold-0.log\.txt"):
        main([str(source), str(tmp_path / "out"), "--size", "-3"])
    with pytest.raises(InputError, match=r"folds\.py takes a folder of images"):
        main([str(source)])
