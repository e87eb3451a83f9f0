"""`python -m lessons.check`: what it says to whom, and what it takes."""

import copy
import shutil
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from lessons.check.__main__ import HERE, main
from lessons.check.compare import same
from lessons.check.exercise import STOPS, Exercise, Mistake
from lessons.check.judge import judge
from lessons.check.registry import EXERCISES
from tests.lessons.stubs import as_committed


@pytest.fixture
def folder(tmp_path):
    """A learner's folder in which everything is solved."""
    for path in (HERE / "solutions").glob("lesson*.py"):
        shutil.copy(path, tmp_path)
    return tmp_path


def edit(folder, old: str, new: str) -> None:
    path = folder / "lesson03_convolution.py"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_board(folder, capsys):
    assert main(["--folder", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert f"{len(EXERCISES)} of {len(EXERCISES)} exercises done, 0 of 10 bugs" in printed and "[ ]" not in printed
    assert main(["--folder", str(as_committed())]) == 1
    printed = capsys.readouterr().out
    assert f"0 of {len(EXERCISES)} exercises done" in printed and printed.count("[ ]") == len(EXERCISES) + 10
    assert "[ ] bug10" in printed
    assert [line.split()[1] for line in printed.splitlines() if line.startswith("lesson")] == [
        str(lesson) for lesson in sorted({exercise.lesson for exercise in EXERCISES})
    ]


def test_a_file_that_cannot_be_run_costs_its_own_lesson_only(folder, capsys):
    edit(folder, "def im2col(", "def im2col((")
    assert main(["--folder", str(folder)]) == 1
    lines = capsys.readouterr().out.splitlines()
    others = len([exercise for exercise in EXERCISES if exercise.lesson != 3])
    assert lines[3].startswith("lesson  3   [!]") and "cannot be run: SyntaxError" in lines[3]
    assert f"{others} of {len(EXERCISES)} exercises done" in lines[-2]


@pytest.mark.parametrize("which", [["3"], []])
def test_what_an_error_says_moves_no_cursor(folder, capsys, which):
    """Wherever it is raised: in the file itself, or in a function that is called."""
    for old, new in (
        ("return cols.reshape(len(x), out_height, out_width, -1)", r"raise ValueError('\x1b[2J\nall good')"),
        ("def im2col(", "raise ValueError('\\x1b[2J\\nall good')\ndef im2col("),
    ):
        edit(folder, old, new)
        assert main([*which, "--folder", str(folder)]) in (1, 2)
        printed = "".join(capsys.readouterr())
        assert "\x1b" not in printed and "\nall good" not in printed
    assert r"ValueError: \x1b[2J\nall good" in printed


def test_it_needs_neither_pytorch_nor_a_network(folder):
    """In a process of its own, in which PyTorch cannot be imported and no socket be opened."""
    code = (
        "import socket, sys; sys.modules['torch'] = None; socket.socket = None\n"
        f"from lessons.check.__main__ import main; sys.exit(main(['3', '--folder', {str(folder)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=HERE.parents[1], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.count("[x]") == 5, done.stderr


def test_a_lesson_and_an_exercise(folder, capsys):
    assert main(["3", "--folder", str(folder)]) == 0
    assert capsys.readouterr().out.count("[x] 3.") == 5
    assert main(["3.2", "--folder", str(folder)]) == 0
    assert capsys.readouterr().out == "[x] 3.2 im2col: done\n"


def test_a_mistake_is_told_with_case_element_numbers_and_name(folder, capsys):
    edit(folder, "dy_rows.sum(axis=0)", "dy_rows.mean(axis=0)")
    assert main(["3.5", "--folder", str(folder)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "[!] 3.5 conv2d_backward: wrong"
    assert "case 1 of 6: dy (1, 2, 3, 1), cache ((1, 3, 4, 1), (2, 2, 1, 1), 1, 0)" in lines[1]
    assert "dbias[0]: expected " in lines[2] and ", got " in lines[2]
    assert "Likely: your dbias is the mean over the pixels" in lines[3]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "return cols.reshape(len(x), out_height, out_width, -1)",
            "cols.sum()",
            "returned None: is a `return` missing?",
        ),
        ("return cols.reshape(len(x), out_height, out_width, -1)", "return cols[9]", "It stopped in line"),
        (
            "return cols.reshape(len(x), out_height, out_width, -1)",
            "return 'cols'",
            "cols must be an array, but is a str",
        ),
        ("def im2col(", "def im2row(", "There is no function im2col"),
        ("return cols.reshape(len(x), out_height, out_width, -1)", "exit()", "SystemExit"),
        (
            "return cols.reshape(len(x), out_height, out_width, -1)",
            "raise NotImplementedError('4.1')",
            "not written yet",
        ),
    ],
)
def test_what_else_can_be_wrong(folder, capsys, old, new, sentence):
    edit(folder, old, new)
    assert main(["3.2", "--folder", str(folder)]) == 1
    assert sentence in capsys.readouterr().out


@pytest.mark.parametrize(
    ("number", "old", "new"),
    [
        ("3.1", "np.empty((len(x), out_height, out_width, out_channels), dtype=x.dtype)", "np.empty(({}, {}, {}, {}))"),
        ("3.2", "kh, kw, x.shape[3]), dtype=x.dtype)", "kh, kw, x.shape[3]))"),
        ("3.4", "cols.shape[5]), dtype=cols.dtype)", "cols.shape[5]))"),
    ],
)
def test_float32_that_becomes_float64_is_refused_where_it_happens(folder, capsys, number, old, new):
    edit(folder, old, new.format("len(x)", "out_height", "out_width", "out_channels"))
    assert main([number, "--folder", str(folder)]) == 1
    printed = capsys.readouterr().out
    assert "case 6 of 6" in printed and "expected float32" in printed and "np.zeros(shape, dtype=x.dtype)" in printed


def test_an_earlier_exercise_that_is_wrong_is_named_first(folder, capsys):
    """By those that call it, and by no others."""
    edit(folder, "xpad[:, rows, columns] += cols", "xpad[:, rows, columns] = cols")
    assert main(["3.5", "--folder", str(folder)]) == 1
    assert "Likely: your col2im of exercise 3.4 is not right yet: start there" in capsys.readouterr().out
    solution = "from lessons.exercises.solutions import lesson03_convolution as other\n\nimport numpy as np\n"
    edit(folder, "import numpy as np\n", solution)
    edit(folder, "    dx = col2im(", "    dx = other.col2im(")
    assert main(["3.5", "--folder", str(folder)]) == 0
    edit(folder, "dy_rows.sum(axis=0)", "dy_rows.mean(axis=0)")
    assert main(["3.5", "--folder", str(folder)]) == 1
    assert "Likely: your dbias is the mean over the pixels" in capsys.readouterr().out


def test_a_learners_file_may_hold_dataclasses(folder):
    edit(
        folder,
        "import numpy as np\n",
        "import numpy as np\nfrom dataclasses import dataclass\n@dataclass\nclass A:\n    b: int\n",
    )
    assert main(["3.2", "--folder", str(folder)]) == 0


def test_a_mistake_that_only_a_small_case_suggests_is_not_named():
    """In the first case N is 2: twice the right answer could be a forgotten division by N, in the second it is not."""
    mistake = Mistake("y", "the division by N is missing.", lambda x: x.sum(0))

    def cases(rng):
        for n in (2, 5, 3):
            yield {"x": rng.standard_normal((n, 3))}

    made = Exercise("1.1", "f", cases, lambda x: x.mean(0), mistakes=(mistake,))
    assert "the division by N" in judge(made, lambda x: x.sum(0)).lines[-1]
    assert "2 times the right one" in judge(made, lambda x: 2 * x.mean(0)).lines[-1]


def test_bad_input(folder, tmp_path, capsys):
    assert main(["99"]) == 2
    assert "There is no exercise 99: give a lesson, 0 to " in capsys.readouterr().err
    edit(folder, "def im2col(", "def im2col((")
    assert main(["3", "--folder", str(folder)]) == 2
    assert "cannot be run: SyntaxError" in capsys.readouterr().err
    (folder / "lesson03_convolution.py").write_text("from __future__ import annotations\nraise SystemExit")
    assert main(["3", "--folder", str(folder)]) == 2
    assert "cannot be run: SystemExit" in capsys.readouterr().err
    (folder / "lesson03_convolution.py").unlink()
    assert main(["3", "--folder", str(folder)]) == 2
    assert "there is none" in capsys.readouterr().err


# --- the judge, on exercises that are made here -----------------------------------------------------------------------


def exercise(right, outputs=("y",), mistakes=(), shape=(2, 3, 3)):
    def cases(rng):
        for _ in range(3):
            yield {"x": rng.standard_normal(shape)}

    return Exercise("1.1", "f", cases, right, outputs, mistakes)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda x: -2 * x, "the sign of your y"),
        (lambda x: 6 * x, "3 times the right one everywhere"),
        (lambda x: 0 * x, "zero everywhere"),
        (lambda x: 2 * x[:, ::-1], "reversed along axis 1"),
        (lambda x: 2 * x.transpose(1, 2, 0), "another order"),
        (lambda x: 2 * x.reshape(2, 9), "a reshape to (2, 3, 3) is missing"),
        (lambda x: np.multiply(x, 2, out=x), "has changed its argument x"),
    ],
)
def test_common_mistakes_have_names(wrong, sentence):
    verdict = judge(exercise(lambda x: 2 * x), wrong)
    assert verdict.state == "wrong" and verdict.named and sentence in " ".join(verdict.lines)


