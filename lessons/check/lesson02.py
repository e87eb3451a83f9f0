"""Lesson 2: what the checker knows about gradient checks."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from lessons.check.exercise import STOPS, Arguments, Exercise, Mistake
from minunet import layers
from minunet.gradcheck import check
from minunet.gradcheck.check import Case

# --- functions of one array to one number, of real or of complex numbers -------------------------------------------


def cubes(x):
    return (x**3).sum() / 3


def neighbours(x):
    """Each number times the square of the next one, in reading order."""
    flat = x.reshape(-1)
    return (flat[:-1] * flat[1:] ** 2).sum() + flat[0]


def weighted_softmax(x):
    y, _ = layers.softmax(x)
    return (np.cos(np.arange(y.size)).reshape(y.shape) * y).sum()


def exponential(x):
    return np.exp(x / 2).sum() - x.sum() ** 2


def case_of(f: Callable, x: np.ndarray) -> Case:
    """A function of one array as the gradient check wants it."""
    return Case("", {"x": x}, lambda given: (f(given["x"]), None), lambda dy, cache: (), lambda given: None)


def derivatives(x: np.ndarray, along: Callable[[np.ndarray], float]) -> np.ndarray:
    """The derivative along each element of x."""
    elements = np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([along(direction) for direction in elements]).reshape(x.shape)


# --- 2.1 numeric_gradient ------------------------------------------------------------------------------------------


def numeric_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """Large steps first: there a wrong formula shows. The fourth x is the transpose of an array."""
    yield {"f": neighbours, "x": rng.standard_normal(3), "h": 0.1}
    yield {"f": cubes, "x": rng.standard_normal((2, 3)), "h": 0.01}
    yield {"f": weighted_softmax, "x": rng.standard_normal((2, 2, 3)), "h": 0.05}
    yield {"f": exponential, "x": rng.standard_normal((4, 2)).T, "h": 0.02}
    yield {"f": neighbours, "x": rng.standard_normal((3, 2)), "h": 1e-5}


def numeric(f, x, h):
    case = case_of(f, x)
    return derivatives(x, lambda direction: check._central(case, np.float64(1), "x", direction, h))


def _one_side(f, x, h):
    return derivatives(x, lambda direction: (f(x + h * direction) - f(x)) / h)


def _all_at_once(f, x, h):
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


def _both_stay(f, x, h):
    """Two copies made once; each element that was moved stays moved."""
    ahead, behind, gradient = x.copy(), x.copy(), np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        ahead[index] += h
        behind[index] -= h
        gradient[index] = (f(ahead) - f(behind)) / (2 * h)
    return gradient


def _stays_behind(f, x, h):
    """One copy: h forward, 2h back, and left there."""
    moved, gradient = x.copy(), np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        moved[index] += h
        ahead = f(moved)
        moved[index] -= 2 * h
        gradient[index] = (ahead - f(moved)) / (2 * h)
    return gradient


def _one_number(f, x, h):
    """f is given the element that moves, and not the rest of x."""
    return np.array([(f(each + h) - f(each - h)) / (2 * h) for each in x.ravel()]).reshape(x.shape)


# Zeros where x is the transpose of an array: the step was made in a copy, or the derivatives were written into one.
FLAT_COPY = (
    "x is transposed here, so reshape(-1) and ravel() of it, or of np.zeros_like(x), are copies: f does not see a step "
    "in such a copy, and no gradient is filled through it. Use the indices of np.ndindex(x.shape)."
)

NUMERIC_MISTAKES = (
    Mistake("gradient", FLAT_COPY, lambda f, x, h: numeric(f, x, h) * x.flags.c_contiguous),
    Mistake(
        "gradient",
        "f was given one number; it takes the whole array, with one element moved.",
        _one_number,
    ),
    Mistake(
        "gradient",
        "x + h moves all elements at once, and gives one number: move one element at a time, and write each derivative "
        "into its place.",
        lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h),
    ),
    Mistake(
        "gradient",
        "it is a forward difference, (f(x + h) - f(x)) / h: step to both sides, and divide by 2h.",
        _one_side,
    ),
    Mistake(
        "gradient",
        "it is a backward difference, (f(x) - f(x - h)) / h: step to both sides, and divide by 2h.",
        lambda f, x, h: _one_side(f, x, -h),
    ),
    Mistake(
        "gradient",
        "from x to x + h is one h only: (f(x + h) - f(x)) / (2h) is half of a forward difference. Step to both sides.",
        lambda f, x, h: _one_side(f, x, h) / 2,
    ),
    Mistake(
        "gradient",
        "it is twice too large: from x - h to x + h it is 2h, so divide by 2 * h.",
        lambda f, x, h: 2 * numeric(f, x, h),
    ),
    Mistake(
        "gradient",
        "`/ 2 * h` divides by 2 and then multiplies by h: write / (2 * h).",
        lambda f, x, h: numeric(f, x, h) * h * h,
    ),
    Mistake(
        "gradient",
        "it is the difference of the two values: divide it by 2 * h.",
        lambda f, x, h: numeric(f, x, h) * 2 * h,
    ),
    Mistake(
        "gradient",
        "every element got the derivative along all of them together: move one element at a time.",
        _all_at_once,
    ),
    Mistake(
        "gradient",
        "the elements that were moved stay moved: when the second is measured, the first is still h away, on both "
        "sides. Begin each element with fresh copies of x.",
        _both_stay,
    ),
    Mistake(
        "gradient",
        "the elements that were moved stay at x - h while the next ones are measured: put them back, or better, begin "
        "each element with a fresh copy of x.",
        _stays_behind,
    ),
)


# --- 2.2 complex_step_gradient -------------------------------------------------------------------------------------


def complex_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    yield {"f": cubes, "x": rng.standard_normal(3)}
    yield {"f": neighbours, "x": rng.standard_normal((2, 3))}
    yield {"f": weighted_softmax, "x": rng.standard_normal((2, 2, 3))}
    yield {"f": exponential, "x": rng.standard_normal((4, 2)).T}
    yield {"f": cubes, "x": 1e6 * rng.standard_normal((2, 1, 2))}


def complex_gradient(f, x, h=1e-30):
    case = case_of(f, x)
    return derivatives(x, lambda direction: check._complex_step(case, np.float64(1), "x", direction, h))


def _too_large(h: float) -> Mistake:
    return Mistake(
        "gradient",
        f"the step is too large, h = {h:g}: an error of the order h**2 is left. Nothing is subtracted here, so take "
        "1e-30.",
        lambda f, x: complex_gradient(f, x, h),
    )


NOT_THE_IMAGINARY_PART = (
    "f itself is divided by h, its real part, its size, or all of the complex number: the derivative is in its "
    "imaginary part, so divide .imag by h."
)
COMPLEX_MISTAKES = (
    Mistake("gradient", FLAT_COPY, lambda f, x: complex_gradient(f, x) * x.flags.c_contiguous),
    Mistake(
        "gradient",
        "it is 0, or next to it. Is the step imaginary, 1j * h? Is it put into a complex copy of x, x.astype(complex)? "
        "Is the imaginary part divided by h?",
        lambda f, x: np.zeros(x.shape),
    ),
    Mistake("gradient", NOT_THE_IMAGINARY_PART, lambda f, x: np.full(x.shape, f(x) / 1e-30)),
    Mistake("gradient", NOT_THE_IMAGINARY_PART, lambda f, x: np.full(x.shape, abs(f(x)) / 1e-30)),
    Mistake(
        "gradient",
        "it is half of what it should be: there is one step, and it is h long. 2h belongs to central differences.",
        lambda f, x: complex_gradient(f, x) / 2,
    ),
    Mistake(
        "gradient",
        "every element got the derivative along all of them together: move one element at a time.",
        lambda f, x: np.full(x.shape, complex_gradient(f, x).sum()),
    ),
    Mistake(
        "gradient",
        "each element holds the sum of the derivatives up to it: the elements that were moved stay moved. Begin each "
        "one with a fresh complex copy of x.",
        lambda f, x: np.cumsum(complex_gradient(f, x)).reshape(x.shape),
    ),
    Mistake(
        "gradient",
        "x + 1e-30j moves all elements at once, and gives one number: move one element at a time, and write each "
        "derivative into its place.",
        lambda f, x: complex_gradient(f, x).sum(),
    ),
    *map(_too_large, (1e-1, 1e-2, 1e-3, 1e-4)),
)


# --- 2.3 relative_error --------------------------------------------------------------------------------------------


def error_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """The third: negative numbers only. Then all wrong in sign, tiny gradients, nothing but zeros, nothing at all.

    The largest number stands in value in the second, and in reference in the fifth: before 0 / 0 both must be seen. The
    last four: zeros in one of the two only, and numbers whose sum is 0 beside zeros.
    """
    one = rng.standard_normal(4)
    yield {"value": one, "reference": one + np.array([0, 0.25, 0, -0.5])}
    one, two = rng.standard_normal((2, 2, 3))
    yield {"value": 3 * one, "reference": two}
    one = -rng.uniform(1, 2, (3, 2))
    yield {"value": one, "reference": one + 1e-3 * rng.uniform(1, 2, (3, 2))}
    yield {"value": one, "reference": -one}
    one, two = 1e-10 * rng.standard_normal((2, 5))
    yield {"value": one / 10, "reference": two}
    yield {"value": np.zeros((2, 2)), "reference": np.zeros((2, 2))}
    yield {"value": np.zeros((2, 0)), "reference": np.zeros((2, 0))}
    # No number to compare with: infinite.
    one = rng.standard_normal((2, 3))
    yield {"value": one, "reference": np.broadcast_to(one[:1], (1, 3)).copy()}  # NumPy would broadcast it
    yield {"value": one, "reference": one.T.copy()}
    for where, number in ((0, np.nan), (1, np.inf)):
        pair = [one.copy(), one.copy()]
        pair[where][1, 2] = number
        yield {"value": pair[0], "reference": pair[1]}
    balanced = one.round() + 1.0
    for numbers in (one, np.concatenate([balanced, -balanced])):
        yield {"value": np.zeros(numbers.shape), "reference": numbers}
        yield {"value": numbers, "reference": np.zeros(numbers.shape)}


def _over(scale: Callable[..., Any], distance: Callable[..., Any] = np.abs) -> Callable[..., Any]:
    """The largest distance over something else."""
    return lambda value, reference: distance(value - reference).max(initial=0) / scale(value, reference)


def _largest(value, reference):
    return max(np.abs(value).max(initial=0), np.abs(reference).max(initial=0))


def _each(scale: Callable[..., Any]) -> Callable[..., Any]:
    """Every distance over its own scale, and of those the largest."""
    return lambda value, reference: (np.abs(value - reference) / scale(value, reference)).max(initial=0)


def _padded_scale(extra: float) -> Mistake:
    return Mistake(
        "error",
        f"about {extra:g} is added to the divisor: then gradients as small as that look right whatever they are. Ask "
        "whether the divisor is 0 instead.",
        _over(lambda value, reference: _largest(value, reference) + extra),
    )


OWN_SCALE = (
    "each number is divided by its own size: one that should be 0 then has an error of 1 for its rounding alone."
)


def _broadcast(value, reference):
    """The error without a look at the shapes."""
    if value.shape == reference.shape:
        return check.relative_error(value, reference)
    return _over(_largest)(value, reference)


NOTHING_OVER_NOTHING = (
    "0 / 0 is no number: if the largest number of the two arrays is 0 they are equal, and the error is 0."
)
EMPTY = (
    "an empty array has no largest number: its error is 0.0. Ask whether the size is 0 before .max(), or give it a "
    "least one, .max(initial=0)."
)


def _formula(value, reference):
    """As it stands, without a thought of zeros, of empty arrays and of shapes."""
    return np.abs(value - reference).max() / max(np.abs(value).max(), np.abs(reference).max())


def _formula_of_floats(value, reference):
    """The same in Python's numbers, of which 0 / 0 is an error."""
    return float(np.abs(value - reference).max()) / float(max(np.abs(value).max(), np.abs(reference).max()))


