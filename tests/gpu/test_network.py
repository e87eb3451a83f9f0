"""The same code on CuPy arrays: every layer, the whole step, and a training run; without a GPU, on the stand-in."""

import json
from pathlib import Path

import numpy as np
import pytest

import minunet
from minunet import Adam, UNet, backend
from minunet.gradcheck.cases import default_cases
from minunet.gradcheck.check import relative_error
from minunet.layers import soft_dice, soft_dice_backward, softmax_cross_entropy, softmax_cross_entropy_backward
from minunet.train import __main__ as train
from tests import cupy_on_cpu
from tests.conftest import NO_GPU

pytestmark = pytest.mark.usefixtures("gpu")

# conv2d_loops reads pixel by pixel and is for NumPy only; the labels of a loss lie on the CPU in its case.
CASES = [
    case
    for case in default_cases(np.random.default_rng(0))
    if not case.name.startswith(("conv2d_loops", "softmax_cross_entropy", "soft_dice"))
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


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
def test_soft_dice(rng, dtype, tolerance):
    logits, labels = rng.standard_normal((2, 4, 4, 3)).astype(dtype), rng.integers(0, 3, (2, 4, 4))
    labels[0, 0] = 255
    weight = rng.uniform(0.5, 2, labels.shape)
    loss, cache = soft_dice(logits, labels, pixel_weight=weight, ignore_index=255, total_samples=3)
    loss_gpu, cache_gpu = soft_dice(
        on_gpu(logits), on_gpu(labels), pixel_weight=on_gpu(weight), ignore_index=255, total_samples=3
    )
    assert loss_gpu.dtype == dtype and float(loss_gpu) == pytest.approx(float(loss), rel=tolerance)
    gradient = soft_dice_backward(cache_gpu)
    assert gradient.dtype == dtype
    assert relative_error(backend.to_numpy(gradient), soft_dice_backward(cache)) <= tolerance
    loss_gpu, _ = soft_dice(on_gpu(logits), on_gpu(labels))  # 255 is no class: to raise an error, the CPU would wait
    assert np.isnan(float(loss_gpu))


@pytest.mark.parametrize("loss", ["dice", "both"])
def test_the_other_losses_of_a_step_follow_the_cpu(rng, loss):
    net = UNet(in_channels=2, classes=3, base=4, depth=2)
    params = net.init(rng)
    images, labels = rng.standard_normal((3, 8, 8, 2)).astype("float32"), rng.integers(0, 3, (3, 8, 8))
    value, grads = minunet.loss_and_gradients(net, params, images, labels, loss=loss)
    params_gpu = {name: on_gpu(array) for name, array in params.items()}
    value_gpu, grads_gpu = minunet.loss_and_gradients(net, params_gpu, on_gpu(images), on_gpu(labels), loss=loss)
    assert float(value_gpu) == pytest.approx(float(value), rel=1e-5)
    for name, gradient in grads.items():
        assert relative_error(backend.to_numpy(grads_gpu[name]), gradient) <= 1e-3, name


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
    apart = weights | {"dice_weight": on_gpu(rng.uniform(0, 2, (2, 8, 4))), "loss": "both"}
    optimizer = Adam()
    for how in ({}, weights, {"loss": "both"}, weights | {"loss": "both"}, {"loss": "dice"}, apart):
        cupy_on_cpu.counts.clear()
        _, grads = minunet.loss_and_gradients(net, params, images, labels, **how)
        optimizer.step(params, grads)
        counts = cupy_on_cpu.counts
        assert counts["upload"] == counts["download"] == counts["wait"] == 0
        assert counts["softmax_cross_entropy"] == int(how.get("loss") != "dice")
        assert counts["adam"] == counts["max_pool"] == 1 and counts["product"] > 20


def test_a_training_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert train.main(["--device", "gpu", "--size", "32", "--epochs", "2", "--set", "count=60", "--out", "a"]) == 0
    result = json.loads(Path("a/test.json").read_text())
    assert result["pixel_accuracy"] > 0.6
    assert train.main(["--resume", "a", "--device", "cpu"]) == 0  # what was trained on the GPU runs on the CPU
    assert json.loads(Path("a/test.json").read_text())["pixel_accuracy"] == pytest.approx(
        result["pixel_accuracy"], abs=1e-3
    )
