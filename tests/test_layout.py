"""The house: every import points from a room to one further down in this list, and few rooms know CuPy."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "minunet"
ROOMS = [  # from the roof to the ground
    "predict", "export", "train", "bench", "gradcheck", "model", "exchange", "gradient", "unet", "optim", "draw", "fast",
    "gpu", "data", "metrics", "layers", "commands", "threads", "backend", "files", "seeds", "errors",
]  # fmt: skip
WITH_CUPY = {"backend.py", "bench/gpu.py"}  # and all of gpu/


def room_of(module: str) -> str:
    """The room of a module, `minunet.data.batches` -> `data`."""
    return module.split(".")[1]


def imports(path: Path) -> set[str]:
    """The modules that a file imports, those inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "minunet":
            found |= {f"minunet.{alias.name}" for alias in node.names if not alias.name.startswith("__")}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


FILES = [path for path in sorted(ROOT.rglob("*.py")) if path != ROOT / "__init__.py"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_one_way(path):
    own = ROOMS.index(path.relative_to(ROOT).with_suffix("").parts[0])
    rooms = {room_of(module) for module in imports(path) if module.startswith("minunet.")} & set(ROOMS)
    assert [room for room in rooms if ROOMS.index(room) < own] == []


def test_every_room_has_its_place():
    there = {path.relative_to(ROOT).with_suffix("").parts[0] for path in FILES}
    assert there == set(ROOMS)


def test_few_files_know_cupy():
    knowing = {path for path in FILES if {"cupy", "cupyx"} & {module.split(".")[0] for module in imports(path)}}
    outside = {path.relative_to(ROOT).as_posix() for path in knowing if path.parent != ROOT / "gpu"}
    assert outside == WITH_CUPY
