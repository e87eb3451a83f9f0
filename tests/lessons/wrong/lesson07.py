"""Wrong solutions of lesson 7. Where NumPy warns of an overflow a learner reads on, but here a warning is an error."""

import numpy as np
from scipy import ndimage

from lessons.exercises.solutions import lesson07_softmax_cross_entropy as good
from tests.lessons.wrong import wrong

# --- 7.1 softmax


@wrong("7.1")
@np.errstate(all="ignore")
def by_the_formula(logits):
    return np.exp(logits) / np.sum(np.exp(logits), axis=-1, keepdims=True)


@wrong("7.1")
@np.errstate(all="ignore")
def largest_of_everything(logits):
    e = np.exp(logits - np.max(logits))
    return e / e.sum(axis=-1, keepdims=True)


@wrong("7.1")
def summed_over_everything(logits):
    e = np.exp(logits - logits.max())
    return e / e.sum()


@wrong("7.1")
def each_row_shifted_but_one_sum(logits):
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / np.sum(e)


@wrong("7.1")
def axis_one(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@wrong("7.1")
def sum_without_keepdims(logits):
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1)


@wrong("7.1")
def clipped_to_be_safe(logits):
    e = np.exp(np.clip(logits, -80, 80))
    return e / e.sum(axis=-1, keepdims=True)


@wrong("7.1")
def epsilon_in_the_sum(logits):
    logits = logits - logits.max(axis=-1, keepdims=True)
    return np.exp(logits) / (np.exp(logits).sum(axis=-1, keepdims=True) + 1e-7)