def test_a_missing_sum_has_a_name():
    verdict = judge(exercise(lambda x: x.sum((0, 2))), lambda x: x.sum(0))
    assert "a sum over axis 1 of your y is missing" in verdict.lines[-1]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda x: (x,), "It returned one thing; it should return 2: y, cache."),
        (lambda x: x, "It returned one thing; it should return 2"),
        (lambda x: (x.astype("float32"), x), "y is float32; expected float64"),
        (lambda x: (x.tolist(), x), "y must be an array, but is a list: np.array(...) makes one of it"),
        (lambda x: (x.round().astype(int), x), "y holds whole numbers; expected floating-point numbers"),
        (lambda x: (x + 1e-8, x), "expected -0.72862987"),
        (lambda x: (np.full(x.shape, np.nan), x), "got nan"),
        (lambda x: (x[:1], x), "y has the shape (1, 3, 3); expected (2, 3, 3)."),
    ],
)
def test_forms_of_answers(wrong, sentence):
    verdict = judge(exercise(lambda x: (x, None), ("y", "(cache)")), wrong)
    assert verdict.state == "wrong" and sentence in " ".join(verdict.lines)
    assert judge(exercise(lambda x: (x, None), ("y", "(cache)")), lambda x: (x, "anything")).state == "done"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda x: x.sum(0).astype("uint8"), "y is uint8, in which larger numbers do not fit; expected int64"),
        (lambda image: image, "It takes (image); keep the names of the stub, (x)."),
        (lambda x: x[:, 0:-0], "with p = 0, x[p:-p] is x[0:0]"),
    ],
)
def test_more_that_is_told(wrong, sentence):
    def cases(rng):
        for n in (3, 4):
            yield {"x": rng.integers(0, 9, (n, 5))}

    made = Exercise("1.1", "f", cases, lambda x: x.sum(0))
    assert sentence in " ".join(judge(made, wrong).lines)


