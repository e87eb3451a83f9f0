"""Which mistake was it? Each known one is made on purpose, and the one that gives the learner's numbers is named.

A small case can make two mistakes look alike, or give a mistake's numbers by chance. So every case that is wrong has a
say: a mistake that explains none of the other wrong cases, where there are some, is not named.
"""

import copy
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from lessons.check.compare import call, equal, parts_of
from lessons.check.exercise import Arguments, Exercise, Mistake

Wrong = tuple[Arguments, Any, Any]  # the arguments of a case, what the learner returned for an output, what is right


def likely_mistake(exercise: Exercise, function: Callable[..., Any], cases: list[Arguments], output: str) -> str | None:
    """The sentence of the mistake that gives the learner's numbers for `output`, or None.

    `cases` are the first wrong case and those after it.
    """
    wrong = list(_wrong_cases(exercise, function, cases, output))
    if not wrong:
        return None
    votes = {
        mistake: [_made(mistake, each, exercise.tolerance) for each in wrong]
        for mistake in exercise.mistakes
        if mistake.output == output
    }
    zeros = _zeros(output, wrong)
    if zeros is not None:
        return zeros
    found = {mistake: sum(each) for mistake, each in votes.items() if each[0] and _often(each)}
    if found:
        return max(found, key=lambda mistake: found[mistake]).sentence  # the first of several that explain as much
    return _common(output, wrong, exercise.tolerance)


def _often(votes: list[bool]) -> bool:
    return len(votes) == 1 or any(votes[1:])


def _wrong_cases(exercise: Exercise, function: Callable[..., Any], cases: list[Arguments], output: str) -> Any:
    position = exercise.outputs.index(output)
    for case in cases:
        try:
            value = parts_of(exercise, call(function, copy.deepcopy(case)))[position]
            np.asarray(value)  # rows of different lengths are no array
        except (Exception, SystemExit):
            continue
        right = parts_of(exercise, exercise.right(**copy.deepcopy(case)))[position]
        if not (equal(value, right, exercise.tolerance) and _types(value) == _types(right)):
            yield case, value, right


def _types(value: Any) -> Any:
    """The type of the numbers of an array, or of each array of a dictionary."""
    return {name: _types(each) for name, each in value.items()} if isinstance(value, dict) else np.asarray(value).dtype


def _made(mistake: Mistake, wrong: Wrong, tolerance: float) -> bool:
    """Whether `mistake` gives what was returned. In some cases a mistake cannot be made: then it was not."""
    case, value, right = wrong
    try:
        made = call(mistake.wrong, copy.deepcopy(case))
    except (ValueError, IndexError, TypeError, ZeroDivisionError):
        return False
    if equal(value, right, tolerance):  # only the type is wrong: no mistake in the numbers can be the reason
        return equal(made, right, tolerance) and _types(made) == _types(value)
    return equal(value, made, tolerance)


# --------------------------------------------------------------------------------------------
# Mistakes that can be made anywhere: axes, sign, a constant factor.
# --------------------------------------------------------------------------------------------


def _zeros(name: str, wrong: list[Wrong]) -> str | None:
    """Nothing but zeros, in each case in which that is wrong."""
    for _, value, right in wrong:
        if isinstance(value, dict) or not np.size(value) or np.any(value) or not np.any(right):
            return None
    return f"your {name} is zero everywhere: was it filled?"


def _common(name: str, wrong: list[Wrong], tolerance: float) -> str | None:
    sentences = [
        common_mistake(name, np.asarray(value), np.asarray(right), tolerance)
        for _, value, right in wrong
        if not isinstance(value, dict) and not isinstance(right, dict)
    ]
    if len(sentences) != len(wrong) or not _often([sentence is not None for sentence in sentences]):
        return None
    return sentences[0]


def common_mistake(name: str, value: np.ndarray, right: np.ndarray, tolerance: float) -> str | None:
    """The sentence for one case."""
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
    for count in range(1, right.ndim + 1):
        for axes in itertools.combinations(range(right.ndim), count):
            if right.size > 1 and equal(value, np.flip(right, axes), tolerance):
                return f"your {name} is reversed along axis {', '.join(map(str, axes))}, and right but for that."
    return _of_factor(name, value, right, tolerance)


def _of_shape(name: str, value: np.ndarray, right: np.ndarray, tolerance: float) -> str | None:
    if not value.size and right.size:
        return f"your {name} is empty: with p = 0, x[p:-p] is x[0:0]; cut with p : p + height."
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
    if factor in (0, 1) or not np.isfinite(factor) or not equal(value, factor * right, tolerance):
        return None
    if abs(factor + 1) < 1e-6:
        return f"the sign of your {name} is the other way round."
    if right.size == 1 or factor < 0:  # a single number is always some multiple
        return None
    return f"your {name} is {factor:.4g} times the right one everywhere: a division or a factor is too much or missing."
