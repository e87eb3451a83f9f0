"""Train with layers of your own: `python -m minunet.train --layers my_layers.py`.

The file defines one or more pairs of the table below, each forward with its backward, for NumPy arrays; what it returns
as the cache is its own business. A pair must pass a check before it is used: on random shapes, with a random dy, it has
to give what `minunet.layers` gives, in float64 to rounding, and to keep float32. Then it takes the place of the
project's function in the network; the others stay.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from minunet import layers, unet
from minunet.errors import InputError

Functions = dict[str, Callable[..., Any]]
Case = tuple[tuple[np.ndarray, ...], dict[str, int]]  # arrays, and options by name

TOLERANCE = {"float64": 1e-9, "float32": 1e-3}  # relative to the largest number
# name -> what its backward returns; a call is NAME(arrays, options), and NAME_backward(dy, cache)
PAIRS: dict[str, tuple[str, ...]] = {
    "conv2d": ("dx", "dweight", "dbias"),  # (x, weight, bias, stride=1, padding=1)
    "relu": ("dx",),  # (x)
    "max_pool2d": ("dx",),  # (x), windows of 2x2
    "conv_transpose2d": ("dx", "dweight", "dbias"),  # (x, weight, bias, stride=2)
    "crop_concat": ("dskip", "dx"),  # (skip, x)
    "group_norm": ("dx", "dweight", "dbias"),  # (x, weight, bias, groups=2)
}


def load_own_layers(path: Path) -> Functions:
    """The functions of a file, after the check. Raises InputError with the reason if one is wrong or missing."""
    functions = read(path)
    for name in PAIRS:
        if name in functions:
            trouble = check(name, functions[name], functions[f"{name}_backward"])
            if trouble is not None:
                raise InputError(
                    f"{path}: {trouble} Nothing was trained; `python -m lessons.check` names many mistakes."
                )
    return functions


def read(path: Path) -> Functions:
    """The functions of a file that this module knows by name."""
    if not path.is_file():
        raise InputError(f"There is no file {path}; --layers takes a Python file with layers of your own.")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} is not a Python file: its name must end in .py.")
    module: ModuleType = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise InputError(f"{path} cannot be run: {type(error).__name__}: {error}.") from error
    names = [each for name in PAIRS for each in (name, f"{name}_backward")]
    functions = {name: getattr(module, name) for name in names if callable(getattr(module, name, None))}
    for name in PAIRS:
        missing = [each for each in (name, f"{name}_backward") if each not in functions]
        if len(missing) == 1:
            raise InputError(f"{path} has no {missing[0]}: forward and backward go together.")
    if not functions:
        raise InputError(f"{path} defines none of {', '.join(PAIRS)}, each with its _backward.")
    return functions


def check(name: str, forward: Callable[..., Any], backward: Callable[..., Any]) -> str | None:
    """None if the pair is right, otherwise a sentence that says where it is not."""
    rng = np.random.default_rng(0)
    for dtype in TOLERANCE:
        for arrays, options in cases(name, rng):
            arrays = tuple(array.astype(dtype) for array in arrays)
            at = f"for {', '.join(str(array.shape) for array in arrays)}, {dtype}"
            right, right_cache = getattr(layers, name)(*arrays, **options)
            dy = rng.standard_normal(right.shape).astype(dtype)
            expected = getattr(layers, f"{name}_backward")(dy, right_cache)
            before = [array.copy() for array in (*arrays, dy)]
            try:
                y, cache = forward(*arrays, **options)
                trouble = _difference("y", y, right, dtype)
                if trouble is not None:
                    return f"{name} is wrong: {trouble} {at}."
                grads = backward(dy, cache)
            except NotImplementedError as error:
                return f"{name} is not written yet: {error}."
            except Exception as error:
                return f"{name} or its backward stopped with {type(error).__name__}: {error}, {at}."
            if not all(map(np.array_equal, before, (*arrays, dy))):
                return f"{name} or its backward changes its arguments, {at}: work on copies."
            outputs = PAIRS[name]
            grads, expected = (grads, expected) if len(outputs) > 1 else ((grads,), (expected,))
            if not isinstance(grads, tuple) or len(grads) != len(outputs):
                return f"{name}_backward must return {', '.join(outputs)}."
            for output, got, wanted in zip(outputs, grads, expected, strict=True):
                trouble = _difference(output, got, wanted, dtype)
                if trouble is not None:
                    return f"{name}_backward is wrong: {trouble} {at}."
    return None


def cases(name: str, rng: np.random.Generator) -> Iterator[Case]:
    """Arguments of the sizes and forms in which the network calls a layer."""
    for n, h, w, c, k in ((1, 6, 4, 2, 3), (3, 8, 10, 4, 2)):
        x, bias = rng.standard_normal((n, h, w, c)), rng.standard_normal(k)
        match name:
            case "conv2d":
                for kernel, padding in ((3, 1), (3, 0), (1, 0)):
                    weight = rng.standard_normal((kernel, kernel, c, k))
                    yield (x, weight, bias), {"stride": 1, "padding": padding}
            case "conv_transpose2d":
                yield (x, rng.standard_normal((2, 2, c, k)), bias), {"stride": 2}
            case "crop_concat":
                yield (rng.standard_normal((n, h + 4, w + 4, k)), x), {}
                yield (rng.standard_normal((n, h + 1, w, k)), x), {}
            case "group_norm":
                yield (x, rng.standard_normal(c), rng.standard_normal(c)), {"groups": 2}
            case _:
                yield (x,), {}
                yield (np.round(x),), {}  # ties, and zeros


def _difference(output: str, got: Any, wanted: np.ndarray, dtype: str) -> str | None:
    """What is wrong with an output, if anything."""
    if not isinstance(got, np.ndarray):
        return f"{output} is a {type(got).__name__}, not an array,"
    if got.shape != wanted.shape:
        return f"{output} has the shape {got.shape} instead of {wanted.shape}"
    if got.dtype != wanted.dtype:
        return f"{output} is {got.dtype} instead of {wanted.dtype}"
    error = np.abs(got - wanted).max() / np.abs(wanted).max()
    return None if error <= TOLERANCE[dtype] else f"{output} is off by {error:.1g} of its largest number"


@contextmanager
def used(functions: Functions) -> Iterator[None]:
    """While this is entered, the network calls `functions` in the place of the project's own."""
    called = _as_called(functions)
    before = {name: getattr(unet, name) for name in called}
    vars(unet).update(called)
    try:
        yield
    finally:
        vars(unet).update(before)


