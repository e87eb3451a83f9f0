"""`python -m lessons.check`: judge your solutions of the exercises, offline and without PyTorch."""

import argparse
import sys
from pathlib import Path
from types import ModuleType

from lessons.bugs.judge import FILE as ANSWERS_FILE
from lessons.bugs.judge import judge_bug, numbers, read_answers
from lessons.check.exercise import Exercise
from lessons.check.judge import SEED, Verdict, judge
from lessons.check.registry import EXERCISES
from minunet.commands import at_least
from minunet.errors import InputError, exit_status, printable
from minunet.train.own_layers import run_file

HERE = Path(__file__).parents[1] / "exercises"
MARKS = {"done": "[x]", "wrong": "[!]", "not begun": "[ ]"}
DESCRIPTION = """\
Check the exercises in lessons/exercises/. Without a number: how far you are. With one, what is wrong, if anything:

  python -m lessons.check 3      all exercises of lesson 3
  python -m lessons.check 3.2    one exercise
  python -m lessons.check bug4   your answer to "find the planted bug", or all of them: bugs

Exit status: 0 all that was asked for is done, 1 something is not, 2 something given is wrong.
"""


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lessons.check",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("which", nargs="?", metavar="NUMBER", help="a lesson, an exercise or a bug: 3, 3.2, bug4")
    parser.add_argument(
        "--folder", type=Path, default=HERE, metavar="DIR", help="where your files lie (default: lessons/exercises)"
    )
    parser.add_argument(
        "--seed", type=at_least(0), default=SEED, metavar="N", help=f"other random cases (default: {SEED})"
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 done, 1 not yet, 2 bad input."""
    options = make_parser().parse_args(arguments)
    return exit_status(lambda: _check(options))


def _check(options: argparse.Namespace) -> int:
    if options.which is not None and options.which.startswith("bug"):
        answers = read_answers(options.folder)
        bugs = {f"bug{each}": judge_bug(each, answers.get(each, "")) for each in numbers(options.which)}
        return _print_verdicts(bugs)
    if options.which is None:
        return _board(options)
    verdicts = {exercise: _verdict(exercise, options) for exercise in choose(options.which)}
    return _print_verdicts({f"{each.number} {each.name}": verdict for each, verdict in verdicts.items()})


def _print_verdicts(verdicts: dict[str, Verdict]) -> int:
    """A line for each, and what there is to say about it; the exit status."""
    for name, verdict in verdicts.items():
        print(f"{MARKS[verdict.state]} {name}: {verdict.state}")
        for line in verdict.lines:
            print(f"      {printable(line)}")
    return 0 if all(verdict.state == "done" for verdict in verdicts.values()) else 1


def choose(which: str | None) -> list[Exercise]:
    """The exercises that a number names; all without one."""
    if which is None:
        return list(EXERCISES)
    chosen = [each for each in EXERCISES if which in (each.number, str(each.lesson))]
    if not chosen:
        lessons = sorted({exercise.lesson for exercise in EXERCISES})
        raise InputError(
            f"There is no exercise {which}: give a lesson, {lessons[0]} to {lessons[-1]}, an exercise such as 3.2, or "
            "a bug such as bug4."
        )
    return chosen


def load(exercise: Exercise, folder: Path) -> ModuleType:
    """The learner's file of the exercise's lesson, read anew."""
    found = sorted(folder.glob(f"lesson{exercise.lesson:02}_*.py"))
    if len(found) != 1:
        raise InputError(
            f"{folder} must hold one file lesson{exercise.lesson:02}_....py; "
            f"there {'is none' if not found else f'are {len(found)}'}."
        )
    if not found[0].is_file():  # to open a pipe could take for ever
        raise InputError(f"{found[0]} is no file.")
    return run_file(found[0])


def _verdict(exercise: Exercise, options: argparse.Namespace) -> Verdict:
    function = getattr(load(exercise, options.folder), exercise.name, None)
    if not callable(function):
        return Verdict("wrong", [f"There is no function {exercise.name} in the file of lesson {exercise.lesson}."])
    return judge(exercise, function, options.seed)


def _board(options: argparse.Namespace) -> int:
    """A line a lesson, and how many are done; a file that cannot be run costs its own lesson only."""
    done = 0
    for lesson in sorted({exercise.lesson for exercise in EXERCISES}):
        asked = [exercise for exercise in EXERCISES if exercise.lesson == lesson]
        try:
            verdicts = [_verdict(exercise, options) for exercise in asked]
        except InputError as error:
            print(f"lesson {lesson:>2}   {MARKS['wrong']} {printable(error)}")
            continue
        states = (f"{MARKS[each.state]} {one.number} {one.name}" for one, each in zip(asked, verdicts, strict=True))
        print(f"lesson {lesson:>2}   " + "   ".join(states))
        done += sum(verdict.state == "done" for verdict in verdicts)
    found = 0
    if (options.folder / ANSWERS_FILE).is_file():
        answers = read_answers(options.folder)
        bugs = {number: judge_bug(number, answers.get(number, "")) for number in numbers("bugs")}
        print("bugs        " + "   ".join(f"{MARKS[verdict.state]} bug{number}" for number, verdict in bugs.items()))
        found = sum(verdict.state == "done" for verdict in bugs.values())
    print(f"\n{done} of {len(EXERCISES)} exercises done, {found} of {len(numbers('bugs'))} bugs found.")
    print("[!] means: not right yet; `python -m lessons.check NUMBER` says why.")
    return 0 if done == len(EXERCISES) else 1


if __name__ == "__main__":
    sys.exit(main())
