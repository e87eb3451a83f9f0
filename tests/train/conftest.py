"""What the tests of this folder share."""

import io

import pytest
from matplotlib.figure import Figure
from PIL import Image

from minunet.data.cells import make_cells
from minunet.train import presets


@pytest.fixture
def small_cells_elsewhere(tmp_path, monkeypatch):
    """At most 12 images of cells, and an empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(presets, "make_cells", lambda count, size, rng: make_cells(min(count, 12), size, rng))


@pytest.fixture(autouse=True)
def figures_without_ink(request, monkeypatch):
    """Ink takes four fifths of the time of a run this small: here figures are laid out, and saved as one pixel.

    But for tests that are marked `ink`; how figures look is tested in tests/draw.
    """
    if request.node.get_closest_marker("ink") is None:
        pixel = io.BytesIO()
        Image.new("RGB", (1, 1)).save(pixel, format="PNG")
        monkeypatch.setattr(Figure, "savefig", lambda figure, file, **how: file.write(pixel.getvalue()))
