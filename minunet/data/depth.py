"""Pictures in memory: whole numbers of 8 or 16 bits, from none to all of the light, of any number of channels.

Pictures of 8 bits stay as they are. Of more bits, files do not say which numbers are dark and which are bright: how
many of its bits a microscope uses, where a scanner of the body puts water, in what unit a satellite measures. So of
each channel a range is taken from the training images: of all their numbers, those of the lowest 0.1 % become 0 and
those of the highest 0.1 % become 65535, and what lies between is spread evenly. The ranges belong to the network, and
every picture that it predicts is seen through them: what is twice as bright stays twice as bright.
"""

import sys
from collections.abc import Sequence

import numpy as np

from minunet.data.brightness import HIGHEST, LOWEST, SAMPLE, sampled
from minunet.data.resize import row_slices
from minunet.errors import InputError

Ranges = tuple[float, ...]  # the lowest and the highest number of the first channel, of the second, and so on


def unit(picture: np.ndarray) -> np.ndarray:
    """Whole numbers as floating point from 0 to 1, float32; what is of floating point is so already."""
    if picture.dtype.kind == "f":
        return picture
    return picture.astype("float32") / np.float32(np.iinfo(picture.dtype).max)


def ranges_of(pictures: Sequence[np.ndarray]) -> Ranges:
    """The range of each channel of pictures (H, W, C) of any kind of number; see above. NaN is not asked.

    A channel that holds one number everywhere is black, and told; microscopes write an unused colour so. Raises
    InputError if a channel holds no number that is finite, or all channels hold one number each.
    """
    each = max(1, SAMPLE // len(pictures))  # pixels of a picture
    # Copied: small pictures are samples of themselves, and each that lies in a file would keep it open.
    sample = np.concatenate([sampled(_pixels(picture), each).copy() for picture in pictures])  # (P, C)
    ranges: list[float] = []
    empty: list[str] = []
    for number, channel in enumerate(sample.T, start=1):
        finite = channel[np.isfinite(channel)]
        if not finite.size:
            raise InputError(f"Channel {number} of the training images holds no number that is finite.")
        low, high = _ends(finite)
        if low == high:
            empty.append(f"channel {number} is {low:g} everywhere")
            high = low + 1
        ranges += [low, high]
    if len(empty) == sample.shape[1]:
        raise InputError(f"In the training images, {' and '.join(empty)}: nothing can be learnt from them.")
    if empty:
        print(f"in the training images, {' and '.join(empty)}", file=sys.stderr)
    return tuple(ranges)


def _ends(finite: np.ndarray) -> tuple[float, float]:
    """Where the lowest and the highest 0.1 % end; if few bright spots lie on one number, the least and the largest."""
    low, high = np.quantile(finite, (LOWEST, HIGHEST), method="inverted_cdf")
    low, high = (low, high) if low < high else (finite.min(), finite.max())
    return float(low), float(high)


def _pixels(picture: np.ndarray) -> np.ndarray:
    """(H, W, C) to (P, C)."""
    return picture.reshape(-1, picture.shape[2])


def to_16_bits(picture: np.ndarray, ranges: Ranges) -> np.ndarray:
    """A picture (H, W, C) of any kind of number through the ranges of its channels: uint16; what is no number is 0."""
    low, high = np.array(ranges).reshape(-1, 2).T
    scaled = np.empty(picture.shape, dtype="uint16")
    for rows in row_slices(*picture.shape[:2]):
        with np.errstate(over="ignore", invalid="ignore"):
            band = ((picture[rows] - low) / (high - low)).clip(0, 1)
        scaled[rows] = np.nan_to_num(65535 * band).round()
    return scaled


def share_filled(picture: np.ndarray, ranges: Ranges) -> float:
    """Which part of its range the channel of a picture (H, W, C) fills that fills most; NaN is not asked."""
    low, high = np.array(ranges).reshape(-1, 2).T
    sample = _pixels(picture)
    filled = [0.0]
    for channel, lowest, highest in zip(sample.T, low, high, strict=True):
        finite = channel[np.isfinite(channel)].clip(lowest, highest)
        if finite.size:
            begin, end = _ends(finite)
            filled.append((end - begin) / (highest - lowest))
    return max(filled)


def share_outside(picture: np.ndarray, ranges: Ranges) -> float:
    """Which fraction of the numbers of a picture (H, W, C) lies outside of the ranges; NaN is not asked."""
    low, high = np.array(ranges).reshape(-1, 2).T
    sample = _pixels(picture)
    with np.errstate(invalid="ignore"):
        outside = (sample < low) | (sample > high)
    return float(outside.sum() / max(1, np.isfinite(sample).sum()))


def shown(picture: np.ndarray) -> np.ndarray:
    """A picture (H, W, C) uint8 or uint16 as people see it, (H, W, 3) uint8: one channel grey, two red and green.

    Of more than three, the first three are red, green and blue.
    """
    picture = (picture >> 8).astype("uint8") if picture.dtype == "uint16" else picture
    if picture.shape[2] == 1:
        return np.repeat(picture, 3, axis=2)
    seen = np.zeros((*picture.shape[:2], 3), dtype="uint8")
    seen[..., : min(3, picture.shape[2])] = picture[..., :3]
    return seen if picture.shape[2] != 3 else picture