def test_an_endless_loop_that_is_stopped_says_where(capsys):
    def endless(x):
        raise KeyboardInterrupt("\x1b[2J")

    with pytest.raises(KeyboardInterrupt):
        judge(exercise(lambda x: x), endless)
    said = capsys.readouterr().err
    assert "1.1 f, case 1 of 3: x (2, 3, 3)" in said and r"KeyboardInterrupt: \x1b[2J" in said


def test_of_two_suspects_the_next_case_decides():
    """In the first case both mistakes give the same number."""
    mistakes = (
        Mistake("y", "you took the first.", lambda x: np.abs(x).sum() + 0 * x),
        Mistake("y", "you took the mean.", lambda x: np.abs(x).mean() + 0 * x),
    )

    def cases(rng):
        yield {"x": rng.standard_normal(1)}
        yield {"x": rng.standard_normal(3)}

    made = Exercise("1.1", "f", cases, lambda x: x - 1, mistakes=mistakes)
    assert judge(made, lambda x: np.abs(x).mean() + 0 * x).lines[-1] == "Likely: you took the mean."


def test_a_mistake_that_spoils_a_case_which_the_learner_got_right_is_not_named():
    """Of zeros both divisions make 0 / 0; but only one of them is right in the first case."""

    def cases(rng):
        yield {"x": np.array([1.0, 2.0])}
        yield {"x": np.zeros(2)}
        yield {"x": np.zeros(3)}

    def right(x):
        return x / x.max() if x.any() else x

    mistakes = (
        Mistake("y", "you divide by the smallest.", lambda x: x / x.min()),
        Mistake("y", "0 / 0 is no number.", lambda x: x / x.max()),
    )
    made = Exercise("1.1", "f", cases, right, mistakes=mistakes)
    assert judge(made, lambda x: x / x.max()).lines[-1] == "Likely: 0 / 0 is no number."
    assert judge(made, lambda x: x / x.min()).lines[-1] == "Likely: you divide by the smallest."
    assert not judge(Exercise("1.1", "f", cases, right, mistakes=mistakes[:1]), lambda x: x / x.max()).named


