"""The colours of the classes, the same in every picture."""

import colorsys
from collections.abc import Sequence

import numpy as np

# Colours that the colour-blind can tell apart: Okabe and Ito, "Color Universal Design" (2008), dark to bright.
PALETTE = np.array(
    [[0, 114, 178], [230, 159, 0], [0, 158, 115], [204, 121, 167], [86, 180, 233], [213, 94, 0], [240, 228, 66]]
)
GOLDEN = 0.618034  # of the circle of hues: steps of so much come to lie between all earlier ones
SHADES = [(0.55, 0.95), (0.95, 0.75), (0.75, 0.55)]  # saturation and value, in turn; none is as dark as black

KEPT = {"background": 0, "border": 2}  # these mean the same in every picture, wherever they stand among the classes


def class_colours(classes: Sequence[str]) -> np.ndarray:
    """A colour for each class, (classes, 3) uint8; past seven by hue, which not everybody can tell apart."""
    kept = [KEPT.get(name.lower()) for name in classes]
    free = (number for number in range(len(PALETTE) + len(classes)) if number not in kept)
    numbers = [next(free) if number is None else number for number in kept]
    return np.array([PALETTE[n] if n < len(PALETTE) else _further(n) for n in numbers]).round().astype("uint8")


def _further(number: int) -> np.ndarray:
    """A colour (3,) for each of many more classes."""
    saturation, value = SHADES[number % len(SHADES)]
    return 255 * np.array(colorsys.hsv_to_rgb(GOLDEN * number % 1, saturation, value))


def painted(labels: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Labels (H, W) as colours, (H, W, 3) uint8; what is no class, as it is ignored, is white."""
    return np.append(class_colours(classes), [[255] * 3], axis=0).astype("uint8")[
        np.minimum(labels.astype("int16"), len(classes))
    ]
