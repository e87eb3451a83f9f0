"""TIFF, by tifffile, its reference reader, as far as that knows the compression without further packages."""

import logging
import math
import zlib
from typing import IO, TYPE_CHECKING

import numpy as np
from PIL import Image

from minunet.data.decoded import Decoded, alpha_of, most_pixels
from minunet.errors import InputError

if TYPE_CHECKING:
    import tifffile

STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # how such files begin, small and big ones, of either byte order
ORIENTATION = 274  # the tag that says how a camera was held
NODATA = 42113  # that of GDAL, with the number, as text, that stands for no value
NONE, DEFLATE, PACKBITS = 1, (8, 32946), 32773
KNOWN = (NONE, *DEFLATE, PACKBITS)  # compressions that tifffile knows by itself
LOSSY = (6, 7, 33003, 33005, 34712, 34892, 50001, 52546)  # JPEG, JPEG 2000, WebP, JPEG XL
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, MASK, CMYK = range(6)  # photometric interpretations
PAGES = 100  # small copies of a picture are fewer
LARGE_TILE = 1 << 25  # numbers: so much larger than a small picture its tiles may be
SAMPLES = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, CMYK: 4, 6: 3, 8: 3}  # of each; YCbCr, Lab


def read_tiff(file: IO[bytes]) -> tuple[Decoded | None, int, bool, bool]:
    """What a TIFF holds, None if Pillow has to read it; its orientation; and whether numbers were changed by its
    compression, or turned round, as its white is 0.

    Raises InputError for what neither of both would read rightly.
    """
    try:
        import tifffile
    except ImportError:
        raise InputError("is a TIFF, which needs the package tifffile: pip install tifffile.") from None
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # what is wrong with a file is told once, and by us
    with tifffile.TiffFile(file) as tiff:
        page = tiff.pages.first
        _refuse_stack(tiff, page)
        if page.is_reduced:
            raise InputError("begins with a small copy of its picture, as raw files of cameras do: save it as PNG.")
        if page.imagewidth * page.imagelength > most_pixels():
            raise Image.DecompressionBombError
        if page.compression == PACKBITS and page.predictor != 1:
            raise InputError("holds PackBits with a predictor, which programs read differently: save it uncompressed.")
        orientation = int(getattr(page.tags.get(ORIENTATION), "value", 1))
        turned_round = page.photometric == WHITE_IS_ZERO  # also what tifffile itself writes of True and False
        if min(page.databytecounts, default=0) == 0 or len(page.databytecounts) < math.prod(page.chunked):
            raise ValueError("parts of it are not there")
        if math.prod(page.chunked) * math.prod(page.chunks) > 4 * page.size + LARGE_TILE:
            raise InputError("would unpack to more than its picture.")
        if _serves(page):
            if page.compression in DEFLATE:
                _refuse_long_pieces(file, page)
            return _of_page(page), orientation, False, turned_round
        if not _pillow_serves(page, tiff.byteorder):
            kind = f"{tifffile.COMPRESSION(page.compression).name}, {tifffile.PHOTOMETRIC(page.photometric).name}"
            raise InputError(
                f"holds {page.dtype} as {kind}, which would not be read rightly: save it uncompressed, as grey or RGB."
            )
        return None, orientation, int(page.compression) in LOSSY, turned_round


def _refuse_stack(tiff: "tifffile.TiffFile", page: "tifffile.TiffPage") -> None:
    """Raise InputError for more than one picture, as pages or behind the first one, as some programs append them."""
    shaped = math.prod((tiff.shaped_metadata or [{}])[0].get("shape", [1])) // page.size if tiff.is_shaped else 1
    imagej = int((tiff.imagej_metadata or {}).get("images", 1)) if tiff.is_imagej else 1
    metamorph = page.tags[33629].count if 33629 in page.tags else 1
    if (count := max(shaped, imagej, metamorph)) > 1:
        raise InputError(f"holds {count} pictures: save each in a file of its own.")
    for number in range(1, PAGES):
        try:
            other = tiff.pages[number]
        except IndexError:
            return
        if not int(getattr(other, "subfiletype", 0) or 0) & 5:  # no small copy (1), no mask of what is transparent (4)
            raise InputError("holds several pictures: save each in a file of its own.")
    raise InputError(f"holds {PAGES} pages and more: save one picture in a file of its own.")


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


def _of_page(page: "tifffile.TiffPage") -> Decoded:
    if page.axes not in ("YX", "YXS", "SYX") or page.samplesperpixel > 4:
        raise InputError(f"holds {page.samplesperpixel} channels ({page.axes}); a picture has one, or three and alpha.")
    values = page.asarray()
    if values.ndim < 2 or not values.size or values.dtype.kind not in "buif":
        raise ValueError(f"it holds no pixels, but {values.dtype} of {values.shape}")
    if page.axes == "SYX":
        values = np.moveaxis(values, 0, 2)
    alpha, palette, bits = None, None, page.bitspersample
    if values.ndim == 3:
        if values.shape[2] in (2, 4):
            last = values[..., -1]
            if page.extrasamples[:1] != (2,) or last.dtype.kind not in "uf":  # 2: alpha
                raise InputError(f"holds {values.shape[2]} channels; a picture has one, or three, and perhaps alpha.")
            last = last >> (bits - 8) if last.dtype.kind == "u" else 255 * np.nan_to_num(last).clip(0, 1)
            alpha = alpha_of(last.astype("uint8"))
            values = values[..., :-1]
        values = values[..., 0] if values.shape[2] == 1 else values
    if page.photometric == PALETTE:
        colours = np.asarray(page.colormap).T  # (N, 3), of 16 bits; some programs write 8
        if colours.ndim != 2 or colours.shape[1] != 3 or values.dtype not in ("bool", "uint8", "uint16"):
            raise ValueError("its palette is none")
        palette = (colours >> 8 if colours.max(initial=0) > 255 else colours).astype("uint8")
        values = values.astype("uint8") if values.dtype == "bool" else values
    elif page.photometric == WHITE_IS_ZERO and values.dtype.kind in "ub":
        values = ~values if values.dtype.kind == "b" else np.array(2**bits - 1, values.dtype) - values
    highest = 2**bits - 1 if values.dtype == "uint8" else None
    return Decoded(values, highest, palette, alpha, ("TIFF", f"{values.dtype}"), nothing=_nothing(page))


def _nothing(page: "tifffile.TiffPage") -> float:
    """The number that stands for no value; NaN if the page names none."""
    try:
        return float(page.tags[NODATA].value)
    except (KeyError, TypeError, ValueError):
        return math.nan
