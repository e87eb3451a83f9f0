"""How much do tiles change the answer of a network with padding? Near its rim a tile has seen zeros, not the picture.

Run: python lessons/experiments/seams.py RUN        (a run of a preset that is trained on pieces, such as nuclei)

For tiles of several sizes: the largest and the mean difference from the answer that is made in one piece, over the
test images of the run, and how many pixels change their class.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from minunet.model import load_model
from minunet.presets import load_data

TILES = (128, 160, 192, 224)
WHOLE = 1 << 20  # pixels: larger than any picture


def main(run: Path) -> None:
    """A row for each size of tile."""
    model = load_model(run)
    images = load_data(model.config).test.images
    whole = [model.probabilities(image, tile=WHOLE, flips=False) for image in images]
    print(f"{len(images)} images\n{'tile':>6}{'largest':>10}{'mean':>10}{'other class':>13}")
    for tile in TILES:
        tiled = [model.probabilities(image, tile=tile, flips=False) for image in images]
        differences = [np.abs(one - other) for one, other in zip(tiled, whole, strict=True)]
        changed = np.mean([(a.argmax(2) != b.argmax(2)).mean() for a, b in zip(tiled, whole, strict=True)])
        largest, mean = max(d.max() for d in differences), np.mean([d.mean() for d in differences])
        print(f"{tile:>6}{largest:>10.4f}{mean:>10.1e}{changed:>13.3%}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
