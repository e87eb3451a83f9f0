"""What is fuzzed: for each kind of file a strategy that makes damaged ones, and what minunet does with them.

What is wrong with a file has to come out as an InputError, which every command turns into a sentence and status 2. Any
other error would be a traceback. Too little memory is a sentence, too.
"""

import argparse
import io
import json
import struct
import tarfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from PIL import Image

from minunet import UNet
from minunet.data.classes import read_classes
from minunet.data.download import unpack
from minunet.data.index import Index, read_index
from minunet.data.index import _digest as index_digest
from minunet.data.layout import find_layout
from minunet.data.objects import read_objects
from minunet.data.pairs import read_labels
from minunet.data.pictures import read_picture
from minunet.errors import InputError
from minunet.exchange.files import save_state_dict
from minunet.model.archive import write_archive
from minunet.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from minunet.model.config import Config
from minunet.train.experiment import FLAGS, config_of_run
from minunet.train.transfer import load_source
from tests.fuzz.damage import damaged, mended, other_values


class Target(NamedTuple):
    """How many bytes are made into what: `use` writes them into a folder and reads them."""

    files: Callable[[], SearchStrategy[bytes]]
    use: Callable[[Path, bytes], None]


def use_picture(folder: Path, data: bytes) -> None:
    (folder / "a.png").write_bytes(data)
    read_picture(folder / "a.png")
    read_picture(folder / "a.png", keep_depth=False)


def use_mask(folder: Path, data: bytes) -> None:
    (folder / "a.png").write_bytes(data)
    for read in (
        lambda path: read_labels(path, None, None),
        lambda path: read_labels(path, (5, 7), None),
        read_objects,
    ):
        _refused(lambda read=read: read(folder / "a.png"))


def _refused(read: Callable[[], Any]) -> None:
    """Other readers of the same file are asked, too, if one refuses it."""
    with suppress(InputError):
        read()


@cache
def pictures() -> list[bytes]:
    """Small pictures of many formats and kinds."""
    rng = np.random.default_rng(0)
    colour = rng.integers(0, 256, (9, 11, 3)).astype("uint8")
    grey, few = Image.fromarray(colour[..., 0]), Image.fromarray(colour[..., 0] // 100)
    deep = Image.fromarray(colour[..., 0].astype("uint16") * 200)
    floating = Image.fromarray(colour[..., 0].astype("float32") / 7)
    rgb, rgba = Image.fromarray(colour), Image.fromarray(np.dstack([colour, colour[..., 0]]))
    palette = rgb.quantize(5)
    made = []
    for image, formats in (
        (rgb, ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "TGA")),
        (rgba, ("PNG", "TIFF", "WEBP")),
        (grey, ("PNG", "JPEG", "TIFF", "PPM")),
        (few, ("PNG", "GIF")),
        (few.convert("1"), ("PNG", "TIFF")),
        (deep, ("PNG", "TIFF")),
        (floating, ("TIFF",)),
        (palette, ("PNG", "GIF", "TIFF")),
    ):
        for name in formats:
            image.save(file := io.BytesIO(), format=name)
            made.append(file.getvalue())
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits"):
        rgb.save(file := io.BytesIO(), format="TIFF", compression=compression)
        made.append(file.getvalue())
    return made + [_stack(rng)]


def _stack(rng: np.random.Generator) -> bytes:
    import tifffile

    tifffile.imwrite(
        file := io.BytesIO(), rng.integers(0, 9, (3, 8, 9), dtype="uint16"), imagej=True, metadata={"axes": "ZYX"}
    )
    return file.getvalue()


def exif() -> SearchStrategy[bytes]:
    """JPEG and PNG whose Exif block is damaged, and whose lengths and checksums are right."""
    image, blocks = Image.new("RGB", (6, 5)), []
    for orientation in (1, 3, 6, 8):
        tags = Image.Exif()
        tags[0x0112], tags[0x010E], tags[0x8769] = orientation, "a text", {0x9000: b"0230"}
        blocks.append(tags.tobytes())  # begins with Exif\0\0
        blocks.append(
            b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" + bytes([orientation]) + b"\0\0\0\0\0\0"
        )
    image.save(jpeg := io.BytesIO(), format="JPEG")
    image.save(png := io.BytesIO(), format="PNG")
    start, whole = jpeg.getvalue(), png.getvalue()

    def in_jpeg(block: bytes) -> bytes:
        return start[:2] + b"\xff\xe1" + struct.pack(">H", len(block[:60000]) + 2) + block[:60000] + start[2:]

    def in_png(block: bytes) -> bytes:
        chunk = b"eXIf" + block[6:]
        return (
            whole[:33] + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + whole[33:]
        )

    return st.one_of(damaged(blocks).map(in_jpeg), damaged(blocks).map(in_png))


