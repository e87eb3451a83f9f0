"""What a training step keeps of an image for the backward pass, block by block."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from minunet.bench.measure import MEBIBYTE
from minunet.bench.networks import Task


def measure_kept(task: Task) -> dict[str, float]:
    """MiB that each block of the network, by its name, adds to the cache of one image.

    An array that two blocks keep is that of the first: what a block returns, the next one keeps as its input.
    """
    net, (params, images, _) = task.network(), task.data()
    _, cache = net.forward(params, images[:1])
    counted = {id(array) for array in (*params.values(), images)}
    kept = {}
    for name, of_block in cache.items():
        new = {id(array): array for array in _arrays(of_block) if id(array) not in counted}
        counted |= set(new)
        kept[name] = sum(array.nbytes for array in new.values()) / MEBIBYTE
    return kept


def _arrays(kept: Any) -> Iterator[np.ndarray]:
    """All arrays in lists and tuples within each other; of a view the one that holds its numbers."""
    if isinstance(kept, np.ndarray):
        while isinstance(kept.base, np.ndarray):
            kept = kept.base
        yield kept
    elif isinstance(kept, list | tuple):
        for each in kept:
            yield from _arrays(each)


def print_kept(kept: dict[str, dict[str, float]]) -> None:
    """A column for each task, a row for each block."""
    blocks = max(kept.values(), key=len)
    print(f"\n{'MiB kept of an image':<30}" + "".join(f"{name:>10}" for name in kept))
    for block in blocks:
        values = (f"{column[block]:.1f}" if block in column else "" for column in kept.values())
        print(f"{block:<30}" + "".join(f"{value:>10}" for value in values))
    print(f"{'together':<30}" + "".join(f"{sum(column.values()):>10.1f}" for column in kept.values()))
