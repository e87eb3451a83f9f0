"""`python -m minunet.bench`: the command."""

import argparse
import json
import platform
import sys
from pathlib import Path
from typing import Any

import numpy as np

from minunet.backend import choose_device
from minunet.bench.gpu import bench_gpu
from minunet.bench.layers import measure_layers, print_layers
from minunet.bench.measure import OtherWork, alternate, gemm_peak, peak_memory
from minunet.bench.networks import TASKS, Task, task_flops
from minunet.bench.profile import measure_parts, print_parts
from minunet.bench.roofline import save_roofline
from minunet.bench.sides import GRADIENT_TOLERANCE, LOSS_TOLERANCE, Minunet, Side, Torch, difference, torch_problem
from minunet.bench.threads import measure_threads, print_threads
from minunet.commands import at_least
from minunet.errors import InputError, exit_status
from minunet.threads import CORES, get_threads, set_threads

DESCRIPTION = """\
Time a training step (forward, loss, backward, Adam) of minunet and of PyTorch on the CPU: the
same network, weights, batch and number of threads, by turns in one run, in float32. First both
must compute the same loss and gradients. The ratio is minunet's time over that of eager PyTorch
in the faster of its two memory formats (by median), round by round; below 1 minunet is ahead.
torch.compile is tried in channels last. Peak memory is what three steps need beyond imports,
weights and batch. The last column counts the
arithmetic of plain convolution sums against what matrix products reach here; Winograd's
algorithm saves most of it, so it can pass 100 %. Without PyTorch: minunet alone.
Exit status: 0 measured, 1 the two sides do not agree (on a GPU also: a second run
gave other bits), 2 something given is wrong,
130 stopped by Ctrl-C.
"""

