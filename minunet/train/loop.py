"""The training loop: take a batch, compute the gradient, make a step; after each epoch score, save, tell the listeners.

A run writes into its folder:

    config.json        the experiment; and index.json, of many pictures which is for what, see `minunet.data.index`
    metrics.csv        a row an epoch, and curves.png, the same as a picture
    last.npz           where the run stands, and best.npz, where it scored best on the validation images
    test.json          the score of best.npz on images that training and choosing never saw
    predictions.png    what it predicts for some of them
    progress.gif       what it predicted for three validation images, epoch by epoch; its pictures are in progress/
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from minunet.backend import Array, to_device
from minunet.data.batches import Batches, steps_per_epoch
from minunet.data.dataset import Dataset, Splits, ignored_label
from minunet.data.instances import seam_weights
from minunet.data.lists import shorten
from minunet.data.resize import resize_mask
from minunet.data.shelf import Shelf, Store
from minunet.errors import InputError
from minunet.gradient import loss_and_gradients
from minunet.layers import dropout_mask
from minunet.model.checkpoint import Checkpoint, check_fits, save_checkpoint
from minunet.model.config import Config
from minunet.model.trained import Model, prepare, seen_size
from minunet.optim import follow
from minunet.seeds import generator
from minunet.train.epoch import Epoch, HowLong
from minunet.train.numerics import finite
from minunet.train.presets import make_optimizer, make_schedule
from minunet.train.score import Scores, score
from minunet.unet import Parameters, UNet

Listener = Callable[[Checkpoint, Scores], None]


def fit(
    net: UNet,
    run: Checkpoint,
    data: Splits,
    folder: Path,
    device: str = "cpu",
    listeners: Sequence[Listener] = (),
    stop: Callable[[], bool] = lambda: False,
    check_gradients: bool = True,
) -> bool:
    """Train until the last epoch, or until `stop()`; return whether it is finished. Either way `last.npz` is saved.

    A run that stops and is resumed gives the same bits as one that does not: batches and learning rates depend on the
    number of the step alone. `listeners` are told after each epoch, when `run` has its row.
    With `check_gradients` a gradient that is not finite ends the run before the step; a GPU has to be waited for then.
    """
    config = run.config
    batches = make_batches(net, data.training, config)
    schedule = make_schedule(config, config.epochs * batches.per_epoch)
    optimizer = make_optimizer(config, run.optimizer)
    stopped, how_long = False, HowLong(run, batches.per_epoch)
    while run.epoch < config.epochs and not stopped:
        with Epoch(net, run, batches, device, check_gradients) as epoch:
            for step, batch in epoch.batches(partial(make_batch, net, config, batches)):
                optimizer.lr = schedule(step)
                loss, grads = loss_and_gradients(net, run.params, **batch, loss=config.loss)
                epoch.add(loss, grads)
                optimizer.step(run.params, grads)
                follow(run.average, run.params, config.ema_decay, step)
                run.step += 1
                how_long.tell(run.step)  # once, after 20 seconds
                if stopped := stop():
                    break
        if not stopped:
            scores = score(Model(net, run.tested, config, run.classes, device), data.validation)
            epoch.add_row(scores)
        save_checkpoint(folder / "last.npz", run)
        if not stopped:
            for tell in listeners:  # who keep the best weights, print and draw
                tell(run, scores)
    return not stopped


def begin(config: Config, net: UNet, data: Splits, device: str, weights: Parameters | None = None) -> Checkpoint:
    """A run that has not made a step yet; with new weights, if none are given."""
    weights = weights or net.init(generator(config.seed, "weights"))
    params = {name: to_device(array, device) for name, array in weights.items()}
    average = {name: array.copy() for name, array in params.items()} if config.ema_decay else {}
    return Checkpoint(config, data.training.classes, params, average, make_optimizer(config).state, data.digests())


def resume(run: Checkpoint, source: Path, net: UNet, data: Splits, device: str, unread: bool = False) -> Checkpoint:
    """The run as it was read from the file `source`, if it can go on; its arrays are taken to the device.

    `unread`: whether the images are known to be those of the run, and need not be read to be compared.
    """
    check_fits(run.params, net, source)
    if run.config.ema_decay:
        check_fits(run.average, net, source)
    elif run.average:
        raise InputError(f"{source} is damaged: it holds a running mean of the weights, which this run does not take.")
    optimizer = make_optimizer(run.config)
    kinds = optimizer.remembers if run.step else ()
    needed = {f"{kind}.{name}": shape for kind in kinds for name, shape in net.shapes().items()}
    remembered = {name: array.shape for name, array in run.optimizer.items() if array.ndim}
    sound = all(array.dtype == "float32" and finite(array) for array in run.optimizer.values() if array.ndim)
    sound = sound and all(array.min(initial=0) >= 0 for name, array in run.optimizer.items() if name.startswith("v."))
    single = {name: array for name, array in run.optimizer.items() if not array.ndim}
    steps = {name: int(array) if array.dtype.kind == "i" else None for name, array in single.items()}
    if remembered != needed or not sound or steps != ({"t": run.step} if "t" in optimizer.state else {}):
        raise InputError(
            f"What the optimiser remembers in {source} does not belong to its weights: this is no last.npz of a run, "
            "or it is damaged."
        )
    if run.classes != data.training.classes:
        raise InputError(
            f"{source} holds the classes {shorten(run.classes)}, but the images have {shorten(data.training.classes)}: "
            "these were changed, or it is damaged."
        )
    if not unread:
        _check_images(run, source, data)
    per_epoch = steps_per_epoch(run.config.piece_count or len(data.training), run.config.batch_size)
    if not run.epoch * per_epoch <= run.step <= (run.epoch + 1) * per_epoch:
        raise InputError(f"{source} is damaged: {run.step} steps are not {run.epoch} epochs and a part of one.")
    for arrays in (run.params, run.average, run.optimizer):
        arrays |= {name: to_device(array, device) for name, array in arrays.items() if array.ndim}
    return run


def _check_images(run: Checkpoint, source: Path, data: Splits) -> None:
    """Raise InputError if these are not the images of the run, or are read otherwise."""
    channels = data.training.images[0].shape[-1]
    if run.config.channels != channels:
        raise InputError(
            f"{source} comes from a version of minunet that read its images with {run.config.channels} channels, and "
            f"this one reads them with {channels}. Its best.npz still predicts; start a new run to train."
        )
    if run.data != data.digests():
        raise InputError(
            f"The images are not those that {source} was trained on: some were added, removed, renamed or changed. "
            "Going on would mix training and test images."
        )


def make_batches(net: UNet, training: Dataset, config: Config) -> Batches:
    """The batches of an experiment: the training images as the network sees them, and how much more seams count."""
    seams, store = None, Store()

    def scaled(mask: np.ndarray) -> np.ndarray:
        return resize_mask(mask, seen_size(mask.shape, config)) if config.pieces else mask

    if config.pieces and (config.stretch or config.scale != 1):
        training = replace(
            training,
            images=Shelf(store.put(prepare(image, config)) for image in training.images),
            labels=Shelf(store.put(scaled(labels)) for labels in training.labels),
        )
    if config.seam_weight and training.instances is not None:
        seams = Shelf(store.put(seam_weights(scaled(each), config.seam_weight)) for each in training.instances)
    size = (config.size, config.size)
    return Batches(
        training, config.batch_size, size, net.output_size(*size), config.augmentation,
        seed=config.seed, labels=config.labels, centred=config.centred, extra_weights=seams,
        pieces=config.piece_count, rare=config.rare,
    )  # fmt: skip


def make_batch(net: UNet, config: Config, batches: Batches, step: int) -> dict[str, Array]:
    """All that `loss_and_gradients` takes for step number `step`, by name."""
    x, labels, extra_weight = batches.get(step)
    ignored = labels == ignored_label(net.classes)
    labels[ignored] = 0  # any class will do, as it counts nothing
    batch = {"images": x, "labels": labels}
    class_weight = None if config.class_weight is None else np.array(config.class_weight)
    if extra_weight is not None:  # the paper's sum, w_c + w0 * exp(...)
        batch["pixel_weight"] = (1.0 if class_weight is None else class_weight[labels]) + extra_weight
        if config.loss != "cross-entropy":
            batch["dice_weight"] = 1.0 + extra_weight  # classes have no weights in soft Dice
    elif class_weight is not None:
        batch["class_weight"] = class_weight
    if ignored.any():
        batch["pixel_weight"] = batch.get("pixel_weight", 1.0) * ~ignored
        if "dice_weight" in batch:
            batch["dice_weight"] = batch["dice_weight"] * ~ignored
    if config.dropout:
        (epoch, places), shape = batches.places(step), net.lowest_shape(1, *x.shape[1:3])
        of_image = (generator(config.seed, "dropout", epoch, place) for place in places)
        batch["dropout_mask"] = np.concatenate([dropout_mask(shape, config.dropout, rng) for rng in of_image])
    return batch
