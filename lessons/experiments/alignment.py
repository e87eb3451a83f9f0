"""The notebook's mistake on synthetic cells: a small network without padding, trained on resized and on aligned labels.

Run: python lessons/experiments/alignment.py [SEED ...]     (a minute for each seed on one core; without: 0, 1 and 2)
     python lessons/experiments/alignment.py --table        (what alignment.json holds, without training anything)

For each seed and kind of labels: 96 training images of 100 x 100 pixels, 900 steps with batches of 4, answers of 60 x
60 pixels; then 40 test images. Every network is scored on both kinds of labels, over all pixels and by how far a pixel
lies from the centre. "blind" is no network: see `blind_vote`. Lesson 11 has the results.

alignment.json is of 2026-11-23, before augmentation was drawn for each image: another run gives other digits.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from minunet import Adam, UNet, logits, loss_and_gradients
from minunet.data.augment import Augmentation
from minunet.data.batches import LABELS, Batches, centre_crop, to_input, whole_resized
from minunet.data.cells import make_cells
from minunet.data.dataset import Dataset
from minunet.errors import InputError, exit_status
from minunet.files import locked, whole_file
from minunet.metrics import confusion_matrix, mean_iou, pixel_accuracy
from minunet.optim import one_cycle
from minunet.seeds import generator
from minunet.threads import set_threads

SIZE, OUT, BATCH, STEPS, LR = 100, 60, 4, 900, 4e-3
SEEDS = (0, 1, 2)
FLIPS = Augmentation(flip_left_right=True, flip_up_down=True)
FILE = Path(__file__).with_suffix(".json")


def trained(training: Dataset, test: Dataset, labels: str, seed: int) -> np.ndarray:
    """Train on `labels`, "aligned" or "resized"; what the network then says about the test images, (N, OUT, OUT)."""
    net = UNet(3, 3, base=8, depth=3, padding="valid")
    params = net.init(generator(seed, "weights"))
    batches = Batches(training, BATCH, (SIZE, SIZE), (OUT, OUT), FLIPS, seed, labels)
    optimizer, rate = Adam(), one_cycle(LR, STEPS)
    for step in range(STEPS):
        x, truth, _ = batches.get(step)
        optimizer.lr = rate(step)
        optimizer.step(params, loss_and_gradients(net, params, x, truth)[1])
    return logits(net, params, to_input(test.images)).argmax(axis=3)


def blind_vote(labels: np.ndarray) -> np.ndarray:
    """The best answer to resized labels of one who sees the truth and not the place: (N, SIZE, SIZE) -> (N, OUT, OUT).

    Around each pixel every true class is known, but not which pixel of the answer it is. So the label may have been
    taken from any of the displacements that occur, and the class that most of them lead to is the best guess.
    """
    rows = np.broadcast_to(np.arange(SIZE)[:, None], (1, SIZE, SIZE))  # the number of its row in every pixel
    away = (whole_resized(rows, OUT, OUT) - centre_crop(rows, OUT, OUT))[0, :, 0]  # -20 ... 20, label minus place
    often = np.bincount(away - away.min()) / OUT  # (41,), how often each occurs; the same for columns
    votes = (labels[..., None] == np.arange(3)).astype(float)  # (N, SIZE, SIZE, 3)
    for axis in (1, 2):
        votes = ndimage.correlate1d(votes, often, axis=axis)
    return centre_crop(votes, OUT, OUT).argmax(axis=3)


def rings(length: int = OUT) -> np.ndarray:
    """How far each pixel lies from the centre, by rows or by columns, whichever is more: 0 to length / 2 - 1."""
    away = np.abs(np.arange(length) - (length - 1) / 2).astype(int)  # 29 ... 1, 0, 0, 1, ... 29
    return np.maximum.outer(away, away)


def measured(truth: np.ndarray, said: np.ndarray) -> dict[str, Any]:
    """Scores over all pixels, what the most frequent class alone would have, and the accuracy ring by ring."""
    matrix = confusion_matrix(truth, said, 3)
    right, ring = (truth == said).mean(axis=0), rings()
    return {
        "accuracy": round(pixel_accuracy(matrix), 4),
        "mean_iou": round(mean_iou(matrix), 4),
        "majority": round(float(matrix.sum(axis=1).max() / matrix.sum()), 4),
        "by_ring": [round(float(right[ring == each].mean()), 4) for each in range(OUT // 2)],
    }


def run(seed: int) -> list[dict[str, Any]]:
    """All that is measured with one seed."""
    rng = generator(seed, "data")
    training, test = make_cells(96, SIZE, rng), make_cells(40, SIZE, rng)
    said = {labels: trained(training, test, labels, seed) for labels in LABELS} | {"blind": blind_vote(test.labels)}
    return [
        {"seed": seed, "trained_on": trained_on, "tested_on": tested_on}
        | measured(select(test.labels, OUT, OUT), answer)
        for trained_on, answer in said.items()
        for tested_on, select in LABELS.items()
    ]


def print_table(rows: list[dict[str, Any]]) -> None:
    """Mean and standard deviation over the seeds."""
    print("trained on  tested on  accuracy         majority         mean IoU")
    for trained_on, tested_on in dict.fromkeys((row["trained_on"], row["tested_on"]) for row in rows):
        same = [row for row in rows if (row["trained_on"], row["tested_on"]) == (trained_on, tested_on)]
        values = ([row[name] for row in same] for name in ("accuracy", "majority", "mean_iou"))
        columns = "".join(
            f"{np.mean(each):.3f} +- {np.std(each, ddof=min(1, len(same) - 1)):.3f}   " for each in values
        )
        print(f"{trained_on:<12}{tested_on:<11}{columns}".rstrip())


def main(arguments: list[str]) -> int:
    """Exit status 0, or 2 for bad input; two at once would lose what the other has found."""
    with locked(FILE.parent):
        return _main(arguments)


def _main(arguments: list[str]) -> int:
    found = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else []
    if arguments != ["--table"]:
        if not all(each.isdecimal() for each in arguments):
            raise InputError("alignment.py takes seeds, whole numbers (none: 0, 1 and 2), or --table.")
        set_threads(1)
        for seed in map(int, arguments or SEEDS):
            found = [row for row in found if row["seed"] != seed] + run(seed)
            with whole_file(FILE) as file:
                file.write(json.dumps(found) + "\n")
    print_table(found)
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(lambda: main(sys.argv[1:])))
