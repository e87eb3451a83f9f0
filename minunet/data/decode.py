"""From a file to the numbers in it, upright, as many bits as it holds: what Pillow and tifffile know of formats.

TIFF is read by tifffile, its reference reader, where that knows the compression, and by Pillow elsewhere; every other
format by Pillow. No program is ever started for a picture: what Pillow hands on to others, such as EPS, is refused.
"""

import logging
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

from minunet.errors import InputError

if TYPE_CHECKING:
    import tifffile

OTHERS = {"EPS", "WMF", "BUFR", "GRIB", "HDF5"}  # Pillow would start Ghostscript, or knows them by name only
ENDINGS = Image.registered_extensions()
FORMATS = [name for name in Image.OPEN if name not in OTHERS]
PICTURE_ENDINGS = {ending for ending, name in ENDINGS.items() if name in FORMATS}  # .jpg, .png, ...
ANIMATED = {"GIF", "WEBP", "PNG", "AVIF", "FLI"}  # of other formats, further pictures are layers or thumbnails
ORIENTATION = 274  # the tag that says how a camera was held
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # how such files begin, small and big ones, of either byte order
KNOWN_BY_TIFFFILE = (1, 8, 32773, 32946)  # compressions that it knows by itself: none, Deflate and PackBits
COLOURS = ("RGB", "RGBA", "LA")  # modes of 8 bits that Pillow reads pictures of 16 as
PLAIN = (0, 1, 2, 3)  # photometric interpretations: white is zero, black is zero, RGB, palette


class Decoded(NamedTuple):
    """The numbers of a picture as its file holds them.

    values: (H, W) or (H, W, 3), whole numbers, floating point, or bool for black and white.
    highest: what white is, if the format says so: 255 for 8 bits, 15 for 4; None for more than 8 bits.
    palette: (N, 3) uint8, the colours that `values` are numbers of, or None.
    alpha: (H, W) uint8, 0 where nothing is to be seen, or None.
    kind: the format, and what Pillow or tifffile call this kind of pixel.
    frames: how many pictures the file holds, of which this is the first.
    """

    values: np.ndarray
    highest: int | None
    palette: np.ndarray | None
    alpha: np.ndarray | None
    kind: tuple[str, str]
    frames: int = 1


def decode(path: Path) -> Decoded:
    """Read a picture or a mask, of any format, whatever its name ends in. Raises InputError, naming the file."""
    try:
        with open(path, "rb") as file:
            start = file.read(4)
            file.seek(0)
            decoded, orientation = _with_tifffile(file) if start in TIFF else _with_pillow(file)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist.") from None
    except MemoryError:
        raise
    except Image.DecompressionBombError:
        raise InputError(
            f"{path} has more than {most_pixels() // 10**6} million pixels: cut it into smaller ones."
        ) from None
    except InputError as error:
        raise InputError(f"{path} {error}") from None
    except Exception as error:  # readers of damaged files raise nearly anything
        raise InputError(f"{path} cannot be read as a picture: {error}.") from error
    alpha = None if decoded.alpha is None else upright(decoded.alpha, orientation)
    return decoded._replace(values=upright(decoded.values, orientation), alpha=alpha)


def most_pixels() -> int:
    """Of a picture: Pillow refuses more, as a small file could ask for all the memory that there is."""
    return 2 * (Image.MAX_IMAGE_PIXELS or 2**40)


def upright(array: np.ndarray, orientation: int) -> np.ndarray:
    """An array (H, W, ...) turned as the orientation of EXIF and TIFF says, 1 to 8; anything else changes nothing."""
    if orientation in (5, 6, 7, 8):  # rows and columns are exchanged
        array = array.swapaxes(0, 1)
    down = -1 if orientation in (3, 4, 7, 8) else 1
    across = -1 if orientation in (2, 3, 6, 7) else 1
    return array[::down, ::across]


def _with_pillow(file: IO[bytes]) -> tuple[Decoded, int]:
    """Any format but most TIFFs, and the orientation."""
    with Image.open(file, formats=FORMATS) as picture:  # a file, not a name: Pillow maps some into memory, wrongly
        frames = getattr(picture, "n_frames", 1) if picture.format in ANIMATED else 1
        # How its pixels are stored, as in "RGB;16B", and the largest number; reading them empties the list.
        stored = [tile[3] if isinstance(tile[3], tuple) else (tile[3],) for tile in picture.tile]
        raw = [str(how[0]) if how else "" for how in stored]
        deep = any(";16" in kind for kind in raw) or picture.format == "PPM" and any(how[1:] > (255,) for how in stored)
        if picture.mode in COLOURS and deep:
            decoded = _of_16_bits(file, picture, raw)
        else:
            picture.load()
            decoded = _of_8_bits(picture, raw[:1])
        decoded = decoded._replace(frames=frames)
        try:
            return decoded, picture.getexif().get(ORIENTATION, 1)
        except Exception:  # a damaged block: viewers show the picture as it is stored, and so do we
            return decoded, 1


