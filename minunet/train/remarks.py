"""What images and results do not say by themselves: that objects cannot be found, that a class was not, or had none."""

from collections.abc import Sequence

import numpy as np

from minunet.data.dataset import Dataset
from minunet.data.instances import from_classes, to_classes
from minunet.data.resize import resize_mask, scaled_size
from minunet.metrics import average_precision, count_matches
from minunet.model.config import Config

RAREST = 50  # the most that a class is advised to count
LOOKED_AT = 5  # images, for objects that the border hides
LARGEST = 1000  # pixels a side: of larger ones the middle is looked at
FEW = 0.5  # average precision: if the truth itself would reach less, it is said
BORDERS = (2, 1, 0)  # that are tried then


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
    if absent:
        said.append(f"No test image shows {', '.join(name for name, _ in absent)}: this test says nothing about that.")
    for name, found in absent:
        if found:
            pixels = "pixel is" if found == 1 else "pixels are"
            said.append(f"{found} {pixels} predicted as {name} all the same: its IoU of 0 counts in the mean IoU.")
    return said


def hidden_objects(training: Dataset, config: Config) -> list[str]:
    """A sentence if single objects would be lost even if every pixel were predicted right, and the way out.

    Small ones that lie close together are nothing but border; and without a border, what touches is one.
    """
    instances = training.instances
    if instances is None:
        return []
    some = [_middle(each) for each in instances[:: -(-len(instances) // LOOKED_AT)]]
    scale = config.scale if config.pieces else 1  # whole pictures were scaled when they were read
    reached = _best_precision(some, config.border, scale)
    if not reached < FEW:
        return []
    others = {border: _best_precision(some, border, scale) for border in BORDERS}
    best = max(others, key=lambda border: others[border])
    ways = [f"--set border={best} could reach {others[best]:.2f}"] if others[best] > reached else []
    if scale < 1 or not config.pieces:
        ways.append(f"a larger {'--scale' if config.pieces else '--size'} shows them larger")
    way = "; ".join(ways) or "draw them thicker, or further apart"
    return [
        f"many objects are so small, thin or close together that they cannot be found with border={config.border}: the "
        f"masks themselves reach an average precision of {reached:.2f} at IoU 0.5; {way}"
    ]


def _middle(instances: np.ndarray) -> np.ndarray:
    return instances[
        tuple(slice(max(0, (length - LARGEST) // 2), (length + LARGEST) // 2) for length in instances.shape)
    ]


def _best_precision(images: Sequence[np.ndarray], border: int, scale: float) -> float:
    """The average precision, at IoU 0.5, of objects that were made classes, scaled as a network sees them, and back."""
    counts = []
    for instances in images:
        seen = resize_mask(to_classes(instances, border), scaled_size(instances.shape, scale))
        counts.append(count_matches(instances, from_classes(resize_mask(seen, instances.shape), border), 0.5))
    return average_precision(np.sum(counts, axis=0))
