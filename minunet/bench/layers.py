"""Convolution by convolution: the rate of every algorithm, and of PyTorch."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from minunet.bench.compare import Row
from minunet.bench.measure import alternate
from minunet.bench.networks import Convolution, Task, convolutions
from minunet.bench.sides import torch_problem
from minunet.fast import im2col, winograd, winograd_rows
from minunet.fast.conv import algorithm
from minunet.gradient import split
from minunet.threads import get_threads, map_in_order

COLUMNS = ("im2col", "winograd_rows", "winograd", "PyTorch")


def measure_layers(task: Task, rounds: int) -> list[Row]:
    """A row for each different 3x3 convolution of a task: GFLOP/s forward and backward for each of `COLUMNS`.

    The FLOPs are those of the plain sum, whatever the algorithm saves, so that all rates compare. Backward makes dx and
    dweight, twice the work; for the first layer, the one with 3 channels, only dweight, as in training.
    """
    layers = convolutions(task.network(), task.size)
    unique = {(c.channels, c.out_channels, c.size): c for c in layers if c.kernel == 3}
    return [_measure(c, task, rounds) for c in unique.values()]


def _measure(layer: Convolution, task: Task, rounds: int) -> Row:
    x, weight, dy = _arrays(layer, task)
    padding, inner = (layer.padding, layer.padding), layer.channels > 3

    def runs(there: Callable[..., Any], back: Callable[..., Any]) -> tuple[Callable, Callable]:
        forward = _over_groups(x, lambda s: there(x[s], weight, None, padding=padding))
        return forward, _over_groups(x, lambda s: back(x[s], weight, dy[s], padding=padding, need_dx=inner))

    ways = {
        "im2col": runs(partial(im2col.forward, stride=(1, 1)), partial(im2col.backward, stride=(1, 1))),
        "winograd_rows": runs(winograd_rows.forward, winograd_rows.backward),
        "winograd": runs(winograd.forward, winograd.backward),
    }
    if torch_problem() is None:
        ways["PyTorch"] = _torch(x, weight, dy, layer.padding, inner)
    flops = layer.flops * task.batch
    row: Row = {name: getattr(layer, name) for name in ("channels", "out_channels", "size", "padding")}
    row["chosen"] = algorithm(x.dtype, weight.shape, (1, 1), padding)
    for number, (name, work) in enumerate({"forward": flops, "backward": (1 + inner) * flops}.items()):
        times = alternate({way: both[number] for way, both in ways.items()}, rounds)
        row[name] = {way: work / float(np.median(seconds)) / 1e9 for way, seconds in times.items()}
    return row


def _arrays(layer: Convolution, task: Task) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x (N, H, W, C), weight (3, 3, C, K) and dy (N, OH, OW, K) of random numbers."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((task.batch, layer.size, layer.size, layer.channels), "float32")
    weight = rng.standard_normal((3, 3, layer.channels, layer.out_channels), "float32")
    return x, weight, rng.standard_normal((task.batch, layer.out_size, layer.out_size, layer.out_channels), "float32")


def _over_groups(x: np.ndarray, run: Callable[[slice], Any]) -> Callable[[], object]:
    """A function that calls `run` for each group of samples of x, over the threads, as training does."""
    return lambda: list(map_in_order(run, split(x)))


def _torch(x: np.ndarray, weight: np.ndarray, dy: np.ndarray, padding: int, need_dx: bool) -> tuple[Callable, Callable]:
    """PyTorch's convolution of the same arrays, channels last: forward, and backward alone."""
    import torch

    from minunet.exchange.torch_bridge import nchw, torch_order

    torch.set_num_threads(get_threads())
    images, dimages = nchw(torch.tensor(x)), nchw(torch.tensor(dy))
    kernel = torch_order("weight", torch.tensor(weight)).contiguous(memory_format=torch.channels_last)

    def forward() -> None:
        with torch.inference_mode():
            torch.nn.functional.conv2d(images, kernel, padding=padding)

    def backward() -> None:
        wanted = (need_dx, True, False)
        torch.ops.aten.convolution_backward(
            dimages, images, kernel, None, (1, 1), (padding, padding), (1, 1), False, (0, 0), 1, wanted
        )

    return forward, backward


def print_layers(task: Task, rows: list[Row]) -> None:
    """The table of `measure_layers`; the algorithm that the rule chooses is marked with a star."""
    print(f"\n{task.name}: {task.describe()}. GFLOP/s of the plain sum, forward / backward; * is what minunet takes")
    print(f"{'C -> K, H=W, padding':<24}" + "".join(f"{name:>18}" for name in COLUMNS))
    for row in rows:
        rates = {name: f"{rate:.0f} / {row['backward'][name]:.0f}" for name, rate in row["forward"].items()}
        rates[row["chosen"]] += "*"
        shape = f"{row['channels']} -> {row['out_channels']}, {row['size']}, {row['padding']}"
        print(f"{shape:<24}" + "".join(f"{rates.get(name, '-'):>18}" for name in COLUMNS))