@wrong("7.1")
def scaled_instead_of_shifted(logits):
    e = np.exp(logits / logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@wrong("7.1")
def shifted_in_place(logits):
    logits -= logits.max(axis=-1, keepdims=True)
    np.exp(logits, out=logits)
    return logits / logits.sum(axis=-1, keepdims=True)


@wrong("7.1")
def row_by_row_into_float64(logits):
    probs = np.zeros(logits.shape)
    for index in np.ndindex(logits.shape[:-1]):
        e = np.exp(logits[index] - logits[index].max())
        probs[index] = e / e.sum()
    return probs


# --- 7.2 cross_entropy


def picked(probs, labels):
    return np.take_along_axis(probs, labels[..., None], axis=-1)[..., 0]


@wrong("7.2")
@np.errstate(all="ignore")
def log_of_the_probability(logits, labels):
    return np.mean(-np.log(picked(good.softmax(logits), labels)))


@wrong("7.2")
def log_of_the_probability_and_epsilon(logits, labels):
    return -np.log(picked(good.softmax(logits), labels) + 1e-12).mean()


@wrong("7.2")
def probability_clipped(logits, labels):
    probs = np.clip(good.softmax(logits), 1e-7, 1 - 1e-7)
    return -np.log(picked(probs, labels)).mean()


@wrong("7.2")
def sum_over_pixels(logits, labels):
    total = 0.0
    for row, label in zip(logits.reshape(-1, logits.shape[-1]), labels.ravel(), strict=True):
        total += np.log(np.exp(row - row.max()).sum()) - (row - row.max())[label]
    return total


@wrong("7.2")
def mean_over_samples_only(logits, labels):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -picked(log_probs, labels).sum() / logits.shape[0]


@wrong("7.2")
def mean_over_the_onehot_table(logits, labels):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -(np.eye(logits.shape[-1])[labels] * log_probs).mean()


@wrong("7.2")
def shift_not_given_back(logits, labels):
    shift = logits.max(axis=-1, keepdims=True)
    return np.mean(np.log(np.exp(logits - shift).sum(axis=-1)) - picked(logits, labels))


@wrong("7.2")
def labels_of_all_pixels(logits, labels):
    return -np.log(good.softmax(logits)[..., labels]).mean()


@wrong("7.2")
@np.errstate(all="ignore")
def log_sum_exp_that_overflows(logits, labels):
    return (np.log(np.exp(logits).sum(axis=-1)) - picked(logits, labels)).mean()


@wrong("7.2")
def largest_of_everything_in_its_softmax(logits, labels):
    e = np.exp(logits - logits.max())
    return -np.log(picked(e / e.sum(axis=-1, keepdims=True), labels)).mean()


@wrong("7.2")
def softmax_that_overflows(logits, labels):
    e = np.exp(logits)
    return -np.log(picked(e / e.sum(axis=-1, keepdims=True), labels)).mean()


@wrong("7.2")
def softmax_twice(logits, labels):
    return good.cross_entropy(good.softmax(logits), labels)


@wrong("7.2")
def binary_cross_entropy(logits, labels):
    p = good.softmax(logits)
    y = np.eye(logits.shape[-1])[labels]
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(axis=-1).mean()


# --- 7.3 cross_entropy_backward


@wrong("7.3")
def mean_forgotten(logits, labels):
    return good.softmax(logits) - (np.arange(logits.shape[-1]) == labels[..., None])


@wrong("7.3")
def divided_by_the_batch(logits, labels):
    return (good.softmax(logits) - (np.arange(logits.shape[-1]) == labels[..., None])) / len(logits)


@wrong("7.3")
def truth_minus_answer(logits, labels):
    onehot = np.eye(logits.shape[-1])[labels]
    return (onehot - good.softmax(logits)) / labels.size


@wrong("7.3")
def only_the_true_class(logits, labels):
    dlogits = np.zeros_like(logits)
    probs = good.softmax(logits)
    for index in np.ndindex(labels.shape):
        dlogits[index][labels[index]] = probs[index][labels[index]] - 1
    return dlogits / labels.size


@wrong("7.3")
def every_label_at_every_pixel(logits, labels):
    dlogits = good.softmax(logits)
    dlogits[..., labels] -= 1
    return dlogits / labels.size


@wrong("7.3")
@np.errstate(all="ignore")
def in_two_steps(logits, labels):
    probs = good.softmax(logits)
    dprobs = -np.eye(logits.shape[-1])[labels] / probs / labels.size
    return probs * (dprobs - (dprobs * probs).sum(axis=-1, keepdims=True))


@wrong("7.3")
def through_softmax_once_more(logits, labels):
    probs = good.softmax(logits)
    difference = (probs - (np.arange(logits.shape[-1]) == labels[..., None])) / labels.size
    return probs * (difference - (difference * probs).sum(axis=-1, keepdims=True))


@wrong("7.3")
def onehot_of_eye_is_float64(logits, labels):
    return (good.softmax(logits) - np.eye(logits.shape[-1])[labels]) / labels.size


@wrong("7.3")
@np.errstate(all="ignore")
def exp_overflows(logits, labels):
    e = np.exp(logits)
    dlogits = e / e.sum(axis=-1, keepdims=True)
    for index in np.ndindex(labels.shape):
        dlogits[index][labels[index]] -= 1
    return dlogits / labels.size


# --- 7.4 weighted_cross_entropy


def per_pixel(logits, labels):
    """The loss of each pixel and its gradient."""
    index = labels[..., None]
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    losses = -np.take_along_axis(log_probs, index, axis=-1)[..., 0]
    return losses, np.exp(log_probs) - (np.arange(logits.shape[-1]) == index)


@wrong("7.4")
def divided_by_all_pixels(logits, labels, class_weight, ignore_index):
    counted = labels != ignore_index
    safe = np.where(counted, labels, 0)
    losses, gradient = per_pixel(logits, safe)
    weights = class_weight[safe] * counted
    return (weights * losses).mean(), weights[..., None] * gradient / labels.size


@wrong("7.4")
def divided_by_the_pixels_that_count(logits, labels, class_weight, ignore_index):
    counted = labels != ignore_index
    safe = np.where(counted, labels, 0)
    losses, gradient = per_pixel(logits, safe)
    weights = class_weight[safe] * counted
    n = max(counted.sum(), 1)
    return (weights * losses).sum() / n, weights[..., None] * gradient / n


@wrong("7.4")
def ignored_weights_in_the_divisor(logits, labels, class_weight, ignore_index):
    safe = np.where(labels == ignore_index, 0, labels)
    losses, gradient = per_pixel(logits, safe)
    weights = class_weight[safe]
    losses[labels == ignore_index] = 0
    gradient[labels == ignore_index] = 0
    return (weights * losses).sum() / weights.sum(), weights[..., None] * gradient / weights.sum()


@wrong("7.4")
def ignores_what_is_too_large(logits, labels, class_weight, ignore_index):
    counted = labels < logits.shape[-1]
    safe = np.where(counted, labels, 0)
    losses, gradient = per_pixel(logits, safe)
    weights = class_weight[safe] * counted
    if weights.sum() == 0:
        return 0.0, np.zeros_like(logits)
    return (weights * losses).sum() / weights.sum(), weights[..., None] * gradient / weights.sum()


@wrong("7.4")
def ignores_what_is_no_class(logits, labels, class_weight, ignore_index):
    counted = (labels >= 0) & (labels < logits.shape[-1])
    return good.weighted_cross_entropy(logits, np.where(counted, labels, 255), class_weight, 255)


@wrong("7.4")
def gradient_of_the_unweighted_loss(logits, labels, class_weight, ignore_index):
    loss, _ = good.weighted_cross_entropy(logits, labels, class_weight, ignore_index)
    counted = labels != ignore_index
    _, gradient = per_pixel(logits, np.where(counted, labels, 0))
    return loss, gradient * counted[..., None] / max(counted.sum(), 1)


@wrong("7.4")
def weights_along_the_channels(logits, labels, class_weight, ignore_index):
    counted = labels != ignore_index
    safe = np.where(counted, labels, 0)
    total = (class_weight[safe] * counted).sum()
    loss, _ = good.weighted_cross_entropy(logits, labels, class_weight, ignore_index)
    if total == 0:
        return 0.0, np.zeros_like(logits)
    return loss, per_pixel(logits, safe)[1] * class_weight * counted[..., None] / total


@wrong("7.4")
@np.errstate(all="ignore")
def nothing_counts(logits, labels, class_weight, ignore_index):
    counted = labels != ignore_index
    safe = np.where(counted, labels, 0)
    losses, gradient = per_pixel(logits, safe)
    weights = class_weight[safe] * counted
    return (weights * losses).sum() / weights.sum(), weights[..., None] * gradient / weights.sum()


@wrong("7.4")
def softmax_left_in_ignored_pixels(logits, labels, class_weight, ignore_index):
    loss, dlogits = good.weighted_cross_entropy(logits, labels, class_weight, ignore_index)
    weights = np.array([0 if label == ignore_index else class_weight[label] for label in labels.ravel()])
    if weights.sum():
        dlogits[labels == ignore_index] = good.softmax(logits)[labels == ignore_index] / weights.sum()
    return loss, dlogits


@wrong("7.4")
def gradient_of_7_3_taken_over(logits, labels, class_weight, ignore_index):
    loss, _ = good.weighted_cross_entropy(logits, labels, class_weight, ignore_index)
    counted = labels != ignore_index
    safe = np.where(counted, labels, 0)
    weights = class_weight[safe] * counted
    if weights.sum() == 0:
        return 0.0, np.zeros_like(logits)
    return loss, good.cross_entropy_backward(logits, safe) * (weights / weights.sum())[..., None]


@wrong("7.4")
def one_value_for_two(logits, labels, class_weight, ignore_index):
    return good.weighted_cross_entropy(logits, labels, class_weight, ignore_index)[0]


# --- 7.5 seam_weights


def distance_maps(instances):
    """To every object, by another way than the solution's."""
    return [ndimage.distance_transform_edt(instances != n) for n in np.unique(instances) if n != 0]


def enough(instances):
    return len(np.unique(instances[instances > 0])) >= 2


@wrong("7.5")
def objects_keep_their_weight(instances, w0, sigma):
    if not enough(instances):
        return np.zeros(instances.shape)
    d = np.sort(distance_maps(instances), axis=0)
    return w0 * np.exp(-((d[0] + d[1]) ** 2) / (2 * sigma**2))


@wrong("7.5")
def sum_of_squares(instances, w0, sigma):
    if not enough(instances):
        return np.zeros(instances.shape)
    d = np.sort(distance_maps(instances), axis=0)
    return (instances == 0) * w0 * np.exp(-(d[0] ** 2 + d[1] ** 2) / (2 * sigma**2))


@wrong("7.5")
def brackets_forgotten(instances, w0, sigma):
    if not enough(instances):
        return np.zeros(instances.shape)
    d = np.sort(distance_maps(instances), axis=0)
    return (instances == 0) * w0 * np.exp(-((d[0] + d[1]) ** 2) / 2 * sigma**2)


@wrong("7.5")
def two_nearest_pixels(instances, w0, sigma):
    if not enough(instances):
        return np.zeros(instances.shape)
    pixels = np.argwhere(instances > 0)
    weights = np.zeros(instances.shape)
    for r, c in np.argwhere(instances == 0):
        away = np.sort(np.hypot(*(pixels - (r, c)).T))
        weights[r, c] = w0 * np.exp(-((away[0] + away[1]) ** 2) / (2 * sigma**2))
    return weights


@wrong("7.5")
def centres_of_the_objects(instances, w0, sigma):
    if not enough(instances):
        return np.zeros(instances.shape)
    centres = [np.mean(np.nonzero(instances == n), axis=1) for n in np.unique(instances) if n]
    weights = np.zeros(instances.shape)
    for r, c in np.argwhere(instances == 0):
        d1, d2, *_ = sorted(np.hypot(r - row, c - column) for row, column in centres)
        weights[r, c] = w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2))
    return weights


