"""The cheat sheet is true: sizes and gradients are computed by the formulas that stand on it, and compared."""

import itertools
import re

import numpy as np
import pytest
import torch

from lessons.exercises.solutions.lesson08_the_u import receptive_field
from lessons.sync import LESSONS
from minunet import UNet, layers

PAGE = (LESSONS / "cheat-sheet.md").read_text(encoding="utf-8")


def cells(name: str, table: str) -> list[str]:
    """The cells of the row that begins with `name`, of the part of the page that is called `table`."""
    part = PAGE.split(f"## {table}\n")[1].split("\n## ")[0]
    (row,) = [line for line in part.splitlines() if line.startswith(f"|`{name}`|")]
    return row.strip("|").split("|")[1:]


def value(formula: str, **names: int) -> int:
    """What a formula for a size gives."""
    text = re.sub(r"\\lfloor(.*?)/S\\rfloor", r"((\1)//S)", formula.strip("$").removeprefix("O_H="))
    text = re.sub(r"(?<=\d)(?=[A-Z])|(?<=S)(?=\()", "*", text)  # 2P, S(H-1)
    return eval(text, {}, names)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding"), [(8, 3, 1, 1), (9, 3, 2, 0), (10, 3, 2, 1), (7, 2, 2, 0)]
)
def test_sizes(size, kernel, stride, padding):
    x, weight = np.zeros((1, size, size, 2)), np.zeros((kernel, kernel, 2, 3))
    names = {"H": size, "K_H": kernel, "S": stride, "P": padding}
    down, _ = layers.conv2d(x, weight, stride=stride, padding=padding)
    pooled, _ = layers.max_pool2d(x, kernel_size=kernel, stride=stride, padding=padding)
    assert down.shape[1] == pooled.shape[1] == value(cells("conv2d", "Shapes")[1], **names)
    for extra in range(stride):
        up, _ = layers.conv_transpose2d(x, weight, stride=stride, padding=padding, output_padding=extra)
        assert up.shape[1] == value(cells("conv_transpose2d", "Shapes")[1], **names, E=extra)


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_sizes_of_the_network(depth):
    d = 2 ** (depth - 1)
    found = re.findall(r"\$(?:O_H|r)=([^$]*D[^$]*)\$", PAGE)
    valid, field = (eval(re.sub(r"(?<=\d)(?=D)", "*", each), {}, {"H": 0, "D": d}) for each in found)
    net = UNet(in_channels=1, classes=2, base=4, depth=depth, padding="valid")
    size = next(size for size in range(400, 600) if net.output_length(size) is not None)
    assert net.output_length(size) == size + valid
    assert net.lowest_shape(1, size, size)[3] == 4 * d
    convs = [(3, 1), (3, 1)]
    path = [*convs, *[(2, 2), *convs] * (depth - 1)]
    up = receptive_field(path) + sum(4 * 2**level for level in range(depth - 1))  # two 3x3 convolutions on each level
    assert up == field
    same = UNet(in_channels=1, classes=2, base=4, depth=depth)
    assert same.output_length(3 * d) == 3 * d and (depth == 1 or same.output_length(3 * d + 1) is None)


def computed(formula: str, arrays: dict[str, np.ndarray], target: np.ndarray) -> np.ndarray:
    """What a formula such as dw_{abck}=\\sum_{nij}dy_{nijk}x_{npqc} gives, term by term; stride 2, padding 1."""
    left, right = re.split(r"\\mathrel\{\+=\}|=", formula.strip("$"))
    factors = re.findall(r"(dy|x|w)_\{(\w+)\}", re.sub(r"\\sum_\{\w+\}", "", right))
    used = [(target, re.findall(r"_\{?(\w+)", left)[0]), *((arrays[name], index) for name, index in factors)]
    lengths = dict(zip("ab", arrays["w"].shape, strict=False)) if any("p" in index for _, index in used) else {}
    lengths |= {each: length for array, index in used for each, length in zip(index, array.shape, strict=True)}
    names = [each for each in lengths if each not in "pq"]
    result = np.zeros_like(target)
    for numbers in itertools.product(*(range(lengths[each]) for each in names)):
        at = dict(zip(names, numbers, strict=True))
        if "p" in lengths:
            at |= {"p": 2 * at["i"] + at["a"] - 1, "q": 2 * at["j"] + at["b"] - 1}
            if not (0 <= at["p"] < lengths["p"] and 0 <= at["q"] < lengths["q"]):
                continue
        place, *places = [tuple(at[each] for each in index) for _, index in used]
        result[place] += np.prod([array[there] for (array, _), there in zip(used[1:], places, strict=True)])
    return result


@pytest.mark.parametrize("name", ["conv2d", "conv_transpose2d"])
def test_gradients_of_the_layers_with_windows(name, rng):
    x, w, b = rng.standard_normal((2, 4, 5, 2)), rng.standard_normal((3, 2, 2, 3)), rng.standard_normal(3)
    y, cache = getattr(layers, name)(x, w, b, stride=2, padding=1)
    dy = rng.standard_normal(y.shape)
    gradients = getattr(layers, f"{name}_backward")(dy, cache)
    column = ["conv2d", "conv_transpose2d"].index(name)
    for row, expected in zip(("dx", "dweight", "dbias"), gradients, strict=True):
        formula = cells(row, "The three gradients")[column]
        np.testing.assert_allclose(computed(formula, {"x": x, "w": w, "dy": dy}, expected), expected, atol=1e-12)
    formula = cells("y", "The three gradients")[column].replace("b_k+", "").split(",")[0]
    np.testing.assert_allclose(computed(formula, {"x": x, "w": w, "dy": dy}, y) + b, y, atol=1e-12)


def test_the_names_of_pytorch(rng):
    """What stands in the right column computes what the left column does."""
    x, labels = rng.standard_normal((2, 6, 6, 4)), rng.integers(0, 4, (2, 6, 6))
    weight, scale, shift, w = rng.standard_normal((2, 2, 4, 3)), *rng.standard_normal((2, 4)), rng.random(4) + 0.5
    names = {"torch": torch, "F": torch.nn.functional, "g": 2, "w": torch.tensor(w), "t": torch.tensor(labels)}

    def told(row: str, **arrays: np.ndarray) -> torch.Tensor:
        (line,) = [line for line in PAGE.splitlines() if line.startswith(f"|{row}|")]
        return eval(line.split("|")[2].strip("`"), names | {key: torch.tensor(each) for key, each in arrays.items()})

    there = told("`x`", x=x)
    for layer in ("conv2d", "conv_transpose2d"):
        y, _ = getattr(layers, layer)(x, weight, stride=2)
        kernel = told(f"`weight` of `{layer}`", weight=weight)
        np.testing.assert_allclose(getattr(torch.nn.functional, layer)(there, kernel, stride=2), told("`x`", x=y))
    y, _ = layers.group_norm(x, scale, shift, groups=2)
    z = told("`group_norm(x, weight, bias, groups=g)`", x=there.numpy(), weight=scale, bias=shift)
    np.testing.assert_allclose(z, told("`x`", x=y))
    loss, _ = layers.softmax_cross_entropy(x, labels, class_weight=w)
    np.testing.assert_allclose(told("`softmax_cross_entropy(z, t, class_weight=w)`", z=there.numpy()), loss)
    y, _ = layers.crop_concat(np.pad(x, ((0, 0), (1, 2), (0, 1), (0, 0))), x)
    z = told("`crop_concat(skip, x)`", cropped=there.numpy(), x=there.numpy())
    np.testing.assert_allclose(z, told("`x`", x=y))


def test_it_is_short():
    assert len(PAGE.split()) <= 680
