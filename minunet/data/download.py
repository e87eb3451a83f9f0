"""Fetching data sets: with a hash that is checked, going on where a download was cut off, unpacked without trust."""

import hashlib
import os
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path

import requests
import urllib3
from tqdm import tqdm

from minunet.commands import new_folder
from minunet.errors import InputError, printable
from minunet.files import locked

TIMEOUT = 30  # seconds without an answer
CHUNK = 1 << 16  # bytes that are written at a time


@dataclass(frozen=True)
class Archive:
    """A .tar.gz on a server, and the folder that it unpacks to."""

    address: str
    size: int  # bytes
    sha256: str
    folder: str


def fetch(archives: tuple[Archive, ...], target: Path) -> None:
    """Download and unpack what is not there yet into `target`. Raises InputError if that fails; nothing half is left.

    What was downloaded before the connection broke is kept, as NAME.part, and the next call goes on from there. Two at
    once would write into one NAME.part: the second is refused.
    """
    with locked(new_folder(target, target)):
        for archive in archives:
            _refuse_odd(target, archive)
            if (target / archive.folder).is_dir():
                print(f"{target / archive.folder} is there already")
                continue
            file, theirs = _download(archive, target)
            unpack(file, target, archive.folder)
            if not theirs:
                file.unlink()
            print(f"{target / archive.folder} is ready")


def _refuse_odd(target: Path, archive: Archive) -> None:
    """Raise InputError if what would be written to, or unpacked into, is a link, or no plain file or folder."""
    name = archive.address.rsplit("/", 1)[1]
    for path, is_plain in (
        (target / name, Path.is_file),
        (target / f"{name}.part", Path.is_file),
        (target / f"{archive.folder}.unfinished", Path.is_dir),
    ):
        if os.path.lexists(path) and (path.is_symlink() or not is_plain(path)):
            raise InputError(f"{path} is a link, or something else that this command does not leave there: remove it.")


def _download(archive: Archive, target: Path) -> tuple[Path, bool]:
    """The archive as a file in `target`, whole and with the right hash; and whether it was there before."""
    address, file = archive.address, target / archive.address.rsplit("/", 1)[1]
    part, free = Path(f"{file}.part"), shutil.disk_usage(target).free
    if free < 3 * archive.size:  # the archive, what it holds, and room to breathe
        raise InputError(f"{target} has {free / 1e9:.1f} GB left; {file.name} needs {3 * archive.size / 1e9:.1f} GB.")
    if file.exists():
        if not _is_whole(file, archive):
            raise InputError(f"{file} is not the file of {address} (its SHA256 differs): move it away, or remove it.")
        return file, True
    try:
        _go_on(address, part)
        part.replace(file)
    except requests.ConnectionError as error:
        broken = f"The connection to {address} broke. Start again: it goes on from there."
        offline = f"{address} cannot be reached: is this machine online?"
        raise InputError(broken if part.exists() else offline) from error
    except (OSError, urllib3.exceptions.HTTPError) as error:  # the errors of requests are OSErrors
        raise InputError(
            f"{address} could not be downloaded: {error}. What has arrived is kept; the same command goes on."
        ) from error
    if not _is_whole(file, archive):
        file.unlink()
        raise InputError(f"{address} is not the file that was expected (its SHA256 differs). It is deleted; try again.")
    return file, False


def _is_whole(file: Path, archive: Archive) -> bool:
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == archive.sha256


def _go_on(address: str, part: Path) -> None:
    """Download into `part`, from where it ends."""
    done = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with requests.get(address, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:  # nothing is left to fetch
            return
        response.raise_for_status()
        if response.status_code != requests.codes.partial_content:  # this server begins at the beginning
            done = 0
        total = done + int(response.headers.get("Content-Length", 0)) or None
        with (
            open(part, "ab" if done else "wb") as file,
            tqdm.wrapattr(file, "write", total=total, initial=done, desc=part.stem, disable=None) as counted,
        ):
            shutil.copyfileobj(response.raw, counted, CHUNK)  # .raw is the file as it lies on the server
    if total is not None and part.stat().st_size < total:
        raise requests.ConnectionError("the connection broke")


def unpack(file: Path, target: Path, folder: str) -> None:
    """Unpack the folder `folder` of a .tar.gz into `target`, all of it or nothing.

    An archive can name files outside of the folder, or links that lead there; such an archive is refused. Files whose
    name begins with `._`, which one system leaves behind, are passed over.
    """
    unfinished = target / f"{folder}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        with tarfile.open(file, "r:gz") as archive:
            for member in tqdm(archive, desc=f"Unpacking {printable(folder)}", unit="file", disable=None):
                if not Path(member.name).name.startswith("._"):
                    _check(member, file, folder)
                    archive.extract(member, unfinished, filter="data")
        (unfinished / folder).replace(target / folder)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise InputError(f"{file} could not be unpacked: {error}.") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _check(member: tarfile.TarInfo, file: Path, folder: str) -> None:
    """Raise InputError unless the member of the archive `file` is a plain file or folder inside of `folder`."""
    found, parts = f"{file} was not unpacked: it holds {member.name!r}", Path(member.name).parts
    if not (member.isfile() or member.isdir()):
        raise InputError(f"{found}, which is a link or a device.")
    if ".." in parts or parts[:1] != (folder,):
        raise InputError(f"{found}, which does not lie in {folder}/.")