def _as_called(own: Functions) -> Functions:
    """`own` under the names and with the arguments that `minunet.unet` uses, which are those of `minunet.fast`."""
    found: Functions = {}
    for name in ("max_pool2d", "conv_transpose2d", "group_norm"):
        if name in own:
            found[name], found[f"{name}_backward"] = own[name], own[f"{name}_backward"]
    if "crop_concat" in own:
        found["crop_concat"], found["crop_concat_backward_parts"] = own["crop_concat"], own["crop_concat_backward"]
    if "relu" in own:
        found["relu_in_place"], found["relu_backward_in_place"] = own["relu"], own["relu_backward"]
    if "conv2d" in own:

        def conv2d(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, *, padding: int = 0) -> tuple[np.ndarray, Any]:
            return own["conv2d"](x, weight, bias, stride=1, padding=padding)

        def conv2d_backward(dy: np.ndarray, cache: Any, *, need_dx: bool = True) -> tuple:
            return own["conv2d_backward"](dy, cache)

        found |= {"conv2d": conv2d, "conv2d_backward": conv2d_backward}
    if "conv2d" in own or "relu" in own:
        parts: Functions = {
            name: found.get(name, getattr(unet, name))
            for name in ("conv2d", "conv2d_backward", "relu_in_place", "relu_backward_in_place")
        }

        def conv2d_relu(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, *, padding: int = 0) -> tuple:
            y, conv_cache = parts["conv2d"](x, weight, bias, padding=padding)
            y, relu_cache = parts["relu_in_place"](y)
            return y, (conv_cache, relu_cache)

        def conv2d_relu_backward(dy: np.ndarray, cache: tuple, *, need_dx: bool = True) -> tuple:
            conv_cache, relu_cache = cache
            return parts["conv2d_backward"](
                parts["relu_backward_in_place"](dy, relu_cache), conv_cache, need_dx=need_dx
            )

        found |= {"conv2d_relu": conv2d_relu, "conv2d_relu_backward": conv2d_relu_backward}
    return found
