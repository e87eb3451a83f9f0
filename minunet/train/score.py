"""How good is a network? Loss, pixel accuracy and IoU on a data set, and the final test of a run."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from minunet.backend import to_device, to_numpy
from minunet.data.batches import LABELS, stretch, to_input
from minunet.data.dataset import Dataset, Images, ignored_label
from minunet.data.instances import from_classes
from minunet.data.shelf import Each, Entry, Shelf, Store
from minunet.draw.plots import drawn, save_predictions
from minunet.errors import InputError
from minunet.files import whole_file
from minunet.layers import soft_dice
from minunet.layers.cross_entropy import pixel_weights
from minunet.metrics import (
    average_precision,
    confusion_matrix,
    count_matches,
    iou,
    mean_iou,
    pixel_accuracy,
    rand_score,
)
from minunet.model.config import Config
from minunet.model.objects import SMALLEST
from minunet.model.tiling import predict
from minunet.model.trained import Model

SCORING_BATCH = 16  # images at a time; only memory depends on it
MANY_PIECES = 10  # of a class in an image, in the mean: of fewer, no Rand score is taken
PREDICTIONS = 0.25  # of the memory that a data set may take, for what is predicted
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)  # of IoU, from which on an object is found


class Scores(NamedTuple):
    """Of all images of a data set: the loss, of the kind that training made smaller, the confusion matrix, and the
    predicted class ids, of each image (OH, OW) uint8.
    """

    loss: float
    matrix: np.ndarray
    predictions: Sequence[np.ndarray]


def score(model: Model, dataset: Dataset, tta: bool = False) -> Scores:
    """The scores of a network on a data set; `tta`: of the mean over mirror images, see `Config.mirror_images`.

    Soft Dice is that of whole images, also where training shows pieces of them.
    """
    config, classes = model.config, len(model.classes)
    cross_entropy, weight, dice, store = 0.0, 0.0, 0.0, Store(PREDICTIONS)
    predictions: list[Entry] = []
    matrix, ignored = np.zeros((classes, classes), dtype="int64"), ignored_label(classes)
    for start, probabilities in _probabilities(model, dataset.images, tta):
        labels = np.stack(list(dataset.labels[start : start + len(probabilities)]))
        labels = LABELS[config.labels](labels, *probabilities.shape[1:3])
        weights = pixel_weights(labels, classes, class_weight=config.class_weight, ignore_index=ignored)
        index = np.where(labels == ignored, 0, labels)[..., None].astype("int64")
        true = np.take_along_axis(probabilities, index, axis=3)[..., 0]  # (n, OH, OW)
        cross_entropy -= float((weights * np.log(np.maximum(true, 1e-30))).sum())
        weight += float(weights.sum())
        if config.loss != "cross-entropy":
            loss, _ = soft_dice(
                probabilities, labels, ignore_index=ignored, total_samples=len(dataset), softmax_of=lambda p: (p, p)
            )
            dice += float(loss)
        predicted = probabilities.argmax(axis=3).astype("uint8")
        predictions.extend(map(store.put, predicted))
        matrix += confusion_matrix(labels, predicted, classes, ignored)
    if not weight:
        raise InputError("No pixel that the network predicts counts in these images: all of them are ignored.")
    losses = {"cross-entropy": cross_entropy / weight, "dice": dice, "both": cross_entropy / weight + dice}
    return Scores(losses[config.loss], matrix, Shelf(predictions))


def _probabilities(model: Model, images: Images, tta: bool) -> Iterator[tuple[int, np.ndarray]]:
    """The number of an image, and how likely each class is in it and in the next few, (n, OH, OW, classes)."""
    if model.config.pieces:
        for number, image in enumerate(images):
            yield number, model.probabilities(image, tta=tta)[None]
        return
    for start in range(0, len(images), SCORING_BATCH):  # scaled when they were read
        some = np.stack(list(images[start : start + SCORING_BATCH]))
        x = to_device(to_input(some, model.config.centred), model.device)
        yield start, to_numpy(predict(model.net, model.params, x, model.config.mirror_images(tta)))


def final_test(model: Model, dataset: Dataset, folder: Path) -> tuple[dict[str, Any], np.ndarray]:
    """Score the best epoch of a run on the test images; write `test.json` and `predictions.png` into its folder.

    Returns what is in `test.json`, and the confusion matrix.
    """
    config = model.config
    loss, matrix, predictions = score(model, dataset, config.tta)
    if not math.isfinite(loss):
        raise InputError(f"The loss on the test images is {loss}: training has diverged. A lower --lr may help.")
    result = {
        "pixel_accuracy": pixel_accuracy(matrix),
        "mean_iou": mean_iou(matrix),
        "iou": {name: _number(value) for name, value in zip(dataset.classes, iou(matrix), strict=True)},
        "loss": loss,
        "majority_accuracy": float(matrix.sum(axis=1).max() / matrix.sum()),  # predicting the most frequent class
        "images": len(dataset),
        "epoch": model.epoch,
    }
    if dataset.instances is not None:
        instances = dataset.instances
        if not config.pieces:  # without padding, the middle is predicted
            instances = _cropped(instances, config, predictions)
        result |= score_instances(instances, matrix, predictions, config.border)
    shown = as_predicted(dataset, config, predictions)
    if dataset.instances is None and (rand := rand_scores(shown.labels, predictions, dataset.classes)):
        result["rand_score"] = rand
    with whole_file(folder / "test.json") as file:
        file.write(json.dumps(result, indent=2, allow_nan=False) + "\n")
    drawn(folder / "predictions.png", lambda: save_predictions(folder / "predictions.png", shown, predictions))
    return result, matrix


def as_predicted(dataset: Dataset, config: Config, predictions: Sequence[np.ndarray]) -> Dataset:
    """The images as the network sees them and the labels that belong to `predictions` (OH, OW), pixel by pixel."""
    if config.pieces:
        return replace(dataset, images=Each(stretch, dataset.images)) if config.stretch else dataset
    images, labels = (_cropped(arrays, config, predictions) for arrays in (dataset.images, dataset.labels))
    return replace(dataset, images=images, labels=labels, instances=None)


def _cropped(arrays: Images, config: Config, predictions: Sequence[np.ndarray]) -> Each:
    """What belongs to the predictions, (OH, OW), of images or labels of one size."""
    crop, size = LABELS[config.labels], predictions[0].shape
    return Each(lambda array: crop(array[None], *size)[0], arrays)


def score_instances(
    instances: Images, matrix: np.ndarray, predictions: Sequence[np.ndarray], border: int
) -> dict[str, Any]:
    """Average precision of single objects at five thresholds of IoU, and Dice of all that is not background.

    `border` is what the class between objects has taken of each, in pixels: that much they grow back. What then has
    fewer than SMALLEST pixels, and fewer than 95 % of the true objects, is a speck and no object.
    """
    areas = np.concatenate([np.bincount(each.ravel())[1:] for each in instances])
    smallest = min(SMALLEST, int(np.quantile(areas[areas > 0], 0.05))) if areas.any() else SMALLEST
    counts = np.zeros((len(THRESHOLDS), 3), "int64")
    for truth, predicted in zip(instances, predictions, strict=True):
        found = from_classes(predicted, border, smallest)
        counts += [count_matches(truth, found, threshold) for threshold in THRESHOLDS]
    precision = {f"{at}": _number(average_precision(each)) for at, each in zip(THRESHOLDS, counts, strict=True)}
    right, missed, false = matrix[1:, 1:].sum(), matrix[1:, 0].sum(), matrix[0, 1:].sum()
    pixels = 2 * right + missed + false
    return {"average_precision": precision, "dice": float(2 * right / pixels) if pixels else None}


def rand_scores(labels: Images, predictions: Sequence[np.ndarray], classes: tuple[str, ...]) -> dict[str, float | None]:
    """The mean Rand score over images, for each class that lies in many pieces, as cells between membranes do.

    A piece is what hangs together by the sides of its pixels. Predicted pieces that were merged by a gap in the wall
    between them, or split, lower this score and hardly any other. What is ignored joins nothing, whatever is predicted
    there: a wall that nobody drew is no gap.
    """
    scores, ignored = {}, ignored_label(len(classes))
    for k, name in enumerate(classes):
        if sum(ndimage.label(true == k)[1] for true in labels) < MANY_PIECES * len(labels):
            continue
        pairs = zip(labels, predictions, strict=True)
        each = [
            rand_score(ndimage.label(true == k)[0], ndimage.label((predicted == k) & (true != ignored))[0])
            for true, predicted in pairs
        ]
        scores[name] = _number(float(np.mean([score for score in each if not math.isnan(score)] or math.nan)))
    return scores


def _number(value: float) -> float | None:
    """NaN, the IoU of a class that neither occurs nor is predicted, as None: JSON knows no NaN."""
    return None if math.isnan(value) else float(value)
