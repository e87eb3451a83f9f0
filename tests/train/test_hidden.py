"""Single objects that the border class hides, which a training says at its start."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from minunet.data.dataset import Dataset
from minunet.model.config import Config
from minunet.train import __main__ as train
from minunet.train.hidden import hidden_objects
from tests.data.pictures import write_folder
from tests.train.runs import SMALL


def packed(side, size=48):
    """Squares of `side` pixels that touch, a number each, as instances of two images."""
    places = np.arange(size) // side
    instances = (places[:, None] * size + places + 1).astype("int32")
    blank = np.zeros((2, size, size), "uint8")
    return Dataset(blank[..., None], blank, ["a", "b"], ("background", "object", "border"), [instances] * 2)


@pytest.mark.parametrize(
    ("side", "config", "way"),
    [
        (4, Config(pieces=True), "--set border=1 could reach 1.00"),
        (4, Config(), "--set border=1 could reach 1.00; a larger --size shows them larger"),
        (8, Config(pieces=True, scale=0.2), "a larger --scale shows them larger"),
        (
            12,
            Config(pieces=True, scale=0.3, border=0),
            "--set border=2 could reach 1.00; a larger --scale shows them larger",
        ),
        (1, Config(pieces=True), "draw them thicker, or further apart"),
        (8, Config(border=0), "--set border=2 could reach 1.00; a larger --size shows them larger"),
        (8, Config(), None),
    ],
)
def test_objects_that_the_border_hides_are_said(side, config, way):
    said = hidden_objects(packed(side), config)
    assert [line.split("at IoU 0.5; ")[1] for line in said] == ([] if way is None else [way])


def test_who_has_no_single_objects_is_told_nothing_of_them():
    data = packed(4)
    assert hidden_objects(replace(data, instances=None), Config()) == []
    assert hidden_objects(replace(data, instances=[np.zeros((9, 9), "int32")] * 2), Config()) == []


def test_hidden_objects_are_said_at_the_start(tmp_path, capsys):
    folder = write_folder(tmp_path / "d", size=(32, 32))
    (folder / "masks").rename(folder / "instances")
    for path in (folder / "instances").iterdir():
        Image.fromarray(packed(4, 32).instances[0].astype("uint16")).save(path)
    options = ["--data-dir", str(folder), *SMALL, "--size", "32", "--epochs", "1"]
    assert train.main(options) == 0
    assert "cannot be found with border=2: the masks themselves reach an average precision" in capsys.readouterr().out
    assert train.main([*options, "--set", "border=1"]) == 0
    assert "cannot be found" not in capsys.readouterr().out
