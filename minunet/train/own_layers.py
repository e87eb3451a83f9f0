"""Train with layers of your own: `python -m minunet.train --layers my_layers.py`.

The file defines one or more pairs of the table below, each forward with its backward, for NumPy arrays; what it returns
as the cache is its own business. A pair must pass a check before it is used: on random shapes, with a random dy, it has
to give what `minunet.layers` gives, in float64 to rounding, and to keep float32. Then it takes the place of the
project's function in the network; the others stay.
"""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from minunet import layers
from minunet.errors import InputError, named, said

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
        if name in functions and (trouble := check(name, functions[name], functions[f"{name}_backward"])):
            raise InputError(f"{path}: {trouble} Nothing was trained; `python -m lessons.check` names many mistakes.")
    return functions


def read(path: Path) -> Functions:
    """The functions of a file that this module knows by name."""
    if not path.is_file():
        raise InputError(f"There is no file {path}; --layers takes a Python file with layers of your own.")
    module = run_file(path)
    names = [each for name in PAIRS for each in (name, f"{name}_backward")]
    functions = {name: getattr(module, name) for name in names if callable(getattr(module, name, None))}
    for name in PAIRS:
        missing = [each for each in (name, f"{name}_backward") if each not in functions]
        if len(missing) == 1:
            raise InputError(f"{path} has no {missing[0]}: forward and backward go together.")
    if not functions:
        raise InputError(f"{path} defines none of {', '.join(PAIRS)}, each with its _backward.")
    return functions


def run_file(path: Path) -> ModuleType:
    """The names that a Python file defines. Raises InputError if it cannot be run."""
    name = f"learner.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} is not a Python file: its name must end in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look up their module by its name
    try:
        with np.errstate():  # what it sets for itself does not stay for others
            spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit, or one of the learner's own
        del sys.modules[name]
        where, what = str(path), named(error)
        if isinstance(error, SyntaxError):
            where += f", line {error.lineno}" if error.lineno else ""  # of a byte that is no text it is not known
            what = f"{type(error).__name__}: {error.msg}"
        raise InputError(f"{where} cannot be run: {what}.") from error
    return module


class _Call:
    """A call of the pair that is checked, and what it should return."""

    def __init__(self, name: str, case: Case, dtype: str, rng: np.random.Generator) -> None:
        self.arrays, self.options = tuple(array.astype(dtype) for array in case[0]), case[1]
        self.y, cache = getattr(layers, name)(*self.arrays, **self.options)
        self.dy = rng.standard_normal(self.y.shape).astype(dtype)
        grads = getattr(layers, f"{name}_backward")(self.dy, cache)
        self.grads = grads if isinstance(grads, tuple) else (grads,)
        self.cache: Any = None  # of the pair

    def __str__(self) -> str:
        return f"for {', '.join(str(array.shape) for array in self.arrays)}, {self.dy.dtype}"


def check(name: str, forward: Callable[..., Any], backward: Callable[..., Any]) -> str | None:
    """None if the pair is right, otherwise a sentence that says where it is not.

    As in the network, all forward passes come first, and then the backward passes, the last one first: what is
    remembered from one to the other has to be in the cache. And what was returned has to stay as it is until the end.
    """
    rng = np.random.default_rng(0)
    for dtype in TOLERANCE:
        calls = [_Call(name, case, dtype, rng) for _ in range(2) for case in cases(name, rng)]
        returned: list[tuple[str, np.ndarray, np.ndarray]] = []  # each array with its name, and as it was
        for back, call in (*((False, call) for call in calls), *((True, call) for call in reversed(calls))):
            before = [array.copy() for array in (*call.arrays, call.dy)]
            try:
                if back:
                    what, outputs, wanted = f"{name}_backward", PAIRS[name], call.grads
                    got = backward(call.dy, call.cache)
                else:
                    what, outputs, wanted = name, ("y",), (call.y,)
                    got, call.cache = forward(*call.arrays, **call.options)
            except NotImplementedError as error:
                return f"{name} is not written yet: {said(error)}." if said(error) else f"{name} is not written yet."
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                return f"{name} or its backward stopped with {named(error)}, {call}."
            got = got if len(outputs) > 1 else (got,)
            if not isinstance(got, tuple) or len(got) != len(outputs):
                return f"{what} must return {', '.join(outputs)}."
            for output, array, right in zip(outputs, got, wanted, strict=True):
                if trouble := _difference(output, array, right):
                    return f"{what} is wrong: {trouble} {call}."
                returned.append((f"{what} returned {output}", array, array.copy()))
            if not all(map(np.array_equal, before, (*call.arrays, call.dy))):
                return f"{name} or its backward changes its arguments, {call}: work on copies."
        for which, array, as_it_was in returned:
            if not np.array_equal(array, as_it_was):
                return f"{which}, and a later call writes over it: make a new array in each call."
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
                for channels, groups in ((c, 2), (c, 1), (4 * c, 8)):
                    wide = np.concatenate([x + number for number in range(channels // c)], axis=3)
                    yield (wide, rng.standard_normal(channels), rng.standard_normal(channels)), {"groups": groups}
            case _:
                yield (x,), {}
                yield (np.round(x),), {}  # ties, and zeros


def _difference(output: str, got: Any, wanted: np.ndarray) -> str | None:
    """What is wrong with an output, if anything."""
    if type(got) is not np.ndarray:
        wanted_kind = "a plain array" if isinstance(got, np.ndarray) else "an array"
        return f"{output} is a {type(got).__name__}, not {wanted_kind},"
    if got.shape != wanted.shape:
        return f"{output} has the shape {got.shape} instead of {wanted.shape}"
    if got.dtype != wanted.dtype:
        return f"{output} is {got.dtype} instead of {wanted.dtype}"
    if not got.flags.writeable:  # gradients of a batch are added up in place
        return f"{output} is read-only: return a copy,"
    error = np.abs(got - wanted).max() / np.abs(wanted).max()
    return None if error <= TOLERANCE[wanted.dtype.name] else f"{output} is off by {error:.1g} of its largest number"