@wrong("7.5")
def last_instead_of_second(instances, w0, sigma):
    if not enough(instances):
        return np.zeros(instances.shape)
    d = distance_maps(instances)
    return np.where(instances > 0, 0, w0 * np.exp(-((np.min(d, axis=0) + np.max(d, axis=0)) ** 2) / (2 * sigma**2)))


@wrong("7.5")
def background_is_no_object(instances, w0, sigma):
    if not enough(instances):
        return np.zeros(instances.shape)
    d = np.sort([ndimage.distance_transform_edt(instances != n) for n in np.unique(instances)], axis=0)
    return np.where(instances > 0, 0, w0 * np.exp(-((d[0] + d[1]) ** 2) / (2 * sigma**2)))


@wrong("7.5")
def steps_of_a_taxi(instances, w0, sigma):
    if not enough(instances):
        return np.zeros(instances.shape)
    d = [ndimage.distance_transform_cdt(instances != n, metric="taxicab") for n in np.unique(instances) if n]
    d = np.sort(d, axis=0)
    return np.where(instances > 0, 0, w0 * np.exp(-((d[0] + d[1]) ** 2) / (2 * sigma**2)))


@wrong("7.5")
def numbers_without_gaps(instances, w0, sigma):
    d = np.sort([_to(instances, n) for n in range(1, instances.max() + 1)], axis=0)
    return np.where(instances > 0, 0, w0 * np.exp(-((d[0] + d[1]) ** 2) / (2 * sigma**2)))


