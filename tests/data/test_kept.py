"""What scaling keeps of a mask, against a plain way, and what a folder is told of it."""

import numpy as np
import pytest
from PIL import Image

from minunet.data import kept as kept_module
from minunet.data.folder import read_folder
from minunet.data.kept import best_iou, kept
from minunet.data.view import choose_view
from tests.data.pictures import write_folder


def plain(labels, size, classes):
    """Of each class its part of the pixels around each pixel, there and back, in floating point; the most wins."""

    def scaled(plane, size):
        return np.asarray(Image.fromarray(plane).resize(size[::-1], Image.Resampling.BILINEAR))

    parts = [scaled(scaled((labels == k).astype("float32"), size), labels.shape) for k in range(classes)]
    back = np.where(labels < classes, np.argmax(parts, axis=0), -1)
    return np.array(
        [[((back == k) & (labels == k)).sum(), (back == k).sum(), (labels == k).sum()] for k in range(classes)]
    )


@pytest.mark.parametrize(("classes", "ignored"), [(2, False), (3, False), (3, True)])
def test_as_a_plain_way_has_it(rng, classes, ignored):
    labels = np.kron(rng.integers(0, classes, (12, 9)), np.ones((7, 8))).astype("uint8")
    labels[rng.random(labels.shape) < 0.05] = 255 if ignored else 0
    for size in ((20, 20), (11, 36), labels.shape):
        counts = kept(labels, size, None)
        np.testing.assert_allclose(counts[:classes], plain(labels, size, classes), atol=0.01 * labels.size)
        np.testing.assert_array_equal(counts[:, 2][:classes], [(labels == k).sum() for k in range(classes)])
        assert not counts[classes:].any()
    np.testing.assert_array_equal(counts[:classes, 0], counts[:classes, 2])  # at its own size all of it is kept


def test_the_last_of_256_classes_is_one():
    labels = np.repeat([[0, 255]], 20, axis=1).repeat(40, axis=0).astype("uint8")
    assert kept(labels, (20, 20), 256)[255].tolist() == [800, 800, 800]
    assert kept(labels, (20, 20), 255)[255].tolist() == [0, 0, 0]


def test_large_masks_are_measured_in_tiles(monkeypatch):
    labels = (np.indices((240, 160)).sum(axis=0) // 5 % 4 == 0).astype("uint8")
    labels[-3:] = 2
    whole = kept(labels, (60, 40), None)
    monkeypatch.setattr(kept_module, "LARGEST", 100)
    in_tiles = kept(labels, (60, 40), None)
    np.testing.assert_allclose(best_iou(in_tiles), best_iou(whole), atol=0.02)
    np.testing.assert_array_equal(in_tiles[:, 2], whole[:, 2])


def test_of_many_values_without_names_nothing_is_measured():
    labels = np.arange(400).reshape(20, 20).astype("uint8")
    assert not kept(labels, (5, 5), None).any() and kept(labels, (5, 5), 256).any()


def test_what_is_not_there_has_no_iou():
    np.testing.assert_array_equal(best_iou(np.array([[3, 4, 5], [0, 2, 0], [0, 0, 4]])), [0.5, np.nan, 0])


def test_all_masks_are_measured_when_they_are_read(tmp_path, rng, capsys):
    """Those that are not asked about the view, too, and all of each."""
    folder = write_folder(tmp_path / "mine", count=40, size=(60, 60))
    for number, path in enumerate(sorted((folder / "masks").iterdir())):
        mask = np.array(Image.open(path))
        if number % 3:  # the masks that are asked are the last one and every third before it
            mask[0, ::5] = 2
        Image.fromarray(mask).save(path)
    (folder / "classes.txt").write_text("0 ground\n1 thing\n2 dot\n")
    view = choose_view(folder, 16)
    assert "at best, in the 14 of 40 masks that were asked" in view.reason and "dot" not in view.reason
    read_folder(folder, None, rng)
    assert "Much is lost" not in capsys.readouterr().err
    read_folder(folder, 16, rng)
    assert (
        "Much is lost in scaling to 16 x 16 pixels: the best IoU that could be reached in the pictures themselves is "
        "about, of dot 0.00. A larger --size keeps more, and --view pieces all of it."
    ) in capsys.readouterr().err


def test_what_pieces_of_scaled_pictures_lose_is_told(tmp_path, rng, capsys):
    folder = write_folder(tmp_path / "mine", size=(60, 60))
    for path in (folder / "masks").iterdir():
        mask = np.array(Image.open(path))
        mask[0, ::5] = 2
        Image.fromarray(mask).save(path)
    (folder / "classes.txt").write_text("0 ground\n1 thing\n2 dot\n")
    read_folder(folder, None, rng, scale=0.25)
    said = capsys.readouterr().err
    assert "Much is lost in scaling by 0.25: the best IoU" in said
    assert "of dot 0.00. A larger --scale keeps more, and --scale 1 all of it." in said
    (folder / "classes.txt").unlink()
    (folder / "masks").rename(folder / "instances")
    for path in (folder / "instances").iterdir():
        mask = np.array(Image.open(path))
        Image.fromarray(np.where(mask == 2, 2 + np.arange(60) // 5, mask).astype("uint8")).save(path)
    read_folder(folder, None, rng, scale=0.1)
    assert (
        "60 objects vanish in scaling by 0.1, and are not trained on, and count as missed. A larger --scale keeps "
        "more, and --scale 1 all of them."
    ) in capsys.readouterr().err
