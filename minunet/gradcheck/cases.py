"""A case for every layer and for the whole network, of any shape: what there is to check.

Each function draws its inputs from `rng` and returns a `Case`. Where an operation has a kink (ReLU at 0) or a tie
(two equal numbers in a max-pool) the derivative jumps, and a step across the jump measures something else; so the
inputs of those keep a distance of more than the step of the check.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np

from minunet import fast, layers
from minunet.backend import array_module
from minunet.gradcheck.check import TORCH_NETWORK_TOLERANCE, Arrays, Case
from minunet.layers.shapes import IntPair
from minunet.unet import UNet

Shape = tuple[int, ...]
EXACT = ("conv2d", "conv2d_loops", "conv_transpose2d", "max_pool2d", "crop_concat", "relu")  # in rational numbers, too


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
    yield dice_case(rng)
    yield dice_case(rng, pixel_weight=True, ignore=True)
    for padding, depth, size in (("same", 3, (8, 12)), ("valid", 2, (24, 20))):
        for norm in (None, "group"):
            yield network_case(rng, UNet(2, 3, base=4, depth=depth, padding=padding, norm=norm), size)


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
    inputs = _convolution_inputs(rng, image, (*kernel, image[3], channels), bias)
    details = _window(kernel, stride, padding) + ", no bias" * (not bias)
    return _layer_case(operation, details, inputs, library, stride=stride, padding=padding)


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
    inputs = _convolution_inputs(rng, image, (*kernel, image[3], channels), bias)
    details = _window(kernel, stride, padding, output_padding) + ", no bias" * (not bias)
    options = {"stride": stride, "padding": padding, "output_padding": output_padding}
    return _layer_case("conv_transpose2d", details, inputs, library, **options)


def _convolution_inputs(rng: np.random.Generator, image: Shape, weight: Shape, bias: bool) -> Arrays:
    """x, a weight (KH, KW, Cin, Cout), and a bias if there shall be one."""
    shapes = {"x": image, "weight": weight} | ({"bias": weight[3:]} if bias else {})
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


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
    count = math.prod(image)
    x = rng.integers(-3, 0, image) if ties else rng.permutation(count).reshape(image) * 0.01 - count * 0.005
    details = _window(kernel, stride or kernel, padding) + ", ties" * ties
    options = {"kernel_size": kernel, "stride": stride, "padding": padding}
    case = _layer_case("max_pool2d", details, {"x": x.astype("float64")}, library, **options)
    return replace(case, smooth=False, differentiable=not ties)


def crop_concat_case(rng: np.random.Generator, *, skip: Shape = (2, 8, 7, 3), x: Shape = (2, 4, 4, 2)) -> Case:
    """Crop and concatenate."""

    def torch(given: dict[str, Any]) -> Any:
        from minunet.exchange.torch_bridge import crop_concat, nchw, nhwc

        return nhwc(crop_concat(nchw(given["skip"]), nchw(given["x"])))

    inputs = {"skip": rng.standard_normal(skip), "x": rng.standard_normal(x)}
    return replace(_layer_case("crop_concat", "", inputs), torch=torch)


def relu_case(rng: np.random.Generator, *, shape: Shape = (2, 4, 5, 3)) -> Case:
    """ReLU of numbers that are at least 0.01 away from 0."""
    x = rng.standard_normal(shape)
    case = _layer_case("relu", "", {"x": x + 0.01 * np.sign(x)})
    return replace(case, torch=lambda given: given["x"].relu(), smooth=False)


def dropout_case(rng: np.random.Generator, *, shape: Shape = (2, 4, 5, 3), rate: float = 0.4) -> Case:
    """Dropout with a mask that was drawn before: the mask is no input, it has no gradient."""
    mask = layers.dropout_mask(shape, rate, rng, "float64")
    return Case(
        "dropout",
        {"x": rng.standard_normal(shape)},
        lambda given: layers.dropout(given["x"], array_module(given["x"]).asarray(mask, dtype=given["x"].dtype)),
        lambda dy, cache: (layers.dropout_backward(dy, cache),),
        lambda given: given["x"] * given["x"].new_tensor(mask),
    )


def group_norm_case(
    rng: np.random.Generator, *, shape: Shape = (2, 4, 5, 6), groups: int = 3, library: ModuleType = layers
) -> Case:
    """Group normalisation, of numbers whose mean is not 0 and whose variance is not 1."""
    weight, bias = rng.standard_normal((2, shape[3]))
    inputs = {"x": 3 * rng.standard_normal(shape) + 1, "weight": weight, "bias": bias}
    case = _layer_case("group_norm", f", {groups} groups", inputs, library, groups=groups)
    return replace(case, torch=_in_torch("group_norm", num_groups=groups))


def softmax_case(rng: np.random.Generator, *, shape: Shape = (2, 3, 4, 5)) -> Case:
    """Softmax."""
    case = _layer_case("softmax", "", {"logits": 2 * rng.standard_normal(shape)})
    return replace(case, torch=lambda given: given["logits"].softmax(dim=-1))


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
        from torch import tensor
        from torch.nn.functional import cross_entropy

        logits, target = given["logits"].reshape(-1, classes), tensor(labels.reshape(-1))
        of_class = tensor(options.get("class_weight", np.ones(classes)))
        ignored = options.get("ignore_index", -100)
        if not pixel_weight:  # PyTorch's own weighted mean
            return cross_entropy(logits, target, weight=of_class, ignore_index=ignored)
        each = cross_entropy(logits, target, weight=of_class, ignore_index=ignored, reduction="none")
        of_pixel, counted = tensor(options["pixel_weight"].reshape(-1)), target != ignored
        return (each * of_pixel).sum() / (of_class[target * counted] * of_pixel * counted).sum()

    details = (name.removesuffix("_index").replace("_", " ") for name in options)
    return Case(
        ", ".join(["softmax_cross_entropy", *details]),
        {"logits": 2 * rng.standard_normal(shape)},
        lambda given: layers.softmax_cross_entropy(**given, labels=labels, **options),
        lambda dy, cache: (dy * layers.softmax_cross_entropy_backward(cache),),
        torch,
    )


def dice_case(
    rng: np.random.Generator,
    *,
    shape: Shape = (2, 3, 4, 5),
    pixel_weight: bool = False,
    ignore: bool = False,
    smooth: float = 1.0,
) -> Case:
    """Soft Dice; the last class is not there. If asked, weighted by pixel, and with some pixels ignored."""
    classes = shape[-1]
    labels = rng.integers(0, max(1, classes - 1), shape[:-1])
    options: dict[str, Any] = {}
    if pixel_weight:
        options["pixel_weight"] = rng.uniform(0.1, 2, labels.shape)
    if ignore:
        labels[rng.random(labels.shape) < 0.2] = options["ignore_index"] = 255

    def torch(given: dict[str, Any]) -> Any:
        """Pixel by pixel as in the formula, by PyTorch's own operations."""
        from torch import tensor
        from torch.nn.functional import one_hot

        probs = given["logits"].softmax(dim=-1)
        truth = one_hot(tensor(np.where(labels == 255, 0, labels)), classes)
        weights = tensor(np.where(labels == 255, 0, options.get("pixel_weight", 1.0)))[..., None]
        top, bottom = 2 * weights * probs * truth, weights * (probs**2 + truth**2)
        return (1 - (top.sum(dim=(1, 2)) + smooth) / (bottom.sum(dim=(1, 2)) + smooth)).mean()

    details = (name.removesuffix("_index").replace("_", " ") for name in options)
    return Case(
        ", ".join(["soft_dice", *details]),
        {"logits": 2 * rng.standard_normal(shape)},
        lambda given: layers.soft_dice(**given, labels=labels, smooth=smooth, **options),
        lambda dy, cache: (dy * layers.soft_dice_backward(cache),),
        torch,
    )


