"""Wrong solutions of lesson 9."""

import math

import numpy as np

from lessons.exercises.solutions import lesson09_learning as good
from tests.lessons.wrong import wrong

# --- 9.1 he_normal


@wrong("9.1")
def variance_for_deviation(shape, rng):
    kh, kw, channels, _ = shape
    return rng.standard_normal(shape) * (2 / (kh * kw * channels))


@wrong("9.1")
def fan_out(shape, rng):
    kh, kw, _, out_channels = shape
    return rng.standard_normal(shape) * np.sqrt(2 / (kh * kw * out_channels))


@wrong("9.1")
def window_forgotten(shape, rng):
    return rng.standard_normal(shape) * np.sqrt(2.0 / shape[2])


@wrong("9.1")
def product_of_the_whole_shape(shape, rng):
    return rng.standard_normal(shape) * np.sqrt(2 / np.prod(shape))


@wrong("9.1")
def glorot(shape, rng):
    kh, kw, channels, out_channels = shape
    fan_in, fan_out = kh * kw * channels, kh * kw * out_channels
    return rng.standard_normal(shape) * math.sqrt(2 / (fan_in + fan_out))


@wrong("9.1")
def uniform_of_the_same_variance(shape, rng):
    limit = math.sqrt(6 / (shape[0] * shape[1] * shape[2]))
    return rng.uniform(-limit, limit, shape)


@wrong("9.1")
def relu_forgotten(shape, rng):
    weight = rng.standard_normal(shape)
    return weight / math.sqrt(shape[0] * shape[1] * shape[2])


@wrong("9.1")
def filter_after_filter(shape, rng):
    kh, kw, channels, out_channels = shape
    std = math.sqrt(2 / (kh * kw * channels))
    return np.stack([std * rng.standard_normal((kh, kw, channels)) for _ in range(out_channels)], axis=-1)


# --- 9.2 sgd_momentum_step


@wrong("9.2")
def in_place(params, grads, velocity, lr, momentum):
    for name in params:
        velocity[name] *= momentum
        velocity[name] += grads[name]
        params[name] -= lr * velocity[name]
    return params, velocity


@wrong("9.2")
def running_mean(params, grads, velocity, lr, momentum):
    new_params, new_velocity = {}, {}
    for name in params:
        new_velocity[name] = momentum * velocity[name] + (1 - momentum) * grads[name]
        new_params[name] = params[name] - lr * new_velocity[name]
    return new_params, new_velocity


@wrong("9.2")
def rate_inside(params, grads, velocity, lr, momentum):
    new_params, new_velocity = {}, {}
    for name in params:
        new_velocity[name] = momentum * velocity[name] - lr * grads[name]
        new_params[name] = params[name] + new_velocity[name]
    return new_params, new_velocity


@wrong("9.2")
def steps_along_the_old_velocity(params, grads, velocity, lr, momentum):
    new_params = {name: params[name] - lr * velocity[name] for name in params}
    new_velocity = {name: momentum * velocity[name] + grads[name] for name in params}
    return new_params, new_velocity


@wrong("9.2")
def velocity_not_kept(params, grads, velocity, lr, momentum):
    new_params = {}
    for name in params:
        step = momentum * velocity[name] + grads[name]
        new_params[name] = params[name] - lr * step
    return new_params, velocity


@wrong("9.2")
def zipped(params, grads, velocity, lr, momentum):
    new_params, new_velocity = {}, {}
    for (name, param), gradient, v in zip(params.items(), grads.values(), velocity.values(), strict=True):
        new_velocity[name] = momentum * v + gradient
        new_params[name] = param - lr * new_velocity[name]
    return new_params, new_velocity


@wrong("9.2")
def nesterov(params, grads, velocity, lr, momentum):
    new_params, new_velocity = {}, {}
    for name in params:
        new_velocity[name] = momentum * velocity[name] + grads[name]
        new_params[name] = params[name] - lr * (grads[name] + momentum * new_velocity[name])
    return new_params, new_velocity


@wrong("9.2")
def only_the_params(params, grads, velocity, lr, momentum):
    return {name: params[name] - lr * (momentum * velocity[name] + grads[name]) for name in params}


