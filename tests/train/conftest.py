"""What the tests of this folder share."""

import pytest

from minunet.data.cells import make_cells
from minunet.train import presets


@pytest.fixture
def small_cells_elsewhere(tmp_path, monkeypatch):
    """At most 12 images of cells, and an empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(presets, "make_cells", lambda count, size, rng: make_cells(min(count, 12), size, rng))
