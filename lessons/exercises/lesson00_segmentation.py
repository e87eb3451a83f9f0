"""Exercises of lesson 0: how good is a segmentation? Check yours with `python -m lessons.check 0`, or one with `0.2`.

Everywhere: labels (the truth) and predictions are integers from 0 to classes - 1, one per pixel, of one shape: (H, W)
for a picture, (N, H, W) for a batch. The confusion matrix is (classes, classes): matrix[i, j] is the number of pixels
of true class i that were predicted as class j. Use NumPy only.
"""

import numpy as np


def confusion_matrix(labels: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    """0.1 (easy): count the pixels, (classes, classes) int64: row = true class, column = predicted class.

    A class that does not occur has a row and a column all the same, of zeros. The masks may be of any integer type,
    also uint8, which holds nothing above 255. A loop over the pixels is allowed.
    """
    raise NotImplementedError("lesson 0, exercise 1: confusion_matrix")


def pixel_accuracy(matrix: np.ndarray) -> float:
    """0.2 (easy): the fraction of all pixels that is right, of a confusion matrix with at least one pixel."""
    raise NotImplementedError("lesson 0, exercise 2: pixel_accuracy")


def iou(matrix: np.ndarray) -> np.ndarray:
    """0.3 (medium): intersection over union of each class, (classes,), from the confusion matrix.

    IoU = TP / (TP + FP + FN). NaN for a class that neither occurs nor is predicted; 0 for one that is only predicted,
    or occurs and is never found.
    """
    raise NotImplementedError("lesson 0, exercise 3: iou")


def majority_accuracy(labels: np.ndarray, classes: int) -> float:
    """0.4 (easy): the pixel accuracy of a prediction that gives the most frequent class of `labels` at every pixel.

    `labels` has at least one pixel. This is the number that a network has to beat.
    """
    raise NotImplementedError("lesson 0, exercise 4: majority_accuracy")
