"""A Python without the packages, as after a forgotten `activate`: each command says so in one sentence."""

import configparser
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMMANDS = ["train", "predict", "export", "bench", "gradcheck", "data"]
OF_THE_COURSE = ["check", "site", "sync", "notebooks", "figures.the_u", "experiments.skips"]


def bare_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Python with its own library only, in the root of the project."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [sys.executable, "-S", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "name", [f"minunet.{each}" for each in COMMANDS] + [f"lessons.{each}" for each in OF_THE_COURSE]
)
def test_a_forgotten_activate_is_a_sentence(name):
    result = bare_python("-m", name)
    assert result.returncode == 2 and result.stdout == ""
    assert result.stderr.count("\n") == 1 and result.stderr.startswith(f"minunet: {sys.executable} has no numpy, scipy")
    assert "`source .venv/bin/activate`" in result.stderr
    assert "python3 -m venv .venv && .venv/bin/pip install -e '.[course]'" in result.stderr


def test_a_program_that_imports_minunet_is_not_ended():
    result = bare_python("-c", "try:\n    import minunet\nexcept ModuleNotFoundError as error:\n    print(error.name)")
    assert (result.returncode, result.stdout, result.stderr) == (0, "numpy\n", "")


def test_another_module_that_imports_minunet_is_not_ended(tmp_path):
    """`python -m other.tool`, whose package asks whether minunet is there."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "__init__.py").write_text(
        "try:\n    import minunet\nexcept ImportError:\n    print('without')\n"
    )
    (tmp_path / "other" / "tool.py").write_text("print('done')\n")
    result = subprocess.run(
        [sys.executable, "-S", "-m", "other.tool"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "without\ndone\n", "")


def test_what_is_asked_for_is_installed():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    installed = re.findall(r"^[\w-]+", setup["options"]["install_requires"], re.MULTILINE)
    asked = re.findall(r"needed = \((.*)\)", (ROOT / "minunet" / "__init__.py").read_text(encoding="utf-8"))
    late = {"tifffile", "requests"}  # a machine that is bare does without: see tests/on_gpu.sh
    assert set(asked[0].replace('"', "").replace("PIL", "pillow").split(", ")) == set(installed) - late


def test_the_tests_have_all_that_the_course_has_and_the_course_no_pytorch():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    extras = setup["options.extras_require"]
    assert "minunet[course" in extras["test"]
    assert re.search(r"torch|playwright|cupy", extras["course"]) is None
