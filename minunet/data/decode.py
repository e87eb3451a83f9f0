"""From a file to the numbers in it, upright, as many bits as it holds: what Pillow and tifffile know of formats.

Only formats are read that are known to be read rightly. No program is ever started for a picture, as Pillow does for
EPS, and no other file is opened.
"""

from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

from minunet.data.checks import PNG, refuse_damaged_png, refuse_odd_bmp, refuse_odd_jpeg2000
from minunet.data.decoded import Decoded, alpha_of, most_pixels
from minunet.data.tiff import ORIENTATION, STARTS, read_tiff
from minunet.errors import InputError

ENDINGS = Image.registered_extensions()
KNOWN = ("PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP", "AVIF", "JPEG2000", "PPM", "TGA", "PCX")
FORMATS = [name for name in KNOWN if name in Image.OPEN]  # by this Pillow
PICTURE_ENDINGS = {ending for ending, name in ENDINGS.items() if name in (*FORMATS, "MPO")}  # .jpg, .png, ...
LOSSY = {"JPEG", "MPO", "WEBP", "AVIF", "JPEG2000"}  # some of them, not always
ANIMATED = {"GIF", "WEBP", "PNG", "AVIF"}  # of other formats, further pictures are layers or thumbnails
COLOURS = ("RGB", "RGBA", "LA")  # modes of 8 bits that Pillow reads pictures of 16 as


def decode(path: Path) -> Decoded:
    """Read a picture or a mask, of any of FORMATS, whatever its name ends in. Raises InputError, naming the file."""
    try:
        if path.exists() and not path.is_file():
            raise InputError("is not a file.")
        with open(path, "rb") as file:
            start = file.read(4)
            if start == PNG:
                refuse_damaged_png(file)
            file.seek(0)
            decoded, orientation, lossy, turned_round = read_tiff(file) if start in STARTS else (None, 1, False, False)
            tagged = orientation  # Pillow turns some TIFFs by itself, and forgets their tag
            if decoded is None:
                file.seek(0)
                decoded, orientation = _with_pillow(file)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist.") from None
    except MemoryError as error:
        raise MemoryError(f"{path}: {str(error) or 'NumPy got none'}") from error
    except Image.DecompressionBombError:
        most = most_pixels() // 10**6
        raise InputError(f"{path} has more than {most} million pixels: cut it into smaller ones.") from None
    except InputError as error:
        raise InputError(f"{path} {error}") from None
    except Exception as error:  # readers of damaged files raise nearly anything
        raise InputError(f"{path} cannot be read as a picture: {error}.") from error
    alpha = None if decoded.alpha is None else upright(decoded.alpha, orientation)
    lossy = lossy or decoded.kind[0] in LOSSY
    changed = decoded.changed or turned_round
    turned = any(each in range(2, 9) for each in (tagged, orientation))
    values = upright(decoded.values, orientation)
    return decoded._replace(values=values, alpha=alpha, lossy=lossy, changed=changed, turned=turned)


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
        whites = [how[1] for how in stored if picture.format == "PPM" and picture.mode != "F" and how[1:]]
        deep = any(kind.endswith((";16B", ";16L", ";16N")) for kind in raw) or max(whites, default=0) > 255
        at = file.tell()
        if picture.format == "BMP" and picture.mode == "1":
            refuse_odd_bmp(file)
        elif picture.format == "JPEG2000":
            refuse_odd_jpeg2000(file, picture.mode)
        file.seek(at)
        if picture.mode in COLOURS and deep:
            decoded = _of_16_bits(file, picture, raw)
        else:
            picture.load()
            decoded = _of_8_bits(picture, raw[:1])
        decoded = decoded._replace(frames=frames, changed=not {255, 65535}.issuperset(whites))
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
        alpha = alpha_of(np.asarray(picture.getchannel("A")))
    elif "transparency" in picture.info and mode in ("1", "L", "P", "RGB"):  # one colour, or some: nothing
        alpha = alpha_of(np.asarray(picture.convert("RGBA").getchannel("A")))
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
    if (mode == "I;16" or highest in (3, 15)) and "transparency" in picture.info:  # a number of the file's own bits
        alpha = alpha_of(255 * (values != picture.info["transparency"]).astype("uint8"))
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
        return Decoded(both[..., 0] * np.uint16(256) + both[..., 1], None, None, alpha_of(both[..., 2]), kind)
    values = np.asarray(picture).astype("uint16")
    alpha = alpha_of(values[..., 3].astype("uint8")) if values.shape[2] == 4 else None
    file.seek(0)
    with Image.open(file, formats=["PNG"]) as again:
        again.tile = [tile._replace(args=raw[0].removesuffix("B") + "L")]
        values <<= 8
        values += np.asarray(again)
    if "transparency" in picture.info:  # one colour stands for nothing
        alpha = alpha_of(255 * (values[..., :3] != picture.info["transparency"]).any(axis=2).astype("uint8"))
    return Decoded(values[..., :3], None, None, alpha, kind)
