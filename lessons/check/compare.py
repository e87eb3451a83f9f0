"""Compare what a learner's function returned with what it should have, and say where they differ."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from lessons.check.exercise import Exercise
from minunet.errors import named

KINDS = {"f": "floating-point numbers", "iu": "whole numbers", "b": "True and False", "c": "complex numbers"}


def call(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """What `function` returns, without NumPy's warnings: what overflows is told by what is returned."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(**arguments)


def parts_of(exercise: Exercise, returned: Any) -> list[Any]:
    """The outputs, one by one."""
    return list(returned) if len(exercise.outputs) > 1 else [returned]


def compare(exercise: Exercise, got: Any, expected: Any) -> tuple[list[str], str | None, Any] | None:
    """None if all is well; otherwise what to say, the output that is wrong, if one is, and what was returned for it."""
    many = len(exercise.outputs) > 1
    if got is None:
        return [f"{exercise.name} returned None: is a `return` missing?"], None, None
    if many and not (isinstance(got, (tuple, list)) and len(got) == len(exercise.outputs)):
        what = f"{len(got)} things" if isinstance(got, (tuple, list)) and len(got) != 1 else "one thing"
        wanted = ", ".join(name.strip("()") for name in exercise.outputs)
        return [f"It returned {what}; it should return {len(exercise.outputs)}: {wanted}."], None, None
    for name, value, right in zip(exercise.outputs, parts_of(exercise, got), parts_of(exercise, expected), strict=True):
        if name.startswith("("):
            if right and not cache_as_asked(value, right):
                wanted = f"it must hold what the docstring says, {short(right)}"
                return (
                    [f"The {name.strip('()')} is {short(value)}; {wanted}, as the backward pass relies on it."],
                    None,
                    None,
                )
            continue
        lines = compare_one(name, value, right, exercise.tolerance)
        if lines:
            of_wrong_form = isinstance(value, (list, tuple)) and isinstance(right, np.ndarray)
            return lines, None if of_wrong_form else name, value
    return None


def cache_as_asked(value: Any, right: tuple) -> bool:
    """Whether a cache holds the same things in the same order."""
    try:
        return isinstance(value, (tuple, list)) and len(value) == len(right) and all(map(_alike, value, right))
    except (TypeError, AttributeError, ValueError):
        return False


def _alike(one: Any, other: Any) -> bool:
    """As `same`, but for rounding: who computes in another order may keep it."""
    if isinstance(other, np.ndarray) and other.dtype.kind == "f":
        tolerance = 1e-9 if other.dtype == np.float64 else 1e-5
        return one.shape == other.shape and one.dtype == other.dtype and np.allclose(one, other, tolerance, tolerance)
    return same(one, other)


def compare_one(name: str, value: Any, right: Any, tolerance: float) -> list[str]:
    """What to say about one output; nothing if it is right."""
    if isinstance(right, dict):
        if not isinstance(value, dict) or set(value) != set(right):
            return [f"{name} must be a dictionary with the names {', '.join(right)}, not {short(value)}."]
        wrong = (compare_one(f"{name}[{key!r}]", value[key], right[key], tolerance) for key in right)
        return next((lines for lines in wrong if lines), [])
    wanted = np.asarray(right)
    allowed = (np.ndarray,) if isinstance(right, np.ndarray) and right.ndim else (np.ndarray, np.generic, int, float)
    if isinstance(right, (tuple, list)):
        allowed = (tuple, list, np.ndarray)
    if not isinstance(value, allowed):
        kind = "an array" if wanted.ndim else "a number"
        how = ": np.array(...) makes one of it" if wanted.ndim and isinstance(value, (list, tuple)) else ""
        return [f"{name} must be {kind}, but is a {type(value).__name__}{how}."]
    try:
        value = np.asarray(value)
    except ValueError:
        return [f"{name} must hold numbers, but its rows have different lengths."]
    except Exception as error:  # of an object of the learner's own
        return [f"{name} must hold numbers, but cannot be made an array: {named(error)}."]
    if value.shape != wanted.shape:
        return [f"{name} has the shape {value.shape}; expected {wanted.shape}."]
    if wanted.ndim and _kind(value) != _kind(wanted):
        return [f"{name} holds {KINDS.get(_kind(value), str(value.dtype))}; expected {KINDS[_kind(wanted)]}."]
    if wanted.ndim and _kind(value) == "iu" and value.dtype.itemsize < wanted.dtype.itemsize:
        return [f"{name} is {value.dtype}, in which larger numbers do not fit; expected {wanted.dtype}."]
    if wanted.ndim and _kind(value) == "f" and value.dtype != wanted.dtype:
        return [f"{name} is {value.dtype}; expected {wanted.dtype}, the type that came in."]
    if value.dtype.kind not in "biufc":
        return [f"{name} holds {value.dtype}, not numbers."]
    return [] if equal(value, wanted, tolerance) else _first_difference(name, value, wanted, tolerance)


