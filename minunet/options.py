"""What is known of one option of an experiment stands at its field: name, type, limits, help, and which presets use it.

The parser of the command line, `--set`, and the reading of a `config.json` all ask here.
"""

import dataclasses
import json
import re
import sys
from types import NoneType
from typing import Any, get_args, get_type_hints

from minunet.errors import InputError

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a word",
    tuple[float, ...]: "numbers as in [1,1,2],",
    NoneType: "null",
}


def option(
    default: Any,
    help: str,
    *,
    low: float = 0,
    high: float = 10**6,
    choices: tuple[Any, ...] | None = None,
    presets: tuple[str, ...] | None = None,
    flag: bool = False,
) -> Any:
    """A field of a dataclass with all that is known of it.

    Args:
        low, high: the limits of a number.
        choices: the only values, if there are few.
        presets: the only ones that it means something to.
        flag: whether it has an option of its own on the command line; all others are set by `--set`.
    """
    about = {"help": help, "low": low, "high": high, "choices": choices, "presets": presets, "flag": flag}
    return dataclasses.field(default=default, metadata=about)


def check(owner: type, name: str, value: Any) -> Any:
    """The value, for the field `name` of the dataclass `owner`; a list becomes a tuple. Raises InputError."""
    field = {field.name: field for field in dataclasses.fields(owner)}[name]
    about, hint = field.metadata, get_type_hints(owner)[name]
    kinds = get_args(hint) or (hint,)  # of str | None, both
    value = tuple(value) if isinstance(value, list) else value
    parts = value if type(value) is tuple else (value,)
    number = all(type(part) in (int, float) for part in parts)
    kind = tuple[float, ...] if parts is value and parts and number else type(value)
    if about["choices"] and value not in about["choices"]:
        choices = ", ".join("null" if each is None else each for each in about["choices"])
        raise InputError(f"{name}: it must be one of {choices}, not {str(value)[:50]}.")
    if kind not in kinds and not (kind is int and float in kinds):  # a whole number is a number, too
        wanted = " or ".join(WORDS[each] for each in kinds)
        raise InputError(f"{name}: the value must be {wanted}, not {str(value)[:50]}.")
    low, high = about["low"], about["high"]
    largest = min(high, sys.float_info.max)
    if number and value != field.default and not all(low <= part <= largest for part in parts):
        raise InputError(f"{name}: it must be from {low:g} to {high:g}, not {str(value)[:50]}.")
    return value


def read(owner: type, name: str, text: str) -> Any:
    """The value that `text` stands for, in JSON: 3, 0.5, true, null, [1, 1, 2]; a word needs no quotation marks.

    Numbers may be written as people do, too: .004, 4.e-3, +5, 07.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = {"None": None, "none": None, "True": True, "False": False}.get(text, text)
        if NUMBER.fullmatch(text.strip()):
            whole = text.strip("+- ").isdigit() and len(text) < 4300  # more digits Python refuses
            value = int(text) if whole else float(text)
    return check(owner, name, value)
