"""Files that are written whole or not at all, and folders that one command at a time works in."""

import errno
import os
import re
import secrets
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from minunet.errors import InputError

UNFINISHED = re.compile(r"\.[0-9a-f]{8}\.unfinished")
SWOLLEN = 20  # times the size of the file, or of what the disk holds of it
MOST_TEXT = 2**28  # bytes: a list of a million names has a tenth of that
LARGE = 2**33  # bytes: of smaller files holes do not matter

try:
    import fcntl
except ImportError:  # not on this system: folders are not locked
    fcntl = None  # type: ignore[assignment]


@contextmanager
def whole_file(path: Path, mode: str = "w", *, new: bool = False, **options: Any) -> Iterator[IO[Any]]:
    """Open a file to be written: at the end it stands there whole, and after a crash the old one is still there.

    Until then it has a name of its own beside it. One that has to be `new` takes the place of no other.
    """
    unfinished = path.with_name(f".{secrets.token_hex(4)}.unfinished")
    try:
        with open(unfinished, mode.replace("w", "x"), encoding=None if "b" in mode else "utf-8", **options) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        put(unfinished, path) if new else os.replace(unfinished, path)
    except OSError as error:
        if error.errno and error.filename in (None, str(unfinished)):  # a disk that becomes full names no file
            error.filename = str(path)
        raise
    finally:
        with suppress(OSError):  # there is none, or the disk takes no more orders
            unfinished.unlink()


def put(made: Path, path: Path) -> None:
    """Give a file its name. Raises FileExistsError if there is something of that name already."""
    try:
        os.link(made, path)  # which fails if there is; renaming would overwrite
    except FileExistsError:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
    except OSError:  # some disks know no links
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        os.replace(made, path)
    with suppress(OSError):
        made.unlink()


def remove_unfinished(folder: Path) -> None:
    """Remove what commands that were killed have left of `whole_file`, if nobody has written into it for a minute."""
    for path in [] if folder.is_symlink() else folder.glob(".*.unfinished"):
        with suppress(OSError):  # it is gone already, or nobody's to remove
            if UNFINISHED.fullmatch(path.name) and path.is_file() and time.time() - path.lstat().st_mtime > 60:
                path.unlink()


def own_folder(path: Path) -> None:
    """Make a folder inside of another one, if it is not there. Raises InputError if it is a link to elsewhere."""
    if path.is_symlink():
        raise InputError(f"{path} is a link to another folder, and nothing is written through it.")
    path.mkdir(exist_ok=True)


def refuse_swollen(path: Path) -> None:
    """Raise ValueError if a file of weights, or the zip archive that it is, would become much larger in memory.

    Weights hardly shrink when they are packed: what does, zeros or holes in a very large file, are no weights.
    """
    if path.is_fifo() or path.is_char_device():  # to open one could take for ever
        raise ValueError("no file")
    stat = path.stat()
    size, on_disk = stat.st_size, 512 * getattr(stat, "st_blocks", 0)  # not every system tells, or at once
    with open(path, "rb") as file:
        members = zipfile.ZipFile(file).infolist() if zipfile.is_zipfile(file) else []
    unpacked = sum(member.file_size for member in members)
    if unpacked > SWOLLEN * size + 2**20 or size > max(LARGE, SWOLLEN * on_disk):
        raise ValueError(f"{max(unpacked, size):,} bytes in {min(size, on_disk):,}")


def read_text(path: Path) -> str:
    """The text of a file in UTF-8. Raises OSError, and ValueError if it is none, or larger than any text of ours."""
    if not path.is_file():  # to open a fifo could take for ever
        raise FileNotFoundError(errno.ENOENT, "no file", str(path))
    if (size := path.stat().st_size) > MOST_TEXT:  # a file of holes takes nothing of a disk, and all of the memory
        raise ValueError(f"{size:,} bytes are too many")
    return path.read_text(encoding="utf-8-sig")


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
