"""What a network sees of pictures of any depth."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from minunet.data.brightness import on_paper, sampled, to_8_bits
from minunet.data.decode import decode
from minunet.data.decoded import Decoded, alpha_of
from minunet.data.pictures import read_image, read_mask, read_picture
from minunet.errors import InputError

DISC = np.hypot(*(np.indices((64, 64)) - 31.5)) < 20
ABOVE = np.where(DISC, 1.0, 0.0)  # the object is brighter than the ground

DEEP = {
    "grey of 12 in 16 bits": np.where(DISC, 3200, 640).astype("uint16"),
    "colours of 12 in 16 bits": np.repeat(np.where(DISC, 3200, 640)[..., None], 3, 2).astype("uint16"),
    "CT, fat in air": np.where(DISC, -100, -1000).astype("int16"),
    "z-scores": np.where(DISC, -0.2, -1.5).astype("float32"),
    "an offset": np.where(DISC, 32868, 32768).astype("uint16"),
    "more than 2**31": np.where(DISC, 3_200_000_000, 640_000_000).astype("uint32"),
    "8 bits with a sign": np.where(DISC, 100, -100).astype("int8"),
    "doubles": np.where(DISC, 1e300, -1e300) / 2e300,
}


@pytest.mark.parametrize("name", DEEP)
def test_the_object_is_white_and_the_ground_black(tmp_path, name):
    values = DEEP[name]
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb" if values.ndim == 3 else "minisblack")
    seen = on_paper(decode(tmp_path / "a.tif"))
    np.testing.assert_array_equal(seen, np.repeat((255 * ABOVE)[..., None], seen.shape[2], axis=2))
    assert seen.shape[2] == (values.ndim if values.ndim == 3 else 1)


def test_a_hot_pixel_changes_nothing_else():
    values = np.where(DISC, 3200, 640).astype("uint16")
    values[0, 0] = 65535
    expected = 255 * ABOVE
    expected[0, 0] = 255
    np.testing.assert_array_equal(to_8_bits(values), expected)


def test_what_lies_between_is_spread_evenly():
    values = np.linspace(-3, 5, 4096, dtype="float64").reshape(64, 64)
    seen = to_8_bits(values)
    # 0.1 % of 4096 numbers at each end: the 5th is black, the 4092nd white
    expected = ((np.arange(4096) - 4) / (4091 - 4)).clip(0, 1) * 255
    assert abs(seen.ravel() - expected).max() <= 0.5 + 1e-9
    assert (np.diff(seen.ravel().astype(int)) >= 0).all()


def test_colours_are_scaled_together():
    values = np.zeros((10, 10, 3), "uint16")
    values[..., 1], values[..., 2] = 1000, 500
    np.testing.assert_array_equal(to_8_bits(values)[0, 0], [0, 255, 128])


@pytest.mark.parametrize(
    ("dtype", "nothing"),
    [("float32", "-9999"), ("float32", "-3.40282346638529e+38"), ("int16", "-32768"), ("uint16", "65535")],
)
def test_the_number_that_a_map_names_as_no_value_is_black_and_does_not_count(tmp_path, nothing, dtype):
    values = np.where(DISC, 300, 200).astype(dtype)
    values[:8] = float(nothing)
    tifffile.imwrite(tmp_path / "a.tif", values, extratags=[(42113, "s", 0, nothing, True)])
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif")[..., 0], 255 * ABOVE)


@pytest.mark.parametrize(
    "how", [{"compression": "tiff_lzw"}, {"compression": "tiff_adobe_deflate", "tiffinfo": {317: 3}}]
)
def test_so_it_is_in_files_that_pillow_reads(tmp_path, how):
    values = np.where(DISC, 300, 200).astype("float32")
    values[:8] = -9999
    Image.fromarray(values).save(tmp_path / "a.tif", **how | {"tiffinfo": how.get("tiffinfo", {}) | {42113: "-9999"}})
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif")[..., 0], 255 * ABOVE)


def test_the_lowest_number_of_more_bits_is_the_lowest_of_these(tmp_path):
    values = np.where(DISC, 300, 200).astype("float32")
    values[:8] = np.finfo("float32").min
    tifffile.imwrite(tmp_path / "a.tif", values, extratags=[(42113, "s", 0, "-1.7976931348623157e+308", True)])
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif")[..., 0], 255 * ABOVE)


def test_a_mask_of_a_map_is_read_as_any_other(tmp_path):
    values = np.where(DISC, 1, 0).astype("uint8")
    tifffile.imwrite(tmp_path / "a.tif", values, extratags=[(42113, "s", 0, "255", True)])
    np.testing.assert_array_equal(read_mask(tmp_path / "a.tif")[0], values)


def test_what_is_no_number_is_black_and_does_not_count():
    values = np.where(DISC, 2.0, 1.0)
    values[0, :3] = np.nan, np.inf, -np.inf
    seen = to_8_bits(values)
    assert seen[0, :3].tolist() == [0, 255, 0]
    np.testing.assert_array_equal(seen[1:], 255 * ABOVE[1:])
    with pytest.raises(InputError, match="no number that is finite"):
        to_8_bits(np.full((5, 5), np.nan))


def test_an_object_of_a_few_pixels_is_seen():
    values = np.full((100, 100), 640, "uint16")
    values[0, 0] = 3200  # 0.01 % of the picture: between the quantiles there is nothing but ground
    assert to_8_bits(values)[0, :2].tolist() == [255, 0]


def test_a_picture_of_one_value_is_black():
    assert not to_8_bits(np.full((5, 5), 7, "uint16")).any()


def test_8_bits_stay_as_they_are(rng):
    values = rng.integers(20, 200, (7, 9), dtype="uint8")
    plain = Decoded(values, 255, None, None, ("PNG", "L"))
    np.testing.assert_array_equal(on_paper(plain), values[..., None])
    colours = np.dstack([values, values // 2, values // 3])
    np.testing.assert_array_equal(on_paper(plain._replace(values=colours)), colours)
    few = plain._replace(values=values % 16, highest=15)
    np.testing.assert_array_equal(on_paper(few)[..., 0], values % 16 * 17)
    np.testing.assert_array_equal(
        on_paper(plain._replace(values=values > 99, highest=None))[..., 0], (values > 99) * 255
    )


def test_a_palette_gives_colours_and_what_lies_beyond_it_is_black():
    palette = np.array([[1, 2, 3], [40, 50, 60]], "uint8")
    decoded = Decoded(np.array([[0, 1, 200]], "uint8"), 255, palette, None, ("GIF", "P"))
    assert on_paper(decoded).tolist() == [[[1, 2, 3], [40, 50, 60], [0, 0, 0]]]


def test_what_is_transparent_is_seen_as_on_white_paper():
    values = np.full((1, 3, 3), 100, "uint8")
    decoded = Decoded(values, 255, None, np.array([[255, 0, 51]], "uint8"), ("PNG", "RGBA"))
    assert on_paper(decoded)[0, :, 0].tolist() == [100, 255, 224]


@pytest.mark.parametrize("alpha", [0, 1])
def test_a_picture_of_which_nothing_would_be_seen_is_refused(tmp_path, alpha):
    """Some programs leave the fourth byte of a pixel at 0, in TGAs with a bit of "attributes" say: no white paper."""
    Image.new("RGBA", (4, 5), (90, 80, 70, alpha)).save(tmp_path / "a.tga")
    with pytest.raises(InputError, match=r"a\.tga is transparent everywhere: save it without its alpha channel"):
        read_image(tmp_path / "a.tga")


def test_what_is_transparent_is_not_asked(rng):
    values = rng.integers(0, 4096, (40, 50, 3)).astype("uint16")
    alpha = np.full((40, 50), 255, "uint8")
    alpha[:15], values[:15] = 0, 65535
    expected = to_8_bits(values[15:])
    rgb = on_paper(Decoded(values, None, None, alpha, ("TIFF", "uint16")))
    np.testing.assert_array_equal(rgb[15:], expected)
    assert (rgb[:15] == 255).all()


def test_an_alpha_that_is_the_same_everywhere_tells_nothing():
    """4095 of 65535, say, where a camera has 12 bits."""
    assert alpha_of(np.full((3, 4), 15, "uint8")) is None and alpha_of(np.full((3, 4), 255, "uint8")) is None
    nothing = np.zeros((3, 4), "uint8")
    assert alpha_of(nothing) is nothing


@pytest.mark.parametrize("channels", [1, 3])
def test_no_value_of_8_bits_is_black(tmp_path, channels):
    """Of colours, where all of them say so: a channel may be as bright as that."""
    values = np.full((4, 5, channels), 90, "uint8")
    values[0, 0], values[1, 1, 0] = 255, 255
    how = {"photometric": "rgb"} if channels == 3 else {}
    tifffile.imwrite(tmp_path / "a.tif", values.squeeze(), extratags=[(42113, 2, 0, "255", True)], metadata=None, **how)
    expected = values.copy()
    expected[0, 0] = 0
    if channels == 1:
        expected[1, 1] = 0
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", channels), expected)


def test_no_value_of_a_palette_and_of_numbers_that_are_turned_round(tmp_path):
    """It is a number of the file: not a colour, and not what is seen in its place."""
    nodata = {"extratags": [(42113, 2, 0, "255", True)], "metadata": None}
    colours = np.zeros((3, 256), "uint16")
    colours[:, 1], colours[:, 255] = 65535, (65535, 0, 65535)
    values = np.array([[1, 255, 0]], "uint8").repeat(3, axis=0)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="palette", colormap=colours, **nodata)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", 3)[0, :, 0], [255, 0, 0])
    tifffile.imwrite(tmp_path / "b.tif", values, photometric="miniswhite", **nodata)
    np.testing.assert_array_equal(read_image(tmp_path / "b.tif", 1)[0, :, 0], [254, 0, 255])
    tifffile.imwrite(tmp_path / "c.tif", 255 * (values == 255).astype("uint8"), photometric="miniswhite", **nodata)
    np.testing.assert_array_equal(read_image(tmp_path / "c.tif", 1)[0, :, 0], [255, 0, 255])


@pytest.mark.parametrize("kind", ["rgb", "palette"])
def test_in_a_mask_every_colour_counts(tmp_path, kind):
    """As no value, white would become the class of black."""
    nodata = {"extratags": [(42113, 2, 0, "255", True)], "metadata": None}
    seen = np.array([[0, 255, 0]], "uint8").repeat(3, axis=0)
    if kind == "rgb":
        tifffile.imwrite(tmp_path / "a.tif", seen[..., None].repeat(3, axis=2), photometric="rgb", **nodata)
    else:
        greys = (257 * np.arange(256)).astype("uint16")[None].repeat(3, axis=0)
        tifffile.imwrite(tmp_path / "a.tif", seen, photometric="palette", colormap=greys, **nodata)
    np.testing.assert_array_equal(read_mask(tmp_path / "a.tif", coloured=True).values[0], [0, 0xFFFFFF, 0])


@pytest.mark.parametrize("channels", [2, 4])
def test_colours_of_a_mask_are_three(tmp_path, channels):
    how = {"photometric": "rgb", "extrasamples": ["unspecified"]} if channels == 4 else {"photometric": "minisblack"}
    tifffile.imwrite(
        tmp_path / "a.tif", np.zeros((5, 6, channels), "uint8"), planarconfig="contig", metadata=None, **how
    )
    with pytest.raises(
        InputError, match=f"a.tif has {channels} channels, but colours of three are named in classes.txt"
    ):
        read_mask(tmp_path / "a.tif", coloured=True)


def test_a_picture_whose_columns_take_turns_is_seen_whole():
    """As the raw picture of a camera: every second column another filter. Steps of 2 would meet one of them only."""
    values = np.full((2050, 2048), 100, "uint16")
    values[::2], values[:, 1::2] = 150, np.linspace(500, 3000, 1024)
    assert len(np.unique(to_8_bits(values)[0, 1::2])) > 200
    mosaic = np.where(np.indices((2049, 2049)).sum(axis=0) % 2, 5000, 50) + np.arange(2049)[:, None] % 50
    assert len(np.unique(to_8_bits(mosaic.astype("uint16")))) > 4  # every second pixel has another filter


def test_a_sample_has_one_pixel_of_each_stretch():
    assert (sampled(np.arange(3000), 1000) // 3 == np.arange(1000)).all()
    assert len(np.unique(sampled(np.arange(1001), 1000))) == 1000  # none twice
    np.testing.assert_array_equal(sampled(np.arange(30), 10), sampled(np.arange(30), 10))
    np.testing.assert_array_equal(sampled(np.arange(10), 10), np.arange(10))


@pytest.mark.parametrize("bits", [2, 4])
def test_no_value_of_few_bits_and_of_wide_palettes(bits):
    """Whatever the numbers mean, the one that stands for nothing is black."""
    top = 2**bits - 1
    values = np.array([[0, 1, top]], "uint8")
    few = Decoded(values, top, None, None, ("TIFF", "uint8"), nothing=top)
    np.testing.assert_array_equal(on_paper(few)[0, :, 0], [0, 255 // top, 0])
    one = Decoded(values > 0, None, None, None, ("TIFF", "bool"), nothing=1)
    np.testing.assert_array_equal(on_paper(one)[0, :, 0], [0, 0, 0])
    colours = np.full((top + 1, 3), 200, "uint8")
    wide = Decoded(values.astype("uint16"), None, colours, None, ("TIFF", "uint16"), nothing=top)
    np.testing.assert_array_equal(on_paper(wide)[0, :, 0], [200, 200, 0])


def test_no_value_of_infinity(tmp_path):
    values = np.array([[0.0, 1.0, np.inf, 2.0]], "float32").repeat(3, axis=0)
    tifffile.imwrite(tmp_path / "a.tif", values, extratags=[(42113, 2, 0, "inf", True)], metadata=None)
    assert np.isnan(read_picture(tmp_path / "a.tif").values[:, 2]).all()
