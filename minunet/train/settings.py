"""`--set NAME=VALUE`: any field of an experiment that has no option of its own, for experiments about experiments."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, get_type_hints

from minunet.data.augment import Augmentation
from minunet.errors import InputError
from minunet.model.config import Config

PREFIX = "augmentation."
LIMITS = {"dropout": (0, 0.99), "average": (0, 0.9999), "momentum": (0, 0.9999), "border": (0, 50), "count": (3, 10**6)}
PRESETS_OF = {"border": ("nuclei", "paper"), "pooled": ("pets", "seed"), "count": ("cells",)}  # of no use elsewhere
WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a word",
    str | None: "a word or null",
    float | None: "a number or null",
    tuple[float, ...] | None: "numbers as in [1,1,2], or null",
}
NOT_NEGATIVE = (0, 10**6)  # all other numbers


def change(config: Config, settings: list[str], fixed: tuple[str, ...]) -> Config:
    """The configuration with each of `settings`, NAME=VALUE, changed; VALUE is JSON: 3, 0.5, true, null, [1, 1, 2].

    A name is that of a field of Config, or augmentation.NAME, but none of `fixed`. Raises InputError.
    """
    names = [field.name for field in dataclasses.fields(Config) if field.name not in (*fixed, "augmentation")]
    names += [PREFIX + field.name for field in dataclasses.fields(Augmentation)]
    for setting in settings:
        name, equals, text = setting.partition("=")
        if name in fixed:
            raise InputError(f"--set {name}: this has an option of its own, or follows from the preset.")
        if not equals or name not in names:
            raise InputError(
                f"--set takes NAME=VALUE with one of these names, not {setting!r}: {', '.join(names)}. What they mean "
                "stands in minunet/model/config.py, at Config, and in minunet/data/augment.py, at Augmentation."
            )
        if config.preset not in PRESETS_OF.get(name, (config.preset,)):
            raise InputError(f"--set {name} is for the preset {' or '.join(PRESETS_OF[name])}, not {config.preset}.")
        owner, field = (Augmentation, name.removeprefix(PREFIX)) if name.startswith(PREFIX) else (Config, name)
        value = _read(name, text, get_type_hints(owner)[field])
        if owner is Augmentation:
            field, value = "augmentation", dataclasses.replace(config.augmentation, **{field: value})
        config = dataclasses.replace(config, **{field: value})
    return config


def _read(name: str, text: str, hint: Any) -> Any:
    """The value, of the type that the field has."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None if text in ("None", "none") else text  # so that a word needs no quotation marks
    if isinstance(value, list):
        value = tuple(value)
    parts = value if type(value) is tuple else (value,)
    number = all(type(part) in (int, float) for part in parts)
    single = number and parts is not value
    fits = {
        bool: type(value) is bool,
        int: single and type(value) is int,
        float: single,
        str: type(value) is str,
        str | None: value is None or type(value) is str,
        float | None: value is None or single,
        tuple[float, ...] | None: value is None or (number and len(parts) > 0 and not single),
    }
    if not fits[hint]:
        raise InputError(f"--set {name}={text[:50]}: the value must be {WORDS[hint]}.")
    low, high = (1e-6, 10**6) if parts is value else LIMITS.get(name, NOT_NEGATIVE)
    if number and not all(low <= part <= high for part in parts):
        raise InputError(f"--set {name}={text}: it must be from {low:g} to {high:g}.")
    return value
