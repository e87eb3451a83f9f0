"""learning_valley.png: gradient descent, momentum and Adam in a valley that is 30 times as curved across as along.

Run: python -m lessons.figures.learning_valley
"""

import numpy as np
from matplotlib.figure import Figure

from lessons.figures.style import INK, METHODS, new_figure, save
from minunet.optim import SGD, Adam, Optimizer

CURVATURE = np.array([1.0, 30.0])  # along the valley, across it
START = np.array([-10.0, 1.6])
STEPS = 50


def loss(w: np.ndarray) -> np.ndarray:
    """(..., 2) -> (...): half the sum of curvature * w**2."""
    return 0.5 * (CURVATURE * w * w).sum(axis=-1)


def walk(optimizer: Optimizer) -> np.ndarray:
    """Where the optimiser is after 0, 1, ..., STEPS steps: (STEPS + 1, 2)."""
    params, places = {"w": START.copy()}, [START]
    for _ in range(STEPS):
        optimizer.step(params, {"w": CURVATURE * params["w"]})
        places.append(params["w"].copy())
    return np.stack(places)


def draw(narrow: bool = False) -> Figure:
    """Three paths in the same valley, and the loss after each step."""
    figure = new_figure(4, 9.6) if narrow else new_figure(9.5, 5.6)
    grid = figure.subplots(4, 1) if narrow else figure.subplots(2, 2)
    runs: list[tuple[str, Optimizer]] = [
        ("SGD, lr 0.06", SGD(0.06)),
        ("SGD, lr 0.03, momentum 0.8", SGD(0.03, momentum=0.8)),
        ("Adam, lr 0.5", Adam(0.5)),
    ]
    along, across = np.meshgrid(np.linspace(-11.5, 3.5, 300), np.linspace(-2.3, 2.3, 200))
    heights = loss(np.stack([along, across], axis=-1))
    for axes, (name, optimizer), (colour, shape) in zip(grid.flat[:3], runs, METHODS[:3], strict=True):
        path = walk(optimizer)
        axes.contour(along, across, heights, levels=[0.5, 3, 10, 25, 50, 80], colors="#bbbbbb", linewidths=0.8)
        axes.plot(*path.T, "o-", color=colour, markersize=3, linewidth=1.2)
        axes.plot(0, 0, "+", color=INK, markersize=12, markeredgewidth=1.5)
        axes.set_title(name, fontsize=10, color=INK)
        axes.set(xlim=(-11.5, 3.5), ylim=(-2.3, 2.3), xlabel="along the valley", ylabel="across")
        grid.flat[3].plot(loss(path), shape, color=colour, label=name)
    grid.flat[3].set(yscale="log", ylim=(1e-4, 2e2), xlabel="steps", ylabel="loss")
    grid.flat[3].set_title("the loss after each step", fontsize=10, color=INK)
    grid.flat[3].grid(alpha=0.3)
    grid.flat[3].legend(fontsize=9, loc="lower left", frameon=False)
    for axes in grid.flat:
        axes.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
