"""TIFF, by tifffile, its reference reader, as far as that knows the compression without further packages."""

import logging
import math
import zlib
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

import numpy as np
from PIL import Image

from minunet.data.decoded import CHANNELS, Decoded, alpha_of, most_pixels, turned_upright
from minunet.data.stacks import Stack, choose, page_at, refuse_many, stack_of
from minunet.data.with_pillow import ORIENTATION, read_page
from minunet.errors import InputError

if TYPE_CHECKING:
    import tifffile

STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # how such files begin, small and big ones, of either byte order
NODATA = 42113  # that of GDAL, with the number, as text, that stands for no value
NONE, DEFLATE, PACKBITS = 1, (8, 32946), 32773
AGAIN = 20  # times the size of the file: parts of a page that hold more together are the same ones, again and again
KNOWN = (NONE, *DEFLATE, PACKBITS)  # compressions that tifffile knows by itself
LOSSY = (6, 7, 33003, 33005, 34712, 34892, 50001, 52546)  # JPEG, JPEG 2000, WebP, JPEG XL
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, MASK, CMYK = range(6)  # photometric interpretations
ALPHA = 2  # among the extra samples; of 1, the colours have been multiplied by it
LARGE_TILE = 1 << 25  # numbers: so much larger than a small picture its tiles may be
SAMPLES = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, CMYK: 4, 6: 3, 8: 3}  # of each; YCbCr, Lab


def read_tiff(file: IO[bytes], page: int | str | None) -> Decoded:
    """The picture that a TIFF holds, or that page of it, or all pages as its channels; upright.

    Raises InputError for several pictures of which none is asked for, and for what neither tifffile nor Pillow would
    read rightly.
    """
    try:
        import tifffile
    except ImportError:
        raise InputError("is a TIFF, which needs the package tifffile: pip install tifffile.") from None
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # what is wrong with a file is told once, and by us
    with tifffile.TiffFile(file) as tiff:
        if tiff.pages.first.is_reduced:
            raise InputError("begins with a small copy of its picture, as raw files of cameras do: save it as PNG.")
        stack = stack_of(tiff, page)
        planes, each, samples = choose(stack, page, tiff.pages.first)
        if page == CHANNELS and stack.samples == "S":
            stack = stack._replace(samples="C")  # so is what is called alpha
        read = (_plane(file, tiff, stack, plane) for plane in planes)
        if stack.rows:
            decoded = _rows(list(read), each)
        else:
            decoded = next(read) if len(planes) == 1 else _channels(read, len(planes), tiff.is_imagej)
        if decoded.values.ndim == 3 and samples != slice(None):
            values = decoded.values[..., samples]
            decoded = decoded._replace(values=values[..., 0] if values.shape[2] == 1 else values)
        return decoded


def _channels(planes: Iterator[Decoded], count: int, lookup: bool) -> Decoded:
    """So many planes as the channels of one picture; `lookup`: palettes tell how they are shown, and are dropped."""
    values, first, lossy, changed = np.empty(0), None, False, False
    for place, plane in enumerate(planes):
        if plane.alpha is not None or (plane.palette is not None and not lookup):
            what = "a palette" if plane.alpha is None else "what is transparent"
            raise InputError(f"holds pictures with {what}, which are no channels: --page N takes one of them.")
        samples = plane.values.reshape(*plane.values.shape[:2], -1)  # (H, W, S)
        if first is None:
            first, kind = plane, (samples.shape, samples.dtype)
            values = np.empty((*samples.shape[:2], count * samples.shape[2]), samples.dtype)
        if (samples.shape, samples.dtype) != kind:
            raise InputError("holds pages of several sizes or kinds, which are no channels of one picture.")
        values[..., place * samples.shape[2] : (place + 1) * samples.shape[2]] = samples
        lossy, changed = lossy or plane.lossy, changed or plane.changed
    assert first is not None
    return first._replace(values=values, palette=None, lossy=lossy, changed=changed)


def _rows(rows: list[Decoded], height: int) -> Decoded:
    """Pictures (H, W, C) of which every page (W, C) is a row: one, or several as channels."""
    whole = [np.stack([row.values for row in rows[at : at + height]]) for at in range(0, len(rows), height)]
    return rows[0]._replace(values=np.concatenate(whole, axis=2))


