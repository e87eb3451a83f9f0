"""Pictures: that they are written, show what they should, and choose by rule."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from minunet.data.cells import make_cells
from minunet.data.dataset import Dataset
from minunet.draw import plots
from minunet.gradient import LOSSES


def test_curves(tmp_path):
    scores = {"pixel_accuracy": 0.5, "mean_iou": 0.4, "iou_a": 0.3, "iou_b": float("nan")}
    rows = [{"epoch": i, "train_loss": 1 / i, "val_loss": 1.1 / i, **scores} for i in (1, 2, 3)]
    plots.save_curves(tmp_path / "curves.png", rows, ("a", "b"))
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.size == (1200, 400)
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 10


def test_curves_name_their_loss(tmp_path, monkeypatch):
    names = []
    monkeypatch.setattr("matplotlib.axes.Axes.set", lambda axes, **about: names.append(about.get("ylabel")))
    row = {"epoch": 1, "train_loss": 1, "val_loss": 1, "pixel_accuracy": 0.5, "mean_iou": 0.4}
    for loss in LOSSES:
        plots.save_curves(tmp_path / "curves.png", [row], (), loss)
    assert names[::2] == ["cross-entropy per pixel", "1 - soft Dice", "cross-entropy + 1 - soft Dice"]


def test_predictions_show_the_worst_and_the_best(tmp_path, rng, monkeypatch):
    data = make_cells(6, 32, rng)
    answers = data.labels.copy()
    for number in range(6):
        answers[number, : 5 * number] = 0  # ever worse
    labels = []
    monkeypatch.setattr("matplotlib.axes.Axes.set_ylabel", lambda axes, text: labels.append(text))
    plots.save_predictions(tmp_path / "predictions.png", data, answers, count=3)
    assert len(labels) == 3 and labels == sorted(labels) and labels[-1] == "mean IoU 1.00"
    with Image.open(tmp_path / "predictions.png") as picture:
        assert picture.width == 840


def test_errors_are_strong_where_the_answer_is_wrong(tmp_path, rng, monkeypatch):
    shown = []
    monkeypatch.setattr("matplotlib.axes.Axes.imshow", lambda axes, picture, **how: shown.append(picture))
    data = make_cells(1, 32, rng)
    answers = (data.labels + (np.arange(32) < 7)) % 3  # wrong in the first seven columns
    plots.save_predictions(tmp_path / "predictions.png", data, answers, panels=("errors", "truth"))
    errors, truth = shown
    assert np.array_equal(errors[:, :7], plots.class_colours(data.classes)[answers[0, :, :7]])
    assert errors[:, 7:].min() > 200 and np.array_equal(truth, plots.class_colours(data.classes)[data.labels[0]])


def test_fewer_images_than_rows(tmp_path, rng):
    data = make_cells(1, 32, rng)
    plots.save_predictions(tmp_path / "predictions.png", data, data.labels)
    assert (tmp_path / "predictions.png").exists()


def test_every_class_has_its_own_colour():
    colours = plots.class_colours([str(number) for number in range(20)])
    assert colours.shape == (20, 3) and colours.dtype == np.uint8
    assert len(np.unique(colours, axis=0)) == 20


def test_background_and_border_have_the_same_colours_in_every_data_set():
    cells, pets = (
        plots.class_colours(names) for names in (("background", "cell", "border"), ("pet", "background", "border"))
    )
    assert np.array_equal(cells[[1, 0, 2]], pets)
    assert np.array_equal(plots.class_colours(("a", "border", "b", "c"))[[0, 2, 1]], cells)


def many(count):
    return tuple(f"class {number}" for number in range(count))


@pytest.mark.parametrize("count", [21, 150, 256])
def test_many_classes_have_colours_of_their_own_that_are_not_dark(count):
    colours = plots.class_colours(many(count))
    assert len(np.unique(colours, axis=0)) == count and colours.max(axis=1).min() > 120


@pytest.mark.parametrize(("count", "named"), [(3, 3), (21, 8), (150, 8)])
def test_curves_name_the_best_and_the_worst_of_many_classes(tmp_path, monkeypatch, count, named):
    labels, sizes = [], []
    monkeypatch.setattr("matplotlib.axes.Axes.plot", lambda axes, x, y, label, **how: labels.append(label))
    row = {"epoch": 1, "train_loss": 1, "val_loss": 1, "pixel_accuracy": 0.5, "mean_iou": 0.4}
    row |= {f"iou_class {number}": number / count for number in range(count)}
    row["iou_class 1"] = float("nan") if count > 3 else 0.1
    monkeypatch.setattr("matplotlib.axes.Axes.legend", lambda axes, **how: sizes.append(1))
    plots.save_curves(tmp_path / "curves.png", [row], many(count))
    shown = [label for label in labels if label.startswith("IoU class")]
    assert len(shown) == named and labels.count("_") == count - named
    if count > 3:
        assert shown[0] == f"IoU class {count - 1}" and shown[-1] == "IoU class 0" and "IoU class 1" not in shown


@pytest.mark.parametrize("count", [3, 21, 150])
def test_the_legend_of_pictures_lies_in_them(tmp_path, rng, monkeypatch, count):
    """Of many classes those that are shown, the most frequent ones first."""
    low = rng.integers(0, count, (2, 4, 4))
    labels = low.repeat(5, axis=1).repeat(5, axis=2).astype("uint8")
    names = tuple(f"a rather long name {number}" for number in range(count))
    data = Dataset(np.zeros((2, 20, 20, 3), "uint8"), labels, ["a", "b"], names)
    legends = []
    save = Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda self, *given, **how: (legends.append(self), save(self, *given, **how))
    )
    plots.save_predictions(tmp_path / "p.png", data, labels)
    (drawn,) = legends
    (legend,) = drawn.legends
    box, whole = legend.get_window_extent(), drawn.bbox
    assert box.x0 >= 0 and box.x1 <= whole.width and box.y0 >= 0
    texts = [text.get_text() for text in legend.get_texts()]
    assert len(texts) == (3 if count == 3 else min(20, len(np.unique(labels))))
    if count > 20:
        assert texts[0] == names[np.bincount(labels.ravel()).argmax()]
