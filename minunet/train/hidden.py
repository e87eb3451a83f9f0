"""Single objects that could not be found even if every pixel were predicted right: the border class hides them."""

from collections.abc import Sequence

import numpy as np

from minunet.data.dataset import Dataset
from minunet.data.instances import from_classes, to_classes
from minunet.data.resize import resize_mask, scaled_size
from minunet.metrics import average_precision, count_matches
from minunet.model.config import Config

LOOKED_AT = 5  # images
LARGEST = 1000  # pixels a side: of larger ones the middle is looked at
FEW = 0.5  # average precision: if the truth itself would reach less, it is said
BORDERS = (2, 1, 0)  # that are tried then


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
