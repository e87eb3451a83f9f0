"""What an exercise is to the checker: random cases, the right answer, and the mistakes that people make.

A learner's function is called with the same arguments as the right one. Where the two differ, every known mistake is
made on purpose, with the same arguments: the one that gives the learner's numbers is the likely one. So a mistake is
named by what it does to the numbers, however it was written.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from minunet.train.own_layers import PAIRS

Arguments = dict[str, Any]  # name of the parameter -> what it is given
STOPS = "an error"  # what a mistake spoils that lets Python or NumPy stop with an error


@dataclass(frozen=True)
class Mistake:
    """A typical mistake.

    Args:
        output: the output that it spoils, one of `Exercise.outputs`; or STOPS.
        sentence: what to tell the learner, from "your ..." on: what the number is, and what it should be.
        wrong: takes the arguments by name, returns that one output as the mistake makes it; or, with STOPS, stops with
            the error that the learner sees.
    """

    output: str
    sentence: str
    wrong: Callable[..., Any]


@dataclass(frozen=True)
class Exercise:
    """One function for the learner to write.

    Args:
        number: "3.2", lesson and exercise.
        name: the function.
        cases: from a random generator to the arguments of call after call, at least three; small first.
        right: takes the arguments by name, returns what the learner's function must return, compared part by part.
        outputs: the names of what it returns. A name in brackets, "(cache)", is compared
            if `right` returns a tuple for it that is not empty, as a whole.
        mistakes: the typical ones.
        tolerance: how far a float64 number may be away, relative to the largest number of its array.
        float32: whether the first case is given in float32 too, which must come out again; of the layers it always is.
        builds_on: the exercises whose functions, from the same file, a solution of this one may call.
    """

    number: str
    name: str
    cases: Callable[[np.random.Generator], Iterator[Arguments]]
    right: Callable[..., Any]
    outputs: tuple[str, ...] = ("y",)
    mistakes: tuple[Mistake, ...] = ()
    tolerance: float = 1e-9
    float32: bool = False
    builds_on: tuple["Exercise", ...] = ()

    @property
    def lesson(self) -> int:
        return int(self.number.split(".")[0])

    @property
    def keeps_float32(self) -> bool:
        """Whether float32 that comes in must go out as float32: also for what can take its place in the network."""
        return self.float32 or self.name.removesuffix("_backward") in PAIRS

    @property
    def stub(self) -> str:
        """What the stub raises."""
        lesson, exercise = self.number.split(".")
        return f"lesson {lesson}, exercise {exercise}: {self.name}"
