"""A run of many pictures goes on without reading them first: to the same bits, and only while no file has changed."""

import itertools
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from minunet.data import index, pairs, shelf
from minunet.data.index import INDEX, Index, read_index, write_index
from minunet.model.checkpoint import load_checkpoint
from minunet.train import __main__ as train
from minunet.train.presets import load
from tests.data.pictures import write_folder, write_pets
from tests.train.runs import SMALL, assert_same_run, stops_after


@pytest.fixture(autouse=True)
def many_pictures(monkeypatch, tmp_path):
    """A few are as many as an index is made for, and one is more than memory holds."""
    monkeypatch.setattr(index, "IN_MEMORY", 0)
    monkeypatch.setattr(shelf, "IN_MEMORY", 500)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def read(monkeypatch):
    """The names of pictures that are read, in their order."""
    names, read_picture = [], pairs.read_picture
    monkeypatch.setattr(
        pairs, "read_picture", lambda path, *how, **more: names.append(path.name) or read_picture(path, *how, **more)
    )
    return names


def stopped(monkeypatch, *options, out="a", step=1):
    """A run that is stopped after its first step."""
    with monkeypatch.context() as patch:
        patch.setattr(train, "StopSignals", stops_after(step))
        assert train.main([*SMALL, "--batch-size", "2", "--data-dir", "data", *options, "--out", out]) == 130


def known(run):
    return read_index(Path(run) / INDEX, load_checkpoint(Path(run) / "last.npz").data)


def write_objects(folder):
    """Numbers from anywhere, in their order."""
    write_folder(folder, values=(0, 7, 9))
    (folder / "masks").rename(folder / "instances")


def write_deep(folder):
    """Grey, of 16 bits."""
    write_folder(folder, count=6)
    for number, path in enumerate(sorted((folder / "images").iterdir())):
        values = np.asarray(Image.open(path)).astype("uint16")[..., 0] * 40 + number
        Image.fromarray(values).save(path.with_suffix(".png"))
        path.unlink()


def write_mixed(folder):
    """Some grey, some coloured, some of 16 bits; classes by colour, and lists."""
    write_folder(folder, count=6)
    for number, path in enumerate(sorted((folder / "images").iterdir())):
        pixels = np.asarray(Image.open(path)).copy()
        pixels[..., 1] //= 2
        image = Image.fromarray(pixels) if number % 3 else Image.fromarray(pixels[..., 0].astype("uint16") * 200)
        image.save(path.with_suffix(".png"))
        path.unlink()
    for path in (folder / "masks").iterdir():
        mask = np.asarray(Image.open(path))
        Image.fromarray(np.stack([255 * mask, 0 * mask, 0 * mask], axis=2)).save(path)
    (folder / "classes.txt").write_text("0,0,0 ground\n255,0,0 thing\n")
    (folder / "val.txt").write_text("photo-3\n")


FOLDERS = (write_folder, write_objects, write_deep, write_mixed)


@pytest.mark.parametrize(
    ("write", "options"),
    [(write_pets, []), *itertools.product(FOLDERS, (["--view", "whole"], ["--view", "pieces"]))],
)
def test_a_run_goes_on_to_the_same_bits_without_reading_first(write, options, monkeypatch, read, capsys):
    write(Path("data"))
    options = ["--epochs", "2", *options]
    assert train.main([*SMALL, "--batch-size", "2", "--data-dir", "data", *options, "--out", "straight"]) == 0
    stopped(monkeypatch, *options)
    capsys.readouterr()
    read.clear()
    assert load(load_checkpoint(Path("a/last.npz")).config, known("a")).unread and read == []
    assert train.main(["--resume", "a", "--device", "cpu"]) == 0
    assert " by their part of the pixels" not in capsys.readouterr().out
    assert len(set(read)) == len(read) > 0  # each once
    assert_same_run(Path("straight"), Path("a"))
    assert Path("straight", INDEX).read_text() == Path("a", INDEX).read_text()


def test_code_that_reads_otherwise_is_seen(monkeypatch, tmp_path):
    """As after `git pull`: the version is the same, and the pixels may be others."""
    write_folder(Path("data"))
    stopped(monkeypatch)
    config = load_checkpoint(Path("a/last.npz")).config
    assert load(config, known("a")).unread
    code = tmp_path / "code" / "index.py"
    code.parent.mkdir()
    code.write_text("other code")
    monkeypatch.setattr(index, "__file__", str(code))
    assert not load(config, known("a")).unread


def test_a_changed_picture_is_seen(monkeypatch, capsys):
    write_folder(Path("data"))
    stopped(monkeypatch)
    path = Path("data/images/photo-1.jpg")
    shutil.copy("data/images/photo-2.jpg", path)
    assert train.main(["--resume", "a", "--device", "cpu"]) == 2
    assert "some were added, removed, renamed or changed" in capsys.readouterr().err


def test_pictures_that_were_copied_are_read_once_more(monkeypatch, capsys):
    """They have other times, and are found to be the same; the index is that of the copies then."""
    write_folder(Path("data"))
    stopped(monkeypatch)
    before = known("a")
    shutil.copytree("data", "elsewhere", copy_function=shutil.copyfile)
    assert train.main(["--resume", "a", "--device", "cpu", "--data-dir", "elsewhere"]) == 0
    assert " by their part of the pixels" in capsys.readouterr().out
    after = known("a")
    assert after.files != before.files and after.parts == before.parts


