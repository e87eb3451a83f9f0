"""checkerboard.png: what a constant picture becomes under four transposed convolutions of stride 2.

Run: python -m lessons.figures.checkerboard
"""

import numpy as np
from matplotlib.figure import Figure

from lessons.figures.style import INK, panels, save
from minunet.layers import conv_transpose2d

KERNELS = {
    "3x3 of ones": np.ones((3, 3)),
    "2x2 of ones": np.ones((2, 2)),
    "4x4 of ones": np.ones((4, 4)),
    "2x2, weights 3 1 / 0 2": np.array([[3.0, 1], [0, 2]]),
}


def draw(narrow: bool = False) -> Figure:
    """Four outputs, with their numbers."""
    figure, grid = panels(narrow, 4, 2.9, 4.9, columns=2)
    for axes, (name, kernel) in zip(grid, KERNELS.items(), strict=True):
        y = conv_transpose2d(np.ones((1, 4, 4, 1)), kernel[:, :, None, None], stride=2)[0][0, :, :, 0]
        axes.imshow(y, cmap="gray", vmin=0, vmax=4)
        for i, j in np.ndindex(y.shape):
            axes.text(j, i, f"{y[i, j]:g}", ha="center", va="center", fontsize=8, color="white" if y[i, j] < 2 else INK)
        axes.set_title(f"{name}\n4x4 pixels to {len(y)}x{len(y)}", fontsize=9)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    return figure


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
