"""Pages of TIFFs: their channels, what is transparent, and what is checked of every one that is read."""

import struct
import zlib
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile
from PIL import Image

from minunet.data import tiff
from minunet.data.brightness import on_paper
from minunet.data.decode import decode
from minunet.data.decoded import CHANNELS
from minunet.data.pictures import read_image, read_mask
from minunet.errors import InputError
from tests.data.test_stacks import DTYPES, numbers


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("channels", [2, 4, 5, 7])
@pytest.mark.parametrize("order", "<>")
def test_channels_in_one_page(tmp_path, channels, planar, dtype, order):
    values = numbers((12, 10, channels), dtype)
    stored = np.moveaxis(values, 2, 0) if planar == "separate" else values
    how = {"compression": "zlib"} if order == ">" else {"metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="minisblack", planarconfig=planar, byteorder=order, **how)
    for page in (None, 1, CHANNELS):
        read = decode(tmp_path / "a.tif", page)
        np.testing.assert_array_equal(read.values, values)
        assert read.values.dtype == dtype and read.alpha is None and read.frames == 1
        assert read.highest == (255 if dtype == "uint8" else None)
    with pytest.raises(InputError, match=r"a\.tif holds 1 picture, and no number 2\."):
        decode(tmp_path / "a.tif", 2)
    with pytest.raises(InputError, match=r"a\.tif is a picture of mode"):
        read_mask(tmp_path / "a.tif")
    assert on_paper(read).shape == values.shape


@pytest.mark.parametrize(
    ("photometric", "extra", "alpha"),
    [("rgb", [0], None), ("rgb", [0, 0], None), ("rgb", [2], 3), ("rgb", [0, 2], 4), ("rgb", [2, 0], 3),
     ("minisblack", [0, 2], 2), ("minisblack", [2], 1), ("minisblack", [2, 0, 0], 1), ("miniswhite", [0, 0], None)],
)  # fmt: skip
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_only_a_declared_alpha_is_one(tmp_path, photometric, extra, alpha, planar):
    count = (3 if photometric == "rgb" else 1) + len(extra)
    values = numbers((12, 10, count), "uint8")
    stored = np.moveaxis(values, 2, 0) if planar == "separate" else values
    how = {"extrasamples": extra, "planarconfig": planar, "metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric=photometric, **how)
    read = decode(tmp_path / "a.tif")
    if alpha is None:
        assert read.alpha is None
        np.testing.assert_array_equal(read.values, 255 - values if photometric == "miniswhite" else values)
        assert read.changed == (photometric == "miniswhite")
        return
    np.testing.assert_array_equal(read.alpha, values[..., alpha])
    np.testing.assert_array_equal(read.values, np.delete(values, alpha, axis=2).squeeze())


def test_an_alpha_with_a_sign_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", numbers((12, 10, 4), "int16"), photometric="rgb", extrasamples=[2])
    with pytest.raises(InputError, match=r"a\.tif holds what is transparent as int16"):
        decode(tmp_path / "a.tif")


def two_pages(path, second: np.ndarray, first: np.ndarray | None = None, **how) -> None:
    with tifffile.TiffWriter(path) as file:
        first = np.zeros((12, 10), "uint8") if first is None else first
        file.write(first, photometric="minisblack", metadata=None)
        file.write(second, metadata=None, **{"photometric": "minisblack", **how})


def test_orientation_white_and_no_value_are_those_of_the_page(tmp_path):
    values = numbers((12, 10), "uint8")
    two_pages(tmp_path / "a.tif", values, photometric="miniswhite", extratags=[(274, 3, 1, 6, True)])
    read = decode(tmp_path / "a.tif", 2)
    np.testing.assert_array_equal(read.values, np.rot90(255 - values, -1))
    assert read.turned and read.changed
    first = decode(tmp_path / "a.tif", 1)
    assert not first.turned and not first.changed and np.isnan(first.nothing)
    two_pages(tmp_path / "b.tif", values, extratags=[(42113, "s", 0, "7", True)])
    assert decode(tmp_path / "b.tif", 2).nothing == 7
    two_pages(tmp_path / "c.tif", values, photometric="miniswhite")
    assert decode(tmp_path / "c.tif", CHANNELS).changed


def test_a_turned_page_that_pillow_reads(tmp_path):
    pages = [Image.fromarray(numbers((12, 10), "uint8") + number) for number in range(3)]
    exif = Image.Exif()
    exif[274] = 6
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:], compression="tiff_lzw", exif=exif)
    for page in (1, 2, 3):
        read = decode(tmp_path / "a.tif", page)
        stored = np.asarray(pages[page - 1])
        np.testing.assert_array_equal(read.values, np.rot90(stored, -1) if read.turned else stored)
        with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
            assert read.turned == (getattr(tiff.pages[page - 1].tags.get(274), "value", 1) == 6)
    assert decode(tmp_path / "a.tif", 1).turned


