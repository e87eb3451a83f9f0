"""Lesson 8: what the checker knows about the whole network."""

import math
from collections.abc import Iterator

import numpy as np

from lessons.check.exercise import Arguments, Exercise, Mistake
from minunet import UNet, layers

# Fits and does not: odd at the first pooling, odd at the second, too small for a pooling, nothing left at the end.
SIZES = [(100, 3), (10, 1), (20, 2), (572, 5), (101, 3), (98, 3), (6, 2), (40, 3), (4, 1), (44, 3), (57, 2), (236, 5)]
NETWORKS = [(1, 1, 1, 1), (3, 3, 4, 2), (3, 2, 64, 3), (1, 2, 64, 5), (4, 5, 6, 4)]  # in_channels, classes, base, depth
LAYERS = [
    [],
    [(3, 1)],
    [(3, 1), (3, 1)],
    [(3, 1), (2, 2), (3, 1)],
    [(3, 1), (3, 1), (2, 2), (3, 1), (3, 1), (2, 2), (3, 1), (3, 1)],
    [(7, 3), (1, 1), (5, 2), (3, 1)],
]
# (N, H, W, C), padding of the 3x3 convolutions, base, classes
TINY = [((1, 4, 4, 1), 1, 2, 3), ((2, 8, 6, 3), 1, 2, 3), ((2, 12, 14, 2), 0, 3, 2), ((3, 16, 12, 3), 0, 2, 4)]


def output_size_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for size, depth in SIZES:
        yield {"size": size, "depth": depth}


def count_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for numbers in NETWORKS:
        yield dict(zip(("in_channels", "classes", "base", "depth"), numbers, strict=True))


def field_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for each in LAYERS:
        yield {"layers": each}


def tiny_unet(
    params: dict[str, np.ndarray], x: np.ndarray, padding: int
) -> tuple[np.ndarray, dict[str, tuple | np.ndarray]]:
    caches: dict[str, tuple | np.ndarray] = {}
    y, caches["input"] = layers.conv2d(x, params["input.weight"], params["input.bias"], padding=padding)
    features, caches["input_relu"] = layers.relu(y)
    y, caches["pool"] = layers.max_pool2d(features)
    y, caches["down"] = layers.conv2d(y, params["down.weight"], params["down.bias"], padding=padding)
    y, caches["down_relu"] = layers.relu(y)
    y, caches["up"] = layers.conv_transpose2d(y, params["up.weight"], params["up.bias"], stride=2)
    y, caches["concat"] = layers.crop_concat(features, y)
    logits, caches["out"] = layers.conv2d(y, params["out.weight"], params["out.bias"])
    return logits, caches


def tiny_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for shape, padding, base, classes in TINY:
        shapes = {
            "input.weight": (3, 3, shape[3], base),
            "input.bias": (base,),
            "down.weight": (3, 3, base, 2 * base),
            "down.bias": (2 * base,),
            "up.weight": (2, 2, 2 * base, base),
            "up.bias": (base,),
            "out.weight": (1, 1, 2 * base, classes),
            "out.bias": (classes,),
        }
        params = {name: rng.standard_normal(each) for name, each in shapes.items()}
        logits, caches = tiny_unet(params, rng.standard_normal(shape), padding)
        yield {"dlogits": rng.standard_normal(logits.shape), "caches": caches}


def output_size(size: int, depth: int) -> int:
    return UNet(base=1, depth=depth, padding="valid").output_length(size) or 0


def count(in_channels: int, classes: int, base: int, depth: int) -> int:
    return sum(math.prod(shape) for shape in UNet(in_channels, classes, base, depth).shapes().values())


def field(layers: list[tuple[int, int]]) -> int:
    """Backwards, unlike the lesson: n pixels after a layer are made of (n - 1) * stride + kernel pixels before it."""
    pixels = 1
    for kernel, stride in reversed(layers):
        pixels = (pixels - 1) * stride + kernel
    return pixels


