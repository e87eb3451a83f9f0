"""Whole pictures or pieces: what masks say about it."""

import numpy as np
import pytest
from PIL import Image

from minunet.data.view import choose_view
from tests.data.pictures import write_folder


def write_masks(folder, make, count=3):
    """Grey pictures of any content, and the masks that `make` gives."""
    for name in ("images", "masks"):
        (folder / name).mkdir()
    for number in range(count):
        mask = make(number).astype("uint8")
        Image.fromarray(np.zeros_like(mask)).save(folder / "images" / f"{number}.png")
        Image.fromarray(mask).save(folder / "masks" / f"{number}.png")
    return folder


def discs(number, radius=60):
    return np.hypot(*np.ogrid[-100 - number : 100, -100:100]) < radius


def lines(number):
    return (np.indices((256, 256)).sum(axis=0) + number) % 32 < 3


def test_large_things_are_seen_whole(tmp_path):
    view = choose_view(write_masks(tmp_path, discs), 64)
    assert not view.pieces and not view.objects
    assert view.reason.startswith("scaled to 64 x 64 pixels, class 1 could reach an IoU of 1.00 at best")


def test_thin_lines_ask_for_pieces(tmp_path):
    view = choose_view(write_masks(tmp_path, lines), 64)
    assert view.pieces and "class 1 could reach an IoU of 0." in view.reason


def test_classes_have_their_names_and_what_is_ignored_is_not_asked(tmp_path):
    folder = write_masks(tmp_path, lambda number: np.where(lines(number), 255, np.arange(256) >= 128))
    (folder / "classes.txt").write_text("0 ground\n1 sky\n255 ignore\n")
    view = choose_view(folder, 64)
    assert not view.pieces and ("ground" in view.reason or "sky" in view.reason)


def test_single_objects_are_seen_in_pieces(tmp_path):
    folder = write_folder(tmp_path / "mine")
    (folder / "masks").rename(folder / "instances")
    assert choose_view(folder, 64) == (True, "single objects are to be told apart", True)


def test_masks_of_which_nothing_counts_ask_for_nothing(tmp_path):
    folder = write_masks(tmp_path, lambda number: np.full((20, 20), 255))
    (folder / "classes.txt").write_text("0 ground\n1 sky\n255 ignore\n")
    assert choose_view(folder, 64) == (False, "no mask that was asked holds a class", False)


def test_masks_of_many_values_are_not_asked(tmp_path):
    """They are no classes, and are refused when they are read."""
    folder = write_masks(tmp_path, lambda number: np.arange(400).reshape(20, 20) % 100)
    assert choose_view(folder, 64).reason == "no mask that was asked holds a class"


def test_the_size_of_training_is_asked(tmp_path):
    folder = write_masks(tmp_path, lines)
    assert choose_view(folder, 64).pieces and not choose_view(folder, 256).pieces


@pytest.mark.parametrize("pieces", [True, False])
def test_whoever_asks_gets_it(tmp_path, pieces):
    view = choose_view(write_masks(tmp_path, lines), 64, pieces)
    assert view.pieces is pieces and view.reason.startswith("--view asks for them")


def test_whole_pictures_are_told_what_is_lost(tmp_path):
    def dots(number):
        mask = np.zeros((300, 300))
        for y, x in np.random.default_rng(number).integers(5, 290, (20, 2)):
            mask[y : y + 4, x : x + 4] = 1
        return mask

    folder = write_masks(tmp_path, dots)
    assert "scaled to 30 x 30 pixels, class 1 could reach an IoU of 0." in choose_view(folder, 30, False).reason
    (folder / "masks").rename(folder / "instances")
    assert choose_view(folder, 30, False) == (False, "--view asks for them", True)


def test_pieces_of_scaled_pictures_are_told_what_is_lost(tmp_path):
    """What they will be scaled by is measured, not what whole pictures would be scaled to."""
    folder = write_masks(tmp_path, lines)
    view = choose_view(folder, 256, True, 0.1)
    assert view.pieces and view.reason.startswith(
        "--view asks for them; scaled by 0.1, class 1 could reach an IoU of 0."
    )
    assert "scaled by 0.5" not in choose_view(folder, 256, False, 0.5).reason
    to_size, by_scale = choose_view(folder, 64, None, 0.5).reason.split("; ")
    assert to_size.startswith("scaled to 64 x 64 pixels, class 1") and by_scale.startswith("scaled by 0.5, class 1")
