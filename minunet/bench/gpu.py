"""The same comparison on a GPU: minunet through CuPy beside PyTorch with cuDNN, in exact float32 and in TF32.

Time is taken by CUDA events around each run, which begins with an idle GPU: from the moment when the CPU begins to
order work to the end of the last kernel. Where the CPU takes longer to order than the GPU to compute, as with small
networks, that is what is measured, of both libraries; "ordered in" says how long the CPU took. In training the CPU
runs ahead, and it counts less. Both libraries use the default stream, so that the events see the work of both. PyTorch
is not compiled here.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np

from minunet.bench.compare import FORMATS, TOLERANCES, Row, agreement, disagreement, number, ratio, ratio_text
from minunet.bench.measure import MEBIBYTE, alternate, seconds_of
from minunet.bench.networks import TASKS as CPU_TASKS
from minunet.bench.networks import Task
from minunet.bench.sides import Minunet, Side, Torch, difference, torch_problem
from minunet.errors import InputError
from minunet.gpu import adam, conv_transpose, cross_entropy, im2col, passes, pool, products, wide_rows

BATCHES = {"seed": 50, "base32": 32, "base16": 32, "seed-inference": 50}  # larger than on the CPU
TASKS = {name: replace(CPU_TASKS[name], batch=batch) for name, batch in BATCHES.items()}
PRECISIONS = {  # and how far the loss and a gradient may be off, relative
    "float32": TOLERANCES,
    "tf32": (3e-2, 3e-2),  # both sides round, each differently; not measured on a GPU yet
}
LAUNCHERS = (adam, conv_transpose, cross_entropy, passes, pool)  # where kernels are started, by `launch`
MULTIPLIERS = {  # and products, by `multiply`
    "3x3, y and dx": wide_rows,
    "dweight": products,
    "first and last layer": im2col,
    "transposed convolution": conv_transpose,
}


def gpu_name() -> str:
    """As the driver calls it."""
    import cupy

    return cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()


def torch_gpu_problem() -> str | None:
    """None if PyTorch can use the GPU, otherwise a sentence that says why not."""
    if torch_problem() is not None:
        return torch_problem()
    import torch

    return None if torch.cuda.is_available() else "This PyTorch cannot use the GPU: minunet alone."


def use_precision(precision: str) -> None:
    """Exact float32 or TF32, for both sides."""
    products.use_tf32(precision == "tf32")
    if torch_problem() is None:
        import torch

        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
        torch.backends.cudnn.benchmark = True  # cuDNN tries its algorithms first and takes the fastest,
        if torch.backends.cudnn.is_available():
            torch.backends.cudnn.benchmark_limit = 0  # of all that it has


def seconds_on_gpu(run: Callable[[], object]) -> float:
    """From when the CPU begins to order the work of `run` until the GPU has done it."""
    import cupy

    start, end = cupy.cuda.Event(), cupy.cuda.Event()
    start.record()
    run()
    end.record()
    end.synchronize()
    return cupy.cuda.get_elapsed_time(start, end) / 1e3


def measure_gpu_task(task: Task, precision: str, rounds: int) -> Row:
    """A row: ms a batch of each side, ratios to the faster memory format of PyTorch, and the memory of minunet in MiB.

    If the two sides do not compute the same, "agree" is False and nothing is timed.
    """
    use_precision(precision)
    try:
        ours = Minunet(task, "gpu")
        sides: dict[str, Side] = {"minunet": ours}
        row: Row = {"agree": True}
        if torch_gpu_problem() is None:
            for name in FORMATS:
                sides[name] = Torch(task, channels_last=name == "channels last", device="cuda")
            row = agreement([difference(ours, sides[name]) for name in FORMATS], PRECISIONS[precision])
            if not row["agree"]:
                return row
        row["same_bits"] = _same_bits(ours)
        times = alternate({name: side.run for name, side in sides.items()}, rounds, seconds_on_gpu)
        row["ms"] = {name: float(np.median(each)) * 1e3 for name, each in times.items()}
        row["ordered_ms"] = _seconds_to_order(ours) * 1e3
        row["memory"] = _peak_memory(ours)
        return row | ratio(times)
    finally:
        use_precision("float32")


def _same_bits(side: Minunet) -> bool:
    """Whether a second run gives the same bits as the first."""
    (loss, grads), (again, others) = side.outcome(), side.outcome()
    return loss == again and all(np.array_equal(grads[name], others[name]) for name in grads)


def _seconds_to_order(side: Minunet) -> float:
    """How long the CPU takes to order a run, the smallest of five; the GPU may go on after that."""
    found = []
    for _ in range(5):
        found.append(seconds_of(side.run))
        seconds_on_gpu(lambda: None)  # waits until the GPU is idle
    return min(found)


def _peak_memory(side: Minunet) -> float:
    """At most how many MiB one run takes from the GPU, beyond what lies there: weights, moments, batch.

    The memory pool hands out whole blocks, so the rests of those in use are counted with it.
    """
    import cupy

    memory = cupy.get_default_memory_pool()
    memory.free_all_blocks()
    before = memory.used_bytes()
    side.run()
    return (memory.total_bytes() - before) / MEBIBYTE


HEADER = """
                              ms a batch          minunet / PyTorch ordered in,   memory,  same bits
