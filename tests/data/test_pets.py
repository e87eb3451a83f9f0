"""The Oxford-IIIT Pet layout, on a small copy with the oddities of the original."""

import numpy as np
import pytest
from PIL import Image

from minunet import InputError
from minunet.data.pets import load_pets
from tests.data.pictures import write_pets


@pytest.fixture
def pets(tmp_path):
    return write_pets(tmp_path / "pets")


def test_lists_decide_what_is_read(pets, rng):
    training, validation, test = load_pets(pets, 12, rng)
    assert (len(training), len(validation), len(test)) == (5, 1, 3)
    assert sorted(training.names + validation.names + test.names) == [f"Breed_{i}" for i in range(9)]
    assert test.names == ["Breed_6", "Breed_7", "Breed_8"]
    assert training.images.shape == (5, 12, 12, 3) and training.images.dtype == training.labels.dtype == np.uint8
    assert training.classes == ("pet", "background", "border")


def test_trimaps_count_from_one(pets, rng):
    _, _, test = load_pets(pets, 24, rng)
    trimap = Image.open(pets / "annotations" / "trimaps" / "Breed_6.png").resize((24, 24), Image.Resampling.NEAREST)
    np.testing.assert_array_equal(test.labels[0], np.asarray(trimap) - 1)


def test_the_seed_decides_who_validates(pets):
    names = [load_pets(pets, 8, np.random.default_rng(seed))[1].names for seed in (0, 0, 1, 2, 3)]
    assert names[0] == names[1] and len({tuple(each) for each in names}) > 1


def test_pooled_lists_are_divided_anew(pets, rng):
    training, validation, test = load_pets(pets, 12, rng, pooled=True)
    assert (len(training), len(validation), len(test)) == (7, 1, 1)
    names = training.names + validation.names + test.names
    assert sorted(names) == [f"Breed_{i}" for i in range(9)]
    plain = {
        name: image for part in load_pets(pets, 12, rng) for name, image in zip(part.names, part.images, strict=True)
    }
    for part in (training, validation, test):
        for name, image in zip(part.names, part.images, strict=True):
            np.testing.assert_array_equal(image, plain[name])


def spoil_list(pets):
    (pets / "annotations" / "test.txt").unlink()


def spoil_empty_list(pets):
    (pets / "annotations" / "test.txt").write_text("\n")


def spoil_image(pets):
    (pets / "images" / "Breed_3.jpg").write_bytes(b"not a picture")


def spoil_trimap(pets):
    path = pets / "annotations" / "trimaps" / "Breed_3.png"
    Image.fromarray(np.asarray(Image.open(path)) + 7).save(path)


def spoil_size(pets):
    path = pets / "annotations" / "trimaps" / "Breed_3.png"
    Image.open(path).resize((5, 5)).save(path)


def spoil_missing_mask(pets):
    (pets / "annotations" / "trimaps" / "Breed_3.png").unlink()


def spoil_folder(pets):
    (pets / "images").rename(pets / "pictures")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (spoil_list, "test.txt does not exist"),
        (spoil_empty_list, "lists 0 images"),
        (spoil_image, "Breed_3.jpg cannot be read as a picture"),
        (spoil_trimap, "Breed_3.png holds the values 8, 9, 10, but its class ids must be 1, 2, 3"),
        (spoil_size, "18 x 24 pixels, but its mask .* 5 x 5"),
        (spoil_missing_mask, "Breed_3.png does not exist"),
        (spoil_folder, "images does not exist. .python -m minunet.data pets --data-dir .* downloads it"),
    ],
)
def test_errors_name_the_file(pets, rng, spoil, says):
    spoil(pets)
    with pytest.raises(InputError, match=says):
        load_pets(pets, 8, rng)


def test_a_picture_that_is_trained_on_and_tested_is_refused(pets, rng):
    lists = pets / "annotations"
    with open(lists / "test.txt", "a") as file:
        file.write("Breed_0 1 1 1\n")
    with pytest.raises(InputError, match="Breed_0 stands in trainval.txt and in test.txt"):
        load_pets(pets, 12, rng)
