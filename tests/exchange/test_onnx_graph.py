"""The ONNX graph against minunet, by ONNX's reference implementation."""

import json

import numpy as np
import pytest
from onnx import checker
from onnx.reference import ReferenceEvaluator

from minunet import UNet
from minunet.data.batches import to_input
from minunet.exchange.onnx_graph import build_onnx, difference
from minunet.layers import softmax


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("norm", [None, "group"])
@pytest.mark.parametrize(
    ("padding", "depth", "size"),
    [("same", 1, (5, 3)), ("same", 3, (12, 20)), ("valid", 2, (20, 24)), ("valid", 4, (92, 100))],
)
def test_it_computes_the_same(padding, depth, size, norm, centred):
    net = UNet(2, 3, 4, depth, padding, norm)
    params = net.init(rng := np.random.default_rng(depth))
    for array in params.values():  # biases and norms that do something
        if array.ndim == 1:
            array += 0.3 * rng.standard_normal(array.shape, "float32")
    model = build_onnx(net, params, centred, {"classes": ["a"]})
    checker.check_model(model, full_check=True)
    images = rng.random((2, *size, 2), dtype=np.float32)
    (answer,) = ReferenceEvaluator(model).run(None, {"image": images.transpose(0, 3, 1, 2)})
    expected, _ = softmax(net.forward(params, to_input(images, centred))[0])
    np.testing.assert_allclose(answer.transpose(0, 2, 3, 1), expected, atol=1e-5)
    assert difference(model, net, params, centred) <= 1e-5
    params["out.bias"][0] += 1e-3  # another network
    assert difference(model, net, params, centred) > 1e-5


def test_the_judge_rounds_less_than_the_graph():
    """A wide network, whose float32 answers differ from the exact ones by more than the graph's do."""
    net = UNet(base=64, depth=3, padding="valid")
    params = net.init(np.random.default_rng(1))
    assert difference(build_onnx(net, params, True, {}), net, params, True) < 5e-6


def test_it_says_what_it_is():
    net = UNet(3, 2, 4, 2)
    model = build_onnx(net, net.init(np.random.default_rng(0)), True, {"classes": ["a", "b"]})
    found = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(found["minunet"]) == {"classes": ["a", "b"]} and found["classes"] == "a, b"
    assert [i.name for i in model.graph.input] == ["image"] and [o.name for o in model.graph.output] == [
        "probabilities"
    ]
