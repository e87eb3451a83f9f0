"""Lesson 9: what the checker knows about learning."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from lessons.check.exercise import Arguments, Exercise, Mistake
from minunet import layers, optim

Arrays = dict[str, np.ndarray]

# --- 9.1 he_normal --------------------------------------------------------------------------------------------------

WEIGHTS = [(1, 1, 2, 3), (3, 3, 2, 5), (2, 4, 3, 1), (5, 1, 8, 4), (3, 3, 16, 16)]  # (KH, KW, C, K)


def he_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for shape in WEIGHTS:
        yield {"shape": shape, "rng": np.random.default_rng(rng.integers(2**32))}


def scaled(std: Callable[..., float]) -> Callable[..., np.ndarray]:
    """The draws that are asked for, times a standard deviation that is computed from the shape."""
    return lambda shape, rng: rng.standard_normal(shape) * std(*shape)


he_normal = scaled(lambda kh, kw, c, k: math.sqrt(2 / (kh * kw * c)))

HE_MISTAKES = (
    Mistake(
        "weight",
        "your numbers are multiplied by the variance, 2 / fan_in; multiply by its root, the standard deviation.",
        scaled(lambda kh, kw, c, k: 2 / (kh * kw * c)),
    ),
    Mistake(
        "weight",
        "your fan_in is KH*KW*K, the outputs that one input goes to; an output sums over KH*KW*C inputs.",
        scaled(lambda kh, kw, c, k: math.sqrt(2 / (kh * kw * k))),
    ),
    Mistake(
        "weight",
        "your fan_in is C; an output sums over all KH*KW pixels of the window as well.",
        scaled(lambda kh, kw, c, k: math.sqrt(2 / c)),
    ),
    Mistake(
        "weight",
        "your fan_in is KH*KW; an output sums over the C channels as well.",
        scaled(lambda kh, kw, c, k: math.sqrt(2 / (kh * kw))),
    ),
    Mistake(
        "weight",
        "your fan_in counts the output channels too; one output sums over KH*KW*C inputs.",
        scaled(lambda kh, kw, c, k: math.sqrt(2 / (kh * kw * c * k))),
    ),
    Mistake(
        "weight",
        "your variance is 1 / fan_in; the 2 that makes up for the ReLU is missing.",
        scaled(lambda kh, kw, c, k: math.sqrt(1 / (kh * kw * c))),
    ),
    Mistake(
        "weight",
        "your variance is 2 / (fan_in + fan_out), the rule of Glorot and Bengio; He's is 2 / fan_in.",
        scaled(lambda kh, kw, c, k: math.sqrt(2 / (kh * kw * (c + k)))),
    ),
    Mistake(
        "weight",
        "your numbers are divided by the standard deviation; multiply by it.",
        scaled(lambda kh, kw, c, k: math.sqrt(kh * kw * c / 2)),
    ),
    Mistake("weight", "the draws are not scaled: their variance is still 1.", scaled(lambda kh, kw, c, k: 1.0)),
    *(
        Mistake(
            "weight",
            "your draws are uniform; these shall be normal, from the one call rng.standard_normal(shape).",
            lambda shape, rng, six=six: rng.uniform(-1, 1, shape) * math.sqrt(six / math.prod(shape[:3])),
        )
        for six in (2, 6)
    ),
    Mistake(
        "weight",
        "the kernels are drawn one after the other; draw all numbers at once, by rng.standard_normal(shape).",
        lambda shape, rng: (
            np.moveaxis(rng.standard_normal((shape[3], *shape[:3])), 0, 3) * math.sqrt(2 / math.prod(shape[:3]))
        ),
    ),
    Mistake(
        "weight",
        "the draws come from np.random.default_rng, not from the generator that you were given.",
        lambda shape, rng: np.random.default_rng(0).standard_normal(shape) * math.sqrt(2 / math.prod(shape[:3])),
    ),
)

# --- 9.2 sgd_momentum_step and 9.3 adam_step ------------------------------------------------------------------------

# The shapes of the parameters, and whether there were steps before.
SIZES = [
    ({"w": (3,)}, False),
    ({"w": (2, 3)}, True),
    ({"weight": (3, 3, 2, 4), "bias": (4,)}, True),
    ({"a": (2, 2), "b": (2, 2), "c": (2, 2)}, True),  # of one shape: only the names tell them apart
]


def dictionaries(rng: np.random.Generator, shapes: dict[str, tuple[int, ...]], count: int) -> list[Arrays]:
    """As many dictionaries as asked; every second one has its names in reverse order."""
    made = [{name: rng.standard_normal(shape) for name, shape in shapes.items()} for _ in range(count)]
    return [each if number % 2 == 0 else dict(reversed(each.items())) for number, each in enumerate(made)]


def zeros_like(arrays: Arrays) -> Arrays:
    return {name: np.zeros_like(array) for name, array in arrays.items()}


def sgd_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for (shapes, begun), lr, momentum in zip(SIZES, (0.1, 0.3, 0.01, 0.05), (0.9, 0.5, 0.95, 0.8), strict=True):
        params, grads, velocity = dictionaries(rng, shapes, 3)
        velocity = velocity if begun else zeros_like(velocity)
        yield {"params": params, "grads": grads, "velocity": velocity, "lr": lr, "momentum": momentum}
    params, grads, velocity = dictionaries(rng, {"w": (4,)}, 3)
    yield {"params": params, "grads": grads, "velocity": velocity, "lr": 0.1, "momentum": 0.0}


def sgd_right(params: Arrays, grads: Arrays, velocity: Arrays, lr: float, momentum: float) -> tuple[Arrays, Arrays]:
    """One step of `optim.SGD`, on copies."""
    optimizer = optim.SGD(lr, momentum)
    optimizer.state = {f"velocity.{name}": array.copy() for name, array in velocity.items()}
    params = {name: array.copy() for name, array in params.items()}
    optimizer.step(params, grads)
    return params, {name: optimizer.state[f"velocity.{name}"] for name in params}


def each(rule: Callable[..., np.ndarray]) -> Callable[..., Arrays]:
    """A wrong step: `rule` takes w, g, v, lr and mu of one parameter, and returns one array."""

    def wrong(params: Arrays, grads: Arrays, velocity: Arrays, lr: float, momentum: float) -> Arrays:
        return {name: rule(w, grads[name], velocity[name], lr, momentum) for name, w in params.items()}

    return wrong


def sgd_in_order(params, grads, velocity, lr, momentum):
    """The arrays taken as they stand in the dictionaries, whatever they are called."""
    rows = zip(params.items(), grads.values(), velocity.values(), strict=True)
    return {name: w - lr * (momentum * v + g) for (name, w), g, v in rows}


def sgd_one_velocity(params, grads, velocity, lr, momentum):
    """One velocity that all parameters share: that of the parameter before is carried on."""
    moved, shared = {}, None
    for name, w in params.items():
        shared = momentum * (velocity[name] if shared is None else shared) + grads[name]
        moved[name] = w - lr * shared
    return moved


SGD_MISTAKES = (
    Mistake(
        "params",
        "the momentum has no effect: the parameter moves by lr * gradient; it moves by lr * new velocity.",
        each(lambda w, g, v, lr, mu: w - lr * g),
    ),
    Mistake(
        "params",
        "the parameter moves along the old velocity: first make the new one, then step.",
        each(lambda w, g, v, lr, mu: w - lr * v),
    ),
    Mistake(
        "params",
        "the step goes up: subtract lr * velocity.",
        each(lambda w, g, v, lr, mu: w + lr * (mu * v + g)),
    ),
    Mistake(
        "params",
        "your velocity is a running mean, with (1 - momentum) * gradient; here it is a running sum, with the whole "
        "gradient.",
        each(lambda w, g, v, lr, mu: w - lr * (mu * v + (1 - mu) * g)),
    ),
    Mistake(
        "params",
        "the learning rate stands inside the velocity; here new velocity = momentum * velocity + gradient, and the "
        "step is lr * new velocity.",
        each(lambda w, g, v, lr, mu: w - (mu * v + lr * g)),
    ),
    Mistake(
        "params",
        "the learning rate stands inside the velocity, and the velocity points down; here new velocity = "
        "momentum * velocity + gradient, and the step is -lr * new velocity.",
        each(lambda w, g, v, lr, mu: w + (mu * v - lr * g)),
    ),
    Mistake(
        "params",
        "the learning rate is used twice, in the velocity and in the step.",
        each(lambda w, g, v, lr, mu: w - lr * (mu * v + lr * g)),
    ),
    Mistake(
        "params",
        "the old velocity is not multiplied by momentum: old gradients never fade.",
        each(lambda w, g, v, lr, mu: w - lr * (v + g)),
    ),
    Mistake(
        "params",
        "the whole sum is multiplied by momentum; only the old velocity is.",
        each(lambda w, g, v, lr, mu: w - lr * mu * (v + g)),
    ),
    Mistake(
        "params",
        "this is Nesterov's step, gradient + momentum * new velocity; here the step is lr * new velocity.",
        each(lambda w, g, v, lr, mu: w - lr * (g + mu * (mu * v + g))),
    ),
    Mistake(
        "params",
        "the learning rate is missing in the step.",
        each(lambda w, g, v, lr, mu: w - (mu * v + g)),
    ),
    Mistake(
        "params",
        "the arrays are taken in the order in which they stand; take them by name, grads[name] and velocity[name].",
        sgd_in_order,
    ),
    Mistake("params", "all parameters share one velocity; each has its own, under its own name.", sgd_one_velocity),
    Mistake("params", "the parameters come back as they were.", each(lambda w, g, v, lr, mu: w)),
    Mistake(
        "velocity",
        "the velocity comes back as it was: return the new one, the next step needs it.",
        each(lambda w, g, v, lr, mu: v),
    ),
    Mistake(
        "velocity",
        "your velocity is lr times the right one: the learning rate belongs to the step, not into the velocity.",
        each(lambda w, g, v, lr, mu: lr * (mu * v + g)),
    ),
    Mistake(
        "velocity",
        "your velocity is -lr times the right one: the learning rate and the minus belong to the step, not into the "
        "velocity.",
        each(lambda w, g, v, lr, mu: -lr * (mu * v + g)),
    ),
    Mistake(
        "velocity",
        "you return the gradients as the velocity; it is momentum * velocity + gradient.",
        each(lambda w, g, v, lr, mu: g),
    ),
)


def adam_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """A large eps, and rates far from the usual ones: where eps stands, and which beta is which, shows."""
    how = [(1, 0.1, 0.9, 0.999, 1e-8), (5, 0.3, 0.8, 0.95, 1e-8), (2, 0.01, 0.9, 0.99, 0.1), (7, 0.05, 0.6, 0.9, 0.3)]
    for (shapes, begun), (step, lr, beta1, beta2, eps) in zip(SIZES, how, strict=True):
        params, grads, m, v = dictionaries(rng, shapes, 4)
        m = m if begun else zeros_like(m)
        v = {name: array**2 for name, array in v.items()} if begun else zeros_like(v)
        yield {
            "params": params,
            "grads": grads,
            "m": m,
            "v": v,
            "step": step,
            "lr": lr,
            "beta1": beta1,
            "beta2": beta2,
            "eps": eps,
        }
    params, grads, _, _ = dictionaries(rng, {"w": (4,)}, 4)
    grads["w"][1:3] = 0  # a gradient of zero in the first step: 0 / (0 + eps)
    still = zeros_like(params)
    yield {
        "params": params,
        "grads": grads,
        "m": still,
        "v": zeros_like(params),
        "step": 1,
        "lr": 0.1,
        "beta1": 0.9,
        "beta2": 0.999,
        "eps": 1e-8,
    }


def adam_right(params, grads, m, v, step, lr, beta1, beta2, eps) -> tuple[Arrays, Arrays, Arrays]:
    """One step of `optim.Adam`, on copies."""
    optimizer = optim.Adam(lr, beta1, beta2, eps)
    optimizer.state = {"t": np.array(step - 1)}
    optimizer.state |= {f"m.{name}": array.copy() for name, array in m.items()}
    optimizer.state |= {f"v.{name}": array.copy() for name, array in v.items()}
    params = {name: array.copy() for name, array in params.items()}
    optimizer.step(params, grads)
    state = optimizer.state
    return params, {name: state[f"m.{name}"] for name in params}, {name: state[f"v.{name}"] for name in params}


def adam_each(rule: Callable[..., np.ndarray]) -> Callable[..., Arrays]:
    """A wrong step: `rule` takes what belongs to one parameter, new_m and new_v among it, and returns one array."""

    def wrong(params, grads, m, v, step, lr, beta1, beta2, eps):
        made = {}
        for name, w in params.items():
            g, old_m, old_v = grads[name], m[name], v[name]
            new_m, new_v = beta1 * old_m + (1 - beta1) * g, beta2 * old_v + (1 - beta2) * g * g
            made[name] = rule(
                w=w, g=g, old_m=old_m, old_v=old_v, new_m=new_m, new_v=new_v, t=step, lr=lr, b1=beta1, b2=beta2, eps=eps
            )
        return made

    return wrong


def adam_move(*, w, t, lr, b1, b2, eps, new_m, new_v, shift=0, **_):
    """The right step from a given m and v; with `shift` the steps are counted from elsewhere."""
    mhat, vhat = new_m / (1 - b1 ** (t + shift)), new_v / (1 - b2 ** (t + shift))
    return w - lr * mhat / (np.sqrt(vhat) + eps)


def adam_in_order(params, grads, m, v, **how):
    """The arrays taken as they stand in the dictionaries, whatever they are called."""
    grads, m, v = (dict(zip(params, arrays.values(), strict=True)) for arrays in (grads, m, v))
    return adam_right(params, grads, m, v, **how)[0]


ADAM_MISTAKES = (
    Mistake(
        "params",
        "the bias correction is missing: divide m by 1 - beta1**step and v by 1 - beta2**step before the step.",
        adam_each(lambda w, new_m, new_v, lr, eps, **_: w - lr * new_m / (np.sqrt(new_v) + eps)),
    ),
    Mistake(
        "params",
        "only m is corrected: v needs its bias correction as well, 1 - beta2**step.",
        adam_each(lambda w, new_m, new_v, lr, eps, t, b1, **_: w - lr * new_m / (1 - b1**t) / (np.sqrt(new_v) + eps)),
    ),
    Mistake(
        "params",
        "only v is corrected: m needs its bias correction as well, 1 - beta1**step.",
        adam_each(lambda w, new_m, new_v, lr, eps, t, b2, **_: w - lr * new_m / (np.sqrt(new_v / (1 - b2**t)) + eps)),
    ),
    Mistake(
        "params",
        "both are divided by 1 - beta1**step; v goes with beta2.",
        adam_each(lambda b2, **rest: adam_move(b2=rest["b1"], **rest)),
    ),
    Mistake(
        "params",
        "the corrections are 1 - beta, without the power: it is beta**step.",
        adam_each(lambda t, **rest: adam_move(t=1, **rest)),
    ),
    Mistake(
        "params",
        "the bias correction counts the steps from 0; `step` is 1 in the first one, and stands in the power as it is.",
        adam_each(lambda **rest: adam_move(shift=-1, **rest)),
    ),
    Mistake(
        "params",
        "the bias correction has step + 1 in the power; `step` is 1 in the first one already.",
        adam_each(lambda **rest: adam_move(shift=1, **rest)),
    ),
    Mistake(
        "params",
        "the root is missing: divide by sqrt(vhat) + eps, not by vhat + eps.",
        adam_each(
            lambda w, new_m, new_v, lr, eps, t, b1, b2, **_: w - lr * new_m / (1 - b1**t) / (new_v / (1 - b2**t) + eps)
        ),
    ),
    Mistake(
        "params",
        "eps stands under the root; add it to the root.",
        adam_each(
            lambda w, new_m, new_v, lr, eps, t, b1, b2, **_: (
                w - lr * new_m / (1 - b1**t) / np.sqrt(new_v / (1 - b2**t) + eps)
            )
        ),
    ),
    Mistake(
        "params",
        "eps is added to the root of v before the correction; add it to the root of vhat.",
        adam_each(lambda eps, t, b2, **rest: adam_move(eps=eps / math.sqrt(1 - b2**t), t=t, b2=b2, **rest)),
    ),
    Mistake(
        "params",
        "eps is missing: a gradient that is 0 gives 0 / 0.",
        adam_each(lambda eps, **rest: adam_move(eps=0, **rest)),
    ),
    Mistake(
        "params",
        "the parameter is moved with the old m and v: first make the new ones, then step.",
        adam_each(lambda old_m, old_v, new_m, new_v, **rest: adam_move(new_m=old_m, new_v=old_v, **rest)),
    ),
    Mistake(
        "params",
        "the step divides the gradient itself by the root; it is the running mean m that is divided.",
        adam_each(lambda w, g, new_v, lr, eps, t, b2, **_: w - lr * g / (np.sqrt(new_v / (1 - b2**t)) + eps)),
    ),
    Mistake(
        "params",
        "v holds the running mean of the gradient; it is that of gradient**2.",
        adam_each(lambda g, old_v, b2, new_v, **rest: adam_move(new_v=b2 * old_v + (1 - b2) * g, b2=b2, **rest)),
    ),
    Mistake(
        "params",
        "v holds the square of the new m; it is a running mean of its own, that of gradient**2.",
        adam_each(
            lambda old_v, new_m, b2, new_v, **rest: adam_move(
                new_m=new_m, new_v=b2 * old_v + (1 - b2) * new_m**2, b2=b2, **rest
            )
        ),
    ),
    Mistake(
        "params",
        "the factors 1 - beta1 and 1 - beta2 are missing: m and v are running means, not sums.",
        adam_each(
            lambda g, old_m, old_v, b1, b2, new_m, new_v, **rest: adam_move(
                new_m=b1 * old_m + g, new_v=b2 * old_v + g * g, b1=b1, b2=b2, **rest
            )
        ),
    ),
    Mistake(
        "params",
        "beta and 1 - beta are swapped: beta is the part of the old that is kept.",
        adam_each(
            lambda g, old_m, old_v, b1, b2, new_m, new_v, **rest: adam_move(
                new_m=(1 - b1) * old_m + b1 * g, new_v=(1 - b2) * old_v + b2 * g * g, b1=b1, b2=b2, **rest
            )
        ),
    ),
    Mistake(
        "params",
        "beta1 and beta2 are swapped: beta1 belongs to m, beta2 to v.",
        lambda beta1, beta2, **rest: adam_right(beta1=beta2, beta2=beta1, **rest)[0],
    ),
    Mistake(
        "params",
        "the step goes up: subtract.",
        adam_each(lambda w, **rest: 2 * w - adam_move(w=w, **rest)),
    ),
    Mistake(
        "params",
        "the arrays are taken in the order in which they stand; take them by name, grads[name] and so on.",
        adam_in_order,
    ),
    Mistake("params", "the parameters come back as they were.", adam_each(lambda w, **_: w)),
    *(
        mistake
        for name, beta in (("m", "b1"), ("v", "b2"))
        for mistake in (
            Mistake(
                name,
                f"you return {name}hat; return {name} without the bias correction, or the next step corrects it twice.",
                adam_each(lambda t, name=name, beta=beta, **rest: rest[f"new_{name}"] / (1 - rest[beta] ** t)),
            ),
            Mistake(
                name,
                f"{name} comes back as it was: return the new one, the next step needs it.",
                adam_each(lambda name=name, **rest: rest[f"old_{name}"]),
            ),
        )
    ),
)

# --- 9.4 one_cycle --------------------------------------------------------------------------------------------------


def cycle_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """Step by step where things happen: the first, on the way up, near the top, on the way down, the last, beyond."""
    for step, steps, warm_up in (
        *((step, 20, 0.3) for step in (0, 2, 5, 9, 19)),
        *((step, 17, 0.4) for step in (3, 6, 12)),  # the top is at 5.8
        *((step, 12, 0.0) for step in (0, 4)),  # no way up
        (25, 20, 0.3),  # beyond the end
        (0, 1, 0.3),
        (3, 1, 0.0),
    ):
        yield {
            "step": step,
            "steps": steps,
            "highest": round(rng.uniform(0.5, 2), 2),
            "warm_up": warm_up,
            "start_divisor": round(rng.uniform(5, 30), 2),
            "end_divisor": round(rng.uniform(3, 9), 2),
        }


def cycle_right(step, steps, highest, warm_up, start_divisor, end_divisor):
    schedule = optim.one_cycle(highest, steps, warm_up=warm_up, start_divisor=start_divisor, end_divisor=end_divisor)
    return schedule(step)


def cosine(start: float, end: float, part: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2


def cycle(*, blend=cosine, peak=None, end=None, last=None, capped=True, single=True) -> Callable[..., float]:
    """The schedule with some of its parts exchanged: each takes the numbers that it may depend on."""

    def wrong(step, steps, highest, warm_up, start_divisor, end_divisor):
        if single and steps == 1:
            return highest
        first = highest / start_divisor
        lowest = last(highest, start_divisor, end_divisor) if last else first / end_divisor
        top = peak(warm_up, steps) if peak else warm_up * steps - 1
        bottom = end(steps) if end else steps - 1
        if step < top:
            return blend(first, highest, step / top)
        part = (step - top) / (bottom - top)
        return blend(highest, lowest, min(part, 1.0) if capped else part)

    return wrong


def down_from_the_start(step, steps, highest, warm_up, start_divisor, end_divisor):
    """On the way down the part is step / (steps - 1)."""
    peak, first = warm_up * steps - 1, highest / start_divisor
    if step < peak:
        return cosine(first, highest, step / peak)
    return cosine(highest, first / end_divisor, min(step / (steps - 1), 1.0))


def swapped_ends(start: float, end: float, part: float) -> float:
    return cosine(end, start, part)


CYCLE_MISTAKES = (
    Mistake(
        "rate",
        "the rate goes up and down along straight lines; it follows half a wave of the cosine.",
        cycle(blend=lambda start, end, part: start + (end - start) * part),
    ),
    Mistake(
        "rate",
        "start and end are swapped in the cosine: at part = 0 it is 1, and the rate must be `start`.",
        cycle(blend=swapped_ends),
    ),
    Mistake(
        "rate",
        "this is a whole wave of the cosine, which ends where it began; the half has pi * part, not 2 * pi * part.",
        cycle(blend=lambda start, end, part: cosine(start, end, 2 * part)),
    ),
    Mistake(
        "rate",
        "the pi is missing in the cosine.",
        cycle(blend=lambda start, end, part: cosine(start, end, part / math.pi)),
    ),
    Mistake(
        "rate",
        "the 1 is missing: (1 + cos(pi * part)) / 2 goes from 1 to 0, cos(pi * part) / 2 from 0.5 to -0.5.",
        cycle(blend=lambda start, end, part: end + (start - end) * math.cos(math.pi * part) / 2),
    ),
    Mistake(
        "rate",
        "the top lies at warm_up * steps - 1: steps are counted from 0. Yours is one step later.",
        cycle(peak=lambda warm_up, steps: warm_up * steps),
    ),
    Mistake(
        "rate",
        "the top is rounded to a whole step: leave it where it falls, between two steps.",
        cycle(peak=lambda warm_up, steps: round(warm_up * steps) - 1),
    ),
    Mistake(
        "rate",
        "the top is cut down to a whole step: leave it where it falls, between two steps.",
        cycle(peak=lambda warm_up, steps: int(warm_up * steps) - 1),
    ),
    Mistake(
        "rate",
        "the top is a part of the steps - 1; it lies at warm_up * steps - 1.",
        cycle(peak=lambda warm_up, steps: warm_up * (steps - 1)),
    ),
    Mistake(
        "rate",
        "the way down ends one step too late: the last step has the number steps - 1, and part must be 1 there.",
        cycle(end=lambda steps: steps),
    ),
    Mistake(
        "rate",
        "on the way down, part runs from the start of training; it is 0 at the peak: (step - peak) / (steps - 1 - "
        "peak).",
        down_from_the_start,
    ),
    Mistake(
        "rate",
        "the last rate is highest / end_divisor in yours; it is first / end_divisor.",
        cycle(last=lambda highest, start_divisor, end_divisor: highest / end_divisor),
    ),
    Mistake(
        "rate",
        "the last rate is 0 in yours; it is first / end_divisor.",
        cycle(last=lambda highest, start_divisor, end_divisor: 0.0),
    ),
    Mistake(
        "rate",
        "after the last step the rate rises again: part must not become larger than 1.",
        cycle(capped=False),
    ),
    Mistake("rate", "if there is one step only, its rate is `highest`.", cycle(single=False)),
)

# --- 9.5 group_norm and 9.6 group_norm_backward ---------------------------------------------------------------------

# (x, groups, eps): one sample in two groups first (in one group y can be right while the cache is not), then several,
# then extremes.
FEATURES = [
    ((1, 3, 2, 4), 2, 1e-5),
    ((1, 2, 3, 2), 1, 1e-5),
    ((3, 2, 3, 6), 3, 0.1),
    ((2, 4, 3, 4), 4, 1e-5),
    ((2, 3, 3, 6), 2, 0.5),
]


def norm_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for shape, groups, eps in FEATURES:
        x = rng.uniform(-3, 3) + rng.uniform(0.5, 2, shape[3]) * rng.standard_normal(shape)
        weight, bias = 1 + rng.standard_normal((2, shape[3]))
        yield {"x": x, "weight": weight, "bias": bias, "groups": groups, "eps": eps}
    x = rng.standard_normal((2, 2, 2, 4))
    x[0, :, :, :2] = 0.75  # a constant group: without eps 0 / 0
    yield {"x": x, "weight": rng.standard_normal(4), "bias": rng.standard_normal(4), "groups": 2, "eps": 1e-3}


def norm_right(x, weight, bias, groups, eps):
    return layers.group_norm(x, weight, bias, groups=groups, eps=eps)


def backward_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """A random dy: with ones, dx would be zero wherever the weight is the same (lesson 2)."""
    for case in norm_cases(rng):
        yield {"dy": rng.standard_normal(case["x"].shape), "cache": norm_right(**case)[1]}


def normalised(split: Callable[..., np.ndarray], axes: tuple[int, ...], scale=None) -> Callable[..., np.ndarray]:
    """y with its means taken elsewhere: over `axes` of x as `split` reshapes it, scaled by `scale`."""

    def wrong(x, weight, bias, groups, eps):
        parts = split(x, groups)
        centred = parts - parts.mean(axis=axes, keepdims=True)
        count = math.prod(parts.shape[axis] for axis in axes)
        variance = (centred * centred).mean(axis=axes, keepdims=True)
        factor = 1 / np.sqrt(variance + eps) if scale is None else scale(variance, eps, count)
        return (centred * factor).reshape(x.shape) * weight + bias

    return wrong


def right_split(x: np.ndarray, groups: int) -> np.ndarray:
    return x.reshape(len(x), x.shape[1] * x.shape[2], groups, -1)


def norm_interleaved(x, weight, bias, groups, eps):
    """Channels 0, G, 2G, ... make a group."""
    batch, height, width, channels = x.shape
    parts = x.reshape(batch, height * width, channels // groups, groups)
    centred = parts - parts.mean(axis=(1, 2), keepdims=True)
    variance = (centred * centred).mean(axis=(1, 2), keepdims=True)
    return (centred / np.sqrt(variance + eps)).reshape(x.shape) * weight + bias


def without_keepdims(mean_kept: bool, variance_kept: bool) -> Callable[..., np.ndarray]:
    """y with means (N, G) that NumPy lines up with the last two axes, (G, C/G); where that does not go it stops."""

    def wrong(x, weight, bias, groups, eps):
        parts = right_split(x, groups)
        mean, variance = parts.mean(axis=(1, 3), keepdims=mean_kept), parts.var(axis=(1, 3), keepdims=variance_kept)
        return ((parts - mean) / np.sqrt(variance + eps)).reshape(x.shape) * weight + bias

    return wrong


def without_keepdims_from_the_start(x, weight, bias, groups, eps):
    """The same, with the variance about the mean that was lined up wrongly."""
    parts = right_split(x, groups)
    centred = parts - parts.mean(axis=(1, 3))
    return (centred / np.sqrt((centred**2).mean(axis=(1, 3)) + eps)).reshape(x.shape) * weight + bias


def without_brackets(take: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> Callable[..., np.ndarray]:
    """y with `take` of x, its mean and 1 / s in place of (x - mean) / s."""

    def wrong(x, weight, bias, groups, eps):
        parts = right_split(x, groups)
        inverse_std = 1 / np.sqrt(parts.var(axis=(1, 3), keepdims=True) + eps)
        return take(parts, parts.mean(axis=(1, 3), keepdims=True), inverse_std).reshape(x.shape) * weight + bias

    return wrong


NORM_MISTAKES = (
    Mistake(
        "y",
        "the scale and the shift are missing: y = xhat * weight + bias.",
        lambda weight, bias, **c: norm_right(weight=np.ones_like(weight), bias=np.zeros_like(bias), **c)[0],
    ),
    Mistake("y", "the bias is missing.", lambda bias, **c: norm_right(bias=np.zeros_like(bias), **c)[0]),
    Mistake("y", "the weight is missing.", lambda weight, **c: norm_right(weight=np.ones_like(weight), **c)[0]),
    Mistake(
        "y", "weight and bias are swapped.", lambda weight, bias, **c: norm_right(weight=bias, bias=weight, **c)[0]
    ),
    Mistake(
        "y",
        "the bias is scaled with xhat: y = xhat * weight + bias, not (xhat + bias) * weight.",
        lambda weight, bias, **c: norm_right(weight=weight, bias=weight * bias, **c)[0],
    ),
    Mistake(
        "y",
        "your means run over the batch as well: samples must not meet, keep axis N.",
        normalised(right_split, (0, 1, 3)),
    ),
    Mistake(
        "y",
        "this is batch norm: means over samples and pixels, channel by channel. They run over the pixels and channels "
        "of a group of one sample.",
        normalised(lambda x, groups: x, (0, 1, 2)),
    ),
    Mistake(
        "y",
        "your means run over the pixels only, channel by channel; the channels of a group share theirs.",
        normalised(lambda x, groups: x, (1, 2)),
    ),
    Mistake(
        "y",
        "your means run over the channels of a group only, pixel by pixel; all pixels of a sample share theirs.",
        normalised(right_split, (3,)),
    ),
    Mistake(
        "y",
        "all channels are in one group: `groups` is not used.",
        lambda groups, **c: norm_right(groups=1, **c)[0],
    ),
    Mistake(
        "y",
        "your groups have `groups` channels each; there are `groups` of them, with C / groups channels each.",
        lambda x, groups, **c: norm_right(x=x, groups=x.shape[3] // groups, **c)[0],
    ),
    Mistake(
        "y",
        "your groups are pieces of the picture: x.reshape(N, groups, ...) cuts along the rows, as the channels are the "
        "last axis here. Split the last axis: (N, H*W, groups, C / groups).",
        normalised(lambda x, groups: x.reshape(len(x), groups, -1), (2,)),
    ),
    Mistake(
        "y",
        "channels 0, groups, 2 * groups, ... make a group in yours; a group is C / groups neighbours: reshape to "
        "(groups, C / groups), in this order.",
        norm_interleaved,
    ),
    Mistake(
        "y",
        "you divide by the variance; divide by its root.",
        normalised(right_split, (1, 3), lambda variance, eps, count: 1 / (variance + eps)),
    ),
    Mistake(
        "y",
        "eps is added after the root; add it to the variance, under the root.",
        normalised(right_split, (1, 3), lambda variance, eps, count: 1 / (np.sqrt(variance) + eps)),
    ),
    Mistake(
        "y",
        "eps is missing.",
        normalised(right_split, (1, 3), lambda variance, eps, count: 1 / np.sqrt(variance)),
    ),
    Mistake(
        "y",
        "your variance is divided by M - 1; here it is the mean of the squares, divided by M.",
        normalised(right_split, (1, 3), lambda variance, eps, count: 1 / np.sqrt(variance * count / (count - 1) + eps)),
    ),
    Mistake(
        "y",
        "you multiply by the root; divide by it.",
        normalised(right_split, (1, 3), lambda variance, eps, count: np.sqrt(variance + eps)),
    ),
    Mistake(
        "y",
        "the mean is subtracted, but nothing is divided by the deviation.",
        normalised(right_split, (1, 3), lambda variance, eps, count: np.ones_like(variance)),
    ),
    *(
        Mistake(
            "y",
            "a mean over axes (1, 3) lacks keepdims=True: it has the shape (N, groups), and NumPy lines that up with "
            "the last two axes, (groups, C / groups). It must be (N, 1, groups, 1).",
            wrong,
        )
        for wrong in (
            without_keepdims(False, False),
            without_keepdims(False, True),
            without_keepdims(True, False),
            without_keepdims_from_the_start,
        )
    ),
    Mistake("y", "the mean is not subtracted.", without_brackets(lambda x, mean, r: x * r)),
    *(
        Mistake("y", "subtract the mean first, then divide by the deviation: (x - mean) * inverse_std.", wrong)
        for wrong in (
            without_brackets(lambda x, mean, r: x * r - mean),
            without_brackets(lambda x, mean, r: x - mean * r),
        )
    ),
)


def back(formula: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """A wrong dx: `formula` takes g, xhat, the factor 1 / s and a mean over the group, and returns dx by groups."""

    def wrong(dy, cache):
        xhat, inverse_std, weight = cache
        g = (dy * weight).reshape(xhat.shape)
        return formula(g, xhat, inverse_std, _group_mean).reshape(dy.shape)

    return wrong


def _group_mean(values: np.ndarray, axes: tuple[int, ...] = (1, 3)) -> np.ndarray:
    return values.mean(axis=axes, keepdims=True)


def _without_weight(dy, cache):
    xhat, inverse_std, weight = cache
    return layers.group_norm_backward(dy, (xhat, inverse_std, np.ones_like(weight)))[0]


def _weight_at_the_end(dy, cache):
    return _without_weight(dy, cache) * cache[2]


def _shaped(dy, cache):
    return cache[0].reshape(dy.shape)


BACKWARD_MISTAKES = (
    Mistake(
        "dx",
        "mean and deviation are taken for constants; every x of a group moves both, so two more terms belong to dx.",
        back(lambda g, xhat, r, mean: g * r),
    ),
    Mistake(
        "dx",
        "what comes back through the variance is missing: - xhat * mean(g * xhat). (mean(g) * mean(xhat) will not do: "
        "the mean of xhat is 0.)",
        back(lambda g, xhat, r, mean: (g - mean(g)) * r),
    ),
    Mistake(
        "dx",
        "what comes back through the mean is missing: - mean(g).",
        back(lambda g, xhat, r, mean: (g - xhat * mean(g * xhat)) * r),
    ),
    Mistake(
        "dx",
        "the weight is missing in dx: what goes back to xhat is g = dy * weight.",
        _without_weight,
    ),
    Mistake(
        "dx",
        "the weight comes too late: it differs from channel to channel, so it belongs into the means, g = dy * weight.",
        _weight_at_the_end,
    ),
    Mistake(
        "dx",
        "the division by the deviation is missing: multiply by inverse_std.",
        back(lambda g, xhat, r, mean: g - mean(g) - xhat * mean(g * xhat)),
    ),
    Mistake(
        "dx",
        "inverse_std is multiplied with g only; all three terms have it.",
        back(lambda g, xhat, r, mean: g * r - mean(g) - xhat * mean(g * xhat)),
    ),
    Mistake(
        "dx",
        "dx is divided by inverse_std; it is 1 / s already, so multiply.",
        back(lambda g, xhat, r, mean: (g - mean(g) - xhat * mean(g * xhat)) / r),
    ),
    Mistake(
        "dx",
        "there are sums where the means belong: divide by M, the numbers in a group.",
        back(
            lambda g, xhat, r, mean: (
                (g - g.sum((1, 3), keepdims=True) - xhat * (g * xhat).sum((1, 3), keepdims=True)) * r
            )
        ),
    ),
    Mistake(
        "dx",
        "the two terms are added; they are subtracted.",
        back(lambda g, xhat, r, mean: (g + mean(g) + xhat * mean(g * xhat)) * r),
    ),
    Mistake(
        "dx",
        "the term of the variance has the wrong sign: - xhat * mean(g * xhat).",
        back(lambda g, xhat, r, mean: (g - mean(g) + xhat * mean(g * xhat)) * r),
    ),
    Mistake(
        "dx",
        "the xhat in front of mean(g * xhat) is missing.",
        back(lambda g, xhat, r, mean: (g - mean(g) - mean(g * xhat)) * r),
    ),
    Mistake(
        "dx",
        "the term of the variance is xhat * mean(g) in yours; take the mean of the product, xhat * mean(g * xhat).",
        back(lambda g, xhat, r, mean: (g - mean(g) - xhat * mean(g)) * r),
    ),
    Mistake(
        "dx",
        "the term of the variance is twice too large: the 2 of the square cancels the 1/2 of the root.",
        back(lambda g, xhat, r, mean: (g - mean(g) - 2 * xhat * mean(g * xhat)) * r),
    ),
    Mistake(
        "dx",
        "the means run over the pixels only; the channels of a group share them: axes (1, 3).",
        back(lambda g, xhat, r, mean: (g - mean(g, (1,)) - xhat * mean(g * xhat, (1,))) * r),
    ),
    Mistake(
        "dx",
        "the means run over the channels of a group only; they run over its pixels too: axes (1, 3).",
        back(lambda g, xhat, r, mean: (g - mean(g, (3,)) - xhat * mean(g * xhat, (3,))) * r),
    ),
    Mistake(
        "dx",
        "the means run over the batch too: samples must not meet, keep axis 0.",
        back(lambda g, xhat, r, mean: (g - mean(g, (0, 1, 3)) - xhat * mean(g * xhat, (0, 1, 3))) * r),
    ),
    Mistake(
        "dx",
        "the means run over the whole sample; every group has its own: keep axis 2.",
        back(lambda g, xhat, r, mean: (g - mean(g, (1, 2, 3)) - xhat * mean(g * xhat, (1, 2, 3))) * r),
    ),
    Mistake(
        "dweight",
        "your dweight is the sum of dy, which is dbias; weight was multiplied by xhat.",
        lambda dy, cache: dy.sum((0, 1, 2)),
    ),
    Mistake(
        "dweight",
        "your dweight is made with g = dy * weight; it is the sum of dy * xhat.",
        lambda dy, cache: (dy * cache[2] * _shaped(dy, cache)).sum((0, 1, 2)),
    ),
    Mistake(
        "dweight",
        "your dweight is the mean over samples and pixels; it is the sum.",
        lambda dy, cache: (dy * _shaped(dy, cache)).mean((0, 1, 2)),
    ),
    Mistake(
        "dweight",
        "your dweight is the sum over the pixels, but not over the batch.",
        lambda dy, cache: (dy * _shaped(dy, cache)).sum((1, 2)),
    ),
    Mistake(
        "dweight",
        "your dweight is the sum over the pixels of the first sample; the other samples count too.",
        lambda dy, cache: (dy * _shaped(dy, cache))[0].sum((0, 1)),
    ),
    Mistake(
        "dweight",
        "your dweight is made with x - mean; it is the sum of dy * xhat, which is divided by the deviation.",
        lambda dy, cache: (dy * (cache[0] / cache[1]).reshape(dy.shape)).sum((0, 1, 2)),
    ),
    Mistake(
        "dbias",
        "your dbias is the sum of g = dy * weight; the bias is added after the weight: the sum of dy.",
        lambda dy, cache: (dy * cache[2]).sum((0, 1, 2)),
    ),
    Mistake(
        "dbias",
        "your dbias is the mean over samples and pixels; it is the sum.",
        lambda dy, cache: dy.mean((0, 1, 2)),
    ),
    Mistake(
        "dbias",
        "your dbias is the sum over the pixels, but not over the batch.",
        lambda dy, cache: dy.sum((1, 2)),
    ),
    Mistake(
        "dbias",
        "your dbias is the sum over the pixels of the first sample; the other samples count too.",
        lambda dy, cache: dy[0].sum((0, 1)),
    ),
    Mistake("dbias", "your dbias is one number: keep the channels apart.", lambda dy, cache: dy.sum()),
)

EXERCISES = [
    Exercise("9.1", "he_normal", he_cases, he_normal, ("weight",), HE_MISTAKES),
    Exercise("9.2", "sgd_momentum_step", sgd_cases, sgd_right, ("params", "velocity"), SGD_MISTAKES),
    Exercise("9.3", "adam_step", adam_cases, adam_right, ("params", "m", "v"), ADAM_MISTAKES),
    Exercise("9.4", "one_cycle", cycle_cases, cycle_right, ("rate",), CYCLE_MISTAKES),
    Exercise("9.5", "group_norm", norm_cases, norm_right, ("y", "(cache)"), NORM_MISTAKES),
    Exercise(
        "9.6",
        "group_norm_backward",
        backward_cases,
        layers.group_norm_backward,
        ("dx", "dweight", "dbias"),
        BACKWARD_MISTAKES,
    ),
]