def test_palettes_are_those_of_the_page(tmp_path):
    values, colours = numbers((12, 10), "uint8"), numbers((3, 256), "uint16") * 80
    two_pages(tmp_path / "a.tif", values, photometric="palette", colormap=colours)
    read = decode(tmp_path / "a.tif", 2)
    np.testing.assert_array_equal(read.palette, (colours >> 8).astype("uint8").T)
    np.testing.assert_array_equal(on_paper(read), read.palette[values])
    with pytest.raises(InputError, match="holds pictures with a palette, which are no channels: --page N"):
        decode(tmp_path / "a.tif", CHANNELS)


def test_a_lookup_table_of_imagej_only_says_how_channels_are_shown(tmp_path):
    values, colours = numbers((2, 12, 10), "uint8"), numbers((3, 256), "uint16") * 80
    text = "ImageJ=1.54f\nimages=2\nchannels=2\n"
    how = {"photometric": "palette", "colormap": colours, "description": text, "metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", values, **how)
    read = decode(tmp_path / "a.tif")
    np.testing.assert_array_equal(read.values, np.moveaxis(values, 0, 2))
    assert read.palette is None


def test_what_is_transparent_is_no_channel(tmp_path):
    values = numbers((2, 12, 10, 4), "uint8")
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb", extrasamples=[2], metadata=None)
    np.testing.assert_array_equal(decode(tmp_path / "a.tif", 2).alpha, values[1, ..., 3])
    all_of_it = decode(tmp_path / "a.tif", CHANNELS)  # unless somebody says so
    np.testing.assert_array_equal(all_of_it.values, np.concatenate(list(values), axis=2))
    assert all_of_it.alpha is None


def test_a_page_that_swells_is_refused(tmp_path):
    two_pages(tmp_path / "a.tif", np.zeros((1, 9), "uint8"), compression="zlib")
    whole = bytearray((tmp_path / "a.tif").read_bytes())
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        tags = tiff.pages[1].tags
        places = [tags[name].valueoffset for name in ("StripOffsets", "StripByteCounts")]
    data = zlib.compress(bytes(10**7))
    for place, value in zip(places, (len(whole), len(data)), strict=True):
        with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
            wide = tiff.pages[1].tags["StripOffsets"].dtype == 4
        whole[place : place + (4 if wide else 2)] = struct.pack("<I", value)[: 4 if wide else 2]
    (tmp_path / "a.tif").write_bytes(bytes(whole) + data)
    decode(tmp_path / "a.tif", 1)
    with pytest.raises(InputError, match=r"a\.tif would unpack to more than its picture"):
        decode(tmp_path / "a.tif", 2)


