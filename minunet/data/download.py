"""Fetching data sets: with a hash that is checked, going on where a download was cut off, unpacked without trust."""

import os
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pooch
import requests
import urllib3
from tqdm import tqdm

from minunet.errors import InputError

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

    What was downloaded before the connection broke is kept, as NAME.part, and the next call goes on from there.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {target} cannot be made: {error}.") from error
    for archive in archives:
        if (target / archive.folder).is_dir():
            print(f"{target / archive.folder} is there already")
            continue
        file = _download(archive, target)
        unpack(file, target, archive.folder)
        file.unlink()
        print(f"{target / archive.folder} is ready")


def _download(archive: Archive, target: Path) -> Path:
    """The archive as a file in `target`, whole and with the right hash."""
    name = archive.address.rsplit("/", 1)[1]
    free = shutil.disk_usage(target).free
    if free < 3 * archive.size:  # the archive, what it holds, and room to breathe
        raise InputError(f"{target} has {free / 1e9:.1f} GB left; {name} needs {3 * archive.size / 1e9:.1f} GB.")
    part = target / f"{name}.part"
    try:
        pooch.retrieve(
            archive.address,
            f"sha256:{archive.sha256}",
            fname=name,
            path=target,
            downloader=lambda url, output, _: _go_on(url, output, part),
        )
    except requests.ConnectionError as error:
        if part.exists():
            raise InputError(
                f"The connection to {archive.address} broke. Start again: it goes on from there."
            ) from error
        raise InputError(f"{archive.address} cannot be reached: is this machine online?") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise InputError(
            f"{archive.address} could not be downloaded: {error}. What has arrived is kept; the same command goes on."
        ) from error
    except ValueError as error:  # pooch's word for a wrong hash
        part.unlink(missing_ok=True)
        raise InputError(
            f"{archive.address} is not the file that was expected (its SHA256 differs). It was deleted; try again."
        ) from error
    part.unlink(missing_ok=True)
    return target / name


def _go_on(address: str, output: Any, part: Path) -> None:
    """Download into `part`, from where it ends, and copy it to `output`, where pooch checks the hash."""
    done = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with requests.get(address, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:  # nothing is left to fetch
            shutil.copyfile(part, str(output))
            return
        response.raise_for_status()
        if response.status_code != requests.codes.partial_content:  # this server begins at the beginning
            done = 0
        total = done + int(response.headers.get("Content-Length", 0)) or None
        with (
            open(part, "ab" if done else "wb") as file,
            tqdm(total=total, initial=done, desc=part.stem, unit="B", unit_scale=True, disable=None) as bar,
        ):
            for chunk in response.raw.stream(CHUNK, decode_content=False):
                file.write(chunk)
                bar.update(len(chunk))
    if total is not None and part.stat().st_size < total:
        raise requests.ConnectionError("the connection broke")
    shutil.copyfile(part, str(output))


def unpack(file: Path, target: Path, folder: str) -> None:
    """Unpack the folder `folder` of a .tar.gz into `target`, all of it or nothing.

    An archive can name files outside of the folder, or links that lead there; such an archive is refused. Files whose
    name begins with `._`, which one system leaves behind, are passed over.
    """
    unfinished = target / f"{folder}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        with tarfile.open(file, "r:gz") as archive:
            for member in tqdm(archive, desc=f"Unpacking {folder}", unit="file", disable=None):
                if Path(member.name).name.startswith("._"):
                    continue
                archive.extract(_checked(member, file, folder), unfinished, filter="data")
        os.replace(unfinished / folder, target / folder)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise InputError(f"{file} could not be unpacked: {error}.") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _checked(member: tarfile.TarInfo, file: Path, folder: str) -> tarfile.TarInfo:
    """The member, if it is a plain file or folder inside of `folder`."""

    def refuse(why: str) -> NoReturn:
        raise InputError(f"{file} was not unpacked: it holds {member.name!r}, {why}.")

    parts = Path(member.name).parts
    if not (member.isfile() or member.isdir()):
        refuse("which is a link or a device")
    if Path(member.name).is_absolute() or ".." in parts or [p for p in parts if p != "."][:1] != [folder]:
        refuse(f"which does not lie in {folder}/")
    return member
