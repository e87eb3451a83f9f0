"""From a folder of any kind to masks: views, channels, depth, objects, weights."""

import json
import re
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy.ndimage import label

from minunet.data.cells import make_cells
from minunet.data.dataset import IGNORED
from minunet.errors import InputError
from minunet.metrics import count_matches, rand_score
from minunet.model.config import Config, make_network
from minunet.model.trained import load_model
from minunet.predict import main as predict
from minunet.train.__main__ import main as train
from minunet.train.loop import begin, make_batch, make_batches, resume
from minunet.train.presets import MOST_PIECES, PIECES, load, weighted
from minunet.train.score import rand_scores, score_instances
from minunet.train.told import print_result
from tests.data.pictures import write_folder

SMALL = ["--epochs", "1", "--size", "16", "--base", "2", "--depth", "2", "--batch-size", "2", "--threads", "1"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def config_of(run):
    return Config.from_json(json.loads((run / "config.json").read_text())["config"])


def striped(folder, count=5, size=64):
    """Thin lines, which would be lost if they were scaled."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    for number in range(count):
        mask = (np.indices((size, size + 6)).sum(axis=0) + number) % 16 < 2
        Image.fromarray((60 + 120 * mask).astype("uint8")).save(folder / "images" / f"{number}.png")
        Image.fromarray(mask.astype("uint8")).save(folder / "masks" / f"{number}.png")
    return folder


def test_thin_things_are_seen_in_pieces_and_others_whole(tmp_path, capsys):
    assert train(["--data-dir", str(striped(tmp_path / "thin")), *SMALL, "--out", "a"]) == 0
    said = capsys.readouterr().out
    assert "view: pieces at full resolution, as scaled to 16 x 16 pixels, class 1 could reach an IoU of 0." in said
    assert config_of(tmp_path / "a").pieces and config_of(tmp_path / "a").channels == 1
    assert train(["--data-dir", str(write_folder(tmp_path / "thick")), *SMALL, "--out", "b"]) == 0
    assert "view: whole pictures, scaled, as scaled to 16 x 16" in capsys.readouterr().out
    assert not config_of(tmp_path / "b").pieces


@pytest.mark.parametrize("view", ["whole", "pieces"])
def test_whoever_asks_for_a_view_gets_it(tmp_path, view):
    assert train(["--data-dir", str(striped(tmp_path / "thin")), *SMALL, "--view", view, "--out", "a"]) == 0
    assert config_of(tmp_path / "a").pieces == (view == "pieces")


def test_a_view_is_for_a_folder_of_ones_own(capsys):
    assert train(["--view", "pieces"]) == 2
    assert "--view is for a --data-dir with pictures of your own." in capsys.readouterr().err


def test_pieces_at_half_the_resolution(tmp_path, capsys):
    """Training sees them smaller, and predictions are as large as the pictures."""
    folder = striped(tmp_path / "thin")
    assert train(["--data-dir", str(folder), *SMALL, "--view", "pieces", "--scale", "0.5", "--out", "a"]) == 0
    assert "pieces at 0.5 of the resolution, as --view asks for them; scaled by 0.5, class 1" in capsys.readouterr().out
    assert train(["--data-dir", str(folder), *SMALL, "--view", "pieces", "--scale", "0.1", "--out", "b"]) == 0
    assert "Much is lost in scaling by 0.1" in capsys.readouterr().err
    data, config, *_ = load(config_of(tmp_path / "a"))
    batches = make_batches(make_network(config, 2), data.training, config)
    assert batches.dataset.images[0].shape == (32, 35, 1) and batches.dataset.labels[0].shape == (32, 35)
    model = load_model(tmp_path / "a")
    picture = model.read(folder / "images" / "0.png")
    assert model.probabilities(picture).shape == (64, 70, 2)
    assert any("scaled by 0.5" in step for step in model.steps_around())


def test_scale_is_for_pieces(tmp_path, capsys):
    folder = write_folder(tmp_path / "thick")
    assert train(["--data-dir", str(folder), *SMALL, "--scale", "0.5"]) == 2
    assert "scale is for networks that see pieces of pictures" in capsys.readouterr().err


def test_an_epoch_shows_as_many_pieces_as_fill_the_pictures(tmp_path):
    config = Config("folder", str(striped(tmp_path / "thin")), size=16, pieces=True)
    assert load(config).config.piece_count == round(3 * 64 * 70 / 16**2)
    assert load(Config("folder", config.data_dir, size=1, pieces=True)).config.piece_count == MOST_PIECES
    assert load(Config("folder", config.data_dir, size=640, pieces=True)).config.piece_count == 3  # of each image one
    assert load(Config("folder", config.data_dir, size=16, pieces=True, piece_count=7)).config.piece_count == 7
    assert PIECES.piece_count is None


@pytest.mark.parametrize("channels", [1, 2])
def test_deep_pictures_from_the_folder_to_the_mask(tmp_path, channels, capsys):
    folder = striped(tmp_path / "deep")
    for path in sorted((folder / "images").iterdir()):
        values = np.array(Image.open(path)).astype("uint16") * 40
        path.unlink()
        stack = np.stack([values, values[::-1]])[:channels]
        tifffile.imwrite(path.with_suffix(".tif"), stack, imagej=True, metadata={"axes": "CYX"})
    assert train(["--data-dir", str(folder), *SMALL, "--view", "pieces", "--out", "run"]) == 0
    config = config_of(tmp_path / "run")
    assert config.channels == channels and len(config.ranges) == 2 * channels
    capsys.readouterr()
    assert predict([str(folder / "images"), "--weights", "run", "--out", "masks", "--threads", "1"]) == 0
    for name, shape in (("mask", (64, 70)), ("overlay", (64, 70, 3))):
        with Image.open(f"masks/0.{name}.png") as made:
            assert np.asarray(made).shape == shape
    Image.fromarray(np.zeros((20, 20), "uint8")).save("shallow.png")
    assert predict(["shallow.png", "--weights", "run", "--threads", "1"]) == 2
    assert "but the network was trained on" in capsys.readouterr().err
    with pytest.raises(ValueError, match=rf"a picture is \(H, W, {channels}\) uint16, not"):
        load_model("run").predict(np.zeros((20, 20, channels), "uint8"))
    assert train(["--resume", "run", "--threads", "1"]) == 0


def test_a_page_is_remembered(tmp_path):
    folder = striped(tmp_path / "pages")
    for path in sorted((folder / "images").iterdir()):
        values = np.array(Image.open(path))
        path.unlink()
        tifffile.imwrite(path.with_suffix(".tif"), np.stack([np.zeros_like(values), values]))
    assert train(["--data-dir", str(folder), *SMALL, "--page", "2", "--out", "run"]) == 0
    model = load_model("run")
    assert model.config.page == 2 and model.read(folder / "images" / "0.tif").max() == 180
    assert model.read(folder / "images" / "0.tif", 1).max() == 0
    assert predict([str(folder / "images"), "--weights", "run", "--page", "1", "--threads", "1"]) == 0


def test_single_objects_get_their_border_and_their_score(tmp_path, capsys):
    folder = write_folder(tmp_path / "mine", size=(40, 40))
    for path in (folder / "masks").iterdir():
        mask = np.array(Image.open(path))
        Image.fromarray((mask * (1 + (np.arange(40) > 20))).astype("uint16")).save(path)
    (folder / "masks").rename(folder / "instances")
    assert train(["--data-dir", str(folder), *SMALL, "--set", "seam_weight=3", "--out", "run"]) == 0
    assert "view: pieces" in capsys.readouterr().out
    assert "average_precision" in json.loads((tmp_path / "run" / "test.json").read_text())
    assert config_of(tmp_path / "run").class_weight == (1, 1, 4)
    assert train(["--data-dir", str(folder), *SMALL, "--view", "whole", "--out", "whole"]) == 0
    assert config_of(tmp_path / "whole").class_weight == (1, 1, 4)
    assert train(["--data-dir", str(folder), *SMALL, "--scale", "0.5", "--set", "seam_weight=3", "--out", "half"]) == 0


def test_what_is_ignored_counts_neither_in_the_loss_nor_in_the_score(tmp_path):
    """Whatever the network says there: the picture's right half is ignored, and all of it is wrong."""
    folder = striped(tmp_path / "mine")
    (folder / "classes.txt").write_text("0 ground\n1 line\n9 ignore\n")
    for path in (folder / "masks").iterdir():
        mask = np.array(Image.open(path))
        mask[:, 35:] = 9
        Image.fromarray(mask).save(path)
    assert train(["--data-dir", str(folder), *SMALL, "--view", "whole", "--out", "run"]) == 0
    data, config, *_ = load(config_of(tmp_path / "run"))
    net = make_network(config, 2)
    batch = make_batch(net, config, make_batches(net, data.training, config), 0)
    assert set(np.unique(batch["labels"])) == {0, 1} and set(np.unique(batch["pixel_weight"])) == {0, 1}
    assert 0.3 < batch["pixel_weight"].mean() < 0.7
    test = json.loads((tmp_path / "run" / "test.json").read_text())
    counted = (data.test.labels != IGNORED).sum()
    assert test["pixel_accuracy"] * counted == pytest.approx(round(test["pixel_accuracy"] * counted))


@pytest.mark.parametrize("loss", ["cross-entropy", "dice", "both"])
def test_weights_of_classes_are_not_in_soft_dice(rng, loss):
    """Not by way of the map that makes seams count more, either; and what is ignored counts in neither."""
    cells = make_cells(3, 32, rng)
    cells.labels[:, :4] = IGNORED
    config = Config("cells", size=32, base=2, depth=2, class_weight=(1, 2, 4), seam_weight=3, loss=loss)
    batches = [
        make_batch(make_network(each, 3), each, make_batches(make_network(each, 3), cells, each), 0)
        for each in (config, replace(config, class_weight=(1, 1, 1)), replace(config, class_weight=None))
    ]
    weighted_ones, ones, none = batches
    assert (weighted_ones["pixel_weight"] != ones["pixel_weight"]).any()
    np.testing.assert_allclose(ones["pixel_weight"], none["pixel_weight"], rtol=1e-6)
    for batch in batches:
        assert ("dice_weight" in batch) == (loss != "cross-entropy")
        np.testing.assert_array_equal(batch.get("dice_weight", none["pixel_weight"]), none["pixel_weight"])
    assert none["pixel_weight"].min() == 0 and none["pixel_weight"].max() > 2


def test_balanced_classes():
    labels = np.array([[[0] * 12 + [1] * 3 + [IGNORED] * 5]], "uint8")
    assert weighted(Config(), labels, 2, "balanced").class_weight == pytest.approx((1 / 0.8 / 2, 1 / 0.2 / 2), rel=1e-2)
    labels = np.zeros((1, 60, 20), "uint8")
    labels[0, 0, 0] = 1
    low, high = weighted(Config(), labels, 2, "balanced").class_weight
    assert high / low == pytest.approx(50, rel=1e-2)  # at most


def test_weights_are_of_what_counts_without_padding(tmp_path, capsys):
    """A square of 12 in the middle of 32 x 32, of which a network without padding predicts 16 x 16."""
    folder = write_folder(tmp_path / "mine", size=(32, 32))
    for path in (folder / "masks").iterdir():
        mask = np.zeros((32, 32), "uint8")
        mask[10:22, 10:22] = 1
        Image.fromarray(mask).save(path)
    options = ["--size", "32", "--base", "2", "--depth", "2", "--view", "whole", "--set", "padding=valid"]
    assert (
        train(["--data-dir", str(folder), *options, "--class-weight", "balanced", "--epochs", "1", "--out", "a"]) == 0
    )
    low, high = config_of(tmp_path / "a").class_weight
    assert (low, high) == pytest.approx((256 / 112 / 2, 256 / 144 / 2), rel=1e-2)
    assert "class 0 43.8%, class 1 56.2%" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "asked", "ratio"),
    [
        ({}, None, 2),
        ({}, "balanced", 4),
        ({"class_weight": (1, 3)}, "1,3", 3),
        ({"class_weight": (1, 3)}, None, 3),
        ({"pieces": False}, None, None),
        ({"preset": "nuclei"}, None, None),
        ({"loss": "dice"}, None, None),
    ],
)
def test_in_pieces_of_a_folder_rare_classes_count_more(change, asked, ratio):
    labels = np.array([[[0] * 12 + [1] * 3]], "uint8")
    weights = weighted(replace(PIECES, **change), labels, 2, asked).class_weight
    assert weights is None if ratio is None else weights[1] / weights[0] == pytest.approx(ratio, rel=0.01)
    if asked != "1,3" and ratio in (2, 4):
        assert 0.8 * weights[0] + 0.2 * weights[1] == pytest.approx(1, rel=0.01)


