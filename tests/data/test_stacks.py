"""TIFFs of many pages, as tifffile, ImageJ, OME and others write them."""

import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from minunet.data import stacks
from minunet.data.decode import decode
from minunet.data.decoded import CHANNELS
from minunet.errors import InputError

HOW = {
    "shaped": {},
    "deflate": {"compression": "zlib"},
    "big-endian": {"byteorder": ">"},
    "bigtiff": {"bigtiff": True},
    "tiles": {"tile": (16, 16), "compression": "zlib"},
    "imagej": {"imagej": True},
    "ome": {"ome": True},
}
DTYPES = ["uint8", "uint16", "int16", "float32"]


def numbers(shape: tuple[int, ...], dtype: str = "uint16") -> np.ndarray:
    """All different, as far as the dtype has as many."""
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


def as_picture(array: np.ndarray, axes: str) -> np.ndarray:
    """(Y, X, C) of numbers along these axes, those before C as channels in order."""
    last = [axes.index(letter) for letter in "YX"]
    order = [place for place, letter in enumerate(axes) if letter not in "CYX"]
    order += [axes.index("C")] if "C" in axes else []
    return np.moveaxis(array.transpose(*order, *last).reshape(-1, *(array.shape[place] for place in last)), 0, 2)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_pages_that_are_channels(tmp_path, how, dtype):
    values = numbers((5, 24, 20), dtype)
    tifffile.imwrite(tmp_path / "a.tif", values, metadata={"axes": "CYX"}, photometric="minisblack", **HOW[how])
    for page in (None, 1, CHANNELS):
        read = decode(tmp_path / "a.tif", page)
        np.testing.assert_array_equal(read.values, np.moveaxis(values, 0, 2))
        assert read.values.dtype == dtype and read.highest == (255 if dtype == "uint8" else None)
    with pytest.raises(InputError, match=r"a\.tif holds 1 picture, and no number 2\."):
        decode(tmp_path / "a.tif", 2)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(
    ("axes", "says"),
    [("ZYX", "2 pictures of 20 x 24 pixels, slices of Z:"), ("TYX", "2 pictures of 20 x 24 pixels, times:"),
     ("ZCYX", "2 pictures of 20 x 24 pixels and 3 channels, slices of Z:"),
     ("TCYX", "2 pictures of 20 x 24 pixels and 3 channels, times:"),
     ("CZYX", "3 pictures of 20 x 24 pixels and 2 channels, slices of Z:"),
     ("TZCYX", "6 pictures of 20 x 24 pixels and 4 channels, 2 times x 3 slices of Z:"),
     ("ZTCYX", "6 pictures of 20 x 24 pixels and 4 channels, 2 slices of Z x 3 times:"),
     ("CTZYX", "12 pictures of 20 x 24 pixels and 2 channels, 3 times x 4 slices of Z:")],
)  # fmt: skip
def test_slices_and_times_are_to_be_chosen(tmp_path, how, axes, says):
    if how == "imagej" and sorted(axes, key="TZCYX".index) != list(axes):
        return  # tifffile writes the order that ImageJ itself has; see below
    shape = (2, 3, 4)[: len(axes) - 2] + (24, 20)
    values = numbers(shape)
    tifffile.imwrite(tmp_path / "a.tif", values, metadata={"axes": axes}, photometric="minisblack", **HOW[how])
    with pytest.raises(InputError, match=rf"a\.tif holds {says} --page N takes one of them, --page channels all as"):
        decode(tmp_path / "a.tif")
    whole = as_picture(values, axes)  # (24, 20, pictures * channels)
    channels = shape[axes.index("C")] if "C" in axes else 1
    pictures = whole.shape[2] // channels
    for page in range(1, pictures + 1):
        read = decode(tmp_path / "a.tif", page)
        expected = whole[..., (page - 1) * channels : page * channels]
        np.testing.assert_array_equal(read.values, expected[..., 0] if channels == 1 else expected)
        assert read.frames == 1
    with pytest.raises(InputError, match=rf"a\.tif holds {pictures} pictures, and no number {pictures + 1}\."):
        decode(tmp_path / "a.tif", pictures + 1)
    np.testing.assert_array_equal(decode(tmp_path / "a.tif", CHANNELS).values, whole)


