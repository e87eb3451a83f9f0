"""Wrong backward passes, each a mistake that people make, to check the checker: it must find every one.

A bug takes the dy and the cache that the right backward pass would get, and returns gradients that are wrong in one
way. Where a mistake is small it is made around the right function, so that the mistake is all that is left to see.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minunet import layers
from minunet.blocks import Up
from minunet.gradcheck import cases
from minunet.gradcheck.check import Case
from minunet.layers.im2col import col2im, im2col, window_places
from minunet.unet import UNet

Backward = Callable[[Any, Any], tuple]


@dataclass
class Bug:
    """A name, the case on which it shows, and the wrong backward pass."""

    name: str
    case: Callable[[np.random.Generator], Case]
    backward: Backward


# --- convolution: cache = (x, weight, has_bias, stride, padding) -------------------------------------------------


def conv_kernel_not_flipped(dy, cache):
    x, weight, *rest = cache
    return layers.conv2d_backward(dy, (x, weight[::-1, ::-1], *rest))[0], *layers.conv2d_backward(dy, cache)[1:]


def conv_bias_not_summed_over_batch(dy, cache):
    dx, dweight, _ = layers.conv2d_backward(dy, cache)
    return dx, dweight, dy[0].sum(axis=(0, 1))


def conv_bias_mean_instead_of_sum(dy, cache):
    dx, dweight, _ = layers.conv2d_backward(dy, cache)
    return dx, dweight, dy.mean(axis=(0, 1, 2))


def conv_weight_of_first_sample_only(dy, cache):
    x, *rest = cache
    dx, _, dbias = layers.conv2d_backward(dy, cache)
    return dx, layers.conv2d_backward(dy[:1], (x[:1], *rest))[1], dbias


def conv_weight_averaged_over_batch(dy, cache):
    dx, dweight, dbias = layers.conv2d_backward(dy, cache)
    return dx, dweight / len(dy), dbias


def conv_padding_forgotten_in_dweight(dy, cache):
    """Windows that start at the image instead of at its padding: dy[i, j] meets x[i + a, j + b]."""
    x, weight, has_bias, stride, (ph, pw) = cache
    dx, _, dbias = layers.conv2d_backward(dy, cache)
    moved = np.zeros_like(x)
    moved[:, :-ph, :-pw] = x[:, ph:, pw:]
    return dx, layers.conv2d_backward(dy, (moved, weight, has_bias, stride, (ph, pw)))[1], dbias


def conv_col2im_overwrites(dy, cache):
    """`=` instead of `+=`: of all windows that hold a pixel only the last one counts."""
    x, weight, _, (sh, sw), (ph, pw) = cache
    kh, kw, channels, _ = weight.shape
    height, width = dy.shape[1:3]
    dcols = np.tensordot(dy, weight, axes=(3, 3))  # (N, OH, OW, KH, KW, C)
    dpadded = np.zeros((len(x), x.shape[1] + 2 * ph, x.shape[2] + 2 * pw, channels))
    for i, j in np.ndindex(kh, kw):
        dpadded[:, i : i + sh * height : sh, j : j + sw * width : sw] = dcols[:, :, :, i, j]
    dx = dpadded[:, ph : ph + x.shape[1], pw : pw + x.shape[2]]
    return dx, *layers.conv2d_backward(dy, cache)[1:]


def conv_crop_of_padding_off_by_one(dy, cache):
    x, weight, _, stride, (ph, pw) = cache
    height, width = x.shape[1:3]
    dcols = np.tensordot(dy, weight, axes=(3, 3)).reshape(*dy.shape[:3], -1)  # (N, OH, OW, KH*KW*C)
    dpadded = col2im(dcols, height + 2 * ph, width + 2 * pw, weight.shape[:2], stride, (0, 0))
    return dpadded[:, ph + 1 : ph + 1 + height, pw : pw + width], *layers.conv2d_backward(dy, cache)[1:]


def conv_stride_ignored_in_dx(dy, cache):
    x, weight, _, stride, padding = cache
    dcols = dy.reshape(-1, weight.shape[3]) @ weight.reshape(-1, weight.shape[3]).T
    dx = col2im(dcols.reshape(*dy.shape[:3], -1), *x.shape[1:3], weight.shape[:2], (1, 1), padding)
    return dx, *layers.conv2d_backward(dy, cache)[1:]


def conv_rows_and_columns_of_kernel_swapped(dy, cache):
    dx, dweight, dbias = layers.conv2d_backward(dy, cache)
    return dx, dweight.swapaxes(0, 1), dbias


def conv_channels_swapped(dy, cache):
    dx, dweight, dbias = layers.conv2d_backward(dy, cache)
    return dx[..., ::-1], dweight, dbias


# --- transposed convolution ---------------------------------------------------------------------------------------


def conv_transpose_kernel_flipped(dy, cache):
    x, weight, *rest = cache
    right = layers.conv_transpose2d_backward(dy, cache)
    return layers.conv_transpose2d_backward(dy, (x, weight[::-1, ::-1], *rest))[0], *right[1:]


def conv_transpose_weight_axes_swapped(dy, cache):
    dx, dweight, dbias = layers.conv_transpose2d_backward(dy, cache)
    kh, kw, c_in, c_out = dweight.shape
    return dx, dweight.transpose(0, 1, 3, 2).reshape(kh, kw, c_in, c_out), dbias


def conv_transpose_bias_counted_at_the_input(dy, cache):
    dx, dweight, _ = layers.conv_transpose2d_backward(dy, cache)
    return dx, dweight, dy[:, ::2, ::2].sum(axis=(0, 1, 2))


def conv_transpose_only_first_corner(dy, cache):
    x, weight, has_bias, stride, padding, _ = cache
    dcols = im2col(dy, weight.shape[:2], stride, padding).reshape(*x.shape[:3], *weight.shape[:2], -1)
    return dcols[:, :, :, 0, 0] @ weight[0, 0].T, *layers.conv_transpose2d_backward(dy, cache)[1:]


# --- max-pool: cache = (winner, shape of x, kernel, stride, padding, dtype) ---------------------------------------


def pool_gradient_to_every_pixel(dy, cache):
    _, _, kernel, *_ = cache
    wide = dy.repeat(kernel[0], axis=1).repeat(kernel[1], axis=2)
    dx = np.zeros(cache[1])
    dx[:, : wide.shape[1], : wide.shape[2]] = wide
    return (dx,)


def pool_average(dy, cache):
    _, _, kernel, *_ = cache
    return (pool_gradient_to_every_pixel(dy, cache)[0] / (kernel[0] * kernel[1]),)


def pool_always_first_pixel(dy, cache):
    winner, *rest = cache
    return (layers.max_pool2d_backward(dy, (np.zeros_like(winner), *rest)),)


def pool_overlap_overwrites(dy, cache):
    """Where two windows share their winner, only the last window's gradient arrives."""
    winner, shape, kernel, stride, padding, _ = cache
    dpadded = np.zeros((shape[0], shape[1] + 2 * padding[0], shape[2] + 2 * padding[1], shape[3]))
    for n, i, j, c in np.ndindex(dy.shape):
        a, b = divmod(int(winner[n, i, j, c]), kernel[1])
        dpadded[n, stride[0] * i + a, stride[1] * j + b, c] = dy[n, i, j, c]
    return (dpadded[:, padding[0] : padding[0] + shape[1], padding[1] : padding[1] + shape[2]],)


