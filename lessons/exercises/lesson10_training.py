"""Exercises of lesson 10: training. Check yours with `python -m lessons.check 10`, or one with `10.2`.

An image is (H, W, C), its labels (H, W), whole numbers. What a function is given stays as it was: return new arrays (a
view of an old one will do), and change nothing in place. Use NumPy only.
"""

import numpy as np


def flip_both(image: np.ndarray, labels: np.ndarray, left_right: bool, up_down: bool) -> tuple[np.ndarray, np.ndarray]:
    """10.1 (easy): the image and its labels, mirrored as asked: with left_right the last column becomes the first,
    with up_down the last row becomes the first; with both, both; with neither, nothing changes.

    Image (H, W, C) and labels (H, W) keep their shapes, and belong together afterwards as before.
    """
    raise NotImplementedError("lesson 10, exercise 1: flip_both")


def class_weights(labels: np.ndarray, classes: int) -> np.ndarray:
    """10.2 (medium): how much a pixel of each class should count, (classes,) float64, from labels of any shape.

    With n[k] pixels of class k, the weights are proportional to 1 / n[k] for every class that occurs, and their mean
    over the classes that occur is 1. A class that does not occur has the weight 0, and takes no part in the mean.
    """
    raise NotImplementedError("lesson 10, exercise 2: class_weights")


def dropout(x: np.ndarray, drawn: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """10.3 (easy): y and the mask, both of the shape and dtype of x.

    `drawn`, of the shape of x, holds random numbers, equally likely everywhere from 0 to 1. Where it is below `rate`,
    the mask is 0; elsewhere it is what keeps the expected y equal to x. y is x times the mask. 0 <= rate < 1. Draw no
    numbers of your own.
    """
    raise NotImplementedError("lesson 10, exercise 3: dropout")


def follow_average(
    average: dict[str, np.ndarray], params: dict[str, np.ndarray], decay: float, step: int
) -> dict[str, np.ndarray]:
    """10.4 (easy): the running mean after step number `step` (0, 1, 2, ...), a new dictionary with the same names.

    For each array: d * average + (1 - d) * parameter, where d is the smaller of decay and (1 + step) / (10 + step).
    Make new arrays: dict(average) copies the names, not the arrays.
    """
    raise NotImplementedError("lesson 10, exercise 4: follow_average")


def dropout_backward(dy: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """10.5 (easy): dx, of the shape of dy, from dy and the mask of 10.3: every number goes back the way that x went."""
    raise NotImplementedError("lesson 10, exercise 5: dropout_backward")
