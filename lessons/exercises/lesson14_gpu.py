"""Exercises of lesson 14: what the GPU's code does, in NumPy. Check yours with `python -m lessons.check 14`.

Images are x (N, H, W, C), channels last: in memory the C numbers of a pixel lie side by side, then come those of its
right neighbour, then the next row, then the next image. Use NumPy only.
"""

import numpy as np


def deal_windows(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """14.1 (medium): all windows of three neighbouring pixels, dealt out to three matrices.

    pixels is (P, C), P at least 3, contiguous. Window m is pixels[m : m + 3], 3*C numbers side by side, pixel by pixel;
    there are P - 2 of them. The first matrix holds the windows 0, 3, 6, ..., the second 1, 4, 7, ..., the third
    2, 5, 8, ..., a window a row: (number of windows, 3*C). For P = 3 the second and the third have no row.

    Do without a loop over windows, and without a copy: a slice and a reshape make each matrix. The numbers are checked,
    not how you came by them.
    """
    raise NotImplementedError("lesson 14, exercise 1: deal_windows")


def wide_rows_conv(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """14.2 (hard): a 3x3 convolution, no padding, no bias, by nine products of x itself: y (N, H-2, W-2, K).

    x is (N, H, W, C), weight (3, 3, C, K). With m counting the pixels of the whole batch,

        full[m] = sum over a of  x[m + a*W : m + a*W + 3] @ weight[a]        for m = 0, ..., N*H*W - 2*W - 3

    where x[...] is a window of 3*C numbers and weight[a] is (3*C, K). Make it with three products for each a, one for
    each matrix of 14.1; mind that the three a must give equally many windows. Let `full` have N*H*W rows, so that it
    can be reshaped to (N, H, W, K). The sum exists for the first N*H*W - 2*W - 2 of them, also where the window runs
    over the right edge of the image, or over its lower edge into the next image. These, and the rows without a sum, are
    left out of y with the last two rows and columns of each image.
    """
    raise NotImplementedError("lesson 14, exercise 2: wide_rows_conv")


def sum_in_stretches(values: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """14.3 (easy): the sum over the rows of values (rows, C), in stretches of `length` rows that follow each other.

    Returns sums (stretches, C), what each stretch adds up to, and their total (C,): the sum of `sums`, in their order,
    as another order rounds otherwise. The last stretch may be shorter.
    On a GPU each stretch is the work of one thread, and nobody else adds to its place in `sums`.
    """
    raise NotImplementedError("lesson 14, exercise 3: sum_in_stretches")
