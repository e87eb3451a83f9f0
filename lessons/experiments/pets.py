"""The weights for pets that come along, and what they are worth on a breed that they have not seen.

Run: python lessons/experiments/pets.py DATA_DIR OUT [--without BREED] [--seed N] [--epochs N] [--threads N]

The preset `pets` with all photographs of trainval.txt to train on, where `minunet.train` keeps every tenth to choose
the epoch: here the running mean of the weights after the last epoch is taken. Without a breed, as `american_bulldog`,
it is trained on the others and tested on all photographs of that one; else on test.txt. OUT gets the run, test.json,
and small.npz, its weights rounded to 8 bits. What was stopped goes on with the same command.
"""

import argparse
import dataclasses
import json
import sys
from pathlib import Path

import numpy as np

from minunet.commands import Parser, at_least, keep_memory
from minunet.data.dataset import Splits
from minunet.data.pets import CLASSES, load_pets
from minunet.errors import InputError, exit_status
from minunet.files import locked, whole_file
from minunet.metrics import iou, mean_iou, pixel_accuracy
from minunet.model.checkpoint import load_checkpoint, save_small
from minunet.model.config import Config, make_network
from minunet.model.trained import Model
from minunet.seeds import generator
from minunet.threads import get_threads, set_threads
from minunet.train.loop import begin, fit, resume
from minunet.train.presets import PRESETS
from minunet.train.score import score

WATCHED = 16  # training images that are scored on the way: `fit` wants some, and nothing depends on them


def main(arguments: list[str]) -> int:
    """Exit status 0, 2 for bad input, 130 or 143 if it was stopped."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--without", default="", metavar="BREED")
    parser.add_argument("--seed", type=at_least(0), default=0)
    parser.add_argument("--epochs", type=at_least(1), default=PRESETS["pets"].epochs)
    parser.add_argument("--threads", type=at_least(1), default=get_threads())
    options = parser.parse_args(arguments)
    keep_memory()
    set_threads(options.threads)
    config = dataclasses.replace(
        PRESETS["pets"], data_dir=str(options.data_dir), seed=options.seed, epochs=options.epochs
    )
    options.out.mkdir(parents=True, exist_ok=True)
    with locked(options.out):
        if any(options.out.iterdir()) and not (options.out / "last.npz").exists():
            raise InputError(f"{options.out} holds something, and no run that could go on: choose another folder.")
        return train_and_test(config, options.without, options.out)


def train_and_test(config: Config, without: str, out: Path) -> int:
    """Begin or go on, and the exit status."""
    data, net, last = dealt(config, without), make_network(config, len(CLASSES)), out / "last.npz"
    if last.exists():
        saved = load_checkpoint(last)
        if dataclasses.replace(saved.config, data_dir=config.data_dir) != config:
            raise InputError(f"{last} was begun with other options, or by another version: choose another folder.")
        run = resume(dataclasses.replace(saved, config=config), last, net, data, "cpu")
    else:
        run = begin(config, net, data, "cpu")
    fit(net, run, data, out, "cpu", [lambda run, scores: print(f"epoch {run.epoch}", flush=True)])
    model = Model(net, run.tested, config, CLASSES, epoch=run.epoch)
    matrix = score(model, data.test, config.tta).matrix
    result = {"images": len(data.test), "pixel_accuracy": pixel_accuracy(matrix), "mean_iou": mean_iou(matrix)}
    result |= dict(zip(CLASSES, iou(matrix).tolist(), strict=True))
    with whole_file(out / "test.json") as file:
        file.write(json.dumps(result, indent=2) + "\n")
    save_small(out / "small.npz", model.checkpoint())
    print(", ".join(f"{name} {value:.3f}" for name, value in result.items()))
    return 0


def dealt(config: Config, without: str) -> Splits:
    """All that is not tested to train on; `without` a breed, that one is tested, of both lists."""
    parts = load_pets(Path(config.data_dir or ""), config.size, generator(config.split_seed, "data"))
    known, test = parts.training.joined(parts.validation), parts.test
    if without:
        every = known.joined(test)
        of_it = np.array([name.startswith(f"{without}_") for name in every.names])
        listed = np.arange(len(every)) < len(known)
        known, test = (every.take(np.flatnonzero(each)) for each in (listed & ~of_it, of_it))
    if not len(known) or not len(test):
        raise InputError(f"There are no photographs of {without}, or of nothing else.")
    return Splits(known, known.take(slice(WATCHED)), test)


if __name__ == "__main__":
    sys.exit(exit_status(lambda: main(sys.argv[1:])))
