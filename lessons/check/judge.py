"""Run a learner's function on random cases, and say what a teacher would say.

The order is that of a teacher too: does it run, does it return as many things as asked, of the right shape and type,
the right numbers, and did it leave its arguments alone? Only the first trouble is told; the next one often goes away
with it.
"""

from __future__ import annotations

import copy
import itertools
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.check.exercise import Arguments, Exercise, Mistake

SEED = 2015
LONGEST = 100  # letters for an argument


@dataclass
class Verdict:
    """What became of an exercise: "done", "wrong" or "not begun"; and the lines to print if it is wrong."""

    state: str
    lines: list[str]
    named: bool = False  # whether the likely mistake was named


def judge(exercise: Exercise, function: Callable[..., Any], seed: int = SEED) -> Verdict:
    """Call `function` with the arguments of every case, and compare."""
    cases = list(exercise.cases(np.random.default_rng(seed)))
    for number, case in enumerate(cases, start=1):
        where = f"case {number} of {len(cases)}: {describe(case)}"
        given = copy.deepcopy(case)
        try:
            with np.errstate(all="ignore"):  # what overflows is told by what is returned
                got = function(**given)
        except NotImplementedError:
            return Verdict("not begun", [])
        except Exception as error:
            return Verdict("wrong", [where, _of_exception(error)])
        expected = exercise.right(**copy.deepcopy(case))
        trouble = _compare(exercise, case, got, expected)
        if trouble is not None:
            lines, output, value = trouble
            why = None if output is None else likely_mistake(exercise, function, cases, number - 1, output, value)
            return Verdict("wrong", [where, *lines] + ([f"Likely: {why}"] if why else []), named=why is not None)
        for name, value in case.items():
            if not _same(given[name], value):
                return Verdict(
                    "wrong",
                    [where, f"The answer is right, but {exercise.name} has changed its argument {name}."]
                    + ["Likely: something is added or assigned in place (+=, out=, x[...] = ...): work on a copy."],
                    named=True,
                )
    return Verdict("done", [])


def describe(case: Arguments) -> str:
    """The arguments of a case in one line, arrays by their shape; what is in a long tuple is left out."""
    parts = {name: _short(value) for name, value in case.items()}
    return ", ".join(f"{name} {text if len(text) <= LONGEST else '(...)'}" for name, text in parts.items())


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.shape} {value.dtype}" if value.dtype != np.float64 else f"{value.shape}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_short(each)}" for name, each in value.items()) + "}"
    if isinstance(value, (tuple, list)):
        return "(" + ", ".join(map(_short, value)) + ")"
    return f"{value.__name__}" if callable(value) else f"{value}"