def test_weights_of_the_classes_on_the_command_line(tmp_path, capsys):
    folder = striped(tmp_path / "mine")
    assert train(["--data-dir", str(folder), *SMALL, "--class-weight", "balanced", "--out", "a"]) == 0
    ground, line = config_of(tmp_path / "a").class_weight
    assert ground < 1 < line
    assert train(["--data-dir", str(folder), *SMALL, "--class-weight", "1,2.5", "--out", "b"]) == 0
    assert config_of(tmp_path / "b").class_weight == (1, 2.5)
    assert train(["--data-dir", str(folder), *SMALL, "--class-weight", "heavy"]) == 2
    assert "--class-weight takes balanced, or a number above 0 for each class" in capsys.readouterr().err
    assert train(["--data-dir", str(folder), *SMALL, "--class-weight", "balanced", "--loss", "dice"]) == 2
    assert "which --loss dice leaves out: say --loss both" in capsys.readouterr().err
    assert train([*SMALL, "--set", "class_weight=[1,2,3]", "--loss", "dice"]) == 2
    assert "--set class_weight is for the cross-entropy" in capsys.readouterr().err
    assert train([*SMALL, "--set", "class_weight=[1,2,3]", "--class-weight", "balanced"]) == 2
    assert "say the same: leave one of them out" in capsys.readouterr().err
    assert train(["--resume", "a", "--class-weight", "balanced"]) == 2
    assert "--class-weight cannot be given with it" in capsys.readouterr().err


