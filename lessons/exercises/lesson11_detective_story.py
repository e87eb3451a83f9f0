"""Exercises of lesson 11: labels and pixels. Check yours with `python -m lessons.check 11`, or one with `11.2`.

Labels are whole numbers, the ids of classes: (N, H, W) for a batch, (H, W) for one picture. Use NumPy only.
"""

import numpy as np


def centre_crop(labels: np.ndarray, height: int, width: int) -> np.ndarray:
    """11.1 (easy): the middle of labels (N, H, W): (N, height, width), with height <= H and width <= W.

    Where H - height is odd, one row more is cut off below than above; likewise one column more at the right.
    """
    raise NotImplementedError("lesson 11, exercise 1: centre_crop")


def label_displacement(i: np.ndarray, size_in: int, size_out: int) -> np.ndarray:
    """11.2 (medium): how far, in image pixels, the resized label of output pixel i lies from where the network looks.

    Along one axis. The image has size_in pixels, the output size_out of them, and i, whole numbers (M,), are pixels of
    the output. Places are measured in image pixels from the image's edge, and a pixel stands for its centre: image
    pixel p for the place p + 0.5.

    The network's pixel i lies in the middle part of the image: as many pixels further as are cut off at the beginning,
    half of what is missing (size_in - size_out is even). Its label was taken from the middle of stretch number i, when
    the whole image is divided into size_out equal stretches.

    Returns the place of the label minus the place where the network looks, (M,) float64: negative where the label
    comes from nearer to the beginning.
    """
    raise NotImplementedError("lesson 11, exercise 2: label_displacement")


def find_shift(one: np.ndarray, other: np.ndarray, max_shift: int) -> tuple[int, int]:
    """11.3 (medium): the shift (dy, dx) by which `other` lies beside `one`, two label maps (H, W).

    For a shift, compare one[r, c] with other[r + dy, c + dx] at all pixels where both exist; its agreement is the
    fraction of those pixels that are equal. Of all whole numbers dy and dx from -max_shift to max_shift, return those
    with the largest agreement, and if several agree equally, those with the smallest dy*dy + dx*dx (the tests hold no
    tie beyond that). max_shift is smaller than H and W.
    """
    raise NotImplementedError("lesson 11, exercise 3: find_shift")
