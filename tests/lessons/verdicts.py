"""What each typical wrong solution is told, as a file: a change of the checker shows there, and is to be read.

`python -m tests.lessons.verdicts` writes verdicts.txt anew.
"""

import importlib
from pathlib import Path

from lessons.check.judge import Verdict, judge
from lessons.check.registry import EXERCISES
from tests.lessons.wrong import WRONG

FILE = Path(__file__).with_suffix(".txt")
for path in sorted(FILE.parent.glob("wrong/lesson*.py")):
    importlib.import_module(f"tests.lessons.wrong.{path.stem}")


def verdicts(number: str) -> dict[str, Verdict]:
    """Of the wrong solutions of an exercise, by their names."""
    exercise = next(each for each in EXERCISES if each.number == number)
    return {function.__name__: judge(exercise, function) for function in WRONG.get(number, [])}


def told(number: str, name: str, verdict: Verdict) -> str:
    """A line: the exercise, the mistake, and the sentence that names it; without the numbers of the case."""
    last = verdict.lines[-1]
    sentence = last.removeprefix("Likely: ") if last.startswith("Likely: ") else "(not named)"
    return f"{number} {name}: {sentence}"


def main() -> None:
    lines = [
        told(exercise.number, name, verdict)
        for exercise in EXERCISES
        for name, verdict in verdicts(exercise.number).items()
    ]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} wrong solutions, {sum('(not named)' not in line for line in lines)} of them named")


if __name__ == "__main__":
    main()