@pytest.mark.parametrize(("asked", "weights"), [("null", None), ("[1,3]", (1, 3))])
def test_weights_that_are_set_are_those_that_train(tmp_path, asked, weights):
    """null is 1 for each, and not what pieces have where nobody asks."""
    folder = striped(tmp_path / "mine")
    how = ["--view", "pieces", "--set", f"class_weight={asked}"]
    assert train(["--data-dir", str(folder), *SMALL, *how, "--out", "run"]) == 0
    assert config_of(tmp_path / "run").class_weight == weights


@pytest.mark.parametrize("asked", [[], ["--class-weight", "1,3"]])
def test_a_run_does_not_go_on_with_more_classes(tmp_path, capsys, asked):
    """The classes are named, and not the weights that they do not fit."""
    folder = striped(tmp_path / "mine")
    assert train(["--data-dir", str(folder), *SMALL, "--view", "whole", *asked, "--out", "run"]) == 0
    mask = np.array(Image.open(folder / "masks" / "0.png"))
    mask[:9, :9] = 2
    Image.fromarray(mask).save(folder / "masks" / "0.png")
    assert train(["--resume", "run"]) == 2
    said = capsys.readouterr().err
    assert "last.npz holds the classes class 0, class 1, but the images have class 0, class 1, class 2" in said