def masks() -> SearchStrategy[bytes]:
    """Of numbers, of palettes and of one bit, damaged."""
    numbers = np.random.default_rng(0).integers(0, 3, (9, 11)).astype("uint8")
    made = []
    for image in (Image.fromarray(numbers), Image.fromarray(numbers.astype("uint16")), Image.fromarray(numbers > 1)):
        for name in ("PNG", "TIFF"):
            image.save(file := io.BytesIO(), format=name)
            made.append(file.getvalue())
    image = Image.fromarray(numbers)
    image.putpalette(bytes(range(30)))
    image.save(file := io.BytesIO(), format="PNG")
    whole = [*made, file.getvalue()]
    return damaged(whole) | damaged(whole).map(mended)


@cache
def run() -> Checkpoint:
    """A run that stands at its beginning."""
    config = Config("folder", data_dir="data", base=2, depth=2, size=8)
    net = UNet(3, 2, base=2, depth=2)
    params = net.init(np.random.default_rng(0))
    state = {f"{kind}.{name}": np.zeros_like(array) for kind in "mv" for name, array in params.items()}
    return Checkpoint(config, ("ground", "thing"), params, {}, state | {"t": np.array(0)}, ["a", "b", "c"])


@cache
def checkpoint_file() -> bytes:
    return _written(lambda path: save_checkpoint(path, run()), "run.npz")


def _written(write: Callable[[Path], None], name: str) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder, name))
        return Path(folder, name).read_bytes()


def checkpoints() -> SearchStrategy[bytes]:
    """Damaged files; and whole ones, with a digest that is right, of a damaged text or of odd arrays."""
    with np.load(io.BytesIO(checkpoint_file())) as file:
        arrays = {name: file[name] for name in file.files if name != "meta"}
        meta = json.loads(str(file["meta"]))
    meta.pop("digest", None)

    def with_meta(changed: dict[str, Any]) -> bytes:
        return _written(lambda path: write_archive(path, changed, arrays), "a.npz")

    @st.composite
    def with_arrays(draw: DrawFn) -> bytes:
        changed = dict(arrays)
        for _ in range(draw(st.integers(1, 3))):
            name = draw(st.sampled_from(sorted(changed)))
            array = changed.pop(name)
            how = draw(st.sampled_from(("gone", "name", "dtype", "shape", "value", "huge")))
            if how == "name":
                changed[draw(st.text("abcmvparmse.0123/\\\x1b ", max_size=12))] = array
            elif how == "dtype" and array.dtype.kind not in "SU":  # which are no numbers, perhaps
                changed[name] = array.astype(draw(st.sampled_from(("f8", "i4", "c16", "U3", "?", ">f4", "S2", "f2"))))
            elif how == "shape":
                changed[name] = np.resize(array, draw(st.lists(st.integers(0, 4), max_size=5)))
            elif how == "value" and array.dtype.kind not in "SU":
                changed[name] = np.full_like(array, draw(st.sampled_from((np.nan, np.inf, 3e38, -1, 0))))
            elif how == "huge":
                changed[name] = np.broadcast_to(np.float32(0), (2,) * draw(st.integers(1, 20)))
        return _written(lambda path: write_archive(path, meta, changed), "a.npz")

    return damaged([checkpoint_file()]) | other_values(meta).map(with_meta) | with_arrays()


def use_checkpoint(folder: Path, data: bytes) -> None:
    (folder / "a.npz").write_bytes(data)
    load_checkpoint(folder / "a.npz")


def configs() -> SearchStrategy[bytes]:
    values = {"config": run().config.to_json(), "classes": ["ground", "thing"], "operations": "quick"}
    texts = damaged([json.dumps(values, indent=2).encode()], text=True)
    return texts | other_values(values).map(lambda changed: json.dumps(changed).encode())


