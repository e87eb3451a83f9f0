"""Wrong solutions of lesson 0."""

from collections import Counter

import numpy as np

from tests.lessons.wrong import wrong

# --- 0.1 confusion_matrix


@wrong("0.1")
def predicted_first(labels, predictions, classes):
    matrix = np.zeros((classes, classes), dtype="int64")
    for true, answer in zip(labels.ravel(), predictions.ravel(), strict=True):
        matrix[answer, true] += 1
    return matrix


@wrong("0.1")
def fancy_index_counts_once(labels, predictions, classes):
    matrix = np.zeros((classes, classes), dtype="int64")
    matrix[labels, predictions] += 1
    return matrix


@wrong("0.1")
def loop_over_rows(labels, predictions, classes):
    matrix = np.zeros((classes, classes), dtype="int64")
    for i in range(len(labels)):
        matrix[labels[i], predictions[i]] += 1
    return matrix


@wrong("0.1")
def loop_over_two_axes(labels, predictions, classes):
    matrix = np.zeros((classes, classes), dtype=int)
    for i in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            matrix[labels[i, j], predictions[i, j]] += 1
    return matrix


@wrong("0.1")
def bincount_in_uint8(labels, predictions, classes):
    return np.bincount((labels * classes + predictions).ravel(), minlength=classes * classes).reshape(classes, classes)


@wrong("0.1")
def classes_that_occur(labels, predictions, classes):
    names = np.unique(np.concatenate([labels.ravel(), predictions.ravel()]))
    return np.array([[np.sum((labels == i) & (predictions == j)) for j in names] for i in names])


@wrong("0.1")
def rows_normalised(labels, predictions, classes):
    counts = np.zeros((classes, classes))
    np.add.at(counts, (labels, predictions), 1)
    return counts / counts.sum(1)[:, None]


@wrong("0.1")
def last_class_forgotten(labels, predictions, classes):
    matrix = np.zeros((classes, classes), dtype=int)
    for i in range(classes - 1):
        for j in range(classes - 1):
            matrix[i, j] = np.count_nonzero((labels == i) & (predictions == j))
    return matrix


@wrong("0.1")
def bincount_of_two_axes(labels, predictions, classes):
    pairs = classes * labels.astype(int) + predictions.astype(int)
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


# --- 0.2 pixel_accuracy


@wrong("0.2")
def mean_of_the_rows(matrix):
    return np.mean(matrix.diagonal() / np.maximum(matrix.sum(axis=1), 1))


@wrong("0.2")
def error_rate(matrix):
    wrong_pixels = matrix[~np.eye(len(matrix), dtype=bool)].sum()
    return wrong_pixels / matrix.sum()


@wrong("0.2")
def mean_of_the_diagonal(matrix):
    return np.diag(matrix).mean()


@wrong("0.2")
def in_percent(matrix):
    return 100.0 * np.trace(matrix) / np.sum(matrix)


@wrong("0.2")
def right_over_wrong(matrix):
    right = sum(matrix[i, i] for i in range(len(matrix)))
    return right / (matrix.sum() - right) if matrix.sum() > right else 1.0


@wrong("0.2")
def mean_of_the_matrix(matrix):
    return (matrix * np.eye(len(matrix))).mean()


@wrong("0.2")
def mean_of_the_columns(matrix):
    accuracies = []
    for c in range(len(matrix)):
        if matrix[:, c].sum():
            accuracies.append(matrix[c, c] / matrix[:, c].sum())
    return sum(accuracies) / len(accuracies)


# --- 0.3 iou


@wrong("0.3")
def the_overlap_counted_twice(matrix):
    scores = []
    for c in range(len(matrix)):
        scores.append(matrix[c, c] / (matrix[c, :].sum() + matrix[:, c].sum()))
    return np.array(scores)


@wrong("0.3")
def recall(matrix):
    found = np.diag(matrix)
    with np.errstate(all="ignore"):
        return found / matrix.sum(axis=1)


@wrong("0.3")
def precision(matrix):
    return np.diag(matrix) / np.maximum(matrix.sum(axis=0), 1)


@wrong("0.3")
def dice_instead(matrix):
    tp = np.diag(matrix)
    fn = matrix.sum(axis=1) - tp
    fp = matrix.sum(axis=0) - tp
    return 2 * tp / (2 * tp + fn + fp)


@wrong("0.3")
def without_the_overlap(matrix):
    tp = np.diag(matrix)
    fp, fn = matrix.sum(axis=0) - tp, matrix.sum(axis=1) - tp
    return tp / (fp + fn)


@wrong("0.3")
def the_mean_at_once(matrix):
    tp = np.diag(matrix)
    return (tp / (matrix.sum(axis=0) + matrix.sum(axis=1) - tp)).mean()


@wrong("0.3")
def errors_of_all_classes(matrix):
    tp = np.diag(matrix)
    return tp / (tp + matrix.sum() - np.trace(matrix))


@wrong("0.3")
def zero_for_an_absent_class(matrix):
    tp = np.diag(matrix)
    union = matrix.sum(axis=0) + matrix.sum(axis=1) - tp
    return tp / np.maximum(union, 1)


@wrong("0.3")
def one_for_an_absent_class(matrix):
    scores = np.ones(len(matrix))
    for c in range(len(matrix)):
        union = matrix[c].sum() + matrix[:, c].sum() - matrix[c, c]
        if union:
            scores[c] = matrix[c, c] / union
    return scores


# --- 0.4 majority_accuracy


@wrong("0.4")
def the_class(labels, classes):
    return Counter(labels.ravel().tolist()).most_common(1)[0][0]


@wrong("0.4")
def argmax_for_max(labels, classes):
    return np.bincount(labels.ravel(), minlength=classes).argmax() / labels.size


@wrong("0.4")
def always_background(labels, classes):
    return float(np.mean(labels == 0))


@wrong("0.4")
def a_fair_guess(labels, classes):
    return 1.0 / classes


@wrong("0.4")
def picture_by_picture(labels, classes):
    shares = []
    for picture in labels:
        counts = [np.sum(picture == c) for c in range(classes)]
        shares.append(max(counts) / picture.size)
    return sum(shares) / len(shares)


@wrong("0.4")
def divided_by_len(labels, classes):
    counts = np.bincount(labels.flatten(), minlength=classes)
    return counts.max() / len(labels)


@wrong("0.4")
def number_of_pixels(labels, classes):
    return max((labels == c).sum() for c in range(classes))


@wrong("0.4")
def bincount_of_the_masks(labels, classes):
    counts = np.bincount(labels, minlength=classes)
    return counts.max() / counts.sum()
