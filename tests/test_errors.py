"""How a command ends."""

import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import minunet
from minunet import InputError
from minunet.errors import exit_status, printable

ROOT = Path(minunet.__file__).parents[1]
COMMANDS = sorted(path for room in ("minunet", "lessons") for path in (ROOT / room).rglob("*.py"))
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(minunet.__file__).parents[1])}


def test_a_reader_that_has_gone_is_no_failure_to_talk_about():
    """`| head`: the program that reads the output ends first."""
    many = (
        "import sys; from minunet.errors import exit_status; sys.exit(exit_status(lambda: print('y' * 1000000) or 0))"
    )
    few = many.replace("1000000", "10")
    for code in (many, few):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.close()  # long before it has anything to print
        assert process.stderr.read() == b""
        process.stderr.close()
        assert process.wait() == 141


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_ends_as_this_module_says(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if "sys.exit(main())" in ast.unparse(tree):
        (main,) = (each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == "main")
        last = main.body[-1]
        assert isinstance(last, ast.Return) and ast.unparse(last).startswith("return exit_status(")


def test_too_little_memory_is_a_sentence(capsys):
    def greedy() -> int:
        raise MemoryError("Out of memory allocating 9,999,999,999 bytes")

    assert exit_status(greedy) == 2
    assert (
        "too little memory: Out of memory allocating 9,999,999,999 bytes. Less is needed for a smaller --batch-size"
        in capsys.readouterr().err
    )


def test_what_could_move_the_cursor_is_written_out():
    for plain in (
        "plain, größer: 漢字",
        "日本\u3000語",
        "a\u00a0b",
        "می\u200cخواهم",
        "क्\u200dष",
    ):  # with spaces and joiners
        assert printable(plain) == plain
    assert printable("\x1b]0;title\x07") == r"\x1b]0;title\x07"
    assert printable("a\nminunet: forged") == r"a\nminunet: forged"
    assert printable("caf\udce9 \u202e") == r"caf\udce9 \u202e"


def test_an_error_is_one_line_whatever_it_says(capsys):
    def fail() -> int:
        raise InputError("the file a\x1b[31m\nminunet: all is well")

    assert exit_status(fail) == 2
    assert capsys.readouterr().err == "minunet: the file a\\x1b[31m\\nminunet: all is well\n"


def test_an_error_of_the_system_names_the_file(capsys, tmp_path):
    assert exit_status(lambda: (tmp_path / "none" / "a").write_text("")) == 2
    assert capsys.readouterr().err == f"minunet: {tmp_path / 'none' / 'a'}: No such file or directory\n"


def test_what_ctrl_c_brings_about_is_ctrl_c(capsys):
    def half_of_a_zip_file() -> int:
        try:
            raise KeyboardInterrupt
        finally:
            raise ValueError("cannot be closed")

    assert exit_status(half_of_a_zip_file) == 130
    assert capsys.readouterr().err == "\nminunet: stopped\n"

    def another_fault() -> int:
        raise ValueError("a fault of ours")

    with pytest.raises(ValueError, match="of ours"):
        exit_status(another_fault)


def test_no_more_threads_is_a_sentence(capsys):
    def greedy() -> int:
        raise RuntimeError("can't start new thread")

    assert exit_status(greedy) == 2
    assert "can't start new thread: the system gives this process no more of them." in capsys.readouterr().err


def test_what_others_do_at_sigterm_stays_so():
    """Only what would end the process at once is changed, and only while a command runs."""
    known = [signal.getsignal(signal.SIGTERM)]
    exit_status(lambda: known.append(signal.getsignal(signal.SIGTERM)) or 0)
    assert known[0] == signal.SIG_DFL == signal.getsignal(signal.SIGTERM) != known[1]
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        exit_status(lambda: known.append(signal.getsignal(signal.SIGTERM)) or 0)
        assert known[2] == signal.SIG_IGN == signal.getsignal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


TALKS = """
import sys
from tqdm import tqdm
from minunet.errors import exit_status

def talk():
    print("tło " * 3)
    tqdm.write("written")
    print("more", file=sys.stderr)
    return 0

sys.exit(exit_status(talk))
"""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="not on this system: it has no /dev/full")
@pytest.mark.parametrize(
    ("redirected", "status", "said"),
    [
        (">&-", 0, "more\n"),
        ("2>&-", 0, ""),
        (">&- 2>&-", 0, ""),
        (">/dev/full", 2, "minunet: what is printed, perhaps: No space left on device\n"),
    ],
)
def test_an_output_that_is_closed_or_full(tmp_path, redirected, status, said):
    (tmp_path / "talks.py").write_text(TALKS, encoding="utf-8")
    command = ["bash", "-c", f"{sys.executable} {tmp_path / 'talks.py'} {redirected}"]
    process = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    assert (process.returncode, process.stderr) == (status, said)


def test_letters_that_the_output_does_not_know(tmp_path):
    """On Windows an output that is redirected knows 256 letters."""
    (tmp_path / "talks.py").write_text(TALKS, encoding="utf-8")
    process = subprocess.run(
        [sys.executable, tmp_path / "talks.py"], capture_output=True, env={**ENVIRONMENT, "PYTHONIOENCODING": "cp1252"}
    )
    assert process.returncode == 0 and process.stdout.startswith(rb"t\u0142o ")