@wrong("9.2")
def zipped_on_copies(params, grads, velocity, lr, momentum):
    params, velocity = ({name: array.copy() for name, array in each.items()} for each in (params, velocity))
    for param, gradient, v in zip(params.values(), grads.values(), velocity.values(), strict=True):
        v *= momentum
        v += gradient
        param -= lr * v
    return params, velocity


@wrong("9.2")
def velocity_first(params, grads, velocity, lr, momentum):
    velocity = {name: momentum * velocity[name] + grads[name] for name in params}
    return velocity, {name: params[name] - lr * velocity[name] for name in params}


# --- 9.3 adam_step


@wrong("9.3")
def no_correction(params, grads, m, v, step, lr, beta1, beta2, eps):
    m = {name: beta1 * m[name] + (1 - beta1) * grads[name] for name in params}
    v = {name: beta2 * v[name] + (1 - beta2) * grads[name] ** 2 for name in params}
    return {name: params[name] - lr * m[name] / (np.sqrt(v[name]) + eps) for name in params}, m, v


@wrong("9.3")
def corrected_twice(params, grads, m, v, step, lr, beta1, beta2, eps):
    params, m, v = dict(params), dict(m), dict(v)
    for name, gradient in grads.items():
        m[name] = (beta1 * m[name] + (1 - beta1) * gradient) / (1 - beta1**step)
        v[name] = (beta2 * v[name] + (1 - beta2) * gradient**2) / (1 - beta2**step)
        params[name] = params[name] - lr * m[name] / (np.sqrt(v[name]) + eps)
    return params, m, v


@wrong("9.3")
def eps_under_the_root(params, grads, m, v, step, lr, beta1, beta2, eps):
    params, m, v = dict(params), dict(m), dict(v)
    for name, gradient in grads.items():
        m[name] = beta1 * m[name] + (1 - beta1) * gradient
        v[name] = beta2 * v[name] + (1 - beta2) * gradient**2
        mhat, vhat = m[name] / (1 - beta1**step), v[name] / (1 - beta2**step)
        params[name] = params[name] - lr * mhat / np.sqrt(vhat + eps)
    return params, m, v


@wrong("9.3")
def counted_from_zero(params, grads, m, v, step, lr, beta1, beta2, eps):
    params, m, v = dict(params), dict(m), dict(v)
    for name, gradient in grads.items():
        m[name] = beta1 * m[name] + (1 - beta1) * gradient
        v[name] = beta2 * v[name] + (1 - beta2) * gradient**2
        mhat, vhat = m[name] / (1 - beta1 ** (step + 1)), v[name] / (1 - beta2 ** (step + 1))
        params[name] = params[name] - lr * mhat / (np.sqrt(vhat) + eps)
    return params, m, v


@wrong("9.3")
def one_factor_and_eps_as_it_was(params, grads, m, v, step, lr, beta1, beta2, eps):
    rate = lr * math.sqrt(1 - beta2**step) / (1 - beta1**step)
    params, m, v = dict(params), dict(m), dict(v)
    for name, gradient in grads.items():
        m[name] = beta1 * m[name] + (1 - beta1) * gradient
        v[name] = beta2 * v[name] + (1 - beta2) * gradient**2
        params[name] = params[name] - rate * m[name] / (np.sqrt(v[name]) + eps)
    return params, m, v


@wrong("9.3")
def no_square(params, grads, m, v, step, lr, beta1, beta2, eps):
    params, m, v = dict(params), dict(m), dict(v)
    for name, gradient in grads.items():
        m[name] = beta1 * m[name] + (1 - beta1) * gradient
        v[name] = beta2 * v[name] + (1 - beta2) * gradient
        mhat, vhat = m[name] / (1 - beta1**step), v[name] / (1 - beta2**step)
        with np.errstate(invalid="ignore"):
            params[name] = params[name] - lr * mhat / (np.sqrt(vhat) + eps)
    return params, m, v


