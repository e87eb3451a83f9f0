"""Random numbers of a run: one seed, and from it an independent stream for each purpose."""

import numpy as np

PURPOSES = ("weights", "data", "order", "augmentation", "dropout", "rare", "explore", "paste")


def generator(seed: int, purpose: str, *numbers: int) -> np.random.Generator:
    """The generator for `purpose`, one of PURPOSES, and for example the number of the epoch.

    It is the same in every run, and independent of all others. A plain list such as [seed, epoch] would not do: NumPy
    fills short seeds up with zeros, so that [7] and [7, 0] begin with the same numbers.
    """
    key = (PURPOSES.index(purpose), *numbers)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
