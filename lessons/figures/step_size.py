"""step_size.png: how wrong a measured derivative is, against the step: forward, central and complex, in two precisions.

Run: python -m lessons.figures.step_size
"""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lessons.figures.style import INK, OLIVE, WINE, panels, save
from minunet.gradcheck.check import relative_error

Function = Callable[[np.ndarray], float]


def forward_difference(s: Function, x: np.ndarray, step: np.ndarray, h: float) -> float:
    return (s(x + step) - s(x)) / h


def central_difference(s: Function, x: np.ndarray, step: np.ndarray, h: float) -> float:
    return (s(x + step) - s(x - step)) / (2 * h)


def complex_step(s: Function, x: np.ndarray, step: np.ndarray, h: float) -> float:
    return s(x + 1j * step).imag / h


METHODS = {
    "forward difference": forward_difference,
    "central difference": central_difference,
    "complex step": complex_step,
}


def errors(method: Callable, dtype: str, steps: np.ndarray) -> list[float]:
    """For each step the relative error of dx of y = (x @ weight)**3, all its numbers measured in `dtype`."""
    rng = np.random.default_rng(0)
    x, weight, dy = (rng.standard_normal(shape) for shape in ((3, 4), (4, 3), (3, 3)))
    dx = 3 * dy * (x @ weight) ** 2 @ weight.T  # float64: what is right

    def s(x: np.ndarray) -> float:
        z = (x[:, :, None] * weight.astype(x.dtype)).sum(axis=1)  # x @ weight, with the same rounding on all processors
        return (dy.astype(dtype) * (z * z * z)).sum()

    x, one_by_one = x.astype(dtype), np.eye(x.size).reshape(x.size, *x.shape).astype(dtype)
    found = []
    for h in steps.astype(dtype):
        measured = np.array([method(s, x, h * direction, h) for direction in one_by_one])
        found.append(relative_error(measured.astype("float64").reshape(x.shape), dx))
    return found


def draw(narrow: bool = False) -> Figure:
    """Two panels, one per precision."""
    figure, both = panels(narrow, 2, 4.2, 7.2, sharey=True)
    for axes, dtype, smallest in zip(both, ("float64", "float32"), (-16, -9), strict=True):
        eps = float(np.finfo(dtype).eps)
        steps = 10.0 ** np.arange(-1, smallest - 0.1, -0.5)
        for (name, method), colour in zip(METHODS.items(), (INK, OLIVE, WINE), strict=True):
            dashed = method is complex_step  # and thin: the curve below it shows through
            # What is left there is chance, other on another processor: the figure must not depend on it.
            axes.loglog(
                steps, np.maximum(errors(method, dtype, steps), 4 * eps), "o--" if dashed else "o-", color=colour,
                ms=2 if dashed else 3.5, linewidth=1 if dashed else 1.8, label=name,
            )  # fmt: skip
        axes.set(xlabel="step h", xlim=(steps[-1] / 3, 2))
        axes.set_title(f"{dtype}: eps = {eps:.1e}", fontsize=10, color=INK)
        axes.tick_params(labelsize=8.5)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value:.0e}")
        for power, colour, text in ((1 / 2, INK, "eps^(1/2) "), (1 / 3, OLIVE, " eps^(1/3)")):
            axes.axvline(eps**power, color=colour, linewidth=0.9, linestyle="--")
            side = "right" if colour == INK else "left"
            axes.text(eps**power, 2, text, color=colour, fontsize=9, va="bottom", ha=side)
    left, right = both
    left.set(ylim=(5e-17, 30), ylabel="relative error of the gradient")
    _name_slope(left, 4e-3, 6e-2, "h", INK)
    _name_slope(left, 1.2e-3, 1e-8, "h²", OLIVE)
    _name_slope(left, 1e-11, 2e-7, "eps / h", INK)
    left.text(1e-16, 2e-16, "nothing below 4 eps is drawn", color=WINE, fontsize=8.5, va="center")
    right.legend(fontsize=8.5, loc="lower left", frameon=False)
    return figure


def _name_slope(axes: Axes, x: float, y: float, text: str, colour: str) -> None:
    axes.text(x, y, text, color=colour, fontsize=9.5, ha="center", va="center")


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
