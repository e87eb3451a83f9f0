"""roofline.png: what arithmetic and memory of this machine allow, and where each convolution lies under or above it.

Williams, Waterman and Patterson, "Roofline: An Insightful Visual Performance Model for Multicore Architectures" (2009).
It measures, for minutes: run it on a machine that has nothing else to do.

Run: python -m lessons.figures.roofline
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from lessons.figures.style import INK, STRONG, new_figure, save
from minunet.bench.layers import measure_layers
from minunet.bench.measure import gemm_peak, seconds_of
from minunet.bench.networks import TASKS, Convolution, Task, convolutions
from minunet.threads import get_threads, map_in_order

ALL = tuple(task for task in TASKS.values() if task.train)


class Measured(NamedTuple):
    """GFLOP/s and GB/s of the machine; the arithmetic per byte and the rate of each convolution, for each task."""

    peak: float
    bandwidth: float
    dots: dict[str, tuple[list[float], list[float]]]


def measure(tasks: Sequence[Task] = ALL, rounds: int = 7) -> Measured:
    """The forward pass of each 3x3 convolution of the tasks."""
    dots = {}
    for task in tasks:
        rows = {(row["channels"], row["out_channels"], row["size"]): row for row in measure_layers(task, rounds)}
        layers = [layer for layer in convolutions(task.network(), task.size) if layer.kernel == 3]
        chosen = [rows[layer.channels, layer.out_channels, layer.size] for layer in layers]
        intensity = [layer.flops / bytes_of(layer) for layer in layers]
        dots[f"{task.name}: {task.describe()}"] = intensity, [row["forward"][row["chosen"]] for row in chosen]
    return Measured(gemm_peak(), copy_bandwidth(), dots)


def draw(measured: Measured, narrow: bool = False) -> Figure:
    """Each convolution as a dot: arithmetic per byte against rate, under the machine's roof."""
    peak, bandwidth, dots = measured
    figure = new_figure(4, 5) if narrow else new_figure(8, 5)
    axes = figure.subplots()
    for number, (name, (intensity, rate)) in enumerate(dots.items()):
        look = {"marker": "os^Dv"[number % 5], "color": STRONG[number % 4]}
        axes.scatter(intensity, rate, s=36, alpha=0.8, label=name, **look)
    reach = np.geomspace(2, 1.5 * max(max(intensity) for intensity, _ in dots.values()), 100)
    axes.plot(reach, np.minimum(peak, bandwidth * reach), color=INK, linewidth=1)
    ridge = peak / bandwidth  # above this arithmetic per byte, memory is no longer the limit
    axes.annotate(f"matrix products: {peak:.0f} GFLOP/s", (1.1 * ridge, 1.03 * peak))
    axes.annotate(f"copying: {bandwidth:.0f} GB/s", (2.4, 2 * bandwidth), ha="left", va="top")
    axes.set(xscale="log", yscale="log", xlabel="arithmetic of the plain sum\nper byte of x, weight and y (FLOP/byte)")
    axes.set(ylabel="rate (GFLOP/s of the plain sum)", title=f"3x3 convolutions, forward, {get_threads()} threads")
    axes.set_xticks([2, 5, 10, 20, 50, 100, 200], minor=False)
    axes.set_yticks([20, 50, 100, 200, 400], minor=False)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter("")
    if narrow:
        figure.legend(loc="outside lower center", fontsize=8, frameon=False)
    else:
        axes.legend(loc="lower right", fontsize=8)
    axes.grid(True, which="both", alpha=0.2)
    return figure


def bytes_of(layer: Convolution) -> int:
    """Of the image that goes in, the weight, and the image that comes out, each once, in float32."""
    weight = layer.kernel**2 * layer.channels * layer.out_channels
    return 4 * (layer.channels * layer.size**2 + weight + layer.out_channels * layer.out_size**2)


def copy_bandwidth() -> float:
    """GB/s, read and written, of copying 64 MB on each thread: the best of 7 tries."""
    threads = range(get_threads())
    source, target = np.ones((2, len(threads), 1 << 24), dtype="float32")

    def copy(thread: int) -> None:
        target[thread] = source[thread]

    return 2 * source.nbytes / min(seconds_of(lambda: list(map_in_order(copy, threads))) for _ in range(7)) / 1e9


if __name__ == "__main__":
    found = measure()
    save(draw(found), __file__, draw(found, narrow=True))
