"""Lesson 0: what the checker knows about the confusion matrix and the scores that are read off it."""

from collections.abc import Iterator

import numpy as np

from lessons.check.exercise import STOPS, Arguments, Exercise, Mistake
from minunet import metrics

# (shape of the masks, classes, classes that occur, dtype): small first; a class that nobody has seen; more pairs of
# classes than a uint8 can count to.
MASKS = [
    ((3, 4), 2, 2, "int64"),
    ((5, 6), 3, 3, "int64"),
    ((2, 6, 5), 5, 3, "uint8"),
    ((3, 8, 9), 20, 20, "uint8"),
]


def matrix_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """About 6 pixels of 10 are right, so that no two numbers of the matrix mean the same."""
    for shape, classes, seen, dtype in MASKS:
        labels = rng.integers(0, seen, shape)
        guess = rng.integers(0, seen, shape)
        predictions = np.where(rng.random(shape) < 0.6, labels, guess)
        yield {"labels": labels.astype(dtype), "predictions": predictions.astype(dtype), "classes": classes}


def score_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """Matrices: any; one whose last class is only predicted; one whose first is never found; a single class."""
    for classes in (2, 3, 5):
        yield {"matrix": rng.integers(1, 30, (classes, classes)) + np.diag(rng.integers(20, 90, classes))}
    only_predicted = rng.integers(1, 30, (4, 4))
    only_predicted[3] = 0
    yield {"matrix": only_predicted}
    never_found = rng.integers(1, 30, (3, 3))
    never_found[:, 0] = 0
    yield {"matrix": never_found}
    yield {"matrix": np.array([[7]])}


def iou_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """As `score_cases`, and a matrix with a class that neither occurs nor is predicted."""
    yield from score_cases(rng)
    absent = rng.integers(1, 30, (4, 4))
    absent[2] = absent[:, 2] = 0
    yield {"matrix": absent}


def label_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """The most frequent class is never 0, and in a batch not the same in every picture."""
    for shape, classes, share in (
        ((4, 5), 2, [0.3, 0.7]),
        ((6, 7), 3, [0.2, 0.2, 0.6]),
        ((3, 5, 4), 4, [0.3, 0.4, 0.3, 0.0]),
        ((2, 9, 8), 6, [0.1, 0.3, 0.1, 0.4, 0.0, 0.1]),
    ):
        labels = rng.choice(classes, shape, p=share)
        labels.reshape(-1)[:1] = 0
        if labels.ndim == 3:
            labels[0] = 0
            labels[1:][labels[1:] == 0] = 1
        yield {"labels": labels.astype("uint8"), "classes": classes}


# --- mistakes ------------------------------------------------------------------------------------------------------


def confusion(labels, predictions, classes):
    return metrics.confusion_matrix(labels, predictions, classes)


def _rows_at_once(labels, predictions, classes):
    matrix = np.zeros((classes, classes), dtype="int64")
    for true, predicted in zip(labels, predictions, strict=True):
        matrix[true, predicted] += 1  # each pair once a step, however often it occurs in it
    return matrix


def _first_two_axes(labels, predictions, classes):
    matrix = np.zeros((classes, classes), dtype="int64")
    for place in np.ndindex(labels.shape[:2]):
        matrix[labels[place], predictions[place]] += 1
    return matrix


def _in_the_type_of_the_masks(labels, predictions, classes):
    pairs = labels.ravel() * labels.dtype.type(classes) + predictions.ravel()
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def _pairs_in_two_axes(labels, predictions, classes):
    return np.bincount(labels.astype("int64") * classes + predictions, minlength=classes**2)


def _per_row(**case):
    matrix = confusion(**case)
    return matrix / matrix.sum(axis=1, keepdims=True)


