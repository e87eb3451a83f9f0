"""Downloads from a server on this machine: whole, cut off, spoilt, and hostile."""

import hashlib
import http.server
import io
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from minunet import InputError
from minunet.data import __main__ as command
from minunet.data import download
from minunet.data.download import Archive, fetch, unpack
from minunet.data.pets import load_pets
from tests.data.pictures import write_pets


class Server(http.server.BaseHTTPRequestHandler):
    """Serves `files`; can go on in the middle of a file; breaks the next connection after `breaks_after` bytes."""

    files: dict[str, bytes] = {}
    breaks_after: int | None = None
    ranges = True
    encoding: str | None = None
    asked: list[str | None] = []
    meanwhile: Callable[[], object] | None = None  # what happens while the first file is on its way

    def do_GET(self):
        asked = self.headers.get("Range") if self.ranges else None
        type(self).asked.append(asked)
        content = self.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if asked and start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(content) - start))
        if self.encoding:
            self.send_header("Content-Encoding", self.encoding)
        self.end_headers()
        if self.meanwhile is not None:
            self.wfile.write(content[start : start + 100])
            start, happens, type(self).meanwhile = start + 100, self.meanwhile, None
            happens()
        if self.breaks_after is not None:
            stop, type(self).breaks_after = start + self.breaks_after, None
            self.wfile.write(content[start:stop])
            return
        self.wfile.write(content[start:])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    Server.files, Server.breaks_after, Server.ranges, Server.asked, Server.encoding = {}, None, True, [], None
    Server.meanwhile = None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def serve(address: str, name: str, content: bytes, folder: str, sha256: str | None = None) -> Archive:
    Server.files[f"/{name}"] = content
    return Archive(f"{address}/{name}", len(content), sha256 or hashlib.sha256(content).hexdigest(), folder)


def packed(folder: Path, name: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.add(folder / name, arcname=f"./{name}")
    return buffer.getvalue()


@pytest.fixture
def pets(tmp_path, server):
    folder = write_pets(tmp_path / "source")
    return tuple(serve(server, f"{name}.tar.gz", packed(folder, name), name) for name in ("images", "annotations"))


def test_from_the_server_to_a_data_set(tmp_path, pets, monkeypatch, capsys):
    monkeypatch.setattr(command, "ARCHIVES", pets)
    target = tmp_path / "data" / "pets"
    assert command.main(["pets", "--data-dir", str(target)]) == 0
    assert "train with: python -m minunet.train --preset pets" in capsys.readouterr().out
    assert sorted(path.name for path in target.iterdir()) == ["annotations", "images"]
    assert not list(target.rglob("._*"))
    got, expected = (load_pets(folder, 8, np.random.default_rng(0)) for folder in (target, tmp_path / "source"))
    assert [part.digest() for part in got] == [part.digest() for part in expected]
    asked = len(Server.asked)
    assert command.main(["pets", "--data-dir", str(target)]) == 0  # nothing is fetched twice
    assert len(Server.asked) == asked and "is there already" in capsys.readouterr().out


def test_of_two_at_once_the_first_finishes(tmp_path, pets, monkeypatch, capsys):
    """Both would write into the same file, and delete it as spoilt."""
    monkeypatch.setattr(command, "ARCHIVES", pets)
    monkeypatch.setattr(download, "CHUNK", 100)
    target = tmp_path / "pets"
    script = (
        "import sys; from minunet.data import __main__ as command; from minunet.data.download import Archive\n"
        f"command.ARCHIVES = {pets!r}; sys.exit(command.main(['pets', '--data-dir', {str(target)!r}]))"
    )
    ended = []
    Server.meanwhile = staticmethod(
        lambda: ended.append(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True))
    )
    assert command.main(["pets", "--data-dir", str(target)]) == 0
    (second,) = ended
    assert second.returncode == 2 and second.stdout == ""
    assert second.stderr == f"minunet: Another command is working in {target}: wait until it has ended.\n"
    assert sorted(path.name for path in target.iterdir()) == ["annotations", "images"]
    assert Server.asked == [None, None]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_download_that_breaks_goes_on(tmp_path, pets, ranges, monkeypatch):
    monkeypatch.setattr(download, "CHUNK", 100)
    Server.breaks_after, Server.ranges = 700, ranges
    target = tmp_path / "pets"
    with pytest.raises(InputError, match="could not be downloaded.*the same command goes on"):
        fetch(pets, target)
    assert (target / "images.tar.gz.part").stat().st_size == 700 and not (target / "images").exists()
    fetch(pets, target)
    assert Server.asked[1] == ("bytes=700-" if ranges else None)
    assert sorted(path.name for path in target.iterdir()) == ["annotations", "images"]


