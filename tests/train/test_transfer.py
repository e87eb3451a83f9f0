"""`--from`: what fits is taken over, what does not begins afresh, and both are said."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import save_file

from minunet import InputError, UNet, export
from minunet.exchange.files import save_state_dict
from minunet.exchange.torch_bridge import to_torch
from minunet.model.checkpoint import Checkpoint, load_checkpoint, save_weights
from minunet.model.config import Config
from minunet.train import __main__ as train
from minunet.train.transfer import load_source, taken_over
from tests.data.pictures import write_folder

SMALL = ["--size", "16", "--epochs", "1", "--lr", "1e-9", "--device", "cpu"]


def save(path, classes=("dog", "background", "cat"), norm=None, padding="same", depth=2):
    config = Config("folder", base=4, depth=depth, norm=norm, padding=padding)
    params = UNet(3, len(classes), 4, depth, padding, norm).init(1)
    params["out.bias"][:] = np.arange(len(classes)) + 10
    save_weights(path, Checkpoint(config, classes, params))
    return params


def test_a_network_that_is_taught_other_classes(tmp_path, capsys, monkeypatch):
    """Its shape is that of the weights; of the classes each of a known name goes on, and the others begin anew."""
    monkeypatch.chdir(tmp_path)
    theirs = save(tmp_path / "w.npz", norm="group", depth=3)
    for path in (write_folder(tmp_path / "data") / "images").iterdir():
        Image.fromarray(np.asarray(Image.open(path)) // np.array([1, 2, 3], "uint8")).save(path)  # no greys
    Path("data/classes.txt").write_text("0 background\n1 horse\n")
    options = [*SMALL, "--data-dir", "data", "--view", "whole"]
    assert train.main([*options, "--from", "w.npz", "--out", "run"]) == 0
    printed = capsys.readouterr().out
    assert f"{len(theirs)} of {len(theirs)} parameters are taken over from w.npz" in printed
    assert "taken over: background; begun afresh: horse; left out: dog, cat" in printed
    run = load_checkpoint(Path("run/last.npz"))
    assert (run.config.base, run.config.depth, run.config.norm) == (4, 3, "group")
    assert json.loads(Path("run/config.json").read_text())["from"] == "w.npz"
    for name in theirs.keys() - {"out.weight", "out.bias"}:
        np.testing.assert_allclose(run.params[name], theirs[name], atol=1e-6)
    np.testing.assert_allclose(run.params["out.weight"][..., 0], theirs["out.weight"][..., 1], atol=1e-6)
    assert run.params["out.bias"] == pytest.approx([11, 0], abs=1e-6)
    assert abs(run.params["out.weight"][..., 1] - theirs["out.weight"][..., 2]).max() > 0.01

    assert train.main([*options, "--from", "w.npz", "--depth", "2", "--set", "norm=null", "--out", "two"]) == 0
    printed = capsys.readouterr().out
    assert (
        "begun afresh, as they do not fit: up1.conv_transpose.weight (there (2, 2, 16, 8), here (2, 2, 8, 4))"
        in printed
    )
    assert "there, and not used here: input.norm1.weight" in printed
    assert train.main(["--resume", "two", "--from", "w.npz"]) == 2
    assert "--from cannot be given with it" in capsys.readouterr().err


@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
@pytest.mark.parametrize("norm", [None, "group"])
def test_state_dicts(tmp_path, ending, norm):
    params, path = UNet(1, 2, 4, 3, norm=norm).init(2), tmp_path / f"w{ending}"
    save_state_dict(path, params, {})
    source = load_source(path)
    assert source.classes is None and source.network == {"base": 4, "depth": 3, "norm": norm}
    fresh = UNet(3, 2, 4, 3, norm=norm).init(3)
    made, said = taken_over(fresh, source, ("a", "b"), [])
    for name in params:
        np.testing.assert_array_equal(made[name], fresh[name] if name == "input.conv1.weight" else params[name])
    assert said[1] == "begun afresh, as they do not fit: input.conv1.weight (there (3, 3, 1, 4), here (3, 3, 3, 4))"


@pytest.mark.parametrize("wrapped", ["state_dict", "model_state_dict"])
def test_state_dicts_as_training_scripts_pack_them(tmp_path, wrapped):
    params = UNet(3, 2, 4, 2).init(2)
    state = {f"module.{name}": tensor for name, tensor in to_torch(params).items()}
    torch.save({"epoch": 7, wrapped: state}, tmp_path / "w.pt")
    source = load_source(tmp_path / "w.pt")
    for name, array in params.items():
        np.testing.assert_array_equal(source.params[name], array)


def test_the_last_layer_of_another_width_begins_afresh(tmp_path):
    """All of it: biases without their weights are worth nothing."""
    save(tmp_path / "w.npz", ("background", "dog"))
    fresh = UNet(3, 2, 8, 2).init(0)
    with pytest.raises(InputError, match="No weights of .*w.npz fit this network"):
        taken_over(fresh, load_source(tmp_path / "w.npz"), ("background", "dog"), [])


def test_what_is_of_no_use_is_said(tmp_path):
    torch.save({"conv.weight": torch.zeros(3), "encoder.bias": torch.zeros(2)}, tmp_path / "w.pt")
    with pytest.raises(InputError, match="of its names, conv.weight, encoder.bias, none is input.conv1.weight"):
        load_source(tmp_path / "w.pt")
    save(tmp_path / "w.npz")
    with pytest.raises(InputError, match="No weights of .*w.npz fit this network: input.conv1.weight"):
        taken_over(UNet(1, 2, 6, 2).init(0), load_source(tmp_path / "w.npz"), ("a", "b"), [])
    bad = UNet(3, 2, 4, 2).init(2)
    bad["out.bias"][0] = np.nan
    save_state_dict(tmp_path / "bad.safetensors", bad, {})
    with pytest.raises(InputError, match="out.bias are not finite"):
        load_source(tmp_path / "bad.safetensors")


@pytest.mark.parametrize("classes", [["a"], ["a", "b", "c"], ["a", "a"]])
def test_a_last_layer_of_other_classes_than_the_file_names_is_refused(tmp_path, classes):
    """As when a head was replaced, and the text about it kept."""
    save_state_dict(tmp_path / "w.safetensors", UNet(3, 2, 4, 2).init(2), {"classes": classes})
    with pytest.raises(InputError, match=f"names {len(classes)} classes, but its last layer has others"):
        load_source(tmp_path / "w.safetensors")


def test_names_that_are_no_text(tmp_path):
    torch.save({3: torch.zeros(2), **to_torch(UNet(3, 2, 4, 2).init(2))}, tmp_path / "w.pt")
    with pytest.raises(InputError, match="is not a state dict"):
        load_source(tmp_path / "w.pt")


def test_a_small_file_that_names_a_large_network_is_refused(tmp_path):
    """The whole network would be made before it is seen that nothing fits."""
    downs = {f"down{number}.conv1.weight": np.zeros(0, "float32") for number in (1, 2)}
    for first in (np.zeros((1500, 3, 0, 3), "float32"), np.zeros((1500, 3, 1, 3), "float32")):
        save_file({"input.conv1.weight": first, **downs}, tmp_path / "w.safetensors")
        with pytest.raises(InputError, match="names a network of base 1500 and depth 3, and holds .* numbers of it"):
            load_source(tmp_path / "w.safetensors")
    few = {name: array for name, array in UNet(3, 2, 8, 3).init(0).items() if name.startswith("input.")}
    pad = {f"down{number}.conv1.weight": np.zeros(1, "float32") for number in range(1, 6)}
    save_file(few | pad | {"pad": np.zeros(1 << 20, "float32")}, tmp_path / "w.safetensors")
    with pytest.raises(InputError, match="names a network of base 3 and depth 6"):
        load_source(tmp_path / "w.safetensors")


def test_numbers_that_are_no_weights(tmp_path):
    params = UNet(3, 2, 4, 2).init(2) | {"out.bias": np.zeros(2, "complex64")}
    save_weights(tmp_path / "w.npz", Checkpoint(Config("folder", base=4, depth=2), ("a", "b"), params))
    with pytest.raises(InputError, match="out.bias are not finite float32 numbers"):
        load_source(tmp_path / "w.npz")


def test_images_that_were_learnt_may_be_among_those_of_the_test(tmp_path, capsys, monkeypatch):
    """Of the same images, divided likewise, nothing is said."""
    monkeypatch.chdir(tmp_path)
    write_folder(tmp_path / "data", count=8)
    options = [*SMALL, "--data-dir", "data", "--view", "whole", "--base", "4", "--depth", "2"]
    assert train.main([*options, "--out", "a"]) == 0
    warning = "it has learnt other images, or these divided otherwise: if test images are among them"
    assert train.main([*options, "--from", "a", "--out", "b"]) == 0 and warning not in capsys.readouterr().out
    assert train.main([*options, "--from", "a", "--set", "split_seed=3", "--out", "c"]) == 0
    assert warning in capsys.readouterr().out
    assert train.main([*options, "--from", "c", "--set", "split_seed=3", "--out", "d"]) == 0
    assert warning in capsys.readouterr().out  # of a, with which c began
    assert export.main(["a", "--state-dict", "a.safetensors"]) == 0
    assert train.main([*options, "--from", "a.safetensors", "--out", "e"]) == 0
    assert "it does not say which images it has learnt: if test images" in capsys.readouterr().out


def test_what_a_file_of_this_project_says_of_itself(tmp_path):
    params = UNet(3, 2, 4, 2, padding="valid").init(2)
    about = {"classes": ["a", "b"], "config": {"padding": "valid"}}
    save_state_dict(tmp_path / "w.safetensors", params, about)
    source = load_source(tmp_path / "w.safetensors")
    assert source.classes == ("a", "b") and source.network["padding"] == "valid"


@pytest.mark.parametrize(
    ("learnt", "said"),
    [([["b"]], "learnt other images"), ([["z"]], "learnt other images"), ([["k"], ["a"]], "learnt other images")]
    + [([["k"], []], "does not say which images"), ([["k"]], None), ([["k"], ["k"]], None)],
)
def test_what_the_weights_may_have_learnt(tmp_path, learnt, said):
    save(tmp_path / "w.npz")
    source = load_source(tmp_path / "w.npz")._replace(learnt=learnt)
    _, lines = taken_over(UNet(3, 3, 4, 2).init(0), source, source.classes, ["k"])
    assert [line for line in lines if "the test says too much" in line] == lines[1:]
    assert (said is None and len(lines) == 1) or said in lines[1]