@pytest.mark.parametrize("order", ["czt", "ctz", "zct", "ztc", "tcz", "tzc", "xyczt", "odd"])
@pytest.mark.parametrize("behind", [False, True])
def test_hyperstacks_of_any_order(tmp_path, order, behind):
    """The fastest axis first, as Bio-Formats writes it; without pages of their own, as ImageJ stores more than 4 GB."""
    fast = order[-3:] if order != "odd" else "czt"
    axes = fast[::-1].upper() + "YX"
    sizes = {"C": 2, "Z": 3, "T": 4, "Y": 6, "X": 5}
    values = numbers(tuple(sizes[letter] for letter in axes))
    text = f"ImageJ=1.54f\nimages=24\nchannels=2\nslices=3\nframes=4\norder={order}\nhyperstack=true\nmode=composite\n"
    planes = values.reshape(-1, 6, 5)
    write_pages(tmp_path / "a.tif", planes, text, behind)
    whole = as_picture(values, axes)
    np.testing.assert_array_equal(decode(tmp_path / "a.tif", CHANNELS).values, whole)
    np.testing.assert_array_equal(decode(tmp_path / "a.tif", 7).values, whole[..., 12:14])
    with pytest.raises(InputError, match="holds 12 pictures of 5 x 6 pixels and 2 channels, "):
        decode(tmp_path / "a.tif")


def write_pages(path, planes: np.ndarray, text: str, behind: bool = False, order: str = ">") -> None:
    """Pages as ImageJ writes them, the numbers of all in one piece; or one page, and the others behind it."""
    data = planes.astype(planes.dtype.newbyteorder(order)).tobytes()
    described = text.encode("ascii") + b"\0"
    count, size = (1 if behind else len(planes)), planes[0].nbytes
    start = 8 + count * (2 + 10 * 12 + 4)
    made = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8)
    for number in range(count):
        kind = {"u": 1, "i": 2, "f": 3}[planes.dtype.kind]
        place = start + len(described) + number * size
        tags = [(256, 4, 1, planes.shape[2]), (257, 4, 1, planes.shape[1]), (258, 4, 1, 8 * planes.itemsize)]
        tags += [(262, 4, 1, 1), (270, 2, len(described), start), (273, 4, 1, place), (277, 4, 1, 1)]
        tags += [(278, 4, 1, planes.shape[1]), (279, 4, 1, size), (339, 4, 1, kind)]
        after = 8 + (number + 1) * 126 if number + 1 < count else 0
        made += struct.pack(order + "H", len(tags)) + b"".join(struct.pack(order + "HHII", *tag) for tag in tags)
        made += struct.pack(order + "I", after)
    path.write_bytes(made + described + data)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_stack_of_imagej(tmp_path, dtype, order):
    planes = numbers((4, 6, 5), dtype)
    for text, says in (("slices=4\n", ", slices of Z"), ("", ", and does not say what they are")):
        for behind in (False, True):
            write_pages(tmp_path / "a.tif", planes, f"ImageJ=1.54f\nimages=4\n{text}loop=false\n", behind, order)
            with pytest.raises(InputError, match=f"holds 4 pictures of 5 x 6 pixels{says}: --page N"):
                decode(tmp_path / "a.tif")
            for page in range(1, 5):
                read = decode(tmp_path / "a.tif", page)
                np.testing.assert_array_equal(read.values, planes[page - 1])
                assert read.values.dtype == dtype and read.values.dtype.isnative