def test_what_is_said_of_a_run(tmp_path, capsys):
    """Channels, ranges, pieces, what is ignored, and the weights."""
    folder = striped(tmp_path / "mine")
    (folder / "classes.txt").write_text("0 ground\n1 line\n9 ignore\n")
    for path in (folder / "masks").iterdir():
        mask = np.array(Image.open(path))
        mask[:, :14] = 9
        Image.fromarray(mask).save(path)
    how = ["--view", "pieces", "--scale", "0.5", "--class-weight", "1,3"]
    assert train(["--data-dir", str(folder), *SMALL, *how, "--out", "run"]) == 0
    said = capsys.readouterr().out
    for line in (
        "view: pieces at 0.5 of the resolution, as --view asks for them",
        "1 channel, black to white: 0 to 255",
        "pieces of 16 x 16 pixels, 13 an epoch",
        "ignored: 20.0% of the pixels to train on",
        "weight of a pixel in the cross-entropy: ground 1, line 3",
    ):
        assert line in said


def test_without_a_border_the_weight_of_its_class_is_left_out(tmp_path):
    folder = write_folder(tmp_path / "mine", size=(40, 40))
    (folder / "masks").rename(folder / "instances")
    assert train(["--data-dir", str(folder), *SMALL, "--set", "border=0", "--out", "run"]) == 0
    assert len(config_of(tmp_path / "run").class_weight) == 2


