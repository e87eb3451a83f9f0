"""`python -m lessons.check bug4`: whether the part that was named is the guilty one."""

from pathlib import Path

from lessons.bugs.patient import SUSPECTS
from lessons.bugs.planted import BUGS
from lessons.check.judge import Verdict
from minunet.errors import InputError
from minunet.train.own_layers import run_file

FILE = "find_the_bug.py"


def numbers(which: str) -> list[int]:
    """The patients that "bugs", all, or "bug4" names."""
    if which == "bugs":
        return list(BUGS)
    number = which.removeprefix("bug")
    if number not in map(str, BUGS):
        raise InputError(f"There is no patient {which}: say bug1 to bug{len(BUGS)}, or bugs for all.")
    return [int(number)]


def read_answers(folder: Path) -> dict[int, str]:
    """What the learner has written into the file of answers."""
    path = folder / FILE
    if not path.is_file():
        raise InputError(f"There is no file {path}: it holds your answers, ANSWERS = {{1: 'conv2d_backward', ...}}.")
    answers = getattr(run_file(path), "ANSWERS", None)
    if not (isinstance(answers, dict) and all(isinstance(number, int) for number in answers)):
        raise InputError(f"{path} must define ANSWERS, a dictionary from the number of a patient to the guilty part.")
    return answers


def judge_bug(number: int, answer: str) -> Verdict:
    """An answer, with what there is to say about it."""
    if not isinstance(answer, str):
        return Verdict("wrong", [f"An answer is the name of a part, in quotes. The suspects: {', '.join(SUSPECTS)}."])
    if not answer:
        return Verdict("not begun", [f"Write the name of the guilty part into {FILE}, beside the exercises."])
    if answer not in SUSPECTS:
        return Verdict("wrong", [f"There is no part {answer!r}. The suspects: {', '.join(SUSPECTS)}."])
    bug = BUGS[number]
    if answer == bug.part:
        return Verdict("done", [bug.explanation], named=True)
    lines = [f"{answer} is innocent: in this patient it does what the right one does."]
    if answer.removesuffix("_backward") == bug.part.removesuffix("_backward"):
        lines.append("But you are close.")
    return Verdict("wrong", lines)