BUSY = 0.2  # cores: if others use more, times mean little
FORMATS = ("contiguous", "channels last")


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m minunet.bench",
        description=DESCRIPTION,
        epilog="the tasks:\n" + "\n".join(f"  {task.name:<16}{task.describe()}" for task in TASKS.values()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
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
    add(
        "--device",
        choices=("cpu", "gpu"),
        default="cpu",
        help="where: on a GPU beside PyTorch with cuDNN, exact and in TF32, with larger batches (default: cpu)",
    )
    add("--no-compile", action="store_true", help="leave out torch.compile, which takes a minute a task to compile")
    instead = parser.add_mutually_exclusive_group().add_argument
    instead("--layers", action="store_true", help="instead: the rate of every algorithm, convolution by convolution")
    instead("--profile", action="store_true", help="instead: what each part of minunet's step takes of a thread or GPU")
    instead(
        "--plot",
        type=Path,
        metavar="FILE",
        help="instead: draw arithmetic per byte against rate into a PNG (a roofline)",
    )
    add("--json", type=Path, metavar="FILE", help="write all numbers of the tables to FILE too")
    return parser


def thread_counts(text: str) -> list[int]:
    """For argparse: one or several numbers of threads."""
    return [at_least(1)(part) for part in text.split(",")]


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 measured, 1 no agreement (or, on a GPU, other bits again), 2 bad input, 130 stopped by Ctrl-C."""
    options = make_parser().parse_args(arguments)
    return exit_status(lambda: _bench(options))


def _bench(options: argparse.Namespace) -> int:
    if options.rounds < 5:
        raise InputError(f"--rounds must be at least 5, not {options.rounds}: a median of fewer says little")
    counts = options.threads or [get_threads()]
    if len(counts) == 1:
        set_threads(counts[0])
    elif options.device == "gpu" or options.plot or options.layers or options.profile:
        raise InputError("Several numbers of --threads are a measurement of their own, on the CPU.")
    if options.plot and options.plot.suffix.lower() != ".png":
        raise InputError(f"--plot makes a PNG: its FILE must end in .png, not {options.plot.suffix!r}")
    if options.plot and options.json:
        raise InputError("--plot and --json cannot be given together")
    tasks = [TASKS[name] for name in options.task or TASKS]
    trained = [task for task in tasks if task.train]
    if (options.plot or options.layers or options.profile) and not trained:
        raise InputError("--layers, --profile and --plot measure the tasks that train; --task names none of them")
    if options.device == "gpu" and (options.layers or options.plot):
        raise InputError("--layers and --plot are for the CPU")
    choose_device(options.device)
    for path in filter(None, (options.plot, options.json)):
        try:
            path.open("ab").close()  # now, not after minutes of measuring
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror}") from error
    if options.device == "gpu":
        return bench_gpu(options.task, options.rounds, options.profile, lambda result: _write(options.json, result))
    if options.plot:
        save_roofline(options.plot, trained, options.rounds)
        print(f"wrote {options.plot}")
        return 0
    result: dict[str, Any] = {"machine": _machine(), "threads": get_threads(), "rounds": options.rounds}
    agree = True
    if len(counts) > 1:
        usable = [count for count in counts if count <= CORES] or [CORES]
        if len(usable) < len(counts):
            print(f"measured for {', '.join(map(str, usable))} threads: there are {CORES} cores")
        if torch_problem():
            print(torch_problem())
        print(f"{_machine()}, {CORES} cores, {options.rounds} rounds")
        result["threads"] = {}
        for task in tasks:
            with OtherWork() as others:
                result["threads"][task.name] = measure_threads(task, usable, options.rounds)
            print_threads(task, result["threads"][task.name])
            _warn(others.cores)
            _write(options.json, result)
    elif options.layers:
        result["layers"] = {}
        for task in trained:
            result["layers"][task.name] = measure_layers(task, options.rounds)
            print_layers(task, result["layers"][task.name])
            _write(options.json, result)
    elif options.profile:
        print(f"{_machine()}, {get_threads()} threads, {options.rounds} rounds")
        with OtherWork() as others:
            result["profile"] = {task.name: measure_parts(task, options.rounds) for task in trained}
        print_parts(result["profile"])
        _warn(others.cores)
        _write(options.json, result)
    else:
        result["gemm_peak"] = gemm_peak()
        print(f"{_machine()}, {get_threads()} threads, {options.rounds} rounds; ", end="")
        print(f"matrix products reach {result['gemm_peak']:.0f} GFLOP/s")
        if torch_problem():
            print(torch_problem())
        _print_header()
        result["tasks"] = {}
        for task in tasks:
            row = measure_task(task, options.rounds, result["gemm_peak"], not options.no_compile)
            result["tasks"][task.name] = row
            agree = agree and row["agree"]
            _print_row(task, row)
            _write(options.json, result)
    return 0 if agree else 1


def _write(path: Path | None, result: dict[str, Any]) -> None:
    """All numbers so far: a run that is stopped keeps what it has measured."""
    if path:
        path.write_text(json.dumps(result, indent=2) + "\n")


def measure_task(task: Task, rounds: int, peak: float, compiled: bool) -> dict[str, Any]:
    """All numbers of a row: times in ms an image, ratios to the faster eager PyTorch, memory in MiB, share of the peak.

    If the two sides do not compute the same, "agree" is False and nothing is timed.
    """
    ours = Minunet(task)
    sides: dict[str, Side] = {"minunet": ours}
    row: dict[str, Any] = {"agree": True}
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
        row["loss_difference"], row["gradient_difference"] = (float(worst) for worst in np.max(differences, axis=0))
        row["agree"] = row["loss_difference"] <= LOSS_TOLERANCE and row["gradient_difference"] <= GRADIENT_TOLERANCE
        if not row["agree"]:
            return row
    with OtherWork() as others:
        times = alternate({name: side.run for name, side in sides.items()}, rounds)
    row["other_cores"] = others.cores
    row["ms_per_image"] = {name: float(np.median(t)) * 1e3 / task.batch for name, t in times.items()}
    row["share_of_peak"] = task_flops(task) / float(np.median(times["minunet"])) / 1e9 / peak
    row["memory"] = {"minunet": peak_memory(task.name, "minunet")}
    if len(sides) > 1:
        best = min(FORMATS, key=lambda name: row["ms_per_image"][name])
        ratios = times["minunet"] / times[best]
        row["format"] = best
        row["ratio"] = float(np.median(ratios))
        row["ratio_quartiles"] = [float(q) for q in np.quantile(ratios, (0.25, 0.75))]
        if "compiled" in times:
            row["ratio_compiled"] = float(np.median(times["minunet"] / times["compiled"]))
        row["memory"]["PyTorch"] = peak_memory(task.name, best)
    return row


def _print_header() -> None:
    print(f"\n{'':<16}{'ms an image':^33}{'minunet / PyTorch':^31}{'peak memory, MiB':^18}{'of the':>9}")
    names = f"{'task':<16}{'minunet':>10}{'PyTorch':>10}{'compiled':>11}{'eager (quartiles)':>22}{'compiled':>11}"
    print(f"{names}{'minunet':>10}{'PyTorch':>9}{'peak':>8}")


def _print_row(task: Task, row: dict[str, Any]) -> None:
    if not row["agree"]:
        print(
            f"{task.name:<16}minunet and PyTorch DO NOT AGREE: the loss differs by {row['loss_difference']:.1e}, ",
            end="",
        )
        print(f"a gradient by {row['gradient_difference']:.1e}; nothing was timed")
        return
    times, memory = row["ms_per_image"], row["memory"]
    line = f"{task.name:<16}{times['minunet']:>10.1f}"
    if "ratio" in row:
        low, high = row["ratio_quartiles"]
        line += f"{times[row['format']]:>10.1f}{_number(times.get('compiled'), 1):>11}"
        line += f"{row['ratio']:.2f} ({low:.2f}-{high:.2f})".rjust(22) + f"{_number(row.get('ratio_compiled'), 2):>11}"
    else:
        line += f"{'-':>10}{'-':>11}{'-':>22}{'-':>11}"
    line += f"{_number(memory['minunet'], 0):>10}{_number(memory.get('PyTorch'), 0):>9}{row['share_of_peak']:>8.0%}"
    print(line, flush=True)
    _warn(row["other_cores"])
    if "compile_error" in row:
        print(f"{'':<16}torch.compile does not work here: {row['compile_error']}")


def _warn(other_cores: float | None) -> None:
    if (other_cores or 0) > BUSY:
        print(f"{'':<16}other processes kept {other_cores:.1f} cores busy: do not trust the figures above")


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _machine() -> str:
    """The processor's name, as well as it can be told."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
