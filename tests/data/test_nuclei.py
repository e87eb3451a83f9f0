"""The Data Science Bowl's layout: sizes that differ, a mask a nucleus, lists or none."""

import numpy as np
import pytest
from PIL import Image

from minunet import InputError
from minunet.data import nuclei
from minunet.data.batches import stretch
from minunet.data.instances import border_between
from minunet.data.nuclei import load_nuclei
from minunet.data.pictures import read_image
from tests.data.pictures import write_nuclei


@pytest.fixture
def folder(tmp_path):
    return write_nuclei(tmp_path / "nuclei")


def test_images_keep_their_size_and_labels_follow_from_the_masks(folder, rng):
    training, validation, test = load_nuclei(folder, rng)
    assert [len(part) for part in (training, validation, test)] == [2, 1, 3]
    assert {image.shape for part in (training, validation, test) for image in part.images} == {
        (32, 40, 3), (36, 40, 3), (40, 40, 3)
    }  # fmt: skip
    for part in (training, validation, test):
        for image, labels, instances in zip(part.images, part.labels, part.instances, strict=True):
            assert image.dtype == labels.dtype == np.uint8 and instances.dtype == np.int32
            assert np.bincount(instances.ravel())[1:].tolist() == [154, 154]
            np.testing.assert_array_equal(labels == 2, border_between(instances))
            np.testing.assert_array_equal(labels > 0, (instances > 0) | border_between(instances))
            assert image[8, 8].min() > 30 > 15 > image[0, 0].max()
    assert test.names == ["id3", "id4", "id5"]


def test_the_lists_decide_or_else_the_seed(folder, rng):
    (folder / "train.txt").unlink()
    (folder / "test.txt").unlink()
    parts = load_nuclei(folder, rng)
    assert [len(part) for part in parts] == [4, 1, 1]
    assert sorted(name for part in parts for name in part.names) == [f"id{i}" for i in range(6)]


def test_a_list_for_validation(folder, rng, capsys):
    (folder / "train.txt").write_text("id0\nid5\n")
    (folder / "val.txt").write_text("id1\n")
    (folder / "test.txt").write_text("id3\nid4\n")
    assert [part.names for part in load_nuclei(folder, rng)] == [["id0", "id5"], ["id1"], ["id3", "id4"]]
    (folder / "train.txt").write_text("id0\nid1\n")
    with pytest.raises(InputError, match=r"id1 stands in train\.txt and in val\.txt"):
        load_nuclei(folder, rng)
    (folder / "train.txt").write_text("id0\n")
    capsys.readouterr()
    assert [len(part) for part in load_nuclei(folder, rng)] == [1, 1, 2]
    assert capsys.readouterr().err == "images that no list names, which are passed over: id2, id5\n"
    for path in (folder / "stage1_train" / "id1" / "masks").iterdir():
        path.unlink()  # that nothing is in the one picture for validation is no fault of the folder
    assert not load_nuclei(folder, rng).validation.labels[0].any()
    (folder / "val.txt").write_text("")
    with pytest.raises(InputError, match=r"val\.txt names 0 images, and 1 are needed at least"):
        load_nuclei(folder, rng)


@pytest.mark.parametrize("name", ["train.txt", "val.txt", "test.txt"])
def test_a_list_that_is_a_link_to_nowhere(folder, rng, name):
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(folder / "nowhere.txt")
    with pytest.raises(InputError, match=rf"{name} should be a file, but is a link to nowhere"):
        load_nuclei(folder, rng)


def test_a_name_may_hold_spaces(folder, rng):
    for path in (folder / "stage1_train").iterdir():
        path.rename(path.with_name(f"plate {path.name}"))
        picture = folder / "stage1_train" / f"plate {path.name}" / "images" / f"{path.name}.png"
        picture.rename(picture.with_name(f"plate {path.name}.png"))
    for path in (folder / "train.txt", folder / "test.txt"):
        path.write_text("".join(f"plate {line}\n" for line in path.read_text().splitlines()))
    assert all(name.startswith("plate id") for part in load_nuclei(folder, rng) for name in part.names)


def test_stretching():
    values = np.arange(40, 60, dtype="uint8").repeat(100).reshape(40, 50)
    stretched = stretch(np.stack([values] * 3, axis=2))
    assert stretched.dtype == np.uint8 and stretched.min() == 0 and stretched.max() == 255
    assert (np.diff(stretched[..., 0].ravel().astype(int)) >= 0).all()
    np.testing.assert_array_equal(stretch(np.full((3, 3, 3), 7, "uint8")), 0)  # nothing to stretch


