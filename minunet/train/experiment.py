"""What is to be trained: from the options of the command line, or from the run that goes on."""

import argparse
import dataclasses
import json
from typing import Any

from minunet.errors import InputError, printable
from minunet.files import read_text
from minunet.model.checkpoint import Checkpoint
from minunet.model.config import Config
from minunet.train.presets import BALANCED, OBJECTS, PRESETS, folder_preset, preset_for
from minunet.train.settings import change, weights_of

FLAGS = [field for field in dataclasses.fields(Config) if field.metadata.get("flag")]


def flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def config_of_options(options: argparse.Namespace, network: dict[str, Any]) -> tuple[Config, str]:
    """The preset, with whatever the options change of it; and, of a folder, why its images are seen so.

    `network`: fields that follow from weights which are taken over.
    """
    preset = options.preset or preset_for(options.data_dir)
    experiment, why = PRESETS[preset], ""
    if preset == "folder" and options.data_dir is not None:
        experiment, why = folder_preset(options.data_dir, options.view or "auto", options.size, options.scale)
    elif options.view:
        raise InputError("--view is for a --data-dir with pictures of your own.")
    if preset == "cells" and options.data_dir is not None:
        raise InputError("The preset cells makes its images itself and takes no --data-dir.")
    changes = network | {field.name: value for field in FLAGS if (value := getattr(options, field.name)) is not None}
    for field in FLAGS:
        presets = field.metadata["presets"]
        if presets and preset not in presets and getattr(options, field.name) is not None:
            raise InputError(f"{flag(field.name)} is for the preset {' or '.join(presets)}, not {preset}.")
    if options.data_dir is not None:
        changes["data_dir"] = str(options.data_dir.resolve())
    named = ["--class-weight"] * (options.class_weight is not None)
    named += ["--set class_weight"] * any(setting.startswith("class_weight=") for setting in options.set)
    if len(named) == 2:
        raise InputError("--class-weight and --set class_weight say the same: leave one of them out.")
    if named and options.loss == "dice":
        raise InputError(f"{named[0]} is for the cross-entropy, which --loss dice leaves out: say --loss both.")
    if options.class_weight not in (None, BALANCED):
        changes["class_weight"] = weights_of(options.class_weight)
    config = change(dataclasses.replace(experiment, **changes), options.set)
    if not named and experiment.class_weight == OBJECTS.class_weight and config.border == 0:
        config = dataclasses.replace(config, class_weight=None)  # that of the border is the only one that is not 1
    return config, why


def asked_weights(options: argparse.Namespace) -> str | None:
    """What was asked of the weights of classes, by --class-weight or by --set; None if nothing was."""
    asked = [options.class_weight, *(setting for setting in options.set if setting.startswith("class_weight="))]
    return next((each for each in asked if each is not None), None)


def config_of_run(options: argparse.Namespace, checkpoint: Checkpoint) -> Config:
    """The configuration of the checkpoint; only where to compute and where the images lie may be different."""
    config, run, path = checkpoint.config, options.resume, options.resume / "config.json"
    names_of_run = ("preset", "view", "class_weight", "out", "set", "start", *(field.name for field in FLAGS))
    fixed = [name for name in names_of_run if getattr(options, name) not in (None, [])]
    if fixed:
        names = ", ".join(flag("from" if name == "start" else name) for name in fixed)
        raise InputError(
            f"--resume goes on with the options of the run, so {names} cannot be given with it. "
            f"To train otherwise, start a new run; --from {run} begins it with these weights."
        )
    if checkpoint.earlier:
        raise InputError(
            f"{run} comes from a version of minunet that dealt out the images and drew the batches in "
            "another way, so it cannot go on to the same bits. Its best.npz still predicts; start a new run to train."
        )
    try:
        values = json.loads(read_text(path))
        written, operations = Config.from_json(values["config"]), values.get("operations", "quick")
    except (OSError, ValueError, KeyError, TypeError, RecursionError, InputError) as error:
        raise InputError(
            f"{path} cannot be read ({error}); it says what {run} is. Put it back to go on; last.npz still predicts."
        ) from error
    # The images may have moved, and a run of an older version may lack a field.
    if dataclasses.replace(written, data_dir=None) != dataclasses.replace(config, data_dir=None):
        raise InputError(f"{run / 'last.npz'} belongs to another run than {path}: their configurations differ.")
    if options.data_dir and config.data_dir is None:
        raise InputError(f"The preset {config.preset} makes its images itself and takes no --data-dir.")
    now = "own" if options.layers else options.operations
    if operations != now:
        print(printable(f"{run} began with {operations} operations and goes on with {now} ones, which round otherwise"))
    return dataclasses.replace(config, data_dir=str(options.data_dir.resolve())) if options.data_dir else config
