"""What the commands share: numbers among their options, the folders that they write into, memory that is kept."""

import argparse
import ctypes
import itertools
import os
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from minunet.errors import InputError

# Of every command: its description stands as it was written, and its options are written out.
Parser = partial(argparse.ArgumentParser, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)


def at_least(minimum: int) -> Callable[[str], int]:
    """For argparse: a whole number of at least `minimum`."""

    def integer(text: str) -> int:
        if not re.fullmatch(r"\s*[0-9]{1,18}\s*", text) or int(text) < minimum:
            raise InputError(f"must be a whole number of at least {minimum}, not {text!r}")
        return int(text)

    return integer


def new_folder(asked: Path | None, default: Path) -> Path:
    """The folder `asked` for, made if it is not there; without one a new one, `default`, `default`-2, and so on.

    The new one is never one that another command has just made. Raises InputError if it cannot be made.
    """
    numbered = (default.with_name(f"{default.name}-{number}") for number in itertools.count(2))
    folder = asked or default
    while True:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(exist_ok=asked is not None)
            return folder
        except FileExistsError as error:
            if asked or error.filename != str(folder):  # or the folder that it should be in is a file, or leads nowhere
                raise InputError(f"{error.filename} is a file, or a link to nothing; it must be a folder.") from None
            folder = next(numbered)
        except OSError as error:
            raise InputError(f"The folder {folder} cannot be made: {error}.") from error


def keep_memory() -> None:
    """Let the C library keep the memory that arrays give back, for the next arrays; for commands that compute long.

    Otherwise every step returns it to the system and gets it back page by page, each filled with zeros first: for
    images of 64x64 pixels that was 300 to 400 pages and a tenth of the processor time for each image. Nothing happens
    where the library is not glibc, or where its limits were set from outside.
    """
    if any(name.startswith("MALLOC_") for name in os.environ):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(-3, 1 << 25)  # M_MMAP_THRESHOLD: arrays of up to 32 MiB, the most that it allows, come from the heap
        mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD: the heap does not shrink