def test_stretching_makes_the_noise_of_photons_even(rng):
    """Counted photons, 20 and 100 on average: the spread of the second is twice that of the first, and then equal."""
    image = rng.poisson(np.where(np.arange(400) < 200, 20, 100), (300, 400)).astype("uint8")[..., None].repeat(3, 2)
    image[:30, :30] = 0  # the darkest 0.75 %: brightness counts from there
    before, after = ([part.std() for part in np.split(each[30:], 2, axis=1)] for each in (image, stretch(image)))
    assert before[1] / before[0] > 2 and 0.85 < after[1] / after[0] < 1.15


def no_images(folder):
    (folder / "stage1_train" / "id1" / "images" / "id1.png").unlink()


def no_masks(folder):
    for path in (folder / "stage1_train" / "id1" / "masks").iterdir():
        path.unlink()
    (folder / "stage1_train" / "id1" / "masks").rmdir()


def other_size(folder):
    Image.fromarray(np.zeros((5, 6), "uint8")).save(folder / "stage1_train" / "id1" / "masks" / "m0.png")


def broken(folder):
    path = folder / "stage1_train" / "id1" / "images" / "id1.png"
    path.write_bytes(path.read_bytes()[:60])


def short_list(folder):
    (folder / "train.txt").write_text("id0\n")


def unknown(folder):
    (folder / "test.txt").write_text("id3\nid4\nid99\n")


def spelled(folder):
    (folder / "test.txt").write_text("id3\nid0/\n")


def named_twice(folder):
    (folder / "test.txt").write_text("id3\nid4\nid3\n")


def in_both_lists(folder):
    (folder / "test.txt").write_text("id3\nid4\nid0\n")


def one_list(folder):
    (folder / "train.txt").unlink()


def a_list_for_validation_alone(folder):
    (folder / "train.txt").unlink()
    (folder / "test.txt").rename(folder / "val.txt")


def no_nuclei(folder):
    for path in (folder / "stage1_train").glob("*/masks/*.png"):
        path.unlink()


def white(folder):
    path = sorted((folder / "stage1_train" / "id1" / "masks").iterdir())[0]
    Image.fromarray(np.full_like(np.array(Image.open(path)), 255)).save(path)


def link_to_nowhere(folder):
    (folder / "test.txt").unlink()
    (folder / "train.txt").unlink()
    (folder / "stage1_train" / "id9").symlink_to(folder / "nowhere")


def everything_else(folder):
    """A mask of the background beside those of the nuclei."""
    masks = [np.array(Image.open(path)) for path in sorted((folder / "stage1_train" / "id1" / "masks").iterdir())]
    Image.fromarray(255 * (np.sum(masks, axis=0) == 0).astype("uint8")).save(folder / "stage1_train/id1/masks/rest.png")


def one_black_nucleus(folder):
    """The last one of several."""
    path = sorted((folder / "stage1_train" / "id1" / "masks").iterdir())[-1]
    Image.fromarray(255 - np.array(Image.open(path))).save(path)


def black_nuclei(folder):
    for path in (folder / "stage1_train" / "id1" / "masks").iterdir():
        Image.fromarray(255 - np.array(Image.open(path))).save(path)


def without_zero(folder):
    path = sorted((folder / "stage1_train" / "id1" / "masks").iterdir())[0]
    Image.fromarray(1 + (np.array(Image.open(path)) > 0).astype("uint8")).save(path)


def latin1(folder):
    (folder / "test.txt").write_bytes("id3\nid4\n\xe4\n".encode("latin-1"))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (no_images, "id1.images should hold one picture, but holds 0"),
        (no_masks, "id1.masks does not exist"),
        (other_size, "m0.png has 6 x 5 pixels, but its picture id1.png has 40 x 36"),
        (broken, "id1.png is damaged"),
        (short_list, "train.txt names 1 images, and 2 are needed at least"),
        (named_twice, "test.txt names id3 twice"),
        (in_both_lists, "id0 stands in train.txt and in test.txt"),
        (everything_else, "id1.masks holds a mask of more than half of the picture, under which others vanish"),
        (one_black_nucleus, "id1.masks holds a mask of more than half of the picture, under which others vanish"),
        (black_nuclei, r"holds 0 at \d+ pixels and 255 at \d+, but a mask shows one nucleus of several: 0 outside"),
        (without_zero, r"holds 1 at \d+ pixels and 2 at \d+, but a mask shows one nucleus of several: 0 outside"),
        (one_list, "train.txt does not exist: train.txt and test.txt go together"),
        (a_list_for_validation_alone, "train.txt does not exist: train.txt and test.txt go together"),
        (link_to_nowhere, "id9.images does not exist"),
        (no_nuclei, "No image of .*nuclei has a mask with an object"),
        (white, r"holds 255 at \d+ pixels and 255"),
        (latin1, "test.txt is not text in UTF-8"),
        (unknown, "test.txt names id99, but .*stage1_train holds no such folder"),
        (spelled, "test.txt names id0/, but .*stage1_train holds no such folder"),
    ],
)
def test_errors_say_what_is_wrong_and_where(folder, rng, spoil, says):
    spoil(folder)
    with pytest.raises(InputError, match=says):
        load_nuclei(folder, rng)


