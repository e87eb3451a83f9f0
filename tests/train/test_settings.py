"""`--set NAME=VALUE`: every field can be set, to what it can be, and to nothing else."""

import dataclasses

import pytest

from minunet import InputError
from minunet.data.augment import Augmentation
from minunet.model.config import Config
from minunet.options import check
from minunet.train.__main__ import main
from minunet.train.presets import PRESETS
from minunet.train.settings import FOLLOW, change

CONFIG = PRESETS["nuclei"]


@pytest.mark.parametrize(
    ("setting", "field", "value"),
    [
        ("dropout=0.5", "dropout", 0.5),
        ("seam_weight=0", "seam_weight", 0),
        ("border=0", "border", 0),
        ("tta=false", "tta", False),
        ("norm=group", "norm", "group"),
        ('norm="group"', "norm", "group"),
        ("norm=null", "norm", None),
        ("norm=None", "norm", None),
        ("momentum=0.9", "momentum", 0.9),
        ("momentum=.9", "momentum", 0.9),
        ("dropout=+5.e-1", "dropout", 0.5),
        ("border=07", "border", 7),
        ("class_weight=[1, 2.5]", "class_weight", (1, 2.5)),
        ("class_weight=null", "class_weight", None),
    ],
)
def test_a_field_is_set(setting, field, value):
    changed = change(CONFIG, [setting])
    assert getattr(changed, field) == value and type(getattr(changed, field)) is type(value)
    assert dataclasses.replace(changed, **{field: getattr(CONFIG, field)}) == CONFIG
    assert Config.from_json(changed.to_json()) == changed


def test_the_augmentation_too_and_several():
    changed = change(CONFIG, ["augmentation.elastic=0", "augmentation.flip_up_down=false", "dropout=0.1"])
    how = dataclasses.replace(CONFIG.augmentation, elastic=0, flip_up_down=False)
    assert changed == dataclasses.replace(CONFIG, augmentation=how, dropout=0.1)


def test_every_field_has_a_type_that_can_be_read():
    for owner, prefix in ((Config, ""), (Augmentation, "augmentation.")):
        for field in dataclasses.fields(owner):
            if field.name not in ("augmentation", "pooled", "count", *FOLLOW) and not field.metadata["flag"]:
                with pytest.raises(InputError, match="the value must be|it must be one of"):
                    change(CONFIG, [f"{prefix}{field.name}={{}}"])


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("dropout", "NAME=VALUE with one of these names, not 'dropout'"),
        ("spin=1", "one of these names.*augmentation.rotation"),
        ("augmentation=1", "one of these names"),
        ("size=3", "--set size: this has an option of its own"),
        ("dropout=1", "from 0 to 0.99"),
        ("dropout=-0.1", "from 0 to 0.99"),
        ("dropout=nan", "must be a number"),
        ("dropout=NaN", "must be from 0 to 0.99"),
        ("count=10", "--set count is for the preset cells, not nuclei"),
        ("tta=-1", "must be true or false"),
        ("norm=-1", "must be one of null, group, not -1"),
        ("class_weight=[1, 1e999]", "must be from 1e-06 to 1e.06"),
        ("class_weight=[1, 0]", "must be from 1e-06"),
        ("class_weight=[]", r"must be numbers as in \[1,1,2\], or null"),
        ("class_weight=3", r"must be numbers as in \[1,1,2\], or null"),
        pytest.param("class_weight=" + "[" * 100_000, r"must be numbers as in \[1,1,2\], or null", id="deep"),
        ("dropout=much", "must be a number"),
        ("tta=1", "must be true or false"),
        ("border=1.5", "must be a whole number"),
        ("border=true", "must be a whole number"),
        pytest.param("border=" + "9" * 5000, "must be a whole number", id="thousands of digits"),
        ("norm=3", "must be one of null, group, not 3"),
        ("momentum=fast", "must be a number or null"),
        ("class_weight=[1, -1]", "must be from 1e-06"),
        ('class_weight=["a"]', r"must be numbers as in \[1,1,2\], or null"),
        ("seam_weight=Infinity", "must be from 0 to 1e.06"),
    ],
)
def test_what_is_wrong_is_said(setting, says):
    with pytest.raises(InputError, match=says):
        change(CONFIG, [setting])


def test_a_field_that_another_preset_has_no_use_for():
    assert change(PRESETS["cells"], ["count=3"]).count == 3
    for setting in ("count=2", "border=3", "pooled=true"):
        with pytest.raises(InputError, match="from 3 to 1e.06|is for the preset"):
            change(PRESETS["cells"], [setting])


@pytest.mark.parametrize("high", [10**400, float("inf"), float("nan")])
def test_what_is_no_number_is_no_range(high):
    """Of a `config.json` or a checkpoint that somebody sent: Python compares whole numbers of any length."""
    with pytest.raises(InputError, match="ranges: it must be from"):
        check(Config, "ranges", [0, high])


@pytest.mark.parametrize("preset", ["cells", "pets", "nuclei"])
def test_an_option_that_would_do_nothing_is_refused(preset, tmp_path, capsys):
    """A page that training did not take, prediction would."""
    assert main(["--preset", preset, "--page", "2", "--out", str(tmp_path / "run")]) == 2
    assert f"--page is for the preset folder, not {preset}." in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