task                        minunet   PyTorch           (quartiles)          ms       MiB      again"""


def print_gpu_row(task: Task, precision: str, row: Row) -> None:
    """One line of the table."""
    line = f"{task.name:<16}{precision:<9}"
    if not row["agree"]:
        print(line + disagreement(row))
        return
    line += f"{row['ms']['minunet']:>10.2f}{number(row['ms'].get(row.get('format')), 2):>10}{ratio_text(row):>22}"
    line += f"{row['ordered_ms']:>12.2f}{row['memory']:>10.0f}{'yes' if row['same_bits'] else 'NO':>11}"
    print(line, flush=True)


def profile_on_gpu(task: Task, rounds: int) -> dict[str, float]:
    """ms of a run in each kernel and in matrix products, the time to order it included; "rest" is everything else."""
    side = Minunet(task, "gpu")
    side.run()
    with _events() as events:
        whole = sum(seconds_on_gpu(side.run) for _ in range(rounds)) * 1e3 / rounds
    import cupy

    parts: dict[str, float] = {}
    for name, start, end in events:
        parts[name] = parts.get(name, 0.0) + cupy.cuda.get_elapsed_time(start, end) / rounds
    return dict(sorted(parts.items(), key=lambda part: -part[1])) | {"rest": whole - sum(parts.values())}


@contextmanager
def _events() -> Iterator[list[tuple[str, Any, Any]]]:
    """While this is entered, every kernel and every product is put between two events."""
    import cupy

    found: list[tuple[str, Any, Any]] = []

    def timed(function: Callable[..., Any], name_of: Callable[..., str]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            start, end = cupy.cuda.Event(), cupy.cuda.Event()
            start.record()
            result = function(*args, **kwargs)
            end.record()
            found.append((name_of(*args), start, end))
            return result

        return call

    places = [(module, "launch", lambda file, name, *rest: name) for module in LAUNCHERS]
    places += [(module, "multiply", lambda *_, n=name: f"products, {n}") for name, module in MULTIPLIERS.items()]
    with ExitStack() as stack:
        for module, name, name_of in places:
            stack.enter_context(patch.object(module, name, timed(getattr(module, name), name_of)))
        yield found


def bench_gpu(names: list[str] | None, rounds: int, profile: bool, note: Callable[[dict[str, Any]], None]) -> int:
    """The command's work on a GPU; `note` is told all numbers after each task.

    Exit status 1 if the two sides do not agree, or a second run of minunet gives other bits.
    """
    unknown = sorted(set(names or ()) - set(TASKS))
    if unknown:
        raise InputError(f"On a GPU the tasks are {', '.join(TASKS)}, not {unknown[0]}.")
    tasks = [TASKS[name] for name in names or TASKS]
    result: dict[str, Any] = {"gpu": gpu_name(), "rounds": rounds, "tasks": {}}
    print(f"{result['gpu']}, {rounds} rounds")
    if profile:
        for task in (task for task in tasks if task.train):
            parts = result["tasks"][task.name] = profile_on_gpu(task, rounds)
            print(f"\n{task.name}, {task.describe()}: ms of the GPU a step")
            for name, milliseconds in parts.items():
                print(f"  {name:<28}{milliseconds:>9.3f}")
            note(result)
        return 0
    if torch_gpu_problem():
        print(torch_gpu_problem())
    print(HEADER)
    for task in tasks:
        for precision in PRECISIONS:
            row = result["tasks"][f"{task.name}, {precision}"] = measure_gpu_task(task, precision, rounds)
            print_gpu_row(task, precision, row)
            note(result)
    return 0 if all(row["agree"] and row["same_bits"] for row in result["tasks"].values()) else 1
