"""Single objects of a prediction: numbered, measured, and written as other programs read them."""

import csv
import errno
import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from minunet.data.dataset import background
from minunet.data.instances import to_classes
from minunet.model.objects import Object, add_to_table, find_objects, outlines, save_numbers, touching

CELLS = ("background", "cell", "border")


def rectangles(*places, shape=(40, 50)):
    numbers = np.zeros(shape, "int32")
    for number, (rows, columns) in enumerate(places, start=1):
        numbers[rows, columns] = number
    return numbers


@pytest.mark.parametrize("classes", [CELLS, ("Background", "Cell", "Border")])
def test_objects_that_touch_are_measured_one_by_one(classes):
    truth = rectangles((np.s_[4:16], np.s_[3:15]), (np.s_[4:16], np.s_[15:30]), (np.s_[25:35], np.s_[40:50]))
    likely = np.linspace(0.5, 1, truth.size).reshape(truth.shape)
    numbers, objects = find_objects(to_classes(truth, 2), likely, classes, border=2)
    assert len(objects) == 3 and {each.label for each in objects} == {classes[1]}
    for each in objects:
        own = numbers == each.id
        rows, columns = np.nonzero(own)
        overlaps = np.bincount(truth[own], minlength=4)
        assert overlaps[1:].max() >= 0.9 * own.sum()  # one of the three, and nearly nothing else
        assert each.area == own.sum()
        assert (each.row, each.column) == pytest.approx((rows.mean(), columns.mean()))
        assert (each.row_start, each.row_stop) == (rows.min(), rows.max() + 1)
        assert (each.column_start, each.column_stop) == (columns.min(), columns.max() + 1)
        assert each.probability == pytest.approx(likely[own].mean())
    assert [each.id for each in objects] == [1, 2, 3] == np.unique(numbers[numbers > 0]).tolist()


@pytest.mark.parametrize(
    ("classes", "found"),
    [
        (("pet", "background", "border"), {"pet": 2}),
        (("ground", "house", "road"), {"house": 2, "road": 1}),  # the first is the background, if none is called so
        (("house", "background", "road"), {"house": 2, "road": 1}),
        (("House", "Background", "BORDER"), {"House": 2}),
    ],
)
def test_islands_of_every_class_but_the_background(classes, found):
    mask = np.full((20, 30), background(classes), "uint8")
    other = next(k for k, name in enumerate(classes) if name in found)
    mask[2:8, 2:8] = mask[2:8, 20:28] = other
    mask[12:18, 5:25] = 2
    mask[19, 29] = other  # too small
    numbers, objects = find_objects(mask, np.ones(mask.shape), classes, border=2, smallest=2)
    assert not touching(classes)
    assert {name: sum(each.label == name for each in objects) for name in found} == found
    assert len(objects) == sum(found.values()) == numbers.max() and numbers[19, 29] == 0


def test_nothing_is_found_in_nothing():
    numbers, objects = find_objects(np.zeros((5, 7), "uint8"), np.ones((5, 7)), CELLS, border=2)
    assert objects == [] and not numbers.any() and not outlines(numbers).any()


def test_outlines_lie_inside():
    numbers = rectangles((np.s_[1:4], np.s_[1:4]), (np.s_[1:4], np.s_[4:6]), shape=(5, 7))
    expected = np.zeros((5, 7), bool)
    expected[1:4, 1:6] = True
    expected[2, 2] = False
    np.testing.assert_array_equal(outlines(numbers), expected)


@pytest.mark.parametrize("most", [3, 65535, 65536])
def test_numbers_are_written_as_others_read_them(tmp_path, most):
    numbers = np.arange(12, dtype="int32").reshape(3, 4)
    numbers[2, 3] = most
    path = save_numbers(tmp_path / "a.b", numbers)
    assert path.name == ("a.b.objects.png" if most < 65536 else "a.b.objects.tif")
    read = np.asarray(Image.open(path)) if most < 65536 else tifffile.imread(path)
    np.testing.assert_array_equal(read, numbers)
    with pytest.raises(FileExistsError):
        save_numbers(tmp_path / "a.b", numbers)


def test_the_table(tmp_path):
    path, one = tmp_path / "objects.csv", Object(1, 'a, "b"', 20, 1.23456, 2, 0, 5, 0, 4, 0.98765)
    add_to_table(path, "first.png", [one, one._replace(id=2)])
    add_to_table(path, "none.png", [])
    add_to_table(path, "größer.png", [one])
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["picture"], row["id"]) for row in rows] == [
        ("first.png", "1"),
        ("first.png", "2"),
        ("größer.png", "1"),
    ]
    assert rows[0]["label"] == 'a, "b"' and rows[0]["row"] == "1.23" and rows[0]["probability"] == "0.988"


def test_a_full_disk_leaves_no_half_a_line(tmp_path, monkeypatch):
    one, path = Object(1, "a", 20, 1, 2, 0, 5, 0, 4, 0.5), tmp_path / "objects.csv"
    add_to_table(path, "first.png", [one])
    before = path.read_bytes()

    class Full(io.BytesIO):
        def write(self, data):
            with real(path, "ab") as file:
                file.write(data[:10])
            raise OSError(errno.ENOSPC, "No space left on device")

    real = open
    monkeypatch.setattr("builtins.open", lambda *given, **how: Full())
    with pytest.raises(OSError, match="No space"):
        add_to_table(path, "second.png", [one])
    monkeypatch.undo()
    assert path.read_bytes() == before
