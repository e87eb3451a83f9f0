"""Pictures and masks, one file each, as a network needs them, with errors that name the file and say what to do."""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from minunet.data.brightness import on_paper, sampled
from minunet.data.classes import codes
from minunet.data.decode import Page, decode
from minunet.data.decoded import Decoded
from minunet.data.depth import Ranges, share_filled, share_outside, to_16_bits
from minunet.data.masks import refuse_reversed
from minunet.data.resize import row_slices
from minunet.errors import InputError, printable

MOST_OUTSIDE = 0.5  # of the numbers of a picture: if more lie outside of the ranges of a network, it is told
LEAST_FILLED = 0.02  # of the ranges: a picture that fills less is one shade to the network


class Picture(NamedTuple):
    """The numbers of a picture (H, W, C): uint8, or, if it is `deep`, of any kind, NaN where there is nothing."""

    values: np.ndarray
    deep: bool
    floating: bool  # whether the file holds floating-point numbers
    turned: bool  # upright, by its orientation tag
    masked: bool  # whether it is a TIFF with a channel that is called alpha, as some programs call any fourth one


def read_picture(path: Path, page: Page = None, keep_depth: bool = True) -> Picture:
    """A picture of any format, whatever its name ends in, upright, with the channels and the depth of its file.

    Pictures of colours that are all greys have one channel. Without `keep_depth` deeper ones are made ones of 8 bits,
    see `on_paper`. `page`: see `decode`.
    """
    decoded = decode(path, page)
    if decoded.frames > 1 and page is None:
        tqdm.write(f"{printable(path)} holds {decoded.frames} pictures; the first is used", file=sys.stderr)
    try:
        deep = keep_depth and decoded.deep
        values = _deep(decoded) if deep else on_paper(decoded)
    except InputError as error:
        raise InputError(f"{path} {error}") from None
    except MemoryError as error:
        raise MemoryError(f"{path}: {str(error) or 'NumPy got none'}") from error
    except Exception as error:  # numbers that no picture should hold
        raise InputError(f"{path} cannot be read as a picture: {error}.") from error
    if values.shape[2] == 3 and _is_grey(values):
        values = values[..., :1].copy()  # so that the other two are given back
    masked = decoded.kind[0] == "TIFF" and decoded.alpha is not None
    return Picture(values, deep, decoded.values.dtype.kind == "f", decoded.turned, masked)


def _is_grey(values: np.ndarray) -> bool:
    """Whether a picture (H, W, 3) shows greys only."""
    bands = (values[rows] for rows in row_slices(*values.shape[:2]))
    return all(
        np.array_equal(band[..., 0], band[..., k], equal_nan=band.dtype.kind == "f") for band in bands for k in (1, 2)
    )


def _deep(decoded: Decoded) -> np.ndarray:
    """The numbers of more than 8 bits, (H, W, C); NaN where an alpha channel, or the file, says that there are none."""
    values = decoded.values if decoded.values.ndim == 3 else decoded.values[..., None]
    if decoded.alpha is None and np.isnan(decoded.nothing):
        return values
    if decoded.alpha is not None and decoded.alpha.max() <= 1:
        raise InputError("is transparent everywhere: save it without its alpha channel.")
    nothing = values == decoded.nothing
    if decoded.alpha is not None:
        nothing |= (decoded.alpha == 0)[..., None]
    if not nothing.any():
        return values
    return np.where(nothing, np.nan, values.astype("float32" if values.dtype.itemsize < 4 else "float64"))


def read_image(path: Path | str, channels: int = 3, ranges: Ranges | None = None, page: Page = None) -> np.ndarray:
    """A picture as a network of so many channels sees it, (H, W, channels): uint8, or uint16 if it has `ranges`.

    A network without ranges was trained on pictures of 8 bits, and deeper ones are made such.
    """
    path = Path(path)
    picture = read_picture(path, page, keep_depth=ranges is not None)
    values = with_channels(path, picture.values, channels)
    if ranges is None:
        return values
    if not picture.deep:
        raise InputError(
            f"{path} holds 8 bits a channel, but the network was trained on deeper pictures, with numbers from "
            f"{ranges[0]:g} to {ranges[1]:g}: what is bright and dark cannot be compared."
        )
    if not np.isfinite(values).any():
        raise InputError(f"{path} holds no number that is finite.")
    return as_ranged(path, values, ranges)


def as_ranged(path: Path, values: np.ndarray, ranges: Ranges | None) -> np.ndarray:
    """A picture (H, W, C) through the ranges, uint16, if there are any; a word if it has nothing to do with them."""
    if ranges:
        _tell_of_range(path, values, ranges)
    return to_16_bits(values, ranges) if ranges else values


