"""Small folders of pictures in the layouts that minunet reads, made in a temporary folder."""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def write_folder(
    folder: Path, count: int = 5, size: tuple[int, int] = (20, 16), values: tuple[int, ...] = (0, 1)
) -> Path:
    """images/ and masks/: a bright rectangle on a dark ground; the mask says where."""
    rng = np.random.default_rng(0)
    (folder / "images").mkdir(parents=True)
    (folder / "masks").mkdir()
    for number in range(count):
        image, mask = _picture(size, values, rng)
        Image.fromarray(image).save(folder / "images" / f"photo-{number}.jpg")
        Image.fromarray(mask).save(folder / "masks" / f"photo-{number}.png")
    return folder


def write_pets(folder: Path, training: int = 6, test: int = 3) -> Path:
    """The layout of the Oxford-IIIT Pet archives, with its odd files: a PNG and a GIF named .jpg, and ._ junk."""
    rng = np.random.default_rng(0)
    (folder / "images").mkdir(parents=True)
    trimaps = folder / "annotations" / "trimaps"
    trimaps.mkdir(parents=True)
    names = [f"Breed_{number}" for number in range(training + test)]
    for number, name in enumerate(names):
        image, mask = _picture((24, 18), (2, 3, 1), rng)
        kind = {0: "PNG", 1: "GIF"}.get(number, "JPEG")
        Image.fromarray(image).save(folder / "images" / f"{name}.jpg", format=kind)
        Image.fromarray(mask).save(trimaps / f"{name}.png")
        (trimaps / f"._{name}.png").write_bytes(b"junk")
    lists = {"trainval": names[:training], "test": names[training:]}
    for split, members in lists.items():
        (folder / "annotations" / f"{split}.txt").write_text("".join(f"{name} 1 1 1\n" for name in members))
    return folder


def _picture(size: tuple[int, int], values: tuple[int, ...], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """An image (H, W, 3) and its mask (H, W): nested rectangles, a value each, with noise on the image."""
    mask = np.full(size, values[0], dtype="uint8")
    for depth, value in enumerate(values[1:], start=1):
        top, left = rng.integers(3 * depth - 1, 3 * depth + 1, 2)
        mask[top:-top, left:-left] = value
    brightness = 60 + 120 * (mask != values[0]) + rng.integers(0, 30, size)
    return np.repeat(brightness[..., None], 3, axis=2).astype("uint8"), mask


def write_nuclei(folder: Path, count: int = 6, lists: bool = True) -> Path:
    """The layout of the Data Science Bowl: pictures of different sizes, RGBA, with one mask for each of two nuclei."""
    rng = np.random.default_rng(0)
    for number in range(count):
        height, width = 32 + 4 * (number % 3), 40
        image, masks = rng.integers(5, 10, (height, width)), []
        for left in (4, 15):  # side by side: they touch
            mask = np.zeros((height, width), dtype=bool)
            mask[6:20, left : left + 11] = True
            masks.append(mask)
            image[mask] += 30
        place = folder / "stage1_train" / f"id{number}"
        (place / "images").mkdir(parents=True)
        (place / "masks").mkdir()
        grey = image.astype("uint8")
        Image.fromarray(np.stack([grey, grey, grey, np.full_like(grey, 255)], axis=2)).save(
            place / "images" / f"id{number}.png"
        )
        for index, mask in enumerate(masks):
            Image.fromarray(mask.astype("uint8") * 255).save(place / "masks" / f"m{index}.png")
    if lists:
        (folder / "train.txt").write_text("".join(f"id{number}\n" for number in range(count - 3)))
        (folder / "test.txt").write_text("".join(f"id{number}\n" for number in range(count - 3, count)))
    return folder


def png(rows: np.ndarray, size: tuple[int, int], bits: int, kind: int) -> bytes:
    """A PNG of these bytes, row by row."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, bits, kind, 0, 0, 0))
    data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def png_of_16_bits(values: np.ndarray, kind: int) -> bytes:
    """(H, W, C) uint16 as a PNG of this colour type; Pillow does not write those."""
    rows = values.astype(">u2").reshape(len(values), -1).view("uint8")
    return png(rows, (values.shape[1], values.shape[0]), 16, kind)


def rows_of_bits(values: np.ndarray, bits: int) -> np.ndarray:
    """(H, W) whole numbers, packed: (H, W * bits / 8) uint8."""
    stored = values.astype("uint8")[..., None] >> np.arange(bits - 1, -1, -1, dtype="uint8") & 1
    return np.packbits(stored.reshape(len(values), -1), axis=1)
