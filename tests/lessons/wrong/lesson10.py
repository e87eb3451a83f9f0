"""Wrong solutions of lesson 10."""

import numpy as np

from tests.lessons.wrong import wrong

# --- 10.1 flip_both


@wrong("10.1")
def labels_forgotten(image, labels, left_right, up_down):
    if left_right:
        image = image[:, ::-1]
    if up_down:
        image = image[::-1]
    return image, labels


@wrong("10.1")
def axes_swapped(image, labels, left_right, up_down):
    if left_right:
        image, labels = np.flip(image, 0), np.flip(labels, 0)
    if up_down:
        image, labels = np.flip(image, 1), np.flip(labels, 1)
    return image, labels


@wrong("10.1")
def last_axis_of_the_image(image, labels, left_right, up_down):
    if left_right:
        image, labels = image[..., ::-1], labels[..., ::-1]  # the same code for both, but the image has channels
    if up_down:
        image, labels = image[::-1], labels[::-1]
    return image, labels


@wrong("10.1")
def one_or_the_other(image, labels, left_right, up_down):
    if left_right:
        return image[:, ::-1], labels[:, ::-1]
    elif up_down:
        return image[::-1], labels[::-1]
    return image, labels


@wrong("10.1")
def labels_flipped_the_other_way(image, labels, left_right, up_down):
    if left_right:
        image, labels = np.fliplr(image), np.flipud(labels)
    if up_down:
        image, labels = np.flipud(image), np.fliplr(labels)
    return image, labels


@wrong("10.1")
def only_when_both(image, labels, left_right, up_down):
    if left_right and up_down:
        return image[::-1, ::-1], labels[::-1, ::-1]
    return image, labels


@wrong("10.1")
def labels_flipped_with_a_channel_axis(image, labels, left_right, up_down):
    both = np.concatenate([image, labels[..., None]], axis=2)
    both = both[:: -1 if up_down else 1, :: -1 if left_right else 1]
    return both[..., :-1], both[..., -1:]


@wrong("10.1")
def labels_first(image, labels, left_right, up_down):
    if left_right:
        image, labels = np.fliplr(image), np.fliplr(labels)
    if up_down:
        image, labels = np.flipud(image), np.flipud(labels)
    return labels, image


@wrong("10.1")
def flip_without_an_axis(image, labels, left_right, up_down):
    if left_right:
        image, labels = np.flip(image), np.flip(labels)
    if up_down:
        image, labels = np.flip(image), np.flip(labels)
    return image, labels


@wrong("10.1")
def both_if_either(image, labels, left_right, up_down):
    if left_right or up_down:
        return image[::-1, ::-1], labels[::-1, ::-1]
    return image, labels


@wrong("10.1")
def labels_without_an_axis(image, labels, left_right, up_down):
    if left_right:
        image, labels = image[:, ::-1], np.flip(labels)
    if up_down:
        image, labels = image[::-1], np.flip(labels)
    return image, labels


# --- 10.2 class_weights


@wrong("10.2")
def frequencies(labels, classes):
    counts = np.bincount(labels.ravel(), minlength=classes)
    return counts / labels.size


@wrong("10.2")
def sums_to_one(labels, classes):
    counts = np.bincount(labels.ravel(), minlength=classes)
    weights = np.array([1 / count if count else 0.0 for count in counts])
    return weights / weights.sum()


@wrong("10.2")
def mean_over_all_classes(labels, classes):
    weights = np.zeros(classes)
    for k in range(classes):
        count = (labels == k).sum()
        if count > 0:
            weights[k] = 1 / count
    return weights / weights.mean()


@wrong("10.2")
def scikit_learns_formula(labels, classes):
    present, counts = np.unique(labels, return_counts=True)
    weights = np.zeros(classes)
    weights[present] = labels.size / (len(present) * counts)
    return weights


@wrong("10.2")
def added_one(labels, classes):
    weights = np.array([1 / ((labels == k).sum() + 1) for k in range(classes)])
    return weights / weights.mean()


@wrong("10.2")
def divided_by_zero(labels, classes):
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = 1 / np.bincount(labels.flatten(), minlength=classes)
        return weights / np.mean(weights)


@wrong("10.2")
def as_many_as_were_found(labels, classes):
    weights = 1 / np.unique(labels, return_counts=True)[1]
    return weights / weights.mean()


@wrong("10.2")
def rarest_class_one(labels, classes):
    weights = np.array([1 / max((labels == k).sum(), 1) * (labels == k).any() for k in range(classes)])
    return weights / weights.max()


# --- 10.3 dropout


@wrong("10.3")
def not_scaled(x, drawn, rate):
    mask = (drawn >= rate).astype(x.dtype)
    return x * mask, mask