MATRIX_MISTAKES = (
    Mistake(
        "matrix",
        "rows and columns are swapped: the true class is the row, the predicted class the column.",
        lambda **c: confusion(**c).T,
    ),
    Mistake(
        "matrix",
        "each pair of classes is counted once, however many pixels have it: with two arrays as an index, "
        "`matrix[labels, predictions] += 1` adds 1 once to every place. Loop over the pixels, or use np.add.at or "
        "np.bincount.",
        lambda **c: (confusion(**c) > 0).astype("int64"),
    ),
    Mistake(
        "matrix",
        "each pair of classes is counted once for every row (or picture) that has it: `labels` has more than one axis, "
        "and a loop over it gives whole rows. Loop over labels.ravel().",
        _rows_at_once,
    ),
    Mistake(
        "matrix",
        "only the first two axes are walked through. In a batch, (N, H, W), that gives whole rows, and each pair of "
        "classes is counted once a row: loop over labels.ravel().",
        _first_two_axes,
    ),
    Mistake(
        "matrix",
        "the numbers of the pairs, label * classes + prediction, do not fit into uint8 and start again at 0 after 255: "
        "convert the masks to int64 first.",
        _in_the_type_of_the_masks,
    ),
    Mistake(
        "matrix",
        "the matrix holds parts of all pixels; it should hold numbers of pixels.",
        lambda **c: confusion(**c) / c["labels"].size,
    ),
    Mistake("matrix", "every row is divided by its sum; it should hold numbers of pixels.", _per_row),
    Mistake(
        "matrix",
        "only the first picture of the batch is counted.",
        lambda labels, predictions, classes: confusion(labels[0], predictions[0], classes),
    ),
    Mistake(
        "matrix",
        "only what is right is counted; the mistakes belong beside the diagonal.",
        lambda **c: np.diag(np.diag(confusion(**c))),
    ),
    Mistake(
        "matrix",
        "the matrix has room for the classes that occur only; it should be (classes, classes), with zeros for others.",
        lambda labels, predictions, classes: confusion(labels, predictions, int(labels.max()) + 1),
    ),
    Mistake(
        STOPS,
        "np.bincount takes an array of one axis; the numbers of the pairs have as many as `labels`, two or three: "
        "flatten them with .ravel() first.",
        _pairs_in_two_axes,
    ),
)


def _ratio(part, whole):
    """Part / whole, with the NaN left out."""
    ratio = part / whole
    return ratio[~np.isnan(ratio)]


ACCURACY_MISTAKES = (
    Mistake(
        "accuracy",
        "that is the part that is wrong: 1 minus it is right.",
        lambda matrix: 1 - metrics.pixel_accuracy(matrix),
    ),
    Mistake("accuracy", "that is the number of right pixels: divide by the number of all.", np.trace),
    Mistake(
        "accuracy",
        "that is a percentage; give the part, from 0 to 1.",
        lambda matrix: 100 * metrics.pixel_accuracy(matrix),
    ),
    Mistake(
        "accuracy",
        "each row is scored by itself, and then the mean is taken; so a class of 10 pixels counts as much as one of "
        "10,000. Divide the sum of the diagonal by the sum of all.",
        lambda matrix: _ratio(np.diag(matrix), matrix.sum(axis=1)).mean(),
    ),
    Mistake(
        "accuracy",
        "each column is scored by itself, and then the mean is taken: divide the sum of the diagonal by that of all.",
        lambda matrix: _ratio(np.diag(matrix), matrix.sum(axis=0)).mean(),
    ),
    Mistake("accuracy", "that is the mean IoU; accuracy is the diagonal's part of all pixels.", metrics.mean_iou),
    Mistake(
        "accuracy",
        "that is divided by the number of classes, not by the number of pixels.",
        lambda matrix: np.trace(matrix) / len(matrix),
    ),
    Mistake(
        "accuracy",
        "that is divided by the number of places in the matrix, not by the number of pixels, its sum.",
        lambda matrix: np.trace(matrix) / matrix.size,
    ),
    Mistake(
        "accuracy",
        "right pixels are divided by wrong ones: divide by all of them.",
        lambda matrix: np.trace(matrix) / (matrix.sum() - np.trace(matrix)),
    ),
)


def _sums(matrix):
    """TP, the rows' sums (TP + FN) and the columns' sums (TP + FP)."""
    return np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)


def _from_sums(formula):
    def wrong(matrix):
        return formula(*_sums(matrix))

    return wrong


def _instead_of_nan(number):
    def wrong(matrix):
        values = metrics.iou(matrix)
        return np.where(np.isnan(values), number, values)

    return wrong


