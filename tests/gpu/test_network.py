"""The same code on CuPy arrays: every layer, the whole step, and a training run; without a GPU, on the stand-in."""

import json
from pathlib import Path

import numpy as np
import pytest

import minunet
from minunet import Adam, UNet, backend
from minunet.gradcheck.cases import default_cases
from minunet.gradcheck.check import relative_error
from minunet.layers import softmax_cross_entropy, softmax_cross_entropy_backward
from minunet.train import __main__ as train
from tests import cupy_on_cpu
from tests.conftest import NO_GPU

pytestmark = pytest.mark.usefixtures("gpu")

# conv2d_loops reads pixel by pixel and is for NumPy only; the labels of the loss lie on the CPU in its case.
CASES = [
    case
    for case in default_cases(np.random.default_rng(0))
    if not case.name.startswith(("conv2d_loops", "softmax_cross_entropy"))
]


def on_gpu(array):
    return backend.to_device(array, "gpu")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-9), ("float32", 1e-4)])
def test_layers_and_networks(case, dtype, tolerance):
    inputs = {name: x.astype(dtype) for name, x in case.inputs.items()}
    y, cache = case.forward(inputs)
    y_gpu, cache_gpu = case.forward({name: on_gpu(x) for name, x in inputs.items()})
    assert backend.array_module(y_gpu) is not np and y_gpu.dtype == dtype
    assert relative_error(backend.to_numpy(y_gpu), y) <= tolerance
    dy = np.random.default_rng(1).standard_normal(y.shape).astype(dtype)
    for expected, got in zip(case.backward(dy, cache), case.backward(on_gpu(dy), cache_gpu), strict=True):
        assert got.dtype == dtype
        assert relative_error(backend.to_numpy(got), expected) <= tolerance


def test_the_loss(rng):
    logits, labels = rng.standard_normal((2, 4, 4, 3)), rng.integers(0, 3, (2, 4, 4))
    labels[0, 0] = 255
    class_weight, pixel_weight = rng.uniform(0.5, 2, 3), rng.uniform(0.5, 2, labels.shape)
    loss, cache = softmax_cross_entropy(
        logits, labels, class_weight=class_weight, pixel_weight=pixel_weight, ignore_index=255
    )
    loss_gpu, cache_gpu = softmax_cross_entropy(
        on_gpu(logits),
        on_gpu(labels),
        class_weight=on_gpu(class_weight),
        pixel_weight=on_gpu(pixel_weight),
        ignore_index=255,
    )
    assert float(loss_gpu) == pytest.approx(float(loss), rel=1e-12)
    gradient = backend.to_numpy(softmax_cross_entropy_backward(cache_gpu))
    assert relative_error(gradient, softmax_cross_entropy_backward(cache)) <= 1e-12


def test_ten_steps_follow_the_cpu(rng):
    net = UNet(in_channels=2, classes=3, base=8, depth=3, norm="group")
    params = net.init(rng, dtype="float64")
    params_gpu = {name: on_gpu(array.copy()) for name, array in params.items()}
    images, labels = rng.standard_normal((4, 16, 16, 2)), rng.integers(0, 3, (4, 16, 16))
    one, two = Adam(lr=1e-2), Adam(lr=1e-2)
    for _ in range(10):
        loss, grads = minunet.loss_and_gradients(net, params, images, labels)
        loss_gpu, grads_gpu = minunet.loss_and_gradients(net, params_gpu, on_gpu(images), on_gpu(labels))
        one.step(params, grads)
        two.step(params_gpu, grads_gpu)
        assert float(loss_gpu) == pytest.approx(float(loss), rel=1e-8)
    logits = minunet.logits(net, params_gpu, on_gpu(images))
    assert relative_error(backend.to_numpy(logits), minunet.logits(net, params, images)) <= 1e-6


def test_a_step_waits_for_nothing_and_copies_nothing(rng):
    """With images, labels and weights on the GPU: no transfer in either direction, and no question to the GPU."""
    if not cupy_on_cpu.in_use():
        pytest.skip(f"{NO_GPU}on a GPU, nobody counts")
    net = UNet(in_channels=3, classes=3, base=8, depth=2, padding="valid")
    params = {name: on_gpu(array) for name, array in net.init(rng).items()}
    images, labels = (
        on_gpu(rng.standard_normal((2, 24, 20, 3)).astype("float32")),
        on_gpu(rng.integers(0, 3, (2, 8, 4))),
    )
    weights = {"class_weight": on_gpu(np.array([1.0, 1, 2])), "pixel_weight": on_gpu(rng.uniform(0, 2, (2, 8, 4)))}
    optimizer = Adam()
    for how in ({}, weights):
        cupy_on_cpu.counts.clear()
        _, grads = minunet.loss_and_gradients(net, params, images, labels, **how)
        optimizer.step(params, grads)
        counts = cupy_on_cpu.counts
        assert counts["upload"] == counts["download"] == counts["wait"] == 0
        assert counts["adam"] == counts["softmax_cross_entropy"] == counts["max_pool"] == 1 and counts["product"] > 20


def test_a_training_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert train.main(["--device", "gpu", "--size", "32", "--epochs", "2", "--set", "count=60", "--out", "a"]) == 0
    result = json.loads(Path("a/test.json").read_text())
    assert result["pixel_accuracy"] > 0.6
    assert train.main(["--resume", "a", "--device", "cpu"]) == 0  # what was trained on the GPU runs on the CPU
    assert json.loads(Path("a/test.json").read_text())["pixel_accuracy"] == pytest.approx(
        result["pixel_accuracy"], abs=1e-3
    )