def test_what_is_promised_must_be_there(tmp_path):
    """The description of a stack beside one page of it, as other programs copy it."""
    text = "ImageJ=1.54f\nimages=9\nslices=9\n"
    planes = numbers((4, 6, 5))
    for behind in (False, True):
        write_pages(tmp_path / "a.tif", planes, text, behind)
        with pytest.raises(InputError, match=r"a\.tif holds 9 pictures of 5 x 6 pixels, slices of Z"):
            decode(tmp_path / "a.tif")
        np.testing.assert_array_equal(decode(tmp_path / "a.tif", 4).values, planes[3])
        with pytest.raises(
            InputError, match=r"a\.tif says that it holds 9 pictures, but number 5 of them is not there"
        ):
            decode(tmp_path / "a.tif", 5)
        with pytest.raises(InputError, match="number 5 of them is not there"):
            decode(tmp_path / "a.tif", CHANNELS)
    write_pages(tmp_path / "a.tif", planes[:1], "ImageJ=1.54f\nimages=0\nslices=0\n")
    np.testing.assert_array_equal(decode(tmp_path / "a.tif").values, planes[0])


@pytest.mark.parametrize("how", ["plain", "array", "one by one", "tiff_lzw", "packbits"])
@pytest.mark.parametrize("channels", [1, 3])
def test_pages_of_which_nothing_is_said(tmp_path, how, channels):
    values = numbers((3, 12, 10, channels), "uint8").squeeze()
    path, photometric = tmp_path / "a.tif", "rgb" if channels == 3 else "minisblack"
    if how in ("tiff_lzw", "packbits"):  # the one Pillow reads, the other tifffile
        pages = [Image.fromarray(page) for page in values]
        pages[0].save(path, save_all=True, append_images=pages[1:], compression=how)
    elif how == "one by one":
        with tifffile.TiffWriter(path) as file:
            for page in values:
                file.write(page, photometric=photometric)
    else:
        extra = {"metadata": None} if how == "plain" else {}
        tifffile.imwrite(path, values, photometric=photometric, **extra)
    with pytest.raises(
        InputError, match="holds 3 pictures of 10 x 12 pixels, and does not say what they are: --page N"
    ):
        decode(path)
    for page in (1, 2, 3):
        np.testing.assert_array_equal(decode(path, page).values, values[page - 1])
    with pytest.raises(InputError, match="holds 3 pictures, and no number 4"):
        decode(path, 4)
    together = np.moveaxis(values, 0, 2) if channels == 1 else np.concatenate(list(values), axis=2)
    np.testing.assert_array_equal(decode(path, CHANNELS).values, together)


def test_small_copies_and_masks_of_what_is_transparent_are_no_pages(tmp_path):
    values = numbers((3, 12, 10))
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for page in values:
            file.write(page, photometric="minisblack", metadata=None)
            file.write(page[::2, ::2], photometric="minisblack", subfiletype=1, metadata=None)
            file.write(page > 9, photometric="minisblack", subfiletype=4, metadata=None)
    np.testing.assert_array_equal(decode(tmp_path / "a.tif", 2).values, values[1])
    np.testing.assert_array_equal(decode(tmp_path / "a.tif", CHANNELS).values, np.moveaxis(values, 0, 2))
    with pytest.raises(InputError, match="holds 3 pictures"):
        decode(tmp_path / "a.tif")