IOU_MISTAKES = (
    Mistake(
        "iou",
        "a class that neither occurs nor is predicted has 0 in yours, as if it had been missed: 0 / 0 is NaN.",
        _instead_of_nan(0.0),
    ),
    Mistake(
        "iou",
        "a class that neither occurs nor is predicted has 1 in yours, as if it had been found: 0 / 0 is NaN.",
        _instead_of_nan(1.0),
    ),
    Mistake("iou", "that is Dice, 2 TP / (2 TP + FP + FN); IoU counts TP once.", metrics.dice),
    Mistake(
        "iou",
        "the union holds TP twice, once in the row's sum and once in the column's: take it away once.",
        _from_sums(lambda hits, row, column: hits / (row + column)),
    ),
    Mistake(
        "iou",
        "only the row is in the denominator: that is the part of the class that was found (recall). False alarms, the "
        "rest of the column, belong there too.",
        _from_sums(lambda hits, row, column: hits / row),
    ),
    Mistake(
        "iou",
        "only the column is in the denominator: that is the part of the answers that is right (precision). Missed "
        "pixels, the rest of the row, belong there too.",
        _from_sums(lambda hits, row, column: hits / column),
    ),
    Mistake(
        "iou",
        "TP is missing in the denominator: the union is TP + FP + FN.",
        _from_sums(lambda hits, row, column: hits / (row + column - 2 * hits)),
    ),
    Mistake(
        "iou",
        "you divide by all pixels; the union of a class is TP + FP + FN.",
        lambda matrix: np.diag(matrix) / matrix.sum(),
    ),
    Mistake("iou", "that is the mean; give one number for each class.", metrics.mean_iou),
    Mistake(
        "iou",
        "the pixels that neither are of the class nor were given it (TN) are in the fraction; IoU does not know them.",
        lambda matrix: (matrix.sum() - _sums(matrix)[1] - _sums(matrix)[2] + 2 * np.diag(matrix)) / matrix.sum(),
    ),
)


def majority(labels, classes):
    return float(np.bincount(labels.ravel(), minlength=classes).max() / labels.size)


MAJORITY_MISTAKES = (
    Mistake(
        "accuracy",
        "that is the most frequent class itself; asked for is how large its part of all pixels is.",
        lambda labels, classes: np.bincount(labels.ravel()).argmax(),
    ),
    Mistake(
        "accuracy",
        "argmax() is the number of the class, not how often it occurs: take max() of the counts.",
        lambda labels, classes: np.bincount(labels.ravel()).argmax() / labels.size,
    ),
    Mistake(
        "accuracy",
        "that is the number of pixels of the most frequent class: divide by the number of all pixels.",
        lambda labels, classes: np.bincount(labels.ravel()).max(),
    ),
    Mistake(
        "accuracy",
        "that is the part of class 0, the background; here another class is more frequent.",
        lambda labels, classes: (labels == 0).mean(),
    ),
    Mistake(
        "accuracy",
        "that is the part of everything that is not class 0; the answer has to be one class everywhere.",
        lambda labels, classes: (labels != 0).mean(),
    ),
    Mistake(
        "accuracy",
        "that is the part of the last class; take the most frequent one.",
        lambda labels, classes: (labels == classes - 1).mean(),
    ),
    Mistake("accuracy", "that is 1 / classes, what guessing would score.", lambda labels, classes: 1 / classes),
    Mistake(
        "accuracy",
        "the most frequent class is chosen anew for every picture (or row); it is one class for all of them.",
        lambda labels, classes: np.mean([majority(each, classes) for each in labels]),
    ),
    Mistake(
        "accuracy",
        "the pixels of the first picture (or row) only are counted.",
        lambda labels, classes: majority(labels[0], classes),
    ),
    Mistake(
        "accuracy",
        "the count is divided by len(labels), the length of the first axis; divide by labels.size, all pixels.",
        lambda labels, classes: np.bincount(labels.ravel()).max() / len(labels),
    ),
    Mistake(
        STOPS,
        "np.bincount takes an array of one axis, and `labels` has two, or in a batch three: flatten it with .ravel() "
        "first.",
        lambda labels, classes: np.bincount(labels),
    ),
)

EXERCISES = [
    Exercise("0.1", "confusion_matrix", matrix_cases, confusion, ("matrix",), MATRIX_MISTAKES),
    Exercise("0.2", "pixel_accuracy", score_cases, metrics.pixel_accuracy, ("accuracy",), ACCURACY_MISTAKES),
    Exercise("0.3", "iou", iou_cases, metrics.iou, ("iou",), IOU_MISTAKES),
    Exercise("0.4", "majority_accuracy", label_cases, majority, ("accuracy",), MAJORITY_MISTAKES),
]