def test_a_download_that_is_too_short_is_kept(tmp_path, server, monkeypatch):
    """Older versions of urllib3 say nothing of it."""

    class Short(io.BytesIO):
        status_code, headers, raw = 200, {"Content-Length": "10"}, io.BytesIO(b"1234567")

        def raise_for_status(self):
            pass

    monkeypatch.setattr(download.requests, "get", lambda *address, **how: Short())
    part = tmp_path / "a.tar.gz.part"
    with pytest.raises(download.requests.ConnectionError, match="the connection broke"):
        download._go_on("http://nowhere/a.tar.gz", part)
    assert part.read_bytes() == b"1234567"
    Short.raw, Short.headers = io.BytesIO(b"123"), {}  # how long it is was not said
    download._go_on("http://nowhere/a.tar.gz", part)
    assert part.read_bytes() == b"123"


def test_everything_had_arrived_already(tmp_path, pets):
    target = tmp_path / "pets"
    target.mkdir()
    (target / "images.tar.gz.part").write_bytes(Server.files["/images.tar.gz"])
    fetch(pets, target)
    assert (target / "images").is_dir()


def test_a_whole_archive_is_not_fetched_again(tmp_path, pets):
    """As after a download whose unpacking was stopped; its hash is checked all the same."""
    target = tmp_path / "pets"
    target.mkdir()
    (target / "images.tar.gz").write_bytes(Server.files["/images.tar.gz"])
    fetch(pets[:1], target)
    assert sorted(path.name for path in target.iterdir()) == ["images", "images.tar.gz"] and Server.asked == []


def test_a_file_of_somebody_else_is_left_alone(tmp_path, pets):
    """`images.tar.gz` is a common name."""
    target = tmp_path / "downloads"
    target.mkdir()
    (target / "annotations.tar.gz").write_bytes(b"mine")
    with pytest.raises(InputError, match="annotations.tar.gz is not the file of .*: move it away, or remove it"):
        fetch(pets, target)
    assert (target / "annotations.tar.gz").read_bytes() == b"mine"


def test_a_spoilt_file_is_deleted(tmp_path, server, pets):
    spoilt = serve(server, "images.tar.gz", Server.files["/images.tar.gz"] + b"!", "images", pets[0].sha256)
    with pytest.raises(InputError, match="not the file that was expected"):
        fetch((spoilt,), tmp_path / "pets")
    assert list((tmp_path / "pets").iterdir()) == []


def test_a_machine_that_is_not_online(tmp_path):
    with pytest.raises(InputError, match="images.tar.gz cannot be reached: is this machine online.$"):
        fetch((Archive("http://nowhere.invalid/images.tar.gz", 10, "0" * 64, "images"),), tmp_path / "pets")


def test_a_wrong_address_deletes_nothing(tmp_path):
    target = tmp_path / "pets"
    target.mkdir()
    (target / "images.tar.gz.part").write_bytes(b"half")
    with pytest.raises(InputError, match="could not be downloaded"):
        fetch((Archive("http://[/images.tar.gz", 10, "0" * 64, "images"),), target)
    assert (target / "images.tar.gz.part").read_bytes() == b"half"


def test_a_server_that_calls_the_archive_compressed(tmp_path, pets):
    """As many do with .gz: the file must arrive as it is, not unpacked on the way."""
    Server.encoding = "gzip"
    fetch(pets, tmp_path / "pets")
    assert (tmp_path / "pets" / "images").is_dir()


