"""What Pillow reads: all formats but most TIFFs, as many bits as they hold, of an animation any frame."""

from typing import IO

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

from minunet.data.checks import refuse_odd_bmp, refuse_odd_jpeg2000
from minunet.data.decoded import CHANNELS, Decoded, alpha_of, turned_upright
from minunet.errors import InputError

ORIENTATION = 274  # the tag that says how a camera was held
ENDINGS = Image.registered_extensions()  # Pillow has now looked for all formats that it knows
KNOWN = ("PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP", "AVIF", "JPEG2000", "PPM", "TGA", "PCX")
FORMATS = [name for name in KNOWN if name in Image.OPEN]  # by this Pillow
LOSSY = {"JPEG", "MPO", "WEBP", "AVIF", "JPEG2000"}  # some of them, not always
ANIMATED = {"GIF", "WEBP", "PNG", "AVIF"}  # of other formats, further pictures are layers or thumbnails
COLOURS = ("RGB", "RGBA", "LA")  # modes of 8 bits that Pillow reads pictures of 16 as


def read_frame(file: IO[bytes], page: int | str | None) -> Decoded:
    """A picture, upright, or that frame of an animation, as it is seen: on top of what the frames before it leave.

    Raises InputError if there is no frame of this number, or for the frames of an animation as channels.
    """
    with Image.open(file, formats=FORMATS) as picture:  # a file, not a name: Pillow maps some into memory, wrongly
        frames = getattr(picture, "n_frames", 1) if picture.format in ANIMATED else 1
        if page == CHANNELS and frames > 1:
            raise InputError(f"holds {frames} pictures in colours, which are no channels: --page N takes one of them.")
        number = page if isinstance(page, int) else 1
        if number > frames:
            raise InputError(f"holds {frames} picture{'s' * (frames > 1)}, and no number {number}.")
        decoded = _of_frame(file, picture, number - 1)
    return decoded._replace(frames=frames if page is None else 1)


def read_page(file: IO[bytes], index: int, orientation: int) -> Decoded:
    """The page of a TIFF at this place, from 0, upright; `orientation`: what its tag says."""
    with Image.open(file, formats=["TIFF"]) as picture:
        return _of_frame(file, picture, index, orientation)


def _of_frame(file: IO[bytes], picture: ImageFile, index: int, tagged: int = 1) -> Decoded:
    """The picture at this place, from 0, upright; Pillow turns some TIFFs, and forgets their tag, `tagged`."""
    if index:
        picture.seek(index)
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
    if deep and index and picture.format in ANIMATED:
        raise InputError("holds frames of 16 bits, of which only the first is read rightly: save this one by itself.")
    if picture.mode in COLOURS and deep:
        decoded = _of_16_bits(file, picture, raw)
    else:
        picture.load()
        decoded = _of_8_bits(picture, raw[:1])
    try:
        orientation = picture.getexif().get(ORIENTATION, 1)
    except Exception:  # a damaged block: viewers show the picture as it is stored, and so do we
        orientation = 1
    lossy = decoded.kind[0] in LOSSY
    changed = not {255, 65535}.issuperset(whites) or decoded.kind == ("PPM", "1")  # a PBM's 1 is black
    return turned_upright(decoded._replace(lossy=lossy, changed=changed), orientation, tagged)


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
        highest = {"L;2": 3, "L;2I": 3, "L;4": 15, "L;4I": 15}.get(raw[0] if raw and mode == "L" else "", 255)
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