@pytest.mark.parametrize("asked", [["--class-weight", "1,1,4"], ["--set", "class_weight=[1,1,4]"]])
def test_weights_that_were_asked_for_are_not_left_out(tmp_path, capsys, asked):
    """Also if they are those of the preset."""
    folder = write_folder(tmp_path / "mine", size=(40, 40))
    (folder / "masks").rename(folder / "instances")
    assert train(["--data-dir", str(folder), *SMALL, "--set", "border=0", *asked]) == 2
    assert "class_weight holds 3 numbers, but there are 2 classes" in capsys.readouterr().err


def test_numbers_of_another_scale_are_told(tmp_path, capsys):
    folder = striped(tmp_path / "deep")
    for path in sorted((folder / "images").iterdir()):
        values = np.array(Image.open(path)).astype("float32")
        path.unlink()
        tifffile.imwrite(path.with_suffix(".tif"), values)
    assert train(["--data-dir", str(folder), *SMALL, "--out", "run"]) == 0
    for name, other in (("same", values), ("other", values / 4095), ("none", np.full_like(values, np.nan))):
        tifffile.imwrite(f"{name}.tif", other)
    capsys.readouterr()
    assert predict(["same.tif", "other.tif", "none.tif", "--weights", "run", "--threads", "1"]) == 2
    said = capsys.readouterr().err
    assert "other.tif: 100% of the numbers lie outside of the range of the training images, 60 to 180" in said
    assert "none.tif holds no number that is finite" in said and "same.tif" not in said


@pytest.mark.parametrize("view", ["whole", "pieces"])
def test_other_units_are_told_of_the_images_of_a_run_too(tmp_path, capsys, view):
    """A range that begins at 0: shares of 1 are nearly black to it, and twenty times as many counts all white."""
    folder = striped(tmp_path / "deep")
    for number, path in enumerate(sorted((folder / "images").iterdir())):
        values = 200 * np.array(Image.open(path)).astype("float32")
        values[:2] = 0
        path.unlink()
        values = {0: values / 65535, 1: 20 * values + 65535}.get(number, values)
        tifffile.imwrite(path.with_suffix(".tif"), values)
    names = sorted(path.stem for path in (folder / "images").iterdir())
    for part, some in (("val", names[:1]), ("test", names[1:2]), ("train", names[2:])):
        (folder / f"{part}.txt").write_text("".join(f"{name}\n" for name in some))
    assert train(["--data-dir", str(folder), *SMALL, "--view", view, "--out", "run"]) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if "another unit" in line]
    assert len(said) == 2 and all("0 to 36" in line for line in said)
    assert f"{names[0]}.tif: the numbers fill 0.0% of the range" in said[0]
    assert f"{names[1]}.tif: 100% of the numbers lie outside" in said[1]