@wrong("9.3")
def moments_in_place(params, grads, m, v, step, lr, beta1, beta2, eps):
    new = {}
    for name, gradient in grads.items():
        m[name] *= beta1
        m[name] += (1 - beta1) * gradient
        v[name] *= beta2
        v[name] += (1 - beta2) * gradient**2
        new[name] = params[name] - lr * m[name] / (1 - beta1**step) / (np.sqrt(v[name] / (1 - beta2**step)) + eps)
    return new, m, v


@wrong("9.3")
def moments_not_kept(params, grads, m, v, step, lr, beta1, beta2, eps):
    return good.adam_step(params, grads, m, v, step, lr, beta1, beta2, eps)[0], m, v


# --- 9.4 one_cycle


def wave(start, end, part):
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2


@wrong("9.4")
def top_one_step_late(step, steps, highest, warm_up, start_divisor, end_divisor):
    if steps == 1:
        return highest
    first, peak = highest / start_divisor, warm_up * steps
    if step < peak:
        return wave(first, highest, step / peak)
    return wave(highest, first / end_divisor, min(1, (step - peak) / (steps - 1 - peak)))


@wrong("9.4")
def last_step_is_number_steps(step, steps, highest, warm_up, start_divisor, end_divisor):
    if steps == 1:
        return highest
    first, peak = highest / start_divisor, warm_up * steps - 1
    if step < peak:
        return wave(first, highest, step / peak)
    return wave(highest, first / end_divisor, min(1, (step - peak) / (steps - peak)))


@wrong("9.4")
def straight_lines(step, steps, highest, warm_up, start_divisor, end_divisor):
    if steps == 1:
        return highest
    first, peak = highest / start_divisor, warm_up * steps - 1
    last = first / end_divisor
    if step < peak:
        return first + (highest - first) * step / peak
    return highest + (last - highest) * min(1.0, (step - peak) / (steps - 1 - peak))


@wrong("9.4")
def last_from_the_highest(step, steps, highest, warm_up, start_divisor, end_divisor):
    if steps == 1:
        return highest
    first, last, peak = highest / start_divisor, highest / end_divisor, warm_up * steps - 1
    if step < peak:
        return wave(first, highest, step / peak)
    return wave(highest, last, min(1, (step - peak) / (steps - 1 - peak)))


@wrong("9.4")
def one_step_forgotten(step, steps, highest, warm_up, start_divisor, end_divisor):
    first, peak = highest / start_divisor, warm_up * steps - 1
    if step < peak:
        return wave(first, highest, step / peak)
    return wave(highest, first / end_divisor, min(1, (step - peak) / max(steps - 1 - peak, 1e-9)))


@wrong("9.4")
def rises_after_the_end(step, steps, highest, warm_up, start_divisor, end_divisor):
    if steps == 1:
        return highest
    first, peak = highest / start_divisor, warm_up * steps - 1
    if step < peak:
        return wave(first, highest, step / peak)
    return wave(highest, first / end_divisor, (step - peak) / (steps - 1 - peak))


@wrong("9.4")
def cosine_the_wrong_way_round(step, steps, highest, warm_up, start_divisor, end_divisor):
    if steps == 1:
        return highest
    first, peak = highest / start_divisor, warm_up * steps - 1
    start, end, part = first, highest, step / peak
    if step >= peak:
        start, end, part = highest, first / end_divisor, min(1, (step - peak) / (steps - 1 - peak))
    return start + (end - start) * (1 + math.cos(math.pi * part)) / 2


@wrong("9.4")
def top_at_a_whole_step(step, steps, highest, warm_up, start_divisor, end_divisor):
    if steps == 1:
        return highest
    first, peak = highest / start_divisor, int(warm_up * steps) - 1
    if step < peak:
        return wave(first, highest, step / peak)
    return wave(highest, first / end_divisor, min(1, (step - peak) / (steps - 1 - peak)))


@wrong("9.4")
def top_rounded(step, steps, highest, warm_up, start_divisor, end_divisor):
    if steps == 1:
        return highest
    first, peak = highest / start_divisor, round(warm_up * steps - 1)
    if step < peak:
        return wave(first, highest, step / peak)
    return wave(highest, first / end_divisor, min(1, (step - peak) / (steps - 1 - peak)))


