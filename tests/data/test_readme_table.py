"""Every line of the table in `data/README.md`: the files that it names are made, and a network is trained on them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from minunet.model.config import Config
from minunet.train.__main__ import main as train

SIZE, DISC = (40, 46), np.hypot(*np.ogrid[-20:20, -23:23]) < 11
SMALL = ["--epochs", "1", "--size", "16", "--base", "2", "--depth", "2", "--batch-size", "2", "--threads", "1"]
RGB = np.array([[0, 0, 0], [255, 0, 0], [0, 0, 255]], "uint8")
LEFT = np.arange(46) < 9
LINES = ((np.indices((300, 306)).sum(axis=0) % 16) < 2).astype("uint8")
Made = dict[str, np.ndarray]  # file name -> its numbers


def colours(rng: np.random.Generator) -> np.ndarray:
    return (60 + 120 * DISC[..., None] + rng.integers(0, 30, (*SIZE, 3))).astype("uint8")


KINDS: dict[str, tuple[str, list[str], Callable[[np.random.Generator], Made], Callable[[Config, dict], bool]]] = {
    "`images/a.jpg` and `masks/a.png`, 0, 1, 2": (
        "", [], lambda rng: {"images/a.jpg": colours(rng), "masks/a.png": DISC.astype("uint8")},
        lambda config, test: list(test["iou"]) == ["class 0", "class 1"],
    ),
    "masks in black and white": (
        "0 background\n255 cell\n", [],
        lambda rng: {"images/a.jpg": colours(rng), "masks/a.png": DISC * np.uint8(255)},
        lambda config, test: list(test["iou"]) == ["background", "cell"],
    ),
    "masks with other numbers": (
        "7 ground\n40000 disc\n", [],
        lambda rng: {"images/a.jpg": colours(rng), "masks/a.png": np.where(DISC, 40000, 7).astype("uint16")},
        lambda config, test: list(test["iou"]) == ["ground", "disc"],
    ),
    "masks in colours": (
        "255,0,0 road\n0,0,0 ground\n", [],
        lambda rng: {"images/a.jpg": colours(rng), "masks/a.png": RGB[DISC.astype(int)]},
        lambda config, test: list(test["iou"]) == ["road", "ground"],
    ),
    "pixels that nobody knows": (
        "0 ground\n1 disc\n255 ignore\n", [],
        lambda rng: {"images/a.jpg": colours(rng), "masks/a.png": np.where(LEFT, 255, DISC).astype("uint8")},
        lambda config, test: list(test["iou"]) == ["ground", "disc"],
    ),
    "a number for each object": (
        "", [], lambda rng: {"images/a.tif": colours(rng), "instances/a.tif": (DISC * 70000).astype("uint32")},
        lambda config, test: "average_precision" in test and config.pieces,
    ),
    "`a.jpg` and `a_mask.png`": (
        "", [], lambda rng: {"a.jpg": colours(rng), "a_mask.png": DISC.astype("uint8")},
        lambda config, test: test["images"] == 1,
    ),
    "which images are for the test is known": (
        "", [],
        lambda rng: {"images/a.jpg": colours(rng), "masks/a.png": DISC.astype("uint8"), "test.txt": np.array([2, 3])},
        lambda config, test: test["images"] == 2,
    ),
    "grey images": (
        "", [], lambda rng: {"images/a.png": colours(rng)[..., 0], "masks/a.png": DISC.astype("uint8")},
        lambda config, test: config.channels == 1,
    ),
    "images of 16 bits": (
        "", [], lambda rng: {"images/a.tif": colours(rng)[..., 0] * np.uint16(16), "masks/a.png": DISC.astype("uint8")},
        lambda config, test: config.ranges is not None and config.ranges[1] > 2000,
    ),
    "images of 2, 4 or more channels": (
        "", [], lambda rng: {"images/a.tif": np.tile(colours(rng), 2)[..., :4], "masks/a.png": DISC.astype("uint8")},
        lambda config, test: config.channels == 4,
    ),
    "a fourth channel that the file calls alpha": (
        "", ["--page", "channels"],
        lambda rng: {"images/alpha-a.tif": np.tile(colours(rng), 2)[..., :4], "masks/alpha-a.png": DISC * np.uint8(1)},
        lambda config, test: config.channels == 4,
    ),
    "TIFFs with several pages": (
        "", ["--page", "3"],
        lambda rng: {"images/a.tif": np.moveaxis(np.tile(colours(rng), 2), 2, 0), "masks/a.png": DISC.astype("uint8")},
        lambda config, test: config.page == 3 and config.channels == 1,
    ),
    "thin lines": (
        "", [], lambda rng: {
            "images/a.png": 200 * LINES + rng.integers(0, 30, LINES.shape).astype("uint8"), "masks/a.png": LINES,
        },
        lambda config, test: config.pieces,
    ),
    "images larger than they need to be": (
        "", ["--view", "pieces", "--scale", "0.5"],
        lambda rng: {"images/a.jpg": colours(rng), "masks/a.png": DISC.astype("uint8")},
        lambda config, test: config.pieces and config.scale == 0.5,
    ),
    "large things in images of any size": (
        "", ["--view", "whole"], lambda rng: {"images/a.jpg": colours(rng), "masks/a.png": DISC.astype("uint8")},
        lambda config, test: not config.pieces,
    ),
    "a class of few pixels": (
        "", ["--class-weight", "balanced", "--loss", "both"],
        lambda rng: {"images/a.jpg": colours(rng), "masks/a.png": (DISC & (np.arange(46) == 20)).astype("uint8")},
        lambda config, test: config.class_weight[1] > config.class_weight[0] and config.loss == "both",
    ),
}  # fmt: skip


def lines_of_table() -> list[str]:
    text = (Path(__file__).parents[2] / "data" / "README.md").read_text(encoding="utf-8")
    table = text.split("| your files look like this | do this |\n|---|---|\n")[1].split("\n\n")[0]
    return [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines()]


def test_every_line_is_here():
    lines = lines_of_table()
    assert [[begins for begins in KINDS if line.startswith(begins)] for line in lines] == [[begins] for begins in KINDS]


@pytest.mark.parametrize("begins", KINDS)
def test_do_this(tmp_path, monkeypatch, rng, begins):
    monkeypatch.chdir(tmp_path)
    classes, options, make, holds = KINDS[begins]
    folder = tmp_path / "mine"
    for name in "abcd":
        for path, values in make(rng).items():
            target = folder / re.sub(r"(^|/|-)a(?=[_.])", rf"\g<1>{name}", path)
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.suffix == ".txt":
                target.write_text("".join(f"{'abcd'[number]}\n" for number in values))
            elif target.suffix == ".tif":
                how: dict[str, Any] = {"planarconfig": "contig"} if values.ndim == 3 and values.shape[2] == 4 else {}
                if "alpha" in target.name:
                    how = {"extrasamples": ["unassalpha"]}
                rgb = "alpha" in target.name or values.shape[2:] == (3,)
                tifffile.imwrite(target, values, photometric="rgb" if rgb else "minisblack", **how)
            else:
                Image.fromarray(values).save(target)
    if classes:
        (folder / "classes.txt").write_text(classes)
    assert train(["--data-dir", "mine", *SMALL, *options, "--out", "run"]) == 0
    config = Config.from_json(json.loads(Path("run/config.json").read_text())["config"])
    assert holds(config, json.loads(Path("run/test.json").read_text()))
