"""Every kind of file that Pillow or tifffile can write, against what was written into it."""

import io
import itertools
import os
import struct
import sys
import zlib

import numpy as np
import PIL
import pytest
import tifffile
from PIL import Image

from minunet.data.decode import FORMATS, PICTURE_ENDINGS, decode
from minunet.data.decoded import upright
from minunet.data.pictures import read_image, read_mask
from minunet.errors import InputError
from tests.data.pictures import png, png_of_16_bits, rows_of_bits

KINDS = [
    ("bool", 1, "minisblack"),
    *itertools.product(("uint8", "uint16", "uint32"), (1,), ("minisblack", "miniswhite")),
    *itertools.product(("int8", "int16", "float16", "float32", "float64"), (1,), ("minisblack",)),
    *itertools.product(("uint8", "uint16", "float32"), (3, 4), ("rgb",)),
]


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize(("dtype", "channels", "photometric"), KINDS)
def test_a_tiff_holds_what_was_written(tmp_path, rng, dtype, channels, photometric, planar, order, compression):
    shape = (13, 17) if channels == 1 else (13, 17, channels)
    written = rng.integers(0, 2 if dtype == "bool" else 120, shape).astype(dtype)
    stored = np.moveaxis(written, 2, 0) if channels > 1 and planar == "separate" else written
    alpha = {"extrasamples": ["unassalpha"]} if channels == 4 else {}
    config = {"planarconfig": planar} if channels > 1 else {}
    tifffile.imwrite(
        tmp_path / "a.tif", stored, photometric=photometric, byteorder=order, compression=compression, **alpha, **config
    )
    read = decode(tmp_path / "a.tif")
    colours = written[..., :3] if channels == 4 else written
    np.testing.assert_array_equal(read.values, ~colours if photometric == "miniswhite" else colours)
    assert read.values.dtype == dtype and read.palette is None
    assert read.highest == (255 if dtype == "uint8" else None)
    assert (read.alpha is None) == (channels != 4)
    if dtype == "uint8" and channels == 4:
        np.testing.assert_array_equal(read.alpha, written[..., 3])


