"""A case for every layer and for the whole network, of any shape: what there is to check.

Each function draws its inputs from `rng` and returns a `Case`. Where an operation has a kink (ReLU at 0) or a tie
(two equal numbers in a max-pool) the derivative jumps, and a step across the jump measures something else; so the
inputs of those keep a distance of more than the step of the check.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from minunet import fast, layers
from minunet.backend import array_module
from minunet.gradcheck.check import TORCH_NETWORK_TOLERANCE, Arrays, Case
from minunet.layers.shapes import IntPair
from minunet.unet import UNet

Shape = tuple[int, ...]


def default_cases(rng: np.random.Generator) -> Iterator[Case]:
    """What `python -m minunet.gradcheck` checks: each layer in its usual and in an unusual form, and four networks."""
    yield conv2d_case(rng)
    yield conv2d_case(rng, kernel=(2, 3), stride=(2, 1), padding=(0, 2), bias=False)
    yield conv2d_case(rng, operation="conv2d_loops", stride=2)
    yield conv_transpose2d_case(rng)
    yield conv_transpose2d_case(rng, kernel=(3, 2), stride=(3, 2), padding=1, output_padding=(2, 1))
    yield conv_transpose2d_case(rng, kernel=(3, 3), stride=2)  # copies of the kernel that overlap
    yield max_pool2d_case(rng)
    yield max_pool2d_case(rng, kernel=3, stride=2, padding=1)
    yield max_pool2d_case(rng, kernel=3, stride=2, padding=1, ties=True)
    yield conv2d_case(rng, library=fast)
    yield conv2d_case(rng, library=fast, kernel=(2, 3), stride=(2, 1), padding=(0, 2), bias=False)
    yield conv2d_case(rng, library=fast, kernel=(1, 1), padding=0)
    yield conv_transpose2d_case(rng, library=fast)
    yield max_pool2d_case(rng, library=fast)
    yield max_pool2d_case(rng, library=fast, ties=True)
    yield crop_concat_case(rng)
    yield relu_case(rng)
    yield dropout_case(rng)
    yield group_norm_case(rng)
    yield group_norm_case(rng, library=fast)
    yield softmax_case(rng)
    yield cross_entropy_case(rng)
    yield cross_entropy_case(rng, class_weight=(0.5, 1, 2, 3, 1.5))
    yield cross_entropy_case(rng, class_weight=(0.5, 1, 2, 3, 1.5), pixel_weight=True, ignore=True)
    for padding, size in (("same", (8, 12)), ("valid", (24, 20))):
        for norm in (None, "group"):
            net = UNet(
                in_channels=2, classes=3, base=4, depth=3 if padding == "same" else 2, padding=padding, norm=norm
            )
            yield network_case(rng, net, size)


def conv2d_case(
    rng: np.random.Generator,
    *,
    image: Shape = (2, 5, 6, 3),
    channels: int = 4,
    kernel: tuple[int, int] = (3, 3),
    stride: IntPair = 1,
    padding: IntPair = 1,
    bias: bool = True,
    operation: str = "conv2d",
    library: ModuleType = layers,
) -> Case:
    """Convolution; `operation` is "conv2d" or "conv2d_loops", of `library`, the plain layers or the fast ones."""
    forward, backward = getattr(library, operation), getattr(library, f"{operation}_backward")
    return _convolution(
        f"{_prefix(library)}{operation} {_size(kernel)}, stride {_size(stride)}, padding {_size(padding)}",
        {"x": rng.standard_normal(image), "weight": rng.standard_normal((*kernel, image[3], channels))},
        rng.standard_normal(channels) if bias else None,
        forward,
        backward,
        "conv2d",
        {"stride": stride, "padding": padding},
    )


def conv_transpose2d_case(
    rng: np.random.Generator,
    *,
    image: Shape = (2, 3, 4, 4),
    channels: int = 2,
    kernel: tuple[int, int] = (2, 2),
    stride: IntPair = 2,
    padding: IntPair = 0,
    output_padding: IntPair = 0,
    bias: bool = True,
    library: ModuleType = layers,
) -> Case:
    """Transposed convolution."""
    return _convolution(
        f"{_prefix(library)}conv_transpose2d {_size(kernel)}, stride {_size(stride)}, "
        f"padding {_size(padding)}+{_size(output_padding)}",
        {"x": rng.standard_normal(image), "weight": rng.standard_normal((*kernel, image[3], channels))},
        rng.standard_normal(channels) if bias else None,
        library.conv_transpose2d,
        library.conv_transpose2d_backward,
        "conv_transpose2d",
        {"stride": stride, "padding": padding, "output_padding": output_padding},
    )


def _convolution(
    name: str,
    inputs: Arrays,
    bias: np.ndarray | None,
    forward: Callable,
    backward: Callable,
    torch_name: str,
    options: dict[str, IntPair],
) -> Case:
    """What the two kinds of convolution have in common."""
    if bias is not None:
        inputs["bias"] = bias
    return Case(
        name if bias is not None else f"{name}, no bias",
        inputs,
        lambda given: forward(**given, **options),
        lambda dy, cache: tuple(gradient for gradient in backward(dy, cache) if gradient is not None),
        lambda given: _torch_layer(torch_name, **options)(given["x"], given["weight"], given.get("bias")),
    )


def max_pool2d_case(
    rng: np.random.Generator,
    *,
    image: Shape = (2, 6, 7, 3),
    kernel: IntPair = 2,
    stride: IntPair | None = None,
    padding: IntPair = 0,
    ties: bool = False,
    library: ModuleType = layers,
) -> Case:
    """Max-pooling of numbers of both signs, all different by at least 0.01; or with `ties`, of only three numbers."""
    options: dict[str, Any] = {"kernel_size": kernel, "stride": stride, "padding": padding}
    count = math.prod(image)
    x = rng.integers(-3, 0, image) if ties else rng.permutation(count).reshape(image) * 0.01 - count * 0.005
    x = x.astype("float64")
    return Case(
        f"{_prefix(library)}max_pool2d {_size(kernel)}, stride {_size(stride or kernel)}, padding {_size(padding)}"
        + ", ties" * ties,
        {"x": x},
        lambda given: library.max_pool2d(**given, **options),
        lambda dy, cache: (library.max_pool2d_backward(dy, cache),),
        lambda given: _torch_layer("max_pool2d", **options)(given["x"]),
        smooth=False,
        differentiable=not ties,
    )


def crop_concat_case(rng: np.random.Generator, *, skip: Shape = (2, 8, 7, 3), x: Shape = (2, 4, 4, 2)) -> Case:
    """Crop and concatenate."""

    def torch(given: dict[str, Any]) -> Any:
        from minunet.exchange.torch_bridge import crop_concat, nchw, nhwc

        return nhwc(crop_concat(nchw(given["skip"]), nchw(given["x"])))

    return Case(
        "crop_concat",
        {"skip": rng.standard_normal(skip), "x": rng.standard_normal(x)},
        lambda given: layers.crop_concat(**given),
        layers.crop_concat_backward,
        torch,
    )


def relu_case(rng: np.random.Generator, *, shape: Shape = (2, 4, 5, 3)) -> Case:
    """ReLU of numbers that are at least 0.01 away from 0."""
    x = rng.standard_normal(shape)
    return Case(
        "relu",
        {"x": x + 0.01 * np.sign(x)},
        lambda given: layers.relu(**given),
        lambda dy, cache: (layers.relu_backward(dy, cache),),
        lambda given: given["x"].relu(),
        smooth=False,
    )


def dropout_case(rng: np.random.Generator, *, shape: Shape = (2, 4, 5, 3), rate: float = 0.4) -> Case:
    """Dropout with a mask that was drawn before: the mask is no input, it has no gradient."""
    mask = layers.dropout_mask(shape, rate, rng, "float64")

    def torch(given: dict[str, Any]) -> Any:
        import torch

        return given["x"] * torch.tensor(mask)

    return Case(
        "dropout",
        {"x": rng.standard_normal(shape)},
        lambda given: layers.dropout(given["x"], array_module(given["x"]).asarray(mask, dtype=given["x"].dtype)),
        lambda dy, cache: (layers.dropout_backward(dy, cache),),
        torch,
    )


def group_norm_case(
    rng: np.random.Generator, *, shape: Shape = (2, 4, 5, 6), groups: int = 3, library: ModuleType = layers
) -> Case:
    """Group normalisation, of numbers whose mean is not 0 and whose variance is not 1."""

    def torch(given: dict[str, Any]) -> Any:
        from torch.nn.functional import group_norm

        from minunet.exchange.torch_bridge import nchw, nhwc

        return nhwc(group_norm(nchw(given["x"]), groups, given["weight"], given["bias"]))

    weight, bias = rng.standard_normal((2, shape[3]))
    return Case(
        f"{_prefix(library)}group_norm, {groups} groups",
        {"x": 3 * rng.standard_normal(shape) + 1, "weight": weight, "bias": bias},
        lambda given: library.group_norm(**given, groups=groups),
        library.group_norm_backward,
        torch,
    )


def softmax_case(rng: np.random.Generator, *, shape: Shape = (2, 3, 4, 5)) -> Case:
    """Softmax."""
    return Case(
        "softmax",
        {"logits": 2 * rng.standard_normal(shape)},
        lambda given: layers.softmax(**given),
        lambda dy, cache: (layers.softmax_backward(dy, cache),),
        lambda given: given["logits"].softmax(dim=-1),
    )


def cross_entropy_case(
    rng: np.random.Generator,
    *,
    shape: Shape = (2, 3, 4, 5),
    class_weight: Sequence[float] | None = None,
    pixel_weight: bool = False,
    ignore: bool = False,
) -> Case:
    """Softmax and cross-entropy; if asked, weighted by class, weighted by pixel, and with some pixels ignored."""
    classes = shape[-1]
    labels = rng.integers(0, classes, shape[:-1])
    options: dict[str, Any] = {}
    if class_weight is not None:
        options["class_weight"] = np.array(class_weight)
    if pixel_weight:
        options["pixel_weight"] = rng.uniform(0.1, 2, labels.shape)
    if ignore:
        labels[rng.random(labels.shape) < 0.2] = options["ignore_index"] = 255

    def torch(given: dict[str, Any]) -> Any:
        import torch as pytorch

        logits, target = given["logits"].reshape(-1, classes), pytorch.tensor(labels.reshape(-1))
        of_class = pytorch.tensor(np.array(options.get("class_weight", np.ones(classes))))
        of_pixel = pytorch.tensor(options.get("pixel_weight", np.ones(labels.shape)).reshape(-1))
        cross_entropy, ignored = pytorch.nn.functional.cross_entropy, options.get("ignore_index", -100)
        if not pixel_weight:  # PyTorch's own weighted mean
            return cross_entropy(logits, target, weight=of_class, ignore_index=ignored)
        each = cross_entropy(logits, target, weight=of_class, ignore_index=ignored, reduction="none")
        counted = target != ignored
        return (each * of_pixel).sum() / (of_class[target * counted] * of_pixel * counted).sum()

    details = ", ".join(name.removesuffix("_index").replace("_", " ") for name in options)
    return Case(
        "softmax_cross_entropy" + (f", {details}" if details else ""),
        {"logits": 2 * rng.standard_normal(shape)},
        lambda given: layers.softmax_cross_entropy(**given, labels=labels, **options),
        lambda dy, cache: (dy * layers.softmax_cross_entropy_backward(cache),),
        torch,
    )


def network_case(rng: np.random.Generator, net: UNet, size: tuple[int, int], batch: int = 2) -> Case:
    """A whole U-Net: its input and every one of its parameters."""
    params = {
        name: array + 0.1 * rng.standard_normal(array.shape)  # so that no bias is 0 and no scale is 1
        for name, array in net.init(rng, dtype="float64").items()
    }

    def forward(given: Arrays) -> tuple[Any, Any]:
        return net.forward({name: given[name] for name in params}, given["x"])

    def backward(dy: np.ndarray, cache: Any) -> tuple:
        dx, grads = net.backward(dy, cache)
        return dx, *(grads[name] for name in params)

    def torch(given: dict[str, Any]) -> Any:
        from torch.func import functional_call

        from minunet.exchange.torch_bridge import TorchUNet, nchw, nhwc, torch_order

        tensors = {name: torch_order(name, given[name]) for name in params}
        return nhwc(functional_call(TorchUNet(net).double(), tensors, (nchw(given["x"]),)))

    return Case(
        f"UNet, {net.padding}, depth {net.depth}" + (", group norm" if net.norm else ""),
        {"x": rng.standard_normal((batch, *size, net.in_channels)), **params},
        forward,
        backward,
        torch,
        smooth=False,
        torch_tolerance=TORCH_NETWORK_TOLERANCE,
    )


def _torch_layer(name: str, **options: Any) -> Callable[..., Any]:
    """PyTorch's function `name` for tensors in minunet's order; PyTorch is imported only when it is called."""
    from torch.nn import functional

    from minunet.exchange.torch_bridge import layer

    return layer(getattr(functional, name), **options)


def _prefix(library: ModuleType) -> str:
    return "fast " if library is fast else ""


def _size(value: IntPair) -> str:
    """3 -> "3", (3, 2) -> "3x2"."""
    return str(value) if isinstance(value, int) else "x".join(map(str, value))
