"""Runs the tests that know the file which was changed, in the clone: those named after it first, until one fails."""

import subprocess
import sys
from pathlib import Path

import pytest

FAR = {  # what else knows a file, beside the tests that import it and those of its folder
    "minunet/layers": ["tests/test_gradcheck.py", "tests/test_unet.py"],
    "minunet/optim.py": ["tests/test_optim.py", "tests/reference", "tests/fast/test_others.py"],
    "minunet/blocks.py": ["tests/test_unet.py", "tests/test_recording.py", "tests/reference", "tests/test_gradient.py"],
    "minunet/unet.py": ["tests/test_recording.py", "tests/reference", "tests/test_gradient.py"],
    "minunet/gradient.py": ["tests/test_unet.py", "tests/reference"],
    "minunet/fast": ["tests/test_gradient.py", "tests/test_unet.py"],
}


def tests_of(changed: Path) -> list[str]:
    """The tests of a file, those that are most likely to fail first."""
    module = ".".join(changed.with_suffix("").parts)
    package, _, name = module.rpartition(".")
    folder = Path("tests", *changed.parts[1:-1])
    imports = (f"from {module} import", f"import {module}", f"from {package} import {name}")
    files = sorted(Path("tests").rglob("test_*.py"))
    importing = [path for path in files if any(text in path.read_text() for text in imports)]
    own = [path for path in files if path.name == f"test_{name}.py" and path.parent == folder]
    near = [path for path in files if folder != Path("tests") and folder in path.parents]
    far = [Path(path) for part, paths in FAR.items() if str(changed).startswith(part) for path in paths]
    return [str(path) for path in dict.fromkeys([*own, *importing, *near, *far])] or ["tests"]


def main() -> int:
    changed = subprocess.run(
        ["git", "diff", "--name-only", "--", "minunet"], capture_output=True, text=True, check=True
    )
    paths = changed.stdout.split() or sys.argv[1:]
    tests = list(dict.fromkeys(test for path in paths for test in tests_of(Path(path))))
    status = pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED):  # of an import
        raise SystemExit(f"no tests were run: {status!r}")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