def _formula_of_floats_and_initial(value, reference):
    return float(np.abs(value - reference).max(initial=0)) / float(_largest(value, reference))


ERROR_MISTAKES = (
    Mistake(
        "error",
        "a NaN came through: ask np.isfinite(...).all() of both arrays first, and return float('inf') if it is not.",
        lambda value, reference: (
            float("nan") if not np.isfinite(value - reference).all() else check.relative_error(value, reference)
        ),
    ),
    Mistake(
        "error",
        "the shapes differ, and NumPy broadcasts one array to the other: compare the shapes first.",
        _broadcast,
    ),
    Mistake(
        "error",
        NOTHING_OVER_NOTHING,
        lambda value, reference: (
            check.relative_error(value, reference) if value.any() or reference.any() else float("nan")
        ),
    ),
    Mistake("error", NOTHING_OVER_NOTHING, _formula),
    *(
        Mistake(
            "error",
            "the error is 0.0 as soon as one of the arrays is all zeros: a backward pass that returns zeros would look "
            "right. Only if both are, so if the largest number of the two is 0, is the error 0.",
            lambda value, reference, zeros=zeros: (
                0.0 if zeros(value, reference) else check.relative_error(value, reference)
            ),
        )
        for zeros in (
            lambda value, reference: not (value.any() and reference.any()),
            lambda value, reference: not value.any(),
            lambda value, reference: not reference.any(),
        )
    ),
    *(Mistake(STOPS, NOTHING_OVER_NOTHING, way) for way in (_formula_of_floats, _formula_of_floats_and_initial)),
    *(Mistake(STOPS, EMPTY, way) for way in (_formula, lambda value, reference: np.abs(value).max())),
    Mistake("error", "it is not divided: that is the absolute error.", _over(lambda value, reference: 1)),
    Mistake(
        "error",
        "it is divided by the largest number of reference; value may hold a larger one: take the largest of both.",
        _over(lambda value, reference: np.abs(reference).max(initial=0)),
    ),
    Mistake(
        "error",
        "it is divided by the largest number of value; reference may hold a larger one: take the largest of both.",
        _over(lambda value, reference: np.abs(value).max(initial=0)),
    ),
    Mistake(
        "error",
        "the divisor is the sum of the two largest numbers: take the larger of them.",
        _over(lambda value, reference: np.abs(value).max() + np.abs(reference).max()),
    ),
    Mistake(
        "error",
        "the divisor is the largest number without np.abs: a large negative number is large too.",
        _over(lambda value, reference: max(value.max(), reference.max())),
    ),
    Mistake(
        "error",
        "the distance is taken without np.abs: where value is the smaller one it counts for nothing.",
        _over(_largest, lambda difference: difference),
    ),
    Mistake("error", f"{OWN_SCALE} Divide by one scale for all.", _each(lambda v, r: np.abs(r))),
    Mistake("error", f"{OWN_SCALE} Divide by one scale for all.", _each(lambda v, r: np.maximum(np.abs(v), np.abs(r)))),
    Mistake("error", f"{OWN_SCALE} Divide by one scale for all.", _each(lambda v, r: np.abs(v) + np.abs(r))),
    Mistake(
        "error",
        "it is the mean of the distances: one wrong number among many would hide. Take the largest.",
        lambda value, reference: np.abs(value - reference).sum() / value.size / _largest(value, reference),
    ),
    Mistake(
        "error",
        "the lengths of the arrays as vectors are compared (norm): take the largest distance and the largest number.",
        lambda value, reference: (
            np.linalg.norm(value - reference) / max(np.linalg.norm(value), np.linalg.norm(reference))
        ),
    ),
    *map(_padded_scale, (1e-8, 1e-10, 1e-12)),
)