@wrong("10.3")
def scaled_down(x, drawn, rate):
    mask = np.where(drawn < rate, 0, 1 - rate).astype(x.dtype)
    return x * mask, mask


@wrong("10.3")
def rate_is_what_stays(x, drawn, rate):
    keep = drawn < rate
    mask = (keep / max(rate, 1e-12)).astype(x.dtype)
    return x * mask, mask


@wrong("10.3")
def mask_not_scaled(x, drawn, rate):
    mask = (drawn >= rate).astype(x.dtype)
    return x * mask / x.dtype.type(1 - rate), mask


@wrong("10.3")
def inverted(x, drawn, rate):
    y = np.where(drawn > rate, 0, x / (1 - rate)).astype(x.dtype)
    return y, (y != 0).astype(x.dtype)


@wrong("10.3")
def strictly_above(x, drawn, rate):
    mask = np.zeros_like(x)
    mask[drawn > rate] = 1 / (1 - rate)
    return x * mask, mask


@wrong("10.3")
def always_float64(x, drawn, rate):
    mask = (drawn >= rate) / (1 - rate)
    return x * mask, mask


@wrong("10.3")
def zeroed_in_place(x, drawn, rate):
    mask = ((drawn >= rate) / (1 - rate)).astype(x.dtype)
    x *= mask
    return x, mask


@wrong("10.3")
def mask_first(x, drawn, rate):
    mask = ((drawn >= rate) / (1 - rate)).astype(x.dtype)
    return mask, x * mask


@wrong("10.3")
def numbers_of_its_own(x, drawn, rate):
    mask = ((np.random.default_rng(0).random(x.shape) >= rate) / (1 - rate)).astype(x.dtype)
    return x * mask, mask


# --- 10.4 follow_average


@wrong("10.4")
def no_warm_up(average, params, decay, step):
    return {name: decay * average[name] + (1 - decay) * params[name] for name in average}


@wrong("10.4")
def old_and_new_swapped(average, params, decay, step):
    decay = min(decay, (step + 1) / (step + 10))
    return {name: (1 - decay) * average[name] + decay * params[name] for name in average}


@wrong("10.4")
def in_place(average, params, decay, step):
    decay = min(decay, (1 + step) / (10 + step))
    for name in average:
        average[name] *= decay
        average[name] += (1 - decay) * params[name]
    return average


@wrong("10.4")
def larger_of_both(average, params, decay, step):
    decay = max(decay, (1 + step) / (10 + step))
    return {name: decay * average[name] + (1 - decay) * params[name] for name in average}


@wrong("10.4")
def new_ones_whole(average, params, decay, step):
    decay = min(decay, (1 + step) / (10 + step))
    return {name: decay * average[name] + params[name] for name in average}


@wrong("10.4")
def nothing_returned(average, params, decay, step):
    decay = min(decay, (1 + step) / (10 + step))
    average = {name: decay * average[name] + (1 - decay) * params[name] for name in average}


@wrong("10.4")
def counted_from_one(average, params, decay, step):
    step += 1
    decay = min(decay, (1 + step) / (10 + step))
    return {name: decay * average[name] + (1 - decay) * params[name] for name in average}


@wrong("10.4")
def one_step_behind(average, params, decay, step):
    decay = min(decay, step / (9 + step))
    return {name: decay * average[name] + (1 - decay) * params[name] for name in average}


@wrong("10.4")
def only_the_names_copied(average, params, decay, step):
    decay = min(decay, (1 + step) / (10 + step))
    new = dict(average)
    for name in new:
        new[name] *= decay
        new[name] += (1 - decay) * params[name]
    return new


# --- 10.5 dropout_backward


@wrong("10.5")
def factor_forgotten(dy, mask):
    dx = dy.copy()
    dx[mask == 0] = 0
    return dx


@wrong("10.5")
def divided_again(dy, mask):
    dx = np.zeros_like(dy)
    kept = mask != 0
    dx[kept] = dy[kept] / mask[kept]
    return dx


@wrong("10.5")
def nothing_in_training(dy, mask):
    """Dropout "has no parameters", so nothing is done."""
    return dy


@wrong("10.5")
def a_new_mask(dy, mask):
    rng = np.random.default_rng(0)
    return dy * rng.permutation(mask.ravel()).reshape(mask.shape)


@wrong("10.5")
def the_other_way_round(dy, mask):
    return np.where(mask, 0, dy)


@wrong("10.5")
def as_in_relu(dy, mask):
    return np.where(dy > 0, dy * mask, 0)


@wrong("10.5")
def squared(dy, mask):
    return dy * mask**2
