"""The blocks of the lessons are tests: Python and shell run in the order of the page, what they print is compared.

- A block of `python` or `sh` runs. If a block of `text` follows it, that is what it must print, line by line; a line of
  three dots stands for any number of lines.
- The blocks of Python of a page share their names, as if they were one file.
- The blocks of shell run in an empty folder, in which lessons/, minunet/ and tests/ are as in the project.
- An excerpt of the source (see `lessons.sync`) is not run: it was tested where it lives.
- `<!-- not run: REASON -->` above a block keeps it from running; tests/lessons/test_lessons.py counts them.
"""

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported: see tests/conftest.py

from sybil import Document, Example, Region, Sybil

from lessons.sync import BLOCK, ROOT

_folders: dict[str, tempfile.TemporaryDirectory[str]] = {}  # page -> where its commands run
LINKED = ("lessons", "minunet", "tests", "data", "setup.cfg", "pyproject.toml")


def parse(document: Document) -> Iterator[Region]:
    """The blocks of a page that run."""
    for match in BLOCK.finditer(document.text):
        if match["mark"] is None:
            evaluate = run_python if match["language"] == "python" else run_shell
            code = textwrap.dedent(match["code"])
            printed = None if match["printed"] is None else textwrap.dedent(match["printed"])
            yield Region(match.start("code"), match.end(), (code, printed), evaluate)


def run_python(example: Example) -> str | None:
    """None if it ran and printed what the page says, otherwise what is wrong."""
    code, printed = example.parsed
    output = io.StringIO()
    lines = "\n" * (example.line - 1)  # so that a traceback names the line of the page
    with contextlib.redirect_stdout(output):
        exec(compile(lines + code, example.path, "exec", dont_inherit=True), example.namespace)
    return compare(printed, output.getvalue())


def run_shell(example: Example) -> str | None:
    """As `run_python`, for the commands of a page; a status other than 0 is a failure too."""
    code, printed = example.parsed
    if example.path not in _folders:
        _folders[example.path] = tempfile.TemporaryDirectory(prefix="minunet-lesson-")
        for name in LINKED:
            os.symlink(ROOT / name, Path(_folders[example.path].name, name))
    folder = _folders[example.path].name
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": folder, "COLUMNS": "120", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(["bash", "-ec", code], cwd=folder, env=environment, capture_output=True, text=True)
    unwelcome = done.returncode != 0 and "lessons.check" not in code  # it has 1 for exercises that are not done
    if unwelcome or done.returncode not in (0, 1) or "Traceback" in done.stderr:
        return f"status {done.returncode}:\n{done.stdout}{done.stderr}"
    return compare(printed, done.stdout)


def compare(printed: str | None, output: str) -> str | None:
    """None if `output` is what was `printed` on the page; lines of three dots stand for any lines."""
    if printed is None:
        return None
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line.rstrip()) + r" *\n" for line in printed.splitlines()
    )
    return None if re.fullmatch(pattern, output) else f"the page says:\n{printed}\nit printed:\n{output}"


pytest_collect_file = Sybil(parsers=[parse], patterns=["*.md"]).pytest()
