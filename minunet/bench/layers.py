"""Convolution by convolution: the rate of every algorithm, and of PyTorch, and the picture of the roofline."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from minunet.backend import get_threads, map_in_order
from minunet.bench.measure import alternate, copy_bandwidth, gemm_peak
from minunet.bench.networks import Convolution, Task, convolutions
from minunet.fast import conv2d, conv2d_backward, im2col, winograd, winograd_rows
from minunet.fast.conv import algorithm
from minunet.parallel import split

COLUMNS = ("im2col", "winograd_rows", "winograd", "PyTorch")
Row = dict[str, Any]


def measure_layers(task: Task, rounds: int) -> list[Row]:
    """A row for each different 3x3 convolution of a task: GFLOP/s forward and backward for each of `COLUMNS`.

    The FLOPs are those of the plain sum, whatever the algorithm saves, so that all rates compare. Backward makes dx and
    dweight, twice the work.
    """
    layers = convolutions(task.network(), task.size)
    unique = {(c.channels, c.kernels, c.size): c for c in layers if c.kernel == 3}
    return [_measure(c, task, rounds) for c in unique.values()]


def _measure(layer: Convolution, task: Task, rounds: int) -> Row:
    rng = np.random.default_rng(0)
    padding = (layer.out_size - layer.size + 2) // 2
    x = rng.standard_normal((task.batch, layer.size, layer.size, layer.channels)).astype("float32")
    weight = rng.standard_normal((3, 3, layer.channels, layer.kernels)).astype("float32")
    dy = rng.standard_normal((task.batch, layer.out_size, layer.out_size, layer.kernels)).astype("float32")
    zeros = (padding, padding)
    groups = split(x)

    def over_threads(run: Callable[[slice], Any]) -> Callable[[], None]:
        return lambda: list(map_in_order(run, groups)) and None

    forward = {
        "im2col": over_threads(lambda s: im2col.forward(x[s], weight, None, (1, 1), zeros)),
        "winograd_rows": over_threads(lambda s: winograd_rows.forward(x[s], weight, None, zeros)),
        "winograd": over_threads(lambda s: winograd.forward(x[s], weight, None, zeros)),
    }
    backward = {
        "im2col": over_threads(lambda s: im2col.backward(x[s], weight, dy[s], (1, 1), zeros)),
        "winograd_rows": over_threads(lambda s: winograd_rows.backward(x[s], weight, dy[s], zeros)),
        "winograd": over_threads(lambda s: winograd.backward(x[s], weight, dy[s], zeros)),
    }
    if importlib.util.find_spec("torch"):
        forward["PyTorch"], backward["PyTorch"] = _torch(x, weight, dy, padding)
    flops = layer.flops * task.batch
    row: Row = {"channels": layer.channels, "kernels": layer.kernels, "size": layer.size, "padding": padding}
    row["chosen"] = algorithm(x.dtype, weight.shape, (1, 1), zeros)
    for name, runs, work in (("forward", forward, flops), ("backward", backward, 2 * flops)):
        times = alternate(runs, rounds)
        row[name] = {way: work / float(np.median(seconds)) / 1e9 for way, seconds in times.items()}
    return row


def _torch(x: np.ndarray, weight: np.ndarray, dy: np.ndarray, padding: int) -> tuple[Callable, Callable]:
    """PyTorch's convolution of the same arrays, channels last: forward, and backward alone."""
    import torch

    from minunet.torch_bridge import nchw, torch_order

    torch.set_num_threads(get_threads())
    images, dimages = nchw(torch.tensor(x)), nchw(torch.tensor(dy))
    kernel = torch_order("weight", torch.tensor(weight)).contiguous(memory_format=torch.channels_last)

    def forward() -> None:
        with torch.inference_mode():
            torch.nn.functional.conv2d(images, kernel, padding=padding)

    def backward() -> None:
        torch.ops.aten.convolution_backward(
            dimages, images, kernel, None, (1, 1), (padding, padding), (1, 1), False, (0, 0), 1, (True, True, False)
        )

    return forward, backward


def print_layers(task: Task, rows: list[Row]) -> None:
    """The table of `measure_layers`; the algorithm that the rule chooses is marked with a star."""
    print(f"\n{task.name}: {task.describe()}. GFLOP/s of the plain sum, forward / backward; * is what minunet takes")
    print(f"{'C -> K, H=W, padding':<24}" + "".join(f"{name:>18}" for name in COLUMNS))
    for row in rows:
        cells = []
        for name in COLUMNS:
            if name not in row["forward"]:
                cells.append("-")
                continue
            star = "*" if name == row["chosen"] else ""
            cells.append(f"{row['forward'][name]:.0f} / {row['backward'][name]:.0f}{star}")
        shape = f"{row['channels']} -> {row['kernels']}, {row['size']}, {row['padding']}"
        print(f"{shape:<24}" + "".join(f"{cell:>18}" for cell in cells))


def save_roofline(path: Path, tasks: list[Task], rounds: int) -> None:
    """Each forward convolution of the tasks as a dot: arithmetic per byte against rate, under the machine's roof."""
    peak, bandwidth = gemm_peak(), copy_bandwidth()
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    markers = ("o", "s", "^", "D", "v")
    largest = 1.0
    for task, marker in zip(tasks, markers, strict=False):
        intensity, rate = [], []
        for layer in convolutions(task.network(), task.size):
            if layer.kernel != 3:
                continue
            intensity.append(layer.flops / layer.bytes)
            rate.append(_rate_of(layer, task, rounds))
        axes.scatter(intensity, rate, marker=marker, s=36, alpha=0.8, label=f"{task.name}: {task.describe()}")
        largest = max(largest, *intensity)
    reach = np.geomspace(2, 1.5 * largest, 100)
    axes.plot(reach, np.minimum(peak, bandwidth * reach), color="black", linewidth=1)
    ridge = peak / bandwidth  # above this arithmetic per byte, memory is no longer the limit
    above = {"xytext": (0, 5), "textcoords": "offset points"}
    axes.annotate(f"matrix products: {peak:.0f} GFLOP/s", (1.1 * ridge, peak), **above)
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


def _rate_of(layer: Convolution, task: Task, rounds: int) -> float:
    """GFLOP/s of the layer by the algorithm of the rule."""
    rng, padding = np.random.default_rng(0), (layer.out_size - layer.size + 2) // 2
    x = rng.standard_normal((task.batch, layer.size, layer.size, layer.channels)).astype("float32")
    weight = rng.standard_normal((3, 3, layer.channels, layer.kernels)).astype("float32")
    groups = split(x)
    run = lambda: list(map_in_order(lambda s: conv2d(x[s], weight, padding=padding), groups)) and None  # noqa: E731
    return layer.flops * task.batch / float(np.median(alternate({"": run}, rounds)[""])) / 1e9
