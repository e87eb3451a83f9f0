"""Numbers that are not finite end a run and name the layer; they are never saved as its best."""

from pathlib import Path

import numpy as np
import pytest

from minunet import UNet
from minunet.model.checkpoint import load_checkpoint
from minunet.train import __main__ as train
from minunet.train import loop
from minunet.train import score as scoring
from minunet.train.numerics import finite, finite_square, first_not_finite
from minunet.train.score import score
from tests.train.runs import SMALL

pytestmark = pytest.mark.usefixtures("small_cells_elsewhere")


@pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered:RuntimeWarning")
@pytest.mark.parametrize("norm", [None, "group"])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_the_first_layer_whose_numbers_are_not_finite_is_named(rng, padding, norm):
    net = UNet(3, 2, base=2, depth=3, padding=padding, norm=norm)
    params = net.init(rng)
    size = 44 if padding == "valid" else 16
    images = rng.standard_normal((3, size, size, 3)).astype("float32")
    labels = np.zeros((3, *net.output_size(size, size)), "int64")
    batch = {"images": images, "labels": labels}
    assert first_not_finite(net, params, batch) == first_not_finite(net, params, batch, "dice") == ""
    assert first_not_finite(net, {**params, "out.bias": params["out.bias"] * np.nan}, batch) == "the weights out.bias"
    for step in ("down1.conv2", "up1.conv_transpose"):
        large = {**params, f"{step}.weight": np.full_like(params[f"{step}.weight"], 3e38)}
        assert first_not_finite(net, large, batch) == first_not_finite(net, large, batch, "both") == step
    spoilt = {"images": images.copy(), "labels": labels}
    spoilt["images"][2, 5, 5, 0] = np.inf  # only in the last image
    assert first_not_finite(net, params, spoilt) == "input.conv1"
    spoilt = batch | {"dice_weight": np.full(labels.shape, np.nan)}
    assert first_not_finite(net, params, spoilt) == ""
    assert first_not_finite(net, params, spoilt, "both").endswith(" on the way back")


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_finite():
    assert finite(np.full(100, 3e38, "float32"))  # whose sum is not
    assert finite(np.arange(5.0)) and finite(np.zeros(0))
    for number in (np.nan, np.inf, -np.inf):
        assert not finite(np.array([1, number, 2]))
    assert not finite(np.array([np.inf, -np.inf]))


def test_a_gradient_that_is_not_finite_ends_the_run_before_the_step(monkeypatch, capsys):
    original = loop.loss_and_gradients
    calls = []

    def third_is_spoilt(net, params, images, labels, **more):
        loss, grads = original(net, params, images, labels, **more)
        calls.append(1)
        if len(calls) == 3:
            grads["down1.conv1.weight"][0, 0, 0, 0] = np.nan
        return loss, grads

    monkeypatch.setattr(loop, "loss_and_gradients", third_is_spoilt)
    options = ["--batch-size", "5", "--epochs", "2", "--out", "a"]
    assert train.main([*SMALL, *options]) == 2
    assert (
        "A gradient, or its square, is not finite at step 3 (epoch 1): training has diverged" in capsys.readouterr().err
    )
    assert not Path("a/best.npz").exists()


def test_a_square_that_is_not_finite_ends_the_run():
    assert not finite_square(np.full(4, 2e19, "float32")) and finite_square(np.full(4, 1e18, "float32"))
    for number in (np.nan, np.inf):
        assert not finite_square(np.array([1, number]))


def test_a_test_whose_loss_is_no_number_is_no_traceback(monkeypatch, capsys):
    monkeypatch.setattr(scoring, "score", lambda model, data, tta=False: score(model, data, tta)._replace(loss=np.nan))
    assert train.main([*SMALL, "--epochs", "1"]) == 2
    assert "The loss on the test images is nan: training has diverged" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered:RuntimeWarning")
def test_what_is_written_can_be_read(capsys):
    """A loss that is finite and very large, too."""
    options = ["--base", "1", "--depth", "1", "--batch-size", "20", "--epochs", "3", "--lr", "1e7", "--out", "a"]
    train.main(["--size", "32", "--device", "cpu", "--set", "count=20", *options])
    assert "damaged" not in capsys.readouterr().err
    assert load_checkpoint(Path("a/last.npz")).rows == [] or load_checkpoint(Path("a/best.npz")).epoch > 0
