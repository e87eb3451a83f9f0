"""The worst, the median and the best answer of a run on its test images, by mean IoU, without the photographs.

Run: python lessons/figures/answers.py RUN FILE.png
"""

from __future__ import annotations

import sys
from pathlib import Path

from minunet.model import load_model
from minunet.plots import save_predictions
from minunet.presets import load_data
from minunet.score import as_answered, score


def main(run: Path, path: Path) -> None:
    """The images of other people stay where they are: what is drawn are classes."""
    model = load_model(run)
    test = load_data(model.config).test
    _, _, predictions = score(model.net, model.params, test, model.config, "cpu", model.config.flips)
    shown = as_answered(test, model.config, predictions)
    save_predictions(path, shown, predictions, count=3, panels=("truth", "prediction", "errors"))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
