"""`--set NAME=VALUE`: any field of an experiment that has no option of its own, for experiments about experiments."""

import dataclasses

from minunet.data.augment import Augmentation
from minunet.errors import InputError
from minunet.model.config import Config
from minunet.options import read

PREFIX = "augmentation."
FOLLOW = ("preset", "data_dir", "pieces", "channels", "ranges")  # from the choice of a preset, or from the pictures


def change(config: Config, settings: list[str]) -> Config:
    """The configuration with each of `settings`, NAME=VALUE, changed; VALUE is JSON: 3, 0.5, true, null, [1, 1, 2].

    A name is that of a field of Config without an option of its own, or augmentation.NAME. Raises InputError.
    """
    fields = {field.name: field.metadata for field in dataclasses.fields(Config) if field.name != "augmentation"}
    names = [name for name, about in fields.items() if not about["flag"] and name not in FOLLOW]
    names += [PREFIX + field.name for field in dataclasses.fields(Augmentation)]
    for setting in settings:
        name, equals, text = setting.partition("=")
        if name in fields and name not in names:
            raise InputError(f"--set {name}: this has an option of its own, or follows from the preset.")
        if not equals or name not in names:
            raise InputError(
                f"--set takes NAME=VALUE with one of these names, not {setting[:50]!r}: {', '.join(names)}. What they "
                "mean stands in minunet/model/config.py, at Config, and in minunet/data/augment.py, at Augmentation."
            )
        presets = fields[name]["presets"] if name in fields else None
        if presets and config.preset not in presets:
            instead = " The lists train.txt, val.txt and test.txt say which images are used." * (name == "count")
            raise InputError(f"--set {name} is for the preset {' or '.join(presets)}, not {config.preset}.{instead}")
        try:
            if name in fields:
                config = dataclasses.replace(config, **{name: read(Config, name, text)})
            else:
                value = {name.removeprefix(PREFIX): read(Augmentation, name.removeprefix(PREFIX), text)}
                config = dataclasses.replace(config, augmentation=dataclasses.replace(config.augmentation, **value))
        except InputError as error:
            raise InputError(f"--set {'' if name in fields else PREFIX}{error}") from error
    return config


def weights_of(text: str) -> tuple[float, ...]:
    """The weights of `--class-weight 1,1,2`."""
    try:
        return tuple(read(Config, "class_weight", f"[{text.strip('[]')}]"))
    except InputError as error:
        raise InputError(
            f"--class-weight takes balanced, or a number above 0 for each class, as in 1,1,2, not {text[:50]!r}."
        ) from error
