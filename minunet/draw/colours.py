"""The colours of the classes, the same in every picture."""

import numpy as np

# Colours that the colour-blind can tell apart: Okabe and Ito, "Color Universal Design" (2008), dark to bright.
PALETTE = np.array(
    [[0, 114, 178], [230, 159, 0], [0, 158, 115], [204, 121, 167], [86, 180, 233], [213, 94, 0], [240, 228, 66]]
)


def class_colours(classes: int) -> np.ndarray:
    """A colour for each class, (classes, 3) uint8; past seven they repeat, darker."""
    colours = [PALETTE[i % len(PALETTE)] * 0.7 ** (i // len(PALETTE)) for i in range(classes)]
    return np.array(colours).round().astype("uint8")
