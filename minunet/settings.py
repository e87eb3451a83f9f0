"""`--set NAME=VALUE`: any field of an experiment that has no option of its own, for experiments about experiments."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, get_type_hints

from minunet.data.augment import Augmentation
from minunet.errors import InputError
from minunet.presets import Config

PREFIX = "augmentation."
LIMITS = {"dropout": (0, 0.99), "average": (0, 0.9999), "momentum": (0, 0.9999), "border": (0, 50)}
NOT_NEGATIVE = (0, 1e6)  # all other numbers


def change(config: Config, settings: list[str], fixed: tuple[str, ...]) -> Config:
    """The configuration with each of `settings`, NAME=VALUE, changed; VALUE is JSON: 3, 0.5, true, null, [1, 1, 2].

    A name is that of a field of Config, or augmentation.NAME, but none of `fixed`. Raises InputError.
    """
    names = [field.name for field in dataclasses.fields(Config) if field.name not in (*fixed, "augmentation")]
    names += [PREFIX + field.name for field in dataclasses.fields(Augmentation)]
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or name not in names:
            raise InputError(f"--set takes NAME=VALUE with one of these names, not {setting!r}: {', '.join(names)}.")
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
    except ValueError:
        value = text  # so that a word needs no quotation marks
    if isinstance(value, list):
        value = tuple(value)
    whole, number = type(value) is int, type(value) in (int, float)
    numbers = (
        type(value) is tuple and all(type(part) in (int, float) and part >= 0 for part in value) and sum(value) > 0
    )
    low, high = LIMITS.get(name, NOT_NEGATIVE)
    if number and not low <= value <= high:
        raise InputError(f"--set {name}={text}: it must be a number from {low} to {high}.")
    fits = {
        bool: type(value) is bool,
        int: whole,
        float: number,
        str: type(value) is str,
        str | None: value is None or type(value) is str,
        float | None: value is None or number,
        tuple[float, ...] | None: value is None or numbers,
    }
    if not fits[hint]:
        expected = hint.__name__ if isinstance(hint, type) else str(hint).replace("tuple[float, ...]", "[number, ...]")
        raise InputError(f"--set {name}={text}: the value must be {expected.replace('None', 'null')}.")
    return value