def test_a_large_nucleus_beside_an_empty_mask_is_fine(folder, rng):
    """Nothing is hidden under it: the empty one never showed anything."""
    masks = folder / "stage1_train" / "id1" / "masks"
    shape = np.array(Image.open(sorted(masks.iterdir())[0])).shape
    for path in masks.iterdir():
        path.unlink()
    for name, rows in (("large", slice(0, 28)), ("small", slice(30, 34)), ("empty", slice(0, 0))):
        mask = np.zeros(shape, "uint8")
        mask[rows, 1:] = 255
        Image.fromarray(mask).save(masks / f"{name}.png")
    parts = load_nuclei(folder, rng)
    (instances,) = [part.instances[part.names.index("id1")] for part in parts if "id1" in part.names]
    assert len(np.unique(instances)) == 3


def test_a_mask_that_looks_like_the_background_is_told(folder, rng, capsys):
    """It comes first and is painted over, or leaves a gap: nothing vanishes under it."""
    masks = sorted((folder / "stage1_train" / "id1" / "masks").iterdir())
    Image.fromarray(255 - np.array(Image.open(masks[0]))).save(masks[0])
    load_nuclei(folder, rng)
    said = capsys.readouterr().err
    assert f"{masks[0].name} covers more than half of the picture and touches all its edges: the background" in said


def test_a_mask_of_several_nuclei_is_refused(tmp_path, rng):
    """Numbered, they would be one large nucleus."""
    folder = write_nuclei(tmp_path / "n", lists=False)
    mask = sorted((folder / "stage1_train").iterdir())[1] / "masks" / "labels.png"
    shape = read_image(next((mask.parents[1] / "images").iterdir())).shape[:2]
    Image.fromarray(np.arange(np.prod(shape)).reshape(shape).astype("uint8") % 5).save(mask)
    with pytest.raises(InputError, match="labels.png holds 5 values, but a mask shows one nucleus, in two"):
        load_nuclei(folder, rng)


def test_lists_of_a_file_manager_are_no_pictures(tmp_path, rng):
    folder = write_nuclei(tmp_path)
    for part in ("images", "masks"):
        (next((folder / "stage1_train").iterdir()) / part / "Thumbs.db").write_bytes(b"?")
    load_nuclei(folder, rng)


def test_pictures_without_a_nucleus_are_told(tmp_path, rng, capsys):
    folder = write_nuclei(tmp_path)
    for path in (folder / "stage1_train" / "id1" / "masks").iterdir():
        path.unlink()
    load_nuclei(folder, rng)
    assert "images whose masks show no object: 1 of " in capsys.readouterr().err


def test_nuclei_that_vanish_in_scaling_are_told(tmp_path, rng, capsys):
    folder = write_nuclei(tmp_path)
    dot = np.zeros((32, 40), bool)
    dot[1, 1] = True
    Image.fromarray(dot).save(folder / "stage1_train" / "id0" / "masks" / "dot.png")
    load_nuclei(folder, rng, scale=1)
    assert capsys.readouterr().err == ""
    load_nuclei(folder, rng, scale=0.5)
    assert capsys.readouterr().err == ""
    load_nuclei(folder, rng, scale=0.2)
    said = capsys.readouterr().err
    assert said.startswith("1 objects vanish in scaling by 0.2, and are not trained on, and count as missed.")


def test_hidden_folders_are_passed_over(tmp_path, rng):
    folder = write_nuclei(tmp_path / "n", lists=False)
    (folder / "stage1_train" / ".ipynb_checkpoints").mkdir()
    assert sum(map(len, load_nuclei(folder, rng))) == 6


@pytest.mark.parametrize("edge", [np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]])
def test_a_mask_that_misses_one_edge_does_not_touch_all(edge):
    mask = np.ones((5, 6), bool)
    assert nuclei._touches_all_edges(mask)
    mask[edge] = False
    assert not nuclei._touches_all_edges(mask)
