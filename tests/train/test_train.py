"""`python -m minunet.train`: it learns, writes what it promises, and refuses bad input."""

import csv
import dataclasses
import json
import os
import re
import signal
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tensorboardX.proto.event_pb2 import Event

from minunet import backend
from minunet.commands import new_folder
from minunet.data.batches import to_input
from minunet.data.cells import make_cells
from minunet.draw.animation import is_drawn
from minunet.files import locked
from minunet.gradient import loss_and_gradients
from minunet.model import Model, load_model
from minunet.model.checkpoint import load_checkpoint
from minunet.model.config import Config, make_network
from minunet.train import __main__ as train
from minunet.train import listeners as listening
from minunet.train import loop, presets
from minunet.train import score as scoring
from minunet.train.score import score
from tests.data.pictures import write_folder, write_nuclei, write_pets
from tests.model.texts import meta_of
from tests.train.runs import SMALL, assert_refused, assert_same_run, rows_of, stops_after

pytestmark = pytest.mark.usefixtures("small_cells_elsewhere")


@pytest.mark.ink
def test_a_run_writes_what_it_promises(capsys):
    assert train.main([*SMALL, "--epochs", "2"]) == 0
    run = Path("runs/cells")
    written = {path.name for path in run.iterdir()}
    assert written == {
        "config.json", "metrics.csv", "curves.png", "predictions.png", "last.npz", "best.npz", "test.json", "progress",
        "progress.gif",
    }  # fmt: skip
    rows = rows_of(run)
    assert [row["epoch"] for row in rows] == ["1", "2"]
    names = [
        "epoch",
        "train_loss",
        "val_loss",
        "pixel_accuracy",
        "mean_iou",
        "iou_background",
        "iou_cell",
        "iou_border",
    ]
    assert list(rows[0]) == names
    result = json.loads((run / "test.json").read_text())
    assert set(result["iou"]) == {"background", "cell", "border"}
    assert 0 <= result["mean_iou"] <= result["pixel_accuracy"] <= 1
    config = json.loads((run / "config.json").read_text())
    assert config["config"]["epochs"] == 2 and config["config"]["base"] == 4
    for name in ("curves.png", "predictions.png", "progress.gif"):
        with Image.open(run / name) as picture:
            picture.verify()
    printed = capsys.readouterr().out
    assert "12 training, 12 validation and 12 test images" in printed
    assert f"pixel accuracy {result['pixel_accuracy']:.3f}" in printed


def test_a_second_run_does_not_touch_the_first():
    for _ in range(2):
        assert train.main([*SMALL, "--epochs", "1"]) == 0
    assert Path("runs/cells-2/test.json").exists()
    assert_same_run(Path("runs/cells"), Path("runs/cells-2"))  # and the same seed gives the same bits


def test_threads_and_seed(tmp_path):
    for name, options in {"a": ["--threads", "1"], "b": ["--threads", "3"], "c": ["--seed", "1"]}.items():
        assert train.main([*SMALL, "--epochs", "1", "--out", name, *options]) == 0
    assert_same_run(Path("a"), Path("b"))
    assert rows_of(Path("a")) != rows_of(Path("c"))


def test_it_learns(tmp_path):
    """Bright rectangles on a dark ground: after a few epochs most pixels are right."""
    folder = write_folder(tmp_path / "mine", count=20)
    options = [*SMALL, "--epochs", "12", "--batch-size", "4", "--lr", "0.02"]
    assert train.main(["--data-dir", str(folder), *options]) == 0
    rows, result = rows_of(Path("runs/folder")), json.loads(Path("runs/folder/test.json").read_text())
    assert float(rows[-1]["train_loss"]) < 0.5 * float(rows[0]["train_loss"])
    assert result["pixel_accuracy"] > max(0.85, result["majority_accuracy"] + 0.05)
    assert set(result["iou"]) == {"class 0", "class 1"}


def test_pets(tmp_path):
    assert train.main(["--preset", "pets", "--data-dir", str(write_pets(tmp_path / "p")), *SMALL, "--epochs", "1"]) == 0
    assert list(json.loads(Path("runs/pets/test.json").read_text())["iou"]) == ["pet", "background", "border"]