def network_case(rng: np.random.Generator, net: UNet, size: tuple[int, int], batch: int = 2) -> Case:
    """A whole U-Net: its input and every one of its parameters."""
    params = {
        name: array + 0.1 * rng.standard_normal(array.shape)  # so that no bias is 0 and no scale is 1
        for name, array in net.init(rng, dtype="float64").items()
    }

    def backward(dy: np.ndarray, cache: Any) -> tuple:
        dx, grads = net.backward(dy, cache)
        return dx, *grads.values()

    def torch(given: dict[str, Any]) -> Any:
        from torch.func import functional_call

        from minunet.exchange.torch_bridge import TorchUNet, nchw, nhwc, torch_order

        tensors = {name: torch_order(name, given[name]) for name in params}
        return nhwc(functional_call(TorchUNet(net).double(), tensors, (nchw(given["x"]),)))

    return Case(
        f"UNet, {net.padding}, depth {net.depth}" + (", group norm" if net.norm else ""),
        {"x": rng.standard_normal((batch, *size, net.in_channels)), **params},
        lambda given: net.forward(given, given["x"]),
        backward,
        torch,
        smooth=False,
        torch_tolerance=TORCH_NETWORK_TOLERANCE,
    )


def _layer_case(operation: str, details: str, inputs: Arrays, library: ModuleType = layers, **options: Any) -> Case:
    """The function `operation` of `library` with the inputs and `options`, beside PyTorch's of the same name."""
    forward, backward = getattr(library, operation), getattr(library, f"{operation}_backward")

    def gradients(dy: np.ndarray, cache: Any) -> tuple:
        found = backward(dy, cache)  # None instead of the gradient of a bias that there is not
        return tuple(each for each in found if each is not None) if isinstance(found, tuple) else (found,)

    return Case(
        "fast " * (library is fast) + operation + details,
        inputs,
        lambda given: forward(**given, **options),
        gradients,
        _in_torch(operation.removesuffix("_loops"), **options),
        exact=library is layers and operation in EXACT,
    )


def _in_torch(name: str, **options: Any) -> Callable[[dict[str, Any]], Any]:
    """PyTorch's function `name` of tensors in minunet's order; PyTorch is imported only when it is called."""

    def call(given: dict[str, Any]) -> Any:
        from torch.nn import functional

        from minunet.exchange.torch_bridge import layer

        return layer(getattr(functional, name), **options)(**given)

    return call


def _window(*sizes: IntPair) -> str:
    """(3, 2), 2, 0, 1 -> " 3x2, stride 2, padding 0+1"."""
    kernel, stride, *padding = (str(size) if isinstance(size, int) else "x".join(map(str, size)) for size in sizes)
    return f" {kernel}, stride {stride}, padding {'+'.join(padding)}"
