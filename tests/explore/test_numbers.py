"""The page's network is minunet's: every number, forward and backward; also without some skips and maps."""

import re

import numpy as np
import pytest

from minunet.data.cells import make_cell_image
from minunet.explore.__main__ import CELLS, look
from minunet.explore.plan import steps_of
from minunet.layers import softmax, softmax_cross_entropy, softmax_cross_entropy_backward
from minunet.model.trained import load_model
from minunet.predict import WEIGHTS
from tests.explore.pages import (
    arrays_of,
    assert_equal,
    backward,
    exact,
    gradients_of,
    numbers,
    opened_scene,
    random_scene,
    score,
    settled,
)

SCENES = {
    "plain": lambda: random_scene(12, 20, depth=3),
    "valid, one channel, two classes, not square": lambda: random_scene(
        48, 44, base=3, depth=3, padding="valid", in_channels=1, classes=2
    ),
    "group norm": lambda: random_scene(16, 24, depth=2, norm="group", classes=5),
    "group norm, valid, two channels": lambda: random_scene(
        20, 24, base=12, depth=2, norm="group", padding="valid", in_channels=2
    ),
    "depth 2": lambda: random_scene(2, 4, base=1, depth=2),
    "depth 6": lambda: random_scene(32, 64, base=1, depth=6),
}
EVERY = 61  # of the pets' 5 million numbers


def trained(name: str):
    """One of the networks that come along, and a picture of its own size."""
    model = load_model(CELLS if name == "cells" else WEIGHTS)
    return look(model, make_cell_image(model.config.size, np.random.default_rng(0))[0], name)


@pytest.mark.parametrize("name", SCENES)
def test_every_number_and_every_gradient(tab, tmp_path, name):
    scene = SCENES[name]()
    recording, _ = exact(scene)
    opened_scene(tab, scene, tmp_path)
    assert_equal(numbers(tab), arrays_of(recording, scene))
    logits = recording.steps["out"].y
    found = np.array(tab.evaluate("Array.from(state.probabilities.d)")).reshape(logits.shape)
    np.testing.assert_allclose(found, softmax(logits)[0], rtol=1e-9, atol=1e-12)
    i, j, k = logits.shape[1] // 2, logits.shape[2] - 1, 1
    backward(tab, i, j, k)
    assert_equal(numbers(tab, "grads"), gradients_of(recording, score(scene, i, j, k)))


@pytest.mark.parametrize(("name", "every"), [("cells", 1), ("pets", EVERY)])
def test_the_networks_that_come_along(tab, tmp_path, name, every):
    scene = trained(name)
    recording, _ = exact(scene)
    opened_scene(tab, scene, tmp_path)
    assert_equal(numbers(tab, every=every), arrays_of(recording, scene), every=every)
    backward(tab, 40, 9, 0)
    gradients = gradients_of(recording, score(scene, 40, 9, 0))
    assert_equal(numbers(tab, "grads", every), gradients, every=every)


def flowing(recording, net, size) -> dict[str, float]:
    """How much goes back from each step into each of its inputs."""
    return {
        f"{name}>{step.name}": float(abs(gradient).sum())
        for step in steps_of(net, *size)
        for name, gradient in zip(step.inputs, recording.steps[step.name].grads, strict=False)
    }


