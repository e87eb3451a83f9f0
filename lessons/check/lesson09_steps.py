"""Lesson 9: what the checker knows about the steps of momentum and Adam."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from lessons.check.exercise import STOPS, Arguments, Exercise, Mistake
from minunet import optim

Arrays = dict[str, np.ndarray]


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


def sgd_in_order_in_place(params, grads, velocity, lr, momentum):
    """The same, which stops where an array would have to grow."""
    for w, g, v in zip(params.values(), grads.values(), velocity.values(), strict=True):
        v *= momentum
        v += g
        w -= lr * v


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
        "the arrays are taken in the order in which they stand; look them up by name, grads[name] and velocity[name].",
        sgd_in_order,
    ),
    Mistake(
        STOPS,
        "the arrays are taken in the order in which they stand; look them up by name, grads[name] and velocity[name].",
        sgd_in_order_in_place,
    ),
    Mistake(
        "params",
        "you return (velocity, params); the order is params, velocity.",
        lambda **case: sgd_right(**case)[1],
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
        "the arrays are taken in the order in which they stand; look them up by name, grads[name] and so on.",
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


EXERCISES = [
    Exercise("9.2", "sgd_momentum_step", sgd_cases, sgd_right, ("params", "velocity"), SGD_MISTAKES),
    Exercise("9.3", "adam_step", adam_cases, adam_right, ("params", "m", "v"), ADAM_MISTAKES),
]
