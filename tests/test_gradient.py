"""Splitting a batch over threads changes nothing: not the value, and not a single bit between thread counts."""

import itertools
from typing import Any

import numpy as np
import pytest

import minunet
from minunet import UNet, fast, loss_and_gradients, optim
from minunet.backend import to_device
from minunet.blocks import Up
from minunet.fast import conv_transpose, im2col, pool, winograd, winograd_rows, winograd_weights
from minunet.gradcheck.check import relative_error
from minunet.gradient import split, tree_sum
from minunet.layers import (
    dropout_mask,
    soft_dice,
    soft_dice_backward,
    softmax_cross_entropy,
    softmax_cross_entropy_backward,
)
from minunet.layers.cross_entropy import pixel_weights
from minunet.operations import PLAIN
from minunet.optim import Adam


def batch(rng, dtype="float64", count=5, base=4):
    net = UNet(in_channels=2, classes=3, base=base, depth=2, norm="group")
    images = rng.standard_normal((count, 8, 12, 2)).astype(dtype)
    return net, net.init(rng, dtype=dtype), images, rng.integers(0, 3, (count, 8, 12))


@pytest.mark.parametrize("weighted", [False, True])
def test_parts_give_what_the_whole_gives(rng, weighted):
    net, params, images, labels = batch(rng)
    weights = (
        {"class_weight": rng.uniform(0.5, 2, 3), "pixel_weight": rng.uniform(0.1, 3, labels.shape)} if weighted else {}
    )
    loss, grads = loss_and_gradients(net, params, images, labels, **weights)
    logits, cache = net.forward(params, images)
    whole, loss_cache = softmax_cross_entropy(logits, labels, **weights)
    _, expected = net.backward(softmax_cross_entropy_backward(loss_cache), cache)
    assert loss == pytest.approx(whole, rel=1e-12)
    for name in params:
        assert relative_error(grads[name], expected[name]) < 1e-11, name


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("loss", ["dice", "both"])
def test_parts_give_what_the_whole_gives_of_other_losses(rng, loss, apart):
    """And the weights of classes count in the cross-entropy alone, as do those of pixels if Dice has its own."""
    net, params, images, labels = batch(rng)
    of_class, of_pixel = rng.uniform(0.5, 2, 3), rng.uniform(0.1, 3, labels.shape)
    of_pixel[:, 2:4] = 0  # ignored
    of_dice = rng.uniform(0.1, 3, labels.shape) if apart else None
    value, grads = loss_and_gradients(
        net, params, images, labels, class_weight=of_class, pixel_weight=of_pixel, dice_weight=of_dice, loss=loss
    )
    logits, cache = net.forward(params, images)
    whole, dice_cache = soft_dice(logits, labels, pixel_weight=of_dice if apart else of_pixel)
    dlogits = soft_dice_backward(dice_cache)
    if loss == "both":
        entropy, entropy_cache = softmax_cross_entropy(logits, labels, class_weight=of_class, pixel_weight=of_pixel)
        whole, dlogits = whole + entropy, dlogits + softmax_cross_entropy_backward(entropy_cache)
    _, expected = net.backward(dlogits, cache)
    assert value == pytest.approx(whole, rel=1e-12)
    for name in params:
        assert relative_error(grads[name], expected[name]) < 1e-11, name


@pytest.mark.parametrize(
    ("base", "loss"),  # the plain sum, one Winograd, the other with its kept weights
    [(4, "cross-entropy"), (16, "cross-entropy"), (32, "cross-entropy"), (4, "dice"), (4, "both")],
)
def test_any_number_of_threads_gives_the_same_bits(rng, base, loss):
    net, params, images, labels = batch(rng, "float32", 9, base)
    results = []
    for threads in (1, 2, 3, 8):
        minunet.set_threads(threads)
        value, grads = loss_and_gradients(net, params, images, labels, loss=loss)
        results.append((value, grads, minunet.logits(net, params, images)))
    for value, grads, logits in results[1:]:
        assert value == results[0][0]
        np.testing.assert_array_equal(logits, results[0][2])
        for name in params:
            np.testing.assert_array_equal(grads[name], results[0][1][name])


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_the_pieces_of_an_operation_give_the_same_bits(rng, monkeypatch, padding):
    """A single image: whoever is idle helps with pieces of its convolutions, of all kinds, of pooling and of Adam."""
    for module in (conv_transpose, im2col, optim, pool, winograd, winograd_rows, winograd_weights):
        for name, value in {"SHARED": 0, "PIECE": 2000, "BLOCK": 2000, "TILES": 4}.items():
            monkeypatch.setattr(module, name, value, raising=False)
    net = UNet(3, 3, base=16, depth=3, padding=padding)
    params, images = net.init(rng), rng.standard_normal((1, 60, 44, 3)).astype("float32")
    labels = rng.integers(0, 3, net.output_shape(images))
    results = []
    for threads in (1, 2, 3, 8, 16):
        minunet.set_threads(threads)
        trained = {name: array.copy() for name, array in params.items()}
        value, grads = loss_and_gradients(net, trained, images, labels)
        Adam().step(trained, grads)
        results.append([value, *grads.values(), *trained.values()])
    for result in results[1:]:
        for array, expected in zip(result, results[0], strict=True):
            np.testing.assert_array_equal(array, expected)
    exact = {name: array.astype("float64") for name, array in params.items()}
    value, grads = loss_and_gradients(net.using(PLAIN), exact, images.astype("float64"), labels)
    for array, expected in zip(results[0][1:], grads.values(), strict=False):
        assert relative_error(array, expected) < 1e-3


