"""How good is a segmentation? Everything is read off one table, the confusion matrix.

    matrix[i, j] = number of pixels of true class i that were predicted as class j

Pixel accuracy is the diagonal's share of all pixels. It flatters: where 60 % of all pixels are background, answering
"background" everywhere scores 0.60. So each class is scored by its overlap too, with TP (true positives) on the
diagonal, FN (missed) in the rest of its row and FP (false alarms) in the rest of its column:

    IoU = TP / (TP + FP + FN)          Dice = 2 TP / (2 TP + FP + FN)

Everingham et al., "The Pascal Visual Object Classes Challenge" (2010); Dice, "Measures of
the Amount of Ecologic Association Between Species" (1945).
"""

from __future__ import annotations

import numpy as np


def confusion_matrix(labels: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    """Count the pixels, (classes, classes) int64: row = true class, column = predicted class.

    Args:
        labels, predictions: integers 0 to classes - 1, of the same shape.

    Raises:
        ValueError: shapes that differ, or values outside the classes.
    """
    if labels.shape != predictions.shape:
        raise ValueError(f"labels {labels.shape} and predictions {predictions.shape} must have the same shape")
    for name, array in (("labels", labels), ("predictions", predictions)):
        if array.size and not (array.min() >= 0 and array.max() < classes):
            raise ValueError(f"{name} must be 0 to {classes - 1}, but range from {array.min()} to {array.max()}")
    pairs = labels.astype("int64").ravel() * classes + predictions.astype("int64").ravel()
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def pixel_accuracy(matrix: np.ndarray) -> float:
    """The part of all pixels that is right; NaN if there are none."""
    return float(_ratio(np.trace(matrix), matrix.sum()))


def iou(matrix: np.ndarray) -> np.ndarray:
    """Intersection over union of each class, (classes,); NaN for a class that neither occurs nor is predicted."""
    hits = np.diag(matrix)
    return _ratio(hits, matrix.sum(axis=0) + matrix.sum(axis=1) - hits)


def dice(matrix: np.ndarray) -> np.ndarray:
    """Dice coefficient of each class, (classes,); NaN for a class that neither occurs nor is predicted."""
    return _ratio(2 * np.diag(matrix), matrix.sum(axis=0) + matrix.sum(axis=1))


def mean_iou(matrix: np.ndarray) -> float:
    """The mean IoU over the classes that occur or are predicted; NaN if there are no pixels."""
    values = iou(matrix)
    return float(values[~np.isnan(values)].mean()) if not np.isnan(values).all() else float("nan")


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, and NaN, without a warning, where whole is 0."""
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0)
