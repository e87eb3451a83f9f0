"""Layers, networks and optimisers beside what PyTorch said of them once; PyTorch is not needed."""

import json

import numpy as np
import pytest

import minunet
from minunet import SGD, Adam
from minunet.backend import why_no_torch
from minunet.gradcheck import reference
from minunet.gradcheck.cases import default_cases
from minunet.gradcheck.check import relative_error
from tests.reference.training import NETWORKS, TRAINING

VERSION, KEPT = reference.load()
OPTIMIZERS = {
    "adam": lambda: Adam(lr=3e-3),
    "momentum": lambda: SGD(lr=0.05, momentum=0.9),
    "sgd": lambda: SGD(lr=0.05),
}


@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT)
def test_a_case_is_what_pytorch_says(kept):
    y, _ = kept.case.forward(kept.case.inputs)
    assert relative_error(y, kept.y) <= kept.case.torch_tolerance
    errors = kept.errors()
    assert set(errors) == set(kept.case.inputs) and max(errors.values()) <= kept.case.torch_tolerance


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", NETWORKS)
def test_ten_steps_give_the_losses_of_pytorch(name, optimizer):
    net, step = NETWORKS[name], OPTIMIZERS[optimizer]()
    with np.load(TRAINING) as file:
        x, labels, expected = (file[f"{name}.{part}"] for part in ("x", "labels", f"losses.{optimizer}"))
        params = {key: file[f"{name}.params.{key}"] for key in net.shapes()}
    losses = []
    for _ in expected:
        loss, grads = minunet.loss_and_gradients(net, params, x, labels)
        step.step(params, grads)
        losses.append(float(loss))
    np.testing.assert_allclose(losses, expected, rtol=1e-6)
    assert len(losses) == 10 and losses[-1] < losses[0]


def test_every_case_is_there_and_the_files_are_small():
    assert list(KEPT) == [case.name for case in default_cases(np.random.default_rng(0))]
    assert reference.FILE.stat().st_size + TRAINING.stat().st_size < 1_000_000


def test_a_wrong_gradient_is_found():
    kept = KEPT["conv2d 3x3, stride 1, padding 1"]
    kept.gradients["weight"].flat[5] += 1e-6
    try:
        assert kept.errors()["weight"] > 1e-8
    finally:
        kept.gradients["weight"].flat[5] -= 1e-6


@pytest.mark.skipif(why_no_torch() is not None, reason="not on this system: PyTorch")
def test_pytorch_still_says_so(tmp_path):
    """What is installed now, beside what is kept."""
    from tests.reference.__main__ import write_gradients, write_training

    write_gradients(tmp_path / "gradients.npz")
    write_training(tmp_path / "training.npz")
    for path in (reference.FILE, TRAINING):
        with np.load(path) as old, np.load(tmp_path / path.name) as new:
            assert old.files == new.files
            for name in old.files:
                if name in ("meta", "torch"):
                    continue
                assert relative_error(new[name], old[name]) <= 1e-9, name


def test_a_case_that_the_file_does_not_hold_is_passed_over(tmp_path):
    with np.load(reference.FILE) as file:
        arrays = dict(file)
    meta = json.loads(str(arrays["meta"]))
    arrays["meta"] = np.array(json.dumps(meta | {"cases": meta["cases"][:-1]}))
    np.savez(tmp_path / "gradients.npz", **arrays)
    _, kept = reference.load(tmp_path / "gradients.npz")
    assert list(kept) == meta["cases"][:-1]


@pytest.mark.parametrize("spoil", ["cut", "input", "none"])
def test_a_file_that_does_not_fit_is_refused(spoil, tmp_path):
    path = tmp_path / "gradients.npz"
    with np.load(reference.FILE) as file:
        arrays = dict(file)
    if spoil == "input":
        arrays["0.inputs.x"] = arrays["0.inputs.x"] + 1
    np.savez(path, **arrays)
    if spoil == "cut":
        path.write_bytes(path.read_bytes()[:1000])
    if spoil == "none":
        path.unlink()
    with pytest.raises((OSError, ValueError)):
        reference.load(path)
