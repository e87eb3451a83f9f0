"""Checkpoints: what is saved comes back, writing is all or nothing, and wrong files get a sentence."""

import dataclasses

import numpy as np
import pytest

from minunet import InputError, UNet
from minunet.model import checkpoint
from minunet.model.checkpoint import (
    Checkpoint,
    check_fits,
    load_checkpoint,
    rounded,
    row_names,
    save_checkpoint,
    save_small,
)
from minunet.model.config import Config

CONFIG = Config("cells", class_weight=(1, 1, 2))


def test_what_is_saved_comes_back(tmp_path, rng):
    params, average = (UNet(base=2, depth=2).init(rng) for _ in range(2))
    state = {"t": np.array(3), "m.out.bias": np.ones(3, "float32")}
    classes = ("a", "Zellen, größer")
    rows = [dict.fromkeys(row_names(classes), 0.1 + 0.2) | {"epoch": 1}]
    run = Checkpoint(CONFIG, classes, params, average, state, ["x", "y", "z"], 7, 0.1, 1.5, rows, blank=2)
    save_checkpoint(tmp_path / "a.npz", run)
    loaded = load_checkpoint(tmp_path / "a.npz")
    for field in dataclasses.fields(Checkpoint):
        if field.name not in ("params", "average", "optimizer"):
            assert getattr(loaded, field.name) == getattr(run, field.name), field.name
    for saved, back in ((params, loaded.params), (average, loaded.average), (state, loaded.optimizer)):
        assert list(back) == list(saved)
        for name, array in saved.items():
            np.testing.assert_array_equal(back[name], array)
            assert back[name].dtype == array.dtype
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_small_files_hold_rounded_weights(tmp_path, rng):
    """Each weight is off by at most half a step of its output channel; biases are exact; the optimiser is left out."""
    params = UNet(base=8, depth=3).init(rng)
    params["out.bias"] += 0.123
    params["down1.conv1.weight"][..., 3] = 0  # a channel without any weight
    whole = Checkpoint(CONFIG, ("a", "b"), params, optimizer={"t": np.array(3)}, step=3)
    save_small(tmp_path / "small.npz", whole)
    save_checkpoint(tmp_path / "whole.npz", whole)
    assert (tmp_path / "small.npz").stat().st_size < 0.4 * (tmp_path / "whole.npz").stat().st_size
    loaded = load_checkpoint(tmp_path / "small.npz")
    assert (loaded.config, loaded.classes, loaded.step) == (CONFIG, ("a", "b"), 3) and not loaded.optimizer
    assert set(loaded.params) == set(params)
    for name, array in params.items():
        back = loaded.params[name]
        assert back.dtype == array.dtype and back.shape == array.shape
        if array.ndim == 4:
            step = np.abs(array).max(axis=(0, 1, 2)) / 127
            assert (np.abs(back - array) <= 0.5001 * step).all()
        else:
            np.testing.assert_array_equal(back, array)


def test_a_crash_while_writing_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    save_checkpoint(path, Checkpoint(CONFIG, ("a", "b"), {}, step=1))

    def crash(file, **arrays):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(checkpoint.np, "savez", crash)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(path, Checkpoint(CONFIG, ("a", "b"), {}, step=2))
    assert load_checkpoint(path).step == 1


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 half a zip"])
def test_broken_files(tmp_path, content):
    path = tmp_path / "broken.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match="broken.npz is not a checkpoint"):
        load_checkpoint(path)


def test_a_truncated_checkpoint(tmp_path, rng):
    path = tmp_path / "a.npz"
    save_checkpoint(path, Checkpoint(CONFIG, ("a", "b"), UNet(base=2, depth=2).init(rng)))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match="not a checkpoint"):
        load_checkpoint(path)


def test_other_npz_files(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.ones(2))
    np.save(tmp_path / "array.npy", np.ones(2))
    np.savez(tmp_path / "pickle.npz", meta=np.array([object()], dtype=object))
    for name in ("other.npz", "array.npy", "pickle.npz"):
        with pytest.raises(InputError, match="not a checkpoint"):
            load_checkpoint(tmp_path / name)


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match="There is no checkpoint"):
        load_checkpoint(tmp_path / "none.npz")


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (UNet(base=4, depth=2), r"another network: its input.conv1.weight is \(3, 3, 3, 4\), needed is \(3, 3, 3, 2\)"),
        (UNet(base=2, depth=1), "no parameter down1.conv1.weight"),
        (UNet(base=2, depth=2, norm="group"), "the parameter input.norm1.weight too many"),
    ],
)
def test_a_checkpoint_of_another_network(tmp_path, rng, other, says):
    with pytest.raises(InputError, match=says):
        check_fits(other.init(rng), UNet(base=2, depth=2), tmp_path / "last.npz")


def test_kernels_that_are_nearly_nothing_keep_their_signs():
    """Of 1e-43, a 127th of the largest has hardly a bit: a quotient above 127 would turn round in 8 bits."""
    kernel = np.linspace(-1, 1, 9 * 6, dtype="float64").reshape(3, 3, 3, 2).astype("float32") * np.float32(2.5e-43)
    bytes_of_it, scale = rounded(kernel)
    assert ((bytes_of_it > 0) <= (kernel > 0)).all() and ((bytes_of_it < 0) <= (kernel < 0)).all() and (scale > 0).all()