def _plane(file: IO[bytes], tiff: "tifffile.TiffFile", stack: Stack, plane: int) -> Decoded:
    """One plane of a stack, upright: (H, W), or (H, W, S) if each pixel has several numbers."""
    index = 0 if stack.behind else stack.index_of(plane)
    try:
        if index is None:
            raise IndexError
        page = page_at(tiff, index)
    except IndexError:
        raise _missing(stack, plane) from None
    _refuse_odd(page)
    orientation = int(getattr(page.tags.get(ORIENTATION), "value", 1))
    changed = page.photometric == WHITE_IS_ZERO  # also what tifffile itself writes of True and False
    if stack.behind and plane:
        size, start = page.nbytes, page.dataoffsets[0] + plane * page.nbytes
        file.seek(0, 2)
        if not _serves(page) or not page.is_contiguous or start + size > file.tell():
            raise _missing(stack, plane)
        file.seek(start)
        kind = np.dtype(page.dtype).newbyteorder(">" if tiff.byteorder == ">" else "<")
        values = np.frombuffer(file.read(size), kind).reshape(page.shape).astype(kind.newbyteorder("="))
        return turned_upright(_of_page(page, values, stack.samples), orientation)._replace(changed=changed)
    if _serves(page):
        if page.compression in DEFLATE:
            _refuse_long_pieces(file, page)
        decoded = turned_upright(_of_page(page, page.asarray(), stack.samples), orientation)
        return decoded._replace(changed=changed)
    if not _pillow_serves(page, tiff.byteorder):
        raise InputError(f"holds {_kind(page)}, which would not be read rightly: save it uncompressed, or as Deflate.")
    file.seek(0)
    decoded = read_page(file, index, orientation)
    lossy = int(page.compression) in LOSSY
    return decoded._replace(changed=decoded.changed or changed, lossy=lossy, nothing=_nothing(page))


def _missing(stack: Stack, plane: int) -> InputError:
    count = math.prod(stack.shape)
    return InputError(f"says that it holds {count} pictures, but number {plane + 1} of them is not there.")


def _kind(page: "tifffile.TiffPage") -> str:
    """How a page holds its numbers, in words."""
    import tifffile

    names = tifffile.COMPRESSION(page.compression).name, tifffile.PHOTOMETRIC(page.photometric).name
    return f"{page.dtype} as {', '.join(names)}"


def _refuse_odd(page: "tifffile.TiffPage") -> None:
    """Raise InputError for a page that is too large, not whole, or read differently by different programs."""
    if page.imagewidth * page.imagelength > most_pixels():
        raise Image.DecompressionBombError
    if sum(page.databytecounts) > AGAIN * page.parent.filehandle.size + 2**20:
        raise InputError("has parts that lie at the same place of the file, again and again.")
    refuse_many(page.size)
    if page.compression == PACKBITS and page.predictor != 1:
        raise InputError("holds PackBits with a predictor, which programs read differently: save it uncompressed.")
    if page.predictor == 2 and np.min(page.bitspersample) < 8:
        raise InputError("holds a predictor of less than 8 bits, which programs read differently: save it without.")
    if min(page.databytecounts, default=0) == 0 or len(page.databytecounts) < math.prod(page.chunked):
        raise ValueError("parts of it are not there")
    if math.prod(page.chunked) * math.prod(page.chunks) > 4 * page.size + LARGE_TILE:
        raise InputError("would unpack to more than its picture.")


def _serves(page: "tifffile.TiffPage") -> bool:
    """Whether tifffile reads this page by itself."""
    plain = page.compression in KNOWN and page.predictor in (1, 2) and page.planarconfig in (1, 2)
    bits = set(np.atleast_1d(page.bitspersample).tolist())
    premultiplied = page.extrasamples[:1] == (1,)
    return plain and bits <= {1, 8, 16, 32, 64} and page.photometric <= PALETTE and not premultiplied


