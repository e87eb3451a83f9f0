"""Text files and folders of a data set: lists of names, with errors that say what to do."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from minunet.errors import InputError
from minunet.files import read_text


def read_lines(path: Path) -> list[str]:
    """The lines of a text file. Raises InputError if it is not in UTF-8."""
    try:
        return read_text(path).splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{path} is not text in UTF-8.") from None
    except ValueError as error:
        raise InputError(f"{path} is no list: {error}.") from None


def read_lists(name_of: Callable[[str], str], *paths: Path) -> list[list[str]]:
    """Of each list of images the names, `name_of` its lines. Raises InputError if one stands there twice."""
    lists: list[list[str]] = []
    where: dict[str, Path] = {}
    for path in paths:
        lists.append([name for line in read_lines(path) if (name := name_of(line))])
        for name in lists[-1]:
            if where.get(name) == path:
                raise InputError(f"{path} names {name} twice.")
            if name in where:
                raise InputError(f"{name} stands in {where[name].name} and in {path.name}: the test would not be one.")
            where[name] = path
    return lists


def is_there(path: Path) -> bool:
    """Whether there is a file that need not be. Raises InputError for what has its name and is none."""
    if path.is_file():
        return True
    if path.exists() or path.is_symlink():
        what = "a folder" if path.is_dir() else "none" if path.exists() else "a link to nowhere"
        raise InputError(f"{path} should be a file, but is {what}.")
    return False


def require_folders(hint: str, *paths: Path) -> None:
    """Raise InputError unless each path is a folder."""
    for path in paths:
        if not path.is_dir():
            problem = "is a file, not a folder" if path.exists() else "does not exist"
            raise InputError(f"The folder {path} {problem}. {hint}")


def shorten(values: Sequence[Any] | np.ndarray) -> str:
    """The values, or the first few of very many, for an error message."""
    return ", ".join(str(value) for value in values[:8]) + (f", ... {values[-1]}" if len(values) > 8 else "")
