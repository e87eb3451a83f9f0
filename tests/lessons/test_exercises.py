"""Every exercise: the stub is a stub, the worked solution passes, and typical wrong ones are refused and named."""

import pytest

from lessons.check.__main__ import HERE, load
from lessons.check.judge import judge
from lessons.check.registry import EXERCISES
from tests.lessons.stubs import as_committed
from tests.lessons.verdicts import FILE, told
from tests.lessons.verdicts import verdicts as verdicts_of
from tests.lessons.wrong import WRONG

SOLUTIONS = HERE / "solutions"
TOLD = FILE.read_text(encoding="utf-8").splitlines()

each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.number)


@each_exercise
def test_the_stub_says_what_it_is(exercise):
    lesson, number = exercise.number.split(".")
    function = getattr(load(exercise, as_committed()), exercise.name)
    assert function.__doc__.startswith(f"{exercise.number} (")
    with pytest.raises(NotImplementedError, match=f"^lesson {lesson}, exercise {number}: {exercise.name}$"):
        function(*[None] * function.__code__.co_argcount)
    assert judge(exercise, function).state == "not begun"


@each_exercise
@pytest.mark.parametrize("seed", range(3))
def test_the_worked_solution_passes(exercise, seed):
    verdict = judge(exercise, getattr(load(exercise, SOLUTIONS), exercise.name), seed)
    assert verdict.state == "done", verdict.lines


@each_exercise
def test_the_solution_and_the_stub_take_the_same_arguments(exercise):
    stub, solution = (getattr(load(exercise, folder), exercise.name) for folder in (as_committed(), SOLUTIONS))
    assert stub.__annotations__ == solution.__annotations__


@each_exercise
def test_typical_wrong_solutions_are_refused_and_named(exercise):
    """At least five, and of every five three are told the mistake."""
    verdicts = verdicts_of(exercise.number)
    assert [name for name, verdict in verdicts.items() if verdict.state != "wrong"] == []
    assert len(verdicts) >= 5
    named = [name for name, verdict in verdicts.items() if verdict.named]
    assert len(named) >= 0.6 * len(verdicts), {name: v.lines for name, v in verdicts.items() if not v.named}
    lines = [told(exercise.number, name, verdict) for name, verdict in verdicts.items()]
    assert lines == [line for line in TOLD if line.startswith(f"{exercise.number} ")], "run tests.lessons.verdicts"


def test_there_are_no_wrong_solutions_without_an_exercise():
    assert set(WRONG) <= {exercise.number for exercise in EXERCISES}


def test_there_are_thirty_exercises_and_their_numbers_have_no_gap():
    numbers = [tuple(map(int, exercise.number.split("."))) for exercise in EXERCISES]
    assert numbers == sorted(numbers)
    for lesson in {lesson for lesson, _ in numbers}:
        assert [number for each, number in numbers if each == lesson] == list(
            range(1, 1 + sum(each == lesson for each, _ in numbers))
        )
    assert len(numbers) >= 30
