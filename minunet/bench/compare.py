"""What the comparisons on the CPU and on a GPU share: when both sides agree, the ratio of their times, and its text."""

from typing import Any

import numpy as np

from minunet.bench.sides import GRADIENT_TOLERANCE, LOSS_TOLERANCE

FORMATS = ("contiguous", "channels last")  # PyTorch's memory formats
TOLERANCES = (LOSS_TOLERANCE, GRADIENT_TOLERANCE)
Row = dict[str, Any]  # what was measured of one task


def agreement(differences: list[tuple[float, float]], tolerances: tuple[float, float] = TOLERANCES) -> Row:
    """The worst loss and the worst gradient of several `difference`s, and whether both are within the tolerances."""
    loss, gradient = map(float, np.max(differences, axis=0))
    agree = loss <= tolerances[0] and gradient <= tolerances[1]  # not if one is NaN
    return {"agree": agree, "loss_difference": loss, "gradient_difference": gradient}


def disagreement(row: Row) -> str:
    """What a table says of two sides that do not agree."""
    differences = f"the loss differs by {row['loss_difference']:.1e}, a gradient by {row['gradient_difference']:.1e}"
    return f"minunet and PyTorch DO NOT AGREE: {differences}; nothing was timed"


def ratio(times: dict[str, np.ndarray]) -> Row:
    """minunet's time over PyTorch's in the faster of FORMATS (by median), round by round; empty without PyTorch."""
    if FORMATS[0] not in times:
        return {}
    best = min(FORMATS, key=lambda name: np.median(times[name]))
    ratios = times["minunet"] / times[best]
    quartiles = [float(q) for q in np.quantile(ratios, (0.25, 0.75))]
    return {"format": best, "ratio": float(np.median(ratios)), "ratio_quartiles": quartiles}


def ratio_text(row: Row) -> str:
    """The ratio with its quartiles, for a table."""
    if "ratio" not in row:
        return "-"
    low, high = row["ratio_quartiles"]
    return f"{row['ratio']:.2f} ({low:.2f}-{high:.2f})"


def number(value: float | None, digits: int) -> str:
    """A number that may be missing, for a table."""
    return "-" if value is None else f"{value:.{digits}f}"
