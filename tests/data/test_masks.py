"""What masks hold, and what only looks like class ids."""

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from minunet.data.masks import Found, look_like_objects, looks_smooth, refuse_mixed_palettes
from minunet.errors import InputError


def found_in(masks: list[np.ndarray], colours: list[np.ndarray] | None = None) -> list[Found]:
    found = []
    for number, mask in enumerate(masks):
        values, counts = np.unique(mask, return_counts=True)
        palette = None if colours is None else colours[number]
        found.append(Found(Path(f"{number}.png"), values, counts, palette))
    return found


def objects(masks: list[np.ndarray]) -> bool:
    return look_like_objects(found_in(masks), lambda path: masks[int(path.stem)])


def cells(rng: np.random.Generator, count: int, size: int = 64) -> np.ndarray:
    """`count` discs, each with a number of its own."""
    mask = np.zeros((size, size), "int32")
    rows, columns = np.indices(mask.shape)
    for number in range(1, count + 1):
        while True:
            y, x = rng.integers(4, size - 4, 2)
            if not mask[y - 3 : y + 4, x - 3 : x + 4].any():
                break
        mask[np.hypot(rows - y, columns - x) < 3] = number
    return mask


def test_numbered_objects_are_seen(rng):
    assert objects([cells(rng, count) for count in (5, 9, 12, 7)])
    assert objects([cells(rng, count) for count in (0, 3, 2)])
    checks = ndimage.label(np.kron(np.indices((8, 8)).sum(0) % 2, np.ones((8, 8))))[0]
    assert objects([checks % (20 + i) for i in range(12)])  # some numbers are on two squares


def test_classes_are_no_objects(rng):
    """What is not the numbers 0 to N of each mask, or in many pieces, or the same everywhere, is left alone."""
    discs = [cells(rng, count) for count in (5, 9, 12)]
    assert not objects([np.where(mask == 2, 0, mask) for mask in discs])  # a number is not used
    more = [cells(rng, count) for count in (15, 18, 20, 17, 16)]
    assert objects([*more, np.where(more[0] == 3, 0, more[0])])  # a gap in one of six
    assert objects([mask[:40, :40] for mask in more])  # parts of larger pictures: gaps everywhere, and many numbers
    assert not objects([mask > 0 for mask in discs])  # two classes
    assert not objects([np.minimum(mask, 2) for mask in discs])  # three: an organ, and what is in it
    assert not objects([cells(rng, 6), cells(rng, 6), np.zeros((64, 64), "int32")])  # every mask that holds any, all
    assert not objects([cells(rng, 6) for _ in range(3)])  # every mask holds all classes
    noise = [rng.integers(0, 5, (40, 40)), rng.integers(0, 4, (40, 40))]
    assert not objects(noise)  # many pieces


def blurred(mask: np.ndarray) -> np.ndarray:
    return (255 * ndimage.gaussian_filter(mask.astype(float), 1)).round().astype("uint8")


def test_smooth_edges_are_seen(rng):
    large = [blurred(np.hypot(*(np.indices((99, 99)) - 49)) < radius) for radius in (20, 35)]
    assert looks_smooth(found_in(large))
    assert looks_smooth(found_in([large[0]]))
    assert not looks_smooth(found_in([each > 127 for each in large]))
    rare = np.repeat([0, 9, *range(1, 9)], [700, 140, *[20] * 8]).reshape(20, 50)
    voc = np.where(rare == 9, 255, rare)  # with a border class, as in Pascal VOC's palettes
    assert not looks_smooth(found_in([voc], [np.zeros((256, 3), "uint8")]))
    assert not looks_smooth(found_in([rare]))  # ten classes, the last of them frequent
    assert looks_smooth(found_in([np.where(rare == 9, 255, rare * 25)]))
    assert not looks_smooth(found_in([rng.integers(0, 21, (50, 50))]))  # many classes, all of them frequent
    assert not looks_smooth(found_in([cells(rng, 12)]))  # the highest number is as rare as the others


def test_palettes_in_different_orders_are_refused():
    mask = np.array([[0, 1], [1, 1]])
    red_on_black, black_on_red = np.array([[0, 0, 0], [255, 0, 0]]), np.array([[255, 0, 0], [0, 0, 0]])
    refuse_mixed_palettes(found_in([mask, mask], [red_on_black, red_on_black]))
    refuse_mixed_palettes(found_in([mask, mask]))
    green = np.array([[0, 0, 0], [0, 255, 0]])
    refuse_mixed_palettes(found_in([mask, mask], [red_on_black, green]))  # other colours for the same numbers
    with pytest.raises(InputError, match="red 255, green 0, blue 0, is number 1 in 0.png and number 0 in 1.png"):
        refuse_mixed_palettes(found_in([mask, 1 - mask], [red_on_black, black_on_red]))
    filled = np.array([[0, 0, 0], [255, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]])
    refuse_mixed_palettes(found_in([mask, mask * 4 + 1], [filled, filled]))  # the same palette, filled up with black
    grey = np.array([[9, 9, 9], [9, 9, 9]])
    refuse_mixed_palettes(found_in([mask, 1 - mask], [grey, grey]))  # a colour that tells nothing
