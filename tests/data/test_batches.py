"""Batches: every image once an epoch, and the same batch whenever it is asked for."""

import numpy as np
import pytest

from minunet.data.augment import Augmentation
from minunet.data.batches import Batches, centre_crop, to_input, whole_resized
from minunet.data.dataset import IGNORED, Dataset, split


def numbered(count=7, size=6):
    """Images that are filled with their own number."""
    images = np.broadcast_to(np.arange(count, dtype="uint8")[:, None, None, None], (count, size, size, 3)).copy()
    return Dataset(images, images[..., 0].copy(), [str(i) for i in range(count)], tuple("abcdefg"))


def test_an_epoch_shows_every_image_once():
    batches = Batches(numbered(), 3, (6, 6), (6, 6), Augmentation(), seed=0)
    assert batches.per_epoch == 3
    orders = []
    for epoch in range(2):
        parts = [batches.get(epoch * 3 + number) for number in range(3)]
        assert [len(x) for x, _, _ in parts] == [3, 3, 1]
        orders.append([int(label[0, 0]) for _, labels, _ in parts for label in labels])
        for x, labels, _ in parts:
            assert x.dtype == np.float32 and labels.dtype == np.int64
            np.testing.assert_allclose(x[:, 0, 0, 0], (labels[:, 0, 0] / 255 - 0.5) * 4, atol=1e-6)
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(7))
    assert orders[0] != orders[1]


def test_a_batch_is_a_function_of_seed_and_step():
    how = Augmentation(True, True, 0.3, 0.3, 0.3)
    first, second = (Batches(numbered(), 3, (6, 6), (6, 6), how, seed=4) for _ in range(2))
    first.get(0)
    for one, two in zip(first.get(5), second.get(5), strict=True):
        np.testing.assert_array_equal(one, two)
    assert (Batches(numbered(), 3, (6, 6), (6, 6), how, seed=5).get(3)[0] != first.get(3)[0]).any()


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_what_happens_to_an_image_does_not_depend_on_its_batch(size):
    """Epoch by epoch the same images, changed in the same way, however they are cut into batches or shared out."""
    how = Augmentation(True, True, 0.3, 0.3, 0.3)
    whole, cut = (Batches(numbered(), each, (6, 6), (6, 6), how, seed=4) for each in (7, size))
    for epoch in range(2):
        steps = range(epoch * cut.per_epoch, (epoch + 1) * cut.per_epoch)
        parts = [cut.get(step) for step in steps]
        for part, expected in zip(zip(*parts, strict=True), whole.get(epoch), strict=False):
            if expected is not None:
                np.testing.assert_array_equal(np.concatenate(part), expected)
        assert {cut.places(step)[0] for step in steps} == {epoch}


def objects(count=6):
    """Images filled with their own number, whose left half is an object, and a column of which is ignored."""
    data = numbered(count)
    data.labels[:] = 1
    data.labels[:, :, :3], data.labels[:, :, 1] = 0, IGNORED
    return Dataset(data.images, data.labels, data.names, ("thing", "background"))


@pytest.mark.parametrize("weighted", [False, True])
def test_things_are_pasted_into_other_images(weighted):
    data = objects()
    weights = list(data.images[..., 0].astype("float32")) if weighted else None
    batches = Batches(data, 6, (6, 6), (6, 6), Augmentation(paste=1), seed=0, extra_weights=weights)
    x, labels, weight = batches.get(0)
    values = np.rint((x[..., 0] / 4 + 0.5) * 255).astype(int)
    assert sorted(values[:, 0, 5]) == list(range(6))  # the background is each image's own
    assert (values[:, :, 3:] == values[:, :1, 3:4]).all() and (values[:, :, 1] == values[:, :, 5]).all()
    assert (values[:, :, 0] == values[:, :1, 2]).all() and (values[:, 0, 0] != values[:, 0, 5]).sum() > 2
    np.testing.assert_array_equal(labels, data.labels)
    assert weight is None or (np.rint(weight) == values).all()
    assert (data.images[..., 0] == data.images[:, :1, :1, 0]).all()  # the images themselves stay as they are