@pytest.mark.parametrize(
    ("mode", "compression"),
    [
        *itertools.product(
            ("1", "L", "P", "RGB", "RGBA", "CMYK", "I;16", "LA"), (None, "tiff_lzw", "packbits", "tiff_adobe_deflate")
        ),
        ("L", "jpeg"),
        ("RGB", "jpeg"),
    ],
)
def test_what_both_libraries_read_is_the_same(tmp_path, rng, mode, compression):
    """Pillow's own reading of the TIFFs that it writes, from a file object, where it is right."""
    grey = rng.integers(0, 256, (20, 24)).astype("uint8")
    picture = (
        Image.fromarray(grey.astype("uint16") * 250)
        if mode == "I;16"
        else Image.fromarray(np.dstack([grey, grey // 2, grey[::-1], 255 - grey // 3])).convert(mode)
    )
    picture.save(tmp_path / "a.tif", compression=compression)
    with open(tmp_path / "a.tif", "rb") as file:
        expected = Image.open(file)
        expected.load()
    read = decode(tmp_path / "a.tif")
    if mode in ("RGBA", "LA"):
        np.testing.assert_array_equal(read.alpha, np.asarray(expected.getchannel("A")))
        expected = expected.convert(mode.removesuffix("A"))
    elif mode == "CMYK":
        expected = expected.convert("RGB")
    np.testing.assert_array_equal(read.values, np.asarray(expected))
    if mode == "P":
        rgb = read.palette[read.values]
        np.testing.assert_array_equal(rgb, np.asarray(expected.convert("RGB")))


@pytest.mark.parametrize(("channels", "kind"), [(1, 0), (2, 4), (3, 2), (4, 6)])
def test_png_of_16_bits_a_colour(tmp_path, rng, channels, kind):
    """Pillow keeps the upper 8 bits of colours only: a camera's 12 of 16 bits would be nearly black."""
    written = rng.integers(0, 65536, (9, 11, channels), dtype="uint16")
    (tmp_path / "a.png").write_bytes(png_of_16_bits(written, kind))
    read = decode(tmp_path / "a.png")
    expected = written[..., :-1] if channels in (2, 4) else written
    np.testing.assert_array_equal(read.values, expected.squeeze())
    assert read.highest is None
    if channels in (2, 4):
        np.testing.assert_array_equal(read.alpha, written[..., -1] >> 8)


@pytest.mark.parametrize("ending", ["tif", "lzw.tif", "png", "jpg", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_was_turned_is_turned_back(tmp_path, orientation, ending):
    """The picture that Pillow's own `exif_transpose` gives; in every format, and in masks as in pictures."""
    from PIL import ImageOps

    rgb = np.zeros((16, 24, 3), "uint8")
    rgb[:8, :8, 0], rgb[8:, 8:16, 1], rgb[:, 16:, 2] = 250, 250, 250
    exif = Image.Exif()
    exif[274] = orientation
    how = {"compression": "tiff_lzw"} if ending == "lzw.tif" else {"quality": 100}
    Image.fromarray(rgb).save(tmp_path / f"a.{ending}", exif=exif, **how)
    with open(tmp_path / f"a.{ending}", "rb") as file:
        expected = np.asarray(ImageOps.exif_transpose(Image.open(file)).convert("RGB")).astype(int)
    decoded = decode(tmp_path / f"a.{ending}")
    assert decoded.values.shape == expected.shape and decoded.turned == (orientation > 1)
    assert abs(decoded.values - expected).max() <= (8 if ending in ("jpg", "webp") else 0)


def test_an_orientation_that_is_none_changes_nothing():
    array = np.arange(6).reshape(2, 3)
    for orientation in (0, 1, 9, 4711):
        np.testing.assert_array_equal(upright(array, orientation), array)


def test_a_damaged_exif_block_is_passed_over(tmp_path):
    Image.new("RGB", (40, 30), "red").save(tmp_path / "b.png", exif=b"Exif\0\0EX damaged")
    assert decode(tmp_path / "b.png").values.shape == (30, 40, 3)


def test_a_thumbnail_is_no_second_picture(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(np.full((12, 10), 7, "uint8"), photometric="minisblack")
        file.write(np.full((3, 2), 9, "uint8"), photometric="minisblack", subfiletype=1)
    np.testing.assert_array_equal(decode(tmp_path / "a.tif").values, np.full((12, 10), 7))


def test_what_would_start_another_program_is_not_read(tmp_path, monkeypatch):
    """Pillow hands EPS to Ghostscript, whatever the file is called."""
    (tmp_path / "gs").write_text(f"#!/bin/sh\ntouch {tmp_path}/was-started\necho 10.0\n")
    (tmp_path / "gs").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "x.png").write_text(
        "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n%%EOF\n"
    )
    with pytest.raises(InputError, match="x.png cannot be read as a picture"):
        decode(tmp_path / "x.png")
    eps = (tmp_path / "x.png").read_bytes()
    fields = [
        (3, 60, b"\x01\x01"),
        (3, 20, b"\0\x0a"),
        (3, 30, b"\0\x0a"),
        (3, 120, b"\0"),
        (8, 10, eps),
    ]  # IPTC around it
    packed = b"".join(struct.pack(">BBBH", 0x1C, record, name, len(data)) + data for record, name, data in fields)
    (tmp_path / "iptc.png").write_bytes(packed)
    with pytest.raises(InputError, match="iptc.png cannot be read as a picture"):
        decode(tmp_path / "iptc.png")
    assert not (tmp_path / "was-started").exists()
    assert "EPS" not in FORMATS and ".eps" not in PICTURE_ENDINGS and ".tif" in PICTURE_ENDINGS


def test_too_little_memory_is_said_of_the_file(tmp_path, monkeypatch):
    """NumPy says how much it wanted; Python says nothing."""
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    for error, said in ((MemoryError(), "NumPy got none"), (MemoryError("9 GiB"), "9 GiB")):
        monkeypatch.setattr(Image, "open", lambda *files, error=error, **options: (_ for _ in ()).throw(error))
        with pytest.raises(MemoryError, match=f"a.png: {said}$"):
            decode(tmp_path / "a.png")


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_a_picture_of_too_many_pixels(tmp_path, monkeypatch, form):
    Image.new("L", (40, 50)).save(tmp_path / "a", format=form)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 900)
    with pytest.raises(InputError, match="a has more than 0 million pixels"):
        decode(tmp_path / "a")


def test_grey_with_premultiplied_alpha(tmp_path):
    """Pillow's mode La, which it cannot convert to RGB."""
    grey, alpha = np.full((6, 5), 60, "uint8"), np.full((6, 5), 255, "uint8")
    tifffile.imwrite(
        tmp_path / "a.tif",
        np.dstack([grey, alpha]),
        photometric="minisblack",
        planarconfig="contig",
        extrasamples=["assocalpha"],
    )
    if int(PIL.__version__.split(".")[0]) < 13:  # which do not know it
        with pytest.raises(InputError, match="cannot be read as a picture"):
            decode(tmp_path / "a.tif")
        return
    read = decode(tmp_path / "a.tif")
    np.testing.assert_array_equal(read.values, grey)
    assert read.alpha is None


def test_anything_may_be_in_a_file(tmp_path, rng):
    """Bytes changed at random: a picture, or one sentence, and nothing else."""
    buffers = []
    for form in ("PNG", "TIFF", "JPEG", "GIF", "BMP"):
        buffer = io.BytesIO()
        Image.fromarray(rng.integers(0, 256, (16, 16, 3)).astype("uint8")).save(buffer, format=form)
        buffers.append(buffer.getvalue())
    for number in range(300):
        data = bytearray(buffers[number % len(buffers)])
        for _ in range(rng.integers(1, 6)):
            data[rng.integers(len(data))] = rng.integers(256)
        (tmp_path / "a").write_bytes(data)
        try:
            assert decode(tmp_path / "a").values.ndim in (2, 3)
        except InputError as error:
            assert str(tmp_path / "a") in str(error)


def test_a_tiff_without_the_package_that_reads_it(tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((5, 5), "uint8"))
    monkeypatch.setitem(sys.modules, "tifffile", None)
    with pytest.raises(InputError, match="a.tif is a TIFF, which needs the package tifffile"):
        decode(tmp_path / "a.tif")


def tiff_of_bits(values: np.ndarray, bits: int) -> bytes:
    """Grey values (H, W) as an uncompressed TIFF of this many bits; W * bits must fill bytes."""
    height, width = values.shape
    data = rows_of_bits(values, bits).tobytes()
    tags = [(256, width), (257, height), (258, bits), (259, 1), (262, 1), (273, 8), (277, 1), (278, height)]
    tags.append((279, len(data)))
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", len(tags)) + entries + bytes(4)


@pytest.mark.parametrize("bits", [2, 4])
@pytest.mark.parametrize("form", ["png", "tif"])
def test_grey_of_few_bits_holds_its_own_numbers(tmp_path, rng, bits, form):
    """Pillow spreads them over 8 bits; as class ids they would be others."""
    values = rng.integers(0, 2**bits, (6, 8))
    made = tiff_of_bits(values, bits) if form == "tif" else png(rows_of_bits(values, bits), (8, 6), bits, 0)
    (tmp_path / f"a.{form}").write_bytes(made)
    read = decode(tmp_path / f"a.{form}")
    np.testing.assert_array_equal(read.values, values)
    assert read.highest == 2**bits - 1


def test_what_pillow_would_read_wrongly_is_refused(tmp_path, rng):
    (tmp_path / "a.ppm").write_bytes(b"P6 4 4 65535\n" + rng.integers(0, 4096, 48).astype(">u2").tobytes())
    with pytest.raises(InputError, match="16 bits a colour, as PPM"):
        decode(tmp_path / "a.ppm")
    tifffile.imwrite(tmp_path / "c.tif", np.zeros((5, 5), "complex64"))
    with pytest.raises(InputError, match="it holds no pixels, but complex64"):
        decode(tmp_path / "c.tif")


def test_floating_point_with_a_predictor(tmp_path, rng):
    """tifffile needs another package for these; Pillow reads those of one byte order."""
    values = rng.standard_normal((12, 14)).astype("float32")
    Image.fromarray(values).save(tmp_path / "a.tif", compression="tiff_adobe_deflate", tiffinfo={317: 3})
    np.testing.assert_array_equal(decode(tmp_path / "a.tif").values, values)


def test_no_other_file_is_opened(tmp_path):
    """An OME-TIFF may say that its planes lie in other files; one of which nobody writes into would never end."""
    xml = """<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">
    <Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="6" SizeY="5" SizeZ="2" SizeC="1" SizeT="1">
    <TiffData IFD="0" FirstZ="0"><UUID FileName="a.ome.tif">urn:uuid:1</UUID></TiffData>
    <TiffData IFD="0" FirstZ="1"><UUID FileName="pipe.tif">urn:uuid:2</UUID></TiffData></Pixels></Image></OME>"""
    values = np.arange(30, dtype="uint8").reshape(5, 6)
    tifffile.imwrite(tmp_path / "a.ome.tif", values, description=xml, metadata=None)
    os.mkfifo(tmp_path / "pipe.tif")
    np.testing.assert_array_equal(decode(tmp_path / "a.ome.tif").values, values)
    with pytest.raises(InputError, match="pipe.tif is not a file"):
        decode(tmp_path / "pipe.tif")


def lzw(data: bytes) -> bytes:
    """The simplest LZW: a table that is cleared before it is needed, 9 bits a code."""
    codes = [code for start in range(0, len(data), 200) for code in (256, *data[start : start + 200])] + [257]
    bits = "".join(f"{code:09b}" for code in codes)
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32"])
@pytest.mark.parametrize("photometric", [0, 1])
def test_lzw_is_right_or_refused(tmp_path, rng, order, dtype, photometric):
    """Pillow swaps the bytes of some kinds twice, takes others for their brothers, and does not invert 16 bits."""
    values = (rng.standard_normal((8, 9)) * 2**30).astype("int64").astype(dtype)
    data, tag = lzw(values.astype(np.dtype(dtype).newbyteorder(order)).tobytes()), order + "HHI"
    kind = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    tags = [(256, 9), (257, 8), (258, 8 * values.itemsize), (259, 5), (262, photometric), (273, 8), (277, 1), (278, 8)]
    tags += [(279, len(data)), (339, kind)]
    entries = b"".join(struct.pack(order + "HHII", name, 4, 1, value) for name, value in tags)
    start = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8 + len(data))
    made = start + data + struct.pack(order + "H", len(tags)) + entries + bytes(4)
    (tmp_path / "a.tif").write_bytes(made)
    try:
        read = decode(tmp_path / "a.tif").values
    except InputError as error:
        assert "would not be read rightly" in str(error) and dtype not in ("uint8",) and tag
        assert photometric == 0 or dtype in ("int8", "uint32") or order == ">"
        return
    np.testing.assert_array_equal(read, 255 - values if photometric == 0 else values)


@pytest.mark.parametrize(("photometric", "extra"), [("minisblack", ["assocalpha"]), ("cielab", [])])
def test_planes_that_pillow_would_mix_up_are_refused(tmp_path, rng, photometric, extra):
    """Of grey it drops the alpha, and of CIELab it takes numbers with a sign for some without."""
    values = rng.integers(0, 256, (3 - len(extra), 20, 24)).astype("uint8")
    how = {"planarconfig": "separate", "compression": "zlib", "metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", values, photometric=photometric, extrasamples=extra or None, **how)
    with pytest.raises(InputError, match=r"a\.tif holds uint8 as .*: save it uncompressed, or as Deflate"):
        decode(tmp_path / "a.tif")


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_packbits_with_a_predictor_is_refused(tmp_path, mode):
    """libtiff takes no notice of the predictor, tifffile does."""
    Image.new(mode, (24, 20)).save(tmp_path / "a.tif", compression="packbits", tiffinfo={317: 2})
    with pytest.raises(InputError, match=r"a\.tif holds PackBits with a predictor, .*: save it uncompressed"):
        decode(tmp_path / "a.tif")


@pytest.mark.parametrize("bits", [1, 8, 16])
def test_palettes_of_any_length(tmp_path, rng, bits):
    colours = rng.integers(0, 65536, (3, 2**bits), dtype="uint16")
    values = rng.integers(0, 2, (5, 8)).astype(f"uint{max(bits, 8)}") * (2**bits - 1)
    if bits == 1:
        data = np.packbits(values.astype(bool), axis=1).tobytes()
        tags = [(256, 4, 8), (257, 4, 5), (258, 4, 1), (259, 4, 1), (262, 4, 3), (273, 4, 8), (277, 4, 1), (278, 4, 5)]
        tags += [(279, 4, len(data)), (320, 3, 8 + len(data) + 2 + 12 * 10 + 4)]
        entries = b"".join(struct.pack("<HHII", n, kind, 6 if n == 320 else 1, value) for n, kind, value in tags)
        made = b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", 10) + entries + bytes(4)
        (tmp_path / "a.tif").write_bytes(made + colours.astype("<u2").tobytes())
    else:
        tifffile.imwrite(tmp_path / "a.tif", values, photometric="palette", colormap=colours)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), (colours >> 8).astype("uint8").T[values])


def test_a_strip_that_swells_is_refused(tmp_path):
    data = zlib.compress(bytes(10**7))
    tags = [(256, 16), (257, 12), (258, 8), (259, 8), (262, 1), (273, 8), (277, 1), (278, 12), (279, len(data))]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    made = b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", len(tags)) + entries + bytes(4)
    (tmp_path / "a.tif").write_bytes(made)
    with pytest.raises(InputError, match="a.tif would unpack to more than its picture"):
        decode(tmp_path / "a.tif")


def test_a_thumbnail_before_its_picture_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((5, 6), "uint8"), photometric="minisblack", subfiletype=1)
    with pytest.raises(InputError, match="begins with a small copy"):
        decode(tmp_path / "a.tif")


