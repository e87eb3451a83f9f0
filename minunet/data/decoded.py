"""What is in the file of a picture or a mask: numbers, and what they mean."""

from typing import NamedTuple

import numpy as np
from PIL import Image

CHANNELS = "channels"  # what stands for a page if all of them are to be the channels of one picture


class Decoded(NamedTuple):
    """The numbers of a picture as its file holds them.

    values: (H, W), or (H, W, C) of two channels or more; whole numbers, floating point, or bool for black and white.
    highest: what white is, if the format says so: 255 for 8 bits, 15 for 4; None for more than 8 bits.
    palette: (N, 3) uint8, the colours that `values` are numbers of, or None.
    alpha: (H, W) uint8, 0 where nothing is to be seen, or None.
    kind: the format, and what Pillow or tifffile call this kind of pixel.
    frames: how many pictures the file holds, if this is the first of them and none was asked for by its number.
    lossy: whether the format changes numbers when it packs them.
    changed: whether these are not the numbers of the file: of a PGM whose white is neither 255 nor 65535 they were
        multiplied, of a PBM, and of a TIFF whose white is 0, turned round.
    nothing: the number that stands for no value, as maps have it; NaN for none.
    turned: whether a tag said that it is stored on its side, upside down or as in a mirror.
    """

    values: np.ndarray
    highest: int | None
    palette: np.ndarray | None
    alpha: np.ndarray | None
    kind: tuple[str, str]
    frames: int = 1
    lossy: bool = False
    changed: bool = False
    nothing: float = np.nan
    turned: bool = False

    @property
    def deep(self) -> bool:
        """Whether these are numbers of more than 8 bits, of which nobody says what is black and what is white."""
        return self.highest is None and self.palette is None and self.values.dtype != "bool"


def alpha_of(values: np.ndarray) -> np.ndarray | None:
    """An alpha channel, 8 bits, if it tells anything: not if it is the same everywhere, but for 0, nothing to be seen.

    Of 16 bits some programs fill as many as their camera has.
    """
    lowest = values.min(initial=255)
    return None if lowest == 255 or lowest == values.max(initial=0) > 1 else values


def upright(array: np.ndarray, orientation: int) -> np.ndarray:
    """An array (H, W, ...) turned as the orientation of EXIF and TIFF says, 1 to 8; anything else changes nothing."""
    if orientation in (5, 6, 7, 8):  # rows and columns are exchanged
        array = array.swapaxes(0, 1)
    down = -1 if orientation in (3, 4, 7, 8) else 1
    across = -1 if orientation in (2, 3, 6, 7) else 1
    return array[::down, ::across]


def turned_upright(decoded: Decoded, orientation: int, tagged: int = 1) -> Decoded:
    """The picture and its alpha turned by `orientation`; `tagged`: what a tag says that a reader has followed."""
    alpha = None if decoded.alpha is None else upright(decoded.alpha, orientation)
    turned = any(each in range(2, 9) for each in (tagged, orientation))
    return decoded._replace(values=upright(decoded.values, orientation), alpha=alpha, turned=turned)


def most_pixels() -> int:
    """Of a picture: Pillow refuses more, as a small file could ask for all the memory that there is."""
    return 2 * (Image.MAX_IMAGE_PIXELS or 2**40)
