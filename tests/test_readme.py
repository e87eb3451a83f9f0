"""The README does not promise what is not there."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lessons.check.registry import EXERCISES
from minunet import layers
from minunet.train import __main__ as train

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "RESULTS.md", "data/README.md", "lessons/README.md", "lessons/course.md"]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not link.startswith("http")]
    assert [link for link in links if not (ROOT / page).parent.joinpath(link.partition("#")[0]).exists()] == []


def test_python_blocks_run(tmp_path, monkeypatch):
    """In the order of the page, in a folder with a run and a picture, as the page assumes."""
    monkeypatch.chdir(tmp_path)
    assert train.main(["--size", "32", "--base", "4", "--depth", "2", "--epochs", "1", "--device", "cpu"]) == 0
    Image.fromarray(np.zeros((40, 50, 3), "uint8")).save("picture.png")
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(blocks) == 3
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    x, weight, dy = (
        np.random.default_rng(0).standard_normal(shape) for shape in ((2, 6, 7, 3), (3, 3, 3, 4), (2, 4, 5, 4))
    )
    (y, cache), (expected, other) = names["conv2d"](x, weight), layers.conv2d(x, weight)
    assert np.allclose(y, expected, rtol=1e-12)
    for ours, theirs in zip(names["conv2d_backward"](dy, cache), layers.conv2d_backward(dy, other), strict=False):
        assert np.allclose(ours, theirs, rtol=1e-12)
    assert names["mask"].shape == (40, 50)
    assert (names["prediction"] == names["labels"]).mean() > 0.7


def test_the_map_names_every_room_and_module():
    """Files of algorithms that a room has many of, of the bench and of the proof, are left to their rooms."""
    tree = README.split("## The map")[1]
    rooms = {f"{path.name}/" for path in (ROOT / "minunet").iterdir() if path.is_dir() and path.name != "__pycache__"}
    files = {path.name for path in (ROOT / "minunet").glob("*.py")}
    for room in ("layers", "train", "model", "data", "draw"):
        files |= {path.name for path in (ROOT / "minunet" / room).glob("*.py")}
    assert {name for name in rooms | files - {"__init__.py", "__main__.py"} if name not in tree} == set()
    named = set(re.findall(r"\b\w+\.py\b", tree))
    assert {
        name for name in named if not list(ROOT.glob(f"minunet/**/{name}")) + list(ROOT.glob(f"tests/{name}"))
    } == set()


def test_there_are_two_commands_and_ci_runs_the_second():
    commands = re.findall(r"^python3 -m venv .*$", README, flags=re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith("-m minunet.train") and "-m pytest" in commands[1]
    assert "^python3 -m venv .*pytest" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_numbers_of_the_course_are_those_of_the_files():
    told = (ROOT / "tests" / "lessons" / "verdicts.txt").read_text(encoding="utf-8").splitlines()
    named = sum("(not named)" not in line for line in told)
    words = " ".join(README.split())
    assert f"the {len(EXERCISES)} exercises offline (of {len(told)} typical wrong solutions" in words
    assert f"and {named} are told by name" in words
