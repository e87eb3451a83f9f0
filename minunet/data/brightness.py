"""From the numbers of a file to what people see, and networks of 8 bits: 8 bits a channel.

How many of its bits a microscope uses, where a scanner of the body puts water, and whether a calibration went below
zero, files do not say. So numbers of more than 8 bits are scaled by what the picture holds: of all its numbers, those
of the lowest 0.1 % become 0 and those of the highest 0.1 % become 255 (if these are equal, its smallest and its largest
number), and what lies between is spread evenly. Of more than 4 million pixels so many are asked, at random places; what
is transparent is not asked. The colours of a picture are scaled together. A hot pixel changes nothing, an offset is
taken away, and numbers below zero are seen. What is no number (NaN), or the one that a map names as no value
(GDAL_NODATA), is not asked and becomes 0.
"""

import numpy as np

from minunet.data.decoded import Decoded
from minunet.data.resize import row_slices
from minunet.errors import InputError

LOWEST, HIGHEST = 0.001, 0.999  # quantiles
SAMPLE = 1 << 22  # pixels
BAND = 1 << 16  # so many are taken at a time, which needs little memory


def sampled(pixels: np.ndarray, most: int = SAMPLE) -> np.ndarray:
    """At most so many of the pixels (P, ...): one of each stretch, at a random place in it, the same each time.

    Not at equal steps: mosaics of colours and interlaced lines have a period, too, and some of it would never be met.
    """
    if len(pixels) <= most:
        return pixels
    some, rng = np.empty((most, *pixels.shape[1:]), pixels.dtype), np.random.default_rng(0)
    for first in range(0, most, BAND):
        ends = np.arange(first, min(first + BAND, most) + 1) * len(pixels) // most  # of the stretches
        places = ends[:-1] + (rng.random(len(ends) - 1) * np.diff(ends)).astype("int64")
        some[first : first + BAND] = pixels[places]
    return some


def on_paper(decoded: Decoded) -> np.ndarray:
    """A picture as it is seen, (H, W, C) uint8; grey has one channel. What is transparent is seen as on white paper.

    Raises InputError if nothing is to be seen.
    """
    if decoded.alpha is not None and decoded.alpha.max() <= 1:  # some programs leave it at 0, or write 1 for all
        raise InputError("is transparent everywhere: save it without its alpha channel.")
    values = decoded.values
    if decoded.palette is not None:
        values = _entries(decoded.palette, values)
    elif values.dtype == "bool":
        values = values * np.uint8(255)
    elif decoded.highest is None:
        values = to_8_bits(values, decoded.alpha, decoded.nothing)
    elif decoded.highest < 255:  # grey of 2 or 4 bits
        values = values * np.uint8(255 // decoded.highest)
    seen = values if values.ndim == 3 else values[..., None]
    if not decoded.deep and not np.isnan(decoded.nothing):  # of colours, where all of them are it
        numbers = decoded.values if decoded.values.ndim == 3 else decoded.values[..., None]
        seen = seen * (numbers != decoded.nothing).any(axis=2, keepdims=True)
    if decoded.alpha is not None:
        seen = seen.copy()
        for rows in row_slices(*seen.shape[:2]):
            alpha = decoded.alpha[rows, :, None] / np.float32(255)
            seen[rows] = (seen[rows] * alpha + 255 * (1 - alpha)).round()
    return np.ascontiguousarray(seen)


def to_8_bits(values: np.ndarray, alpha: np.ndarray | None = None, nothing: float = np.nan) -> np.ndarray:
    """Numbers of any kind as uint8 of the same shape, see above. Raises InputError if none of them is finite.

    Where `alpha` is 0 nobody sees the numbers, and they are not asked; `nothing`: the number that stands for no value.
    """

    def valid(numbers: np.ndarray) -> np.ndarray:
        return numbers[np.isfinite(numbers) & (numbers != nothing)]

    asked = values.reshape(-1, *values.shape[2:]) if alpha is None else values[alpha > 0]  # (P,) or (P, C)
    finite = valid(sampled(asked))
    finite = finite if finite.size else valid(asked)
    if not finite.size:
        raise InputError("holds no number that is finite.")
    low, high = (float(number) for number in np.quantile(finite, (LOWEST, HIGHEST), method="inverted_cdf"))
    if low == high:
        ends = [valid(asked[start : start + SAMPLE]) for start in range(0, len(asked), SAMPLE)]
        low, high = (float(end([end(band) for band in ends if band.size])) for end in (np.min, np.max))
    factor = 255 / (high - low) if high > low else 0.0
    scaled = np.empty(values.shape, dtype="uint8")
    for rows in row_slices(*values.shape[:2]):
        with np.errstate(over="ignore", invalid="ignore"):
            band = np.clip((values[rows].astype("float64") - low) * factor, 0, 255)  # infinities too
        scaled[rows] = np.where(values[rows] == nothing, 0, np.nan_to_num(band).round())
    return scaled


def _entries(palette: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The colours with these numbers; a number beyond the palette is black."""
    whole = np.zeros((max(len(palette), int(places.max(initial=0)) + 1), 3), dtype="uint8")
    whole[: len(palette)] = palette
    return whole[places]
