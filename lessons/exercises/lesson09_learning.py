"""Exercises of lesson 9: learning. Check yours with `python -m lessons.check 9`, or one with `9.2`.

Parameters, gradients and what an optimiser remembers are dictionaries, name to array, with the same names and shapes in
all of them. Names need not stand in the same order. Return new dictionaries with new arrays; change none that you were
given. Images are (N, H, W, C). Use NumPy and `math` only.
"""

import numpy as np


def he_normal(shape: tuple[int, int, int, int], rng: np.random.Generator) -> np.ndarray:
    """9.1 (easy): the weight of a convolution at the start, of the shape (KH, KW, C, K).

    Normally distributed, with mean 0 and variance 2 / fan_in, where fan_in is the number of inputs that one output sums
    over. Draw all numbers at once, with the one call `rng.standard_normal(shape)`, and scale them: so your draws are
    those of the checker.
    """
    raise NotImplementedError("lesson 9, exercise 1: he_normal")


def sgd_momentum_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    velocity: dict[str, np.ndarray],
    lr: float,
    momentum: float,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """9.2 (easy): one step of gradient descent with momentum: the new params and the new velocity.

    new velocity = momentum * velocity + gradient        new parameter = parameter - lr * new velocity

    Look up every array by its name. Return (new params, new velocity), in this order, as new dictionaries with new
    arrays; change none that you were given.
    """
    raise NotImplementedError("lesson 9, exercise 2: sgd_momentum_step")


def adam_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    m: dict[str, np.ndarray],
    v: dict[str, np.ndarray],
    step: int,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """9.3 (medium): one step of Adam: the new params, the new m and the new v.

    m is the running mean of the gradient, v that of its square; beta1 and beta2 are the fractions of the old m and v
    that are kept. `step` is 1 in the first step, when m and v come in as zeros. The parameter is moved by

        -lr * mhat / (sqrt(vhat) + eps)

    where mhat and vhat are the new m and v after bias correction. Return m and v without it, in new arrays; change none
    that you were given.
    """
    raise NotImplementedError("lesson 9, exercise 3: adam_step")


def one_cycle(step: int, steps: int, highest: float, warm_up: float, start_divisor: float, end_divisor: float) -> float:
    """9.4 (easy): the learning rate of step number `step`, counted from 0, of `steps` in all.

    The top lies at peak = warm_up * steps - 1, which need not be a whole number, and 0 <= warm_up < 1: with warm_up = 0
    it lies at -1, one step before the first, so step 0 is on the way down already. Leave it there. Before it, the rate
    goes from first = highest / start_divisor (at step 0) to highest (at the peak); from there on to last = first /
    end_divisor (at step steps - 1). Both ways follow half a wave of the cosine, with part from 0 to 1:

        end + (start - end) * (1 + cos(pi * part)) / 2

    Steps after the last one get the last rate. If `steps` is 1, the rate is `highest`.
    """
    raise NotImplementedError("lesson 9, exercise 4: one_cycle")


def group_norm(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, groups: int, eps: float
) -> tuple[np.ndarray, tuple]:
    """9.5 (medium): y (N, H, W, C), and the cache (xhat, inverse_std, weight) for 9.6.

    The channels are split into `groups` groups of C / groups neighbours: with 6 channels and 3 groups 0 and 1, 2 and 3,
    4 and 5. With mean and variance over all pixels and channels of one group of one sample,

        inverse_std = 1 / sqrt(variance + eps)      xhat = (x - mean) * inverse_std      y = xhat * weight + bias

    weight and bias are (C,). The variance is the mean of (x - mean)**2. In the cache, xhat is (N, H*W, groups,
    C / groups) and inverse_std (N, 1, groups, 1).
    """
    raise NotImplementedError("lesson 9, exercise 5: group_norm")


def group_norm_backward(dy: np.ndarray, cache: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """9.6 (hard): dx (N, H, W, C), dweight (C,) and dbias (C,), from dy (N, H, W, C) and the cache of 9.5.

    The cache is (xhat, inverse_std, weight), with xhat (N, H*W, groups, C / groups), inverse_std (N, 1, groups, 1) and
    weight (C,). Every x moves the mean and the variance of its group.
    """
    raise NotImplementedError("lesson 9, exercise 6: group_norm_backward")