def pool_tie_given_to_both(dy, cache):
    """Every pixel as large as the maximum gets the gradient. `cache` holds the input too: see `with_input`."""
    (x,), y, (_, _, kernel, stride, padding, _) = cache
    padded, dpadded = (np.pad(a, ((0, 0), (padding[0],) * 2, (padding[1],) * 2, (0, 0))) for a in (x, np.zeros_like(x)))
    for place in window_places(kernel, stride, dy.shape[1:3]):
        dpadded[place] += dy * (padded[place] == y)
    return (dpadded[:, padding[0] : padding[0] + x.shape[1], padding[1] : padding[1] + x.shape[2]],)


def with_input(case: Case) -> Case:
    """The same case with a cache that holds the inputs and y as well, for a bug that needs them."""

    def forward(given):
        y, cache = case.forward(given)
        return y, (tuple(given.values()), y, cache)

    return dataclasses.replace(case, forward=forward, backward=lambda dy, cache: case.backward(dy, cache[2]))


# --- crop and concatenate: cache = (shape of skip, top, left) -----------------------------------------------------


def crop_off_by_one(dy, cache):
    shape, top, left = cache
    return layers.crop_concat_backward(dy, (shape, top + 1, left))


def crop_at_the_corner(dy, cache):
    return layers.crop_concat_backward(dy, (cache[0], 0, 0))


def concat_order_swapped(dy, cache):
    (*size, skip_channels), top, left = cache
    order = np.r_[dy.shape[3] - skip_channels : dy.shape[3], 0 : dy.shape[3] - skip_channels]
    return layers.crop_concat_backward(dy[..., order], cache)


# --- ReLU, normalisation ------------------------------------------------------------------------------------------


def relu_gradient_passes_everywhere(dy, cache):
    return (dy,)


def relu_mask_of_the_gradient(dy, cache):
    return (np.maximum(dy, 0),)


def dropout_gradient_passes_everywhere(dy, cache):
    return (dy,)


