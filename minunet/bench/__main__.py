"""`python -m minunet.bench`: the command."""

import argparse
import json
import platform
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from minunet.backend import choose_device
from minunet.bench import engines
from minunet.bench.compare import FORMATS, Row, agreement, disagreement, number, ratio, ratio_text
from minunet.bench.gpu import bench_gpu
from minunet.bench.kept import measure_kept, print_kept
from minunet.bench.layers import measure_layers, print_layers
from minunet.bench.measure import OtherWork, alternate, gemm_peak, peak_memory
from minunet.bench.networks import TASKS, Task, task_flops
from minunet.bench.profile import measure_parts, print_parts
from minunet.bench.sides import Minunet, Side, Torch, difference, torch_problem
from minunet.bench.threads import measure_threads, print_threads
from minunet.commands import Parser, at_least
from minunet.errors import InputError, exit_status
from minunet.files import whole_file
from minunet.threads import CORES, get_threads, set_threads

DESCRIPTION = """\
Time a training step (forward, loss, backward, Adam) of minunet and of PyTorch on the CPU: the
same network, weights, batch and number of threads, by turns in one run, in float32. First both
must compute the same loss and gradients. The ratio is minunet's time over that of eager PyTorch
in the faster of its two memory formats (by median), round by round; below 1 minunet is ahead.
torch.compile is tried in channels last. Peak memory is what three steps need beyond imports,
weights and batch. The last column counts the arithmetic of plain convolution sums against what
matrix products reach here; Winograd's algorithm saves most of it, so it can pass 100 %. Without
PyTorch: minunet alone.
Exit status: 0 measured, 1 the two sides do not agree (on a GPU also: a second run gave other
bits), 2 something given is wrong, 130 stopped by Ctrl-C, 143 by SIGTERM.
"""

