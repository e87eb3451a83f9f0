"""Every figure of the lessons is what its script draws today."""

import importlib
import io
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

FOLDER = Path(__file__).parents[2] / "lessons" / "figures"
# Pictures of runs that take minutes to hours: their commands are in RESULTS.md and in the README.
OF_RUNS = {"cells", "explore", "nuclei", "pets", "seed_aligned", "seed_resized", "roofline", "uses"}
NAMES = sorted(path.stem for path in FOLDER.glob("*.png") if path.stem.partition(".")[0] not in OF_RUNS)


def test_every_figure_has_a_script():
    assert [name for name in NAMES if not (FOLDER / f"{name.partition('.')[0]}.py").exists()] == []


@cache
def drawn(name: str) -> Figure:
    """What the script draws: NAME, or NAME.narrow, which is for a phone."""
    script, _, narrow = name.partition(".")
    draw = importlib.import_module(f"lessons.figures.{script}").draw
    return draw(narrow=True) if narrow else draw()


@pytest.mark.parametrize("name", NAMES)
def test_the_script_draws_the_figure(name):
    """To the pixel, but for one in a thousand: on another processor a line may end in another shade."""
    from lessons.figures.style import DPI

    file = io.BytesIO()
    drawn(name).savefig(file, dpi=DPI, metadata={"Software": None})
    new, kept = (np.asarray(Image.open(each).convert("RGB")).astype(int) for each in (file, FOLDER / f"{name}.png"))
    assert new.shape == kept.shape
    assert (np.abs(new - kept).max(axis=2) > 8).mean() < 1e-3, f"run python -m lessons.figures.{name.partition('.')[0]}"


@pytest.mark.parametrize("name", [name for name in NAMES if f"{name}.narrow" not in NAMES])
def test_a_phone_shows_the_figure_in_letters_that_can_be_read(name):
    """It is shown 358 pixels wide on a page of 390: then the smallest letters are at least 8 pixels high."""
    assert_readable(drawn(name))


def assert_readable(figure: Figure) -> None:
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    smallest = min(texts, key=lambda text: text.get_fontsize())
    pixels = smallest.get_fontsize() / 72 * 358 / figure.get_figwidth()
    assert pixels >= 8, f"{smallest.get_text()!r}: {pixels:.1f} pixels"


@pytest.mark.parametrize("narrow", [False, True])
def test_the_uses_are_drawn(narrow):
    """Their pictures do not come along; here, that it can be drawn, and read on a phone."""
    from lessons.figures.uses import draw

    picture = np.zeros((8, 8, 3), "uint8")
    figure = draw([(f"title {number}", picture, picture) for number in range(3)], narrow)
    assert len(figure.axes) == 6
    if narrow:
        assert_readable(figure)


def test_the_roofline_is_measured(monkeypatch):
    """Its picture is of one machine; here, that it can be drawn."""
    from lessons.figures import roofline
    from minunet.bench import measure
    from minunet.bench.networks import Task

    monkeypatch.setattr(measure, "SIZES", ((32, 2),))
    measured = roofline.measure([Task("tiny", 8, 2, "same", 3, 16)], rounds=1)
    for narrow in (False, True):
        dots = roofline.draw(measured, narrow).axes[0].collections[0].get_offsets()
        assert len(dots) == 6 and (dots > 0).all()
