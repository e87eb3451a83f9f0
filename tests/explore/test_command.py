"""The command: what it writes, under which name, and what the page holds."""

import dataclasses
import os
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from minunet.explore.__main__ import CELLS, look, main
from minunet.explore.page import LARGEST
from minunet.model.checkpoint import Checkpoint, save_weights
from minunet.model.config import Config, make_network
from minunet.model.trained import load_model
from minunet.train.presets import PRESETS
from tests.explore.pages import settled

SIZES = {"base": 4, "depth": 2, "size": 16}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run() -> Path:
    """The folder of a run of the cells."""
    Path("run").mkdir()
    return save_model("cells").replace("run/best.npz").parent


def save_model(preset: str, classes: tuple[str, ...] = ("a", "b", "c"), **changes) -> Path:
    """The file of an untrained network."""
    config: Config = dataclasses.replace(PRESETS[preset], **SIZES | changes)
    params = make_network(config, len(classes)).init(np.random.default_rng(0))
    path = Path("network.npz")
    save_weights(path, Checkpoint(config, classes, params))
    return path


def picture(height: int = 20, width: int = 30, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(256, size=(height, width, channels), dtype="uint8")


def save_picture(name: str = "cat.png", *size: int) -> str:
    Image.fromarray(picture(*size)).save(name)
    return name


def written() -> list[str]:
    return sorted(path.name for path in Path().iterdir() if path.suffix == ".html")


def test_without_anything_it_opens_the_network_for_cells(capsys):
    assert main([]) == 0
    assert capsys.readouterr().out == f"cells.html, {len(text()) / 1e6:.1f} MB: open it in a browser\n"
    assert written() == ["cells.html"]
    model = load_model(CELLS)
    for said in ("<title>cells, 64 \u00d7 64", f"{model.net.parameters():,} parameters", '"truth":"'):
        assert said in text()


def text(name: str = "cells.html") -> str:
    return Path(name).read_text(encoding="utf-8")


def test_it_is_a_module_that_can_be_run(monkeypatch):
    monkeypatch.delitem(sys.modules, "minunet.explore.__main__")
    monkeypatch.setattr(sys, "argv", ["explore", "--out", "it.html"])
    with pytest.raises(SystemExit, match="^0$"):
        runpy.run_module("minunet.explore", run_name="__main__")
    assert written() == ["it.html"]


def test_a_run_of_cells_needs_no_picture(run):
    assert main(["--weights", str(run)]) == 0
    assert "cells, 16 \u00d7 16" in text() and '"truth":"' in text()
    assert main(["--weights", str(run / "best.npz"), "--out", "other.html"]) == 0
    assert text("other.html") == text()


def test_a_picture_is_opened_with_the_network_for_pets():
    assert main([save_picture("cat.png", 90, 120)]) == 0
    page = text("cat.html")
    assert "cat.png, 128 \u00d7 128" in page and '"classes":["pet","background","border"]' in page
    assert "mean over mirror images" in page and '"truth":null' in page
    assert "rounded to 8 bits" not in page.split('id="data"')[0]
    assert len(page.encode()) <= LARGEST


def test_names_that_are_taken_are_not_written_over(run):
    Path("cells.html").write_text("mine")
    for name in ("cells-2.html", "cells-3.html"):
        assert main(["--weights", str(run)]) == 0
        assert text(name).startswith("<!doctype html>")
    assert text() == "mine" and written() == ["cells-2.html", "cells-3.html", "cells.html"]
    for taken in ("view-1.html", "view-2.html"):
        Path(taken).write_text("mine")
        for name in (f"{taken[:6]}-2.html", f"{taken[:6]}-3.html"):
            assert main(["--weights", str(run), "--out", taken]) == 0
            assert Path(name).exists() and text(taken) == "mine"


def test_the_page_asks_for_nothing(run):
    """But it names SVG, as a drawing must, if there are drawings."""
    assert main(["--weights", str(run)]) == 0
    page = re.sub(r'"http://www\.w3\.org/2000/svg"', "", text())
    assert not re.search(r"http|\bsrc=|<link|@import|url\(|import\(|fetch\(|XMLHttp", page)
    assert len(page) < 500_000


def test_a_mask_that_is_not_turned_is_told(capsys):
    square = Image.fromarray(picture(20, 20))
    exif = Image.Exif()
    exif[274] = 6
    square.save("turned.jpg", exif=exif)
    Image.fromarray(np.arange(400, dtype="uint8").reshape(20, 20) % 3).save("mask.png")
    weights = str(save_model("pets"))
    assert main(["turned.jpg", "--weights", weights, "--mask", "mask.png"]) == 0
    assert "turned.jpg is turned upright by its orientation tag, and mask.png has none" in capsys.readouterr().err


def test_a_piece_in_which_no_pixel_counts_is_refused(capsys):
    labels = np.zeros((40, 60), "uint8")
    labels[:20], labels[20:, 30:] = 255, 1
    Image.fromarray(labels).save("mask.png")
    arguments = [save_picture("a.png", 40, 60), "--weights", str(save_model("nuclei")), "--mask", "mask.png"]
    assert main([*arguments, "--at", "2,30"]) == 2
    assert "No pixel of the true classes counts in what the network sees here" in capsys.readouterr().err
    assert main([*arguments, "--at", "35,30"]) == 0


def test_a_name_that_is_no_text():
    """As of an old archive: a byte that is not UTF-8 is written out."""
    save_picture("cat.png", 90, 120)
    name = os.fsdecode(b"\xe9t\xe9.png")
    Path("cat.png").rename(name)
    assert main([name, "--out", "it.html"]) == 0
    assert "\\udce9t\\udce9.png, 128" in text("it.html")


def test_the_picture_is_what_the_network_sees():
    model = load_model(save_model("pets"))
    scene = look(model, picture(), "cat.png")
    small = np.asarray(Image.fromarray(picture()).resize((16, 16), Image.Resampling.BILINEAR))
    assert abs(scene.picture.astype(int) - small).max() <= 1 and scene.x.shape == (16, 16, 3)
    np.testing.assert_allclose(scene.x, scene.picture / 255 * 4 - 2, atol=0.01)


def test_the_truth_of_a_picture_comes_along(capsys):
    weights, labels = str(save_model("pets")), np.zeros((20, 30), "uint8")
    labels[:, 15:], labels[:10] = 1, 255
    Image.fromarray(labels).save("mask.png")
    assert main([save_picture(), "--weights", weights, "--mask", "mask.png"]) == 0
    assert '"truth":"' in text("cat.html")
    assert "mask.png is read with these classes: 0 a, 1 b, 2 c; 255 is ignored\n" in capsys.readouterr().err
    truth = look(load_model(Path(weights)), picture(), "cat.png", labels).truth
    assert truth.shape == (16, 16) and set(np.unique(truth)) == {0, 1, 255}
    assert (truth[:8] == 255).all() and (truth[8:, 8:] == 1).all() and (truth[8:, :8] == 0).all()


def test_the_truth_of_a_valid_network_is_cropped():
    model = load_model(save_model("nuclei", padding="valid", size=20))
    scene = look(model, picture(20, 20), "a", np.arange(400, dtype="uint8").reshape(20, 20) % 3)
    out = model.net.output_size(20, 20)[0]
    assert scene.truth.shape == (out, out) == (4, 4)
    np.testing.assert_array_equal(scene.truth, (np.arange(400).reshape(20, 20) % 3)[8:12, 8:12])


PLACES = {  # --at of a picture of 20 x 30, and where the piece of 16 x 16 begins
    None: (2, 7),
    (0, 0): (0, 0),
    (19, 29): (4, 14),
    (9, 20): (1, 12),
}


@pytest.mark.parametrize("at", PLACES)
def test_a_network_of_pieces_sees_one(at):
    model = load_model(save_model("nuclei", stretch=False))
    scene = look(model, picture(), "a", np.arange(600).reshape(20, 30).astype("uint8"), at)
    top, left = PLACES[at]
    inside = np.s_[top : top + 16, left : left + 16]
    np.testing.assert_array_equal(scene.picture, picture()[inside])
    np.testing.assert_array_equal(scene.truth, np.arange(600).reshape(20, 30).astype("uint8")[inside])


def test_at_is_a_place_of_the_picture_also_where_it_is_scaled():
    model = load_model(save_model("nuclei", stretch=False, scale=0.5))
    large = np.zeros((100, 100, 3), "uint8")
    large[60:62, 30:32] = 255
    scene = look(model, large, "a", None, (60, 30))
    assert scene.picture.shape == (16, 16, 3)
    assert np.unravel_index(scene.picture[..., 0].argmax(), (16, 16)) == (8, 8)


def test_at_on_the_command_line():
    weights = str(save_model("nuclei"))
    assert main([save_picture(), "--weights", weights, "--at", "0, 29", "--out", "a.html"]) == 0
    assert main(["cat.png", "--weights", weights, "--out", "b.html"]) == 0
    assert text("a.html") != text("b.html")


def test_a_picture_smaller_than_a_piece_is_continued_by_its_mirror_image():
    model = load_model(save_model("nuclei", stretch=False))
    scene = look(model, picture(10, 7), "small")
    assert scene.picture.shape == (16, 16, 3)
    np.testing.assert_array_equal(scene.picture[:10, :7], picture(10, 7))
    np.testing.assert_array_equal(scene.picture[10, :7], picture(10, 7)[9])
    np.testing.assert_array_equal(scene.picture[:10, 7:14], picture(10, 7)[:, ::-1])


NETWORKS = {
    "grey": ("folder", {"channels": 1}, (20, 30)),
    "two channels": ("folder", {"channels": 2}, (20, 30, 2)),
    "16 bits": ("folder", {"channels": 1, "ranges": (0.0, 60000.0)}, (20, 30)),
    "pieces": ("nuclei", {}, (20, 30, 3)),
    "valid, a number a class": ("seed", {"labels": "resized", "size": 20}, (20, 30, 3)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_pictures_of_all_kinds_in_the_browser(tab, tmp_path, name):
    """In a folder with a blank and # in its name."""
    import tifffile

    preset, changes, size = NETWORKS[name]
    deep = np.random.default_rng(0).integers(60000 if "ranges" in changes else 256, size=size)
    folder = tmp_path / "a folder, #1 & 100%"
    folder.mkdir()
    path = folder / "cat #2.tif"
    tifffile.imwrite(path, deep.astype("uint16" if "ranges" in changes else "uint8"), planarconfig="contig")
    weights = str(save_model(preset, **changes))
    assert main([str(path), "--weights", weights, "--out", str(folder / "cat #2.html")]) == 0
    tab.goto((folder / "cat #2.html").as_uri())
    settled(tab)
    assert ": equal (to " in tab.get_by_role("status").first.inner_text()
    assert tab.locator("#about").inner_text().startswith("cat #2.tif, ")


def test_the_name_of_the_picture_is_that_of_the_page():
    assert main([save_picture("a.b c.png"), "--weights", str(save_model("pets"))]) == 0
    assert written() == ["a.b c.html"]


def test_the_weights_of_a_network_that_is_too_large_for_them_are_rounded():
    assert main([save_picture(), "--weights", str(save_model("pets", base=104))]) == 0
    assert "weights rounded to 8 bits" in text("cat.html")
