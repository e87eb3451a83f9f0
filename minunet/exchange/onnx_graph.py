"""The network as an ONNX graph, the format that other programs run: browsers, telephones, C++.

    image          (N, C, H, W) float32, colours from 0 to 1; any H and W that fit, see `UNet.output_size`
    probabilities  (N, classes, OH, OW) float32

It is one pass of the network, without what `Model.probabilities` does before and after: scaling a picture to the size
of the training, or stretching its brightness, and the mean over mirror images. `Model.steps_around` says which of them.

Written node by node with `onnx.helper`, in the order in which the image meets the layers: what each node computes is
said in the ONNX operator schemas, opset 17. Needs the package onnx, but no PyTorch.
"""

import json
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from minunet import __version__
from minunet.backend import to_numpy
from minunet.blocks import DoubleConv
from minunet.data.batches import to_input
from minunet.exchange.axes import to_torch_order
from minunet.layers import softmax
from minunet.unet import Parameters, UNet

OPSET, IR_VERSION = 17, 8  # of 2022: whatever runs ONNX today knows them


def build_onnx(net: UNet, params: Parameters, centred: bool, about: dict[str, Any]) -> onnx.ModelProto:
    """The graph with its weights; `about`, what JSON can hold, is kept in the file under "minunet".

    Args:
        centred: whether the network was trained on centred colours, see `data.batches.to_input`.
    """
    graph = _Graph(params)
    x = "image"
    if centred:  # as `to_input` does it
        x = graph.add("Mul", [graph.add("Sub", [x, graph.constant(np.float32(0.5))]), graph.constant(np.float32(4))])
    skips = [x := _double_conv(graph, net.input, x)]
    for down in net.downs:
        pooled = graph.add("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2])
        skips.append(x := _double_conv(graph, down.convs, pooled))
    skips.pop()
    border = 0 if net.padding == "same" else 4  # the pixels that a DoubleConv takes of each axis
    lost = 0  # the pixels by which x is smaller than the features of its level were on the way down
    for up in net.ups:
        x = graph.add("ConvTranspose", [x, up.weight, up.bias], kernel_shape=[2, 2], strides=[2, 2])
        lost = 2 * (lost + border)
        skip = skips.pop()
        if lost:
            skip = graph.crop(skip, lost // 2)
        x = _double_conv(graph, up.convs, graph.add("Concat", [skip, x], axis=1))
        lost += border
    logits = graph.add("Conv", [x, "out.weight", "out.bias"], kernel_shape=[1, 1])
    graph.add("Softmax", [logits], output="probabilities", axis=1)
    return graph.model(net, about)


def difference(model: onnx.ModelProto, net: UNet, params: Parameters, centred: bool) -> float:
    """The largest difference between the graph, run by ONNX's reference implementation, and the network in float64.

    In float64, so that what is found is the graph's: in float32 the network itself rounds by as much.
    """
    size = next(size for size in range(1, 10**6) if net.output_length(size) is not None)
    size += 2 ** (net.depth - 1)  # the smallest that fits, and a little more
    image = np.random.default_rng(0).random((1, size, size, net.in_channels), dtype=np.float32)
    exact = {name: to_numpy(array).astype("float64") for name, array in params.items()}
    expected, _ = softmax(net.forward(exact, to_input(image, centred).astype("float64"), keep_cache=False)[0])
    (output,) = ReferenceEvaluator(model).run(None, {"image": image.transpose(0, 3, 1, 2)})
    return float(np.abs(output.transpose(0, 2, 3, 1) - expected).max())


class _Graph:
    """Nodes and constants so far; every method that adds something returns the name of what comes out."""

    def __init__(self, params: Parameters) -> None:
        arrays = to_torch_order(params)
        self.constants = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
        self.nodes: list[onnx.NodeProto] = []

    def constant(self, value: np.ndarray | np.generic) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def add(self, operator: str, inputs: list[str], output: str | None = None, **attributes: Any) -> str:
        output = output or f"{operator.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def crop(self, x: str, margin: int) -> str:
        """`margin` pixels less at each of the four sides."""
        starts, ends, axes = (self.constant(np.array(pair)) for pair in ([margin] * 2, [-margin] * 2, [2, 3]))
        return self.add("Slice", [x, starts, ends, axes])

    def group_norm(self, x: str, name: str, groups: int) -> str:
        """As an instance norm over each group: ONNX's own group norm is too new for many programs."""
        ones, zeros = (self.constant(np.full(groups, value, dtype=np.float32)) for value in (1, 0))
        rows = self.add("Reshape", [x, self.constant(np.array([0, groups, -1]))])  # (N, groups, C/groups*H*W)
        rows = self.add("InstanceNormalization", [rows, ones, zeros], epsilon=1e-5)
        x = self.add("Reshape", [rows, self.add("Shape", [x])])
        column = self.constant(np.array([-1, 1, 1]))  # (C, 1, 1)
        weight, bias = (self.add("Reshape", [f"{name}.{part}", column]) for part in ("weight", "bias"))
        return self.add("Add", [self.add("Mul", [x, weight]), bias])

    def model(self, net: UNet, about: dict[str, Any]) -> onnx.ModelProto:
        shapes = {
            "image": ["n", net.in_channels, "height", "width"],
            "probabilities": ["n", net.classes, "out_height", "out_width"],
        }
        ends = [[helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)] for name, shape in shapes.items()]
        model = helper.make_model(
            helper.make_graph(self.nodes, "U-Net", *ends, self.constants),
            producer_name="minunet",
            producer_version=__version__,
            ir_version=IR_VERSION,
            doc_string="image (N, C, H, W): red, green, blue from 0 to 1; probabilities (N, classes, H, W)",
            opset_imports=[helper.make_opsetid("", OPSET)],
        )
        properties = {"minunet": json.dumps(about)}
        if "classes" in about:
            properties["classes"] = ", ".join(about["classes"])
        helper.set_model_props(model, properties)
        onnx.checker.check_model(model, full_check=True)
        return model


def _double_conv(graph: _Graph, block: DoubleConv, x: str) -> str:
    """Twice: convolution, group norm if the network has it, ReLU."""
    for number in (1, 2):
        weight, bias = (f"{block.name}.conv{number}.{part}" for part in ("weight", "bias"))
        x = graph.add("Conv", [x, weight, bias], kernel_shape=[3, 3], pads=[block.padding] * 4)
        if block.groups is not None:
            x = graph.group_norm(x, f"{block.name}.norm{number}", block.groups)
        x = graph.add("Relu", [x])
    return x
