"""Which mistake was it? Each known one is made on purpose, and the one that gives the learner's numbers is named.

A small case can make two mistakes look alike, or give a mistake's numbers by chance. So every case that is wrong has a
say: a mistake that explains none of the other wrong cases, where there are some, is not named. The cases before the
first wrong one have a veto: the learner got them right, so a mistake that spoils one of them was not made. The cases
after it have none. They hold what is special, such as a matrix of zeros, and a learner may get that right by an `if`
although the mistake is made everywhere else.

Of the mistakes that are left the one that explains most of the wrong cases is named.
"""

import copy
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from lessons.check.compare import call, equal, parts_of
from lessons.check.exercise import STOPS, Arguments, Exercise, Mistake
from minunet.errors import named

# The arguments of a case, what the learner returned for an output, and what is right; or, if the learner's function
# stopped, the error's name and text, and None.
Wrong = tuple[Arguments, Any, Any]
CANNOT_BE_MADE = (ValueError, IndexError, TypeError, ZeroDivisionError)


def likely_mistake(
    exercise: Exercise, function: Callable[..., Any], cases: list[Arguments], number: int, output: str
) -> str | None:
    """The sentence of the mistake that gives the learner's numbers for `output`, or None.

    `number` is that of the first wrong case, counted from 1.
    """
    wrong = list(_wrong_cases(exercise, function, cases[number - 1 :], output))
    if not wrong:
        return None
    found = _found(exercise, output, cases[: number - 1], wrong)
    zeros = _zeros(output, wrong)
    if found and (zeros is None or max(found.values()) == len(wrong)):  # `zeros` explains all of the wrong cases
        return _first_of_the_most(found)
    return zeros or _common(output, wrong, exercise.tolerance)


def likely_error(exercise: Exercise, function: Callable[..., Any], cases: list[Arguments], number: int) -> str | None:
    """The sentence of the mistake that stops with the learner's error, or None."""
    wrong = [(case, error, None) for case in cases[number - 1 :] if (error := _error(function, case)) is not None]
    found = _found(exercise, STOPS, cases[: number - 1], wrong)
    return _first_of_the_most(found) if found else None


def _found(exercise: Exercise, output: str, passed: list[Arguments], wrong: list[Wrong]) -> dict[Mistake, int]:
    """The mistakes that may be named, and how many of the wrong cases each explains."""
    votes = {
        mistake: [_made(mistake, each, exercise.tolerance) for each in wrong]
        for mistake in exercise.mistakes
        if mistake.output == output
    }
    return {
        mistake: sum(each)
        for mistake, each in votes.items()
        if each and each[0] and _often(each) and not any(_spoils(exercise, mistake, case) for case in passed)
    }


def _first_of_the_most(found: dict[Mistake, int]) -> str:
    return max(found, key=lambda mistake: found[mistake]).sentence  # the first of several that explain as much


def _often(votes: list[bool]) -> bool:
    return len(votes) == 1 or any(votes[1:])


def _error(function: Callable[..., Any], case: Arguments) -> str | None:
    """Name and text of the error with which a function stops, if it does."""
    try:
        call(function, copy.deepcopy(case))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return named(error)
    return None


def _wrong_cases(
    exercise: Exercise, function: Callable[..., Any], cases: list[Arguments], output: str
) -> Iterator[Wrong]:
    position = exercise.outputs.index(output)
    for case in cases:
        try:
            value = parts_of(exercise, call(function, copy.deepcopy(case)))[position]
            np.asarray(value)  # rows of different lengths are no array
        except KeyboardInterrupt:
            raise
        except BaseException:
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
    if mistake.output == STOPS:
        return _error(mistake.wrong, case) == value
    try:
        made = call(mistake.wrong, copy.deepcopy(case))
    except CANNOT_BE_MADE:
        return False
    if equal(value, right, tolerance):  # only the type is wrong: no mistake in the numbers can be the reason
        return equal(made, right, tolerance) and _types(made) == _types(value)
    return equal(value, made, tolerance)


def _spoils(exercise: Exercise, mistake: Mistake, case: Arguments) -> bool:
    """Whether `mistake` would have been seen in a case. Where it cannot be made it would not."""
    if mistake.output == STOPS:
        return _error(mistake.wrong, case) is not None
    right = parts_of(exercise, exercise.right(**copy.deepcopy(case)))[exercise.outputs.index(mistake.output)]
    try:
        made = call(mistake.wrong, copy.deepcopy(case))
    except CANNOT_BE_MADE:
        return False
    return not equal(made, right, exercise.tolerance)


# --------------------------------------------------------------------------------------------
# Mistakes that can be made anywhere: axes, sign, a constant factor.
# --------------------------------------------------------------------------------------------


def _zeros(name: str, wrong: list[Wrong]) -> str | None:
    """Nothing but zeros, in each case in which that is wrong."""
    for _, value, right in wrong:
        if isinstance(value, dict) or np.asarray(value).dtype.kind not in "biufc":
            return None
        if not np.size(value) or np.any(value) or not np.any(right):
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