# --- 2.4 check_backward --------------------------------------------------------------------------------------------


def norm(x):
    """Group norm of one group, scaled."""
    channels = x.shape[3]
    return layers.group_norm(x, np.linspace(0.5, 2, channels), np.ones(channels), groups=1)


def norm_backward(dy, cache):
    return layers.group_norm_backward(dy, cache)[0]


def norm_backward_without_the_mean(dy, cache):
    """Wrong: what comes back through the mean is forgotten."""
    xhat, inverse_std, weight, _ = cache
    return ((dy * weight).reshape(xhat.shape) * inverse_std).reshape(dy.shape)


def relu_backward_upside_down(dy, cache):
    """Wrong: dy is turned over."""
    return layers.relu_backward(dy[::-1], cache)


def backward_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """Large steps, so that a wrong formula shows; two of the backward passes are wrong, so that the two must differ."""
    for forward, backward, shape, h in (
        (layers.softmax, layers.softmax_backward, (3,), 0.1),
        (layers.softmax, layers.softmax_backward, (2, 4), 0.01),
        (norm, norm_backward, (2, 3, 4, 2), 0.02),
        (norm, norm_backward_without_the_mean, (1, 2, 3, 4), 0.01),
        (layers.relu, relu_backward_upside_down, (4, 3), 1e-5),
    ):
        x, dy = rng.standard_normal((2, *shape))
        direction = rng.uniform(-1, 1, shape)
        yield {"forward": forward, "backward": backward, "x": x, "dy": dy, "direction": direction, "h": h}