def _tell_of_range(path: Path, values: np.ndarray, ranges: Ranges) -> None:
    """A word if the numbers of a picture (H, W, C) look as if they were of another unit than the training images."""
    if values.dtype.kind == "f" and not np.isfinite(values).any():
        tqdm.write(f"{printable(path)} holds no value: it is black", file=sys.stderr)
        return
    some = sampled(values.reshape(-1, 1, values.shape[2]))
    outside, filled = share_outside(some, ranges), share_filled(some, ranges)
    if outside > MOST_OUTSIDE:
        what = f"{outside:.0%} of the numbers lie outside of the range of the training images"
    elif filled < LEAST_FILLED:
        what = f"the numbers fill {filled:.1%} of the range of the training images"
    else:
        return
    tqdm.write(
        f"{printable(path)}: {what}, {ranges[0]:g} to {ranges[1]:g} in the first channel: perhaps they are of another "
        "unit or scale",
        file=sys.stderr,
    )


def with_channels(path: Path, values: np.ndarray, channels: int) -> np.ndarray:
    """A picture (H, W, C) with so many channels: grey for each colour, or the grey of colours that are all equal."""
    own = values.shape[2]
    if own == channels:
        return values
    if own == 1 and channels == 3:
        return np.repeat(values, 3, axis=2)
    hint = ": make it grey" if own == 3 and channels == 1 else ""
    raise InputError(f"{path} has {_count(own)}, but the network was trained on pictures of {_count(channels)}{hint}.")


def _count(channels: int) -> str:
    return {1: "one channel (grey)", 3: "three channels (colours)"}.get(channels, f"{channels} channels")


class Mask(NamedTuple):
    """A mask, upright: whole numbers (H, W), and the palette (N, 3) if they are numbers of one.

    In grey of one bit, black is 0 and white is 1; of 2 and 4 bits white is 3 and 15. The palette says so. Of colours
    each has one number, see `codes`.
    """

    values: np.ndarray
    palette: np.ndarray | None
    turned: bool


def read_mask(path: Path, coloured: bool = False) -> Mask:
    """A mask of class ids or of single objects, or of colours. Raises InputError for what does not look like one."""
    try:
        decoded = decode(path)
    except InputError as error:
        several, advice, _ = str(error).partition(": --page")  # which is for images
        raise InputError(f"{several}: save each mask in a file of its own.") if advice else error from None
    values, floating = decoded.values, decoded.values.dtype.kind == "f"
    if decoded.lossy:
        raise InputError(f"{path} is a {decoded.kind[0]}, whose compression changes class ids. Save masks as PNG.")
    if decoded.changed:
        raise InputError(
            f"{path} says that white is 0 (as any PBM does, Fiji with an inverting lookup table, and tifffile for True "
            "and False) or neither 255 nor 65535: it cannot be told which numbers are meant. Save masks as PNG."
        )
    if decoded.frames > 1:
        raise InputError(f"{path} holds {decoded.frames} pictures: save each mask in a file of its own.")
    alpha = decoded.alpha is not None and decoded.palette is None and decoded.kind[1] not in ("1", "L", "I;16")
    if coloured:
        if alpha or decoded.deep:
            held = f"{decoded.kind[1]}{' with what is transparent' if alpha else ''}"
            raise InputError(f"{path} is of mode {held}, but colours of 8 bits are named in classes.txt.")
        seen = on_paper(decoded._replace(alpha=None, nothing=np.nan))
        if seen.shape[2] not in (1, 3):
            raise InputError(f"{path} has {_count(seen.shape[2])}, but colours of three are named in classes.txt.")
        return Mask(codes(np.broadcast_to(seen, (*seen.shape[:2], 3))), None, decoded.turned)
    if (
        floating
        and values.ndim == 2
        and np.isfinite(values).all()
        and (values == values.round()).all()
        and abs(values).max() < 2**53
    ):
        values = values.astype("int64")  # Fiji and others write whole numbers so
    if values.ndim > 2 or values.dtype.kind not in "bui" or alpha:
        raise InputError(
            f"{path} is a picture of mode {decoded.kind[1]}{' with alpha' if alpha else ''}, but a mask holds one "
            "whole number a pixel, its class id. Save it as a grey or palette PNG."
            + (
                " If its colours are classes, name them in classes.txt, as in '255,0,0 road'."
                if values.ndim > 2
                else ""
            )
        )
    refuse_reversed(path, values, decoded.palette)
    white = 1 if values.dtype == "bool" else decoded.highest or 255
    if decoded.palette is None and white < 255:
        greys = np.linspace([0] * 3, [255] * 3, white + 1).astype("uint8")
        return Mask(values.astype("uint8"), greys, decoded.turned)
    return Mask(values, decoded.palette, decoded.turned)


def require_size(path: Path, size: tuple[int, ...], other: tuple[int, ...], whose: str) -> None:
    """Raise InputError unless a picture of this size (H, W) has that of the other one, of `whose`."""
    (height, width), (rows, columns) = size, other
    if (height, width) != (rows, columns):
        raise InputError(
            f"{path} has {width} x {height} pixels, but its {whose} has {columns} x {rows}: they must be equal."
        )
