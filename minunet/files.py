"""Files that are written whole or not at all, and folders that one command at a time works in."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from minunet.errors import InputError

try:
    import fcntl
except ImportError:  # not on this system: folders are not locked
    fcntl = None  # type: ignore[assignment]


@contextmanager
def whole_file(path: Path, mode: str = "w", **options: Any) -> Iterator[IO[Any]]:
    """Open a file to be written: at the end it stands there whole, and after a crash the old one is still there."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        with open(unfinished, mode, encoding=None if "b" in mode else "utf-8", **options) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """While this is entered, nobody else can enter it for the same folder. Raises InputError if somebody is in it.

    The lock is the system's: it ends with the process and the children that it forked, however they end, and leaves no
    file behind.
    """
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"Another command is working in {folder}: wait until it has ended.") from None
        except OSError:  # some networks' disks know no locks
            pass
        yield
    finally:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_UN)  # a child that was forked meanwhile holds the same lock
        os.close(handle)
