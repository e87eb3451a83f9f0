"""What a run says of itself on the terminal: what is going to be trained, and how it scored."""

import argparse
from collections.abc import Sequence
from typing import Any

from minunet.backend import why_no_gpu
from minunet.data.dataset import Dataset, Splits, ignored_label
from minunet.data.lists import shorten
from minunet.errors import printable
from minunet.model.checkpoint import Checkpoint
from minunet.model.config import Config
from minunet.threads import get_threads
from minunet.train.counted import counted
from minunet.train.hidden import hidden_objects
from minunet.train.remarks import shares
from minunet.unet import UNet

LISTED = 12  # classes with their IoU; of more, the best and the worst


def describe(
    run: Checkpoint,
    net: UNet,
    data: Splits,
    device: str,
    options: argparse.Namespace,
    own: list[str],
    of_images: Sequence[str] = (),
    unread: bool = False,
) -> None:
    """What is going to be trained, on what, and where.

    `of_images`: lines that reading the images gave. `unread`: whether the images of a run that goes on have not been
    read yet; what their pixels say was told when it began.
    """
    config, counts = run.config, [len(part) for part in data]
    print("".join(f"{printable(line)}\n" for line in of_images), end="")
    print(f"{config.preset}: {counts[0]} training, {counts[1]} validation and {counts[2]} test images")
    if doubles := [] if unread else data.trained_on():
        names = shorten([f"{name} = {double}" for name, double in doubles])
        print(f"{len(doubles)} of {counts[2]} test images are trained on, too, and the test says too much: {names}")
    if config.ranges or config.channels != 3:
        ends = (
            zip(config.ranges[::2], config.ranges[1::2], strict=True) if config.ranges else [(0, 255)] * config.channels
        )
        black_to_white = ", ".join(f"{low:g} to {high:g}" for low, high in ends)
        print(f"{config.channels} channel{'s' if config.channels > 1 else ''}, black to white: {black_to_white}")
    network = f"U-Net, base {config.base}, depth {config.depth}, {net.parameters():,} parameters"
    seen = f"{'pieces' if config.pieces else 'images'} of {config.size} x {config.size} pixels"
    print(f"{network}; {seen}{f', {config.piece_count} an epoch' if config.piece_count else ''}")
    if unread:
        print(f"{len(run.classes)} classes: {shorten(run.classes)}")
    else:
        _describe_pixels(data.training, config, net)
    if config.class_weight and config.loss != "dice":
        weights = [f"{name} {weight:g}" for name, weight in zip(run.classes, config.class_weight, strict=True)]
        print(f"weight of a pixel in the cross-entropy: {shorten(weights)}")
    where = "GPU" if device == "gpu" else f"CPU, {get_threads()} thread{'s' if get_threads() > 1 else ''}"
    if device == "cpu" and options.device == "auto" and net.operations.name == "quick":  # a GPU could have been meant
        where += f". No GPU: {why_no_gpu()}"
    print(f"device: {where}")
    if options.tf32 and device != "gpu":
        print("--tf32 is for a GPU and changes nothing here")
    if own:
        unused = "; group_norm is for --set norm=group" if "group_norm" in own and not config.norm else ""
        print(f"layers of your own, checked, computed by one thread: {', '.join(own)}{unused}")
    if run.step:
        print(f"going on after step {run.step}, epoch {run.epoch} of {config.epochs} is done")


def _describe_pixels(training: Dataset, config: Config, net: UNet) -> None:
    """What the masks of the training images show."""
    labels, classes = counted(training, config, net), training.classes
    ignored = sum(int((each == ignored_label(len(classes))).sum()) for each in labels)
    parts = list(zip(classes, shares(labels, len(classes)), strict=True))
    told = [f"{name} {share:.1%}" for name, share in parts]
    print(f"{len(told)} classes, by their part of the pixels: {shorten(told)}")
    if unknown := [name for name, share in parts if not share]:
        print(f"no training image shows {shorten(unknown)}, as the network sees it: that cannot be learnt")
    if ignored:
        print(f"ignored: {ignored / sum(each.size for each in labels):.1%} of the pixels to train on")
    print("".join(f"{line}\n" for line in hidden_objects(training, config)), end="")


def print_result(result: dict[str, Any], scaled: str = "") -> None:
    """The scores on the test images; `scaled`: in words, to what size they were, if they were."""
    print(
        f"\ntest, {result['images']} images{scaled}, weights of epoch {result['epoch']}: pixel accuracy "
        f"{result['pixel_accuracy']:.3f} (the most frequent class alone: {result['majority_accuracy']:.3f}), "
        f"mean IoU {result['mean_iou']:.3f}"
    )
    known = {name: value for name, value in result["iou"].items() if value is not None}
    ranked = sorted(known, key=lambda name: -known[name])
    if len(result["iou"]) <= LISTED:
        print("IoU: " + ", ".join(f"{name} {_shown(value)}" for name, value in result["iou"].items()))
    else:
        for what, names in (("highest", ranked[:5]), ("lowest", ranked[:-6:-1])):
            print(f"{what} IoU: " + ", ".join(f"{name} {known[name]:.3f}" for name in names))
        print(f"that of all {len(result['iou'])} classes is in test.json")
    if "rand_score" in result:
        scores = ", ".join(
            f"{name} {_shown(value, 'in single pixels only')}" for name, value in result["rand_score"].items()
        )
        print(f"Rand score, whether what belongs together is together: {scores}")
    if "average_precision" in result:
        precision = ", ".join(f"{at}: {_shown(value)}" for at, value in result["average_precision"].items())
        print(f"single objects, average precision at IoU {precision}; Dice {_shown(result['dice'])}")


def _shown(value: float | None, without: str = "not there") -> str:
    """A score, or, `without` one, why there is none."""
    return without if value is None else f"{value:.3f}"
