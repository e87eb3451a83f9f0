"""The worst, the median and the best answer of a run on its test images, by mean IoU, without the photographs.

Run: python lessons/figures/answers.py RUN FILE.png
"""

import sys
from pathlib import Path

from minunet.draw.plots import save_predictions
from minunet.errors import InputError, exit_status
from minunet.model import load_model
from minunet.train.presets import load_data
from minunet.train.score import as_predicted, score


def main(arguments: list[str]) -> int:
    """Exit status 0, or 2 for bad input. The photographs of others stay where they are: what is drawn are classes."""
    if len(arguments) != 2:
        raise InputError("answers.py takes two arguments: the folder of a run, and the PNG to write.")
    run, path = map(Path, arguments)
    if path.exists():
        raise InputError(f"{path} exists already; nothing was written.")
    model = load_model(run)
    test = load_data(model.config).test
    _, _, predictions = score(model, test, model.config.tta)
    shown = as_predicted(test, model.config, predictions)
    save_predictions(path, shown, predictions, count=3, panels=("truth", "prediction", "errors"))
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(lambda: main(sys.argv[1:])))