def test_pictures_of_several_sizes(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for size in (5, 6, 7):
            file.write(numbers((size, size)), photometric="minisblack")
    with pytest.raises(
        InputError, match=r"holds several pictures of different sizes or kinds: .* one of the first 3, or"
    ):
        decode(tmp_path / "a.tif")
    with pytest.raises(InputError, match="holds pictures of several sizes or kinds, which are no channels: --page N"):
        decode(tmp_path / "a.tif", CHANNELS)
    np.testing.assert_array_equal(decode(tmp_path / "a.tif", 3).values, numbers((7, 7)))


def test_a_further_series_is_no_part_of_the_first(tmp_path):
    for metadata, count in (({"axes": "ZYX"}, 4), ({"axes": "CYX"}, 1)):
        with tifffile.TiffWriter(tmp_path / "a.tif") as file:
            file.write(numbers((4, 5, 6)), photometric="minisblack", metadata=metadata)
            file.write(numbers((2, 7, 8)), photometric="minisblack", metadata=metadata)
        which = "--page N takes one of the first 4" if count == 4 else "--page 1 takes the first"
        with pytest.raises(InputError, match=f"holds several pictures of different sizes or kinds: {which}, or save"):
            decode(tmp_path / "a.tif")
        expected = numbers((4, 5, 6))[0] if count == 4 else np.moveaxis(numbers((4, 5, 6)), 0, 2)
        np.testing.assert_array_equal(decode(tmp_path / "a.tif", 1).values, expected)
        with pytest.raises(InputError, match=f"holds {count} pictures?, and no number {count + 1}"):
            decode(tmp_path / "a.tif", count + 1)


def test_pages_that_belong_together_but_differ(tmp_path):
    """The description says four channels, but one of them has other numbers."""
    values = numbers((6, 5), "uint8")
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        text = "ImageJ=1.54f\nimages=2\nchannels=2\n"
        file.write(values, photometric="minisblack", description=text, metadata=None)
        file.write(values.astype("uint16"), photometric="minisblack", metadata=None)
    with pytest.raises(InputError, match=r"a\.tif holds pages of several sizes or kinds, which are no channels of one"):
        decode(tmp_path / "a.tif")


@pytest.mark.parametrize("axes", ["YXC", "ZYXC", "TZYXC"])
@pytest.mark.parametrize("channels", [2, 5])
def test_rows_as_pages(tmp_path, axes, channels):
    """What tifffile makes of (H, W, C) that is not said to be anything but grey: a page for each row."""
    shape = (2, 3, 12, 10, channels)[5 - len(axes) :]
    values = numbers(shape)
    tifffile.imwrite(tmp_path / "a.tif", values, metadata={"axes": axes})
    pictures = values.reshape(-1, 12, 10, channels)
    for page in range(1, len(pictures) + 1):
        np.testing.assert_array_equal(decode(tmp_path / "a.tif", page).values, pictures[page - 1])
    together = np.concatenate(list(pictures), axis=2)
    np.testing.assert_array_equal(decode(tmp_path / "a.tif", CHANNELS).values, together)
    if len(pictures) == 1:
        np.testing.assert_array_equal(decode(tmp_path / "a.tif").values, values)
    else:
        with pytest.raises(InputError, match=rf"holds {len(pictures)} pictures, .*slices of Z: --page N"):
            decode(tmp_path / "a.tif")
    tifffile.imwrite(tmp_path / "b.tif", values[0] if len(axes) == 4 else values, photometric="minisblack")
    with pytest.raises(InputError, match=rf"holds \d+ pictures of {channels} x 10 pixels, and does not say"):
        decode(tmp_path / "b.tif")


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("count", [3, 4])
@pytest.mark.parametrize("axes", ["CYX", "ZYX", "YXC"])
def test_samples_are_what_the_axes_say(tmp_path, axes, count, dtype):
    """tifffile takes three or four of anything for red, green, blue and alpha, unless it is told otherwise."""
    shape = (12, 10, count) if axes == "YXC" else (count, 12, 10)
    values = numbers(shape, dtype)
    how = {"photometric": "rgb", "planarconfig": "contig" if axes == "YXC" else "separate"}
    tifffile.imwrite(tmp_path / "a.tif", values, metadata={"axes": axes}, **how)
    picture = values if axes == "YXC" else np.moveaxis(values, 0, 2)
    if axes == "ZYX":
        with pytest.raises(InputError, match=f"holds {count} pictures of 10 x 12 pixels, slices of Z: "):
            decode(tmp_path / "a.tif")
        for page in range(1, count + 1):
            np.testing.assert_array_equal(decode(tmp_path / "a.tif", page).values, picture[..., page - 1])
        with pytest.raises(InputError, match=f"holds {count} pictures, and no number {count + 1}"):
            decode(tmp_path / "a.tif", count + 1)
    read = decode(tmp_path / "a.tif", CHANNELS if axes == "ZYX" else None)
    np.testing.assert_array_equal(read.values, picture)
    assert read.alpha is None


def test_colours_in_planes_of_channels(tmp_path):
    values = numbers((2, 2, 12, 10, 3), "uint8")
    for name, how in (("a.tif", {"imagej": True}), ("b.ome.tif", {"ome": True}), ("c.tif", {})):
        tifffile.imwrite(tmp_path / name, values, metadata={"axes": "ZCYXS"}, photometric="rgb", **how)
        read = decode(tmp_path / name, 2).values
        np.testing.assert_array_equal(read, np.concatenate(list(values[1]), axis=2))


def test_old_shaped_files(tmp_path):
    """As tifffile wrote them in 2012: no JSON."""
    planes = numbers((4, 6, 5))
    for behind in (False, True):
        write_pages(tmp_path / "a.tif", planes, "shape=(4, 6, 5)", behind, "<")
        np.testing.assert_array_equal(decode(tmp_path / "a.tif", 3).values, planes[2])
        with pytest.raises(InputError, match="holds 4 pictures of 5 x 6 pixels, and does not say"):
            decode(tmp_path / "a.tif")


@pytest.mark.parametrize(
    "text",
    [
        '{"shape": [4, 7, 5]}',
        '{"shape": [0, 6, 5]}',
        '{"shape": [1e999]}',
        '{"shape": 4}',
        '{"shape": ',
        '{"shape": ["a"]}',
        "shape=(9)",
    ],
)
def test_a_description_that_is_wrong_says_nothing(tmp_path, text):
    planes = numbers((4, 6, 5))
    write_pages(tmp_path / "a.tif", planes, text)
    with pytest.raises(InputError, match="holds 4 pictures of 5 x 6 pixels, and does not say"):
        decode(tmp_path / "a.tif")
    np.testing.assert_array_equal(decode(tmp_path / "a.tif", 3).values, planes[2])


HEAD = '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"{uuid}><Image ID="Image:0">'
PIXELS = '<Pixels ID="Pixels:0" DimensionOrder="{order}" Type="uint16" SizeX="5" SizeY="6" {sizes}>{planes}</Pixels>'


def ome(planes: str, order: str = "XYCZT", sizes: str = 'SizeC="2" SizeZ="3" SizeT="1"', uuid: str = "") -> str:
    return HEAD.format(uuid=uuid) + PIXELS.format(order=order, sizes=sizes, planes=planes) + "</Image></OME>"


def plane(index: int, channel: int, slice_: int, uuid: str = "") -> str:
    inside = f'<UUID FileName="a.tif">{uuid}</UUID>' if uuid else ""
    return f'<TiffData IFD="{index}" FirstC="{channel}" FirstZ="{slice_}" FirstT="0" PlaneCount="1">{inside}</TiffData>'


@pytest.mark.parametrize("uuid", ["", "own", "only"])
def test_ome_says_for_each_plane_where_it_lies(tmp_path, rng, uuid):
    """In any order, with the number of the file or without; the text stands in the file's first page."""
    values = numbers((6, 6, 5))
    where = rng.permutation(6)  # of planes, channels fastest: their pages
    name = "urn:uuid:7" if uuid else ""
    text = ome(
        "".join(plane(where[number], number % 2, number // 2, name) for number in rng.permutation(6)),
        uuid=f' UUID="{name}"' if uuid == "own" else "",
    )
    write_pages(tmp_path / "a.tif", values, text)
    for page in (1, 2, 3):
        expected = np.moveaxis(values[where[2 * page - 2 : 2 * page]], 0, 2)
        np.testing.assert_array_equal(decode(tmp_path / "a.tif", page).values, expected)
    with pytest.raises(InputError, match="holds 3 pictures of 5 x 6 pixels and 2 channels, slices of Z"):
        decode(tmp_path / "a.tif")


@pytest.mark.parametrize("order", ["XYCZT", "XYZCT", "XYTCZ"])
def test_ome_may_leave_all_pages_in_their_order(tmp_path, order):
    values = numbers((6, 6, 5))
    write_pages(tmp_path / "a.tif", values, ome("<TiffData/>", order))
    expected = values[[1, 4]] if order == "XYZCT" else values[[2, 3]]
    np.testing.assert_array_equal(decode(tmp_path / "a.tif", 2).values, np.moveaxis(expected, 0, 2))


def test_a_plane_that_ome_does_not_have(tmp_path):
    write_pages(tmp_path / "a.tif", numbers((6, 6, 5)), ome(plane(4, 1, 0) + plane(5, 0, 2)))
    with pytest.raises(InputError, match="says that it holds 6 pictures, but number 1 of them is not there"):
        decode(tmp_path / "a.tif", 1)
    with pytest.raises(InputError, match="number 3 of them is not there"):
        decode(tmp_path / "a.tif", 2)


@pytest.mark.parametrize(
    "text",
    [
        ome('<TiffData IFD="0" PlaneCount="6"/>', sizes='SizeC="2" SizeZ="0" SizeT="1"'),
        ome('<TiffData IFD="0" PlaneCount="6"/>', sizes='SizeC="0" SizeZ="3" SizeT="1"'),
        ome('<TiffData IFD="0" PlaneCount="6"/>', sizes='SizeC="2" SizeZ="3"'),
        ome('<TiffData IFD="0" PlaneCount="6"/>', order="CXYZT"),
        ome('<TiffData IFD="0" PlaneCount="6"/>', order=""),
        ome('<TiffData IFD="x" PlaneCount="6"/>'),
        ome(""),
        ome("<TiffData/>").replace('SizeX="5"', 'SizeX="7"'),
        ome(plane(0, 0, 0, "urn:uuid:1") + plane(0, 1, 0, "urn:uuid:2")),
        ome(plane(0, 0, 0, "urn:uuid:1"), uuid=' UUID="urn:uuid:2"'),
        "<OME></OME>",
        "<OME><Image></OME>",
    ],
)
def test_ome_that_is_wrong_or_names_other_files_says_nothing(tmp_path, text):
    values = numbers((6, 6, 5))
    write_pages(tmp_path / "a.tif", values, text)
    with pytest.raises(InputError, match="holds 6 pictures of 5 x 6 pixels, and does not say what they are"):
        decode(tmp_path / "a.tif")
    np.testing.assert_array_equal(decode(tmp_path / "a.tif", 4).values, values[3])


def test_colours_of_ome_without_a_word_on_samples(tmp_path):
    values = numbers((6, 5, 3), "uint8")
    text = ome('<TiffData IFD="0" PlaneCount="1"/>', sizes='SizeC="3" SizeZ="1" SizeT="1"')
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb", description=text, metadata=None)
    np.testing.assert_array_equal(decode(tmp_path / "a.tif").values, values)


@pytest.mark.parametrize("text", ["images=3\nslices=x\n", "images=3\nframes=-1\n", "images=3\nchannels=1e999\n"])
def test_an_odd_text_of_imagej_says_nothing(tmp_path, text):
    values = numbers((3, 6, 5))
    write_pages(tmp_path / "a.tif", values, "ImageJ=1.54f\n" + text)
    with pytest.raises(InputError, match="holds 3 pictures of 5 x 6 pixels, and does not say what they are"):
        decode(tmp_path / "a.tif")
    np.testing.assert_array_equal(decode(tmp_path / "a.tif", 2).values, values[1])


@pytest.mark.parametrize(("planar", "images"), [("contig", 2), ("separate", 2), ("separate", 6)])
def test_channels_of_imagej_in_each_page(tmp_path, planar, images):
    """As Bio-Formats may write them."""
    values = numbers((2, 12, 10, 3))
    stored = np.moveaxis(values, 3, 1) if planar == "separate" else values
    text = f"ImageJ=1.54f\nimages={images}\nchannels=3\nslices=2\n"
    how = {"photometric": "minisblack", "planarconfig": planar, "description": text, "metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", stored, **how)
    with pytest.raises(InputError, match="holds 2 pictures of 10 x 12 pixels, slices of Z"):
        decode(tmp_path / "a.tif")
    np.testing.assert_array_equal(decode(tmp_path / "a.tif", 2).values, values[1])


def test_stacks_of_metamorph(tmp_path):
    """A tag with a number for each plane; they lie behind the first one."""
    values = numbers((5, 8, 9))
    tags = [(33629, 4, 5, (0,) * 5, True)]
    tifffile.imwrite(tmp_path / "a.tif", values[0], photometric="minisblack", metadata=None, extratags=tags)
    whole = (tmp_path / "a.tif").read_bytes()
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        assert tiff.pages[0].dataoffsets[0] + values[0].nbytes == len(whole)
    (tmp_path / "a.tif").write_bytes(whole + values[1:4].tobytes())
    with pytest.raises(InputError, match="holds 5 pictures of 9 x 8 pixels, and does not say"):
        decode(tmp_path / "a.tif")
    for page in range(1, 5):
        np.testing.assert_array_equal(decode(tmp_path / "a.tif", page).values, values[page - 1])
    with pytest.raises(InputError, match="number 5 of them is not there"):
        decode(tmp_path / "a.tif", 5)


def test_planes_behind_a_packed_one_are_not_there(tmp_path):
    """Nobody can tell where they begin."""
    text = "ImageJ=1.54f\nimages=3\nslices=3\n"
    how = {"photometric": "minisblack", "description": text, "metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", numbers((8, 9)), compression="zlib", **how)
    with open(tmp_path / "a.tif", "ab") as file:
        file.write(bytes(1000))
    with pytest.raises(InputError, match="number 2 of them is not there"):
        decode(tmp_path / "a.tif", 2)


def test_a_first_page_that_calls_itself_a_mask_is_a_picture(tmp_path):
    values = numbers((8, 9))
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="minisblack", subfiletype=1)
    whole = bytearray((tmp_path / "a.tif").read_bytes())
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        whole[tiff.pages[0].tags[254].valueoffset] = 4
    (tmp_path / "a.tif").write_bytes(whole)
    np.testing.assert_array_equal(decode(tmp_path / "a.tif").values, values)


def test_pages_without_end(tmp_path, monkeypatch):
    """Pages that go round in a circle, and a text that promises more than any disk holds."""
    monkeypatch.setattr(stacks, "PAGES", 50)
    write_pages(tmp_path / "a.tif", numbers((60, 2, 2)), "")
    with pytest.raises(InputError, match="holds 50 pages and more: --page N takes one of the first"):
        decode(tmp_path / "a.tif")
    np.testing.assert_array_equal(decode(tmp_path / "a.tif", 50).values, numbers((60, 2, 2))[49])
    text = "ImageJ=1.54f\nimages=9000000000\nchannels=9000000000\n"
    write_pages(tmp_path / "b.tif", numbers((60, 2, 2)), text)
    with pytest.raises(InputError, match="holds 9000000000 pages, of which 50 at most are read as one picture"):
        decode(tmp_path / "b.tif")
    write_pages(tmp_path / "c.tif", numbers((60, 2, 2)), text.replace("channels", "slices"))
    with pytest.raises(InputError, match="number 8000000000 of them is not there"):
        decode(tmp_path / "c.tif", 8_000_000_000)


def test_pages_that_go_round_in_a_circle(tmp_path, monkeypatch):
    """A page whose next one is itself; and a table of tags for which millions are read."""
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((3, 4, 5), "uint8"), metadata=None, photometric="minisblack")
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        last, tags = tiff.pages[2], len(tiff.pages[2].tags)
        at = last.offset + 2 + 12 * tags
    whole = bytearray((tmp_path / "a.tif").read_bytes())
    whole[at : at + 4] = struct.pack("<I", last.offset)
    (tmp_path / "b.tif").write_bytes(whole)
    with pytest.raises(InputError, match=r"b\.tif is damaged: its pages go round in a circle"):
        decode(tmp_path / "b.tif")
    monkeypatch.setattr(stacks, "TAGS", 3 * tags - 1)
    with pytest.raises(InputError, match=r"a\.tif holds too many tags"):
        decode(tmp_path / "a.tif")


@pytest.mark.parametrize("sizes", ["2," * 100_000, f"{10**300}, ", "1" * 4000 + ", "])
def test_a_description_of_endless_axes_is_refused_at_once(tmp_path, sizes):
    """Their product takes minutes, and has more digits than Python prints."""
    said = f'{{"shape": [{sizes}8, 8, 3]}}'
    tifffile.imwrite(
        tmp_path / "a.tif", np.zeros((8, 8, 3), "uint8"), photometric="rgb", metadata=None, description=said
    )
    with pytest.raises(InputError, match=r"a\.tif names more than 16 axes, or one of more than 1099511627776 pages"):
        decode(tmp_path / "a.tif")
