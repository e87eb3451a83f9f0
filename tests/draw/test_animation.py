"""`progress.gif`: the frames of the epochs, in their order."""

import dataclasses

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image

from minunet.data.dataset import Dataset
from minunet.draw.animation import FRAME_TIME, FRAMES, LAST_TIME, is_drawn, save_animation, save_frame
from minunet.draw.colours import class_colours

CLASSES = ("background", "cell")


def dataset(shapes: list[tuple[int, int]]) -> Dataset:
    images = [np.full((*shape, 3), 60, dtype="uint8") for shape in shapes]
    labels = [np.zeros(shape, dtype="uint8") for shape in shapes]
    return Dataset(images, labels, [str(i) for i in range(len(shapes))], CLASSES)


def test_first_and_last_epoch_are_drawn_and_not_too_many():
    for epochs in (1, 2, FRAMES, FRAMES + 1, 200, 999):
        drawn = [epoch for epoch in range(1, epochs + 1) if is_drawn(epoch, epochs)]
        assert drawn[0] == 1 and drawn[-1] == epochs and len(drawn) == min(epochs, FRAMES)


@pytest.mark.parametrize("shapes", [[(20, 20)] * 5, [(30, 20), (400, 600)], [(1, 1)], [(3000, 1)]])
def test_frames_in_their_order(tmp_path, shapes):
    """The last panel of each row turns from the colour of class 0 to that of class 1; the others stay."""
    save_animation(tmp_path, CLASSES)  # no frames: no picture
    assert not list(tmp_path.iterdir())
    data = dataset(shapes)
    for epoch, value in ((1, 0), (2, 0), (10, 1)):
        save_frame(tmp_path, epoch, f"epoch {epoch}", data, [np.full(shape, value, "uint8") for shape in shapes])
    save_animation(tmp_path, CLASSES)
    with Image.open(tmp_path / "progress.gif") as picture:
        frames = []
        for number in range(picture.n_frames):
            picture.seek(number)
            frames.append(np.asarray(picture.convert("RGB"), dtype=int))
        assert picture.info["duration"] == LAST_TIME > FRAME_TIME
        picture.seek(0)
        assert picture.info["duration"] == FRAME_TIME
    zero, one = class_colours(CLASSES).astype(int)
    first, last = frames[0], frames[-1]
    assert first.shape == last.shape
    changed = (np.abs(first - last) > 8).any(axis=2)[40:]  # below the text
    assert changed.any() and np.flatnonzero(changed.any(axis=0)).min() > first.shape[1] * 0.6
    place = tuple(np.argwhere(changed)[len(np.argwhere(changed)) // 2] + (40, 0))
    assert np.abs(first[place] - zero).max() <= 8 and np.abs(last[place] - one).max() <= 8


def test_every_class_keeps_its_colour_though_the_end_does_not_show_it(tmp_path, monkeypatch):
    data = dataclasses.replace(dataset([(20, 20)]), classes=tuple("abcdefg"))
    for epoch, value in ((1, 6), (2, 0)):
        save_frame(tmp_path, epoch, "", data, [np.full((20, 20), value, "uint8")])
    (tmp_path / "progress" / "00003.png").write_bytes(b"damaged")  # is passed over, as is what is no PNG:
    (tmp_path / "progress" / "00004.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF\n")
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *arguments, **how: pytest.fail("a program is started"))
    save_animation(tmp_path, data.classes)
    with Image.open(tmp_path / "progress.gif") as picture:
        assert picture.n_frames == 2
        frame = np.asarray(picture.convert("RGB"))
    assert (frame == class_colours(data.classes)[6]).all(axis=2).sum() > 100 * 100
    assert (frame >= 250).all(axis=2).any()


def test_a_resumed_run_draws_its_epoch_again(tmp_path):
    data = dataset([(20, 20)])
    for _ in range(2):
        save_frame(tmp_path, 7, "epoch 7", data, [np.ones((20, 20), "uint8")])
    assert [path.name for path in (tmp_path / "progress").iterdir()] == ["00007.png"]
