"""`python -m minunet.export`: every file that it writes predicts like the run."""

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator
from safetensors.numpy import save

from minunet import exchange, export
from minunet.data.cells import make_cell_image
from minunet.exchange import onnx_graph
from minunet.exchange.axes import to_torch_order
from minunet.exchange.files import save_state_dict
from minunet.model.config import make_network
from minunet.model.trained import Model, load_model
from minunet.train import __main__ as train
from minunet.train.presets import PRESETS

SIZE = 16
PICTURE = make_cell_image(SIZE, np.random.default_rng(0))[0]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "run"
    tiny = ["--epochs", "1", "--size", str(SIZE), "--base", "8", "--depth", "2", "--device", "cpu"]
    assert train.main([*tiny, "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def expected(run):
    return load_model(run).probabilities(PICTURE)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_all_at_once(run, expected, capsys):
    files = {"--npz": "a.npz", "--small": "b.npz", "--state-dict": "c.safetensors", "--onnx": "d.onnx"}
    assert export.main([str(run), *(word for pair in files.items() for word in pair)]) == 0
    printed = capsys.readouterr().out
    assert all(f"wrote {name}, " in printed for name in files.values())
    assert np.array_equal(load_model(Path("a.npz")).probabilities(PICTURE), expected)
    assert 0 < abs(load_model(Path("b.npz")).probabilities(PICTURE) - expected).max() < 0.02
    x = PICTURE[None].transpose(0, 3, 1, 2).astype("float32") / 255
    (answer,) = ReferenceEvaluator(onnx.load("d.onnx")).run(None, {"image": x})
    np.testing.assert_allclose(answer[0].transpose(1, 2, 0), expected, atol=1e-5)
    for file in ("a.npz", "b.npz"):
        assert load_model(Path(file)).config.data_dir is None


@pytest.mark.parametrize("name", ["a.pt", "a.safetensors"])
def test_weights_that_were_changed_elsewhere_come_back(run, expected, name):
    assert export.main([str(run), "--state-dict", name]) == 0
    if name == "a.pt":  # as a training with PyTorch would
        state = torch.load(name)
        state["out.bias"] += 1
        torch.save(state, name)
    assert export.main([str(run), "--weights", name, "--npz", "back.npz"]) == 0
    back, before = load_model(Path("back.npz")), load_model(run)
    assert np.array_equal(back.params["out.bias"], before.params["out.bias"] + (name == "a.pt"))
    np.testing.assert_allclose(back.probabilities(PICTURE), expected, atol=1e-6)  # all logits 1 higher: the same


def test_nothing_is_overwritten(run, capsys):
    before = (run / "last.npz").read_bytes()
    assert export.main([str(run), "--npz", "new.npz", "--small", str(run / "last.npz")]) == 2
    assert "exists already; nothing was written" in capsys.readouterr().err
    assert (run / "last.npz").read_bytes() == before and load_model(run)
    Path("link.npz").symlink_to("nowhere")
    assert export.main([str(run), "--npz", "new.npz", "--small", "link.npz"]) == 2
    assert "link.npz exists already" in capsys.readouterr().err
    assert export.main([str(run), "--npz", "new.npz", "--small", "./new.npz"]) == 2
    assert "have the same name; nothing was written" in capsys.readouterr().err
    assert not Path("new.npz").exists()


def test_onnx_says_what_is_left_out(run, capsys):
    """Whole pictures, scaled; the nuclei, stretched, and the mean over mirror images; the paper, mirrored."""
    assert export.main([str(run), "--onnx", "a.onnx"]) == 0
    assert "not in the graph: before: the picture is scaled to 16 x 16 pixels" in capsys.readouterr().out
    steps = {
        name: " ".join(Model(make_network(PRESETS[name], 3), {}, PRESETS[name], ("a", "b", "c")).steps_around())
        for name in ("nuclei", "seed", "paper")
    }
    assert (
        "stretched" in steps["nuclei"]
        and "mean of the predictions" in steps["nuclei"]
        and "scaled" not in steps["nuclei"]
    )
    assert (
        "scaled to 100" in steps["seed"] and "mirrored at its edges" not in steps["seed"]
    )  # its labels: all, squeezed
    assert "stretched" in steps["paper"] and "mirrored at its edges" in steps["paper"] and "mean" not in steps["paper"]


def test_what_is_wrong_is_said(run, tmp_path, monkeypatch, capsys):
    torch.save({"a": torch.ones(1)}, "other.pt")
    for words, sentence in (
        ([str(tmp_path), "--small", "a.npz"], "There is no checkpoint"),
        ([str(run)], "Nothing to write"),
        ([str(run), "--npz", "no/such/folder.npz"], "cannot be written"),
        ([str(run), "--npz", "a.npz", "--state-dict", "a.h5"], "should end in .pt"),
        ([str(run), "--npz", "a.onnx"], "should end in .npz"),
        ([str(run), "--onnx", "a.npz"], "should end in .onnx"),
        ([str(run), "--weights", "none.pt", "--npz", "a.npz"], "none.pt does not exist"),
        ([str(run), "--weights", "other.pt", "--npz", "a.npz"], "other.pt belongs to another network"),
    ):
        assert export.main(words) == 2
        assert sentence in capsys.readouterr().err
    monkeypatch.setattr(onnx_graph, "difference", lambda *args: float("nan"))
    assert export.main([str(run), "--onnx", "a.onnx"]) == 2
    assert "differs from the network by nan" in capsys.readouterr().err
    monkeypatch.delattr(exchange, "onnx_graph")
    monkeypatch.setitem(sys.modules, "minunet.exchange.onnx_graph", None)
    assert export.main([str(run), "--onnx", "a.onnx"]) == 2
    assert "needs the package onnx" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["other.pt"]


def test_weights_of_other_classes_are_refused(run, tmp_path, capsys):
    """The names and shapes fit, and what is a cell would be called a border."""
    model = load_model(run)
    about = model.about()
    save_state_dict(tmp_path / "a.safetensors", model.params, {**about, "classes": about["classes"][::-1]})
    assert export.main([str(run), "--weights", "a.safetensors", "--npz", "b.npz"]) == 2
    assert "a.safetensors holds weights for other classes than background, cell, border" in capsys.readouterr().err
    for name, header in (("c", {"minunet": "[[[no JSON"}), ("d", {"minunet": "[1]"}), ("e", None)):
        data = save(to_torch_order(model.params), header)
        Path(f"{name}.safetensors").write_bytes(data)
        assert export.main([str(run), "--weights", f"{name}.safetensors", "--npz", f"{name}.npz"]) == 0


@pytest.mark.parametrize(("field", "value"), [("centred", False), ("size", 512), ("page", 2)])
def test_weights_for_other_pictures_are_refused(run, tmp_path, capsys, field, value):
    model = load_model(run)
    about = model.about()
    save_state_dict(tmp_path / "a.safetensors", model.params, {**about, "config": {**about["config"], field: value}})
    assert export.main([str(run), "--weights", "a.safetensors", "--npz", "b.npz"]) == 2
    assert f"for pictures prepared in another way ({field})" in capsys.readouterr().err


def test_what_comes_in_the_meantime_is_not_overwritten(run, tmp_path, monkeypatch, capsys):
    whole = export.save_weights

    def late(path, checkpoint):
        Path("a.npz").write_text("mine")
        whole(path, checkpoint)

    monkeypatch.setattr(export, "save_weights", late)
    assert export.main([str(run), "--npz", "a.npz"]) == 2
    assert "a.npz cannot be written: File exists" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"] and Path("a.npz").read_text() == "mine"
