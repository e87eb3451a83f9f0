"""What masks hold, and what only looks like class ids."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from minunet.data.masks import (
    Found,
    count_values,
    look_like_objects,
    looks_smooth,
    refuse_mixed_greys,
    refuse_mixed_palettes,
)
from minunet.data.pictures import read_mask
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


def test_thin_objects_that_lie_aslant_are_seen():
    """Their pixels meet at corners only."""
    rows, columns = np.indices((60, 60))
    aslant = np.where((columns - rows) % 8 == 0, 1 + np.maximum(columns - rows, -8) // 8, 0)
    assert objects([np.where(aslant <= count, aslant, 0) for count in (4, 5, 6)])


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


BLACK, RED, GREEN, WHITE, GREY = [0, 0, 0], [255, 0, 0], [0, 255, 0], [255, 255, 255], [9, 9, 9]
MASK = np.array([[0, 1], [1, 1]])


def test_masks_with_large_numbers_are_looked_at_quickly(rng):
    """Numbers of any size, as some programs make them of colours; nothing as large as they are is made."""
    masks = [cells(rng, count) for count in (12, 14, 13)]
    numbers = np.concatenate([[0], np.sort(rng.integers(10**9, 2**40, 60))])
    assert objects([numbers[mask * (2 + place)] for place, mask in enumerate(masks)])


@pytest.mark.parametrize(
    ("masks", "palettes"),
    [
        ([MASK, MASK], [[BLACK, RED], [BLACK, RED]]),
        ([MASK, MASK * 4 + 1], [[BLACK, RED, *[BLACK] * 4]] * 2),  # filled up with black
        ([MASK, MASK], [[BLACK, RED, GREEN], [BLACK, RED, WHITE]]),  # a number that neither shows
        ([MASK, MASK], [[BLACK, RED], [BLACK, [250, 3, 1]]]),  # a shade of the same
        ([MASK, 1 - MASK], [[GREY, GREY], [GREY, GREY]]),  # a colour that tells nothing
        ([MASK, MASK], [[BLACK, RED], [BLACK, WHITE]]),  # the second one of one bit, whose white is any colour
    ],
)
def test_palettes_that_say_the_same(masks, palettes):
    refuse_mixed_palettes(found_in(masks, [np.array(palette) for palette in palettes]))


@pytest.mark.parametrize(
    ("masks", "palettes", "says"),
    [
        ([MASK, 1 - MASK], [[BLACK, RED], [RED, BLACK]], "Number 0 is RGB 0, 0, 0 in 0.png and RGB 255, 0, 0 in 1.png"),
        ([MASK, MASK], [[BLACK, RED], [BLACK, GREEN]], "Number 1 is RGB 255, 0, 0 in 0.png and RGB 0, 255, 0 in 1.png"),
        ([MASK, MASK], [[BLACK, WHITE], [WHITE, BLACK]], "is number 1 in 0.png and 0 in 1.png"),  # the first of one bit
        ([MASK * 2, MASK], [[BLACK, RED, WHITE], [BLACK, WHITE]], "255, 255, 255 is number 2 in 0.png and 1 in 1.png"),
        ([MASK * 0, MASK * 0 + 1], [[RED, BLACK], [BLACK, RED]], "RGB 255, 0, 0 is number 0 in 0.png and 1 in 1.png"),
    ],
)
def test_palettes_that_differ_are_refused(masks, palettes, says):
    with pytest.raises(InputError, match=says):
        refuse_mixed_palettes(found_in(masks, [np.array(palette) for palette in palettes]))


def test_masks_without_palettes_are_left_alone():
    refuse_mixed_palettes(found_in([MASK, 1 - MASK]))


def greys(*levels: int) -> np.ndarray:
    return np.array([[level] * 3 for level in levels])


BIT, FOUR_BITS = greys(0, 255), greys(*range(0, 256, 17))  # what black and white, and grey of 4 bits, look like
GREYS_THAT_SAY_THE_SAME = [
    ([MASK, MASK * 2, MASK * 300], [None, None, None]),  # of 8 bits and more
    ([MASK, MASK, MASK * 0], [BIT, BIT, None]),
    ([MASK * 0, MASK * 15], [None, FOUR_BITS]),
    ([MASK, MASK * 3, MASK * 0], [FOUR_BITS, FOUR_BITS, BIT]),
    ([MASK, MASK * 2], [greys(0, 1), greys(0, 1, 2)]),  # as a program makes smaller what is 0, 1 and 2 anyway
    ([MASK, MASK * 2], [greys(0, 1), None]),
    ([MASK, MASK], [np.array([BLACK, RED]), None]),  # a colour, whose number is the class
    ([MASK, 1 - MASK], [greys(9, 9), greys(9, 9)]),  # a grey that tells nothing
    ([MASK * 0, MASK * 5], [None, greys(0, 7)]),  # a number beyond the palette
]
GREYS_THAT_DIFFER = [
    ([MASK, MASK], [BIT, None], "Number 1 is grey 255 in 0.png, and number 1 is grey 1 in 1.png"),
    ([MASK, MASK], [FOUR_BITS, greys(0, 1)], "Number 1 is grey 17 in 0.png, and number 1 is grey 1 in 1.png"),
    ([MASK, MASK], [greys(0, 1), greys(0, 2)], "Number 1 is grey 1 in 0.png, and number 1 is grey 2 in 1.png"),
    ([MASK, MASK * 2], [greys(0, 2), None], "Number 1 is grey 2 in 0.png, and number 2 is grey 2 in 1.png"),
    ([MASK * 255, MASK * 15], [None, FOUR_BITS], "Number 255 is grey 255 in 0.png, and number 15 is grey 255 in 1.png"),
]


@pytest.mark.parametrize(("masks", "palettes"), GREYS_THAT_SAY_THE_SAME)
def test_greys_that_say_the_same(masks, palettes):
    refuse_mixed_greys(found_in(masks, palettes))


@pytest.mark.parametrize(("masks", "palettes", "says"), GREYS_THAT_DIFFER)
def test_greys_that_were_made_smaller_are_refused(masks, palettes, says):
    with pytest.raises(InputError, match=f"{says}: .*Save all masks as grey of 8 bits.*convert"):
        refuse_mixed_greys(found_in(masks, palettes))


def test_one_mask_of_another_kind_does_not_hide_the_smooth_ones():
    large = [blurred(np.hypot(*(np.indices((99, 99)) - 49)) < radius) for radius in (20, 35)]
    found = found_in([*large, np.zeros((9, 9), "uint8")])
    found[2] = found[2]._replace(palette=np.array([BLACK, WHITE]))
    assert looks_smooth(found)


@pytest.mark.parametrize("how", ["quantize", "fiji"])
def test_a_palette_from_white_to_black_is_refused(tmp_path, how):
    """What is seen and what is numbered are opposites, and both have been meant."""
    seen = np.zeros((6, 6), dtype="uint8")
    seen[1:3, 1:4] = 255
    if how == "quantize":
        picture = Image.fromarray(seen).convert("RGB").quantize(2)
    else:
        picture = Image.fromarray(seen, "P")
        picture.putpalette([255 - number for number in range(256) for _ in range(3)])
    picture.save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"a\.png has a palette that shows the number 0 brighter than"):
        read_mask(tmp_path / "a.png")
    Image.fromarray(seen).convert("P").save(tmp_path / "b.png")  # from black to white
    assert set(np.unique(read_mask(tmp_path / "b.png")[0])) == {0, 255}


def test_grey_pictures_in_the_place_of_masks_take_no_minutes(rng):
    """Each of their thousands of numbers is in thousands of pieces; few are looked at."""
    masks = [rng.integers(0, 3000 + number, (400, 400)) for number in range(4)]
    found = [Found(Path(str(number)), *np.unique(mask, return_counts=True), None) for number, mask in enumerate(masks)]
    looked_at = []
    whole = ndimage.label

    def label(array, **how):
        looked_at.append(array)
        return whole(array, **how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("minunet.data.masks.ndimage.label", label)
        assert not look_like_objects(found, lambda path: masks[int(path.name)])
    assert len(looked_at) < 20


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "int16", "int64"])
def test_values_are_counted_as_numpy_counts_them(dtype):
    mask = np.random.default_rng(0).integers(0, 2 if dtype == "bool" else 120, (9, 300_000)).astype(dtype)  # in bands
    values, counts = count_values(mask)
    expected = np.unique(mask, return_counts=True)
    np.testing.assert_array_equal(values, expected[0])
    np.testing.assert_array_equal(counts, expected[1])
    assert values.dtype == mask.dtype