@pytest.mark.parametrize("view", ["whole", "pieces"])
def test_a_tile_beyond_the_map_is_black(tmp_path, capsys, view):
    """Of a map in tiles, some hold no value at all: in both views it is said, and the others are trained on."""
    folder = striped(tmp_path / "map")
    for number, path in enumerate(sorted((folder / "images").iterdir())):
        values = 100 + 20 * np.array(Image.open(path)).astype("uint16")
        path.unlink()
        nodata = [(42113, 2, 0, "0", True)]
        tifffile.imwrite(path.with_suffix(".tif"), values * (number != 2), extratags=nodata, metadata=None)
    assert train(["--data-dir", str(folder), *SMALL, "--view", view, "--out", "run"]) == 0
    assert capsys.readouterr().err.count("tif holds no value: it is black") == 1


@pytest.mark.parametrize("width", [512, 511])
@pytest.mark.parametrize("view", ["whole", "pieces"])
def test_the_range_meets_all_columns_and_diagonals(tmp_path, capsys, width, view):
    """As raw pictures of cameras have them: every second column, or every second pixel, another filter."""
    folder = tmp_path / "mosaic"
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    odd = np.indices((160, width)).sum(axis=0) % 2 if width % 2 else np.indices((160, width))[1] % 2
    for number in range(12):
        tifffile.imwrite(
            folder / "images" / f"{number}.tif", np.where(odd, 5000 + number, 100 + number).astype("uint16")
        )
        Image.fromarray((np.indices((160, width))[0] > 80).astype("uint8")).save(folder / "masks" / f"{number}.png")
    assert train(["--data-dir", str(folder), *SMALL, "--view", view, "--epochs", "1"]) == 0
    low, high = re.search(r"black to white: (\d+) to (\d+)", capsys.readouterr().out).groups()
    assert int(low) < 120 and int(high) >= 5000


def test_a_run_of_other_channels_says_why_it_cannot_go_on(tmp_path, capsys):
    folder = striped(tmp_path / "mine")
    assert train(["--data-dir", str(folder), *SMALL, "--out", "run"]) == 0
    config = config_of(tmp_path / "run")
    data, config, *_ = load(config)
    wide = replace(config, channels=3)
    net = make_network(wide, 2)
    run = begin(wide, net, data, "cpu")
    with pytest.raises(InputError, match="that read its images with 3 channels, and this one reads them with 1"):
        resume(run, tmp_path / "run" / "last.npz", net, data, "cpu")


@pytest.mark.parametrize(("part", "what"), [("train", "train on"), ("val", "validate with"), ("test", "test with")])
def test_nothing_is_left_to_count_in_the_middle(tmp_path, capsys, part, what):
    """A network without padding predicts the middle, and only the rim is labelled: it is said before training."""
    folder = striped(tmp_path / "mine")
    (folder / "classes.txt").write_text("0 ground\n1 line\n9 ignore\n")
    paths = sorted((folder / "masks").iterdir())
    parts = {"train": paths[2:], "val": paths[:1], "test": paths[1:2]}
    for name, some in parts.items():
        (folder / f"{name}.txt").write_text("".join(f"{path.stem}\n" for path in some))
    for path in parts[part]:
        mask = np.array(Image.open(path))
        mask[1:-1, 1:-1] = 9
        Image.fromarray(mask).save(path)
    options = [*SMALL, "--size", "36", "--view", "whole", "--set", "padding=valid"]
    assert train(["--data-dir", str(folder), *options]) == 2
    said = capsys.readouterr()
    assert f"All pixels of the pictures to {what} are ignored, where the network predicts" in said.err
    assert "epoch" not in said.out
    assert train(["--data-dir", str(folder), *options, "--set", "padding=same", "--epochs", "1"]) == 0