def _to(instances, number):
    rows, columns = np.nonzero(instances == number)
    r, c = np.indices(instances.shape)
    return np.min([np.hypot(r - row, c - column) for row, column in zip(rows, columns, strict=True)], axis=0)


@wrong("7.5")
def alone_is_near_to_itself(instances, w0, sigma):
    d = np.sort(distance_maps(instances), axis=0)
    if len(d) == 0:
        return np.zeros(instances.shape)
    return np.where(instances > 0, 0, w0 * np.exp(-((d[0] + d[min(1, len(d) - 1)]) ** 2) / (2 * sigma**2)))


# --- 7.6 softmax_backward


@wrong("7.6")
def like_a_sigmoid(dy, probs):
    return dy * probs * (1 - probs)


@wrong("7.6")
def outer_factor_forgotten(dy, probs):
    return dy - (dy * probs).sum(axis=-1, keepdims=True)


@wrong("7.6")
def sum_of_dy(dy, probs):
    return probs * (dy - dy.sum(axis=-1, keepdims=True))


@wrong("7.6")
def sum_over_the_array(dy, probs):
    return probs * (dy - np.sum(dy * probs))


@wrong("7.6")
def keepdims_forgotten(dy, probs):
    return probs * (dy - (dy * probs).sum(axis=-1))


@wrong("7.6")
def plus_instead_of_minus(dy, probs):
    dot = np.einsum("...k,...k->...", dy, probs)
    return probs * dy + probs * dot[..., None]


@wrong("7.6")
def back_through_log_softmax(dy, probs):
    return dy - probs * dy.sum(axis=-1, keepdims=True)


@wrong("7.6")
def mean_of_dy(dy, probs):
    return probs * (dy - dy.mean(axis=-1, keepdims=True))


@wrong("7.6")
def sum_over_axis_one(dy, probs):
    return probs * (dy - (dy * probs).sum(axis=1, keepdims=True))


# --- 7.7 soft_dice


def onehot_of(logits, labels):
    return np.eye(logits.shape[-1])[labels]


