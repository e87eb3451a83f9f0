"""A minute of fuzzing, and all that was ever found; more by `python -m tests.fuzz`."""

import pytest

from tests.fuzz.__main__ import FOUND, fuzz
from tests.fuzz.targets import TARGETS, survive

COUNT = 250  # files of each kind

pytestmark = pytest.mark.filterwarnings("ignore:::PIL")


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_files_give_sentences(name, tmp_path):
    (tmp_path / "inside").mkdir()
    tried, data, error = fuzz(TARGETS[name], COUNT, 0, tmp_path / "inside")
    assert error is None, (data, error)
    assert tried >= COUNT // 2  # Hypothesis makes none twice


def test_what_was_found_once_gives_sentences(tmp_path):
    (tmp_path / "inside").mkdir()
    found = sorted(path for path in FOUND.rglob("*") if path.is_file())
    assert found
    for path in found:
        survive(TARGETS[path.parent.name], tmp_path / "inside", path.read_bytes())


def test_the_fuzzer_finds_what_fails_and_makes_it_small(tmp_path):
    def use(folder, data):
        if b"\x1b" in data:
            raise KeyError("escape")

    tried, data, error = fuzz(TARGETS["lists"]._replace(use=use), 2000, 0, tmp_path)
    assert isinstance(error, KeyError) and b"\x1b" in data and len(data) < 60
