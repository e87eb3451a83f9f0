"""`python -m minunet.train`: train a U-Net, on synthetic cells, the pets, or your own folder of images and masks."""

import argparse
import dataclasses
import json
import sys
import warnings
from contextlib import ExitStack, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import minunet
from minunet.backend import choose_device
from minunet.commands import Parser, at_least, keep_memory, new_folder
from minunet.data.batches import steps_per_epoch
from minunet.data.dataset import Splits
from minunet.data.index import INDEX, read_index, write_index
from minunet.draw.animation import save_animation
from minunet.draw.plots import drawn, save_curves
from minunet.errors import InputError, exit_status, printable
from minunet.files import locked, remove_unfinished, whole_file
from minunet.gpu.products import use_tf32
from minunet.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from minunet.model.config import Config, make_network
from minunet.model.trained import load_model
from minunet.operations import OPERATIONS, Operations, made_of
from minunet.options import read
from minunet.seeds import generator
from minunet.threads import get_threads, set_threads
from minunet.train.counted import counted, refuse_ignored
from minunet.train.experiment import FLAGS, asked_weights, config_of_options, config_of_run, flag
from minunet.train.listeners import listeners, write
from minunet.train.loop import begin, fit, resume
from minunet.train.own_layers import PAIRS, load_own_layers
from minunet.train.presets import PIECES, PRESETS, VIEWS, load, make_schedule, weighted
from minunet.train.profile import profiled
from minunet.train.remarks import remarks, shares
from minunet.train.run_folder import check_best, check_resumable, how_to_go_on, refuse_full, resume_command
from minunet.train.score import final_test
from minunet.train.stopping import StopSignals
from minunet.train.tensorboard import require_tensorboardx, tensorboard
from minunet.train.told import describe, print_result
from minunet.train.transfer import load_source, taken_over
from minunet.unet import UNet

DESCRIPTION = """\
Train a U-Net. Without arguments: on images of touching cells that are made on the spot.
With --data-dir: on a folder with images/ and masks/ (class ids 0, 1, 2, ...; other values and
colours need a classes.txt) or instances/ (a number for each object), see data/README.md; on the
Oxford-IIIT Pet photographs; or on the nuclei of the 2018 Data Science Bowl; which it is, is seen
by what the folder holds.

The folder of the run gets config.json, metrics.csv, curves.png, predictions.png, progress.gif
(of the pictures in progress/), test.json, last.npz and best.npz. Ctrl-C saves first; --resume goes on from there.
Exit status: 0 finished, 2 something given is wrong, 130 stopped by Ctrl-C, 143 by SIGTERM, which
saves too, 141 whoever read the output has ended; --resume goes on after that, too.
"""