def test_what_compression_changes_is_no_mask(tmp_path):
    ids = Image.fromarray((np.indices((32, 32)).sum(0) // 8).astype("uint8"))
    ids.save(tmp_path / "a.tif", compression="jpeg")
    for name in ("a.jp2", "a.webp", "a.jpg"):
        ids.save(tmp_path / name)
    for name in ("a.tif", "a.jp2", "a.webp", "a.jpg"):
        with pytest.raises(InputError, match=f"{name} is a .*, whose compression changes class ids"):
            read_mask(tmp_path / name)


@pytest.mark.parametrize(
    ("start", "right"),
    [
        (b"P5 4 2 255\n", True), (b"P5 4 2 150\n", False), (b"P5 4 2 1\n", False), (b"P2 4 2 255\n", True),
        (b"P2 4 2 7\n", False), (b"P1 4 2\n", False), (b"P4 4 8\n", False),
        (b"P5 2 2 65535\n", True), (b"P5 2 2 300\n", False), (b"P2 2 2 4095\n", False),
    ],
)  # fmt: skip
def test_a_pgm_whose_numbers_are_multiplied_is_no_mask(tmp_path, start, right):
    """Pillow makes 255 or 65535 of what the file calls white, and of a PBM's 1, which is black, 0; a picture may."""
    (tmp_path / "a.pgm").write_bytes(start + (b"0 1 1 0 0 0 1 1\n" if start[1:2] in b"12" else bytes([0, 1, 1, 0] * 2)))
    read_image(tmp_path / "a.pgm")
    if right:
        assert read_mask(tmp_path / "a.pgm")[0].max() in (1, 256)
        return
    with pytest.raises(InputError, match=r"a\.pgm says that white is 0 .* or neither 255 nor 65535.*as PNG"):
        read_mask(tmp_path / "a.pgm")


@pytest.mark.parametrize(("dtype", "packed"), [("uint8", False), ("uint16", False), ("bool", False), ("uint8", True)])
def test_a_mask_whose_white_is_0_is_refused(tmp_path, dtype, packed):
    """Fiji and tifffile mean the numbers as they stand, others what is seen."""
    path, values = tmp_path / "a.tif", (np.eye(4) * 255).astype(dtype)
    if packed:  # which Pillow reads
        Image.fromarray(values).save(path, compression="tiff_lzw")
        with tifffile.TiffFile(path) as tiff:
            at = tiff.pages[0].tags["PhotometricInterpretation"].valueoffset
        data = bytearray(path.read_bytes())
        data[at : at + 2] = b"\0\0"
        path.write_bytes(data)
    else:  # for True and False, tifffile does so by itself
        tifffile.imwrite(path, values, photometric=None if dtype == "bool" else "miniswhite")
    with pytest.raises(InputError, match=r"a\.tif says that white is 0.*Save masks as PNG"):
        read_mask(path)
    assert read_image(path)[0, 0, 0] < read_image(path)[0, 1, 0]


def test_a_bmp_of_two_colours_and_many_bits_is_refused(tmp_path):
    """Pillow reads its bytes as bits."""
    Image.fromarray(np.zeros((8, 8), bool)).save(tmp_path / "a.bmp")
    assert decode(tmp_path / "a.bmp").values.shape == (8, 8)
    head = struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 126, 0, 0, 62, 40, 8, 8, 1, 8, 0, 64, 0, 0, 2, 2)
    (tmp_path / "b.bmp").write_bytes(head + bytes((0, 0, 0, 0, 255, 255, 255, 0)) + bytes(64))
    with pytest.raises(InputError, match="b.bmp is a BMP of 8 bits with two colours"):
        decode(tmp_path / "b.bmp")


@pytest.mark.parametrize(
    ("bits", "key"), [(1, 0), (1, 1), (2, 3), (4, 1), (8, 255), *[(16, key) for key in (0, 1, 255, 300, 65535)]]
)
def test_a_grey_that_stands_for_nothing(tmp_path, bits, key):
    """It is a number of as many bits as the picture has; nothing else that is as bright is transparent."""
    rows = np.array([[key, 0, 1, 2**bits - 1, key, 2**bits // 2, 2**bits - 2, 0]])
    packed = rows.astype(">u2").view("uint8") if bits == 16 else rows_of_bits(rows, bits)
    chunk = b"tRNS" + struct.pack(">H", key)
    whole = png(packed, (8, 1), bits, 0)
    at = whole.index(b"IDAT") - 4
    (tmp_path / "a.png").write_bytes(
        whole[:at] + struct.pack(">I", 2) + chunk + struct.pack(">I", zlib.crc32(chunk)) + whole[at:]
    )
    np.testing.assert_array_equal(decode(tmp_path / "a.png").alpha, np.where(rows == key, 0, 255))


@pytest.mark.parametrize("mode", ["1", "L", "I;16", "RGB;16"])
def test_a_colour_that_stands_for_nothing(tmp_path, mode):
    if mode == "RGB;16":
        values = np.zeros((4, 4, 3), "uint16")
        values[2:] = 9
        made = png_of_16_bits(values, 2)
        key = b"tRNS" + bytes(6)
        at = made.index(b"IDAT") - 4
        chunk = struct.pack(">I", 6) + key + struct.pack(">I", zlib.crc32(key))
        (tmp_path / "a.png").write_bytes(made[:at] + chunk + made[at:])
    else:
        values = np.zeros((4, 4), {"1": bool, "L": "uint8", "I;16": "uint16"}[mode])
        values[2:] = 1
        Image.fromarray(values).save(tmp_path / "a.png", transparency=0)
    alpha = decode(tmp_path / "a.png").alpha
    assert (alpha[:2] == 0).all() and (alpha[2:] == 255).all()


@pytest.mark.parametrize(("size", "tile"), [((200, 300), 512), ((256, 256), 512), ((100, 700), 1024)])
def test_tiles_may_be_larger_than_the_picture(tmp_path, rng, size, tile):
    values = rng.integers(0, 256, (*size, 3)).astype("uint8")
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb", tile=(tile, tile), compression="zlib")
    np.testing.assert_array_equal(decode(tmp_path / "a.tif").values, values)


def test_half_a_tiff_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.ones((40, 30), "uint8"), photometric="minisblack", rowsperstrip=10)
    whole = bytearray((tmp_path / "a.tif").read_bytes())
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        tag = tiff.pages.first.tags["StripByteCounts"]
    whole[tag.valueoffset + 3 * (tag.valuebytecount // 4) : tag.valueoffset + tag.valuebytecount] = bytes(
        tag.valuebytecount // 4
    )
    (tmp_path / "b.tif").write_bytes(whole)
    with pytest.raises(InputError, match="b.tif cannot be read as a picture: parts of it are not there"):
        decode(tmp_path / "b.tif")


@pytest.mark.parametrize("dtype", ["float32", "int16", "uint64"])
def test_palettes_of_odd_numbers_are_refused(tmp_path, dtype):
    values = np.array([[0, 1], [2, -3]]).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="minisblack")
    data = bytearray((tmp_path / "a.tif").read_bytes())
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        place = tiff.pages.first.tags["PhotometricInterpretation"].valueoffset
    data[place : place + 2] = struct.pack("<H", 3)
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(InputError, match="a.tif cannot be read as a picture"):
        read_image(tmp_path / "a.tif")


def test_an_os2_bmp_of_one_bit(tmp_path):
    head = struct.pack("<2sIHHIIHHHH", b"BM", 64, 0, 0, 32, 12, 8, 8, 1, 1) + bytes((0, 0, 0, 255, 255, 255))
    (tmp_path / "a.bmp").write_bytes(head + b"".join(bytes((0xF0, 0, 0, 0)) for _ in range(8)))
    np.testing.assert_array_equal(decode(tmp_path / "a.bmp").values, np.repeat([[True] * 4 + [False] * 4], 8, axis=0))


def test_tiles_far_larger_than_the_picture_are_refused(tmp_path):
    """Each of them all zeros, and all in one place of the file: a few kilobytes that would take an hour."""
    data = zlib.compress(bytes(16 * 2**20))
    count = 200
    tags = [(256, 4, 1, 16 * count), (257, 4, 1, 1), (258, 4, 1, 8), (259, 4, 1, 8), (262, 4, 1, 1), (277, 4, 1, 1)]
    tags += [(322, 4, 1, 16), (323, 4, 1, 2**20)]
    start = 8 + len(data) + 2 + 12 * 10 + 4
    tags += [(324, 4, count, start), (325, 4, count, start + 4 * count)]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    made = b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", len(tags)) + entries + bytes(4)
    made += struct.pack(f"<{2 * count}I", *[8] * count, *[len(data)] * count)
    (tmp_path / "a.tif").write_bytes(made)
    with pytest.raises(InputError, match="a.tif has parts that lie at the same place"):
        decode(tmp_path / "a.tif")


def test_pictures_behind_the_first_one_are_noticed(tmp_path):
    """One page, and the others appended: as tifffile's truncated series, and as MetaMorph's stacks, by a tag."""
    stack = np.zeros((5, 8, 8), "uint8")
    tifffile.imwrite(tmp_path / "a.tif", stack, truncate=True, photometric="minisblack")
    tags = [(33629, 4, 5, (0,) * 5, True)]
    tifffile.imwrite(tmp_path / "b.tif", stack[0], photometric="minisblack", metadata=None, extratags=tags)
    for name in ("a.tif", "b.tif"):
        with pytest.raises(InputError, match=f"{name} holds 5 pictures"):
            decode(tmp_path / name)


@pytest.mark.parametrize("page", [0, -1, "all", "2"])
def test_pages_are_counted_from_1(tmp_path, page):
    with pytest.raises(InputError, match=f"there is no page {page}"):
        decode(tmp_path / "a.tif", page)


def test_four_bits_whose_white_is_0(tmp_path):
    """Pillow spreads them over 8 bits, as it does where white is 15."""
    values = np.arange(16, dtype="uint8").reshape(2, 8)
    data = bytearray(tiff_of_bits(values, 4))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as tiff:
        at = tiff.pages[0].tags["PhotometricInterpretation"].valueoffset
    data[at : at + 2] = b"\0\0"
    (tmp_path / "a.tif").write_bytes(data)
    np.testing.assert_array_equal(decode(tmp_path / "a.tif").values, 15 - values)
    assert decode(tmp_path / "a.tif").highest == 15
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", 1)[..., 0], 17 * (15 - values))