def claimed_and_measured(forward, backward, x, dy, direction, h):
    claimed = (backward(dy, forward(x)[1]) * direction).sum()
    case = case_of(lambda x: forward(x)[0], x)
    return claimed, check._central(case, dy, "x", direction, h)  # no number of direction is above 1: the step is h


def _part(output: int, **changed: Callable[..., Any]) -> Callable[..., Any]:
    """Claimed or measured, with other arguments: each is made from the right ones."""

    def wrong(**case):
        return claimed_and_measured(**{**case, **{name: make(**case) for name, make in changed.items()}})[output]

    return wrong


def _one_sided(forward, backward, x, dy, direction, h):
    return (dy * (forward(x + h * direction)[0] - forward(x)[0])).sum() / h


def _at_another_point(forward, backward, x, dy, direction, h):
    return (backward(dy, forward(x + h * direction)[1]) * direction).sum()


BACKWARD_MISTAKES = (
    Mistake(
        "claimed",
        "in the place of claimed stands the measured derivative: claimed is sum(dx * direction), and it comes first.",
        _part(1),
    ),
    Mistake(
        "claimed",
        "your claimed is the sum of dx: multiply dx by direction first.",
        lambda forward, backward, x, dy, **rest: backward(dy, forward(x)[1]).sum(),
    ),
    Mistake(
        "claimed",
        "backward got ones in the place of dy: with ones most mix-ups of dy pass unseen.",
        _part(0, dy=lambda dy, **rest: np.ones_like(dy)),
    ),
    Mistake(
        "claimed",
        "backward got the cache of x + h * direction: the claim must be made at x.",
        _at_another_point,
    ),
    Mistake(
        "claimed",
        "your claimed is a mean: the derivative along a direction is the sum of dx * direction.",
        lambda x, **rest: claimed_and_measured(x=x, **rest)[0] / x.size,
    ),
    Mistake(
        "claimed",
        "your claimed is sum(dy * direction): backward was not asked.",
        lambda dy, direction, **rest: (dy * direction).sum(),
    ),
    Mistake(
        "claimed",
        "your claimed is multiplied by h: it is a derivative, not a difference.",
        lambda h, **rest: claimed_and_measured(h=h, **rest)[0] * h,
    ),
    Mistake(
        "measured",
        "what you measured is the derivative of sum(y): multiply y by dy before it is summed.",
        _part(1, dy=lambda dy, **rest: np.ones_like(dy)),
    ),
    Mistake(
        "measured",
        "it is a forward difference: step to both sides, and divide by 2h.",
        _one_sided,
    ),
    Mistake(
        "measured",
        "it is twice too large: from x - h * direction to x + h * direction it is 2h, so divide by 2 * h.",
        lambda **case: 2 * claimed_and_measured(**case)[1],
    ),
    Mistake(
        "measured",
        "`/ 2 * h` divides by 2 and then multiplies by h: write / (2 * h).",
        lambda **case: claimed_and_measured(**case)[1] * case["h"] ** 2,
    ),
    Mistake(
        "measured",
        "every number of x was moved by h: move along direction, x + h * direction.",
        _part(1, direction=lambda x, **rest: np.ones_like(x)),
    ),
    Mistake(
        "measured",
        "your measured derivative is the claimed one: measure with forward alone, or the check cannot fail.",
        _part(0),
    ),
)

EXERCISES = [
    Exercise("2.1", "numeric_gradient", numeric_cases, numeric, ("gradient",), NUMERIC_MISTAKES, 1e-7),
    Exercise("2.2", "complex_step_gradient", complex_cases, complex_gradient, ("gradient",), COMPLEX_MISTAKES),
    Exercise("2.3", "relative_error", error_cases, check.relative_error, ("error",), ERROR_MISTAKES, 1e-6),
    Exercise(
        "2.4",
        "check_backward",
        backward_cases,
        claimed_and_measured,
        ("claimed", "measured"),
        BACKWARD_MISTAKES,
        1e-7,
    ),
]
