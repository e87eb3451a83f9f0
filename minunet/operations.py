"""What a network computes with: it takes its operations as an argument, so that nobody patches a module.

    PLAIN               the layers that the lessons show
    QUICK               the quick ways to the same results: what a network uses if nothing is said
    made_of(functions)  the plain ones with some of a learner's own in their place
    recording.py        plain ones that write down what they did

Each operation is a pair, forward and backward, as in `minunet.layers`. Inside the network an operation may write over
the x of a ReLU and over the dy that it is handed: nobody else needs them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from minunet import fast, layers
from minunet.backend import Array

Function = Callable[..., Any]
NAMES = (
    "conv2d", "relu", "group_norm", "max_pool2d", "conv_transpose2d", "crop_concat",
    "softmax_cross_entropy", "soft_dice",
)  # fmt: skip


@dataclass(frozen=True, repr=False)
class Operations:
    """The functions that a U-Net calls; arguments and results are those of `minunet.layers` but where it says more."""

    name: str
    conv2d: Function  # (x, weight, bias, *, padding)
    conv2d_backward: Function  # (dy, cache, *, need_dx=True): without, dx is None
    conv2d_relu: Function  # both at once, which some can do in one pass
    conv2d_relu_backward: Function
    relu: Function
    relu_backward: Function
    group_norm: Function
    group_norm_backward: Function
    max_pool2d: Function
    max_pool2d_backward: Function
    conv_transpose2d: Function
    conv_transpose2d_backward: Function
    crop_concat: Function
    crop_concat_backward: Function  # dskip may come without the zeros where the skip was cropped
    add_skip: Function  # (dy, dskip) -> dy + dskip, where two ways of the backward pass meet
    softmax_cross_entropy: Function
    softmax_cross_entropy_backward: Function
    soft_dice: Function
    soft_dice_backward: Function
    share: "Callable[[int], Operations] | None" = None  # for so many groups of samples with the same weights

    def __repr__(self) -> str:
        return f"<{self.name} operations>"


def made_of(functions: Mapping[str, Function], name: str = "own") -> Operations:
    """The plain layers, with `functions` in the place of those of the same names, as `relu` and `relu_backward`."""
    every = {name: getattr(layers, name) for each in NAMES for name in (each, f"{each}_backward")} | dict(functions)

    conv2d = partial(every["conv2d"], stride=1, padding=0)

    def conv2d_backward(dy: Array, cache: Any, *, need_dx: bool = True) -> tuple[Array | None, Array, Array]:
        dx, dweight, dbias = every["conv2d_backward"](dy, cache)
        return dx if need_dx else None, dweight, dbias

    def conv2d_relu(x: Array, weight: Array, bias: Array, *, padding: int = 0) -> tuple[Array, Any]:
        y, conv_cache = conv2d(x, weight, bias, padding=padding)
        y, relu_cache = every["relu"](y)
        return y, (conv_cache, relu_cache)

    def conv2d_relu_backward(dy: Array, cache: Any, *, need_dx: bool = True) -> tuple[Array | None, Array, Array]:
        conv_cache, relu_cache = cache
        return conv2d_backward(every["relu_backward"](dy, relu_cache), conv_cache, need_dx=need_dx)

    others = {name: function for name, function in every.items() if not name.startswith("conv2d")}
    convs = conv2d, conv2d_backward, conv2d_relu, conv2d_relu_backward
    return Operations(name, *convs, add_skip=lambda dy, dskip: dy + dskip, **others)


def _quick(kept: fast.TransformedWeights | None = None) -> Operations:
    """The functions of `minunet.fast`; convolutions look for the transformed weight in `kept`."""
    conv2d_backward = partial(fast.conv2d_backward, kept=kept)
    return Operations(
        name="quick",
        conv2d=partial(fast.conv2d, kept=kept),
        conv2d_backward=conv2d_backward,
        conv2d_relu=partial(fast.conv2d, kept=kept, relu=True),
        conv2d_relu_backward=conv2d_backward,  # its cache tells what to do
        relu=fast.relu_in_place,
        relu_backward=fast.relu_backward_in_place,
        group_norm=fast.group_norm,
        group_norm_backward=fast.group_norm_backward,
        max_pool2d=fast.max_pool2d,
        max_pool2d_backward=fast.max_pool2d_backward,
        conv_transpose2d=fast.conv_transpose2d,
        conv_transpose2d_backward=fast.conv_transpose2d_backward,
        crop_concat=layers.crop_concat,
        crop_concat_backward=fast.crop_concat_backward_parts,
        add_skip=fast.add_to_centre,
        softmax_cross_entropy=fast.softmax_cross_entropy,
        softmax_cross_entropy_backward=fast.softmax_cross_entropy_backward,
        soft_dice=partial(layers.soft_dice, softmax_of=fast.softmax),
        soft_dice_backward=layers.soft_dice_backward,
        share=None if kept else _quick_for,
    )


def _quick_for(groups: int) -> Operations:
    return _quick(fast.TransformedWeights(groups))


PLAIN, QUICK = made_of({}, "plain"), _quick()
OPERATIONS = {"plain": PLAIN, "quick": QUICK}  # by the names that --operations takes