@pytest.mark.parametrize("vanishes", ["all", "one class"])
def test_labels_that_pieces_lose_in_scaling(tmp_path, capsys, vanishes):
    """Lines amid what is ignored, which lie in the rows that a scale of a half leaves out."""
    folder = write_folder(tmp_path / "mine", size=(64, 64))
    (folder / "classes.txt").write_text("0 ground\n1 crack\n255 ignore\n")
    mask = np.full((64, 64), 255, "uint8")
    mask[8::16, 32:] = 1
    if vanishes == "all":
        mask[0::16, :32] = 0
    else:
        mask[20:44, 4:28] = 0
    for path in (folder / "masks").iterdir():
        Image.fromarray(mask).save(path)
    options = ["--data-dir", str(folder), *SMALL, "--view", "pieces", "--scale", "0.5", "--epochs", "1"]
    status = train(options)
    said = capsys.readouterr()
    if vanishes == "all":
        assert status == 2 and "train on are ignored, as they are scaled by 0.5. A larger --scale keeps" in said.err
    else:
        assert status == 0 and "ground 100.0%, crack 0.0%" in said.out
        said_first = said.out[: said.out.index("\nepoch ")]
        assert "no training image shows crack, as the network sees it: that cannot be learnt\n" in said_first
        assert "No training image shows crack, as the network sees it" in said.out


def test_a_test_image_that_is_trained_on_under_another_name_is_told(tmp_path, capsys):
    folder = striped(tmp_path / "mine")
    paths = sorted((folder / "images").iterdir())
    for part, ending in (("images", paths[0].suffix), ("masks", ".png")):
        original = folder / part / f"{paths[3].stem}{ending}"
        (folder / part / f"copy{ending}").write_bytes(original.read_bytes())
    (folder / "val.txt").write_text(f"{paths[0].stem}\n")
    (folder / "test.txt").write_text(f"copy\n{paths[1].stem}\n")
    assert train(["--data-dir", str(folder), *SMALL, "--epochs", "1"]) == 0
    said = capsys.readouterr().out
    assert f"1 of 2 test images are trained on, too, and the test says too much: copy.png = {paths[3].name}\n" in said


def test_some_masks_of_objects_that_are_black_and_white_are_told(tmp_path, capsys):
    folder = write_folder(tmp_path / "mine", size=(40, 40))
    (folder / "masks").rename(folder / "instances")
    first = sorted((folder / "instances").iterdir())[0]
    Image.fromarray(255 * np.array(Image.open(first))).save(first)
    train(["--data-dir", str(folder), *SMALL, "--epochs", "1"])
    assert f"black and white, each of which counts as one object: {first.name}\n" in capsys.readouterr().err


def test_ranges_belong_to_channels():
    with pytest.raises(InputError, match="ranges holds 2 numbers, but two for each of 3 channels"):
        make_network(Config("folder", ranges=(0, 1)), 2)


def cells(number, size=80):
    """Squares between walls, and the same with a gap in every wall."""
    walls = (np.indices((size, size)) % 16 < 2).any(axis=0)
    gaps = (np.indices((size, size)) % 16 == 9).any(axis=0)
    return (~walls).astype("uint8"), (~walls | gaps).astype("uint8")


def test_rand_scores_of_classes_in_many_pieces():
    truth, merged = cells(0)
    names = ("wall", "cell")
    assert rand_scores([truth] * 2, [truth] * 2, names) == {"cell": 1.0}
    one, other = rand_scores([truth] * 2, [truth, merged], names)["cell"], rand_score(label(truth)[0], label(merged)[0])
    assert one == pytest.approx((1 + other) / 2) and other < 0.2
    assert rand_scores([truth], [np.zeros_like(truth)], names) == {"cell": 0.0}
    assert rand_scores([np.ones_like(truth)], [truth], names) == {}