SHOWN = ("epochs", "batch_size", "lr", "size", "base", "depth")  # in the table of presets


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 finished, 2 bad input, 130 or 143 stopped by Ctrl-C or SIGTERM after saving."""
    table = "what each preset uses where nothing else is said (pieces: folder, where pieces are seen):\n"
    for name, preset in [*PRESETS.items(), ("pieces", PIECES)]:  # the last is that of folder, too
        table += f"  {name:<8}" + "  ".join(f"{flag(name)} {getattr(preset, name)}" for name in SHOWN) + "\n"
    parser = Parser(prog="python -m minunet.train", description=DESCRIPTION, epilog=table)
    add = parser.add_argument
    add("--preset", choices=sorted(PRESETS), help="the experiment (default: cells, or what --data-dir looks like)")
    add("--data-dir", type=Path, metavar="DIR", help="the folder with the images")
    for field in FLAGS:
        number = {"type": partial(read, Config, field.name), "metavar": "N" if type(field.default) is int else "X"}
        choices = field.metadata["choices"]
        kind: dict[str, Any] = {"choices": choices} if choices else number
        add(flag(field.name), help=field.metadata["help"].replace("%", "%%"), **kind)
    add(
        "--view",
        choices=sorted(VIEWS),
        help="of your own pictures: whole ones scaled to --size, or pieces of --size "
        "at full resolution, from random places (default: auto, which asks the masks)",
    )
    add(
        "--class-weight",
        metavar="W,W,...",
        help="how much a pixel of each class counts in the cross-entropy, or balanced: the rarer, the more (default: 1 "
        "for each; in pieces of your own pictures the square root of balanced)",
    )
    add(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any other field of config.json, as in --set dropout=0.5 or --set augmentation.elastic=0; again and again",
    )
    add("--device", choices=("auto", "cpu", "gpu"), default="auto", help="where to compute (default: auto)")
    add("--tf32", action="store_true", help="on a GPU: quicker matrix products, of numbers rounded to 10 bits")
    add(
        "--check-numerics",
        action="store_true",
        help="on a GPU: stop at the first gradient that is not finite, as the CPU does anyway; it costs time",
    )
    add(
        "--operations",
        choices=sorted(OPERATIONS),
        default="quick",
        help="what computes: the quick ways (default), or the plain layers that the lessons show",
    )
    add(
        "--layers",
        type=Path,
        metavar="FILE",
        help="a Python file with layers of your own, computed by one thread; it is run, so open none of a stranger's: "
        "see lessons/course.md",
    )
    add("--threads", type=at_least(1), metavar="N", help=f"CPU threads (default: {get_threads()}, the cores here)")
    add("--out", type=Path, metavar="DIR", help="folder of the run (default: runs/PRESET, or PRESET-2, ...)")
    add("--profile", action="store_true", help="say at the end what took how long")
    add("--tensorboard", action="store_true", help="write the curves for TensorBoard too (needs tensorboardX)")
    add(
        "--from",
        dest="start",
        type=Path,
        metavar="RUN",
        help="begin with the weights of another run (its folder), a checkpoint, or a state dict (.pt, .safetensors), "
        "as far as they fit; base, depth, norm and padding are theirs where nothing else is said",
    )
    add(
        "--resume",
        type=Path,
        metavar="RUN",
        help="go on with the run in this folder, to the same bits; of the options above only --data-dir, --device, "
        "--tf32, --check-numerics, --operations, --layers, --threads and --tensorboard go with it",
    )
    return exit_status(lambda: _train(parser.parse_args(arguments)))


def _train(options: argparse.Namespace) -> int:
    keep_memory()
    # Numbers that overflow are reported once, as a loss that is not finite, and not by each layer on the way there.
    warnings.filterwarnings("ignore", category=RuntimeWarning, module="minunet")
    warnings.filterwarnings("ignore", module="PIL")  # what it only warns of is read all the same
    if options.resume:
        check_resumable(options.resume)
    if options.tensorboard:
        require_tensorboardx()
    if options.threads is not None:
        set_threads(options.threads)
    with ExitStack() as stack:  # one process at a time in the folder of a run
        if options.profile:
            stack.enter_context(profiled())
        if options.resume and options.resume.is_dir():
            stack.enter_context(locked(options.resume))
        return _run(options, stack)


def _run(options: argparse.Namespace, stack: ExitStack) -> int:
    """Begin or go on; `stack` keeps the folder of the run to this process."""
    operations, own, device = _operations(options)
    earlier = load_checkpoint(options.resume / "last.npz") if options.resume else None
    source = load_source(options.start) if options.start else None
    network = source.network if source else {}
    config, why = (config_of_run(options, earlier), "") if earlier else config_of_options(options, network)
    # What is wrong with it is said before a picture is read; how many classes there are is not known yet.
    draft = make_network(config, len(config.class_weight or "ab"))
    make_schedule(config, 1)
    if options.out:
        refuse_full(options.out)
    try:
        data, seen, dealt, index, unread = load(
            config, read_index(options.resume / INDEX, earlier.data) if earlier else None
        )
    except InputError as error:
        moved = " If the images of the run have moved, say where they are: --data-dir DIR."
        raise InputError(f"{error}{moved if options.resume and not options.data_dir else ''}") from error
    classes = len(earlier.classes if earlier else data.training.classes)  # `resume` says it if they are others now
    refuse_ignored(data, config, draft)
    if not earlier:
        config = weighted(seen, counted(data.training, seen, draft), classes, asked_weights(options))
    net = make_network(config, classes, operations)
    if own:
        set_threads(1)  # several would call them at once, and what keeps an array from call to call would be wrong
    of_objects = ["seam_weight"] * bool(config.seam_weight)
    of_objects += ["border"] * any(setting.startswith("border=") for setting in options.set)
    if of_objects and data.training.instances is None:
        raise InputError(f"{of_objects[0]} is for images whose single objects are known, such as the nuclei.")
    said: list[str] = []  # of the weights that this run begins with
    if earlier:
        folder = options.resume
        run = resume(dataclasses.replace(earlier, config=config), folder / "last.npz", net, data, device, unread)
        if (folder / "best.npz").exists():  # before anything is written over it
            check_best(folder, run, written=False)
        for each in (folder.resolve(), folder.resolve() / "progress"):
            remove_unfinished(each)
        save_checkpoint(folder / "last.npz", run)  # the images may have moved; and whether it can be written shows now
        if run.rows and run.step == run.epoch * steps_per_epoch(
            config.piece_count or len(data.training), config.batch_size
        ):
            write(folder, run)  # if it was killed just after an epoch was saved
        check_best(folder, run)
    else:
        weights = None
        if source:
            fresh = net.init(generator(config.seed, "weights"))
            weights, said = taken_over(fresh, source, data.training.classes, data.digests())
        run = begin(config, net, data, device, weights)
        run.before = source.learnt if source else []
        folder = new_folder(options.out, Path("runs", config.preset))
        stack.enter_context(locked(folder))
        refuse_full(folder)
        values = {"config": config.to_json(), "classes": run.classes, "parameters": net.parameters()}
        values |= {"operations": net.operations.name, "minunet": minunet.__version__}
        values |= {"from": str(source.path)} if source else {}
        with whole_file(folder / "config.json") as file:
            file.write(json.dumps(values, indent=2) + "\n")
        save_checkpoint(folder / "last.npz", run)  # so that a run can be resumed whenever it stops
    try:
        if index and not unread:
            write_index(folder / INDEX, index._replace(data=run.data))
        describe(run, net, data, device, options, own, [line for line in (why, dealt, *said) if line], unread)
        return _train_and_test(run, net, data, device, folder, options)
    except BrokenPipeError:  # whoever read the output has ended, as `head` does
        raise
    except OSError as error:
        raise InputError(how_to_go_on(folder, error, options)) from error


def _train_and_test(
    run: Checkpoint, net: UNet, data: Splits, device: str, folder: Path, options: argparse.Namespace
) -> int:
    """All that is left of a run, and the exit status."""
    reporting = tensorboard(folder) if options.tensorboard else nullcontext(lambda row: None)
    stopper = StopSignals()
    with stopper as interrupted, reporting as report:  # importing tensorboardX takes a second
        for row in run.rows:  # of a run that goes on, perhaps without --tensorboard until now
            report(row)
        told, check_gradients = listeners(folder, data.validation, report), device == "cpu" or options.check_numerics
        finished = fit(net, run, data, folder, device, told, interrupted, check_gradients)
    if run.rows:  # also of a run that was stopped between two drawings
        drawn(folder / "curves.png", lambda: save_curves(folder / "curves.png", run.rows, run.classes, run.config.loss))
    drawn(folder / "progress.gif", lambda: save_animation(folder, run.classes))
    if not finished or stopper.asked:  # perhaps while the last epoch was scored
        print(f"stopped and saved; go on with: {printable(resume_command(folder, options))}")
        return 128 + stopper.number
    print(f"testing the best epoch on {len(data.test)} images", flush=True)
    check_best(folder, run)
    result, matrix = final_test(load_model(folder, device, net.operations), data.test, folder)
    size = run.config.size
    scaled = f" scaled to {size} x {size}" if run.config.data_dir and not run.config.pieces else ""
    print_result(result, scaled)
    taught = shares(counted(data.training, run.config, net), len(run.classes))
    print("".join(f"{remark}\n" for remark in remarks(matrix, run.classes, run.config.loss, taught)), end="")
    print(f"curves, predictions and weights are in {printable(folder)}")
    return 0


def _operations(options: argparse.Namespace) -> tuple[Operations, list[str], str]:
    """What the network computes with, which of it is the learner's own, and the device."""
    own = load_own_layers(options.layers) if options.layers else {}
    plain = bool(own) or options.operations == "plain"
    if plain and options.device == "gpu":
        raise InputError("--layers and --operations plain are for NumPy arrays: leave out --device gpu.")
    device = choose_device("cpu" if plain else options.device)
    use_tf32(options.tf32)
    return made_of(own) if own else OPERATIONS[options.operations], [name for name in PAIRS if name in own], device


if __name__ == "__main__":
    sys.exit(main())