def dropout_gradient_not_scaled(dy, cache):
    return (dy * (cache > 0),)


def norm_mean_and_variance_held_constant(dy, cache):
    xhat, inverse_std, weight, _ = cache
    dx = ((dy * weight).reshape(xhat.shape) * inverse_std).reshape(dy.shape)
    return dx, *layers.group_norm_backward(dy, cache)[1:]


def norm_variance_held_constant(dy, cache):
    xhat, inverse_std, weight, _ = cache
    g = (dy * weight).reshape(xhat.shape)
    dx = ((g - g.mean(axis=(1, 3), keepdims=True)) * inverse_std).reshape(dy.shape)
    return dx, *layers.group_norm_backward(dy, cache)[1:]


def norm_scale_forgotten(dy, cache):
    xhat, inverse_std, weight, shape = cache
    return layers.group_norm_backward(dy, (xhat, inverse_std, np.ones_like(weight), shape))


# --- softmax and cross-entropy: cache = (probs, index, scale) -----------------------------------------------------


def softmax_only_the_diagonal(dy, cache):
    return (dy * cache * (1 - cache),)


def cross_entropy_sum_instead_of_mean(dy, cache):
    probs, index, scale = cache
    return (dy * layers.softmax_cross_entropy_backward((probs, index, np.ones_like(scale))),)


def cross_entropy_class_weight_left_out_of_the_normaliser(dy, cache):
    """Divided by the number of pixels, though the loss is divided by the sum of their weights."""
    probs, index, scale = cache
    wrong = np.array(CLASS_WEIGHT)[index[..., 0]] / scale.size
    return (dy * layers.softmax_cross_entropy_backward((probs, index, wrong)),)


def cross_entropy_class_weight_left_out(dy, cache):
    probs, index, scale = cache
    return (dy * layers.softmax_cross_entropy_backward((probs, index, np.full_like(scale, 1 / scale.size))),)


def cross_entropy_ignored_pixels_counted(dy, cache):
    probs, index, scale = cache
    filled = np.where(scale == 0, scale.mean(), scale)
    return (dy * layers.softmax_cross_entropy_backward((probs, index, filled)),)


def cross_entropy_label_shifted(dy, cache):
    probs, index, scale = cache
    return (dy * layers.softmax_cross_entropy_backward((probs, (index + 1) % probs.shape[-1], scale)),)


def cross_entropy_upstream_gradient_forgotten(dy, cache):
    return (layers.softmax_cross_entropy_backward(cache),)


# --- soft Dice: cache = (probs, truth, weights, dice, scale, shape), scale being 2 * share / bottom ---------------


def dice_bottom_held_constant(dy, cache):
    """The quotient rule without its second part."""
    probs, truth, weights, dice, scale, shape = cache
    return (dy * layers.soft_dice_backward((probs, truth, weights, 0 * dice, scale, shape)),)


def dice_sum_instead_of_squares(dy, cache):
    """As if the bottom held p, not its square: D / 2 in the place of D p."""
    probs, truth, weights, dice, scale, shape = cache
    dprobs = scale * (dice / 2 - truth) * weights.swapaxes(1, 2)
    return (dy * layers.softmax_backward(dprobs, probs).reshape(shape),)


def dice_factor_of_two_forgotten(dy, cache):
    probs, truth, weights, dice, scale, shape = cache
    return (dy * layers.soft_dice_backward((probs, truth, weights, dice, scale / 2, shape)),)


def dice_sum_over_samples_instead_of_mean(dy, cache):
    return (dy * len(cache[0]) * layers.soft_dice_backward(cache),)


def dice_of_the_whole_batch(dy, cache):
    """Samples meet: one coefficient of each class for all."""
    probs, truth, weights, dice, scale, shape = cache
    return (dy * layers.soft_dice_backward((probs, truth, weights, dice.mean(axis=0), scale, shape)),)


def dice_not_through_softmax(dy, cache):
    probs, truth, weights, dice, scale, shape = cache
    return (dy * (scale * (dice * probs - truth) * weights.swapaxes(1, 2)).reshape(shape),)


def dice_ignored_pixels_counted(dy, cache):
    probs, truth, weights, dice, scale, shape = cache
    filled = np.where(weights == 0, weights.mean(), weights)
    return (dy * layers.soft_dice_backward((probs, truth, filled, dice, scale, shape)),)


# --- the network --------------------------------------------------------------------------------------------------

NET = UNet(in_channels=2, classes=3, base=2, depth=2)


def network_backward(net: UNet) -> Backward:
    def backward(dy, cache):
        dx, grads = net.backward(dy, cache)
        return dx, *(grads[name] for name in net.shapes())

    return backward