def tiny(
    dlogits: np.ndarray,
    caches: dict[str, tuple],
    *,
    down: float = 1,
    across: float = 1,
    without: str = "",
    swapped: bool = False,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The answer; on purpose wrong with other shares of the two ways, the parts swapped, or without a ReLU."""
    grads: dict[str, np.ndarray] = {}

    def relu(dy, name):
        return dy if without in (name, "both") else layers.relu_backward(dy, caches[name])

    dy, grads["out.weight"], grads["out.bias"] = layers.conv2d_backward(dlogits, caches["out"])
    dskip, dy = layers.crop_concat_backward(dy, caches["concat"])
    if swapped:
        dskip, dy = dy, dskip
    dy, grads["up.weight"], grads["up.bias"] = layers.conv_transpose2d_backward(dy, caches["up"])
    dy, grads["down.weight"], grads["down.bias"] = layers.conv2d_backward(relu(dy, "down_relu"), caches["down"])
    dy = down * layers.max_pool2d_backward(dy, caches["pool"]) + across * dskip
    dx, grads["input.weight"], grads["input.bias"] = layers.conv2d_backward(relu(dy, "input_relu"), caches["input"])
    return dx, grads


# --- mistakes ------------------------------------------------------------------------------------------------------


def _walk(size, depth, *, down=4, bottom=4, up=4, poolings=None, odd="refuse", least=0):
    """`output_size` with its parts to change: what a block takes on each way, and what becomes of an odd size."""
    poolings = depth - 1 if poolings is None else poolings
    for _ in range(poolings):
        size -= down
        if odd == "refuse" and (size < 2 or size % 2):
            return 0
        size //= 2
    size -= bottom
    for _ in range(poolings):
        size = 2 * size - up
    return size if least is None else max(size, least)


def _walked(**how):
    return lambda **case: _walk(**case, **how)


def _at_the_start_only(size, depth):
    """The check that padded networks need: the picture's size divided by all poolings at once."""
    return 0 if size % 2 ** (depth - 1) else _walk(size, depth, odd="round")


def _size(sentence: str, wrong) -> Mistake:
    return Mistake("size", sentence, wrong)


OUTPUT_SIZE_MISTAKES = (
    _size(
        "no border is taken off; without padding each 3x3 convolution takes 2 pixels.",
        _walked(down=0, bottom=0, up=0),
    ),
    _size("a block takes 2 pixels in yours; it is two convolutions and takes 4.", _walked(down=2, bottom=2, up=2)),
    _size("the blocks of the way up take nothing in yours; they are convolutions too.", _walked(up=0)),
    _size("the lowest level takes nothing in yours; it is a block like the others.", _walked(bottom=0)),
    _size(
        "there are `depth` poolings in yours; depth levels have depth - 1 poolings between them.",
        lambda size, depth: _walk(size, depth, poolings=depth),
    ),
    _size("where nothing is left your answer is a negative number; it should be 0.", _walked(least=None)),
    _size(
        "an odd size is rounded down at a pooling in yours; the way up could not give the lost row back, so such a "
        "size does not fit.",
        _walked(odd="round"),
    ),
    _size(
        "an odd size is rounded down at a pooling in yours, and less than nothing can come out; such a size does not "
        "fit.",
        _walked(odd="round", least=None),
    ),
    _size(
        "yours asks whether the picture's size can be halved depth - 1 times; but the size at a pooling is what the "
        "convolutions before it have left.",
        _at_the_start_only,
    ),
    _size(
        "the size is doubled after the block on the way up; the transposed convolution comes first.",
        lambda size, depth: _walk(size, depth, up=8) if depth > 1 else max(size - 4, 0),
    ),
)


def _count(
    in_channels,
    classes,
    base,
    depth,
    *,
    bias=1,
    biases_of="out",
    up_kernel=2,
    up_bias=1,
    skip=2,
    second="out",
    input_second="out",
    out_kernel=1,
    out_bias=1,
    out_level=lambda depth: 0,
    levels=0,
    growth=2,
):
    """`count` with its parts to change."""

    def conv(kernel, channels, out_channels, with_bias=1):
        biases = channels if biases_of == "in" else out_channels
        return kernel * kernel * channels * out_channels + with_bias * bias * biases

    def double(channels, out_channels, second=second):
        return conv(3, channels, out_channels) + conv(3, channels if second == "in" else out_channels, out_channels)

    total = double(in_channels, base, "in" if input_second == "in" else second)
    for level in range(1, depth + levels):
        wide, narrow = base * growth**level, base * growth ** (level - 1)
        total += double(narrow, wide) + double(skip * narrow, narrow)
        total += conv(up_kernel, wide, narrow, up_bias) if up_kernel else 0
    return total + conv(out_kernel, base * 2 ** out_level(depth), classes, out_bias)


def _counted(sentence: str, **how) -> Mistake:
    return Mistake("parameters", sentence, lambda **case: _count(**case, **how))


COUNT_MISTAKES = (
    _counted("the biases are missing: one number for each output channel of every convolution.", bias=0),
    _counted(
        "the biases are counted by the channels that come in; there is one for each channel that goes out, in every "
        "convolution.",
        biases_of="in",
    ),
    _counted("the transposed convolutions are missing; theirs are weights (2, 2, 2*C, C) and a bias.", up_kernel=0),
    _counted("the transposed convolutions have 3x3 kernels in yours; theirs are 2x2.", up_kernel=3),
    _counted("the biases of the transposed convolutions are missing.", up_bias=0),
    _counted(
        "on the way up the first 3x3 convolution takes 2*C channels: the C of the transposed convolution and the C of "
        "the skip.",
        skip=1,
    ),
    _counted(
        "the second convolution of a block takes the channels that the first one made, not those that came in.",
        second="in",
    ),
    _counted(
        "the second convolution of the input block takes in_channels in yours; it takes the base channels that the "
        "first one made.",
        input_second="in",
    ),
    *(
        _counted(
            "the last convolution takes more than base channels in yours: it stands at the first level, so do not use "
            "what a loop over the levels has left in a variable.",
            out_level=out_level,
        )
        for out_level in (lambda depth: depth - 1, lambda depth: max(depth - 2, 0))
    ),
    _counted("the last convolution has a 3x3 kernel in yours; it is 1x1.", out_kernel=3),
    _counted("the bias of the last convolution is missing: one number for each class.", out_bias=0),
    _counted("yours has a level too many: depth levels, so depth - 1 times down and up.", levels=1),
    _counted("yours has a level too few: depth levels, so depth - 1 times down and up.", levels=-1),
    _counted("every level has base channels in yours; they double from level to level.", growth=1),
    Mistake(
        "parameters",
        "the last convolution, from base channels to classes, is missing.",
        lambda **c: count(**c) - c["base"] * c["classes"] - c["classes"],
    ),
)


def _field(layers, *, first=1, jump_first=False, stride_sum=False, added=False, strided=True, whole_kernel=False):
    """`field` by the lesson's recurrence, with its parts to change."""
    pixels, jump = first, 1
    for kernel, stride in layers:
        if jump_first:
            jump = jump + stride if added else jump * stride
        pixels += (kernel if whole_kernel else kernel - 1) * (jump if strided else 1)
        if not jump_first:
            jump = jump + stride if added else jump + stride - 1 if stride_sum else jump * stride
    return pixels


def _last_stride(layers):
    strides = [1, *(stride for _, stride in layers)]
    return 1 + sum((kernel - 1) * stride for (kernel, _), stride in zip(layers, strides[:-1], strict=True))


def _seen(sentence: str, wrong) -> Mistake:
    return Mistake("field", sentence, wrong)


FIELD_MISTAKES = (
    _seen(
        "the strides are missing: after a layer of stride 2 a step is 2 pixels of the picture.",
        lambda layers: _field(layers, strided=False),
    ),
    _seen(
        "the jump grows too early in yours: a layer's own stride counts for the layers behind it.",
        lambda layers: _field(layers, jump_first=True),
    ),
    _seen("yours begins with 0; without layers a pixel sees 1 pixel, itself.", lambda layers: _field(layers, first=0)),
    _seen(
        "each layer adds its whole kernel in yours; it adds (kernel - 1) * jump, as the first pixel was there before.",
        lambda layers: _field(layers, whole_kernel=True),
    ),
    _seen("the strides are added in yours; they multiply.", lambda layers: _field(layers, stride_sum=True)),
    *(
        _seen(
            "the stride is added to the jump in yours; the jump is multiplied by it, j *= s.",
            lambda layers, first=first: _field(layers, added=True, jump_first=first),
        )
        for first in (False, True)
    ),
    _seen(
        "your layers are in the wrong order: r += (kernel - 1) * jump goes from the first to the last, "
        "r = (r - 1) * stride + kernel from the last to the first.",
        lambda layers: _field(layers[::-1]),
    ),
    _seen("only the stride of the layer before counts in yours; the jump is the product of all before.", _last_stride),
    _seen(
        "only the layer's own stride counts in yours; the jump is the product of the strides of all layers before it.",
        lambda layers: 1 + sum((kernel - 1) * stride for kernel, stride in layers),
    ),
    _seen(
        "the kernels are multiplied in yours; each layer adds (kernel - 1) * jump.",
        lambda layers: math.prod(kernel for kernel, _ in layers),
    ),
)


def _tiny(**how):
    """One mistake, as it shows in each of the two outputs."""
    return lambda **c: tiny(**c, **how)[0], lambda **c: tiny(**c, **how)[1]


def _tiny_mistakes() -> Iterator[Mistake]:
    sentences = {
        "dskip is missing: the features went across too, so add it to what the max-pool hands back.": _tiny(across=0),
        "what came back from below is missing: the features went down too, so add it to dskip.": _tiny(down=0),
        "the two gradients of the features are averaged; each way used them in full, so add them.": _tiny(
            down=0.5, across=0.5
        ),
        "dskip is subtracted; the features went both ways, so add it.": _tiny(across=-1),
        "dskip is added twice.": _tiny(across=2),
        "crop_concat_backward returns (dskip, dx), in this order; yours takes them the other way round.": _tiny(
            swapped=True
        ),
        "the ReLU of the input block is missing: its cache is input_relu.": _tiny(without="input_relu"),
        "the ReLU of the lower block is missing: its cache is down_relu.": _tiny(without="down_relu"),
        "both ReLUs are missing: their caches are down_relu and input_relu.": _tiny(without="both"),
    }
    for sentence, wrongs in sentences.items():
        for output, wrong in zip(("dx", "grads"), wrongs, strict=True):
            yield Mistake(output, sentence, wrong)

    def early(dlogits, caches):
        """dskip past the ReLU: added to dy behind it, on the picture's side."""
        no_skip, without = tiny(dlogits, caches, across=0), tiny(dlogits, caches, down=0, without="input_relu")
        dx = no_skip[0] + without[0]
        grads = {name: value if not name.startswith("input") else value + without[1][name]
                 for name, value in no_skip[1].items()}  # fmt: skip
        return dx, grads

    yield Mistake("dx", "you return (grads, dx); the order is dx, grads.", lambda **c: tiny(**c)[1])
    for output, number in (("dx", 0), ("grads", 1)):
        yield Mistake(
            output,
            "dskip is added behind the ReLU in yours; the features that went across are what the ReLU returned, so add "
            "it before relu_backward.",
            lambda number=number, **c: early(**c)[number],
        )


EXERCISES = [
    Exercise("8.1", "output_size", output_size_cases, output_size, ("size",), OUTPUT_SIZE_MISTAKES),
    Exercise("8.2", "count_parameters", count_cases, count, ("parameters",), COUNT_MISTAKES),
    Exercise("8.3", "receptive_field", field_cases, field, ("field",), FIELD_MISTAKES),
    Exercise("8.4", "tiny_unet_backward", tiny_cases, tiny, ("dx", "grads"), tuple(_tiny_mistakes())),
]
