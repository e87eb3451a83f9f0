"""The colours of the classes, the same in every picture."""

from collections.abc import Sequence

import numpy as np

# Colours that the colour-blind can tell apart: Okabe and Ito, "Color Universal Design" (2008), dark to bright.
PALETTE = np.array(
    [[0, 114, 178], [230, 159, 0], [0, 158, 115], [204, 121, 167], [86, 180, 233], [213, 94, 0], [240, 228, 66]]
)


KEPT = {"background": 0, "border": 2}  # these mean the same in every picture, wherever they stand among the classes


def class_colours(classes: Sequence[str]) -> np.ndarray:
    """A colour for each class, (classes, 3) uint8; past seven they repeat, darker."""
    kept = [KEPT.get(name) for name in classes]
    free = (number for number in range(len(PALETTE) + len(classes)) if number not in kept)
    numbers = [next(free) if number is None else number for number in kept]
    return np.array([PALETTE[n % len(PALETTE)] * 0.7 ** (n // len(PALETTE)) for n in numbers]).round().astype("uint8")


def painted(labels: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Labels (H, W) as colours, (H, W, 3) uint8; what is no class, as it is ignored, is white."""
    return np.append(class_colours(classes), [[255] * 3], axis=0).astype("uint8")[
        np.minimum(labels.astype("int16"), len(classes))
    ]