@pytest.mark.parametrize("compression", [1, 8, 32773])
@pytest.mark.parametrize("rows", [8, 64])
def test_strips_that_all_lie_at_the_same_place(tmp_path, rows, compression):
    """A small file of a row a strip, which would be read and unpacked once for each: a few times, or it is refused."""
    row = np.arange(16, dtype="uint8").tobytes()
    packed = {1: row, 8: zlib.compress(row), 32773: b"\x0f" + row}[compression]
    data = packed + bytes(0 if compression == 1 else 10**6)
    data += bytes(-len(data) % 2 + (10**6 if compression == 1 else 0))
    long = len(row) if compression == 1 and rows == 8 else len(data)
    places = 8 + len(data)
    sizes = places + 4 * rows
    tags = [(256, 1, 16), (257, 1, rows), (258, 1, 8), (259, 1, compression), (262, 1, 1)]
    tags += [(273, rows, places), (277, 1, 1), (278, 1, 1), (279, rows, sizes)]
    content = b"II*\0" + struct.pack("<I", sizes + 4 * rows) + data
    content += struct.pack(f"<{rows}I", *[8] * rows) + struct.pack(f"<{rows}I", *[long] * rows)
    content += struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, 4, *rest) for tag, *rest in tags)
    (tmp_path / "a.tif").write_bytes(content + bytes(4))
    if rows == 8:
        np.testing.assert_array_equal(decode(tmp_path / "a.tif").values, np.tile(np.arange(16), (rows, 1)))
    else:
        with pytest.raises(InputError, match="again and again"):
            decode(tmp_path / "a.tif")


def test_a_predictor_of_single_bits_is_refused(tmp_path):
    """tifffile writes it, and reads other values than were written."""
    tifffile.imwrite(tmp_path / "a.tif", np.eye(8, dtype=bool), compression="zlib", predictor=2)
    with pytest.raises(
        InputError, match="a.tif holds a predictor of less than 8 bits, which programs read differently"
    ):
        decode(tmp_path / "a.tif")
    values = np.arange(64, dtype="uint8").reshape(8, 8)
    tifffile.imwrite(tmp_path / "b.tif", values, compression="zlib", predictor=2)
    np.testing.assert_array_equal(decode(tmp_path / "b.tif").values, values)


def test_a_page_that_is_not_whole_or_too_large_is_refused(tmp_path, monkeypatch):
    two_pages(tmp_path / "a.tif", np.zeros((40, 50), "uint8"))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 900)
    assert decode(tmp_path / "a.tif", 1).values.shape == (12, 10)
    with pytest.raises(InputError, match="a.tif has more than 0 million pixels"):
        decode(tmp_path / "a.tif", 2)
    two_pages(tmp_path / "b.tif", np.zeros((40, 40, 5), "uint8"), planarconfig="contig")
    with pytest.raises(InputError, match="b.tif has 8000 numbers in its channels, and more than 7200 are not read at"):
        decode(tmp_path / "b.tif", 2)
    whole = bytearray((tmp_path / "a.tif").read_bytes())
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        tag = tiff.pages[1].tags["StripByteCounts"]
    whole[tag.valueoffset : tag.valueoffset + 2] = b"\0\0"
    (tmp_path / "a.tif").write_bytes(whole)
    monkeypatch.undo()
    with pytest.raises(InputError, match="parts of it are not there"):
        decode(tmp_path / "a.tif", 2)


@pytest.mark.parametrize(("count", "photometric"), [(2, "minisblack"), (5, "minisblack"), (4, "rgb"), (5, "rgb")])
def test_packed_channels_that_pillow_would_take_for_others_are_refused(tmp_path, count, photometric):
    values = numbers((12, 10, count), "uint8")
    how = {"planarconfig": "contig", "extrasamples": [0] * (count - (3 if photometric == "rgb" else 1))}
    tifffile.imwrite(tmp_path / "a.tif", values, photometric=photometric, **how)
    whole = bytearray((tmp_path / "a.tif").read_bytes())
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        whole[tiff.pages[0].tags["Compression"].valueoffset] = 5
    (tmp_path / "a.tif").write_bytes(whole)
    with pytest.raises(InputError, match=r"a\.tif holds uint8 as LZW, .*, which would not be read rightly"):
        decode(tmp_path / "a.tif")


