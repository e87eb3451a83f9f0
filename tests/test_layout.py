"""The house: every import points from a room to one further down in this list, and few rooms know CuPy."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "minunet"
ROOMS = [  # from the roof to the ground
    "explore", "predict", "export", "train", "bench", "gradcheck", "model", "exchange", "gradient", "recording", "unet",
    "blocks", "operations", "optim", "draw", "fast", "gpu", "data", "metrics", "layers", "commands", "threads",
    "backend", "files", "options", "seeds", "errors",
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
            assert node.level == 0, f"{path}: a relative import"
            found.add(node.module or "")
    return found


FILES = [path for path in sorted(ROOT.rglob("*.py")) if path != ROOT / "__init__.py"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_one_way(path):
    own = ROOMS.index(path.relative_to(ROOT).with_suffix("").parts[0])
    rooms = {room_of(module) for module in imports(path) if module.startswith("minunet.")}
    assert rooms <= set(ROOMS), "not from a room, but from what the package hands on"
    assert [room for room in rooms if ROOMS.index(room) < own] == []


def test_every_room_has_its_place():
    there = {path.relative_to(ROOT).with_suffix("").parts[0] for path in FILES}
    assert there == set(ROOMS)


def test_few_files_know_cupy():
    knowing = {path for path in FILES if {"cupy", "cupyx"} & {module.split(".")[0] for module in imports(path)}}
    knowing |= {path for path in FILES if 'imported("cupy")' in path.read_text(encoding="utf-8")}
    outside = {path.relative_to(ROOT).as_posix() for path in knowing if path.parent != ROOT / "gpu"}
    assert outside == WITH_CUPY


def patches(tree: ast.Module) -> list[int]:
    """The lines that set an attribute of a module or a class: by `x.y = `, `setattr`, `vars(x)` or `x.__dict__`."""
    names = {"minunet"}  # of modules and classes, as this file knows them
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ClassDef):
            names |= {node.name, "cls"}
    found = []
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            every = [part for target in targets for part in ast.walk(target)]
            owners = [
                part.value for part in every if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store)
            ]
            found += [node.lineno for owner in owners if isinstance(owner, ast.Name) and owner.id in names]
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("setattr", "vars")
            or isinstance(node, ast.Attribute)
            and node.attr == "__dict__"
        ):
            found.append(node.lineno)
    return found


OF_A_THREAD = {"fast/scratch.py"}  # the memory that a thread keeps for itself: an object of threading.local


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_is_patched(path):
    """Whoever wants other functions hands them over, see `minunet.operations`; the bench may put clocks around some."""
    place = path.relative_to(ROOT).as_posix()
    if not place.startswith("bench/") and place not in OF_A_THREAD:
        assert patches(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        "import a\na.b = 1", "from x import a\na.b += 1", "class A: ...\nA.b = 1", "import a\na.b, c = 1, 2",
        "setattr(a, 'b', 1)", "vars(a)['b'] = 1", "a.__dict__['b'] = 1", "import a as c\nc.b: int = 1",
    ],
)  # fmt: skip
def test_a_patch_is_seen(line):
    assert len(patches(ast.parse(line))) == 1
    assert patches(ast.parse("class A:\n    def f(self):\n        self.b = 1\n")) == []