def test_predicted_pieces_do_not_join_through_what_is_ignored():
    """Whatever is predicted between cells whose walls are not labelled; with 256 classes, 255 is one of them."""
    truth, merged = cells(0)
    unsure = np.where(truth == 0, IGNORED, truth)
    for prediction in (truth, np.ones_like(truth)):
        assert rand_scores([unsure], [prediction], ("wall", "cell")) == {"cell": 1.0}
    assert rand_scores([unsure], [merged * 0], ("wall", "cell")) == {"cell": 0.0}
    many = tuple(f"class {k}" for k in range(256))
    assert rand_scores([255 * truth], [255 * truth], many) == {"class 255": 1.0}


def test_pieces_of_single_pixels_have_no_score(capsys):
    dots = ((np.indices((20, 20)) % 3) == 0).all(axis=0).astype("uint8")
    assert rand_scores([dots], [dots], ("ground", "dot")) == {"dot": None}
    result = {"images": 1, "epoch": 1, "pixel_accuracy": 1, "majority_accuracy": 0.9, "mean_iou": 1, "iou": {}}
    print_result({**result, "rand_score": {"dot": None}})
    assert "is together: dot in single pixels only\n" in capsys.readouterr().out


def test_of_many_classes_the_best_and_the_worst_are_printed(capsys):
    result = {"images": 1, "epoch": 1, "pixel_accuracy": 1, "majority_accuracy": 0.9, "mean_iou": 1}
    iou = {f"c{k}": k / 100 for k in range(12)} | {"none": None}
    print_result({**result, "iou": iou})
    printed = capsys.readouterr().out
    assert "highest IoU: c11 0.110, c10 0.100, c9 0.090, c8 0.080, c7 0.070\n" in printed
    assert "lowest IoU: c0 0.000, c1 0.010, c2 0.020, c3 0.030, c4 0.040\n" in printed
    assert "that of all 13 classes is in test.json\n" in printed
    print_result({**result, "iou": {name: value for name, value in iou.items() if name != "c0"}})
    assert "\nIoU: c1 0.010, " in capsys.readouterr().out


def test_the_rand_score_stands_in_the_result(tmp_path, capsys):
    folder = tmp_path / "mine"
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
        for number in range(3):
            Image.fromarray(cells(number)[0] * (200 if part == "images" else 1)).save(folder / part / f"{number}.png")
    assert train(["--data-dir", str(folder), *SMALL, "--view", "pieces", "--out", "run"]) == 0
    said = capsys.readouterr().out
    assert "validation: drawn at random from all images; test: drawn at random from all images" in said
    test = json.loads((tmp_path / "run" / "test.json").read_text())
    assert f"Rand score, whether what belongs together is together: class 1 {test['rand_score']['class 1']:.3f}" in said


def test_small_objects_are_found_and_specks_are_none():
    truth = np.zeros((40, 40), "int32")
    truth[4:8, 4:8], truth[20:24, 20:24] = 1, 2  # 16 pixels each
    predicted = (truth > 0).astype("uint8")
    matrix = np.eye(3, dtype=int)
    assert score_instances([truth], matrix, [predicted], 0)["average_precision"]["0.9"] == 1
    predicted[30, 30] = 1
    assert score_instances([truth], matrix, [predicted], 0)["average_precision"]["0.9"] == 1


def test_very_many_objects_take_little_memory():
    truth = ((np.indices((400, 400)) % 4 < 3).all(axis=0) * (1 + np.arange(160000).reshape(400, 400))).astype("int32")
    tracemalloc.start()
    try:
        counts = count_matches(truth, truth, 0.5)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert counts[0] == np.count_nonzero(truth) and peak < 60 * truth.size


def test_one_object_cut_off_at_an_edge_does_not_make_objects_of_all_specks():
    squares = (np.indices((60, 60)) % 12 < 6).all(axis=0)
    truth = label(squares)[0].astype("int32")  # 25 of 36 pixels each
    truth[0, 59] = 26
    predicted = (truth > 0).astype("uint8")
    predicted[9::12, 9::12] = 1  # 25 specks
    found = score_instances([truth], np.eye(3, dtype=int), [predicted], 0)["average_precision"]["0.5"]
    assert found == 25 / 26