BUSY = 0.2  # cores: if others use more, times mean little


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 measured, 1 no agreement (or, on a GPU, other bits again), 2 bad input, 130 stopped by Ctrl-C."""
    tasks = "the tasks:\n" + "\n".join(f"  {task.name:<16}{task.describe()}" for task in TASKS.values())
    parser = Parser(prog="python -m minunet.bench", description=DESCRIPTION, epilog=tasks)
    add = parser.add_argument
    add("--task", action="append", choices=TASKS, help="measure only this one; may be given several times")
    add("--rounds", type=int, default=7, metavar="N", help="rounds that count, at least 5 (default: 7)")
    add(
        "--threads",
        type=thread_counts,
        metavar="N[,N...]",
        help=f"CPU threads of both sides (default: {get_threads()}, the cores here); several, as in 1,2,4: instead, "
        "how much a step gains from each number, of those for which there are cores",
    )
    where = "where: on a GPU beside PyTorch with cuDNN, exact and in TF32, with larger batches (default: cpu)"
    add("--device", choices=("cpu", "gpu"), default="cpu", help=where)
    add("--no-compile", action="store_true", help="leave out torch.compile, which takes a minute a task to compile")
    instead = parser.add_mutually_exclusive_group().add_argument
    instead("--layers", action="store_true", help="instead: the rate of every algorithm, convolution by convolution")
    instead(
        "--inference", action="store_true", help="instead: the tasks that predict, beside ONNX Runtime and OpenVINO"
    )
    instead(
        "--profile",
        action="store_true",
        help="instead: what each part of minunet's step takes of a thread or GPU, and what it keeps for the way back",
    )
    add("--json", type=Path, metavar="FILE", help="write all numbers of the tables to FILE too")
    return exit_status(lambda: _bench(parser.parse_args(arguments)))


def thread_counts(text: str) -> list[int]:
    """For argparse: one or several numbers of threads."""
    return [at_least(1)(part) for part in text.split(",")]


def _bench(options: argparse.Namespace) -> int:
    if options.rounds < 5:
        raise InputError(f"--rounds must be at least 5, not {options.rounds}: a median of fewer says little")
    counts = options.threads or [get_threads()]
    instead = options.layers or options.profile or options.inference
    if len(counts) == 1:
        set_threads(counts[0])
    elif options.device == "gpu" or instead:
        raise InputError("Several numbers of --threads are a measurement of their own, on the CPU.")
    tasks = [TASKS[name] for name in options.task or TASKS]
    trained = [task for task in tasks if task.train]
    predicting = [task for task in tasks if not task.train]
    if (options.layers or options.profile) and not trained:
        raise InputError("--layers and --profile measure the tasks that train; --task names none of them")
    if options.inference and not predicting:
        raise InputError("--inference measures the tasks that predict; --task names none of them")
    if options.device == "gpu" and (options.layers or options.inference):
        raise InputError("--layers and --inference: each is for the CPU")
    choose_device(options.device)
    if options.json:
        options.json.open("ab").close()  # if it cannot be written, then now and not after minutes of measuring
    note = partial(_write, options.json)
    if options.device == "gpu":
        return bench_gpu(options.task, options.rounds, options.profile, note)
    result: dict[str, Any] = {"machine": _machine(), "threads": get_threads(), "rounds": options.rounds}
    if len(counts) > 1:
        usable = [count for count in counts if count <= CORES] or [CORES]
        if len(usable) < len(counts):
            print(f"measured for {', '.join(map(str, usable))} threads: there are {CORES} cores")
        if torch_problem():
            print(torch_problem())
        print(f"{_machine()}, {CORES} cores, {options.rounds} rounds")
        _task_by_task("threads", tasks, partial(measure_threads, counts=usable), print_threads, result, note)
    elif options.layers:
        _task_by_task("layers", trained, measure_layers, print_layers, result, note)
    elif options.inference:
        print(f"{_machine()}, {get_threads()} threads, {options.rounds} rounds")
        print(engines.HEADER)
        _task_by_task("inference", predicting, engines.measure_engines, engines.print_engines, result, note)
        return 1 if any("apart" in found for found in result["inference"].values()) else 0
    elif options.profile:
        print(f"{_machine()}, {get_threads()} threads, {options.rounds} rounds")
        result["profile"] = {}
        with OtherWork() as others:
            for task in trained:
                result["profile"][task.name] = measure_parts(task, options.rounds)
                note(result)
        print_parts(result["profile"])
        result["kept"] = {task.name: measure_kept(task) for task in trained}
        print_kept(result["kept"])
        note(result)
        _warn(others.cores)
    else:
        result["gemm_peak"] = gemm_peak()
        print(f"{_machine()}, {get_threads()} threads, {options.rounds} rounds; ", end="")
        print(f"matrix products reach {result['gemm_peak']:.0f} GFLOP/s")
        if torch_problem():
            print(torch_problem())
        print(HEADER)
        result["tasks"] = {}
        for task in tasks:
            row = measure_task(task, options.rounds, result["gemm_peak"], not options.no_compile)
            result["tasks"][task.name] = row
            _print_row(task, row)
            note(result)
        return 0 if all(row["agree"] for row in result["tasks"].values()) else 1
    return 0


def _task_by_task(
    what: str,
    tasks: list[Task],
    measure: Callable[..., Any],
    show: Callable[[Task, Any], None],
    result: dict[str, Any],
    note: Callable[[dict[str, Any]], None],
) -> None:
    """Measure and print each of the tasks, and say so if others kept the machine busy."""
    result[what] = {}
    for task in tasks:
        with OtherWork() as others:
            found = result[what][task.name] = measure(task, rounds=result["rounds"])
        show(task, found)
        _warn(others.cores)
        note(result)


def _write(path: Path | None, result: dict[str, Any]) -> None:
    """All numbers so far: a run that is stopped keeps what it has measured."""
    if path:
        with whole_file(path) as file:
            file.write(json.dumps(result, indent=2) + "\n")


def measure_task(task: Task, rounds: int, peak: float, compiled: bool) -> Row:
    """All numbers of a row: times in ms an image, ratios to the faster eager PyTorch, memory in MiB, share of the peak.

    If the two sides do not compute the same, "agree" is False and nothing is timed.
    """
    ours = Minunet(task)
    sides: dict[str, Side] = {"minunet": ours}
    row: Row = {"agree": True}
    if torch_problem() is None:
        for name in FORMATS:
            sides[name] = Torch(task, channels_last=name == "channels last")
        differences = [difference(ours, sides[name]) for name in FORMATS]
        if compiled:
            try:
                side = Torch(task, channels_last=True, compiled=True)
                differences.append(difference(ours, side))
                sides["compiled"] = side
            except Exception as error:  # it needs a C++ compiler, and fails in many ways without one
                row["compile_error"] = f"{type(error).__name__}: {error}".splitlines()[0]
        row |= agreement(differences)
        if not row["agree"]:
            return row
    with OtherWork() as others:
        times = alternate({name: side.run for name, side in sides.items()}, rounds)
    row["other_cores"] = others.cores
    row["ms_per_image"] = {name: float(np.median(t)) * 1e3 / task.batch for name, t in times.items()}
    row["share_of_peak"] = task_flops(task) / float(np.median(times["minunet"])) / 1e9 / peak
    row["memory"] = {"minunet": peak_memory(task.name, "minunet")}
    row |= ratio(times)
    if "format" in row:
        row["memory"]["PyTorch"] = peak_memory(task.name, row["format"])
    if "compiled" in times:
        row["ratio_compiled"] = float(np.median(times["minunet"] / times["compiled"]))
    return row


HEADER = """
                           ms an image                  minunet / PyTorch        peak memory, MiB    of the
task               minunet   PyTorch   compiled     eager (quartiles)   compiled   minunet  PyTorch    peak"""


def _print_row(task: Task, row: Row) -> None:
    if not row["agree"]:
        print(f"{task.name:<16}{disagreement(row)}")
        return
    times, memory = row["ms_per_image"], row["memory"]
    line = f"{task.name:<16}{times['minunet']:>10.1f}{number(times.get(row.get('format')), 1):>10}"
    line += f"{number(times.get('compiled'), 1):>11}{ratio_text(row):>22}{number(row.get('ratio_compiled'), 2):>11}"
    line += f"{number(memory['minunet'], 0):>10}{number(memory.get('PyTorch'), 0):>9}{row['share_of_peak']:>8.0%}"
    print(line, flush=True)
    _warn(row["other_cores"])
    if "compile_error" in row:
        print(f"{'':<16}torch.compile does not work here: {row['compile_error']}")


def _warn(other_cores: float | None) -> None:
    if (other_cores or 0) > BUSY:
        print(f"{'':<16}other processes kept {other_cores:.1f} cores busy: do not trust the figures above")


def _machine() -> str:
    """The processor's name, as well as it can be told."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


if __name__ == "__main__":
    sys.exit(main())