def _of_8_bits(picture: Image.Image, raw: list[str]) -> Decoded:
    """A picture that Pillow reads whole; among them grey ones of more or fewer bits."""
    form, mode, palette, alpha = str(picture.format), picture.mode, None, None
    if mode in ("La", "RGBa"):  # premultiplied
        picture = picture.convert({"La": "LA", "RGBa": "RGBA"}[mode])
    if picture.mode in ("LA", "PA", "RGBA"):
        alpha = _alpha(np.asarray(picture.getchannel("A")))
    elif "transparency" in picture.info and mode in ("L", "P", "RGB"):  # one colour, or some, stand for nothing
        alpha = _alpha(np.asarray(picture.convert("RGBA").getchannel("A")))
    if mode == "P":
        palette = np.array(picture.getpalette("RGB"), dtype="uint8").reshape(-1, 3)
    elif picture.mode == "LA":
        picture = picture.convert("L")
    elif mode not in ("1", "L", "RGB") and not mode.startswith(("I", "F")):
        picture = picture.convert("RGB")  # CMYK, YCbCr, LAB, HSV
    values, highest = np.asarray(picture), None
    if values.dtype == "uint8":
        highest = {"L;2": 3, "L;4": 15}.get(raw[0] if raw and mode == "L" else "", 255)
        values = values // np.uint8(255 // highest)  # Pillow spreads 2 and 4 bits over 8
    return Decoded(values, highest, palette, alpha, (form, mode))


def _of_16_bits(file: IO[bytes], picture: ImageFile, raw: list[str]) -> Decoded:
    """A picture of 16 bits a colour, of which Pillow keeps the upper 8: it is read twice, to get the lower 8, too."""
    kind = str(picture.format), picture.mode
    if kind[0] != "PNG" or raw not in (["RGB;16B"], ["RGBA;16B"], ["LA;16B"]):
        raise InputError(f"holds 16 bits a colour, as {kind[0]}: save it as PNG or TIFF, of which all bits are read.")
    tile = picture.tile[0]
    if raw == ["LA;16B"]:
        picture.tile = [tile._replace(args="RGBA")]  # two bytes of grey and two of alpha
        both = np.asarray(picture)
        return Decoded(both[..., 0] * np.uint16(256) + both[..., 1], None, None, _alpha(both[..., 2]), kind)
    values = np.asarray(picture).astype("uint16")
    alpha = _alpha(values[..., 3].astype("uint8")) if values.shape[2] == 4 else None
    file.seek(0)
    with Image.open(file, formats=["PNG"]) as again:
        again.tile = [tile._replace(args=raw[0].removesuffix("B") + "L")]
        values <<= 8
        values += np.asarray(again)
    return Decoded(values[..., :3], None, None, alpha, kind)


def _alpha(values: np.ndarray) -> np.ndarray | None:
    """The alpha channel, 8 bits, if anything is transparent at all."""
    return None if values.min(initial=255) == 255 else values


def _with_tifffile(file: IO[bytes]) -> tuple[Decoded, int]:
    """A TIFF, and the orientation."""
    try:
        import tifffile
    except ImportError:
        raise InputError("is a TIFF, which needs the package tifffile: pip install tifffile.") from None
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # what is wrong with a file is told once, and by us
    with tifffile.TiffFile(file) as tiff:
        page = tiff.pages.first
        others = sum(not getattr(each, "is_reduced", False) for each in tiff.pages[1:])  # thumbnails do not count
        count = max(1 + others, tiff.series[0].size // max(page.size, 1))
        if count > 1:
            raise InputError(f"holds {count} pictures: save each in a file of its own.")
        if page.imagewidth * page.imagelength > most_pixels():
            raise Image.DecompressionBombError
        orientation = int(getattr(page.tags.get(ORIENTATION), "value", 1))
        samples, premultiplied = page.samplesperpixel, page.extrasamples[:1] == (1,)
        bits = max(np.atleast_1d(page.bitspersample))
        known = page.compression in KNOWN_BY_TIFFFILE and page.predictor in (1, 2) and bits in (1, 8, 16, 32, 64)
        if known and page.photometric in PLAIN and not premultiplied:
            if page.axes not in ("YX", "YXS", "SYX") or samples > 4:
                raise InputError(f"holds {samples} channels ({page.axes}); a picture has one, or three and alpha.")
            return _of_page(page), orientation
    if bits > 8 and (samples > 1 or page.photometric != 1 or page.dtype != "uint16" and tiff.byteorder == ">"):
        how = f"compressed with {tifffile.COMPRESSION(page.compression).name}"  # Pillow would lose bits, or their order
        raise InputError(
            f"is {'multiplied by its alpha' if premultiplied else how}, and more than 8 bits a colour are not read so: "
            "save it without."
        )
    file.seek(0)
    return _with_pillow(file)


def _of_page(page: "tifffile.TiffPage") -> Decoded:
    values = page.asarray()
    if values.ndim < 2 or not values.size or values.dtype.kind not in "buif":
        raise ValueError(f"it holds no pixels, but {values.dtype} of {values.shape}")
    if page.axes == "SYX":
        values = np.moveaxis(values, 0, 2)
    alpha, palette, bits = None, None, page.bitspersample
    if values.ndim == 3:
        if values.shape[2] in (2, 4):
            if page.extrasamples[:1] != (2,):  # alpha
                raise InputError(f"holds {values.shape[2]} channels; a picture has one, or three, and perhaps alpha.")
            last = values[..., -1]
            alpha = _alpha((last >> (bits - 8) if last.dtype.kind == "u" else 255 * last.clip(0, 1)).astype("uint8"))
            values = values[..., :-1]
        values = values[..., 0] if values.shape[2] == 1 else values
    if page.photometric == 3:
        palette = (np.asarray(page.colormap).T >> 8).astype("uint8")
    elif page.photometric == 0 and values.dtype.kind in "ub":  # white is zero
        values = ~values if values.dtype.kind == "b" else np.array(2**bits - 1, values.dtype) - values
    highest = 2**bits - 1 if values.dtype == "uint8" else None
    return Decoded(values, highest, palette, alpha, ("TIFF", f"{values.dtype}"))