def test_a_picture_of_another_size_at_the_same_time_is_refused(monkeypatch, capsys):
    """As an index that lies: training ends in a sentence, and what was saved goes on when it is mended."""
    write_folder(Path("data"))
    stopped(monkeypatch, "--view", "pieces")
    lying = known("a")
    shutil.copy(Path("a") / INDEX, "true.json")
    parts = [dict.fromkeys(part, (16, 16)) for part in lying.parts]
    write_index(Path("a") / INDEX, lying._replace(parts=parts))
    assert train.main(["--resume", "a", "--device", "cpu"]) == 2
    assert "was changed while the run went on" in capsys.readouterr().err
    shutil.copy("true.json", Path("a") / INDEX)
    assert train.main(["--resume", "a", "--device", "cpu"]) == 0


def test_a_damaged_index_is_passed_over(monkeypatch):
    """Also one whose digest says that it is whole."""
    write_folder(Path("data"))
    stopped(monkeypatch)
    path, config = Path("a") / INDEX, load_checkpoint(Path("a/last.npz")).config
    whole = json.loads(path.read_text())["index"]
    for damaged in (
        [],
        whole | {"parts": whole["parts"][:2]},
        whole | {"parts": [{}, {}, {}]},
        whole | {"parts": [{"photo-1.jpg": [1]}] * 3},
        whole | {"parts": [{"photo-1.jpg": [20, 10**20]}] * 3},
        whole | {"parts": [{"photo-1.jpg": [20, 1e999]}] * 3},
        whole | {"parts": [{"photo-1.jpg": 20}] * 3},
        whole | {"parts": [{"nobody.jpg": [20, 16]}] * 3},
        whole | {"parts": [["photo-1.jpg"]] * 3},
        whole | {"classes": 3},
        {"files": whole["files"]},
    ):
        path.write_text(json.dumps({"index": damaged, "digest": index._digest(damaged)}))
        assert not load(config, known("a")).unread, damaged
    path.write_text("[" * 100_000)
    assert known("a") is None
    assert train.main(["--resume", "a", "--device", "cpu"]) == 0
    assert json.loads(path.read_text())["index"] == whole  # written anew


def test_one_wrong_byte_is_seen_and_so_is_a_file_of_holes(monkeypatch):
    write_folder(Path("data"))
    stopped(monkeypatch)
    path = Path("a") / INDEX
    whole = path.read_text()
    for place in range(0, len(whole), 7):
        path.write_text(whole[:place] + chr(ord(whole[place]) ^ 1) + whole[place + 1 :])
        assert known("a") is None, place
    path.write_text("")
    os.truncate(path, 1 << 40)
    assert known("a") is None


def test_the_index_of_another_run_is_passed_over(monkeypatch, capsys):
    """It may have dealt the images out otherwise: what is tested here was learnt there."""
    write_folder(Path("data"), count=9)
    stopped(monkeypatch)
    stopped(monkeypatch, "--set", "split_seed=1", out="b")
    before = known("a")
    shutil.copy(Path("b") / INDEX, Path("a") / INDEX)
    assert train.main(["--resume", "a", "--device", "cpu"]) == 0
    assert known("a") == before and known("b").parts != before.parts


def test_a_picture_that_is_changed_while_the_run_goes_on_is_refused(monkeypatch, capsys):
    """It is read when it is asked for, which may be hours later."""
    write_folder(Path("data"), count=6)
    Path("data/test.txt").write_text("photo-0\nphoto-1\n")
    stopped(monkeypatch, "--epochs", "2")
    saved = Path("a/last.npz").read_bytes()
    for path in (Path("data/images/photo-1.jpg"), Path("data/masks/photo-1.png")):
        before, going_on = shutil.copy2(path, "before"), train._train_and_test

        def changed(*given, path=path, going_on=going_on):
            Image.new("RGB" if path.suffix == ".jpg" else "L", (16, 20)).save(path)
            return going_on(*given)

        with monkeypatch.context() as patch:
            patch.setattr(train, "_train_and_test", changed)
            assert train.main(["--resume", "a", "--device", "cpu"]) == 2
        error = capsys.readouterr().err
        assert (
            f"{path.name} was changed while the run went on. Put it back" in error and not Path("a/test.json").exists()
        )
        shutil.copy2(before, path)
        Path("a/last.npz").write_bytes(saved)
        (Path("a") / "best.npz").unlink(missing_ok=True)
    assert train.main(["--resume", "a", "--device", "cpu"]) == 0


def test_what_a_stranger_wrote_into_an_index_does_not_reach_the_terminal(monkeypatch, capsys):
    write_folder(Path("data"))
    stopped(monkeypatch)
    write_index(Path("a") / INDEX, known("a")._replace(dealt="\x1b]0;title\x07"))
    capsys.readouterr()
    assert train.main(["--resume", "a", "--device", "cpu"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_no_index_of_few_pictures(monkeypatch):
    monkeypatch.setattr(index, "IN_MEMORY", 1 << 20)
    write_folder(Path("data"))
    stopped(monkeypatch)
    assert not Path("a", INDEX).exists()


def test_names_that_are_not_utf_8_come_back(tmp_path):
    made = Index("0", ["1", "2", "3"], ("a", "b"), [{os.fsdecode(b"\xe9.png"): (3, 4)}] * 3, "by ö")
    write_index(tmp_path / INDEX, made)
    assert read_index(tmp_path / INDEX, ["1", "2", "3"]) == made
    (tmp_path / INDEX).unlink()
    os.mkfifo(tmp_path / INDEX) if hasattr(os, "mkfifo") else None
    assert read_index(tmp_path / INDEX, []) is None