def test_a_broken_archive(tmp_path, server):
    broken = serve(server, "images.tar.gz", b"\x1f\x8b\x08 this is no archive", "images")
    with pytest.raises(InputError, match="could not be unpacked"):
        fetch((broken,), tmp_path / "pets")
    assert not (tmp_path / "pets" / "images").exists()


def hostile(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        good = tarfile.TarInfo("images/good.jpg")
        archive.addfile(good, io.BytesIO())
        member = tarfile.TarInfo(name)
        member.type, member.linkname, member.size = kind, link, 4 if kind == tarfile.REGTYPE else 0
        archive.addfile(member, io.BytesIO(b"evil"))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (hostile("../evil"), "'../evil', which does not lie in images/"),
        (hostile("/tmp/evil"), "'/tmp/evil', which does not lie in images/"),
        (hostile("images/../../evil"), "which does not lie in images/"),
        (hostile("elsewhere/evil"), "which does not lie in images/"),
        (hostile("images/link", tarfile.SYMTYPE, "/etc/passwd"), "which is a link or a device"),
        (hostile("images/link", tarfile.LNKTYPE, "../../evil"), "which is a link or a device"),
        (hostile("images/device", tarfile.CHRTYPE), "which is a link or a device"),
    ],
)
def test_hostile_archives_are_refused(tmp_path, content, says):
    file, target = tmp_path / "images.tar.gz", tmp_path / "pets"
    file.write_bytes(content)
    target.mkdir()
    with pytest.raises(InputError, match=says.replace(".", r"\.")):
        unpack(file, target, "images")
    assert list(target.iterdir()) == [] and not (tmp_path / "evil").exists()


def test_no_server_and_no_place(tmp_path, server, capsys):
    with pytest.raises(InputError, match="404"):
        fetch((Archive(f"{server}/none.tar.gz", 10, "0" * 64, "images"),), tmp_path / "pets")
    with pytest.raises(InputError, match="has .* GB left"):
        fetch((Archive(f"{server}/huge.tar.gz", 10**16, "0" * 64, "images"),), tmp_path / "pets")
    (tmp_path / "file").write_text("")
    assert command.main(["pets", "--data-dir", str(tmp_path / "file")]) == 2
    assert "file is a file, or a link to nothing; it must be a folder" in capsys.readouterr().err


def test_the_official_archives_are_named():
    assert [(a.folder, a.size) for a in command.ARCHIVES] == [("images", 791_918_971), ("annotations", 19_173_078)]
    assert all(a.address.startswith("https://") and len(a.sha256) == 64 for a in command.ARCHIVES)


def a_link_to_a_file(path, elsewhere):
    path.symlink_to(elsewhere / "precious")


def a_link_to_what_is_not_there(path, elsewhere):
    path.symlink_to(elsewhere / "new")


def a_link_to_a_folder(path, elsewhere):
    path.symlink_to(elsewhere)


def a_queue(path, elsewhere):
    os.mkfifo(path)


@pytest.mark.parametrize("name", ["images.tar.gz", "images.tar.gz.part", "images.unfinished"])
@pytest.mark.parametrize("made", [a_link_to_a_file, a_link_to_what_is_not_there, a_link_to_a_folder, a_queue])
def test_nothing_is_written_through_what_a_stranger_has_put_there(tmp_path, pets, name, made):
    elsewhere, target = tmp_path / "elsewhere", tmp_path / "target"
    (elsewhere / "images").mkdir(parents=True)
    for file in ("precious", "images/thesis"):
        (elsewhere / file).write_text("mine")
    target.mkdir()
    made(target / name, elsewhere)
    with pytest.raises(InputError, match=f"{name} is a link, or something else .*: remove it"):
        fetch(pets, target)
    assert sorted(path.name for path in elsewhere.rglob("*")) == ["images", "precious", "thesis"]
    assert (elsewhere / "precious").read_text() == (elsewhere / "images/thesis").read_text() == "mine"
