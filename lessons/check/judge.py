"""Run a learner's function on random cases, and say what a teacher would say.

The order is that of a teacher too: does it run, does it return as many things as asked, of the right shape and type,
the right numbers, and did it leave its arguments alone? Only the first trouble is told; the next one often goes away
with it.
"""

import copy
import dis
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from lessons.check.compare import call, compare, same, short
from lessons.check.diagnosis import likely_error, likely_mistake
from lessons.check.exercise import Arguments, Exercise
from minunet.errors import named, printable, said

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
    cases = list(all_cases(exercise, seed))
    names = parameters(function)
    if names is not None and set(names) != set(cases[0]):
        return Verdict(
            "wrong", [f"It takes ({', '.join(names)}); keep the names of the stub, ({', '.join(cases[0])})."]
        )
    for number, case in enumerate(cases, start=1):
        where = f"case {number} of {len(cases)}: {describe(case)}"
        given = copy.deepcopy(case)
        try:
            got = call(function, given)
        except NotImplementedError as error:
            if said(error) == exercise.stub:
                return Verdict("not begun", [])
            what = f": {said(error)}" if said(error) else _place(error)
            return Verdict("wrong", [where, f"It calls something that is not written yet{what}."])
        except KeyboardInterrupt as error:
            print(f"\n{exercise.number} {exercise.name}, {where}\n{printable(_of_exception(error))}", file=sys.stderr)
            raise
        except BaseException as error:  # SystemExit, or one of the learner's own
            why = _earlier(exercise, function, seed) or likely_error(exercise, function, cases, number)
            return _wrong([where, _of_exception(error)], why)
        trouble = compare(exercise, got, exercise.right(**copy.deepcopy(case)))
        if trouble is not None:
            lines, output, _ = trouble
            why = _earlier(exercise, function, seed)
            if why is None and output is not None:
                why = likely_mistake(exercise, function, cases, number, output)
            return _wrong([where, *lines], why)
        for name, value in case.items():
            if not same(given[name], value):
                return Verdict(
                    "wrong",
                    [where, f"The answer is right, but {exercise.name} has changed its argument {name}."]
                    + ["Likely: something is added or assigned in place (+=, out=, x[...] = ...): work on a copy."],
                    named=True,
                )
    return Verdict("done", [])


def _wrong(lines: list[str], why: str | None) -> Verdict:
    return Verdict("wrong", lines if why is None else [*lines, f"Likely: {why}"], named=why is not None)


def _earlier(exercise: Exercise, function: Callable[..., Any], seed: int) -> str | None:
    """The sentence for a solution that calls the learner's own function of an earlier exercise, which is wrong."""
    if not isinstance(function, FunctionType):
        return None
    names = _global_names(function.__code__)
    for each in exercise.builds_on:
        used = function.__globals__.get(each.name)
        if callable(used) and each.name in names and judge(each, used, seed).state == "wrong":
            return (
                f"your {each.name} of exercise {each.number} is not right yet: start there, with "
                f"`python -m lessons.check {each.number}`."
            )
    return None


def _global_names(code: CodeType) -> set[str]:
    """The names from outside that a function's code looks up; attributes, as in `np.pad`, do not count."""
    names = {each.argval for each in dis.get_instructions(code) if each.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return names.union(*(_global_names(each) for each in code.co_consts if isinstance(each, CodeType)))


def parameters(function: Callable[..., Any]) -> list[str] | None:
    """The names of what a function takes, or None if it takes anything, or does not say, as `max`."""
    try:
        taken = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(each.kind in (each.VAR_KEYWORD, each.VAR_POSITIONAL) for each in taken):
        return None
    return [each.name for each in taken if each.default is each.empty]


def all_cases(exercise: Exercise, seed: int) -> Iterator[Arguments]:
    """The cases of an exercise; and the first of them once more in float32, if that type is to be kept."""
    cases = list(exercise.cases(np.random.default_rng(seed)))
    yield from cases
    if exercise.keeps_float32:
        yield {name: _as_float32(value) for name, value in cases[0].items()}


def _as_float32(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype == np.float64:
        return value.astype("float32")
    return tuple(map(_as_float32, value)) if isinstance(value, tuple) else value


def describe(case: Arguments) -> str:
    """The arguments of a case in one line, arrays by their shape; what is in a long tuple is left out."""
    parts = {name: short(value) for name, value in case.items()}
    return ", ".join(f"{name} {text if len(text) <= LONGEST else '(...)'}" for name, text in parts.items())


def _of_exception(error: BaseException) -> str:
    """Where in the learner's file it happened, and what."""
    return f"It stopped{_place(error)}: {named(error)}"


def _place(error: BaseException) -> str:
    """The line of the learner's file, to follow what is said; nothing if it is not known."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "lessons/check/" not in frame.filename]
    return f" in line {frames[0].lineno}, `{frames[0].line}`" if frames and frames[0].line else ""
