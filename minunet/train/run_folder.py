"""The folder of a run: whether one can begin or go on in it, and what to say when it cannot be written any more."""

import argparse
import itertools
import json
import shlex
import sys
from pathlib import Path

from minunet.errors import InputError
from minunet.files import read_text
from minunet.model.checkpoint import Checkpoint, best_epoch, load_checkpoint, same_run


def check_resumable(folder: Path) -> None:
    """Raise InputError if there is nothing to go on with, and say what to do instead."""
    if folder.is_file():
        raise InputError(f"--resume takes the folder of a run, not a file: {folder.parent}, perhaps.")
    if (folder / "config.json").exists() and not (folder / "last.npz").exists():
        if not _holds_something(folder):
            raise InputError(f"{folder} was stopped before it was saved: begin anew with --out {folder}.")
        raise InputError(f"{folder} has no last.npz any more, so it cannot go on: start a new run.")


def check_best(folder: Path, run: Checkpoint, *, written: bool = True) -> None:
    """Raise InputError if the best weights of a run that has some are gone, of another run, or of another epoch.

    `written`: whether the weights of the last epoch have been written, if they are the best: a run that was killed
    between its two files writes them when it goes on.
    """
    best, last = folder / "best.npz", folder / "last.npz"
    rows = run.rows if written else run.rows[:-1]
    if not run.rows and not best.exists():
        return
    still = f"{last} still predicts: --weights {last}."
    if not best.exists():
        raise InputError(f"{best} is gone, and with it the best epoch. {still}")
    kept = load_checkpoint(best)
    if not same_run(kept, run):
        raise InputError(f"{best} holds weights of another run than {last}. {still}")
    if kept.epoch > run.epoch:
        raise InputError(f"{last} is of epoch {run.epoch}, and {best} of epoch {kept.epoch}: an older copy. {still}")
    epoch = best_epoch([*kept.rows, *rows[kept.epoch :]])  # of all that are known
    if kept.epoch != epoch:
        raise InputError(f"{best} is of epoch {kept.epoch}, but epoch {epoch} was the best, and is gone. {still}")


def how_to_go_on(folder: Path, error: OSError, options: argparse.Namespace) -> str:
    """After something could not be written: what, how far the run is saved, and what to do."""
    what = f"{error.filename or 'What is printed'}: {error.strerror or error}."
    try:
        saved = load_checkpoint(folder / "last.npz")
    except (OSError, InputError):
        if not folder.exists():
            return f"{what} The folder of the run is gone; if it was moved, --resume goes on where it is now."
        return f"{what} Nothing of the run is saved: start again, with another --out perhaps."
    return f"{what} Epoch {saved.epoch} is saved; when this is mended, go on with: {resume_command(folder, options)}"


def resume_command(folder: Path, options: argparse.Namespace) -> str:
    how = {"--resume": str(folder)} | ({"--layers": str(options.layers)} if options.layers else {})
    how |= {"--operations": options.operations} if options.operations != "quick" else {}
    tensorboard = ["--tensorboard"] if options.tensorboard else []
    parts = [[f"{flag}={value}"] if value.startswith("-") else [flag, value] for flag, value in how.items()]
    return shlex.join([sys.executable, "-m", "minunet.train", *itertools.chain(*parts), *tensorboard])


def refuse_full(folder: Path) -> None:
    """Before pictures are read, and again when the folder is this process' alone."""
    if _holds_something(folder):
        raise InputError(f"{folder} holds something already. Choose another --out, or go on with --resume.")


def _holds_something(folder: Path) -> bool:
    """More than what a run leaves that was stopped before it was saved: its config.json, and halves of files."""
    held = list(folder.iterdir()) if folder.is_dir() else []
    return any(path.suffix != ".unfinished" and not (path.name == "config.json" and _is_run(path)) for path in held)


def _is_run(path: Path) -> bool:
    """Whether a config.json is that of a run."""
    try:
        return "minunet" in json.loads(read_text(path))
    except (OSError, ValueError, TypeError, RecursionError):
        return False
