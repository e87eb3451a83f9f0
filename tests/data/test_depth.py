"""Pictures of 8 and 16 bits in memory, and the ranges of deeper ones."""

import numpy as np
import pytest

from minunet.data.depth import ranges_of, share_filled, share_outside, shown, to_16_bits, unit
from minunet.errors import InputError


@pytest.mark.parametrize(("dtype", "most"), [("uint8", 255), ("uint16", 65535)])
def test_none_of_the_light_is_0_and_all_of_it_1(dtype, most):
    values = unit(np.array([[[0, most // 5, most]]], dtype))
    assert values.dtype == "float32"
    np.testing.assert_allclose(values, [[[0, 0.2, 1]]])


def test_floating_point_is_so_already():
    values = np.array([[[0.25]]])
    assert unit(values) is values


def test_each_channel_has_its_range_and_hot_pixels_do_not_count(rng):
    pictures = [
        np.stack([rng.integers(100, 300, (60, 60)), rng.integers(-5000, 0, (60, 60))], axis=2) for _ in range(3)
    ]
    pictures[0][0, 0] = 65535, 30000
    low, high, below, above = ranges_of(pictures)
    assert 100 <= low <= 101 and 298 <= high <= 299 and -5000 <= below <= -4980 and -20 <= above <= 0


def test_a_picture_through_its_ranges():
    picture = np.array([[[100, -1.0], [200, 0.0], [150, 1.0], [np.nan, np.inf], [90, -9.0]]])
    seen = to_16_bits(picture, (100, 200, -1, 1))
    assert seen.dtype == "uint16"
    assert seen[0].tolist() == [[0, 0], [65535, 32768], [32768, 65535], [0, 65535], [0, 0]]


def test_what_is_no_number_is_not_asked():
    picture = np.full((20, 20, 1), np.nan)
    picture[:5], picture[5:10] = 3.0, 7.0
    assert ranges_of([picture]) == (3, 7)


def test_between_two_rare_numbers_the_smallest_and_the_largest_count():
    picture = np.zeros((100, 100, 1), "uint16")
    picture[0, 0] = 500
    assert ranges_of([picture]) == (0, 500)


def test_a_channel_without_numbers_is_refused():
    picture = np.zeros((8, 8, 2))
    picture[0, 0, 0], picture[..., 1] = 1, np.nan
    with pytest.raises(InputError, match="^Channel 2 of the training images holds no number that is finite"):
        ranges_of([picture])


def test_an_unused_channel_is_black_and_told(capsys):
    picture = np.zeros((8, 8, 2), "uint16")
    picture[0, 0, 0], picture[..., 1] = 500, 4
    ranges = ranges_of([picture])
    assert ranges == (0, 500, 4, 5) and not to_16_bits(picture, ranges)[..., 1].any()
    assert capsys.readouterr().err == "in the training images, channel 2 is 4 everywhere\n"
    with pytest.raises(InputError, match="channel 1 is 4 everywhere: nothing can be learnt from them"):
        ranges_of([picture[..., 1:]])


def test_columns_that_take_turns_all_count():
    picture = np.full((1024, 1024, 1), 100, "uint16")
    picture[::2], picture[:, 1::2] = 150, 3000
    assert ranges_of([picture] * 3) == ranges_of([picture] * 6) == (100, 3000)


def test_what_lies_outside_of_the_ranges():
    picture = np.array([[[1.0], [2.0], [np.nan], [9.0], [4.0]]])
    assert share_outside(picture, (2, 5)) == 0.5


def test_how_much_of_the_ranges_is_filled(rng):
    """By the channel that fills most, without what lies outside, and without a hot pixel."""
    picture = np.stack([rng.uniform(0, 1, (50, 50)), rng.uniform(-10, 5, (50, 50))], axis=2)
    assert share_filled(picture[..., :1], (0, 1000)) == pytest.approx(0.001, rel=0.01)
    assert share_filled(picture, (0, 1000, 0, 10)) == pytest.approx(0.5, rel=0.01)
    picture[0, 0] = 1e6, np.nan
    assert share_filled(picture[..., :1], (0, 1000)) == pytest.approx(0.001, rel=0.01)
    assert share_filled(np.full((3, 3, 1), np.nan), (0, 1)) == 0
    assert share_filled(np.array([[[0], [65535]]], "uint16"), (0, 65535)) == 1
    spots = np.zeros((700, 700, 1), "uint16")
    spots[10:13, 10:13] = 3000  # fewer than the quantiles ask for
    assert share_filled(spots, ranges_of([spots])) == 1


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_what_people_see(rng, dtype, channels):
    picture = rng.integers(0, np.iinfo(dtype).max + 1, (6, 7, channels)).astype(dtype)
    seen = shown(picture)
    assert seen.shape == (6, 7, 3) and seen.dtype == "uint8"
    for k in range(3):
        expected = picture[..., 0 if channels == 1 else k] if channels != 2 or k < 2 else np.zeros((6, 7), dtype)
        np.testing.assert_array_equal(seen[..., k], expected >> (8 if dtype == "uint16" else 0))