@wrong("9.4")
def top_not_below_zero(step, steps, highest, warm_up, start_divisor, end_divisor):
    if steps == 1:
        return highest
    first, peak = highest / start_divisor, max(0, warm_up * steps - 1)
    if step < peak:
        return wave(first, highest, step / peak)
    return wave(highest, first / end_divisor, min(1, (step - peak) / (steps - 1 - peak)))


# --- 9.5 group_norm


def finish(x, xhat, inverse_std, weight, bias):
    return xhat.reshape(x.shape) * weight + bias, (xhat, inverse_std, weight)


@wrong("9.5")
def batch_norm(x, weight, bias, groups, eps):
    inverse_std = 1 / np.sqrt(x.var(axis=(0, 1, 2)) + eps)
    return finish(x, (x - x.mean(axis=(0, 1, 2))) * inverse_std, inverse_std, weight, bias)


@wrong("9.5")
def reshaped_as_for_channels_first(x, weight, bias, groups, eps):
    grouped = x.reshape(x.shape[0], groups, -1)
    inverse_std = 1 / np.sqrt(grouped.var(axis=2, keepdims=True) + eps)
    xhat = (grouped - grouped.mean(axis=2, keepdims=True)) * inverse_std
    return finish(x, xhat, inverse_std, weight, bias)


@wrong("9.5")
def eps_added_to_the_deviation(x, weight, bias, groups, eps):
    grouped = x.reshape(x.shape[0], x.shape[1] * x.shape[2], groups, -1)
    inverse_std = 1 / (grouped.std(axis=(1, 3), keepdims=True) + eps)
    return finish(x, (grouped - grouped.mean(axis=(1, 3), keepdims=True)) * inverse_std, inverse_std, weight, bias)


@wrong("9.5")
def unbiased_variance(x, weight, bias, groups, eps):
    grouped = x.reshape(x.shape[0], x.shape[1] * x.shape[2], groups, -1)
    inverse_std = 1 / np.sqrt(grouped.var(axis=(1, 3), keepdims=True, ddof=1) + eps)
    return finish(x, (grouped - grouped.mean(axis=(1, 3), keepdims=True)) * inverse_std, inverse_std, weight, bias)


@wrong("9.5")
def each_pixel_for_itself(x, weight, bias, groups, eps):
    grouped = x.reshape(*x.shape[:3], groups, -1)
    centred = grouped - grouped.mean(axis=-1, keepdims=True)
    inverse_std = 1 / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + eps)
    return finish(x, centred * inverse_std, inverse_std, weight, bias)


@wrong("9.5")
def each_channel_for_itself(x, weight, bias, groups, eps):
    centred = x - x.mean(axis=(1, 2), keepdims=True)
    inverse_std = 1 / np.sqrt((centred**2).mean(axis=(1, 2), keepdims=True) + eps)
    return finish(x, centred * inverse_std, inverse_std, weight, bias)