def _kind(array: np.ndarray) -> str:
    return "iu" if array.dtype.kind in "iu" else array.dtype.kind


def _first_difference(name: str, value: np.ndarray, right: np.ndarray, tolerance: float) -> list[str]:
    """The element that is furthest away, and how many are wrong."""
    distance = _distance(value, right)
    index = np.unravel_index(int(np.argmax(distance)), right.shape)
    at = f"{name}[{', '.join(map(str, index))}]" if index else name
    wrong = int((distance > _limit(right, tolerance)).sum())
    counted = f"; {wrong} of {right.size} numbers are wrong, this one most" if right.size > 1 else ""
    digits = 6 if f"{right[index]:.6g}" != f"{value[index]:.6g}" else 17
    return [f"{at}: expected {right[index]:.{digits}g}, got {value[index]:.{digits}g}{counted}."]


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
    """Whether two arrays are of one shape, NaN or infinite at the same places, and as near as rounding allows.

    Dictionaries of arrays are equal if they have the same names, and under each of them equal arrays.
    """
    if isinstance(right, dict) or isinstance(value, dict):
        if not (isinstance(right, dict) and isinstance(value, dict) and right.keys() == value.keys()):
            return False
        return all(equal(value[name], right[name], tolerance) for name in right)
    try:
        value, right = np.asarray(value), np.asarray(right)
    except Exception:  # rows of different lengths are no array, nor is what cannot be made one
        return False
    if value.shape != right.shape or value.dtype.kind not in "biufc":
        return False
    return bool((_distance(value, right) <= _limit(right, tolerance)).all())


def same(one: Any, other: Any) -> bool:
    """Whether an argument still holds what it held. What is of another kind now, a number for an array, does not."""
    for kind in (dict, (tuple, list), np.ndarray, np.random.Generator):
        if isinstance(one, kind) != isinstance(other, kind):
            return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, (tuple, list)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        numbers = one.dtype.kind in "biufc"  # others cannot always be compared
        return numbers and np.array_equal(one, other, equal_nan=one.dtype.kind == other.dtype.kind == "f")
    if callable(other):
        return callable(one)
    if isinstance(one, np.random.Generator):
        return True
    try:
        return bool(one == other)
    except Exception:  # of an object whose comparison is none
        return False


def short(value: Any) -> str:
    """A value in a few letters: an array by its shape; by its type, if that fails, as of a list that holds itself."""
    try:
        return _short(value)
    except Exception:
        return type(value).__name__


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.shape} {value.dtype}" if value.dtype != np.float64 else f"{value.shape}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_short(each)}" for name, each in value.items()) + "}"
    if isinstance(value, (tuple, list)):
        return "(" + ", ".join(map(_short, value)) + ")"
    return getattr(value, "__name__", type(value).__name__) if callable(value) else f"{value}"
