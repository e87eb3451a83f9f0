"""How much smaller a network sees the pictures of a folder than they are, and what is told of that before training."""

import sys
from typing import NamedTuple

import numpy as np

from minunet.data.resize import resize_mask, scaled_size
from minunet.errors import InputError

SQUEEZED = 1.3  # times as wide as high, or as high as wide: more is told
SMALL = 0.5  # IoU: a class that could not reach more is told


class Scaling(NamedTuple):
    """Whole pictures are scaled to size x size pixels; without a `size`, all are scaled by `scale`, and then cut."""

    size: int | None
    scale: float = 1

    @property
    def changes(self) -> bool:
        """Whether anything is scaled at all."""
        return self.size is not None or self.scale != 1

    def seen_size(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """The height and width at which the network sees a picture of this shape."""
        return (self.size, self.size) if self.size else scaled_size(shape, self.scale)

    def __str__(self) -> str:
        return f"to {self.size} x {self.size} pixels" if self.size else f"by {self.scale:g}"

    def keep(self, what: str) -> str:
        """The sentence that says how to keep more of `what`: it, or them."""
        flag, best = ("--size", "--view pieces") if self.size else ("--scale", "--scale 1")
        return f"A larger {flag} keeps more, and {best} all of {what}."


def count_objects(instances: np.ndarray) -> int:
    """How many objects instances (H, W) show."""
    return int(np.count_nonzero(np.bincount(instances.ravel())[1:]))


def lost_objects(instances: np.ndarray, scaling: Scaling) -> int:
    """How many objects of instances (H, W) a network does not see."""
    return count_objects(instances) - count_objects(resize_mask(instances, scaling.seen_size(instances.shape)))


def tell_of_squeezing(shapes: list[tuple[int, ...]]) -> None:
    """A word if images that are no squares become some."""
    widest, highest = (max(shape[one] / shape[1 - one] for shape in shapes) for one in (1, 0))
    parts = [(widest, "wide as high"), (highest, "high as wide")]
    told = [f"up to {ratio:.1f} times as {form}" for ratio, form in parts if ratio > SQUEEZED]
    if told:
        print(
            f"Images are squeezed to squares, which they are not: {' and '.join(told)}. The network learns things so "
            "distorted, and pictures that it predicts are squeezed likewise; --view pieces keeps their form.",
            file=sys.stderr,
        )


def tell_of_lost_objects(lost: int, objects: int, scaling: Scaling) -> None:
    """A word about single objects that are too small to be seen. Raises InputError if all are."""
    if lost and lost == objects:
        raise InputError(f"All {objects} objects vanish in scaling {scaling}. {scaling.keep('them')}")
    if lost:
        score = "neither trained on nor counted in the score" if scaling.size else "not trained on, and count as missed"
        print(f"{lost} objects vanish in scaling {scaling}, and are {score}. {scaling.keep('them')}", file=sys.stderr)


def tell_of_lost_classes(iou: np.ndarray, names: tuple[str, ...], scaling: Scaling) -> None:
    """A word to whoever scales things away before they can be learnt; `iou`: that each class could reach at best."""
    small = [f"{name} {value:.2f}" for name, value in zip(names, iou, strict=False) if value < SMALL]
    if small:
        print(
            f"Much is lost in scaling {scaling}: the best IoU that could be reached in the pictures themselves is "
            f"about, of {', '.join(small)}. {scaling.keep('it')}",
            file=sys.stderr,
        )