@wrong("9.5")
def groups_of_that_many_channels(x, weight, bias, groups, eps):
    grouped = x.reshape(x.shape[0], -1, x.shape[3] // groups, groups)
    inverse_std = 1 / np.sqrt(grouped.var(axis=(1, 3), keepdims=True) + eps)
    return finish(x, (grouped - grouped.mean(axis=(1, 3), keepdims=True)) * inverse_std, inverse_std, weight, bias)


@wrong("9.5")
def brackets_forgotten(x, weight, bias, groups, eps):
    grouped = x.reshape(x.shape[0], x.shape[1] * x.shape[2], groups, -1)
    inverse_std = 1 / np.sqrt(grouped.var(axis=(1, 3), keepdims=True) + eps)
    xhat = grouped - grouped.mean(axis=(1, 3), keepdims=True) * inverse_std
    return finish(x, xhat, inverse_std, weight, bias)


@wrong("9.5")
def keepdims_forgotten(x, weight, bias, groups, eps):
    grouped = x.reshape(x.shape[0], x.shape[1] * x.shape[2], groups, -1)
    mean = grouped.mean(axis=(1, 3))
    variance = ((grouped - mean) ** 2).mean(axis=(1, 3))
    inverse_std = 1 / np.sqrt(variance + eps)
    return finish(x, (grouped - mean) * inverse_std, inverse_std, weight, bias)


@wrong("9.5")
def keepdims_forgotten_with_var(x, weight, bias, groups, eps):
    grouped = x.reshape(x.shape[0], x.shape[1] * x.shape[2], groups, -1)
    inverse_std = 1 / np.sqrt(grouped.var(axis=(1, 3)) + eps)
    return finish(x, (grouped - grouped.mean(axis=(1, 3))) * inverse_std, inverse_std, weight, bias)


# --- 9.6 group_norm_backward


def rest(dy, cache):
    return (dy * cache[0].reshape(dy.shape)).sum(axis=(0, 1, 2)), dy.sum(axis=(0, 1, 2))


@wrong("9.6")
def mean_and_deviation_as_constants(dy, cache):
    xhat, inverse_std, weight = cache
    dxhat = (dy * weight).reshape(xhat.shape)
    return (dxhat * inverse_std).reshape(dy.shape), *rest(dy, cache)


@wrong("9.6")
def variance_forgotten(dy, cache):
    xhat, inverse_std, weight = cache
    dxhat = (dy * weight).reshape(xhat.shape)
    dx = (dxhat - dxhat.mean(axis=(1, 3), keepdims=True)) * inverse_std
    return dx.reshape(dy.shape), *rest(dy, cache)


@wrong("9.6")
def weight_forgotten(dy, cache):
    xhat, inverse_std, _ = cache
    g = dy.reshape(xhat.shape)
    projection = xhat * (g * xhat).mean(axis=(1, 3), keepdims=True)
    dx = inverse_std * (g - g.mean(axis=(1, 3), keepdims=True) - projection)
    return dx.reshape(dy.shape), *rest(dy, cache)


@wrong("9.6")
def sums_without_m(dy, cache):
    xhat, inverse_std, weight = cache
    g = (dy * weight).reshape(xhat.shape)
    dvariance = (g * xhat).sum(axis=(1, 3), keepdims=True)
    dmean = g.sum(axis=(1, 3), keepdims=True)
    return ((g - dmean - xhat * dvariance) * inverse_std).reshape(dy.shape), *rest(dy, cache)


@wrong("9.6")
def product_of_means(dy, cache):
    xhat, inverse_std, weight = cache
    g = (dy * weight).reshape(xhat.shape)
    mean = g.mean(axis=(1, 3), keepdims=True)
    dx = (g - mean - xhat * mean * xhat.mean(axis=(1, 3), keepdims=True)) * inverse_std
    return dx.reshape(dy.shape), *rest(dy, cache)


@wrong("9.6")
def only_the_first_term_divided(dy, cache):
    xhat, inverse_std, weight = cache
    g = (dy * weight).reshape(xhat.shape)
    projection = xhat * (g * xhat).mean(axis=(1, 3), keepdims=True)
    dx = g * inverse_std - g.mean(axis=(1, 3), keepdims=True) - projection
    return dx.reshape(dy.shape), *rest(dy, cache)


@wrong("9.6")
def scale_kept_by_sample(dy, cache):
    dx, _, dbias = good.group_norm_backward(dy, cache)
    return dx, (dy * cache[0].reshape(dy.shape)).sum(axis=(1, 2)), dbias


@wrong("9.6")
def bias_behind_the_weight(dy, cache):
    dx, dweight, _ = good.group_norm_backward(dy, cache)
    return dx, dweight, (dy * cache[2]).sum(axis=(0, 1, 2))


@wrong("9.6")
def twice_the_variance(dy, cache):
    xhat, inverse_std, weight = cache
    g = (dy * weight).reshape(xhat.shape)
    through_variance = 2 * xhat * (g * xhat).mean(axis=(1, 3), keepdims=True)  # the 2 of the square, without the 1/2
    dx = (g - g.mean(axis=(1, 3), keepdims=True) - through_variance) * inverse_std
    return dx.reshape(dy.shape), *rest(dy, cache)
