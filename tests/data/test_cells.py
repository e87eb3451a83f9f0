"""The made cells: the same for the same seed, exact borders, and no threshold solves them."""

import numpy as np

from minunet.data.cells import CLASSES, make_cell_image, make_cells
from minunet.data.instances import BORDER, OBJECT, border_between
from minunet.metrics import confusion_matrix, mean_iou


def test_shapes_and_types(rng):
    made = make_cells(3, 48, rng)
    assert made.images.shape == (3, 48, 48, 3) and made.images.dtype == np.uint8
    assert made.labels.shape == (3, 48, 48) and made.labels.dtype == np.uint8
    assert [each.shape for each in made.instances] == [(48, 48)] * 3
    assert made.classes == CLASSES and len(made.names) == len(set(made.names)) == 3
    assert set(np.unique(made.labels)) == {0, 1, 2}


def test_the_same_seed_makes_the_same_images():
    one, two, other = (make_cells(2, 32, np.random.default_rng(seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.images, two.images)
    np.testing.assert_array_equal(one.labels, two.labels)
    assert (one.images != other.images).any()


def test_labels_follow_from_the_instances(rng):
    for _ in range(10):
        _, labels, instances = make_cell_image(64, rng)
        assert set(np.unique(instances)) - {0} == set(range(1, instances.max() + 1))
        border = border_between(instances)
        np.testing.assert_array_equal(labels == BORDER, border)
        np.testing.assert_array_equal(labels == OBJECT, (instances > 0) & ~border)


def test_no_brightness_threshold_solves_it():
    made = make_cells(60, 64, np.random.default_rng(1))
    brightness = made.images[..., 1]
    scores = [mean_iou(confusion_matrix(made.labels, (brightness > t).astype("uint8"), 3)) for t in range(0, 256, 3)]
    assert max(scores) < 0.60


def test_cells_differ(rng):
    sizes, brightness = [], []
    for _ in range(20):
        image, _, instances = make_cell_image(64, rng)
        for cell in range(1, instances.max() + 1):
            if (instances == cell).sum() > 30:
                sizes.append((instances == cell).sum())
                brightness.append(image[instances == cell, 1].mean())
    assert max(sizes) > 3 * np.median(sizes) / 2 and min(sizes) < np.median(sizes) / 2
    assert np.quantile(brightness, 0.9) > 1.7 * np.quantile(brightness, 0.1)