def _of_exception(error: Exception) -> str:
    """Where in the learner's file it happened, and what."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "lessons/check/" not in frame.filename]
    place = f" in line {frames[0].lineno}, `{frames[0].line}`" if frames and frames[0].line else ""
    return f"It stopped{place}: {type(error).__name__}: {error}"


def _parts(exercise: Exercise, returned: Any) -> list[Any]:
    return list(returned) if len(exercise.outputs) > 1 else [returned]


def _compare(exercise: Exercise, case: Arguments, got: Any, expected: Any) -> tuple[list[str], str | None, Any] | None:
    """None if all is well; otherwise what to say, the output that is wrong, if one is, and what was returned for it."""
    many = len(exercise.outputs) > 1
    if got is None:
        return [f"{exercise.name} returned None: is a `return` missing?"], None, None
    if many and not (isinstance(got, (tuple, list)) and len(got) == len(exercise.outputs)):
        what = f"{len(got)} things" if isinstance(got, (tuple, list)) and len(got) != 1 else "one thing"
        wanted = ", ".join(name.strip("()") for name in exercise.outputs)
        return [f"It returned {what}; it should return {len(exercise.outputs)}: {wanted}."], None, None
    for name, value, right in zip(exercise.outputs, _parts(exercise, got), _parts(exercise, expected), strict=True):
        if name.startswith("("):
            continue
        lines = _compare_one(exercise, name, value, right)
        if lines:
            return lines, name, value
    return None


def _compare_one(exercise: Exercise, name: str, value: Any, right: Any) -> list[str]:
    """What to say about one output; nothing if it is right."""
    if isinstance(right, dict):
        if not isinstance(value, dict) or set(value) != set(right):
            return [f"{name} must be a dictionary with the names {', '.join(right)}, not {_short(value)}."]
        wrong = (_compare_one(exercise, f"{name}[{key!r}]", value[key], right[key]) for key in right)
        return next((lines for lines in wrong if lines), [])
    if not isinstance(value, (np.ndarray, np.generic, int, float, tuple, list)):
        return [f"{name} must be an array or a number, but is a {type(value).__name__}."]
    try:
        value, right = np.asarray(value), np.asarray(right)
    except ValueError:
        return [f"{name} must be an array, but its rows have different lengths."]
    if value.shape != right.shape:
        return [f"{name} has the shape {value.shape}; expected {right.shape}."]
    if right.dtype.kind == "f" and value.dtype.kind in "f" and value.dtype != right.dtype and right.ndim:
        return [f"{name} is {value.dtype}; expected {right.dtype}, the type that came in."]
    if equal(value, right, exercise.tolerance):
        return []
    if value.dtype.kind not in "biufc":
        return [f"{name} holds {value.dtype}, not numbers."]
    return _first_difference(name, value, right, exercise.tolerance)


def _first_difference(name: str, value: np.ndarray, right: np.ndarray, tolerance: float) -> list[str]:
    """The element that is furthest away, and how many are wrong."""
    distance = _distance(value, right)
    index = np.unravel_index(int(np.argmax(distance)), right.shape)
    at = f"{name}[{', '.join(map(str, index))}]" if index else name
    wrong = int((distance > _limit(right, tolerance)).sum())
    counted = f"; {wrong} of {right.size} numbers are wrong, this one most" if right.size > 1 else ""
    return [f"{at}: expected {right[index]:.6g}, got {value[index]:.6g}{counted}."]


def _distance(value: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Of each number: 0 where both are NaN, or the same infinity, and infinite where only one of them is."""
    with np.errstate(invalid="ignore"):
        distance = np.abs(value.astype(complex) - right)
    alike = (np.isnan(value) & np.isnan(right)) | (value == right)
    return np.where(alike, 0, np.where(np.isfinite(distance), distance, np.inf))


def _limit(right: np.ndarray, tolerance: float) -> float:
    if right.dtype == np.float32:
        tolerance = max(tolerance, 1e-4)
    finite = right[np.isfinite(right)]
    return tolerance * float(np.abs(finite).max(initial=0)) + (1e-12 if right.dtype.kind in "fc" else 0.0)


def equal(value: Any, right: Any, tolerance: float) -> bool:
    """Whether two arrays are of one shape, NaN or infinite at the same places, and as near as rounding allows."""
    value, right = np.asarray(value), np.asarray(right)
    if value.shape != right.shape or value.dtype.kind not in "biufc":
        return False
    return bool((_distance(value, right) <= _limit(right, tolerance)).all())