def branches(share: range, start: int, stop: int) -> list[tuple[int, int]]:
    """The largest whole branches of the tree over groups `start` to `stop` - 1 that lie in `share`."""
    if share.start <= start and stop <= share.stop:
        return [(start, stop)]
    if stop <= share.start or share.stop <= start:
        return []
    middle = (start + stop) // 2
    return branches(share, start, middle) + branches(share, middle, stop)


def from_branches(sums: dict, start: int, stop: int) -> tuple[Any, dict]:
    """The sum over all groups, from the sums of branches that others have made."""
    if (start, stop) in sums:
        return sums[start, stop]
    middle = (start + stop) // 2
    (loss, grads), (other_loss, other) = from_branches(sums, start, middle), from_branches(sums, middle, stop)
    return loss + other_loss, {name: grads[name] + other[name] for name in grads}


@pytest.mark.parametrize("shares", [1, 2, 3, 4])
@pytest.mark.parametrize("count", [4, 13, 16, 29])
def test_any_number_of_shares_gives_the_same_bits(rng, count, shares):
    """Each takes a stretch of the groups through the network and adds up whole branches; the sums are then added."""
    net, params, images, labels = batch(rng, "float32", count)
    expected_loss, expected = loss_and_gradients(net, params, images, labels)
    groups = split(images)
    made: dict = {}
    for number in range(shares):
        share = range(len(groups) * number // shares, len(groups) * (number + 1) // shares)
        for start, stop in branches(share, 0, len(groups)):
            parts = (part_of(net, params, images, labels, groups[i]) for i in range(start, stop))
            made[start, stop] = tree_sum(parts, start, stop)
    loss, grads = from_branches(made, 0, len(groups))
    assert loss == expected_loss
    for name in params:
        np.testing.assert_array_equal(grads[name], expected[name])
    if shares in (2, 4) and len(groups) >= 4:
        assert len(made) == shares  # one sum each: what an all-reduce by recursive doubling adds up


def part_of(net, params, images, labels, samples: slice) -> tuple[Any, dict]:
    """Loss and gradients of a group, as its part of the batch."""
    logits, cache = net.forward(params, images[samples])
    loss, loss_cache = fast.softmax_cross_entropy(logits, labels[samples], total_weight=pixel_weights(labels, 3).sum())
    return loss, net.backward(fast.softmax_cross_entropy_backward(loss_cache), cache)[1]


def test_winograd_in_parts_gives_what_the_exact_whole_gives(rng):
    """float32 in groups, with Winograd's algorithms and weights that are kept, against float64 in one piece."""
    net, params, images, labels = batch(rng, "float32", 9, base=32)
    loss, grads = loss_and_gradients(net, params, images, labels)
    logits, cache = net.forward({name: p.astype("float64") for name, p in params.items()}, images.astype("float64"))
    whole, loss_cache = softmax_cross_entropy(logits, labels)
    _, expected = net.backward(softmax_cross_entropy_backward(loss_cache), cache)
    assert loss == pytest.approx(whole, rel=1e-5)
    for name in params:  # as a vector: rounding may take a ReLU across 0, which a single number can show
        assert np.linalg.norm(grads[name] - expected[name]) < 1e-3 * np.linalg.norm(expected[name]), name


def test_a_sample_does_not_depend_on_its_batch_mates(rng):
    """Other mates change nothing for a sample, also where the whole batch goes through the network at once."""
    net, params, images, labels = batch(rng)
    logits, cache = net.forward(params, images)
    dlogits = rng.standard_normal(logits.shape)
    dx, _ = net.backward(dlogits, cache)
    mates, dmates = images.copy(), dlogits.copy()
    mates[1:], dmates[1:] = rng.standard_normal(images[1:].shape), rng.standard_normal(dlogits[1:].shape)
    other_logits, other_cache = net.forward(params, mates)
    np.testing.assert_array_equal(other_logits[0], logits[0])
    np.testing.assert_array_equal(net.backward(dmates, other_cache)[0][0], dx[0])


def test_the_gradient_of_a_batch_is_the_mean_over_its_samples(rng):
    net, params, images, labels = batch(rng)
    _, grads = loss_and_gradients(net, params, images, labels)
    alone = [loss_and_gradients(net, params, images[i : i + 1], labels[i : i + 1])[1] for i in range(len(images))]
    for name in params:
        assert relative_error(grads[name], sum(each[name] for each in alone) / len(alone)) < 1e-11
    logits = minunet.logits(net, params, images)
    np.testing.assert_array_equal(logits[2:3], minunet.logits(net, params, images[2:3]))


def test_logits_are_those_of_the_forward_pass(rng):
    net, params, images, _ = batch(rng)
    np.testing.assert_allclose(minunet.logits(net, params, images), net.forward(params, images)[0], rtol=1e-12)


def test_parameters_and_images_stay_as_they_were(rng):
    net, params, images, labels = batch(rng)
    before = {name: array.copy() for name, array in params.items()}
    images_before, labels_before = images.copy(), labels.copy()
    loss_and_gradients(net, params, images, labels)
    np.testing.assert_array_equal(images, images_before)
    np.testing.assert_array_equal(labels, labels_before)
    for name in params:
        np.testing.assert_array_equal(params[name], before[name])


def test_blocks_of_ones_own_stay_in_the_network(rng):
    """Also where the batch is split, and the network is asked to share what depends on the weights alone."""

    class Doubled(Up):
        def forward(self, params, x, skip):
            y, cache = super().forward(params, x, skip)
            return 2 * y, cache

    net, params, images, labels = batch(rng, "float32", 9)
    before = minunet.logits(net, params, images)
    net.ups = [Doubled(up.convs) for up in net.ups]
    logits, _ = net.forward(params, images)
    assert np.abs(logits - before).max() > 0.1
    np.testing.assert_allclose(minunet.logits(net, params, images), logits, rtol=1e-5, atol=1e-5)
    whole, _ = softmax_cross_entropy(logits, labels)
    assert loss_and_gradients(net, params, images, labels)[0] == pytest.approx(float(whole), rel=1e-5)
    assert [type(up) for up in net.using(PLAIN).ups] == [Doubled]


def test_errors_say_what_is_needed(rng):
    net, params, images, labels = batch(rng)
    with pytest.raises(ValueError, match=r"labels must have the shape \(5, 8, 12\)"):
        loss_and_gradients(net, params, images, labels[:2])
    with pytest.raises(ValueError, match="N of at least 1"):
        loss_and_gradients(net, params, images[:0], labels[:0])
    with pytest.raises(ValueError, match=r"dropout_mask must have the shape \(5, 4, 6, 8\), not \(6, 4, 6, 8\)"):
        loss_and_gradients(net, params, images, labels, dropout_mask=np.ones((6, 4, 6, 8)))
    with pytest.raises(ValueError, match=r"dice_weight must have the shape of labels \(5, 8, 12\), not \(6, 8, 12\)"):
        loss_and_gradients(net, params, images, labels, dice_weight=np.ones((6, 8, 12)), loss="dice")
    with pytest.raises(ValueError, match="N of at least 1"):
        minunet.logits(net, params, images[:0])
    with pytest.raises(ValueError, match=r"one image: image\[None\]"):
        minunet.logits(net, params, images[0])
    with pytest.raises(ValueError, match=r"shape \(5, 8, 12\).*not \(5, 4, 12\)"):  # of the batch, not of a group
        loss_and_gradients(net, params, images, labels[:, :4])
    with pytest.raises(ValueError, match=r"not \(5, 8, 12, 1\)"):
        loss_and_gradients(net, params, images[..., :1], labels)
    with pytest.raises(ValueError, match="loss must be one of cross-entropy, dice, both, not 'Dice'"):
        loss_and_gradients(net, params, images, labels, loss="Dice")
    with pytest.raises(ValueError, match="labels must be 0 to 2"):
        loss_and_gradients(net, params, images, labels + 1)


def test_dropout_does_not_depend_on_how_the_batch_is_split(rng):
    """The mask belongs to the samples: the gradients of a batch are the mean of those of its samples."""
    net = UNet(3, 2, base=4, depth=2)
    params = net.init(rng, dtype="float64")
    x, labels = rng.standard_normal((5, 8, 8, 3)), rng.integers(0, 2, (5, 8, 8))
    mask = dropout_mask(net.lowest_shape(5, 8, 8), 0.5, rng, "float64")
    loss, grads = loss_and_gradients(net, params, x, labels, dropout_mask=mask)
    parts = [loss_and_gradients(net, params, x[[i]], labels[[i]], dropout_mask=mask[[i]]) for i in range(5)]
    assert float(loss) == pytest.approx(np.mean([float(part) for part, _ in parts]))
    for name, gradient in grads.items():
        np.testing.assert_allclose(gradient, np.mean([part[name] for _, part in parts], axis=0), atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "groups"), [((8, 64, 64), 2), ((9, 64, 64), 4), ((8, 128, 128), 4), ((3, 512, 512), 3), ((1, 8, 8), 1)]
)
def test_a_batch_is_split_into_even_groups_of_up_to_four(shape, groups):
    found = split(np.empty((*shape, 3), dtype="float32"))
    assert len(found) == groups and found[0].start == 0 and found[-1].stop == shape[0]
    assert all(one.stop == other.start for one, other in itertools.pairwise(found))


@pytest.mark.usefixtures("gpu")
def test_a_batch_on_a_gpu_stays_whole():
    assert split(to_device(np.empty((9, 64, 64, 3), dtype="float32"), "gpu")) == [slice(None)]
