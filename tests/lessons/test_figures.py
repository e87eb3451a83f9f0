"""Every figure of the lessons is what its script draws today."""

import importlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

FOLDER = Path(__file__).parents[2] / "lessons" / "figures"
# Pictures of runs that take minutes to hours: their commands are in RESULTS.md and in the README.
OF_RUNS = {"cells", "nuclei", "pets", "seed_aligned", "seed_resized", "roofline", "uses", "uses.narrow"}
NAMES = sorted(path.stem for path in FOLDER.glob("*.png") if path.stem not in OF_RUNS)


def test_every_figure_has_a_script():
    assert [name for name in NAMES if not (FOLDER / f"{name.partition('.')[0]}.py").exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_script_draws_the_figure(name):
    """To the pixel, but for one in a thousand: on another processor a line may end in another shade."""
    from lessons.figures.style import DPI

    file = io.BytesIO()
    script, _, narrow = name.partition(".")
    draw = importlib.import_module(f"lessons.figures.{script}").draw
    figure = draw(narrow=True) if narrow else draw()
    figure.savefig(file, dpi=DPI, metadata={"Software": None})
    drawn, kept = (np.asarray(Image.open(each).convert("RGB")).astype(int) for each in (file, FOLDER / f"{name}.png"))
    assert drawn.shape == kept.shape
    assert (np.abs(drawn - kept).max(axis=2) > 8).mean() < 1e-3, f"run python -m lessons.figures.{name}"


def test_the_roofline_is_measured(monkeypatch):
    """Its picture is of one machine; here, that it can be drawn."""
    from lessons.figures.roofline import draw
    from minunet.bench import measure
    from minunet.bench.networks import Task

    monkeypatch.setattr(measure, "SIZES", ((32, 2),))
    axes = draw([Task("tiny", 8, 2, "same", 3, 16)], rounds=1).axes[0]
    dots = axes.collections[0].get_offsets()
    assert len(dots) == 6 and (dots > 0).all()
