"""Presets: they survive JSON, and describe runs that can be made."""

import dataclasses
import json

import numpy as np
import pytest

from minunet import InputError
from minunet.data.augment import Augmentation
from minunet.model.config import Config, make_network
from minunet.options import check
from minunet.train.presets import PRESETS, load_data, make_schedule, preset_for
from tests.data.pictures import write_folder, write_pets


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_survives_json(name):
    config = PRESETS[name]
    assert config.preset == name
    assert Config.from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize(
    "values", [{}, [], {"preset": "cells", "augmentation": {"spin": 1}}, {"augmentation": {}, "x": 1}]
)
def test_what_is_no_configuration(values):
    with pytest.raises(InputError, match="not the configuration"):
        Config.from_json(values)


def test_the_preset_follows_from_the_folder(tmp_path):
    assert preset_for(None) == "cells"
    assert preset_for(write_pets(tmp_path / "pets")) == "pets"
    assert preset_for(write_folder(tmp_path / "mine")) == "folder"


def test_sizes_that_do_not_fit_say_which_do():
    with pytest.raises(InputError, match="96 and 112"):
        make_network(dataclasses.replace(PRESETS["pets"], size=100), 3)


def test_schedules():
    config = dataclasses.replace(PRESETS["cells"], lr=3e-4)
    piecewise = make_schedule(dataclasses.replace(config, schedule="piecewise"), 10)
    assert [piecewise(step) for step in (0, 2, 5, 8)] == pytest.approx([3e-4, 1e-4, 1e-5, 1e-6])
    assert make_schedule(dataclasses.replace(config, schedule="constant"), 10)(7) == 3e-4
    assert max(map(make_schedule(config, 10), range(10))) == pytest.approx(3e-4)
    with pytest.raises(InputError, match="schedule must be"):
        make_schedule(dataclasses.replace(config, schedule="cosine"), 10)


def test_made_images_are_never_in_two_parts():
    parts = load_data(dataclasses.replace(PRESETS["cells"], count=8, size=32))
    assert [len(part) for part in parts] == [8, 40, 100]
    assert len(set(parts.digests())) == 3
    images = [image.tobytes() for part in parts for image in part.images]
    assert len(set(images)) == len(images)


def test_runs_with_other_seeds_and_counts_are_tested_on_the_same_images(tmp_path):
    cells = dataclasses.replace(PRESETS["cells"], count=5, size=32)
    first = load_data(cells)
    more, seeded, split = (
        load_data(dataclasses.replace(cells, **change)) for change in ({"count": 8}, {"seed": 1}, {"split_seed": 1})
    )
    assert seeded.digests() == first.digests()
    assert more.digests()[1:] == first.digests()[1:]
    np.testing.assert_array_equal(more.training.images[:5], first.training.images)
    assert not set(split.digests()) & set(first.digests())

    folder = dataclasses.replace(PRESETS["folder"], data_dir=str(write_folder(tmp_path, count=20)), size=16)
    same, seeded, split = (
        [part.names for part in load_data(dataclasses.replace(folder, **change))]
        for change in ({}, {"seed": 1}, {"split_seed": 1})
    )
    assert same == seeded != split


def test_too_few_cells_are_refused():
    with pytest.raises(InputError, match="3 is the least"):
        load_data(dataclasses.replace(PRESETS["cells"], count=0))


def test_all_that_is_known_of_an_option_stands_at_its_field():
    """Help for each; the default, and what every preset says, is a value that the check takes."""
    for owner, values in ((Config, PRESETS.values()), (Augmentation, [c.augmentation for c in PRESETS.values()])):
        for field in dataclasses.fields(owner):
            if field.name != "augmentation":
                assert len(field.metadata["help"]) > 10
                for each in (field.default, *(getattr(value, field.name) for value in values)):
                    assert check(owner, field.name, each) == each


def test_a_folder_is_needed():
    with pytest.raises(InputError, match="needs --data-dir"):
        load_data(PRESETS["folder"])


def test_the_mirror_images_that_count_are_those_of_the_training():
    assert PRESETS["pets"].mirror_images() == (False, True, False)
    assert PRESETS["nuclei"].mirror_images() == (True, True, True)
    assert PRESETS["nuclei"].mirror_images(False) == (False, False, False)
    assert PRESETS["cells"].mirror_images() == (False, False, False)
    assert PRESETS["cells"].mirror_images(True) == (True, True, False)  # never shown a quarter turn