def test_nuclei(tmp_path):
    """Pieces of pictures of different sizes; whole pictures in the test, and their single nuclei."""
    folder = write_nuclei(tmp_path / "n", count=9)
    options = ["--data-dir", str(folder), *SMALL, "--base", "8", "--epochs", "25", "--batch-size", "2", "--lr", "0.01"]
    assert train.main(options) == 0
    result = json.loads(Path("runs/nuclei/test.json").read_text())
    assert list(result["average_precision"]) == ["0.5", "0.6", "0.7", "0.8", "0.9"]
    assert result["images"] == 3 and result["dice"] > 0.9  # bright rectangles
    assert 0 <= result["average_precision"]["0.9"] <= result["average_precision"]["0.5"] <= 1


def test_the_weight_map_counts(tmp_path, monkeypatch):
    """With a map of weights that are all 1, every pixel counts 1 + 1 and the mean is the same; a seam changes it."""
    folder = write_nuclei(tmp_path / "n", count=9)
    losses = {}
    for name, seam in (("none", 0.0), ("paper", 10.0)):
        preset = dataclasses.replace(presets.PRESETS["nuclei"], seam_weight=seam, ema_decay=0.0)
        monkeypatch.setitem(presets.PRESETS, "nuclei", preset)
        assert train.main(["--data-dir", str(folder), *SMALL, "--epochs", "1", "--out", name]) == 0
        losses[name] = float(rows_of(Path(name))[0]["train_loss"])
    assert abs(losses["none"] - losses["paper"]) > 1e-3


def test_the_running_mean_is_what_is_kept_and_scored(monkeypatch):
    monkeypatch.setitem(presets.PRESETS, "cells", dataclasses.replace(presets.PRESETS["cells"], ema_decay=0.9))
    assert train.main([*SMALL, "--epochs", "2", "--out", "a"]) == 0
    best, last = (load_checkpoint(Path("a") / name) for name in ("best.npz", "last.npz"))
    row = last.rows[best.epoch - 1]
    if best.epoch == 2:
        np.testing.assert_array_equal(best.params["out.weight"], last.average["out.weight"])
    assert abs(best.params["out.weight"] - last.params["out.weight"]).max() > 0
    loss = score(load_model("a"), presets.load_data(best.config).validation).loss
    assert loss == pytest.approx(row["val_loss"])


def test_scores_of_pictures_without_objects_are_null():
    nothing = np.zeros((8, 8), "int32")
    result = scoring.score_instances([nothing], np.array([[64, 0], [0, 0]]), [nothing], 2)
    assert result["dice"] is None and set(result["average_precision"].values()) == {None}


@pytest.mark.parametrize("labels", ["resized", "aligned"])
def test_the_seed(tmp_path, labels, monkeypatch):
    """The notebook's experiment, both ways to label it: it runs, and its network predicts whole pictures."""
    drawn = []
    monkeypatch.setattr(listening, "save_frame", lambda run, epoch, title, data, answers: drawn.append((data, answers)))
    folder = write_pets(tmp_path / "p", training=20, test=10)
    options = ["--preset", "seed", "--data-dir", str(folder), "--labels", labels, "--base", "4", "--epochs", "2"]
    assert train.main([*options, "--size", "60", "--device", "cpu"]) == 0
    config = json.loads(Path("runs/seed/config.json").read_text())["config"]
    assert config["labels"] == labels and not config["centred"] and config["schedule"] == "piecewise"
    assert json.loads(Path("runs/seed/test.json").read_text())["images"] == 3
    for data, answers in drawn:  # a frame shows the pixels that are answered for
        assert data.images[0].shape[:2] == data.labels[0].shape == answers[0].shape == (20, 20)
    assert len(drawn) == 2
    answer = load_model(Path("runs/seed")).probabilities(np.zeros((40, 30, 3), "uint8"))
    assert answer.shape == (40, 30, 3)
    np.testing.assert_allclose(answer.sum(axis=2), 1, atol=1e-4)