def _same(one: Any, other: Any) -> bool:
    """Whether an argument still holds what it held."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, (tuple, list)):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, np.ndarray):
        return bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))
    return callable(one) or one == other or isinstance(one, np.random.Generator)


# --------------------------------------------------------------------------------------------
# Which mistake was it?
# --------------------------------------------------------------------------------------------


def likely_mistake(
    exercise: Exercise, function: Callable[..., Any], cases: list[Arguments], failed: int, output: str, value: Any
) -> str | None:
    """The sentence of the mistake that gives the learner's numbers, or None."""
    try:
        np.asarray(value)
    except ValueError:  # rows of different lengths: no numbers to compare
        return None
    position = exercise.outputs.index(output)
    suspects = [
        mistake
        for mistake in exercise.mistakes
        if mistake.output == output and _made(mistake, cases[failed], value, exercise.tolerance)
    ]
    for case in cases[failed + 1 :]:  # in a small case two mistakes can look alike: the next one tells them apart
        if len(suspects) > 1:
            try:
                value_here = _parts(exercise, function(**copy.deepcopy(case)))[position]
            except Exception:
                continue
            still = [each for each in suspects if _made(each, case, value_here, exercise.tolerance)]
            suspects = still or suspects
    if suspects:
        return suspects[0].sentence
    right = _parts(exercise, exercise.right(**copy.deepcopy(cases[failed])))[position]
    if isinstance(right, dict) or isinstance(value, dict):
        return None
    return common_mistake(output, np.asarray(value), np.asarray(right), exercise.tolerance)


def _made(mistake: Mistake, case: Arguments, value: Any, tolerance: float) -> bool:
    """Whether `mistake` gives `value`. In some cases a mistake cannot be made: then it was not."""
    try:
        with np.errstate(all="ignore"):
            wrong = mistake.wrong(**copy.deepcopy(case))
    except (ValueError, IndexError, TypeError, ZeroDivisionError):
        return False
    if isinstance(wrong, dict):
        return (
            isinstance(value, dict)
            and wrong.keys() == value.keys()
            and all(equal(value[name], wrong[name], tolerance) for name in wrong)
        )
    return equal(value, wrong, tolerance)


def common_mistake(name: str, value: np.ndarray, right: np.ndarray, tolerance: float) -> str | None:
    """Mistakes that can be made anywhere: axes, sign, a constant factor."""
    if value.dtype.kind not in "biufc" or equal(value, right, tolerance):  # only the type is wrong, and that was said
        return None
    if value.ndim == right.ndim > 1 and sorted(value.shape) == sorted(right.shape):
        for axes in itertools.permutations(range(right.ndim)):
            if list(axes) != sorted(axes) and equal(value, right.transpose(axes), tolerance):
                return f"the axes of your {name} are in another order: it is the right array after transpose{axes}."
    if value.shape != right.shape:
        return _of_shape(name, value, right, tolerance)
    if not np.isfinite(value).all():
        return None
    if not value.any() and right.any():
        return f"your {name} is zero everywhere: was it filled?"
    for count in range(1, right.ndim + 1):
        for axes in itertools.combinations(range(right.ndim), count):
            if right.size > 1 and equal(value, np.flip(right, axes), tolerance):
                return f"your {name} is reversed along axis {', '.join(map(str, axes))}, and right but for that."
    return _of_factor(name, value, right, tolerance)


def _of_shape(name: str, value: np.ndarray, right: np.ndarray, tolerance: float) -> str | None:
    if value.size == right.size and equal(value.reshape(right.shape), right, tolerance):
        return f"your {name} holds the right numbers; a reshape to {right.shape} is missing."
    for count in range(1, value.ndim + 1):
        for axes in itertools.combinations(range(value.ndim), count):
            if equal(value.sum(axis=axes), right, tolerance):
                return f"a sum over axis {', '.join(map(str, axes))} of your {name} is missing."
    return None


def _of_factor(name: str, value: np.ndarray, right: np.ndarray, tolerance: float) -> str | None:
    """The same multiple everywhere."""
    if right.dtype.kind not in "fc" or not right.any():
        return None
    largest = np.unravel_index(int(np.argmax(np.abs(right))), right.shape)
    factor = float((value[largest] / right[largest]).real)
    if factor in (0, 1) or not equal(value, factor * right, tolerance):
        return None
    if abs(factor + 1) < 1e-6:
        return f"the sign of your {name} is the other way round."
    if right.size == 1:  # a single number is always some multiple
        return None
    return f"your {name} is {factor:.4g} times too large everywhere: a division or a factor is too much or missing."
