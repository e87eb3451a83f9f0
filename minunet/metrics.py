"""How good is a segmentation? Of pixels, everything is read off one table, the confusion matrix.

    matrix[i, j] = number of pixels of true class i that were predicted as class j

Pixel accuracy is the diagonal's share of all pixels. It flatters: where 60 % of all pixels are background, predicting
"background" everywhere scores 0.60. So each class is scored by its overlap too, with TP (true positives) on the
diagonal, FN (missed) in the rest of its row and FP (false alarms) in the rest of its column:

    IoU = TP / (TP + FP + FN)          Dice = 2 TP / (2 TP + FP + FN)

Everingham et al., "The Pascal Visual Object Classes Challenge" (2010); Dice, "Measures of
the Amount of Ecologic Association Between Species" (1945).

Single objects are counted: one is found if its IoU with one of the prediction is high enough. Average precision is the
number found, as a fraction of all that are there or were claimed. Where a gap in a border counts more than its place,
as between the cells of a tissue, one asks of pairs of pixels whether they are rightly together: the Rand score.
"""

import numpy as np


def confusion_matrix(
    labels: np.ndarray, predictions: np.ndarray, classes: int, ignore_index: int | None = None
) -> np.ndarray:
    """Count the pixels, (classes, classes) int64: row = true class, column = predicted class.

    Args:
        labels, predictions: integers 0 to classes - 1, of the same shape.
        ignore_index: pixels of this label are not counted.

    Raises:
        ValueError: shapes that differ, or values outside the classes.
    """
    if labels.shape != predictions.shape:
        raise ValueError(f"labels {labels.shape} and predictions {predictions.shape} must have the same shape")
    if ignore_index is not None:
        counted = labels != ignore_index
        labels, predictions = labels[counted], predictions[counted]
    for name, array in (("labels", labels), ("predictions", predictions)):
        if array.size and not (array.min() >= 0 and array.max() < classes):
            raise ValueError(f"{name} must be 0 to {classes - 1}, but range from {array.min()} to {array.max()}")
    pairs = labels.astype("int64").ravel() * classes + predictions.astype("int64").ravel()
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def pixel_accuracy(matrix: np.ndarray) -> float:
    """The fraction of all pixels that is right; NaN if there are none."""
    return float(_ratio(np.trace(matrix), matrix.sum()))


def pixel_error(matrix: np.ndarray) -> float:
    """The fraction of all pixels that is wrong, as the ISBI 2012 challenge counts them; NaN if there are none."""
    return 1 - pixel_accuracy(matrix)


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


def overlaps(truth: np.ndarray, prediction: np.ndarray) -> tuple[np.ndarray, int, int]:
    """IoU of each pair of objects that share a pixel, (pairs,), of instances (H, W), sorted by the true object.

    And how many objects there are in `truth`, and in `prediction`. Of very many objects few pairs share a pixel: a
    table of all pairs would not fit into memory.
    """
    truth, prediction = _close_together(truth), _close_together(prediction)
    both = (truth > 0) & (prediction > 0)
    width = int(prediction.max(initial=0)) + 1
    pairs, shared = np.unique(truth[both].astype("int64") * width + prediction[both], return_counts=True)
    areas, predicted_areas = np.bincount(truth.ravel()), np.bincount(prediction.ravel())
    union = areas[pairs // width] + predicted_areas[pairs % width] - shared
    return shared / union, int(np.count_nonzero(areas[1:])), int(np.count_nonzero(predicted_areas[1:]))


def _close_together(instances: np.ndarray) -> np.ndarray:
    """Objects whose numbers are larger than the pixels are many become 1, 2, ... in their order; below 0 is no object.

    A number is a place in a table of areas, which would not fit into memory otherwise.
    """
    if instances.min(initial=0) < 0 or instances.max(initial=0) > instances.size:
        instances = np.searchsorted(np.unique(instances[instances > 0]), instances, side="right")
    return instances.astype("int64", copy=False)


def count_matches(truth: np.ndarray, prediction: np.ndarray, threshold: float) -> np.ndarray:
    """(true positives, false positives, missed) objects: a pair matches if its IoU is above `threshold` >= 0.5.

    Above 0.5 an object can match one other only, so that nothing needs to be assigned.
    """
    iou, true, predicted = overlaps(truth, prediction)
    hits = int((iou > threshold).sum())
    return np.array([hits, predicted - hits, true - hits])


def average_precision(counts: np.ndarray) -> float:
    """true / (true + false + missed), of `counts` summed over all images; NaN if there are no objects at all.

    As in the 2018 Data Science Bowl, but summed over the images first. Caicedo et al., "Nucleus segmentation across
    imaging experiments: the 2018 Data Science Bowl" (2019).
    """
    return float(counts[0] / counts.sum()) if counts.sum() else float("nan")


def rand_score(truth: np.ndarray, prediction: np.ndarray) -> float:
    """The Rand F-score of two segmentations, see `rand_precision_recall`; NaN if no object has two pixels."""
    shared, predicted, true = _pairs(truth, prediction)
    return 2 * shared / (predicted + true) if predicted + true else float("nan")


def rand_precision_recall(truth: np.ndarray, prediction: np.ndarray) -> tuple[float, float]:
    """How well two segmentations, instances (H, W), agree on which pixels belong together; 0 is no object.

    Of all pairs of pixels that lie in one segment of the prediction, the fraction that also lies in one of the truth
    (the precision: it falls where objects were merged), and the other way round (the recall: it falls where one was
    split). Only pixels where `truth` > 0 are asked. Where the prediction has no object there, each pixel stands alone.

    Arganda-Carreras et al., "Crowdsourcing the creation of image segmentation algorithms for connectomics" (2015);
    their V_split is the recall and V_merge the precision, of pairs here without those of a pixel with itself.

    Returns:
        Both; NaN of no pairs.

    Raises:
        ValueError: shapes that differ.
    """
    shared, predicted, true = _pairs(truth, prediction)
    precision, recall = (shared / pairs if pairs else float("nan") for pairs in (predicted, true))
    return precision, recall


def _pairs(truth: np.ndarray, prediction: np.ndarray) -> tuple[int, int, int]:
    """Pairs of pixels, where `truth` > 0, that lie in the same segment of both, of the prediction, and of the truth."""
    if truth.shape != prediction.shape:
        raise ValueError(f"truth {truth.shape} and prediction {prediction.shape} must have the same shape")
    asked = truth > 0
    segments = []
    for array in (truth[asked], prediction[asked]):  # (P,) each
        if array.max(initial=0) >= 1 << 31:  # two such numbers would not fit into 64 bits
            array = np.unique(np.where(array > 0, array, 0), return_inverse=True)[1] + int((array > 0).all())
        segments.append(array.astype("int64"))
    true, predicted = segments
    width = int(predicted.max(initial=0)) + 1
    true *= width
    true += np.maximum(predicted, 0)  # one number for each pair of a true and a predicted segment
    starts = np.flatnonzero(np.append(True, true[1:] != true[:-1]))[: len(true)]  # of runs of one number, which are few
    both, sizes = _gather(true[starts], np.diff(starts, append=len(true)))
    found = both % width > 0
    _, of_predicted = _gather((both % width)[found], sizes[found])
    _, of_true = _gather(both // width, sizes)
    shared, inside, whole = (int((each * (each - 1)).sum()) for each in (sizes[found], of_predicted, of_true))
    return shared, inside, whole


def _gather(numbers: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different ones of `numbers`, sorted, and the sum of the sizes of each."""
    different, places = np.unique(numbers, return_inverse=True)
    return different, np.bincount(places, sizes).astype("int64")
