"""`classes.txt`: numbers, colours, and what is ignored."""

import numpy as np
import pytest

from minunet.data.classes import codes, read_classes
from minunet.data.dataset import IGNORED
from minunet.errors import InputError


def classes_of(tmp_path, text):
    (tmp_path / "classes.txt").write_text(text)
    return read_classes(tmp_path / "classes.txt")


def test_without_a_file_there_is_none(tmp_path):
    assert read_classes(tmp_path / "classes.txt") is None


def test_numbers_are_sorted_and_what_is_ignored_is_no_class(tmp_path):
    classes = classes_of(tmp_path, "7 road\n3 house\n255 ignore\n")
    assert classes.names == ("house", "road") and not classes.coloured
    mask = np.array([[3, 255], [7, 7]], "uint8")
    labels = classes.encode(tmp_path, mask, np.unique(mask))
    assert labels.dtype == "uint8" and labels.tolist() == [[0, IGNORED], [1, 1]]


def test_colours_keep_the_order_of_the_lines(tmp_path):
    classes = classes_of(tmp_path, "255, 0 ,0 road, wet\n0,0,0 ignore\n0,0,255 house\n")
    assert classes.names == ("road, wet", "house") and classes.coloured
    mask = codes(np.array([[[0, 0, 255], [255, 0, 0], [0, 0, 0]]], "uint8"))
    assert classes.encode(tmp_path, mask, np.unique(mask)).tolist() == [[1, 0, IGNORED]]


def test_a_colour_that_is_not_named_is_refused(tmp_path):
    classes = classes_of(tmp_path, "255,0,0 road\n0,0,255 house\n")
    mask = codes(np.array([[[0, 1, 255], [255, 0, 0]]], "uint8"))
    with pytest.raises(
        InputError, match=r"0,1,255, which classes\.txt does not name\. .* name it: '0,1,255 ignore'\.$"
    ):
        classes.encode(tmp_path / "a.png", mask, np.unique(mask))
    smooth = codes(np.linspace([255, 0, 0], [0, 0, 255], 12).round().astype("uint8")[None])
    with pytest.raises(InputError, match="and 6 more, which .* They look like smooth edges between classes"):
        classes.encode(tmp_path / "a.png", smooth, np.unique(smooth))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0 a\n1\n", r"line 2: '1' is neither VALUE NAME"),
        ("0 a\n256,0,0 b\n", "line 2: '256,0,0 b' is neither"),
        ("0 a\n1,2 b\n", "line 2: '1,2 b' is neither"),
        ("0 a\n65536 b\n", "is neither"),
        ("0 a\n0,0,1 b\n", "names some classes by numbers and some by colours"),
        ("0 a\n0 b\n", "names a value or a class that was named before"),
        ("0 a\n1 a\n", "names a value or a class that was named before"),
        ("0 a\n1 \x1b[2J\n", "names a class by what cannot be shown"),
        ("0 a\n1 ignore\n", "names 1 classes besides 'ignore', which is none; there can be 2 to 255"),
        (
            "".join(f"{k} c{k}\n" for k in range(256)) + "300 ignore\n",
            "names 256 classes besides 'ignore', which is none; there can be 2 to 255",
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, says):
    with pytest.raises(InputError, match=says):
        classes_of(tmp_path, text)
