"""`lessons/experiments/folds.py`: every image is tested once, and what is finished is not done again."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from lessons.experiments import folds
from lessons.experiments.folds import main
from minunet.data.layout import find_layout
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


@pytest.fixture
def trainings(monkeypatch):
    """The options of each training; instead of it there is a test.json."""
    asked = []

    def train(folder, options):
        asked.append([str(option) for option in options])
        (folder / "run").mkdir(exist_ok=True)
        (folder / "run" / "test.json").write_text(json.dumps({"pixel_accuracy": 0.5, "mean_iou": 0.25}))

    monkeypatch.setattr(folds, "train", train)
    return asked


def dealt(out):
    """Of each fold the images that are tested, as training reads them."""
    return [find_layout(out / f"fold-{fold}" / "data", quiet=True).lists["test.txt"] for fold in range(5)]


@pytest.mark.parametrize("change", ["options", "another folder", "one more", "one less", "other pixels", "classes"])
def test_results_of_something_else_are_not_reported(tmp_path, trainings, change):
    source, out, options = write_folder(tmp_path / "mine", count=7), tmp_path / "out", ["--epochs", "2"]
    main([str(source), str(out), *options])
    kept = (out / "folds.json").read_text()
    if change == "options":
        options = ["--epochs", "1"]
    elif change == "another folder":
        source = shutil.copytree(source, tmp_path / "other")
    elif change == "one more":
        for kind, ending in (("images", "jpg"), ("masks", "png")):
            shutil.copy(source / kind / f"photo-0.{ending}", source / kind / f"new.{ending}")
    elif change == "one less":
        (source / "images" / "photo-6.jpg").unlink()
    elif change == "other pixels":
        shutil.copy(source / "images" / "photo-0.jpg", source / "images" / "photo-1.jpg")
    else:
        (source / "classes.txt").write_text("0 ground\n1 thing\n")
    with pytest.raises(InputError, match=r"out holds results of other images or options: choose another folder"):
        main([str(source), str(out), *options])
    assert len(trainings) == 5 and (out / "folds.json").read_text() == kept


def test_results_that_nothing_is_known_of_are_not_reported(tmp_path, trainings):
    source, out = write_folder(tmp_path / "mine", count=5), tmp_path / "out"
    (out / "fold-0" / "run").mkdir(parents=True)
    with pytest.raises(InputError, match="out holds something else: choose another folder for the results"):
        main([str(source), str(out)])
    (out / "folds.json").write_text('{"my": "split"}')
    with pytest.raises(InputError, match="out holds something else"):
        main([str(source), str(out)])
    assert (out / "folds.json").read_text() == '{"my": "split"}' and not trainings


def test_nothing_but_links_is_removed(tmp_path, trainings):
    source, out = write_folder(tmp_path / "mine", count=5), tmp_path / "out"
    main([str(source), str(out)])
    shutil.rmtree(out / "fold-1" / "run")
    mine = out / "fold-1" / "data" / "images" / "mine.png"
    mine.write_bytes(b"mine")
    with pytest.raises(InputError, match=r"mine\.png is none of the links that folds\.py makes: move it elsewhere"):
        main([str(source), str(out)])
    assert mine.read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["data", "log.txt"])
def test_nothing_is_written_through_a_link(tmp_path, name):
    source, out, mine = write_folder(tmp_path / "mine", count=5), tmp_path / "out", tmp_path / "precious"
    with pytest.raises(InputError, match="failed"):
        main([str(source), str(out), "--size", "-3"])  # nothing is trained, but the folder is ours
    shutil.rmtree(out / "fold-0")
    (out / "fold-0").mkdir()
    mine.mkdir() if name == "data" else mine.write_text("mine")
    (out / "fold-0" / name).symlink_to(mine)
    with pytest.raises(InputError, match=rf"{name} is a link, and folds\.py makes none there"):
        main([str(source), str(out), *TINY])
    assert not any(mine.iterdir()) if name == "data" else mine.read_text() == "mine"


def test_images_do_not_lie_in_the_folder_of_the_results(tmp_path, trainings):
    source = write_folder(tmp_path / "out" / "fold-0" / "data", count=5)
    before = sorted(source.rglob("*"))
    with pytest.raises(InputError, match=r"The images lie in .*out, in which folds\.py makes its folders"):
        main([str(source), str(tmp_path / "out")])
    assert sorted(source.rglob("*")) == before and not trainings


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_is_stopped_lets_the_training_save(tmp_path, number):
    """The training is in a session of its own: the signal reaches this command alone, which passes it on."""
    source, out = write_folder(tmp_path / "mine", count=5, size=(64, 64)), tmp_path / "out"
    command = [sys.executable, folds.__file__, str(source), str(out), *TINY, "--epochs", "5000", "--size", "64"]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, start_new_session=True, env={**os.environ, "PYTHONPATH": "."}
    )
    log = out / "fold-0" / "log.txt"
    deadline = time.monotonic() + 60
    while not (log.exists() and "epoch " in log.read_text()):
        time.sleep(0.05)
        assert process.poll() is None and time.monotonic() < deadline
    os.killpg(process.pid, number)
    said = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 128 + number and "stopped; " in said and "the same command goes on" in said
    assert "stopped and saved; go on with" in log.read_text()


def test_where_nothing_was_trained_others_may_begin(tmp_path, trainings):
    """After an option that was wrong, say."""
    source, out = write_folder(tmp_path / "mine", count=7), tmp_path / "out"
    main([str(source), str(out), "--size", "-3"])
    for fold in range(5):
        shutil.rmtree(out / f"fold-{fold}" / "run")
    (source / "images" / "photo-6.jpg").unlink()
    main([str(source), str(out)])
    assert sorted(sum(dealt(out), [])) == [f"photo-{number}.jpg" for number in range(6)]


@pytest.mark.parametrize("lists", [("train", "val", "test"), ("train", "test")])
def test_where_all_three_lists_are_there_only_what_they_name_takes_part(tmp_path, trainings, lists):
    source, out = write_folder(tmp_path / "mine", count=9), tmp_path / "out"
    for number, name in enumerate(lists):
        listed = range(2 * number, 2 * number + 2)
        (source / f"{name}.txt").write_text("".join(f"photo-{each}.jpg\n" for each in listed))
    (source / "classes.txt").write_text("0 ground\n1 thing\n")
    main([str(source), str(out)])
    part = [f"photo-{number}.jpg" for number in range(6 if len(lists) == 3 else 9)]
    assert sorted(sum(dealt(out), [])) == part
    for fold in range(5):
        data = out / f"fold-{fold}" / "data"
        assert sorted(path.name for path in (data / "images").iterdir()) == part
        assert sorted(path.name for path in data.iterdir()) == ["classes.txt", "images", "masks", "test.txt"]


def test_masks_beside_their_pictures(tmp_path, trainings):
    write_folder(tmp_path / "apart", count=5)
    source, out = tmp_path / "mine", tmp_path / "out"
    shutil.copytree(tmp_path / "apart" / "images", source)
    for path in (tmp_path / "apart" / "masks").iterdir():
        shutil.copy(path, source / f"{path.stem}_mask.png")
    main([str(source), str(out)])
    assert sorted(sum(dealt(out), [])) == [f"photo-{number}.jpg" for number in range(5)]


def test_too_few_images_are_refused(tmp_path, trainings):
    source, out = write_folder(tmp_path / "mine", count=4), tmp_path / "out"
    with pytest.raises(InputError, match="mine holds 4 images, and 5 folds need 5 at least"):
        main([str(source), str(out)])
    assert not out.exists() and not trainings


@pytest.mark.parametrize("option", ["--out", "--out=x", "--resume", "--data-dir=x"])
def test_options_that_each_fold_has_of_its_own_are_refused(tmp_path, trainings, option):
    source, out = write_folder(tmp_path / "mine", count=5), tmp_path / "out"
    with pytest.raises(InputError, match=rf"{option} is different for each fold, and folds\.py gives it: leave it out"):
        main([str(source), str(out), "--epochs", "1", option])
    assert not out.exists() and not trainings


@pytest.mark.parametrize("name", [" a", "a\nb", "a\u2028b", "photo-1.jpg", b"a\xff"])
def test_names_that_no_list_can_hold_are_refused(tmp_path, trainings, name):
    """Another image would be tested in their place, or none."""
    source, out = write_folder(tmp_path / "mine", count=6), tmp_path / "out"
    if isinstance(name, bytes):
        if sys.platform != "linux":
            pytest.skip("elsewhere names are Unicode")
        name = os.fsdecode(name)
    (source / "images" / "photo-0.jpg").rename(source / "images" / f"{name}.jpg")
    (source / "masks" / "photo-0.png").rename(source / "masks" / f"{name}.png")
    with pytest.raises(InputError, match="No list can name the image '"):
        main([str(source), str(out)])
    assert not out.exists() and not trainings


def test_what_was_stopped_goes_on_with_the_same_options(tmp_path, trainings):
    """Those that the run does not keep are said again; a run of which nothing was saved begins anew."""
    source, out = write_folder(tmp_path / "mine", count=5), tmp_path / "out"
    kept_by_the_run = ["--epochs", "3", "--set", "dropout=0.5"]
    options = [*kept_by_the_run, "--threads", "1", "--device=cpu", "--tensorboard", "--operations", "plain"]
    main([str(source), str(out), *options])
    for fold in (1, 2):
        (out / f"fold-{fold}" / "run" / "test.json").unlink()
    (out / "fold-1" / "run" / "last.npz").touch()
    del trainings[:]
    main([str(source), str(out), *options])
    first, second = (out / f"fold-{fold}" for fold in (1, 2))
    again = ["--data-dir", f"{first / 'data'}", "--resume", f"{first / 'run'}"]
    anew = ["--data-dir", f"{second / 'data'}", "--out", f"{second / 'run'}"]
    assert trainings == [[*again, *options[4:]], [*anew, *options]]


def test_one_command_at_a_time_works_in_a_folder(tmp_path, trainings):
    source, out = write_folder(tmp_path / "mine", count=5), tmp_path / "out"
    out.mkdir()
    with folds.locked(out), pytest.raises(InputError, match="Another command is working"):
        main([str(source), str(out)])


def test_a_training_without_a_result_failed(tmp_path):
    source = write_folder(tmp_path / "mine", count=5)
    with pytest.raises(InputError, match=r"The training of .*fold-0 failed"):
        main([str(source), str(tmp_path / "out"), "--help"])
