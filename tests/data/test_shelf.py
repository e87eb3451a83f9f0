"""Arrays in memory or in a file: the same numbers, and a run that takes them from there gives the same bits."""

import errno
import gc
import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from minunet.data import shelf
from minunet.data.folder import load_folder
from minunet.data.shelf import Each, Filed, Shelf, Store
from minunet.model.checkpoint import load_checkpoint
from minunet.threads import map_in_order
from minunet.train import __main__ as train
from tests.data.pictures import write_folder, write_nuclei
from tests.train.runs import SMALL

try:
    import resource
except ImportError:
    resource = None


def arrays(rng, count=20):
    """Of several kinds and sizes, one of them empty, one not in C order."""
    some = [rng.integers(0, 200, rng.integers(1, 40, 3)).astype(kind) for kind in "BHf" for _ in range(count // 3)]
    return [*some, np.zeros((0, 3), "uint8"), rng.standard_normal((4, 5)).T]


@pytest.mark.parametrize("room", [0, 3000, 1 << 30])
def test_what_was_put_comes_back(rng, monkeypatch, room):
    monkeypatch.setattr(shelf, "IN_MEMORY", room)
    given, store = arrays(rng), Store()
    kept = Shelf(map_in_order(store.put, given))  # by several threads
    for entry, array in zip(kept.entries, given, strict=True):
        assert entry.shape == array.shape and entry.dtype == array.dtype
    assert (
        len(kept) == len(given) and sum(entry.nbytes for entry in kept.entries if not isinstance(entry, Filed)) <= room
    )
    for one, other in zip(kept, given, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    part = kept[3:9:2]
    assert isinstance(part, Shelf) and len(part) == 3
    np.testing.assert_array_equal(part[-1], given[7])
    with pytest.raises(IndexError):
        kept[len(given)]
    if not room:
        with pytest.raises(ValueError, match="read-only"):
            kept[0][:] = 1
    del store
    np.testing.assert_array_equal(kept[0], given[0])  # the file is there as long as an entry is


def test_a_store_does_not_keep_its_file(monkeypatch):
    """It has no name, and it is closed when nobody knows an array of it any more."""
    monkeypatch.setattr(shelf, "IN_MEMORY", 0)
    store = Store()
    entry = store.put(np.arange(10))
    number = entry.file.opened.fileno()
    assert os.fstat(number).st_nlink == 0
    del store, entry
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)


@pytest.mark.parametrize("fails", ["__init__", "append"])
def test_where_no_file_can_be_written_all_stays_in_memory(monkeypatch, fails):
    def fail(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shelf, "IN_MEMORY", 0)
    monkeypatch.setattr(shelf._File, fails, fail)
    store, array = Store(), np.arange(10)
    assert store.put(array) is array and store.put(array) is array


def test_whoever_has_set_a_folder_for_such_files_gets_them_there(monkeypatch, tmp_path):
    made = []
    monkeypatch.setattr(shelf.tempfile, "TemporaryFile", lambda dir, **how: made.append(dir) or io.BytesIO())
    monkeypatch.delenv("TMPDIR", raising=False)
    shelf._File()
    monkeypatch.setattr(shelf, "LASTING", tmp_path / "nowhere")
    shelf._File()
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    shelf._File()
    assert made == [Path("/var/tmp"), None, None] or not os.access("/var/tmp", os.W_OK)


def test_each_is_made_when_it_is_asked_for():
    asked = []

    def double(number):
        asked.append(number)
        return np.array(2 * number)

    some = Each(double, range(10))
    assert len(some) == 10 and len(some[2:5]) == 3 and asked == []
    assert some[2:5][1] == 6 and asked == [3]
    assert [int(each) for each in some[7:]] == [14, 16, 18]


@pytest.mark.parametrize(
    ("write", "options"),
    [
        (write_folder, ["--view", "pieces"]),
        (write_folder, ["--view", "whole"]),
        (write_folder, ["--view", "pieces", "--scale", "0.5"]),
        (write_nuclei, ["--set", "seam_weight=2"]),
    ],
)
def test_a_run_gives_the_same_bits_from_a_file(write, options, tmp_path, monkeypatch):
    write(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    for room, out in ((1 << 30, "a"), (0, "b")):
        monkeypatch.setattr(shelf, "IN_MEMORY", room)
        assert train.main([*SMALL, *options, "--data-dir", "data", "--epochs", "2", "--out", out]) == 0
    one, other = (load_checkpoint(Path(out) / "last.npz") for out in "ab")
    assert one.data == other.data
    for name, array in one.params.items():
        np.testing.assert_array_equal(other.params[name], array)
    assert Path("a/test.json").read_text() == Path("b/test.json").read_text()


@pytest.mark.skipif(resource is None, reason="not on this system: limits of a process")
def test_small_deep_pictures_do_not_keep_the_file_open(tmp_path, monkeypatch, rng):
    """Each mapping needs a file descriptor, and a small picture is its own sample."""
    monkeypatch.setattr(shelf, "IN_MEMORY", 0)
    for part in ("images", "masks"):
        (tmp_path / part).mkdir()
    for number in range(120):
        pixels = rng.integers(0, 4000, (8, 8), dtype="uint16")
        Image.fromarray(pixels).save(tmp_path / "images" / f"{number}.png")
        Image.fromarray((pixels > 2000).astype("uint8")).save(tmp_path / "masks" / f"{number}.png")
    open_now = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 40
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_now + 60, before[1]))
    try:
        splits = load_folder(tmp_path, None, rng)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert len(splits.training) == 96 and splits.training.images[0].dtype == "uint16"