def use_config(folder: Path, data: bytes) -> None:
    (folder / "config.json").write_bytes(data)
    names = ("preset", "view", "class_weight", "out", "start", "data_dir", "layers", *(field.name for field in FLAGS))
    options = argparse.Namespace(**dict.fromkeys(names), set=[], resume=folder, operations="quick")
    config_of_run(options, replace(run()))


def lists() -> SearchStrategy[bytes]:
    return damaged(
        [
            b"a\nb.png\n",
            b"c\n",
            b"\xef\xbb\xbfd\r\ne\r\n",
            b"0 ground\n255 thing\n7 ignore\n",
            b"255,0,0 road\n0, 0, 0 sky\n",
        ],
        text=True,
    )


def use_list(folder: Path, data: bytes) -> None:
    for part in ("images", "masks"):
        if not (folder / part).exists():
            (folder / part).mkdir()
            for name in "abcde":
                Image.new("L", (2, 2)).save(folder / part / f"{name}.png")
    for name in ("train.txt", "val.txt"):
        (folder / name).write_bytes(data)
        _refused(lambda: find_layout(folder))
        (folder / name).unlink()
    (folder / "classes.txt").write_bytes(data)
    read_classes(folder / "classes.txt")


def archives() -> SearchStrategy[bytes]:
    """Of a data set: the packed file damaged, or what is inside, packed anew."""
    with tarfile.open(fileobj=(file := io.BytesIO()), mode="w") as archive:
        for name in ("images/a.jpg", "images/b.jpg"):
            info = tarfile.TarInfo(name)
            info.size = 20
            archive.addfile(info, io.BytesIO(b"x" * 20))
    plain = file.getvalue()[:3072]
    pack = lambda data: zlib.compress(data, 1, 31)  # noqa: E731
    return st.one_of(damaged([pack(plain)]), damaged([plain]).map(pack))


def use_archive(folder: Path, data: bytes) -> None:
    import shutil

    for each in folder.iterdir():
        shutil.rmtree(each, ignore_errors=True) if each.is_dir() else each.unlink()
    (folder / "images.tar.gz").write_bytes(data)
    before = set(folder.parent.iterdir())
    try:
        unpack(folder / "images.tar.gz", folder, "images")
    finally:
        assert set(folder.parent.iterdir()) == before, "something was written outside of the folder"
        assert {each.name for each in folder.iterdir()} <= {"images", "images.tar.gz"}


def indices() -> SearchStrategy[bytes]:
    """The text damaged; and other values, with a digest that is right."""
    parts = [{"a.png": (3, 4)}, {"b.png": (3, 4)}, {"c.png": (5, 6)}]
    made = Index("0123", ["1", "2", "3"], ("ground", "thing"), parts, "drawn")
    values = json.loads(json.dumps(made._asdict()))

    def whole(changed: dict[str, Any]) -> bytes:
        return json.dumps({"index": changed, "digest": index_digest(changed)}).encode()

    return damaged([whole(values)], text=True) | other_values(values).map(whole)


def use_index(folder: Path, data: bytes) -> None:
    (folder / "index.json").write_bytes(data)
    read_index(folder / "index.json", ["1", "2", "3"])


def state_dicts() -> SearchStrategy[bytes]:
    """.safetensors: all of it, or only the text in front, with a length that is right."""
    whole = _written(lambda path: save_state_dict(path, run().params, {"classes": ["a", "b"]}), "a.safetensors")
    length = struct.unpack("<Q", whole[:8])[0]
    header = damaged([whole[8 : 8 + length]], text=True)
    return st.one_of(
        damaged([whole]), header.map(lambda text: struct.pack("<Q", len(text)) + text + whole[8 + length :])
    )


def use_state_dict(folder: Path, data: bytes) -> None:
    (folder / "a.safetensors").write_bytes(data)
    load_source(folder / "a.safetensors")


TARGETS = {
    "pictures": Target(lambda: damaged(pictures()) | damaged(pictures()).map(mended), use_picture),
    "exif": Target(exif, use_picture),
    "masks": Target(masks, use_mask),
    "checkpoints": Target(checkpoints, use_checkpoint),
    "configs": Target(configs, use_config),
    "lists": Target(lists, use_list),
    "archives": Target(archives, use_archive),
    "indices": Target(indices, use_index),
    "state_dicts": Target(state_dicts, use_state_dict),
}


def survive(target: Target, folder: Path, data: bytes) -> None:
    """Raises what is no sentence."""
    with suppress(InputError, MemoryError):
        target.use(folder, data)
