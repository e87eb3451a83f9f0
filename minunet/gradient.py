"""The one place where a batch is split: over threads on the CPU, not at all on a GPU.

Samples never meet in the forward pass, and the loss of a batch is a sum over its samples, each divided by the same
total weight, or, for Dice, by their number. So the gradient of the batch is the sum of the gradients of its samples:
every thread takes a small group of samples at a time through the whole network, and the results are added up.

A sum of floating-point numbers depends on the order of its additions. This one is a balanced tree over the groups,
((0 + 1) + (2 + 3)) for four of them, and the groups depend on the batch alone. So neither the number of threads nor who
took which group changes a single bit. And whoever shares the groups out, over processes or machines, gets the same bits
if each adds up whole branches of this tree: equal shares for two or four are one branch each; a third of eight groups,
say 0 to 2, is the branches (0 + 1) and 2; and the few sums of branches are then added as the tree says.
"""

from collections.abc import Iterator
from contextlib import closing

import numpy as np

from minunet.backend import Array, array_module
from minunet.layers.cross_entropy import pixel_weights
from minunet.operations import Operations
from minunet.threads import map_in_order
from minunet.unet import Parameters, UNet

GROUP_PIXELS = 33_000  # in the images that a thread works on at once
LOSSES = ("cross-entropy", "dice", "both")  # the last is the sum of the two


def loss_and_gradients(
    net: UNet,
    params: Parameters,
    images: Array,
    labels: Array,
    *,
    class_weight: Array | None = None,
    pixel_weight: Array | None = None,
    dice_weight: Array | None = None,
    dropout_mask: Array | None = None,
    loss: str = "cross-entropy",
) -> tuple[Array, Parameters]:
    """The loss of a batch, and its gradient for every parameter.

    Args:
        images: (N, H, W, in_channels), of the dtype of the parameters.
        labels: integers (N, OH, OW), of the network's output size.
        class_weight: (classes,), how much a pixel of each class counts in the cross-entropy.
        pixel_weight: (N, OH, OW), how much each pixel counts, in every loss.
        dice_weight: (N, OH, OW), how much it counts in soft Dice, where that is something else.
        dropout_mask: see `UNet.forward`.
        loss: one of LOSSES: the weighted mean of the cross-entropy over all pixels, soft Dice, or both added.

    Returns:
        loss, one number, and grads, under the names of `params`.

    Raises:
        ValueError: shapes that do not go together, labels outside the classes, or another loss.
    """
    shape = net.output_shape(images)
    if labels.shape != shape:
        raise ValueError(f"labels must have the shape {shape}, a class for each pixel of logits, not {labels.shape}")
    lowest = net.lowest_shape(*images.shape[:3])
    if dropout_mask is not None and dropout_mask.shape != lowest:
        raise ValueError(f"dropout_mask must have the shape {lowest}, not {dropout_mask.shape}")
    if dice_weight is not None and dice_weight.shape != shape:
        raise ValueError(f"dice_weight must have the shape of labels {shape}, not {dice_weight.shape}")
    total = pixel_weights(labels, net.classes, class_weight=class_weight, pixel_weight=pixel_weight).sum()

    groups = split(images)
    net = _sharing(net, len(groups))

    def part(samples: slice) -> tuple[Array, Parameters]:
        of_samples = (dropout_mask, pixel_weight, dice_weight)
        dropped, weight, of_dice = (None if each is None else each[samples] for each in of_samples)
        logits, cache = net.forward(params, images[samples], dropout_mask=dropped)
        value, dlogits = loss_and_dlogits(
            net.operations, loss, logits, labels[samples], class_weight, weight, of_dice, total, len(labels)
        )
        _, grads = net.backward(dlogits, cache, need_dx=False, empty_cache=True)
        return value, grads

    with closing(map_in_order(part, groups)) as parts:
        return tree_sum(parts, 0, len(groups))


def loss_and_dlogits(
    operations: Operations,
    loss: str,
    logits: Array,
    labels: Array,
    class_weight: Array | None = None,
    pixel_weight: Array | None = None,
    dice_weight: Array | None = None,
    total_weight: Array | None = None,
    total_samples: int | None = None,
) -> tuple[Array, Array]:
    """The loss that is called `loss`, of a part of a batch, and its gradient for the logits.

    `total_weight` and `total_samples` are those of the batch; without them the part is all there is.
    """
    if loss not in LOSSES:
        raise ValueError(f"loss must be one of {', '.join(LOSSES)}, not {loss!r}")
    found = []
    if loss != "dice":
        value, cache = operations.softmax_cross_entropy(
            logits, labels, class_weight=class_weight, pixel_weight=pixel_weight, total_weight=total_weight
        )
        found.append((value, operations.softmax_cross_entropy_backward(cache)))
    if loss != "cross-entropy":
        weight = pixel_weight if dice_weight is None else dice_weight
        value, cache = operations.soft_dice(logits, labels, pixel_weight=weight, total_samples=total_samples)
        found.append((value, operations.soft_dice_backward(cache)))
    if len(found) == 1:
        return found[0]
    (one, dlogits), (other, more) = found
    return one + other, dlogits + more


def tree_sum(parts: Iterator[tuple[Array, Parameters]], start: int, stop: int) -> tuple[Array, Parameters]:
    """The sum of the losses and of the gradients of groups `start` to `stop` - 1, as a balanced tree.

    `parts` gives them in this order, so that no more than one sum for each level of the tree is kept. It is added up in
    the arrays of the first one.
    """
    if stop - start == 1:
        return next(parts)
    middle = (start + stop) // 2
    loss, grads = tree_sum(parts, start, middle)
    other_loss, other_grads = tree_sum(parts, middle, stop)
    for name, gradient in grads.items():
        gradient += other_grads[name]
    return loss + other_loss, grads


def logits(net: UNet, params: Parameters, images: Array) -> Array:
    """The logits of a batch, (N, OH, OW, classes), for inference: no caches are kept."""
    net.output_shape(images)  # says what is wrong with the whole batch, not with a group of it
    groups = split(images)
    net = _sharing(net, len(groups))
    parts = list(map_in_order(lambda samples: net.forward(params, images[samples], keep_cache=False)[0], groups))
    return parts[0] if len(parts) == 1 else array_module(images).concatenate(parts)


def _sharing(net: UNet, groups: int) -> UNet:
    """The network, with operations that do what depends on the weights alone once for all groups, if they can."""
    share = net.operations.share
    return net if share is None else net.using(share(groups))


def split(images: Array) -> list[slice]:
    """The whole batch on a GPU; small groups of samples on the CPU, the same ones however many threads there are.

    Several samples at once make longer calls and larger matrix products: on two cores a training step takes 0.6 of the
    time with groups of 4 samples of 64x64 pixels instead of single ones, 0.85 with groups of 2 of 128x128. Larger
    groups cost memory. An odd number of groups is made even where it can be, so that two cores finish together. A batch
    keeps at most as many cores busy as it has groups.
    """
    batch, height, width, _ = images.shape
    if array_module(images) is not np:
        return [slice(None)]
    size = min(4, max(1, GROUP_PIXELS // (height * width)))
    count = -(-batch // size)
    count = min(batch, count + count % 2)
    return [slice(batch * i // count, batch * (i + 1) // count) for i in range(count)]