def network_skip_gradient_forgotten(dy, cache):
    class NoSkip(Up):
        def backward(self, dy, cache):
            dx, dskip, grads = super().backward(dy, cache)
            return dx, np.zeros_like(dskip), grads

    net = UNet(NET.in_channels, NET.classes, NET.base, NET.depth)
    net.ups = [NoSkip(up.convs) for up in net.ups]
    return network_backward(net)(dy, cache)


def network_gradients_of_two_layers_swapped(dy, cache):
    dx, *grads = network_backward(NET)(dy, cache)
    names = list(NET.shapes())
    one, two = names.index("down1.conv1.bias"), names.index("down1.conv2.bias")
    grads[one], grads[two] = grads[two], grads[one]
    return dx, *grads


STRIDED = {"kernel": (2, 3), "stride": 2, "padding": 1}
CLASS_WEIGHT = (0.5, 1, 2, 3, 1.5)
OVERLAPPING = {"kernel": 3, "stride": 2, "padding": 1}

BUGS = [
    *(
        Bug(backward.__name__, cases.conv2d_case, backward)
        for backward in (
            conv_kernel_not_flipped,
            conv_bias_not_summed_over_batch,
            conv_bias_mean_instead_of_sum,
            conv_weight_of_first_sample_only,
            conv_weight_averaged_over_batch,
            conv_padding_forgotten_in_dweight,
            conv_col2im_overwrites,
            conv_crop_of_padding_off_by_one,
            conv_rows_and_columns_of_kernel_swapped,
            conv_channels_swapped,
        )
    ),
    Bug("conv_stride_ignored_in_dx", lambda rng: cases.conv2d_case(rng, **STRIDED), conv_stride_ignored_in_dx),
    *(
        Bug(backward.__name__, cases.conv_transpose2d_case, backward)
        for backward in (
            conv_transpose_kernel_flipped,
            conv_transpose_weight_axes_swapped,
            conv_transpose_bias_counted_at_the_input,
            conv_transpose_only_first_corner,
        )
    ),
    *(
        Bug(backward.__name__, cases.max_pool2d_case, backward)
        for backward in (pool_gradient_to_every_pixel, pool_average, pool_always_first_pixel)
    ),
    Bug(
        "pool_tie_given_to_both", lambda rng: with_input(cases.max_pool2d_case(rng, ties=True)), pool_tie_given_to_both
    ),
    Bug("pool_overlap_overwrites", lambda rng: cases.max_pool2d_case(rng, **OVERLAPPING), pool_overlap_overwrites),
    *(
        Bug(backward.__name__, cases.crop_concat_case, backward)
        for backward in (crop_off_by_one, crop_at_the_corner, concat_order_swapped)
    ),
    *(
        Bug(backward.__name__, cases.relu_case, backward)
        for backward in (relu_gradient_passes_everywhere, relu_mask_of_the_gradient)
    ),
    *(
        Bug(backward.__name__, cases.dropout_case, backward)
        for backward in (dropout_gradient_passes_everywhere, dropout_gradient_not_scaled)
    ),
    *(
        Bug(backward.__name__, cases.group_norm_case, backward)
        for backward in (norm_mean_and_variance_held_constant, norm_variance_held_constant, norm_scale_forgotten)
    ),
    Bug("softmax_only_the_diagonal", cases.softmax_case, softmax_only_the_diagonal),
    *(
        Bug(backward.__name__, cases.cross_entropy_case, backward)
        for backward in (
            cross_entropy_sum_instead_of_mean,
            cross_entropy_label_shifted,
            cross_entropy_upstream_gradient_forgotten,
        )
    ),
    *(
        Bug(backward.__name__, lambda rng: cases.cross_entropy_case(rng, class_weight=CLASS_WEIGHT), backward)
        for backward in (
            cross_entropy_class_weight_left_out_of_the_normaliser,
            cross_entropy_class_weight_left_out,
        )
    ),
    Bug(
        "cross_entropy_ignored_pixels_counted",
        lambda rng: cases.cross_entropy_case(rng, ignore=True),
        cross_entropy_ignored_pixels_counted,
    ),
    *(
        Bug(backward.__name__, cases.dice_case, backward)
        for backward in (
            dice_bottom_held_constant,
            dice_sum_instead_of_squares,
            dice_factor_of_two_forgotten,
            dice_sum_over_samples_instead_of_mean,
            dice_of_the_whole_batch,
            dice_not_through_softmax,
        )
    ),
    Bug("dice_ignored_pixels_counted", lambda rng: cases.dice_case(rng, ignore=True), dice_ignored_pixels_counted),
    *(
        Bug(backward.__name__, lambda rng: cases.network_case(rng, NET, (6, 8)), backward)
        for backward in (network_skip_gradient_forgotten, network_gradients_of_two_layers_swapped)
    ),
]