@wrong("7.7")
def coefficient_instead_of_loss(logits, labels, weights, smooth):
    return 1 - good.soft_dice(logits, labels, weights, smooth)


@wrong("7.7")
def flattened_with_the_batch(logits, labels, weights, smooth):
    k = logits.shape[-1]
    p, g, w = good.softmax(logits).reshape(-1, k), onehot_of(logits, labels).reshape(-1, k), weights.reshape(-1, 1)
    d = (2 * (w * p * g).sum(axis=0) + smooth) / ((w * p * p).sum(axis=0) + (w * g).sum(axis=0) + smooth)
    return 1 - d.mean()


@wrong("7.7")
def one_fraction_for_all_classes(logits, labels, weights, smooth):
    p, g, losses = good.softmax(logits), onehot_of(logits, labels), []
    for n in range(len(logits)):
        w = weights[n][..., None]
        top, bottom = 2 * np.sum(w * p[n] * g[n]) + smooth, np.sum(w * (p[n] ** 2 + g[n])) + smooth
        losses.append(1 - top / bottom)
    return np.mean(losses)


@wrong("7.7")
def areas_not_squared(logits, labels, weights, smooth):
    p, g, w = good.softmax(logits), onehot_of(logits, labels), weights[..., None]
    top = 2 * np.einsum("nhwk,nhwk->nk", w * p, g) + smooth
    return np.mean(1 - top / ((w * p).sum(axis=(1, 2)) + (w * g).sum(axis=(1, 2)) + smooth))


@wrong("7.7")
def sum_squared(logits, labels, weights, smooth):
    p, g, w = good.softmax(logits), onehot_of(logits, labels), weights[..., None]
    top = 2 * (w * p * g).sum(axis=(1, 2)) + smooth
    return np.mean(1 - top / ((w * p).sum(axis=(1, 2)) ** 2 + (w * g).sum(axis=(1, 2)) ** 2 + smooth))


@wrong("7.7")
def masked_before(logits, labels, weights, smooth):
    """Probabilities and truth are multiplied by the weights first, and then squared with them."""
    w = weights[..., None]
    p, g = good.softmax(logits) * w, onehot_of(logits, labels) * w
    d = (2 * (p * g).sum(axis=(1, 2)) + smooth) / ((p**2).sum(axis=(1, 2)) + (g**2).sum(axis=(1, 2)) + smooth)
    return (1 - d).mean()


@wrong("7.7")
def weights_forgotten(logits, labels, weights, smooth):
    p, g = good.softmax(logits), onehot_of(logits, labels)
    d = (2 * (p * g).sum(axis=(1, 2)) + smooth) / ((p**2 + g).sum(axis=(1, 2)) + smooth)
    return (1 - d).mean()


@wrong("7.7")
@np.errstate(all="ignore")
def smooth_forgotten(logits, labels, weights, smooth):
    p, g, w = good.softmax(logits), onehot_of(logits, labels), weights[..., None]
    return np.mean(1 - 2 * (w * p * g).sum(axis=(1, 2)) / (w * (p**2 + g)).sum(axis=(1, 2)))


@wrong("7.7")
def smooth_below_only(logits, labels, weights, smooth):
    p, g, w = good.softmax(logits), onehot_of(logits, labels), weights[..., None]
    return np.mean(1 - 2 * (w * p * g).sum(axis=(1, 2)) / ((w * (p**2 + g)).sum(axis=(1, 2)) + smooth))


@wrong("7.7")
def background_left_out(logits, labels, weights, smooth):
    losses = []
    p, g = good.softmax(logits), onehot_of(logits, labels)
    for n in range(len(logits)):
        for k in range(1, logits.shape[-1]):
            top = 2 * np.sum(weights[n] * p[n, ..., k] * g[n, ..., k]) + smooth
            losses.append(1 - top / (np.sum(weights[n] * (p[n, ..., k] ** 2 + g[n, ..., k])) + smooth))
    return np.mean(losses)


@wrong("7.7")
def two_forgotten(logits, labels, weights, smooth):
    p, g, w = good.softmax(logits), onehot_of(logits, labels), weights[..., None]
    return np.mean(1 - ((w * p * g).sum(axis=(1, 2)) + smooth) / ((w * (p**2 + g)).sum(axis=(1, 2)) + smooth))


