"""`python -m minunet.predict`: masks in the size of the picture, for whatever Pillow reads, and clear refusals."""

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import minunet
from minunet import InputError, backend, predict
from minunet.data.batches import to_input
from minunet.model import tiling
from minunet.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint, save_weights
from minunet.model.config import Config, make_network
from minunet.model.objects import outlines
from minunet.model.trained import Model, load_model, prepare
from minunet.predict import main
from minunet.train.presets import PRESETS
from tests.model.texts import change_meta

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(predict.__file__).parents[1]), "OPENBLAS_NUM_THREADS": "1"}
ENVIRONMENT["MALLOC_MMAP_THRESHOLD_"] = "65536"  # memory goes back at once


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def save_model(path: Path, preset: str, **changes) -> Path:
    """An untrained network of a preset."""
    config = dataclasses.replace(PRESETS[preset], base=4, depth=2, size=16, **changes)
    params = make_network(config, 3).init(np.random.default_rng(0))
    save_weights(path, Checkpoint(config, ("a", "b", "c"), params))
    return path


def photo(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows * 255 // max(1, height - 1), columns * 255 // max(1, width - 1), rows * 0], 2).astype("uint8")


def read(path: str | Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return image


@pytest.mark.parametrize("preset", ["pets", "nuclei"])
@pytest.mark.parametrize("size", [(1, 1), (30, 47), (3, 2000), (300, 200)])
def test_masks_have_the_size_of_the_picture(tmp_path, preset, size):
    weights = save_model(tmp_path / "w.npz", preset)
    Image.fromarray(photo(*size)).save("photo.png")
    assert main(["photo.png", "--weights", str(weights), "--probabilities"]) == 0
    mask = read("predictions/photo.mask.png")
    assert mask.mode == "P" and mask.size == size[::-1]
    with np.load("predictions/photo.npz") as file:
        saved = dict(file)
    assert saved["probabilities"].shape == (*size, 3) and saved["classes"].tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(saved["probabilities"].sum(axis=2), 1, atol=1e-4)
    np.testing.assert_array_equal(np.asarray(mask), saved["probabilities"].argmax(axis=2))
    overlay = read("predictions/photo.overlay.png")
    assert overlay.mode == "RGB" and overlay.size == mask.size


def test_a_network_of_pieces_sees_every_pixel(tmp_path):
    """The same answer as the network gives for the whole picture."""
    model = load_model(save_model(tmp_path / "w.npz", "nuclei", stretch=False, tta=False))
    picture = photo(32, 48)
    expected = tiling.predict(model.net, model.params, to_input(picture[None]))[0]
    np.testing.assert_allclose(model.probabilities(picture), expected, atol=1e-6)


def test_a_network_of_whole_pictures_sees_them_scaled(tmp_path):
    """The picture is squeezed to the size of training, and the answer stretched over the picture again."""
    model = load_model(save_model(tmp_path / "w.npz", "pets", tta=False))
    picture = photo(64, 160)
    squeezed = np.asarray(Image.fromarray(picture).resize((16, 16), Image.Resampling.BILINEAR))
    expected = tiling.predict(model.net, model.params, to_input(squeezed[None]))[0]  # (16, 16, 3)
    middles = model.probabilities(picture)[2::4, 5::10]  # one pixel from each of 16 x 16 fields
    assert abs(middles - expected).mean() < 0.03 < abs(middles - expected[::-1]).mean()
    np.testing.assert_array_equal(load_model(tmp_path / "w.npz").probabilities(squeezed), expected)


def test_mirror_images(tmp_path):
    model = load_model(save_model(tmp_path / "w.npz", "pets"))
    picture = photo(16, 16)
    mirrored = model.probabilities(picture[:, ::-1].copy())[:, ::-1]
    np.testing.assert_allclose(mirrored, model.probabilities(picture), atol=1e-5)
    alone = model.probabilities(picture, tta=False)
    assert abs(alone - mirrored).max() > 1e-3


def kinds(folder: Path) -> dict[str, tuple[int, int]]:
    """Pictures of many kinds, and the size (width, height) that the mask must have."""
    rgb = Image.fromarray(photo(20, 30))
    rgb.save(folder / "plain.jpg")
    rgb.convert("L").save(folder / "grey.png")
    rgb.convert("1").save(folder / "black-and-white.png")
    rgb.convert("P").save(folder / "palette.gif")
    rgb.convert("RGBA").save(folder / "alpha.png")
    rgb.convert("CMYK").save(folder / "print.jpg")
    rgb.convert("LA").save(folder / "grey-alpha.png")
    Image.fromarray(photo(20, 30)[..., 0].astype("uint16") * 100).save(folder / "deep.tif")
    Image.fromarray(photo(20, 30)[..., 0].astype("float32") / 255).save(folder / "float.tif")
    rgb.save(folder / "film.gif", save_all=True, append_images=[rgb.rotate(90), rgb.rotate(180)])
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter: 20 x 30 when shown
    rgb.save(folder / "turned.jpg", exif=exif)
    Image.fromarray(photo(10, 20_000)).save(folder / "strip.png")
    return {path.stem: (30, 20) for path in folder.iterdir()} | {"turned": (20, 30), "strip": (20_000, 10)}


def test_a_folder_of_all_kinds(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    sizes = kinds(tmp_path / "in")
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    (tmp_path / "in" / ".hidden.png").write_bytes(b"junk")
    weights = save_model(tmp_path / "w.npz", "pets")
    assert main(["in", "--weights", str(weights), "--out", "out"]) == 0
    assert {path.name.split(".")[0] for path in Path("out").iterdir()} == set(sizes)
    for name, size in sizes.items():
        assert read(f"out/{name}.mask.png").size == size, name
    printed, told = capsys.readouterr()
    assert "film.gif holds 3 pictures; the first is used" in told
    assert "12 of 12 pictures done; masks (0 a, 1 b, 2 c)" in printed
    assert "files passed over in folders, as their endings are not those of pictures: 1\n" in printed
    (tmp_path / "one").mkdir()
    Image.fromarray(photo(20, 30)).save("one/a.png")
    made = ["one", "one", "--weights", str(weights), "--probabilities", "--out", "one"]
    for out in ("one", "two"):  # what the first has made there is no picture for the second, and nothing else either
        assert main([*made[:-1], out]) == 0
        printed = capsys.readouterr().out
        assert "1 of 1 pictures done" in printed and "passed over" not in printed
    deep, plain = (np.asarray(read(f"out/{name}.overlay.png")) for name in ("deep", "float"))
    assert abs(deep.astype(int) - plain).mean() < 3  # the same picture, in 16 bits and as floating point


def test_broken_pictures_do_not_stop_the_others(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    Image.fromarray(photo(20, 30)).save("in/good.png")
    whole = Path("in/good.png").read_bytes()
    Path("in/truncated.png").write_bytes(whole[: len(whole) // 2])
    Path("in/empty.jpg").write_bytes(b"")
    Path("in/text.jpg").write_text("#!/bin/sh\nrm -rf /\n")
    header = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (200_000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    Path("in/bomb.png").write_bytes(header + b"\x00" * 50)
    weights = save_model(tmp_path / "w.npz", "pets")
    assert main(["in", "missing.png", "--weights", str(weights)]) == 2
    captured = capsys.readouterr()
    assert "1 of 6 pictures done" in captured.out
    for name in ("truncated.png", "empty.jpg", "text.jpg", "bomb.png", "missing.png"):
        assert sum(name in line for line in captured.err.splitlines() if line.startswith("minunet: ")) == 1, name
    assert sorted(path.name for path in Path("predictions").iterdir()) == ["good.mask.png", "good.overlay.png"]


def test_what_cannot_be_looked_at_does_not_stop_the_others(tmp_path, monkeypatch, capsys):
    """A name that is too long, a folder that may not be entered or listed, a disk that does not answer."""
    for name in ("good", "closed", "dead", "half"):
        Path(name).mkdir()
        Image.fromarray(photo(4, 4)).save(f"{name}/{name}.png")
    denied, dead = PermissionError(13, "Permission denied"), OSError(107, "Transport endpoint is not connected")
    errors = {"closed/closed.png": denied, "half/half.png": denied, "dead": dead, "dead/dead.png": dead}
    stat, listed = os.stat, Path.iterdir

    def refused(path, *arguments, **options):
        if str(path) in errors:
            raise errors[str(path)]
        return stat(path, *arguments, **options)

    def unlisted(folder):
        if folder.name == "closed":
            raise denied
        return listed(folder)

    weights = str(save_model(tmp_path / "w.npz", "pets"))
    monkeypatch.setattr(os, "stat", refused)
    monkeypatch.setattr(Path, "iterdir", unlisted)
    long = "n" * 300 + ".png"
    given = [long, "dead", "dead/dead.png", "closed", "closed/closed.png", "half", "good"]
    assert main([*given, "--weights", weights]) == 2
    printed, told = capsys.readouterr()
    assert "1 of 6 pictures done" in printed and Path("predictions/good.mask.png").exists()
    lines = [line for line in told.splitlines() if line.startswith("minunet: ")]
    assert lines[0] == "minunet: closed cannot be read: Permission denied."
    assert [line.split()[1] for line in lines[1:]] == [long, *given[1:3], given[4], "half/half.png"]
    assert all(" cannot be read as a picture: [Errno " in line for line in lines[1:])


def test_whatever_pillow_raises_is_one_sentence(tmp_path, monkeypatch, capsys):
    """Its readers of damaged AVIF, DDS or SPIDER files raise RuntimeError, NotImplementedError, AttributeError."""
    for name in ("a.png", "b.png"):
        Image.fromarray(photo(4, 4)).save(name)
    weights = str(save_model(tmp_path / "w.npz", "pets"))
    whole = Image.open

    def damaged(file, **options):
        if Path(file.name).name == "a.png":
            raise RuntimeError("Failed to decode frame 0")
        return whole(file, **options)

    monkeypatch.setattr(Image, "open", damaged)
    assert main(["a.png", "b.png", "--weights", weights]) == 2
    assert "a.png cannot be read as a picture: Failed to decode" in capsys.readouterr().err
    assert Path("predictions/b.mask.png").exists()


def test_names_that_meet(tmp_path, capsys):
    for name in ("a.png", "a.jpg"):
        Image.fromarray(photo(4, 4)).save(name)
    weights = ["--weights", str(save_model(tmp_path / "w.npz", "pets"))]
    assert main(["a.png", "a.jpg", *weights]) == 0
    assert {path.name for path in Path("predictions").glob("*.mask.png")} == {"a.png.mask.png", "a.jpg.mask.png"}
    (tmp_path / "other").mkdir()
    Image.fromarray(photo(4, 4)).save("other/a.png")
    assert main(["a.png", "other/a.png", *weights]) == 2
    assert "Two pictures are called a.png" in capsys.readouterr().err


def test_nothing_is_overwritten(tmp_path, capsys):
    """Not what it made before, not the weights, not a picture that happens to have such a name."""
    Image.fromarray(photo(4, 4)).save("a.png")
    weights = save_model(tmp_path / "a.npz", "pets")
    for _ in range(2):
        assert main(["a.png", "--weights", str(weights)]) == 0
    assert Path("predictions-2/a.mask.png").exists()
    before = weights.read_bytes()
    assert main(["a.png", "--weights", str(weights), "--out", ".", "--probabilities"]) == 2
    assert "a.npz exists already" in capsys.readouterr().err and weights.read_bytes() == before
    assert not Path("a.mask.png").exists()
    assert main([".", "--weights", str(weights), "--out", "."]) == 0
    assert main([".", "--weights", str(weights), "--out", "."]) == 2
    assert "a.mask.png exists already" in capsys.readouterr().err
    assert main([".", "--weights", str(weights), "--out", "again"]) == 0  # what it made is no picture to be asked about
    assert sorted(path.name for path in Path("again").iterdir()) == ["a.mask.png", "a.overlay.png"]


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch, capsys):
    for name in ("a.png", "b.png"):
        Image.fromarray(photo(4, 4)).save(name)
    weights = str(save_model(tmp_path / "w.npz", "pets"))

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(predict, "_save", full)
    assert main(["a.png", "b.png", "--weights", weights]) == 2
    assert (
        capsys.readouterr().err.splitlines()[-1] == "minunet: predictions cannot be written: No space left on device."
    )


def test_a_name_that_is_too_long_stops_nobody(tmp_path, capsys):
    long = "x" * 245 + ".png"
    for name in (long, "y.png"):
        Image.fromarray(photo(4, 4)).save(name)
    assert main([long, "y.png", "--weights", str(save_model(tmp_path / "w.npz", "pets"))]) == 2
    assert "File name too long" in capsys.readouterr().err
    assert sorted(path.name for path in Path("predictions").iterdir()) == ["y.mask.png", "y.overlay.png"]


def test_options_reach_the_network(tmp_path):
    """--no-tta and --tile change the answer of a network of pieces; --tta is what its preset says already."""
    Image.fromarray(photo(200, 210)).save("a.png")
    weights = str(save_model(tmp_path / "w.npz", "nuclei"))
    answers = {}
    for options in ([], ["--tta"], ["--no-tta"], ["--no-tta", "--tile", "128"]):
        name = "out" + "".join(options)
        assert main(["a.png", "--weights", weights, "--out", name, "--probabilities", *options]) == 0
        with np.load(f"{name}/a.npz") as file:
            answers[name] = file["probabilities"]
    np.testing.assert_array_equal(answers["out"], answers["out--tta"])
    assert abs(answers["out--tta"] - answers["out--no-tta"]).max() > 1e-3
    assert abs(answers["out--no-tta"] - answers["out--no-tta--tile128"]).max() > 1e-6


def test_pictures_are_stretched_as_in_training(tmp_path):
    """A dark picture and a bright one of the same thing get the same answer."""
    model = load_model(save_model(tmp_path / "w.npz", "nuclei", tta=False))
    dark = photo(32, 40) // 8
    bright = dark * 6 + 20
    np.testing.assert_allclose(model.probabilities(dark), model.probabilities(bright), atol=0.02)
    assert prepare(dark, model.config).shape == (32, 40, 3) and prepare(dark, model.config).max() == 255


def test_large_networks_of_whole_pictures_see_them_in_one_piece(tmp_path):
    config = dataclasses.replace(PRESETS["pets"], base=4, depth=2, size=640, tta=False)
    params = make_network(config, 3).init(np.random.default_rng(0))
    save_weights(tmp_path / "w.npz", Checkpoint(config, ("a", "b", "c"), params))
    model, picture = load_model(tmp_path / "w.npz"), photo(640, 640)
    np.testing.assert_array_equal(
        model.probabilities(picture), tiling.predict(model.net, params, to_input(picture[None]))[0]
    )


def test_the_library_says_it_shortly(tmp_path):
    model, picture = minunet.load_model(str(save_model(tmp_path / "w.npz", "pets"))), photo(20, 30)
    mask = model.predict(picture)
    assert mask.dtype == np.uint8 and len(repr(model)) < 3000 and "quick operations" in repr(model.net.operations)
    np.testing.assert_array_equal(mask, model.probabilities(picture).argmax(axis=2))
    with pytest.raises(AttributeError, match="no attribute 'load_models'"):
        minunet.load_models  # noqa: B018


@pytest.mark.parametrize("picture", [np.zeros((4, 4)), np.zeros((4, 4, 3)), np.zeros((4, 4, 4), "uint8")])
def test_pictures_that_are_none(tmp_path, picture):
    model = load_model(save_model(tmp_path / "w.npz", "pets"))
    with pytest.raises(ValueError, match=r"a picture is \(H, W, 3\) uint8"):
        model.probabilities(picture)


def test_the_running_mean_predicts(tmp_path):
    """A run's last.npz holds both; what was tested is what predicts."""
    config = dataclasses.replace(PRESETS["pets"], base=4, depth=2, size=16)
    net = make_network(config, 3)
    params, average = (net.init(np.random.default_rng(seed)) for seed in (0, 1))
    save_checkpoint(tmp_path / "last.npz", Checkpoint(config, ("a", "b", "c"), params, average))
    model = load_model(tmp_path / "last.npz")
    for name, array in model.params.items():
        np.testing.assert_array_equal(array, average[name])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"classes": 3}, "does not say which classes"),
        ({"classes": None}, "does not say which classes"),
        ({"config": None}, "not the configuration of a run"),
        ({"config": {"depth": "5"}}, "depth: the value must be a whole number, not 5"),
        ({"config": {"dropout": -1}}, "dropout: it must be from 0 to 0.99"),
        ({"config": {"padding": "full"}}, "padding: it must be one of same, valid"),
        ({"config": {"depth": 40}}, "depth must be at most 12"),
        ({"config": {"flavour": 1}}, "not the configuration of a run"),
    ],
)
def test_checkpoints_that_make_no_sense(tmp_path, changes, says):
    path = save_model(tmp_path / "w.npz", "pets")

    def change(meta):
        for key, value in changes.items():
            meta[key] = {**meta[key], **value} if isinstance(value, dict) else value

    change_meta(path, change)
    with pytest.raises(InputError, match=says):
        load_model(path)


def test_weights_that_are_no_numbers(tmp_path):
    path = save_model(tmp_path / "w.npz", "pets")
    checkpoint = load_checkpoint(path)
    checkpoint.params["out.bias"][:] = np.nan
    save_checkpoint(path, checkpoint)
    with pytest.raises(InputError, match="out.bias are not finite"):
        load_model(path)


def test_what_is_wrong_is_said(tmp_path, capsys):
    Image.fromarray(photo(4, 4)).save("a.png")
    weights = str(save_model(tmp_path / "w.npz", "pets"))
    (tmp_path / "empty").mkdir()
    Path("file").write_text("")
    for arguments, says in (
        (["a.png", "--weights", "runs/none"], "There is no checkpoint runs/none"),
        (["a.png", "--weights", "a.png"], "a.png is not a checkpoint"),
        (["empty", "--weights", weights], "The folder empty holds no pictures"),
        (["a.png", "--weights", weights, "--out", "file"], "file is a file, or a link to nothing; it must be a folder"),
        (["a.png", "--weights", weights, "--device", "gpu"], "No GPU can be used"),
    ):
        if "gpu" in arguments and backend.why_no_gpu() is None:
            continue
        assert main(arguments) == 2
        assert says in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        main(["a.png", "--tile", "0"])
    assert stop.value.code == 2


def test_nothing_done_leaves_nothing(tmp_path, capsys):
    weights = str(save_model(tmp_path / "w.npz", "pets"))
    assert main(["none.jpg", "--weights", weights]) == 2
    printed = capsys.readouterr()
    assert "none.jpg does not exist" in printed.err and printed.out.endswith("0 of 1 pictures done\n")
    assert not Path("predictions").exists()


def test_a_picture_of_too_many_pixels(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10**6)
    Image.new("1", (2000, 1500)).save("large.png")
    assert main(["large.png", "--weights", str(save_model(tmp_path / "w.npz", "pets"))]) == 2
    assert "large.png has more than 2 million pixels: cut it into smaller ones." in capsys.readouterr().err


def test_overlays_show_what_the_network_sees(tmp_path):
    """A picture too dark for us, stretched; of a network that sees pictures as they are, as it is."""
    Image.fromarray(photo(32, 40) // 16).save("dark.png")
    means = {}
    for preset in ("nuclei", "pets"):
        assert main(["dark.png", "--weights", str(save_model(tmp_path / "w.npz", preset)), "--out", preset]) == 0
        means[preset] = np.asarray(read(f"{preset}/dark.overlay.png")).mean()
    assert means["nuclei"] > means["pets"] + 30


def test_a_picture_too_large_for_the_memory(tmp_path, monkeypatch, capsys):
    Image.fromarray(photo(4, 4)).save("a.png")
    weights = str(save_model(tmp_path / "w.npz", "pets"))

    def full(*arguments, **options):
        raise MemoryError()

    monkeypatch.setattr(Model, "bands", full)
    assert main(["a.png", "--weights", weights, "--threads", "1"]) == 2
    assert "a.png could not be done: too little memory" in capsys.readouterr().err


def test_the_weights_that_come_along():
    """They are there, small, and those of the pets preset; what they can do is in RESULTS.md."""
    assert predict.WEIGHTS.stat().st_size <= 2_000_000
    model = load_model(predict.WEIGHTS)
    assert model.config.data_dir is None
    assert model.classes == ("pet", "background", "border") and model.config.preset == "pets"
    assert isinstance(model.config, Config)
    grey = model.probabilities(np.full((30, 40, 3), 128, "uint8"))
    assert grey.shape == (30, 40, 3) and grey[..., 1].mean() > 0.5  # nothing to see: background


def test_a_network_that_computes_no_numbers_is_refused(tmp_path, capsys):
    """Weights that are finite and so large that what they compute is not: no mask of class 0, and status 2."""
    save_model(tmp_path / "w.npz", "pets")
    checkpoint = load_checkpoint(tmp_path / "w.npz")
    checkpoint.params["up1.conv1.weight"][...] = 3e38
    save_weights(tmp_path / "w.npz", checkpoint)
    Image.fromarray(photo(20, 30)).save("a.png")
    with np.errstate(all="ignore"):
        assert main(["a.png", "--weights", "w.npz", "--probabilities"]) == 2
    assert "computes numbers that are not finite" in capsys.readouterr().err
    assert not Path("predictions").exists()


@pytest.mark.parametrize("name", ["..png", "...png", " .png", "a\nb.png", "-x.png", "%s.png", "\x1b[31m.png"])
def test_odd_names_stay_in_the_folder(tmp_path, capsys, name):
    """A stem of one or two dots means this folder, or the one above."""
    (tmp_path / "in").mkdir()
    Image.fromarray(photo(20, 30)).save(tmp_path / "in" / name, format="PNG")
    before = set(tmp_path.iterdir())
    weights = str(save_model(tmp_path / "w.npz", "pets"))
    assert main([f"in/{name}", "--weights", weights, "--out", "deep/out"]) == 0
    assert set(tmp_path.iterdir()) - before == {tmp_path / "deep", tmp_path / "w.npz"}
    assert len(list(Path("deep/out").iterdir())) == 2 and len(list(Path("deep").iterdir())) == 1
    assert main([f"in/{name}", "in/none\x1b]0;title\x07.png", "--weights", weights, "--out", "other"]) == 2
    printed = "".join(capsys.readouterr())
    assert "\x1b" not in printed and "1 of 2 pictures done" in printed


def test_a_link_to_nothing_is_not_overwritten(tmp_path, capsys):
    Image.fromarray(photo(20, 30)).save("a.png")
    Path("out").mkdir()
    Path("out/a.mask.png").symlink_to(tmp_path / "elsewhere")
    assert main(["a.png", "--weights", str(save_model(tmp_path / "w.npz", "pets")), "--out", "out"]) == 2
    assert "a.mask.png exists already" in capsys.readouterr().err and not Path("elsewhere").exists()


MEASURED = """
import sys
from minunet.predict import main
status = main(sys.argv[1:])
print(*(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")), status)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="not on this system: it does not tell how much memory was used")
@pytest.mark.parametrize(
    ("kind", "preset"),
    [("grey", "pets"), ("colour", "pets"), ("deep", "pets"), ("transparent", "pets"), ("grey", "nuclei")],
)
def test_a_picture_needs_little_more_memory_than_itself(tmp_path, kind, preset):
    """12 bytes a pixel beside the 3 of the picture; twice the same picture needs no more than once.

    Counted with memory that goes back at once (as large arrays do), so that a picture of few pixels tells.
    """
    side = 2400
    array = np.zeros((side, side), {"deep": "uint16"}.get(kind, "uint8"))
    array[:, side // 3 :] = 200
    picture = Image.fromarray(array)
    if kind in ("colour", "transparent"):
        picture = picture.convert("RGBA" if kind == "transparent" else "RGB")
        picture.putpixel((0, 0), (1, 2, 3, 4)[: len(picture.getbands())])
    for name in ("a", "b"):
        picture.save(f"{name}.png", compress_level=1)
    Image.fromarray(photo(600, 600)).save("small.png")
    weights = str(save_model(tmp_path / "w.npz", preset, tta=False))
    peaks = []
    for number, names in enumerate((["small.png"], ["a.png", "b.png"])):
        command = [sys.executable, "-c", MEASURED, *names, "--weights", weights, "--threads", "1", "--out", f"{number}"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True, env=ENVIRONMENT)
        peak, status = done.stdout.splitlines()[-1].split()
        assert status == "0", done.stderr
        peaks.append(int(peak) * 1024)
    assert (peaks[1] - peaks[0]) / side**2 < 3 + 12, peaks


def test_what_others_have_written_stays(tmp_path, monkeypatch, capsys):
    """Two commands with one picture and one folder: the second leaves what the first has made."""
    Image.fromarray(photo(20, 30)).save("p.png")
    weights = str(save_model(tmp_path / "w.npz", "pets"))
    whole = predict._save

    def late(made, *arguments):
        monkeypatch.setattr(predict, "_save", whole)
        assert main(["p.png", "--weights", weights, "--out", "out"]) == 0  # while the other one reads its picture
        whole(made, *arguments)

    Path("out").mkdir()
    monkeypatch.setattr(predict, "_save", late)
    assert main(["p.png", "--weights", weights, "--out", "out"]) == 2
    assert "File exists" in capsys.readouterr().err
    assert sorted(path.name for path in Path("out").iterdir()) == ["p.mask.png", "p.overlay.png"]


STOPPED = """
import signal, sys
from minunet.model.trained import Model
from minunet.predict import main

whole = Model.bands

def bands(model, picture, **how):
    for each in whole(model, picture, **how):
        yield each
        signal.raise_signal(int(sys.argv.pop()))

Model.bands = bands
sys.exit(main(sys.argv[1:-1]))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_half_done(tmp_path, number):
    """As Ctrl-C does: what was being written is gone, with the hidden file that it was until then."""
    Image.fromarray(photo(20, 30)).save("p.png")
    weights = str(save_model(tmp_path / "w.npz", "pets"))
    options = ["p.png", "--weights", weights, "--out", "out", "--probabilities", str(int(number))]
    command = [sys.executable, "-c", STOPPED, *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=ENVIRONMENT)
    assert done.returncode == 128 + number and done.stderr.endswith("\nminunet: stopped\n"), done.stderr
    assert list(Path("out").iterdir()) == []


def test_a_picture_of_a_name_that_is_given_to_masks_is_told(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    for name in ("a.png", "b.overlay.png", "c.mask.png"):
        Image.fromarray(photo(20, 30)).save(f"in/{name}")
    assert main(["in", "--weights", str(save_model(tmp_path / "w.npz", "pets")), "--out", "out"]) == 0
    printed, told = capsys.readouterr()
    assert "passed over in in, as this command makes files of such names: b.overlay.png, c.mask.png\n" in told
    assert "1 of 1 pictures done" in printed and "passed over" not in printed


def test_a_picture_whose_overlay_fails_leaves_no_mask(tmp_path, capsys):
    name = "n" * 245
    Image.fromarray(photo(20, 30)).save(f"{name}.png")
    assert main([f"{name}.png", "--weights", str(save_model(tmp_path / "w.npz", "pets")), "--out", "out"]) == 2
    assert "File name too long" in capsys.readouterr().err and not Path("out").exists()


def test_folders_in_a_folder_are_told(tmp_path, capsys):
    (tmp_path / "plates" / "one").mkdir(parents=True)
    Image.fromarray(np.zeros((20, 20, 3), "uint8")).save(tmp_path / "plates" / "a.png")
    assert main([str(tmp_path / "plates"), "--out", str(tmp_path / "out"), "--threads", "1"]) == 0
    assert "plates, as they are folders: one\n" in capsys.readouterr().err


def test_objects_of_a_folder(tmp_path, capsys):
    """What the command writes is what the library says; and nothing that was written is taken for a picture."""
    weights = save_model(tmp_path / "w.npz", "nuclei")
    Path("some").mkdir()
    for name, size in (("a.png", (60, 80)), ("b.png", (30, 20))):
        Image.fromarray(photo(*size)).save(Path("some", name))
    command = ["some", "--weights", str(weights), "--objects", "--smallest", "5"]
    assert main([*command, "--out", "some"]) == 0
    printed = capsys.readouterr().out
    assert "masks (0 a, 1 b, 2 c), objects and overlays" in printed
    assert "objects are islands of b, c, and not of a; pixels that share a side are of one\n" in printed
    rows = Path("some/objects.csv").read_text().splitlines()[1:]
    model, count = load_model(weights), 0
    for name in "ab":
        numbers, objects = model.objects(model.read(f"some/{name}.png"), smallest=5)
        np.testing.assert_array_equal(np.asarray(read(f"some/{name}.objects.png")), numbers)
        of_it = [row for row in rows if row.startswith(f"{name}.png,")]
        assert [row.split(",")[1:4] for row in of_it] == [[str(o.id), o.label, str(o.area)] for o in objects]
        assert min((o.area for o in objects), default=5) >= 5
        overlay = np.asarray(read(f"some/{name}.overlay.png"))
        assert (overlay[outlines(numbers)] == 255).all()
        count += len(objects)
    assert count == len(rows) > 0
    assert main([*command, "--out", "some"]) == 2 and "exists already" in capsys.readouterr().err
    assert main([*command, "--out", "other"]) == 0
    printed = capsys.readouterr()
    assert "2 of 2 pictures done" in printed.out and "a.objects.png" in printed.err
    Path("third").mkdir()
    Path("third/objects.csv").touch()
    assert main([*command, "--out", "third"]) == 2 and "objects.csv exists already" in capsys.readouterr().err
