"""How a command ends."""

import subprocess
import sys

from minunet.errors import exit_status


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


def test_too_little_memory_is_a_sentence(capsys):
    def greedy() -> int:
        raise MemoryError("Out of memory allocating 9,999,999,999 bytes")

    assert exit_status(greedy) == 2
    assert "too little memory: Out of memory allocating 9,999,999,999 bytes" in capsys.readouterr().err
