"""Each scene a few times; more by `python -m tests.faults`."""

import numpy as np
import pytest

from tests.faults.scenes import SCENES

FEW = {"kills": 2, "interrupted saves": 30, "little memory": 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("faults")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of half a zip file
@pytest.mark.parametrize("name", [name for name in SCENES if name != "many steps"])  # which takes a minute
def test_nothing_is_lost(name, folder):
    play, _ = SCENES[name]
    try:
        assert play(folder, FEW.get(name, 1), np.random.default_rng(0))
    except PermissionError as error:
        pytest.skip(f"not on this system: {error}")