def test_dropout_of_an_image_does_not_depend_on_its_batch(monkeypatch):
    """Like augmentation it is drawn for the image's place in the epoch: cut into other batches, the same masks."""
    original, masks = loop.loss_and_gradients, {}
    for size in (2, 3):
        masks[size] = []

        def keep(*arguments, dropout_mask, size=size, **others):
            masks[size].append(dropout_mask)
            return original(*arguments, dropout_mask=dropout_mask, **others)

        monkeypatch.setattr(loop, "loss_and_gradients", keep)
        options = ["--epochs", "2", "--batch-size", str(size), "--set", "dropout=0.5", "--out", f"size-{size}"]
        assert train.main([*SMALL, *options]) == 0
    two, three = (np.concatenate(each) for each in masks.values())
    assert len(masks[2]) == 12 and len(two) == 24 and len(np.unique(two, axis=0)) == 24
    np.testing.assert_array_equal(two, three)


def test_the_paper(tmp_path):
    """Valid convolutions, momentum, dropout, weight map, elastic deformation; pictures smaller than what it sees."""
    options = ["--preset", "paper", "--data-dir", str(write_nuclei(tmp_path / "n")), "--epochs", "2", "--size", "76"]
    assert train.main([*options, "--base", "4", "--depth", "3", "--device", "cpu"]) == 0
    optimizer = load_checkpoint(Path("runs/paper/last.npz")).optimizer
    assert set(optimizer) == {f"velocity.{name}" for name in load_checkpoint(Path("runs/paper/best.npz")).params}
    answer = load_model(Path("runs/paper")).probabilities(np.zeros((33, 90, 3), "uint8"))
    assert answer.shape == (33, 90, 3)


def test_a_folder_is_one_commands_at_a_time(tmp_path, capsys):
    assert train.main([*SMALL, "--epochs", "1", "--out", "a"]) == 0
    with locked(Path("a")):
        assert_refused(capsys, ["--resume", "a", "--device", "cpu"], "Another command is working in a: wait")
    assert train.main(["--resume", "a", "--device", "cpu"]) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="not on this system: it has no fork")
def test_a_child_does_not_keep_the_folder(tmp_path):
    """A lock is shared with children that are forked while it is held; it ends with the work all the same."""
    with locked(tmp_path):
        forked = os.fork()
        if not forked:  # in the child, which holds what its parent holds until it ends
            signal.pause()
    try:
        with locked(tmp_path):
            pass
    finally:
        os.kill(forked, signal.SIGKILL)
        os.waitpid(forked, 0)


def test_two_runs_that_begin_together_do_not_share_a_folder():
    names = [new_folder(None, Path("runs", "cells")).name for _ in range(3)]
    assert names == ["cells", "cells-2", "cells-3"]


@pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered:RuntimeWarning")
def test_a_diverging_run_says_so(capsys):
    assert train.main([*SMALL, "--epochs", "5", "--lr", "1e30"]) == 2
    assert re.search(r"minunet: The loss is (nan|inf) at step .* lower --lr", capsys.readouterr().err)


@pytest.mark.filterwarnings("ignore:(overflow|invalid value|divide by zero) encountered:RuntimeWarning")
def test_a_run_that_diverges_in_its_last_step_keeps_no_best_weights(capsys):
    """The loss of the last batch is that of the weights before the step; the validation images see those after it."""
    options = ["--epochs", "1", "--batch-size", "12", "--lr", "1e20", "--set", "schedule=constant", "--out", "a"]
    assert train.main([*SMALL, *options]) == 2
    assert (
        "on the validation images is nan after epoch 1, first in input.conv2: training has diverged"
        in capsys.readouterr().err
    )
    assert not Path("a/best.npz").exists() and not Path("a/metrics.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--data-dir", "nowhere"], "nowhere does not exist"),
        (["--preset", "pets"], "oxford-iiit-pet does not exist.*downloads it"),
        (["--preset", "folder"], "needs --data-dir"),
        (["--preset", "cells", "--data-dir", "."], "takes no --data-dir"),
        (["--size", "50", "--depth", "4"], "height 50 does not fit, the nearest that do are 48 and 56"),
        (["--depth", "40"], "depth must be at most 12, not 40"),
        (["--labels", "resized"], "--labels is for networks without padding"),
        (["--resume", "nowhere"], "There is no checkpoint nowhere/last.npz"),
        (["--device", "gpu"], "No GPU can be used"),
    ],
)
def test_bad_options_get_one_sentence(capsys, monkeypatch, arguments, says):
    monkeypatch.setattr(backend, "why_no_gpu", lambda: "There is none.")
    assert_refused(capsys, arguments, says)


