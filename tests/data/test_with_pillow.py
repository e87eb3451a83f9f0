"""Frames of animations, against what Pillow shows."""

import numpy as np
import pytest
from PIL import Image

from minunet.data.decode import decode
from minunet.data.decoded import CHANNELS
from minunet.data.pictures import read_mask
from minunet.data.with_pillow import ANIMATED, FORMATS
from minunet.errors import InputError
from tests.data.pictures import png_of_16_bits
from tests.data.test_checks import chunk, places

ENDINGS = {"GIF": "gif", "PNG": "png", "WEBP": "webp", "AVIF": "avif"}


def write_film(path, mode: str = "RGB", **how) -> None:
    """A square that walks over a ground of its own; each frame holds only what is new."""
    frames = []
    for number in range(4):
        values = np.full((32, 48, 3), (200, 30, 90), "uint8")
        values[8:16, 8 * number : 8 * number + 8] = 10, 250 - 40 * number, 60
        frames.append(Image.fromarray(values).convert(mode))
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100, **how)


@pytest.mark.parametrize("form", [form for form in ENDINGS if form in FORMATS])
def test_frames_are_read_as_they_are_seen(tmp_path, form):
    path = tmp_path / f"film.{ENDINGS[form]}"
    write_film(path, **({"lossless": True} if form == "WEBP" else {}))
    assert form in ANIMATED
    first = decode(path)
    assert first.frames == 4
    seen = []
    for page in (4, 1, 3, 2):
        read = decode(path, page)
        with Image.open(path) as picture:
            picture.seek(page - 1)
            expected = np.asarray(picture.convert("RGB"))
        values = read.values if read.palette is None else read.palette[read.values]
        np.testing.assert_array_equal(values, expected)
        assert read.frames == 1
        seen.append(values[12, 8 * page - 4, 1])
    assert len(set(seen)) == 4
    with pytest.raises(InputError, match=r"film\.\w+ holds 4 pictures, and no number 5\."):
        decode(path, 5)
    with pytest.raises(InputError, match=r"film\.\w+ (holds 4 pictures: save each mask|is a .* compression changes)"):
        read_mask(path)
    with pytest.raises(InputError, match="holds 4 pictures in colours, which are no channels: --page N takes one"):
        decode(path, CHANNELS)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA"])
def test_frames_of_other_modes(tmp_path, mode):
    write_film(tmp_path / "a.png", mode)
    for page in range(1, 5):
        read = decode(tmp_path / "a.png", page)
        with Image.open(tmp_path / "a.png") as picture:
            picture.seek(page - 1)
            shown = picture.convert("RGB" if mode in ("P", "RGBA") else "L")
        values = read.values if read.palette is None else read.palette[read.values]
        np.testing.assert_array_equal(values * 255 if mode == "1" and values.dtype == "bool" else values, shown)


def test_one_picture_is_its_only_page(tmp_path):
    values = np.arange(120, dtype="uint8").reshape(10, 12)
    for name in ("a.png", "a.bmp", "a.gif", "a.pgm"):
        Image.fromarray(values).save(tmp_path / name)
        for page in (1, CHANNELS):
            np.testing.assert_array_equal(decode(tmp_path / name, page).values, decode(tmp_path / name).values)
        with pytest.raises(InputError, match=r"holds 1 picture, and no number 2\."):
            decode(tmp_path / name, 2)


def test_damage_in_a_frame_is_seen_if_the_frame_is(tmp_path):
    write_film(tmp_path / "a.png")
    made = bytearray((tmp_path / "a.png").read_bytes())
    for name, start, crc in places(bytes(made)):
        if name == b"fdAT":
            made[(start + crc) // 2] ^= 1
    (tmp_path / "b.png").write_bytes(made)
    np.testing.assert_array_equal(decode(tmp_path / "b.png").values, decode(tmp_path / "a.png").values)
    np.testing.assert_array_equal(decode(tmp_path / "b.png", 1).values, decode(tmp_path / "a.png").values)
    with pytest.raises(InputError, match=r"b\.png is damaged"):
        decode(tmp_path / "b.png", 3)


def test_frames_of_16_bits_are_refused(tmp_path, rng):
    """Pillow would put the upper 8 bits of one above the upper 8 of another."""
    values = rng.integers(0, 65536, (9, 11, 3), dtype="uint16")
    made = png_of_16_bits(values, 2)
    parts = {name: made[start:crc] for name, start, crc in places(made)}
    control = b"".join(int(each).to_bytes(4, "big") for each in (11, 9, 0, 0)) + b"\0\x01\0\x0a\0\0"
    pixels = parts[b"IDAT"][4:]
    whole = made[:8] + chunk(b"IHDR", parts[b"IHDR"][4:]) + chunk(b"acTL", b"\0\0\0\x02\0\0\0\0")
    whole += chunk(b"fcTL", bytes(4) + control) + chunk(b"IDAT", pixels)
    whole += chunk(b"fcTL", b"\0\0\0\x01" + control) + chunk(b"fdAT", b"\0\0\0\x02" + pixels) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(whole)
    read = decode(tmp_path / "a.png")
    assert read.frames == 2
    np.testing.assert_array_equal(read.values, values)
    np.testing.assert_array_equal(decode(tmp_path / "a.png", 1).values, values)
    with pytest.raises(InputError, match="holds frames of 16 bits, of which only the first is read rightly"):
        decode(tmp_path / "a.png", 2)