@wrong("7.7")
def axes_of_channels_first(logits, labels, weights, smooth):
    p, g, w = good.softmax(logits), onehot_of(logits, labels), weights[..., None]
    d = (2 * (w * p * g).sum(axis=(2, 3)) + smooth) / ((w * (p**2 + g)).sum(axis=(2, 3)) + smooth)
    return np.mean(1 - d)


# --- 7.8 soft_dice_backward


def fraction(logits, labels, weights, smooth):
    """Probabilities, truth, weights, and the two parts of the fraction."""
    p, w = good.softmax(logits), weights[..., None]
    g = (np.arange(logits.shape[-1]) == labels[..., None]).astype(logits.dtype)
    top = 2 * (w * p * g).sum(axis=(1, 2), keepdims=True) + smooth
    return p, g, w, top, (w * (p**2 + g)).sum(axis=(1, 2), keepdims=True) + smooth


@wrong("7.8")
def softmax_forgotten(logits, labels, weights, smooth):
    p, g, w, top, bottom = fraction(logits, labels, weights, smooth)
    return -(2 * w * g * bottom - top * 2 * w * p) / bottom**2 / top.size


@wrong("7.8")
def gradient_of_the_coefficient(logits, labels, weights, smooth):
    p, g, w, top, bottom = fraction(logits, labels, weights, smooth)
    return good.softmax_backward((2 * w * g * bottom - top * 2 * w * p) / bottom**2 / top.size, p)


@wrong("7.8")
def denominator_taken_for_a_number(logits, labels, weights, smooth):
    p, g, w, top, bottom = fraction(logits, labels, weights, smooth)
    return good.softmax_backward(-2 * w * g / bottom / top.size, p)


@wrong("7.8")
def not_over_the_square(logits, labels, weights, smooth):
    p, g, w, top, bottom = fraction(logits, labels, weights, smooth)
    return good.softmax_backward((top * 2 * w * p - 2 * w * g * bottom) / bottom / top.size, p)


@wrong("7.8")
def plus_in_the_quotient_rule(logits, labels, weights, smooth):
    p, g, w, top, bottom = fraction(logits, labels, weights, smooth)
    return good.softmax_backward(-(2 * w * g * bottom + top * 2 * w * p) / bottom**2 / top.size, p)


@wrong("7.8")
def mean_over_classes_only(logits, labels, weights, smooth):
    p, g, w, top, bottom = fraction(logits, labels, weights, smooth)
    return good.softmax_backward(2 * w * (top / bottom * p - g) / bottom / logits.shape[-1], p)


@wrong("7.8")
def divided_by_all_logits(logits, labels, weights, smooth):
    p, g, w, top, bottom = fraction(logits, labels, weights, smooth)
    return good.softmax_backward(2 * w * (top / bottom * p - g) / bottom / logits.size, p)


@wrong("7.8")
def weights_in_the_sums_only(logits, labels, weights, smooth):
    p, g, _, top, bottom = fraction(logits, labels, weights, smooth)
    return good.softmax_backward(2 * (top / bottom * p - g) / bottom / top.size, p)


@wrong("7.8")
def square_without_its_two(logits, labels, weights, smooth):
    p, g, w, top, bottom = fraction(logits, labels, weights, smooth)
    return good.softmax_backward((top * w * p - 2 * w * g * bottom) / bottom**2 / top.size, p)


@wrong("7.8")
def of_the_cross_entropy(logits, labels, weights, smooth):
    p, g, w, *_ = fraction(logits, labels, weights, smooth)
    return w * (p - g) / w.sum()


@wrong("7.8")
def truth_of_eye_is_float64(logits, labels, weights, smooth):
    p, _, w, top, bottom = fraction(logits, labels, weights, smooth)
    return good.softmax_backward(2 * w * (top / bottom * p - onehot_of(logits, labels)) / bottom / top.size, p)


@wrong("7.8")
def one_sum_for_all_samples(logits, labels, weights, smooth):
    p, g, w, *_ = fraction(logits, labels, weights, smooth)
    top = 2 * (w * p * g).sum(axis=(0, 1, 2)) + smooth
    bottom = (w * (p**2 + g)).sum(axis=(0, 1, 2)) + smooth
    return good.softmax_backward(2 * w * (top / bottom * p - g) / bottom / logits.shape[-1], p)