def test_so_many_images_get_something_pasted():
    data = objects(200)
    plain, pasted = (Batches(data, 200, (6, 6), (6, 6), Augmentation(paste=part), seed=0).get(0) for part in (0, 0.3))
    np.testing.assert_array_equal(plain.x[:, :, 3:], pasted.x[:, :, 3:])
    assert 40 < (plain.x[:, 0, 0, 0] != pasted.x[:, 0, 0, 0]).sum() < 80


def test_without_a_class_background_it_is_the_first():
    data = objects()
    first = Dataset(data.images, data.labels, data.names, ("a", "b"))
    x, _, _ = Batches(first, 6, (6, 6), (6, 6), Augmentation(paste=1), seed=0).get(0)
    assert (x[:, 0, 0] == x[:, 0, 1]).all() and (x[:, 0, 4] != x[:, 0, 1]).any()


def test_images_of_a_batch_are_changed_differently():
    data = numbered()
    data.images[:] = 100
    x, _, _ = Batches(data, 7, (6, 6), (6, 6), Augmentation(brightness=0.3), seed=0).get(0)
    assert len(np.unique(x[:, 0, 0, 0])) == 7


def test_labels_are_cropped_to_what_a_valid_network_sees():
    labels = np.arange(36).reshape(1, 6, 6)
    np.testing.assert_array_equal(centre_crop(labels, 2, 4)[0], [[13, 14, 15, 16], [19, 20, 21, 22]])
    x, cropped, _ = Batches(numbered(), 2, (6, 6), (2, 2), Augmentation(), seed=0).get(0)
    assert x.shape == (2, 6, 6, 3) and cropped.shape == (2, 2, 2)


def test_labels_line_up_with_what_the_network_sees():
    """A valid network answers for the centre: aligned labels are those of its pixels, resized ones are not."""
    images = np.zeros((1, 100, 100, 3), dtype="uint8")
    images[0, :50] = 200  # above, and below
    data = Dataset(images, (images[..., 0] > 0).astype("uint8"), ["a"], ("below", "above"))
    images[0, 0:30, 0:30], data.labels[0, 0:30, 0:30] = 90, 2  # a square, most of it outside
    answers = {}
    for labels in ("aligned", "resized"):
        batch = Batches(data, 1, (100, 100), (60, 60), Augmentation(), 0, labels, centred=False).get(0)
        centre = (batch.x[0, 20:80, 20:80, 0] * 255).round()  # what the pixels of the answer look like
        answers[labels] = {value: set(batch.labels[0][centre == value]) for value in (0, 90, 200)}
    assert answers["aligned"] == {0: {0}, 90: {2}, 200: {1}}
    assert answers["resized"] != answers["aligned"] and answers["resized"][200] == {1, 2}


def test_extra_weights_move_with_the_labels():
    """Each pixel's weight is its label: they must stay equal, whatever happens to the image."""
    data = numbered(6, 20)
    data.labels[:] = np.arange(400).reshape(20, 20) % 7
    weights = [labels.astype("float32") for labels in data.labels]
    how = Augmentation(True, True, 0.2, quarter_turns=True, rotation=30, scale=0.2, elastic=2)
    batch = Batches(data, 6, (12, 12), (8, 8), how, 0, extra_weights=weights).get(0)
    np.testing.assert_array_equal(batch.extra_weight, batch.labels)
    assert Batches(data, 6, (12, 12), (8, 8), how, 0).get(0).extra_weight is None


def test_whole_masks_are_squeezed_to_the_nearest_pixels():
    labels = np.arange(100).reshape(1, 10, 10)
    np.testing.assert_array_equal(whole_resized(labels, 5, 2)[0], [[12, 17], [32, 37], [52, 57], [72, 77], [92, 97]])
    np.testing.assert_array_equal(whole_resized(labels, 10, 10), labels)


def test_pixel_values_as_the_notebook_has_them():
    np.testing.assert_allclose(to_input(np.array([0, 255], "uint8"), centred=False), [0, 1])


