"""Lesson 9: what the checker knows about the learning rate."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from lessons.check.exercise import Arguments, Exercise, Mistake
from minunet import optim

Arrays = dict[str, np.ndarray]


def cycle_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """Step by step where things happen: the first, on the way up, near the top, on the way down, the last, beyond."""
    for step, steps, warm_up in (
        *((step, 20, 0.3) for step in (0, 2, 5, 9, 19)),
        *((step, 17, 0.4) for step in (3, 6, 12)),  # the top is at 5.8
        *((step, 12, 0.0) for step in (0, 4)),  # no way up
        (25, 20, 0.3),  # beyond the end
        (0, 1, 0.3),
        (3, 1, 0.0),
    ):
        yield {
            "step": step,
            "steps": steps,
            "highest": round(rng.uniform(0.5, 2), 2),
            "warm_up": warm_up,
            "start_divisor": round(rng.uniform(5, 30), 2),
            "end_divisor": round(rng.uniform(3, 9), 2),
        }


def cycle_right(step, steps, highest, warm_up, start_divisor, end_divisor):
    schedule = optim.one_cycle(highest, steps, warm_up=warm_up, start_divisor=start_divisor, end_divisor=end_divisor)
    return schedule(step)


def cosine(start: float, end: float, part: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2


def cycle(*, blend=cosine, peak=None, end=None, last=None, capped=True, single=True) -> Callable[..., float]:
    """The schedule with some of its parts exchanged: each takes the numbers that it may depend on."""

    def wrong(step, steps, highest, warm_up, start_divisor, end_divisor):
        if single and steps == 1:
            return highest
        first = highest / start_divisor
        lowest = last(highest, start_divisor, end_divisor) if last else first / end_divisor
        top = peak(warm_up, steps) if peak else warm_up * steps - 1
        bottom = end(steps) if end else steps - 1
        if step < top:
            return blend(first, highest, step / top)
        part = (step - top) / (bottom - top)
        return blend(highest, lowest, min(part, 1.0) if capped else part)

    return wrong


def down_from_the_start(step, steps, highest, warm_up, start_divisor, end_divisor):
    """On the way down the part is step / (steps - 1)."""
    peak, first = warm_up * steps - 1, highest / start_divisor
    if step < peak:
        return cosine(first, highest, step / peak)
    return cosine(highest, first / end_divisor, min(step / (steps - 1), 1.0))


def swapped_ends(start: float, end: float, part: float) -> float:
    return cosine(end, start, part)


CYCLE_MISTAKES = (
    Mistake(
        "rate",
        "the rate goes up and down along straight lines; it follows half a wave of the cosine.",
        cycle(blend=lambda start, end, part: start + (end - start) * part),
    ),
    Mistake(
        "rate",
        "start and end are swapped in the cosine: at part = 0 it is 1, and the rate must be `start`.",
        cycle(blend=swapped_ends),
    ),
    Mistake(
        "rate",
        "this is a whole wave of the cosine, which ends where it began; the half has pi * part, not 2 * pi * part.",
        cycle(blend=lambda start, end, part: cosine(start, end, 2 * part)),
    ),
    Mistake(
        "rate",
        "the pi is missing in the cosine.",
        cycle(blend=lambda start, end, part: cosine(start, end, part / math.pi)),
    ),
    Mistake(
        "rate",
        "the 1 is missing: (1 + cos(pi * part)) / 2 goes from 1 to 0, cos(pi * part) / 2 from 0.5 to -0.5.",
        cycle(blend=lambda start, end, part: end + (start - end) * math.cos(math.pi * part) / 2),
    ),
    Mistake(
        "rate",
        "the top lies at warm_up * steps - 1: steps are counted from 0. Yours is one step later.",
        cycle(peak=lambda warm_up, steps: warm_up * steps),
    ),
    Mistake(
        "rate",
        "the top is rounded to a whole step: leave it where it falls, between two steps.",
        cycle(peak=lambda warm_up, steps: round(warm_up * steps) - 1),
    ),
    Mistake(
        "rate",
        "the top is cut down to a whole step: leave it where it falls, between two steps.",
        cycle(peak=lambda warm_up, steps: int(warm_up * steps) - 1),
    ),
    Mistake(
        "rate",
        "the top is raised to step 0 where warm_up is 0: leave it at -1, so that step 0 is on the way down already.",
        cycle(peak=lambda warm_up, steps: max(warm_up * steps - 1, 0)),
    ),
    Mistake(
        "rate",
        "the top is a part of the steps - 1; it lies at warm_up * steps - 1.",
        cycle(peak=lambda warm_up, steps: warm_up * (steps - 1)),
    ),
    Mistake(
        "rate",
        "the way down ends one step too late: the last step has the number steps - 1, and part must be 1 there.",
        cycle(end=lambda steps: steps),
    ),
    Mistake(
        "rate",
        "on the way down, part runs from the start of training; it is 0 at the peak: (step - peak) / (steps - 1 - "
        "peak).",
        down_from_the_start,
    ),
    Mistake(
        "rate",
        "the last rate is highest / end_divisor in yours; it is first / end_divisor.",
        cycle(last=lambda highest, start_divisor, end_divisor: highest / end_divisor),
    ),
    Mistake(
        "rate",
        "the last rate is 0 in yours; it is first / end_divisor.",
        cycle(last=lambda highest, start_divisor, end_divisor: 0.0),
    ),
    Mistake(
        "rate",
        "after the last step the rate rises again: part must not become larger than 1.",
        cycle(capped=False),
    ),
    Mistake("rate", "if there is one step only, its rate is `highest`.", cycle(single=False)),
)


EXERCISES = [
    Exercise("9.4", "one_cycle", cycle_cases, cycle_right, ("rate",), CYCLE_MISTAKES),
]
