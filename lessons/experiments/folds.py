"""Cross-validation: every image is tested once, by a network that never saw it.

Run: python lessons/experiments/folds.py DATA_DIR OUT [OPTIONS of minunet.train]

The images of a folder (see data/README.md) are dealt out to five test.txt, every fifth to each, and
`python -m minunet.train` trains on the rest of each, with its default options or with those given. OUT gets fold-0 to
fold-4, each with its data/ (links), its run/ and its log; what is finished there is not done again. The scores of the
five and their means are printed in the end.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from minunet.data.layout import find_layout
from minunet.errors import InputError, exit_status

FOLDS = 5


def main(arguments: list[str]) -> int:
    """A row for each fold. Exit status 0, or 2 for bad input or a training that failed."""
    if len(arguments) < 2:
        raise InputError("folds.py takes a folder of images, a folder for the results, and options of minunet.train.")
    source, out, options = Path(arguments[0]), Path(arguments[1]), arguments[2:]
    images = [image.name for image, _ in find_layout(source).pairs]
    rows = []
    for fold in range(FOLDS):
        folder = out / f"fold-{fold}"
        run = folder / "run"
        if not (run / "test.json").exists():
            deal(source, folder / "data", images[fold::FOLDS])
            train(
                folder, ["--resume", run] if run.exists() else ["--data-dir", folder / "data", "--out", run, *options]
            )
        rows.append(scores(json.loads((run / "test.json").read_text(encoding="utf-8"))))
    for fold, row in enumerate(rows):
        print(f"fold {fold}: " + ", ".join(f"{name} {value:.3f}" for name, value in row.items()))
    shared = [name for name in rows[0] if all(name in row for row in rows)]
    print("mean:   " + ", ".join(f"{name} {np.mean([row[name] for row in rows]):.3f}" for name in shared))
    return 0


def deal(source: Path, folder: Path, test: list[str]) -> None:
    """The images and masks of `source`, by links, and a test.txt of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        if path.name not in ("train.txt", "val.txt", "test.txt") and not (folder / path.name).exists():
            os.symlink(path.resolve(), folder / path.name)
    (folder / "test.txt").write_text("".join(f"{name}\n" for name in test), encoding="utf-8")


def train(folder: Path, options: list[str | Path]) -> None:
    """Run the training, and what it prints into log.txt."""
    command = [sys.executable, "-m", "minunet.train", *map(str, options)]
    with open(folder / "log.txt", "a", encoding="utf-8") as log:
        if subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False).returncode:
            raise InputError(f"The training of {folder} failed: see {log.name}.")


def scores(test: dict) -> dict[str, float]:
    """Of test.json what is one number."""
    row = {name: test[name] for name in ("pixel_accuracy", "mean_iou")}
    row |= {f"Rand {name}": value for name, value in test.get("rand_score", {}).items() if value is not None}
    row |= {f"AP {at}": value for at, value in test.get("average_precision", {}).items() if value is not None}
    return row


if __name__ == "__main__":
    sys.exit(exit_status(lambda: main(sys.argv[1:])))