def test_zeros_that_a_mistake_explains_in_part_only_were_not_filled():
    def cases(rng):
        for scale in (0, 0, 1):
            yield {"x": rng.standard_normal(3), "scale": scale}

    def right(x, scale):
        return x

    some = Mistake("y", "you multiply by scale.", lambda x, scale: scale * x)
    every = Mistake("y", "you forgot to add.", lambda x, scale: 0 * x)
    made = Exercise("1.1", "f", cases, right, mistakes=(some,))
    assert judge(made, lambda x, scale: np.zeros(3)).lines[-1] == "Likely: your y is zero everywhere: was it filled?"
    assert judge(made, lambda x, scale: scale * x).lines[-1] == "Likely: you multiply by scale."
    made = Exercise("1.1", "f", cases, right, mistakes=(some, every))
    assert judge(made, lambda x, scale: np.zeros(3)).lines[-1] == "Likely: you forgot to add."


def test_a_mistake_that_stops_is_known_by_its_error():
    """Of the same name and text, in more than one case, and in none that the learner got right."""

    def cases(rng):
        for shape in ((3,), (2, 3), (2, 4)):
            yield {"x": rng.integers(0, 5, shape)}

    def right(x):
        return np.bincount(x.ravel())

    flatten = Mistake(STOPS, "flatten x.", lambda x: np.bincount(x))
    made = Exercise("1.1", "f", cases, right, mistakes=(flatten,))
    lines = judge(made, lambda x: np.bincount(x)).lines
    assert "It stopped" in lines[1] and "ValueError" in lines[1] and lines[2:] == ["Likely: flatten x."]
    assert not judge(made, lambda x: right(x[:, 0])).named  # another error, in the first case
    assert not judge(made, lambda x: np.bincount(x) if x.shape != (2, 4) else right(x)[9]).named
    always = Mistake(STOPS, "flatten x.", lambda x: np.bincount(np.atleast_2d(x)))
    assert not judge(Exercise("1.1", "f", cases, right, mistakes=(always,)), lambda x: np.bincount(x)).named


def test_dictionaries_are_compared_by_name():
    right = exercise(lambda x: {"a": x, "b": 2 * x})
    assert judge(right, lambda x: {"a": x, "b": 2 * x}).state == "done"
    assert "must be a dictionary with the names a, b" in " ".join(judge(right, lambda x: {"a": x}).lines)
    assert "y['b'][" in " ".join(judge(right, lambda x: {"a": x, "b": x}).lines)


REPLACEMENTS = {"a number": 0.0, "None": None, "a list": [1.0, 2.0], "a name": "x", "a function": np.abs}


@pytest.mark.parametrize("new", REPLACEMENTS.values(), ids=REPLACEMENTS)
@pytest.mark.parametrize(
    ("number", "argument"),
    [("1.4", "params"), ("1.4", "grads"), ("9.2", "velocity"), ("9.3", "m"), ("10.4", "average"), ("13.4", "grads")],
)
def test_an_array_inside_of_an_argument_that_is_replaced_by_something_else_is_told(number, argument, new):
    (made,) = (each for each in EXERCISES if each.number == number)

    def solution(**arguments):
        returned = made.right(**copy.deepcopy(arguments))
        held = arguments[argument]
        held = held[0] if isinstance(held, list) else held
        held[next(iter(held))] = new
        return returned

    verdict = judge(made, solution)
    assert verdict.state == "wrong" and f"has changed its argument {argument}." in verdict.lines[1]


def test_what_arguments_hold_is_compared_by_kind():
    """An array that holds the same numbers may take the place of another; a list of them may not."""
    array = np.array([1.0, np.nan])
    held = [{"a": array, "b": (1, "x", None)}, np.random.default_rng(0), np.abs]
    assert same(copy.deepcopy(held), held)
    for other in (array.tolist(), None, array[:1], array.astype(object), np.nan, np.random.default_rng(0)):
        assert not same([{**held[0], "a": other}, *held[1:]], held)
    assert not same(array, [1.0]) and not same(1.0, np.abs) and not same([None], [(1, 2)])


class OfItsOwn(BaseException):
    """No Exception, as SystemExit is none."""


class Callable:
    """Without a __name__."""

    def __call__(self):
        """Do nothing."""


def raises(error):
    def solution(**arguments):
        raise error

    return solution


def of_objects(*things):
    array = np.empty(len(things), dtype=object)
    array[:] = things
    return array