@pytest.mark.parametrize(
    "arguments",
    [["--epochs", "0"], ["--lr", "-1"], ["--lr", "fast"], ["--threads", "two"], ["--preset", "dogs"], ["--x"]],
)
def test_options_that_argparse_refuses(arguments):
    with pytest.raises(SystemExit) as exit_:
        train.main(arguments)
    assert exit_.value.code == 2


@pytest.mark.parametrize(
    "arguments",
    [["--size", "50", "--depth", "4"], ["--labels", "resized"], ["--set", "class_weight=[1, 2]", "--depth", "99"]],
)
def test_a_wrong_option_is_refused_before_a_picture_is_read(capsys, monkeypatch, arguments):
    monkeypatch.setattr(train, "load", lambda config: pytest.fail("pictures were read first"))
    assert_refused(capsys, arguments, "does not fit|--labels is for|must be at most")


def test_bad_data_get_one_sentence(capsys, tmp_path):
    folder = write_folder(tmp_path / "mine")
    (folder / "masks" / "photo-1.png").unlink()
    assert_refused(capsys, ["--data-dir", str(folder), *SMALL], "photo-1.jpg has no mask")


def test_a_folder_that_holds_something_is_not_overwritten(capsys, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("precious")
    assert_refused(capsys, [*SMALL, "--out", "full"], "holds something already")
    (tmp_path / "file").write_text("precious")
    assert_refused(capsys, [*SMALL, "--out", "file/run"], "cannot be made|is a file")


def test_the_best_epoch_is_kept():
    assert train.main([*SMALL, "--epochs", "4", "--lr", "0.02", "--out", "a"]) == 0
    best = load_checkpoint(Path("a/best.npz")).rows
    scores = [float(row["mean_iou"]) for row in rows_of(Path("a"))]
    assert best[-1]["mean_iou"] == max(scores)
    assert json.loads(Path("a/test.json").read_text())["epoch"] == len(best)


def test_scores_do_not_depend_on_the_size_of_the_parts(rng, monkeypatch):
    data = make_cells(7, 16, rng)
    config = Config("cells", size=16, base=4, depth=2, class_weight=(1.0, 1.0, 2.0))
    net = make_network(config, 3)
    params = net.init(rng)
    results = []
    for size in (2, 16):
        monkeypatch.setattr(scoring, "SCORING_BATCH", size)
        results.append(score(Model(net, params, config, data.classes), data))
    assert results[0][0] == pytest.approx(results[1][0], rel=1e-6)
    np.testing.assert_array_equal(results[0][1], results[1][1])
    np.testing.assert_array_equal(results[0][2], results[1][2])


@pytest.mark.parametrize("loss", ["dice", "both"])
def test_the_loss_of_validation_is_the_one_that_is_trained(rng, monkeypatch, loss):
    """Of whole images: the mean of each image's Dice, and the mean of the cross-entropy over all pixels."""
    data = make_cells(7, 16, rng)
    config = Config("cells", size=16, base=4, depth=2, class_weight=(1.0, 1.0, 2.0), loss=loss)
    net = make_network(config, 3)
    params = net.init(rng)
    monkeypatch.setattr(scoring, "SCORING_BATCH", 3)
    scores = score(Model(net, params, config, data.classes), data)
    images, labels = to_input(data.images, config.centred), np.stack(data.labels)
    weight = np.array(config.class_weight)
    expected, _ = loss_and_gradients(net, params, images, labels, class_weight=weight, loss=loss)
    assert scores.loss == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("loss", ["dice", "both"])
def test_training_makes_another_loss_smaller_and_resumes_with_it(loss, capsys):
    assert train.main([*SMALL, "--epochs", "3", "--lr", "0.02", "--loss", loss, "--out", "a"]) == 0
    rows = rows_of(Path("a"))
    assert float(rows[-1]["train_loss"]) < float(rows[0]["train_loss"])
    assert load_checkpoint(Path("a/last.npz")).config.loss == loss
    assert train.main(["--resume", "a", "--loss", "both", "--device", "cpu"]) == 2
    assert train.main([*SMALL, "--set", "loss=dice"]) == 2
    assert "this has an option of its own" in capsys.readouterr().err


def test_what_a_checkpoint_holds():
    assert train.main([*SMALL, "--epochs", "1", "--out", "a"]) == 0
    checkpoint = load_checkpoint(Path("a/last.npz"))
    assert set(meta_of(Path("a/last.npz"))) == {
        "config", "classes", "data", "step", "loss_sum", "seconds", "blank", "rows", "before", "digest",
    }  # fmt: skip
    best = load_checkpoint(Path("a/best.npz"))
    assert list(best.params) == list(checkpoint.params) and not best.optimizer  # what predicting needs
    assert set(checkpoint.optimizer) == {"t", *(f"{kind}.{name}" for kind in "mv" for name in checkpoint.params)}


def test_batches_in_which_nothing_counts_are_in_no_mean(tmp_path, monkeypatch):
    """Their loss is 0; neither does a run that was stopped between them and goes on show another mean."""
    folder = write_folder(tmp_path / "mine", count=7, size=(16, 16))
    (folder / "classes.txt").write_text("0 ground\n1 thing\n9 ignore\n")
    for number in (0, 2, 4):
        Image.fromarray(np.full((16, 16), 9, "uint8")).save(folder / "masks" / f"photo-{number}.png")
    for name, numbers in (("train", (0, 1, 2, 3, 4)), ("val", (5,)), ("test", (6,))):
        (folder / f"{name}.txt").write_text("".join(f"photo-{number}\n" for number in numbers))
    losses = []

    def noted(*arguments, **options):
        loss, grads = loss_and_gradients(*arguments, **options)
        losses.append(float(loss))
        return loss, grads

    options = ["--data-dir", str(folder), *SMALL, "--view", "whole", "--batch-size", "1", "--epochs", "2"]
    with monkeypatch.context() as patch:
        patch.setattr("minunet.train.loop.loss_and_gradients", noted)
        assert train.main([*options, "--out", "a"]) == 0
    rows = load_checkpoint(Path("a/last.npz")).rows
    for row, some in zip(rows, (losses[:5], losses[5:]), strict=True):
        assert some.count(0.0) == 3
        assert row["train_loss"] == pytest.approx(sum(some) / 2)
    with monkeypatch.context() as patch:
        patch.setattr(train, "StopSignals", stops_after(8))
        assert train.main([*options, "--out", "b"]) == 130
    assert load_checkpoint(Path("b/last.npz")).blank > 0
    assert train.main(["--resume", "b", "--device", "cpu"]) == 0
    assert [row["train_loss"] for row in load_checkpoint(Path("b/last.npz")).rows] == [r["train_loss"] for r in rows]


def test_a_class_that_never_occurs_is_null_in_json(tmp_path):
    folder = write_folder(tmp_path / "mine", count=6)
    (folder / "classes.txt").write_text("0 ground\n1 thing\n2 unicorn\n")
    assert train.main(["--data-dir", str(folder), *SMALL, "--epochs", "30", "--lr", "0.02", "--batch-size", "4"]) == 0
    assert json.loads(Path("runs/folder/test.json").read_text(), parse_constant=pytest.fail)["iou"]["unicorn"] is None


def events_of(run: Path) -> dict[tuple[str, int], float]:
    """What TensorBoard would draw: (curve, epoch) -> value, read back from the files of a run."""
    found = {}
    for path in (run / "tensorboard").glob("events*"):
        data = path.read_bytes()
        while data:  # records: length (8 bytes), checksum (4), an event, checksum (4)
            (length,) = struct.unpack("<Q", data[:8])
            event = Event.FromString(data[12 : 12 + length])
            found |= {(value.tag, event.step): value.simple_value for value in event.summary.value}
            data = data[16 + length :]
    return found


def test_tensorboard_gets_the_curves():
    """Also those from before a run was told to write them; and at once, not when the process ends."""
    assert train.main([*SMALL, "--epochs", "2"]) == 0
    run = Path("runs/cells")
    assert train.main(["--resume", str(run), "--device", "cpu", "--tensorboard"]) == 0
    events = events_of(run)
    groups = {"train_loss": "loss", "val_loss": "loss", "seconds": "time"}
    for row in csv.DictReader((run / "metrics.csv").read_text().splitlines()):
        epoch = int(row.pop("epoch"))
        for name, value in row.items():
            expected = pytest.approx(float(value), rel=1e-6, nan_ok=True)
            assert events.pop((f"{groups.get(name, 'validation')}/{name}", epoch)) == expected
    assert not events


def test_every_class_has_a_curve_of_its_own_in_tensorboard(tmp_path):
    folder = write_folder(tmp_path / "mine")
    (folder / "classes.txt").write_text("0 <5 um\n1 >5 um\n")
    assert train.main(["--data-dir", str(folder), *SMALL, "--epochs", "1", "--tensorboard", "--out", "a"]) == 0
    tags = {tag for tag, _ in events_of(Path("a"))}
    assert sum(tag.startswith("validation/iou__5_um") for tag in tags) == 2


def test_tensorboard_that_cannot_be_written(capsys):
    assert train.main([*SMALL, "--epochs", "1"]) == 0
    Path("runs/cells/tensorboard").write_text("a file")
    assert_refused(
        capsys, ["--resume", "runs/cells", "--device", "cpu", "--tensorboard"], "File exists|Not a directory"
    )


def test_tensorboard_that_is_missing_is_said_before_anything_is_written(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    assert train.main([*SMALL, "--tensorboard"]) == 2
    assert "pip install 'minunet[tensorboard]'" in capsys.readouterr().err
    assert not Path("runs").exists()


def test_objects_of_a_network_without_padding():
    """It answers for the middle, and is scored there."""
    options = ["--set", "padding=valid", "--size", "36", "--depth", "2", "--base", "4", "--epochs", "1"]
    assert train.main([*options, "--device", "cpu"]) == 0
    assert set(json.loads(Path("runs/cells/test.json").read_text())) >= {"average_precision", "dice"}


def test_any_field_can_be_set(tmp_path):
    """Nuclei without their border class: two classes, and single nuclei all the same."""
    folder = write_nuclei(tmp_path / "nuclei")
    settings = ["border=0", "class_weight=null", "augmentation.elastic=0"]
    options = [word for setting in settings for word in ("--set", setting)]
    assert train.main([*SMALL, "--epochs", "1", "--data-dir", str(folder), *options]) == 0
    run = Path("runs/nuclei")
    config = json.loads((run / "config.json").read_text())
    assert config["config"]["border"] == 0 and config["classes"] == ["background", "nucleus"]
    assert set(json.loads((run / "test.json").read_text())["iou"]) == {"background", "nucleus"}
    assert train.main(["--resume", str(run), "--device", "cpu"]) == 0


def test_settings_that_do_not_go_together(tmp_path, capsys):
    folder = str(write_nuclei(tmp_path / "nuclei"))
    assert_refused(capsys, [*SMALL, "--set", "spin=1"], "one of these names")
    assert_refused(capsys, [*SMALL, "--set", "size=3"], "an option of its own")
    assert_refused(capsys, [*SMALL, "--set", "pieces=true"], "an option of its own, or follows from the preset")
    assert_refused(capsys, [*SMALL, "--set", "stretch=true"], "stretch is for networks that see pieces")
    mine = ["--data-dir", str(write_folder(tmp_path / "mine")), "--set"]
    assert_refused(capsys, [*SMALL, *mine, "seam_weight=3"], "seam_weight is for images whose single objects are known")
    assert_refused(capsys, [*SMALL, *mine, "border=9"], "border is for images whose single objects are known")
    two = ["--set", "border=0", "--class-weight", "1,1,2"]
    assert_refused(capsys, [*SMALL, "--data-dir", folder, *two], "3 numbers, but there are 2 classes")
    assert_refused(capsys, [*SMALL, "--set", "schedule=cosine"], "schedule: it must be one of")
    assert_refused(capsys, [*SMALL, "--set", "norm=batch"], "norm: it must be one of null, group")
    assert train.main([*SMALL, "--epochs", "1"]) == 0
    assert_refused(capsys, ["--resume", "runs/cells", "--set", "dropout=0.5"], "--set cannot be given with it")


def test_curves_are_drawn_ten_times_of_many():
    assert sum(is_drawn(epoch, 90, listening.CURVES) for epoch in range(1, 91)) == 10
