"""What Pillow does not look at in a file, and would read wrongly without a word: it is looked at here, and refused."""

import zlib
from typing import IO

from minunet.errors import InputError

PNG = b"\x89PNG"  # how such files begin
PIECE = 1 << 20  # bytes that are read at once
USED = (b"tRNS", b"eXIf")  # chunks that a picture could do without, of which Pillow uses what they hold
FRAMES = (b"acTL", b"fcTL", b"fdAT")  # those of an animation
J2K = b"\xff\x4f\xff\x51"  # how the pixels of JPEG 2000 begin, in a file of boxes or without any


def refuse_damaged_png(file: IO[bytes], frames: bool = False) -> None:
    """Raise InputError if a chunk is not what its checksum says, up to the last one; libpng refuses those, too.

    What is left out are chunks that say nothing of the pixels: texts, times, and unless `frames` the further frames.
    """
    name = b""
    file.seek(8)
    while name != b"IEND":
        length, name = int.from_bytes(file.read(4), "big"), file.read(4)
        crc = zlib.crc32(name)
        while piece := file.read(min(length, PIECE)):
            length, crc = length - len(piece), zlib.crc32(piece, crc)
        used = USED + FRAMES * frames
        needed = not name[:1].islower() or name in used  # or there is no name, as the file has ended
        if needed and file.read(4) != crc.to_bytes(4, "big"):
            raise InputError("is damaged: a part of it is not there, or not what was written. Fetch or save it again.")
        if not needed:
            file.seek(4, 1)


def refuse_odd_bmp(file: IO[bytes]) -> None:
    """Pillow takes a palette of black and white for pixels of one bit, also where they have more."""
    file.seek(14)
    file.seek(24 if int.from_bytes(file.read(4), "little") == 12 else 28)  # the header of OS/2 is shorter
    bits = int.from_bytes(file.read(2), "little")
    if bits != 1:
        raise InputError(f"is a BMP of {bits} bits with two colours, which is not read rightly: save it as PNG.")


def refuse_odd_jpeg2000(file: IO[bytes], mode: str) -> None:
    """Pillow shifts all but 8 bits, and grey of up to 16, to 8: white becomes grey, or what is bright black."""
    at, size, name = 0, 8, b""
    file.seek(0)
    while file.read(4) != J2K:  # boxes: the size of each, its name, and what it holds
        if size < 8 or name == b"jp2c":
            return  # Pillow will say that there is no picture
        file.seek(at)
        size, name = int.from_bytes(file.read(4), "big"), file.read(4)
        size = int.from_bytes(file.read(8), "big") if size == 1 else size
        at += size
    file.seek(36, 1)
    count = int.from_bytes(file.read(2), "big")
    depths = {1 + (depth & 127) for depth in file.read(3 * count)[::3]}
    if not depths <= (set(range(9, 17)) if mode == "I;16" else {8}):
        bits = " and ".join(map(str, sorted(depths)))
        raise InputError(f"is a JPEG 2000 of {bits} bits a colour, which is not read rightly: save it as PNG.")
