"""The ten patients: each trains worse than the healthy one, by the fault of one part, and answers are judged."""

import numpy as np
import pytest

from lessons.bugs import SUSPECTS, Patient
from lessons.bugs.judge import FILE
from lessons.bugs.planted import BUGS
from lessons.check.__main__ import main
from tests.lessons.stubs import as_committed

STEPS = 100


def last(losses: list[float]) -> float:
    return float(np.mean(losses[-20:]))


@pytest.fixture(scope="module")
def healthy() -> float:
    return last(Patient(0).train(STEPS))


def test_the_healthy_one_learns(healthy):
    assert healthy < 0.5


@pytest.mark.parametrize("number", BUGS)
def test_a_patient_trains_badly(healthy, number):
    assert last(Patient(number).train(STEPS)) > 1.1 * healthy


@pytest.mark.parametrize("number", BUGS)
def test_only_one_part_is_ill(number):
    """The others are the healthy one's functions themselves."""
    ill, well = Patient(number).parts, Patient(0).parts
    assert [name for name in SUSPECTS if ill[name] is not well[name]] == [BUGS[number].part]


def test_bugs_are_in_different_parts_and_a_patient_is_the_same_every_time():
    assert len({bug.part for bug in BUGS.values()}) == len(BUGS) == 10
    assert Patient(3).train(3) == Patient(3).train(3)
    with pytest.raises(ValueError, match="1 to 10"):
        Patient(11)


def answer(folder, text: str, which: str) -> int:
    (folder / FILE).write_text(text, encoding="utf-8")
    return main([which, "--folder", str(folder)])


def test_answers(tmp_path, capsys):
    right = {number: bug.part for number, bug in BUGS.items()}
    assert answer(tmp_path, f"ANSWERS = {right}", "bugs") == 0
    printed = capsys.readouterr().out
    for bug in BUGS.values():
        assert bug.explanation in printed
    assert answer(tmp_path, "ANSWERS = {}", "bug1") == 1
    assert "not begun" in capsys.readouterr().out
    assert answer(tmp_path, "ANSWERS = {1: 'schedule'}", "bug1") == 1
    assert "schedule is innocent" in capsys.readouterr().out
    assert answer(tmp_path, "ANSWERS = {1: 'relu'}", "bug1") == 1
    assert "you are close" in capsys.readouterr().out
    assert answer(tmp_path, "ANSWERS = {1: 'the gardener'}", "bug1") == 1
    assert "no part 'the gardener'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "which", "sentence"),
    [
        ("ANSWERS = {}", "bug11", "There is no patient bug11"),
        ("ANSWERS = [", "bug1", "cannot be run: SyntaxError"),
        ("ANSWERS = 3", "bug1", "must define ANSWERS"),
    ],
)
def test_bad_input(tmp_path, capsys, text, which, sentence):
    assert answer(tmp_path, text, which) == 2
    assert sentence in capsys.readouterr().err


def test_the_file_of_answers_is_empty(capsys, tmp_path):
    assert main(["bugs", "--folder", str(as_committed())]) == 1
    assert capsys.readouterr().out.count("not begun") == 10
    assert main(["bug1", "--folder", str(tmp_path)]) == 2
    assert "There is no file" in capsys.readouterr().err
