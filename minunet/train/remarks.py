"""What the scores of a test do not say by themselves: that a class was never predicted, or never there."""

from collections.abc import Sequence

import numpy as np

POOR = 0.1  # IoU
RAREST = 50  # the most that a class is advised to count


def shares(labels: Sequence[np.ndarray] | np.ndarray, classes: int) -> np.ndarray:
    """The part of all pixels that each class has, (classes,); what is ignored is not asked."""
    counts = np.sum([np.bincount(each.ravel(), minlength=classes)[:classes] for each in labels], axis=0)
    return counts / counts.sum()


def remarks(
    matrix: np.ndarray, classes: tuple[str, ...], loss: str = "cross-entropy", taught: np.ndarray | None = None
) -> list[str]:
    """Sentences about a confusion matrix (classes, classes), truth in rows, that a mean of scores would hide.

    They advise weights of classes; `loss` is what was trained, and Dice alone takes none. `taught`: the part of the
    training images that each class has, (classes,); no advice helps to learn what they do not show.
    """
    advice = f"{'--loss both ' * (loss == 'dice')}--class-weight balanced"
    true, predicted = matrix.sum(axis=1), matrix.sum(axis=0)
    said = []
    unknown = [] if taught is None else [name for name, part in zip(classes, taught, strict=True) if not part]
    if unknown:
        said.append(f"No training image shows {', '.join(unknown)}, as the network sees it: that could not be learnt.")
    counts = zip(classes, true, predicted, strict=True)
    missed = [name for name, there, found in counts if there and not found and name not in unknown]
    absent = [(name, found) for name, there, found in zip(classes, true, predicted, strict=True) if not there]
    if np.count_nonzero(predicted) == 1 and missed:
        said.append(
            f"Every pixel is predicted as {classes[int(predicted.argmax())]!r}: nothing useful was learnt. Try "
            f"more --epochs, another --lr, or more weight for what is rare: {advice}."
        )
    elif missed:
        said.append(
            f"Never predicted: {', '.join(missed)}. Try more --epochs, a larger --size where small things are scaled "
            f"away, or more weight for what is rare: {advice}."
        )
    with np.errstate(invalid="ignore"):
        iou = np.diag(matrix) / (true + predicted - np.diag(matrix))
    each = zip(classes, true, predicted, iou, strict=True)
    poor = [name for name, there, found, value in each if there and found and value < POOR and name not in unknown]
    if poor and not missed:
        both = "--loss both, or " * (loss == "cross-entropy")
        said.append(f"Hardly learnt: {', '.join(poor)}. Try more --epochs, {both}{advice}.")
    if absent:
        names = ", ".join(name for name, _ in absent)
        said.append(f"No test image shows {names}, as it is scored: this test says nothing about that.")
    for name, found in absent:
        if found:
            pixels = "pixel is" if found == 1 else "pixels are"
            said.append(f"{found} {pixels} predicted as {name} all the same: its IoU of 0 counts in the mean IoU.")
    return said
