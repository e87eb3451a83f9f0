"""How much do tiles change the answer of a network with padding? Near its rim a tile has seen zeros, not the picture.

Run: python lessons/experiments/seams.py RUN        (a run of a preset that is trained on pieces, such as nuclei)

For tiles of several sizes: the largest and the mean difference from the answer that is made in one piece, over the
test images of the run, and how many pixels change their class.
"""

import sys
from pathlib import Path

import numpy as np

from minunet.errors import InputError, exit_status
from minunet.model import load_model
from minunet.train.presets import load_data

TILES = (128, 160, 192, 224)
WHOLE = 1 << 20  # pixels: larger than any picture


def main(arguments: list[str]) -> int:
    """A row for each size of tile. Exit status 0, or 2 for bad input."""
    if len(arguments) != 1:
        raise InputError("seams.py takes one argument: the folder of a run.")
    run = Path(arguments[0])
    model = load_model(run)
    if not model.config.pieces:
        raise InputError(f"{run} was trained on whole pictures and sees no tiles: choose a run of the preset nuclei.")
    images = load_data(model.config).test.images
    whole = [model.probabilities(image, tile=WHOLE, tta=False) for image in images]
    print(f"{len(images)} images\n{'tile':>6}{'largest':>10}{'mean':>10}{'other class':>13}")
    for tile in TILES:
        tiled = [model.probabilities(image, tile=tile, tta=False) for image in images]
        differences = [np.abs(one - other) for one, other in zip(tiled, whole, strict=True)]
        changed = np.mean([(a.argmax(2) != b.argmax(2)).mean() for a, b in zip(tiled, whole, strict=True)])
        largest, mean = max(d.max() for d in differences), np.mean([d.mean() for d in differences])
        print(f"{tile:>6}{largest:>10.4f}{mean:>10.1e}{changed:>13.3%}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(lambda: main(sys.argv[1:])))
