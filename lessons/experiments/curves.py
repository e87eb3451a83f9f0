"""Small runs on synthetic cells, one healthy and the others ill, each in its own way: their curves, for lesson 10.

Run: python lessons/experiments/curves.py [NAME ...]     (20 to 30 seconds each on one core)
     python lessons/experiments/curves.py --table        (what curves.json holds, without training anything)

All make 900 steps on images of 64 x 64 pixels, and are scored on the same 40 validation images every 30 steps. The
training loss is the mean over the batches since the last score, as `metrics.csv` has it. The validation loss counts all
classes alike, whatever training does.

curves.json is of 2026-11-23, before augmentation was drawn for each image: another run gives other digits.
"""

import dataclasses
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from minunet import Adam, UNet, loss_and_gradients
from minunet.data.augment import Augmentation
from minunet.data.batches import Batches
from minunet.data.cells import make_cells
from minunet.errors import InputError, exit_status
from minunet.files import locked, whole_file
from minunet.metrics import iou, mean_iou
from minunet.model import Model
from minunet.optim import constant, one_cycle
from minunet.seeds import generator
from minunet.threads import set_threads
from minunet.train.presets import PRESETS
from minunet.train.score import score

SIZE, STEPS, EVERY = 64, 900, 30
SCORING = dataclasses.replace(PRESETS["cells"], class_weight=None)
FILE = Path(__file__).with_suffix(".json")
NONE = Augmentation()
MIRRORED = Augmentation(flip_left_right=True, flip_up_down=True, quarter_turns=True)
MUCH = dataclasses.replace(MIRRORED, shift=0.1, brightness=0.1, contrast=0.3, rotation=45, scale=0.3, elastic=2)


@dataclass(frozen=True)
class Run:
    """What is special about a run; the default is the healthy one."""

    images: int = 120
    batch: int = 4
    lr: float = 4e-3
    schedule: str = "one-cycle"
    base: int = 8
    depth: int = 3
    augmentation: Augmentation = MIRRORED
    class_weight: tuple[float, ...] | None = None


RUNS = {
    "healthy": Run(),
    "by heart": Run(images=8, augmentation=NONE),
    "augmented": Run(images=8, augmentation=MUCH),
    "too small": Run(base=4, depth=1),
    "rate too low": Run(lr=4e-5),
    "noisy": Run(batch=1, lr=1e-2, schedule="constant"),
    "rate too high": Run(lr=3e-2, schedule="constant"),
    "diverged": Run(lr=0.3, schedule="constant"),
    "border twice": Run(class_weight=(1, 1, 2)),
    "inverse": Run(class_weight=(0.112, 0.305, 2.583)),  # 1 / frequency in the training images, mean 1
}


def train(run: Run) -> dict[str, list[float]]:
    """The curves of one run: step, training loss, validation loss, mean IoU and IoU of the border in validation."""
    rng = generator(0, "data")
    validation, training = make_cells(40, SIZE, rng), make_cells(run.images, SIZE, rng)
    net = UNet(3, 3, run.base, run.depth)
    params = net.init(generator(0, "weights"))
    batches = Batches(training, run.batch, (SIZE, SIZE), (SIZE, SIZE), run.augmentation, seed=0)
    rate = constant(run.lr) if run.schedule == "constant" else one_cycle(run.lr, STEPS)
    weight = None if run.class_weight is None else np.array(run.class_weight)
    optimizer = Adam(run.lr)
    curves: dict[str, list[float]] = {"step": [], "training": [], "validation": [], "mean_iou": [], "border": []}
    losses: list[float] = []
    for step in range(STEPS):
        x, labels, _ = batches.get(step)
        optimizer.lr = rate(step)
        loss, grads = loss_and_gradients(net, params, x, labels, class_weight=weight)
        optimizer.step(params, grads)
        losses.append(float(loss))
        if (step + 1) % EVERY == 0:
            loss, matrix, _ = score(Model(net, params, SCORING, validation.classes), validation)
            values = (step + 1, np.mean(losses), loss, mean_iou(matrix), iou(matrix)[2])
            for name, value in zip(curves, values, strict=True):
                curves[name].append(round(float(value), 4) if name != "step" else step + 1)
            losses = []
    return curves


def print_table(found: dict[str, dict[str, list[float]]]) -> None:
    """The last losses, the lowest in validation and its step; the mean IoU there, at its best, and at the end."""
    print("                loss:                                   mean IoU:               IoU of")
    print("run             training  validation  lowest  at step   there    best    last   border")
    for name, curves in found.items():
        validation, scores = curves["validation"], curves["mean_iou"]
        lowest = int(np.argmin(validation))
        losses = f"{curves['training'][-1]:9.2f}{validation[-1]:12.2f}{validation[lowest]:8.2f}"
        print(
            f"{name:<15}{losses}{curves['step'][lowest]:9d}{scores[lowest]:8.2f}{max(scores):8.2f}{scores[-1]:8.2f}{curves['border'][-1]:9.2f}"
        )


def main(arguments: list[str]) -> int:
    """Exit status 0, or 2 for bad input; two at once would lose what the other has found."""
    with locked(FILE.parent):
        return _main(arguments)


def _main(arguments: list[str]) -> int:
    found = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    if arguments != ["--table"]:
        unknown = set(arguments) - set(RUNS)
        if unknown:
            raise InputError(f"There is no run {unknown.pop()!r}; there are {', '.join(RUNS)}.")
        set_threads(1)
        for name in arguments or RUNS:
            found[name] = train(RUNS[name])
            found = {each: found[each] for each in RUNS if each in found}
            with whole_file(FILE) as file:
                file.write(json.dumps(found) + "\n")
    print_table(found)
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(lambda: main(sys.argv[1:])))
