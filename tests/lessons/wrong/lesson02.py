"""Wrong solutions of lesson 2."""

import numpy as np

from minunet.gradcheck import check
from tests.lessons.wrong import wrong

# --- 2.1 numeric_gradient


@wrong("2.1")
def forward_difference(f, x, h):
    gradient = np.zeros(x.shape)
    before = f(x)
    for index in np.ndindex(x.shape):
        moved = x.copy()
        moved[index] += h
        gradient[index] = (f(moved) - before) / h
    return gradient


@wrong("2.1")
def divided_by_one_step(f, x, h):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[index] += h
        behind[index] -= h
        gradient[index] = (f(ahead) - f(behind)) / h
    return gradient


@wrong("2.1")
def precedence(f, x, h):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[index] += h
        behind[index] -= h
        gradient[index] = (f(ahead) - f(behind)) / 2 * h
    return gradient


@wrong("2.1")
def everything_moved(f, x, h):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        gradient[index] = (f(x + h) - f(x - h)) / (2 * h)
    return gradient


@wrong("2.1")
def one_number_for_f(f, x, h):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        gradient[index] = (f(x[index] + h) - f(x[index] - h)) / (2 * h)
    return gradient


@wrong("2.1")
def without_a_loop(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


@wrong("2.1")
def not_put_back(f, x, h):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        x[index] += h
        ahead = f(x)
        x[index] -= 2 * h
        behind = f(x)
        gradient[index] = (ahead - behind) / (2 * h)
    return gradient


@wrong("2.1")
def put_back_by_adding(f, x, h):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        x[index] += h
        ahead = f(x)
        x[index] -= 2 * h
        behind = f(x)
        x[index] += h  # not the old number to the last bit
        gradient[index] = (ahead - behind) / (2 * h)
    return gradient


@wrong("2.1")
def copies_made_too_early(f, x, h):
    gradient = np.zeros(x.shape)
    ahead, behind = x.copy(), x.copy()
    for index in np.ndindex(x.shape):
        ahead[index] += h
        behind[index] -= h
        gradient[index] = (f(ahead) - f(behind)) / (2 * h)
    return gradient


@wrong("2.1")
def flat(f, x, h):
    gradient = []
    for index in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[index] += h
        behind[index] -= h
        gradient.append((f(ahead) - f(behind)) / (2 * h))
    return np.array(gradient)


@wrong("2.1")
def writes_into_a_copy(f, x, h):
    gradient = np.zeros_like(x)  # in the order in memory of x: of a transpose, ravel() is a copy
    for number, index in enumerate(np.ndindex(x.shape)):
        ahead, behind = x.copy(), x.copy()
        ahead[index] += h
        behind[index] -= h
        gradient.ravel()[number] = (f(ahead) - f(behind)) / (2 * h)
    return gradient


@wrong("2.1")
def steps_in_a_copy(f, x, h):
    flat = x.reshape(-1)  # of a transpose, a copy
    gradient = np.zeros(flat.shape)
    for i, old in enumerate(flat.copy()):
        flat[i] = old + h
        ahead = f(x)
        flat[i] = old - h
        behind = f(x)
        flat[i] = old
        gradient[i] = (ahead - behind) / (2 * h)
    return gradient.reshape(x.shape)


# --- 2.2 complex_step_gradient


@wrong("2.2")
def real_step(f, x):
    h = 1e-30
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[index] += h
        gradient[index] = f(moved).imag / h
    return gradient


@wrong("2.2")
def not_divided(f, x):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[index] += 1e-30j
        gradient[index] = f(moved).imag
    return gradient


@wrong("2.2")
def real_part(f, x):
    h = 1e-30
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[index] += 1j * h
        gradient[index] = f(moved).real / h
    return gradient


@wrong("2.2")
def size(f, x):
    h = 1e-30
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[index] += 1j * h
        gradient[index] = abs(f(moved)) / h
    return gradient


@wrong("2.2")
def still_complex(f, x):
    h = 1e-30
    gradient = np.zeros(x.shape, dtype=complex)
    for index in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[index] += 1j * h
        gradient[index] = f(moved) / h
    return gradient


@wrong("2.2")
def step_of_differences(f, x):
    h = 1e-4
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[index] += 1j * h
        gradient[index] = f(moved).imag / h
    return gradient


@wrong("2.2")
def one_copy_for_all(f, x):
    h = 1e-30
    gradient = np.zeros(x.shape)
    moved = x.astype(complex)
    for index in np.ndindex(x.shape):
        moved[index] += 1j * h
        gradient[index] = f(moved).imag / h
    return gradient


@wrong("2.2")
def all_together(f, x):
    h = 1e-30
    return np.ones(x.shape) * f(x + 1j * h).imag / h


@wrong("2.2")
def one_step_for_all(f, x):
    return f(x + 1e-30j).imag / 1e-30


@wrong("2.2")
def real_copy(f, x):
    h = 1e-30
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        moved = x.copy()  # cannot hold a complex number
        moved[index] += 1j * h
        gradient[index] = f(moved).imag / h
    return gradient


@wrong("2.2")
def steps_in_a_flat_copy(f, x):
    gradient = np.zeros(x.size)
    for i in range(x.size):
        moved = x.astype(complex)  # of a transpose, again a transpose
        moved.ravel()[i] += 1e-30j
        gradient[i] = f(moved).imag / 1e-30
    return gradient.reshape(x.shape)


# --- 2.3 relative_error


@wrong("2.3")
def element_by_element(value, reference):
    return float(np.max(np.abs(value - reference) / np.maximum(np.abs(value), np.abs(reference))))


@wrong("2.3")
def of_the_reference(value, reference):
    scale = np.abs(reference).max(initial=0)
    return float(np.abs(value - reference).max(initial=0) / scale) if scale > 0 else 0.0


@wrong("2.3")
def absolute(value, reference):
    return float(np.abs(value - reference).max(initial=0))


@wrong("2.3")
def nothing_over_nothing(value, reference):
    if value.shape != reference.shape:
        return float("inf")
    scale = max(np.abs(value).max(initial=0), np.abs(reference).max(initial=0))
    with np.errstate(invalid="ignore"):
        return float(np.abs(value - reference).max(initial=0) / scale)


@wrong("2.3")
def one_of_them_is_zeros(value, reference):
    if np.all(value == 0) or np.all(reference == 0):
        return 0.0
    return check.relative_error(value, reference)


@wrong("2.3")
def value_is_zeros(value, reference):
    return check.relative_error(value, reference) if value.any() else 0.0


@wrong("2.3")
def sum_of_reference_is_zero(value, reference):
    if value.shape == reference.shape and reference.sum() == 0:
        return 0.0
    return check.relative_error(value, reference)


@wrong("2.3")
def a_little_added(value, reference):
    scale = max(np.abs(value).max(initial=0), np.abs(reference).max(initial=0))
    return float(np.abs(value - reference).max(initial=0) / (scale + 1e-8))


@wrong("2.3")
def sign_forgotten(value, reference):
    scale = max(np.abs(value).max(initial=0), np.abs(reference).max(initial=0))
    return float((value - reference).max(initial=0) / scale) if scale > 0 else 0.0


@wrong("2.3")
def mean_distance(value, reference):
    scale = max(np.abs(value).max(initial=0), np.abs(reference).max(initial=0))
    return float(np.mean(np.abs(value - reference)) / scale) if scale > 0 else 0.0


@wrong("2.3")
def lengths(value, reference):
    scale = max(np.linalg.norm(value), np.linalg.norm(reference))
    return float(np.linalg.norm(value - reference) / scale) if scale > 0 else 0.0


@wrong("2.3")
def sum_of_both(value, reference):
    scale = np.abs(value).max(initial=0) + np.abs(reference).max(initial=0)
    return float(np.abs(value - reference).max(initial=0) / scale) if scale > 0 else 0.0


@wrong("2.3")
def shapes_not_compared(value, reference):
    if not (np.isfinite(value).all() and np.isfinite(reference).all()):
        return float("inf")
    scale = max(np.abs(value).max(initial=0), np.abs(reference).max(initial=0))
    return float(np.abs(value - reference).max(initial=0) / scale) if scale > 0 else 0.0


@wrong("2.3")
def nan_let_through(value, reference):
    if value.shape != reference.shape:
        return float("inf")
    scale = max(np.abs(value).max(initial=0), np.abs(reference).max(initial=0))
    if scale == 0:
        return 0.0
    return float(np.abs(value - reference).max() / scale)


@wrong("2.3")
def empty_forgotten(value, reference):
    scale = max(np.abs(value).max(), np.abs(reference).max())
    return float(np.abs(value - reference).max() / scale) if scale > 0 else 0.0


@wrong("2.3")
def formula_only(value, reference):
    return np.max(np.abs(value - reference)) / max(np.max(np.abs(value)), np.max(np.abs(reference)))


@wrong("2.3")
def zero_divided_by_zero(value, reference):
    if value.shape != reference.shape:
        return float("inf")
    largest = float(max(np.abs(value).max(initial=0), np.abs(reference).max(initial=0)))
    return float(np.abs(value - reference).max(initial=0)) / largest


@wrong("2.3")
def empty_after_the_shapes(value, reference):
    if value.shape != reference.shape or not (np.isfinite(value).all() and np.isfinite(reference).all()):
        return float("inf")
    scale = max(np.abs(value).max(), np.abs(reference).max())
    return float(np.abs(value - reference).max() / scale) if scale > 0 else 0.0


# --- 2.4 check_backward


@wrong("2.4")
def sum_of_y(forward, backward, x, dy, direction, h):
    claimed = (backward(dy, forward(x)[1]) * direction).sum()
    ahead, behind = forward(x + h * direction)[0].sum(), forward(x - h * direction)[0].sum()
    return claimed, (ahead - behind) / (2 * h)


@wrong("2.4")
def ones_for_both(forward, backward, x, dy, direction, h):
    y, cache = forward(x)
    claimed = (backward(np.ones_like(y), cache) * direction).sum()
    return claimed, (forward(x + h * direction)[0] - forward(x - h * direction)[0]).sum() / (2 * h)


@wrong("2.4")
def one_step(forward, backward, x, dy, direction, h):
    y, cache = forward(x)
    ahead, _ = forward(x + h * direction)
    return (backward(dy, cache) * direction).sum(), (dy * (ahead - y)).sum() / h


@wrong("2.4")
def last_cache(forward, backward, x, dy, direction, h):
    behind, cache = forward(x - h * direction)
    ahead, cache = forward(x + h * direction)
    return (backward(dy, cache) * direction).sum(), (dy * (ahead - behind)).sum() / (2 * h)


@wrong("2.4")
def direction_forgotten(forward, backward, x, dy, direction, h):
    _, cache = forward(x)
    ahead, behind = forward(x + h * direction)[0], forward(x - h * direction)[0]
    return backward(dy, cache).sum(), (dy * (ahead - behind)).sum() / (2 * h)


@wrong("2.4")
def no_sum(forward, backward, x, dy, direction, h):
    _, cache = forward(x)
    ahead, behind = forward(x + h * direction)[0], forward(x - h * direction)[0]
    return backward(dy, cache) * direction, dy * (ahead - behind) / (2 * h)


@wrong("2.4")
def measured_first(forward, backward, x, dy, direction, h):
    _, cache = forward(x)
    ahead, behind = forward(x + h * direction)[0], forward(x - h * direction)[0]
    return (dy * (ahead - behind)).sum() / (2 * h), (backward(dy, cache) * direction).sum()


@wrong("2.4")
def only_the_difference(forward, backward, x, dy, direction, h):
    _, cache = forward(x)
    ahead, behind = forward(x + h * direction)[0], forward(x - h * direction)[0]
    return abs((backward(dy, cache) * direction).sum() - (dy * (ahead - behind)).sum() / (2 * h))


@wrong("2.4")
def everything_moved_alike(forward, backward, x, dy, direction, h):
    _, cache = forward(x)
    ahead, behind = forward(x + h)[0], forward(x - h)[0]
    return (backward(dy, cache) * direction).sum(), (dy * (ahead - behind)).sum() / (2 * h)


@wrong("2.4")
def check_that_cannot_fail(forward, backward, x, dy, direction, h):
    claimed = (backward(dy, forward(x)[1]) * direction).sum()
    ahead = (backward(dy, forward(x)[1]) * (x + h * direction)).sum()
    behind = (backward(dy, forward(x)[1]) * (x - h * direction)).sum()
    return claimed, (ahead - behind) / (2 * h)
