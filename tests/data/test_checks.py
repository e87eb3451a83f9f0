"""What Pillow does not look at: PNGs with damaged chunks, JPEG 2000 of other depths than 8 bits."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops

from minunet.data import checks
from minunet.data.decode import decode
from minunet.errors import InputError

CHUNKS = {b"IHDR", b"PLTE", b"tRNS", b"tEXt", b"eXIf", b"IDAT", b"acTL", b"fcTL", b"fdAT", b"IEND"}


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@pytest.fixture
def whole(tmp_path, rng) -> bytes:
    """A PNG with chunks of many kinds: two frames, a palette, what of it is transparent, an orientation, a text."""
    first = Image.fromarray(rng.integers(0, 9, (60, 80)).astype("uint8"))
    first.putpalette(rng.integers(0, 256, 27).astype("uint8").tobytes())
    first.save(tmp_path / "whole.png", save_all=True, append_images=[ImageChops.offset(first, 7)], transparency=3)
    made = (tmp_path / "whole.png").read_bytes()
    exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0\0\0\0\0"  # turned by half
    at = made.rindex(b"fcTL") - 4  # behind the first picture
    return made[:at] + chunk(b"eXIf", exif) + chunk(b"tEXt", b"Comment\0nothing") + made[at:]


def places(made: bytes) -> list[tuple[bytes, int, int]]:
    """The chunks of a PNG: the name of each, where it begins and where its checksum does."""
    found, at = [], 8
    while at < len(made):
        length, name = struct.unpack(">I4s", made[at : at + 8])
        found.append((name, at + 4, at + 8 + length))
        at += length + 12
    return found


@pytest.mark.parametrize("piece", [5, checks.PIECE])
def test_a_damaged_png_is_refused(tmp_path, rng, monkeypatch, whole, piece):
    """Whatever bit is another in what makes the picture, its checksum among it; the rest does not matter."""
    monkeypatch.setattr(checks, "PIECE", piece)
    expected = decode(tmp_path / "whole.png")
    assert {name for name, _, _ in places(whole)} == CHUNKS
    for name, start, crc in places(whole):
        if name in (b"acTL", b"fcTL"):
            continue  # of the frames; in front of the pixels Pillow looks at these, too
        here = [crc + 3, int(rng.integers(crc, crc + 4)), int(rng.integers(start + 4, crc + 4))]
        for place in here + ([start + 3] if name.isupper() else []):
            made = bytearray(whole)
            made[place] ^= 1 << int(rng.integers(5))
            (tmp_path / "a.png").write_bytes(made)
            if name in (b"tEXt", b"fdAT"):  # behind the pixels of the first picture
                np.testing.assert_array_equal(decode(tmp_path / "a.png").values, expected.values[::-1, ::-1])
                continue
            with pytest.raises(InputError, match=r"a\.png is damaged: .* Fetch or save it again"):
                decode(tmp_path / "a.png")


@pytest.mark.parametrize("length", [0, 3, 8, 20, 40, 500, -1, -13])
def test_a_png_that_was_cut_off_is_refused(tmp_path, whole, length):
    (tmp_path / "a.png").write_bytes(whole[:length])
    with pytest.raises(InputError, match=r"a\.png (is damaged|cannot be read as a picture|is empty)"):
        decode(tmp_path / "a.png")


def test_what_lies_behind_a_png_does_not_matter(tmp_path, whole):
    (tmp_path / "a.png").write_bytes(whole + bytes(100))
    assert decode(tmp_path / "a.png").values.shape == (60, 80)


def jpeg2000(path: Path, values: np.ndarray, *depths: int) -> None:
    """Numbers as JPEG 2000, of which the file says that they have other depths; Pillow writes only 8 and 16 bits."""
    Image.fromarray(values).save(path)
    made = bytearray(path.read_bytes())
    at = made.index(checks.J2K) + 42
    for number, depth in enumerate(depths):
        made[at + 3 * number] = depth - 1
    path.write_bytes(made)


@pytest.mark.parametrize("ending", ["jp2", "j2k"])
@pytest.mark.parametrize(
    ("channels", "depths", "says"),
    [
        (3, (12, 12, 12), "12"),
        (3, (16, 16, 16), "16"),
        (3, (10, 8, 8), "8 and 10"),
        (3, (7, 7, 7), "7"),
        (3, (128 + 16,) * 3, "16"),  # with a sign
        (4, (8, 8, 8, 1), "1 and 8"),
        (2, (12, 12), "12"),
        (1, (1,), "1"),
        (1, (4,), "4"),
    ],
)
def test_jpeg_2000_of_odd_depths_is_refused(tmp_path, rng, ending, channels, depths, says):
    values = rng.integers(0, 256, (20, 24, channels)).astype("uint8")
    jpeg2000(tmp_path / f"a.{ending}", values.squeeze(), *depths)
    with pytest.raises(InputError, match=f"a.{ending} is a JPEG 2000 of {says} bits a colour, .*: save it as PNG"):
        decode(tmp_path / f"a.{ending}")


@pytest.mark.parametrize("ending", ["jp2", "j2k"])
def test_jpeg_2000_of_8_bits_and_deep_grey_is_read(tmp_path, rng, ending):
    for channels in (1, 2, 3, 4):
        values = rng.integers(0, 256, (20, 24, channels)).astype("uint8").squeeze()
        jpeg2000(tmp_path / f"a.{ending}", values)
        colours = values[..., :-1] if channels in (2, 4) else values
        np.testing.assert_array_equal(decode(tmp_path / f"a.{ending}").values, colours.squeeze())
    values = rng.integers(0, 4096, (20, 24)).astype("uint16")
    jpeg2000(tmp_path / f"b.{ending}", values)
    np.testing.assert_array_equal(decode(tmp_path / f"b.{ending}").values, values)


@pytest.mark.parametrize("box", [(1, b"free", 21, b"xxxxx"), (0, b"free", None, b""), (3, b"free", None, b"")])
def test_boxes_of_jpeg_2000_of_any_size(tmp_path, rng, box):
    """A large one, whose size comes after its name; one to the end of the file, and one that is too small to be."""
    jpeg2000(tmp_path / "a.jp2", rng.integers(0, 256, (20, 24, 3)).astype("uint8"), 12, 12, 12)
    made = (tmp_path / "a.jp2").read_bytes()
    at = made.index(b"jp2c") - 4
    size, name, large, data = box
    between = struct.pack(">I4s", size, name) + (struct.pack(">Q", large) if large else b"") + data
    (tmp_path / "b.jp2").write_bytes(made[:at] + between + made[at:])
    with pytest.raises(InputError, match=r"b\.jp2 is a JPEG 2000 of 12 bits" if large else r"b\.jp2 cannot be read"):
        decode(tmp_path / "b.jp2")
