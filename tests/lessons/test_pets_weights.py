"""`lessons/experiments/pets.py`: which photographs are trained on, and that it goes on where it was stopped."""

import dataclasses
import json

import numpy as np
import pytest

from lessons.experiments import pets as script
from minunet.errors import InputError
from minunet.model.trained import load_model
from minunet.train.presets import PRESETS
from tests.data.pictures import write_pets


@pytest.fixture
def pets(tmp_path, monkeypatch):
    """Photographs of two breeds, and a preset that is quick."""
    folder = write_pets(tmp_path / "pets", training=8, test=4)
    for number in (1, 2, 9, 10):
        for path in folder.rglob(f"Breed_{number}.*"):
            path.rename(path.with_name(path.name.replace("Breed", "Other")))
        for path in (folder / "annotations").glob("*.txt"):
            path.write_text(path.read_text().replace(f"Breed_{number} ", f"Other_{number} "))
    small = dataclasses.replace(PRESETS["pets"], size=16, base=2, depth=2, batch_size=4, epochs=2)
    monkeypatch.setitem(PRESETS, "pets", small)
    return folder


def test_a_breed_is_left_out_or_the_list_is_tested(pets):
    config = dataclasses.replace(PRESETS["pets"], data_dir=str(pets))
    lists = [(pets / "annotations" / f"{name}.txt").read_text().splitlines() for name in ("trainval", "test")]
    listed, tested = ([line.split()[0] for line in each] for each in lists)

    def names(without):
        data = script.dealt(config, without)
        return sorted(data.training.names), sorted(data.test.names)

    assert names("") == (sorted(listed), sorted(tested))
    others = sorted(name for name in listed if name.startswith("Breed"))
    assert names("Other") == (others, ["Other_1", "Other_10", "Other_2", "Other_9"])
    with pytest.raises(InputError, match="no photographs of Cat"):
        script.dealt(config, "Cat")


def test_what_was_stopped_goes_on_to_the_same_weights(pets, tmp_path, capsys, monkeypatch):
    def run(out):
        return script.main([str(pets), str(out), "--without", "Other", "--threads", "1"])

    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    assert run(whole) == 0
    result = json.loads((whole / "test.json").read_text())
    assert result["images"] == 4 and 0 <= result["mean_iou"] <= result["pixel_accuracy"] <= 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("images 4.000, pixel_accuracy 0.")

    def stop(*words, **how):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(script, "print", stop, raising=False)
        with pytest.raises(KeyboardInterrupt):
            run(stopped)
    assert run(stopped) == 0 and capsys.readouterr().out.startswith("epoch 2\n")
    one, other = (load_model(out / "small.npz").params for out in (whole, stopped))
    assert all(np.array_equal(array, other[name]) for name, array in one.items())


@pytest.mark.parametrize("other", [["--seed", "7"], ["--epochs", "1"]])
def test_a_run_of_another_seed_or_other_epochs_is_not_this_one(pets, tmp_path, other):
    out = tmp_path / "out"
    assert script.main([str(pets), str(out), "--threads", "1"]) == 0
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    with pytest.raises(
        InputError, match=r"last\.npz was begun with other options, or by another version: choose another"
    ):
        script.main([str(pets), str(out), "--threads", "1", *other])
    assert before == {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
