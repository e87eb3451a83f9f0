"""A recording: every step under its name, with numbers that follow from each other, and nothing that can be spoilt."""

import numpy as np
import pytest

from minunet import UNet, layers
from minunet.operations import PLAIN
from minunet.recording import Recording


@pytest.fixture(params=[("same", None), ("valid", None), ("same", "group")], ids=lambda p: "-".join(map(str, p)))
def recorded(request, rng):
    padding, norm = request.param
    net = UNet(3, 2, base=4, depth=3, padding=padding, norm=norm)
    recording, params = Recording(net), net.init(rng, "float64")
    x = rng.standard_normal((2, 44, 52, 3))
    logits = recording.forward(params, x)
    dlogits = rng.standard_normal(logits.shape)
    dx, grads = recording.backward(dlogits)
    return net, params, x, recording, logits, dlogits, dx, grads


def test_it_computes_what_the_network_does(recorded):
    net, params, x, _, logits, dlogits, dx, grads = recorded
    plain = net.using(PLAIN)
    expected, cache = plain.forward(params, x)
    expected_dx, expected_grads = plain.backward(dlogits, cache)
    np.testing.assert_array_equal(logits, expected)
    np.testing.assert_array_equal(dx, expected_dx)
    for name, gradient in expected_grads.items():
        np.testing.assert_array_equal(grads[name], gradient)


def test_every_step_has_its_name_and_its_numbers(recorded):
    net, params, x, recording, logits, dlogits, dx, grads = recorded
    steps = recording.steps
    assert list(steps) == net.steps()
    np.testing.assert_array_equal(steps["input.conv1"].inputs[0], x)
    np.testing.assert_array_equal(steps["out"].y, logits)
    np.testing.assert_array_equal(steps["out"].dy, dlogits)
    np.testing.assert_array_equal(steps["input.conv1"].grads[0], dx)
    for name, step in steps.items():
        again, _ = getattr(layers, step.operation)(*step.inputs, **step.options)
        np.testing.assert_array_equal(step.y, again, err_msg=name)
        assert step.dy.shape == step.y.shape and [g.shape for g in step.grads] == [i.shape for i in step.inputs]
        if f"{name}.weight" in params:  # each under the name of its own parameters
            np.testing.assert_array_equal(step.inputs[1], params[f"{name}.weight"])
            np.testing.assert_array_equal(step.grads[1], grads[f"{name}.weight"])
    np.testing.assert_array_equal(steps["down1.pool"].inputs[0], steps["input.relu2"].y)
    np.testing.assert_array_equal(steps["up2.concat"].inputs[0], steps["input.relu2"].y)  # the skip of the top level
    np.testing.assert_array_equal(steps["up1.conv_transpose"].inputs[0], steps["down2.relu2"].y)


def test_another_pass_begins_anew_and_nothing_written_down_is_spoilt(recorded, rng):
    net, params, x, recording, *_ = recorded
    before = recording.steps["up1.conv1"]
    kept = before.y.copy()
    with pytest.raises(TypeError):  # in the middle of a pass, which leaves nothing behind
        recording.forward({**params, "up1.conv1.bias": params["up1.conv1.bias"].astype("float32")}, x)
    assert "out" not in recording.steps
    logits = recording.forward(params, x + 1)
    logits[:] = 0
    x[:] = 0
    params["input.conv1.weight"][:] = 0
    assert list(recording.steps) == net.steps() and recording.steps["up1.conv1"] is not before
    np.testing.assert_array_equal(before.y, kept)
    assert recording.steps["out"].y.any() and recording.steps["input.conv1"].inputs[1].any()
