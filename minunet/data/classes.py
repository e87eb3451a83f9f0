"""`classes.txt`: what the numbers, or the colours, in masks mean.

A line a class: VALUE NAME, as in `255 cell`, or R,G,B NAME, as in `255,0,0 road`, if the masks are coloured pictures.
What is called `ignore` is no class: its pixels count neither in the loss nor in the score.
"""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from minunet.data.dataset import IGNORED
from minunet.data.lists import is_there, read_lines, shorten
from minunet.data.resize import row_slices
from minunet.errors import InputError, printable

SPACED = re.compile(r"^\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)(?=\s)")  # as people write colours, too: 255, 0, 0
IGNORE = "ignore"
MANY = 8  # values: so many, from one that is known to another, are the greys of smooth edges


class Classes(NamedTuple):
    """What masks may hold: values (K,), sorted, of each its label (K,), and the names of the classes.

    If `coloured`, a value is red * 65536 + green * 256 + blue.
    """

    names: tuple[str, ...]
    values: np.ndarray
    labels: np.ndarray
    coloured: bool = False

    def encode(self, path: Path, mask: np.ndarray, held: np.ndarray, grey: bool = True) -> np.ndarray:
        """The labels (H, W) uint8 of a mask (H, W) that holds the values `held`, sorted. Raises InputError.

        `grey`: whether smooth edges may be the reason for what is not known.
        """
        unknown = held[~np.isin(held, self.values)]
        if len(unknown):
            smooth = (
                grey and len(held) >= MANY and (self.coloured or held[0] in self.values and held[-1] in self.values)
            )
            what = f"{path} holds the values {shorten(held)}, but its class ids must be {shorten(self.values)}."
            if self.coloured:
                what = f"{path} holds the colours {_colours(unknown)}, which classes.txt does not name."
            edges = "edges between classes: save masks without any."
            one = _colours(unknown) if self.coloured else str(unknown[-1])
            ignored = f" If {one} is what does not count, name it: '{one} {IGNORE}'." if len(unknown) == 1 else ""
            raise InputError(what + (f" They look like smooth {edges}" if smooth else ignored))
        labels = np.empty(mask.shape, "uint8")
        for rows in row_slices(*mask.shape):
            labels[rows] = self.labels[np.searchsorted(self.values, mask[rows])]
        return labels


def read_classes(path: Path) -> Classes | None:
    """What the file says; None if it is not there. Raises InputError, naming the line."""
    if not is_there(path):
        return None
    names: dict[int, str] = {}
    kinds = set()
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        text, *rest = SPACED.sub(r"\1,\2,\3", line).split(maxsplit=1)
        here, name, value = f"{path}, line {number}: {line!r}", " ".join(rest).strip(), _value(text)
        if value is None or not name:
            raise InputError(
                f"{here} is neither VALUE NAME, as in '255 cell', with 0 <= VALUE <= 65535, nor R,G,B NAME, as in "
                "'255,0,0 road'."
            )
        if value in names or name in names.values():
            raise InputError(f"{here} names a value or a class that was named before.")
        if printable(name) != name:
            raise InputError(f"{here} names a class by what cannot be shown.")
        names[value] = IGNORE if name.lower() == IGNORE else name
        kinds.add("," in text)
    if len(kinds) > 1:
        raise InputError(f"{path} names some classes by numbers and some by colours: only one of both can be meant.")
    coloured = kinds == {True}
    order = list(names) if coloured else sorted(names)  # colours have none of their own
    classes = [names[value] for value in order if names[value] != IGNORE]
    most = 255 if IGNORE in names.values() else 256
    if not 2 <= len(classes) <= most:
        besides = f" besides '{IGNORE}', which is none" if IGNORE in names.values() else ""
        raise InputError(f"{path} names {len(classes)} classes{besides}; there can be 2 to {most}.")
    values = sorted(names)
    labels = [IGNORED if names[value] == IGNORE else classes.index(names[value]) for value in values]
    return Classes(tuple(classes), np.array(values), np.array(labels, "uint8"), coloured)


def codes(colours: np.ndarray) -> np.ndarray:
    """Colours (H, W, 3) uint8 as one number each, (H, W) int32."""
    code = np.empty(colours.shape[:2], "int32")
    for rows in row_slices(*colours.shape[:2]):
        code[rows] = colours[rows].astype("int32") @ np.array([65536, 256, 1], "int32")
    return code


def _value(text: str) -> int | None:
    """The number, or the colour, that stands at the beginning of a line; None if it is neither."""
    parts = text.split(",")
    if len(parts) not in (1, 3) or not all(part.isascii() and part.isdecimal() and len(part) < 9 for part in parts):
        return None
    numbers = [int(part) for part in parts]
    if max(numbers) > (65535 if len(parts) == 1 else 255):
        return None
    return numbers[0] if len(parts) == 1 else numbers[0] << 16 | numbers[1] << 8 | numbers[2]


def _colours(values: np.ndarray) -> str:
    told = [f"{value >> 16},{value >> 8 & 255},{value & 255}" for value in values[:4].tolist()]
    return " and ".join(told) + (f" and {len(values) - 4} more" if len(values) > 4 else "")