def test_what_is_not_read_rightly_is_refused_of_any_page(tmp_path):
    pages = [Image.new("L", (24, 20)), Image.new("L", (24, 20))]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:], compression="packbits", tiffinfo={317: 2})
    with pytest.raises(InputError, match="holds PackBits with a predictor"):
        decode(tmp_path / "a.tif", 1)


def test_no_more_numbers_than_memory_is_made_for(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60)  # four numbers for each of 120 pixels
    for name, metadata in (("a.tif", None), ("b.tif", {"axes": "CYX"})):
        for count, right in ((4, True), (5, False)):
            values = numbers((count, 12, 10))
            tifffile.imwrite(tmp_path / name, values, metadata=metadata, photometric="minisblack")
            if right:
                np.testing.assert_array_equal(decode(tmp_path / name, CHANNELS).values, np.moveaxis(values, 0, 2))
                continue
            way = "--page N takes one of its pictures"
            with pytest.raises(InputError, match=f"has 600 numbers in its channels, and more than 480 .* once: {way}"):
                decode(tmp_path / name, CHANNELS)
            if metadata:
                with pytest.raises(InputError, match="cut it into smaller ones"):
                    decode(tmp_path / name)
            else:
                np.testing.assert_array_equal(decode(tmp_path / name, 5).values, values[4])
    tifffile.imwrite(tmp_path / "c.tif", numbers((12, 10, 5)), photometric="minisblack", planarconfig="contig")
    with pytest.raises(InputError, match="has 600 numbers in its channels"):
        decode(tmp_path / "c.tif")


def test_numbers_along_other_axes_are_refused(tmp_path):
    """A volume in tiles of three sides."""
    tifffile.imwrite(tmp_path / "a.tif", numbers((8, 32, 32)), tile=(4, 16, 16), volumetric=True)
    with pytest.raises(InputError, match=r"a\.tif holds numbers along the axes ZYX: save its pictures as pages"):
        decode(tmp_path / "a.tif")


def test_no_value_of_one_bit_whose_white_is_0(tmp_path):
    """The number is the file's, and what is read is turned round."""
    held = np.array([[1, 0, 1, 0, 0, 0, 0, 0]], bool).repeat(4, axis=0)
    for nodata, seen in (("0", [0, 0, 0]), ("1", [0, 255, 0])):  # of 1, which is black, and 0, which is white
        extra = [(42113, 2, 0, nodata, True)]
        tifffile.imwrite(tmp_path / "a.tif", held, photometric="miniswhite", metadata=None, extratags=extra)
        np.testing.assert_array_equal(read_image(tmp_path / "a.tif", 1)[0, :3, 0], seen)


@pytest.mark.parametrize(
    "values", [np.zeros((0, 3)), np.zeros(5), np.zeros((3, 4), "complex64"), np.zeros((3, 4), "U1")]
)
def test_pages_without_pixels_are_no_pictures(values):
    with pytest.raises(ValueError, match="it holds no pixels"):
        tiff._of_page(SimpleNamespace(axes="YX"), values, "")


def test_tiles_far_larger_than_their_picture_are_refused(tmp_path):
    """A few kilobytes of zeros would fill as much memory as anybody likes."""
    for tile, fits in (((8192, 4080), True), ((8192, 4112), False)):
        tifffile.imwrite(tmp_path / "a.tif", np.ones((4, 4), "uint8"), tile=tile, compression="zlib")
        if fits:
            np.testing.assert_array_equal(decode(tmp_path / "a.tif").values, np.ones((4, 4)))
        else:
            with pytest.raises(InputError, match="would unpack to more than its picture"):
                decode(tmp_path / "a.tif")