def _pillow_serves(page: "tifffile.TiffPage", byteorder: str) -> bool:
    """Whether Pillow, which reads all else, reads it rightly: it takes some kinds for others of as many bits."""
    if page.dtype is None or page.planarconfig not in (1, 2):
        return False
    if page.planarconfig == 2 and page.samplesperpixel > 1 and page.photometric not in (RGB, CMYK):  # it copies planes
        return False
    extra = page.samplesperpixel - SAMPLES.get(page.photometric, page.samplesperpixel)
    if extra and (extra != 1 or page.extrasamples[:1] not in ((1,), (2,))):  # more than an alpha channel
        return False
    if max(np.atleast_1d(page.bitspersample)) <= 8:
        return page.dtype in ("uint8", "bool")
    if page.samplesperpixel > 1 or page.photometric != BLACK_IS_ZERO:
        return False
    return page.dtype == "uint16" or (page.dtype in ("int16", "int32", "float32") and byteorder == "<")


def _refuse_long_pieces(file: IO[bytes], page: "tifffile.TiffPage") -> None:
    """Raise InputError if a strip or tile of the page would unpack to more than it should; tifffile has no limit."""
    limit = math.prod(page.chunks) * np.dtype(page.dtype).itemsize + 2**16
    for start, length in zip(page.dataoffsets, page.databytecounts, strict=True):
        file.seek(start)
        unpacking = zlib.decompressobj()
        unpacking.decompress(file.read(length), limit)
        if unpacking.unconsumed_tail:
            raise InputError("would unpack to more than its picture.")


def _of_page(page: "tifffile.TiffPage", values: np.ndarray, samples: str) -> Decoded:
    """A page's own numbers as (H, W) or (H, W, S), and what they mean; `samples`: S of colours, perhaps with alpha."""
    if page.axes not in ("YX", "YXS", "SYX"):
        raise InputError(f"holds numbers along the axes {page.axes}: save its pictures as pages of their own.")
    if values.ndim < 2 or not values.size or values.dtype.kind not in "buif":
        raise ValueError(f"it holds no pixels, but {values.dtype} of {values.shape}")
    if page.axes == "SYX":
        values = np.moveaxis(values, 0, 2)
    alpha, palette, bits = None, None, page.bitspersample
    if values.ndim == 3:
        if ALPHA in page.extrasamples and samples == "S":
            place = values.shape[2] - len(page.extrasamples) + page.extrasamples.index(ALPHA)
            alpha = _alpha(values[..., place], bits)
            last = place == values.shape[2] - 1
            values = values[..., :place] if last else np.delete(values, place, axis=2)
        values = values[..., 0] if values.shape[2] == 1 else values
    if page.photometric == PALETTE:
        colours = np.asarray(page.colormap).T  # (N, 3), of 16 bits; some programs write 8
        if (
            colours.ndim != 2
            or colours.shape[1] != 3
            or (values.dtype not in ("bool", "uint8", "uint16") or values.ndim > 2)
        ):
            raise ValueError("its palette is none")
        palette = (colours >> 8 if colours.max(initial=0) > 255 else colours).astype("uint8")
        values = values.astype("uint8") if values.dtype == "bool" else values
    elif page.photometric == WHITE_IS_ZERO and values.dtype.kind in "ub":
        values = ~values if values.dtype.kind == "b" else np.array(2**bits - 1, values.dtype) - values
    highest = 2**bits - 1 if values.dtype == "uint8" else None
    return Decoded(values, highest, palette, alpha, ("TIFF", f"{values.dtype}"), nothing=_nothing(page))


def _alpha(values: np.ndarray, bits: int) -> np.ndarray | None:
    """(H, W) of any depth as an alpha channel of 8 bits, None if it tells nothing."""
    if values.dtype.kind not in "uf":
        raise InputError(f"holds what is transparent as {values.dtype}, which could mean anything: save it without.")
    eight = values >> (bits - 8) if values.dtype.kind == "u" else 255 * np.nan_to_num(values).clip(0, 1)
    return alpha_of(eight.astype("uint8"))


def _nothing(page: "tifffile.TiffPage") -> float:
    """The number that stands for no value, as `_of_page` and Pillow give it; NaN if the page names none."""
    try:
        value, kind = float(page.tags[NODATA].value), np.dtype(page.dtype)
    except (KeyError, TypeError, ValueError):
        return math.nan
    if page.photometric > PALETTE:  # what is converted has other numbers
        return math.nan
    if page.photometric == WHITE_IS_ZERO and kind.kind in "ub":
        return 2.0 ** int(np.max(page.bitspersample)) - 1 - value
    if kind.kind != "f" or not math.isfinite(value):
        return value
    return float(np.clip(value, np.finfo(kind).min, np.finfo(kind).max))