ODD = {
    "unequal": (np.zeros((2, 3)), np.zeros(3), 0.5),
    "objects": of_objects(np.zeros(2), np.ones(2)),
    "words": np.array(["a", "b"]),
    "callable": Callable(),
    "partial": partial(max),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("number", ["1.4", "1.1", "3.3", "13.4"])
def test_odd_things_are_told(number, odd):
    """In place of the first thing that is returned, of a cache, and of what stands in a dictionary."""
    (made,) = (each for each in EXERCISES if each.number == number)

    def answers(**arguments):
        right = made.right(**arguments)
        parts = list(right) if len(made.outputs) > 1 else [right]
        for place, part in enumerate(parts):
            yield [*parts[:place], odd, *parts[place + 1 :]]
            if isinstance(part, dict):
                yield [*parts[:place], dict.fromkeys(part, odd), *parts[place + 1 :]]

    def solution(which, **arguments):
        parts = list(answers(**arguments))[which]
        return tuple(parts) if len(made.outputs) > 1 else parts[0]

    count = len(list(answers(**next(made.cases(np.random.default_rng(0))))))
    for which in range(count):
        verdict = judge(made, lambda which=which, **arguments: solution(which, **arguments))
        assert verdict.state == "wrong" and len(verdict.lines) > 1


@pytest.mark.parametrize("error", [OfItsOwn("no"), GeneratorExit("no"), SystemExit("no")])
def test_whatever_a_solution_raises_is_told(error):
    made = exercise(lambda x: x, mistakes=(Mistake(STOPS, "that stops.", raises(error)),))
    _, told, likely = judge(made, raises(error)).lines
    assert told.startswith("It stopped in line ") and told.endswith(f", `raise error`: {type(error).__name__}: no")
    assert likely == "Likely: that stops."


class Mute(NotImplementedError):
    """What it says is no text."""

    def __str__(self):
        return 1

    __repr__ = __str__


@pytest.mark.parametrize(
    "solution", [raises(Mute()), lambda x: Mute(), lambda x: holding_itself(), lambda x: {1: Mute()}]
)
def test_what_cannot_be_shown_is_wrong_and_no_error(solution):
    verdict = judge(exercise(lambda x: x), solution)
    assert verdict.state == "wrong" and len(verdict.lines) > 1


def test_an_argument_that_cannot_be_compared_was_changed():
    def solution(x):
        answer = list(x)
        x[0] = np.void(b"abc")
        return answer

    made = Exercise("1.1", "f", lambda rng: [{"x": [1.0, 2.0]}], lambda x: list(x))
    assert "has changed its argument x" in " ".join(judge(made, solution).lines)


def holding_itself():
    out = []
    out.append(out)
    return out


def test_whatever_a_solution_raises_in_a_later_case_only_is_told():
    def solution(x):
        if not calls:
            calls.append(1)
            return 2 * x
        raise OfItsOwn

    calls: list[int] = []
    assert judge(exercise(lambda x: x), solution).state == "wrong"


def test_an_error_without_a_text_has_no_colon(folder, capsys):
    edit(folder, "return cols.reshape(len(x), out_height, out_width, -1)", "assert not len(x)")
    assert main(["3.2", "--folder", str(folder)]) == 1
    assert "`assert not len(x)`: AssertionError\n" in capsys.readouterr().out
    edit(folder, "assert not len(x)", "raise NotImplementedError")
    assert main(["3.2", "--folder", str(folder)]) == 1
    printed = capsys.readouterr().out
    assert "It calls something that is not written yet in line" in printed
    assert ", `raise NotImplementedError`.\n" in printed


@pytest.mark.parametrize("builtin", [max, min, np.add, int, dict, range, print])
def test_a_name_of_something_without_a_signature_is_told(builtin):
    (made,) = (each for each in EXERCISES if each.number == "1.1")
    verdict = judge(made, builtin)
    assert verdict.state == "wrong" and verdict.lines


def test_a_file_that_raises_an_error_of_its_own_costs_its_own_lesson_only(folder, capsys):
    for line, said in (("class A(BaseException): ...\nraise A", "A"), ("raise GeneratorExit(1)", "GeneratorExit: 1")):
        (folder / "lesson03_convolution.py").write_text(line)
        assert main(["--folder", str(folder)]) == 1
        assert f"cannot be run: {said}.\n" in capsys.readouterr().out
    (folder / "lesson03_convolution.py").write_text("raise KeyboardInterrupt")
    assert main(["--folder", str(folder)]) == 130