EDITS = {"off": ["up1.concat"], "zeroed": {"input.conv2": [1], "down1.relu2": [0, 5], "up2.concat": [2, 5]}}


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("edits", [{"off": EDITS["off"]}, {"zeroed": EDITS["zeroed"]}, EDITS], ids=["off", "0", "both"])
def test_without_a_skip_and_without_maps(tab, tmp_path, edits, padding):
    scene = random_scene(44, 48, base=3, depth=3, padding=padding, norm="group")
    recording, _ = exact(scene, **edits)
    opened_scene(tab, scene, tmp_path)
    tab.evaluate(
        """({off = [], zeroed = {}}) => {
          off.forEach(name => state.edits.off.add(name));
          Object.entries(zeroed).forEach(([name, maps]) => state.edits.zeroed.set(name, new Set(maps)));
          return compute(0);
        }""",
        edits,
    )
    settled(tab)
    assert_equal(numbers(tab), arrays_of(recording, scene))
    backward(tab, 1, 2, 0)
    assert_equal(numbers(tab, "grads"), gradients_of(recording, score(scene, 1, 2, 0)))
    wanted = flowing(recording, scene.net, scene.x.shape[:2])
    assert tab.evaluate("state.flows") == {name: pytest.approx(flow, rel=1e-9) for name, flow in wanted.items()}


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_the_gradient_of_the_loss(tab, tmp_path, padding):
    """Of each pixel's class the cross-entropy; pixels of no class do not count."""
    scene = random_scene(20, 24, padding=padding, truth=True)
    scene.truth[0, :2] = 255
    recording, params = exact(scene)
    loss, cache = softmax_cross_entropy(recording.steps["out"].y, scene.truth[None], ignore_index=255)
    opened_scene(tab, scene, tmp_path)
    backward(tab, 0, 0, 0, loss=True)
    check = tab.get_by_role("button", name="Check it")
    check.click()
    (said,) = re.findall(r"^\(\S+ \u2212 (\S+)\) / ", tab.locator("#sum .formula").inner_text())
    assert float(said) == pytest.approx(float(loss), abs=1e-4)
    dlogits = softmax_cross_entropy_backward(cache)
    gradients = gradients_of(recording, dlogits)
    assert_equal(numbers(tab, "grads"), gradients)
    whole, _ = scene.net.forward(params, scene.x[None].astype("float64"))  # by the quick ways of UNet itself
    dx, _ = scene.net.backward(dlogits, scene.net.forward(params, scene.x[None].astype("float64"))[1])
    np.testing.assert_allclose(whole, recording.steps["out"].y, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(numbers(tab, "grads")["x"], dx[0], rtol=0, atol=1e-9 * abs(dx).max())


def extent(array: np.ndarray) -> list[int]:
    """Top, bottom, left and right of what is not 0."""
    rows, columns = (np.flatnonzero(array.any(axis=(1 - axis, 2))) for axis in (0, 1))
    return [int(n) for n in (rows[0], rows[-1], columns[0], columns[-1])]


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_no_gradient_lies_outside_of_the_frame(tab, tmp_path, padding):
    """And for numbers of the lowest level, the frame is no larger than it must be."""
    scene = random_scene(48, 44, base=3, depth=3, padding=padding)
    opened_scene(tab, scene, tmp_path)
    frames = """([name, i, j]) => {
      const dy = like(state.arrays[name]), grads = {};
      for (let k = 0; k < dy.c; k++) dy.d[(i * dy.w + j) * dy.c + k] = 1;
      for (const _ of backward(model.steps, params, state.arrays, name, dy, grads)) {}
      state.seen = grads;
      return Object.entries(seenFrom(model, name, i, j)).map(([name, b]) => [name, [b.top, b.bottom, b.left, b.right]]);
    }"""
    shapes = {step.name: step.shape for step in steps_of(scene.net, *scene.x.shape[:2])}
    for name in ("down2.conv2", "input.conv1", "down1.pool", "up1.concat", "up2.conv_transpose", "out"):
        (h, w, _) = shapes[name]
        for i, j in {(0, 0), (h // 2, w // 2), (h - 1, w // 3)}:
            boxes, gradients = dict(tab.evaluate(frames, [name, i, j])), numbers(tab, "seen")
            assert boxes.keys() == gradients.keys()
            for array, (top, bottom, left, right) in boxes.items():
                found = extent(gradients[array]) if gradients[array].any() else [top, bottom, left, right]
                assert top <= found[0] and found[1] <= bottom and left <= found[2] and found[3] <= right, (name, array)
            if name == "down2.conv2":
                assert extent(gradients["x"]) == boxes["x"]


def test_what_counts_is_the_gradient_of_the_number_that_is_shown(tab, tmp_path):
    """Summed over the channels of a pixel; of a ReLU, that of what goes into it."""
    scene = random_scene(12, 20, depth=3)
    opened_scene(tab, scene, tmp_path)
    recording, _ = exact(scene)
    counting = """([name, i, j, k]) => {
      const all = countingFor(model, params, state.arrays, state.edits, {name, i, j, k});
      for (;;) { const {value, done} = all.next(); if (done) return [value.h, value.w, Array.from(value.d)]; }
    }"""
    h, w, found = tab.evaluate(counting, ["out", 5, 7, 2])
    wanted = abs(gradients_of(recording, score(scene, 5, 7, 2))["x"]).sum(axis=2)
    np.testing.assert_allclose(np.reshape(found, (h, w)), wanted, rtol=1e-9, atol=1e-12)
    assert tab.evaluate(counting, ["up1.relu1", 1, 1, 0]) == tab.evaluate(counting, ["up1.conv1", 1, 1, 0])
