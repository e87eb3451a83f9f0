"""The roofline: what arithmetic and memory of this machine allow, and where each convolution lies under or above it.

Williams, Waterman and Patterson, "Roofline: An Insightful Visual Performance Model for Multicore Architectures" (2009).
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from minunet.bench.layers import forward_rate
from minunet.bench.measure import copy_bandwidth, gemm_peak
from minunet.bench.networks import Task, convolutions
from minunet.threads import get_threads


def save_roofline(path: Path, tasks: list[Task], rounds: int) -> None:
    """Each forward convolution of the tasks as a dot: arithmetic per byte against rate, under the machine's roof."""
    peak, bandwidth = gemm_peak(), copy_bandwidth()
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    largest = 1.0
    for task, marker in zip(tasks, "os^Dv", strict=False):
        layers = [layer for layer in convolutions(task.network(), task.size) if layer.kernel == 3]
        intensity = [layer.flops / layer.bytes for layer in layers]
        rate = [forward_rate(layer, task, rounds) for layer in layers]
        axes.scatter(intensity, rate, marker=marker, s=36, alpha=0.8, label=f"{task.name}: {task.describe()}")
        largest = max(largest, *intensity)
    reach = np.geomspace(2, 1.5 * largest, 100)
    axes.plot(reach, np.minimum(peak, bandwidth * reach), color="black", linewidth=1)
    ridge = peak / bandwidth  # above this arithmetic per byte, memory is no longer the limit
    axes.annotate(f"matrix products: {peak:.0f} GFLOP/s", (1.1 * ridge, 1.03 * peak))
    axes.annotate(f"copying: {bandwidth:.0f} GB/s", (2.4, 2 * bandwidth), ha="left", va="top")
    axes.set(xscale="log", yscale="log", xlabel="arithmetic of the plain sum per byte of x, weight and y (FLOP/byte)")
    axes.set(ylabel="rate (GFLOP/s of the plain sum)", title=f"3x3 convolutions, forward, {get_threads()} threads")
    axes.set_xticks([2, 5, 10, 20, 50, 100, 200], minor=False)
    axes.set_yticks([20, 50, 100, 200, 400], minor=False)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter("")
    axes.legend(loc="lower right", fontsize=8)
    axes.grid(True, which="both", alpha=0.2)
    figure.savefig(path, dpi=120)