def test_pixel_values_become_small_numbers():
    np.testing.assert_allclose(to_input(np.array([0, 255], "uint8")), [-2, 2])
    np.testing.assert_allclose(to_input(np.array([0, 0.5], "float32")), [-2, 0])
    assert to_input(np.zeros(1, "uint8")).dtype == np.float32
    with pytest.raises(ValueError, match="0 to 1"):
        to_input(np.array([0.0, 255.0]))


def test_split_loses_and_doubles_nothing(rng):
    parts = split(numbered(), (0.3, 0.01), rng)
    assert [len(part) for part in parts] == [2, 1, 4]
    assert sorted(name for part in parts for name in part.names) == [str(i) for i in range(7)]
    for part in parts:
        assert [str(i) for i in part.images[:, 0, 0, 0]] == part.names


def of_sizes(*heights):
    """Pictures of so many rows, each with its number in every pixel, and a single pixel of class 1."""
    images, labels = [], []
    for number, height in enumerate(heights):
        images.append(np.full((height, 40, 1), number, "uint16"))
        labels.append(np.zeros((height, 40), "uint8"))
        labels[-1][height // 2, 7] = 1
    return Dataset(images, labels, [str(i) for i in range(len(heights))], ("a", "b"))


def test_an_epoch_shows_so_many_pieces_of_larger_images_more():
    batches = Batches(of_sizes(40, 80, 120), 5, (8, 8), (8, 8), Augmentation(), 0, pieces=12)
    assert batches.images == 12 and batches.per_epoch == 3
    for epoch in range(3):
        assert np.bincount(batches.order(epoch)).tolist() == [2, 4, 6]
    assert batches.order(0).tolist() != batches.order(1).tolist()
    seen = [batches.get(step).x[:, 0, 0, 0] for step in range(3)]
    assert [len(x) for x in seen] == [5, 5, 2]
    values = (np.concatenate(seen) / 4 + 0.5) * 65535
    np.testing.assert_allclose(np.bincount(values.round().astype(int)), [2, 4, 6])


@pytest.mark.parametrize("augmentation", [Augmentation(), Augmentation(True, True, quarter_turns=True)])
def test_pieces_are_cut_around_rare_classes(augmentation):
    data = of_sizes(300, 400)

    def shares(rare):
        batches = Batches(data, 10, (16, 16), (16, 16), augmentation, 0, pieces=200, rare=rare)
        labels = np.concatenate([batches.get(step).labels for step in range(20)])
        return (labels == 1).any(axis=(1, 2)).mean()

    assert shares(0.0) < 0.1
    assert 0.4 < shares(1.0) <= 0.65  # each class of an image as often: half of the pieces show the single pixel


def test_a_class_in_one_of_many_images_is_shown():
    labels = [np.zeros((40, 40), "uint8") for _ in range(30)]
    labels[7][:3, :3] = 1
    data = Dataset([np.zeros((40, 40, 1), "uint8")] * 30, labels, [str(i) for i in range(30)], ("a", "b"))
    batches = Batches(data, 10, (16, 16), (16, 16), Augmentation(), 0, pieces=200, rare=0.33)
    shown = np.concatenate([(batches.get(step).labels == 1).any(axis=(1, 2)) for step in range(20)])
    assert 0.1 < shown.mean() < 0.25


def test_images_without_a_class_have_no_rare_one():
    labels = np.full((1, 20, 20), IGNORED, "uint8")
    data = Dataset(np.zeros((1, 20, 20, 1), "uint8"), labels, ["a"], ("a", "b"))
    assert (Batches(data, 1, (8, 8), (8, 8), Augmentation(), 0, rare=1.0).get(0).labels == IGNORED).all()


def test_pictures_of_8_and_of_16_bits_give_the_same_batch():
    eight = Dataset(
        np.arange(240, dtype="uint8").reshape(1, 15, 16, 1), np.zeros((1, 15, 16), "uint8"), ["a"], ("a", "b")
    )
    sixteen = Dataset(eight.images.astype("uint16") * 257, eight.labels, ["a"], ("a", "b"))
    how = Augmentation(True, True, rotation=30, scale=0.2, elastic=2, brightness=0.1)
    first, second = (Batches(data, 1, (8, 8), (8, 8), how, 0).get(0).x for data in (eight, sixteen))
    np.testing.assert_allclose(first, second, atol=1e-6)
