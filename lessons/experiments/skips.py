"""What does a U-Net lose without its skips? The same networks are trained with them, and with zeros in their place.

Run: python lessons/experiments/skips.py        (about 9 minutes on one core; then python -m lessons.figures.skips)

Networks of base 8 and depth 3, 4 and 5, on the synthetic cells as the preset has them: 240 images of 64 x 64 pixels, 20
epochs. With and without skips they have the same arrays of the same shapes and see the same images in the same order.
Without, each skip is replaced by zeros just before it is concatenated, so the weights that meet the zeros do nothing;
those beside them start sqrt(2) times larger, as He's rule wants it of a sum of half as many numbers.

Writes skips.json: the scores on the validation images after every epoch, and on the test images after the last; and
skips.npz: what the networks of the first seed answer for the first test images. Another processor rounds otherwise, and
gets other digits.

skips.json and skips.npz are of 2026-11-23, before augmentation was drawn for each image: another run gives other
digits.
"""

import argparse
import dataclasses
import json
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from minunet.backend import Array
from minunet.blocks import Up
from minunet.data.batches import Batches, to_input
from minunet.data.dataset import Dataset
from minunet.errors import exit_status
from minunet.files import whole_file
from minunet.gradient import logits, loss_and_gradients
from minunet.metrics import confusion_matrix, iou, mean_iou, pixel_accuracy
from minunet.optim import Adam, one_cycle
from minunet.seeds import generator
from minunet.threads import set_threads
from minunet.train.presets import PRESETS, load_data
from minunet.unet import Parameters, UNet

HERE = Path(__file__).parent
SEEDS, DEPTHS, BASE = (0, 1, 2), (3, 4, 5), 8
SHOWN = 4  # test images whose answers are kept
CELLS = PRESETS["cells"]


@dataclass(frozen=True)
class UpWithoutSkip(Up):
    """A level up to which the skip hands only zeros, and from which no gradient goes back across."""

    def forward(self, params: Parameters, x: Array, skip: Array) -> tuple[Array, tuple]:
        return super().forward(params, x, np.zeros_like(skip))

    def backward(self, dy: Array, cache: tuple) -> tuple[Array, Array, Parameters]:
        dx, dskip, grads = super().backward(dy, cache)
        return dx, np.zeros_like(dskip), grads


def make_network(depth: int, skips: bool, seed: int) -> tuple[UNet, Parameters]:
    """A network and its first parameters."""
    net = UNet(3, 3, base=BASE, depth=depth)
    params = net.init(generator(seed, "weights"))
    if not skips:
        net.ups = [UpWithoutSkip(up.convs) for up in net.ups]
        for up in net.ups:
            params[f"{up.convs.name}.conv1.weight"] *= np.float32(math.sqrt(2))
    return net, params


def count(net: UNet) -> tuple[int, int]:
    """How many numbers the network holds, and how many of them have an effect: zeros meet the others."""
    total = sum(math.prod(shape) for shape in net.shapes().values())
    idle = 0
    for up in net.ups:
        if isinstance(up, UpWithoutSkip):
            idle += math.prod(net.shapes()[f"{up.convs.name}.conv1.weight"]) // 2  # the skip is half of the channels
    return total, total - idle


def train(net: UNet, params: Parameters, seed: int, training: Dataset, validation: Dataset) -> list[dict[str, Any]]:
    """The preset's training loop; changes `params`, and returns the scores after each epoch."""
    size = (CELLS.size, CELLS.size)
    batches = Batches(training, CELLS.batch_size, size, size, CELLS.augmentation, seed)
    optimizer, schedule = Adam(), one_cycle(CELLS.lr, CELLS.epochs * batches.per_epoch)
    class_weight = np.array(CELLS.class_weight)
    rows: list[dict[str, Any]] = []
    losses: list[float] = []
    for step in range(CELLS.epochs * batches.per_epoch):
        optimizer.lr = schedule(step)
        images, labels, _ = batches.get(step)
        loss, grads = loss_and_gradients(net, params, images, labels, class_weight=class_weight)
        optimizer.step(params, grads)
        losses.append(float(loss))
        if (step + 1) % batches.per_epoch == 0:
            rows.append({"train_loss": float(np.mean(losses)), **scores(net, params, validation)})
            losses.clear()
    return rows


def answers(net: UNet, params: Parameters, images: np.ndarray) -> np.ndarray:
    """The class of every pixel, (N, H, W) uint8."""
    return logits(net, params, to_input(images)).argmax(axis=3).astype("uint8")


def scores(net: UNet, params: Parameters, dataset: Dataset) -> dict[str, Any]:
    """Accuracy, mean IoU and the IoU of each class, over all pixels of the images."""
    matrix = confusion_matrix(dataset.labels, answers(net, params, dataset.images), net.classes)
    each = dict(zip(dataset.classes, iou(matrix).tolist(), strict=True))
    return {"pixel_accuracy": pixel_accuracy(matrix), "mean_iou": mean_iou(matrix), "iou": each}


def main() -> int:
    """Train every network from every seed, and write both files."""
    set_threads(1)
    runs: list[dict[str, Any]] = []
    kept: dict[str, np.ndarray] = {}
    for seed in SEEDS:
        training, validation, test = load_data(dataclasses.replace(CELLS, split_seed=seed))
        for depth in DEPTHS:
            for skips in (True, False):
                started = time.process_time()
                net, params = make_network(depth, skips, seed)
                rows = train(net, params, seed, training, validation)
                total, effective = count(net)
                run = {"depth": depth, "skips": skips, "seed": seed, "parameters": total, "with_effect": effective}
                runs.append({**run, "test": scores(net, params, test), "validation": rows})
                seconds = time.process_time() - started
                print(f"{run} {rows[-1]['train_loss']:.3f} {runs[-1]['test']}, {seconds:.0f} s", flush=True)
                if seed == SEEDS[0]:
                    kept[f"depth{depth}_{'with' if skips else 'without'}"] = answers(net, params, test.images[:SHOWN])
                    kept["images"], kept["truth"] = test.images[:SHOWN], test.labels[:SHOWN]
    lines = ",\n".join(json.dumps(rounded(run)) for run in runs)
    with whole_file(HERE / "skips.npz", "wb") as file:
        np.savez_compressed(file, **kept)
    with whole_file(HERE / "skips.json") as file:
        file.write(f'{{"runs": [\n{lines}\n]}}\n')
    return 0


def rounded(value: Any) -> Any:
    """The same, with floating-point numbers of four digits after the point."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return round(value, 4) if isinstance(value, float) else value


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    sys.exit(exit_status(main))
