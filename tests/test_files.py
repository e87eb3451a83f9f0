"""Files that are written whole or not at all."""

import os

import numpy as np
import pytest

from minunet.files import refuse_swollen, remove_unfinished, whole_file


def test_a_file_is_whole_or_the_old_one(tmp_path):
    path = tmp_path / "a.txt"
    with whole_file(path) as file:
        file.write("first")
    with pytest.raises(RuntimeError), whole_file(path) as file:
        file.write("second")
        raise RuntimeError
    assert path.read_text() == "first" and list(tmp_path.iterdir()) == [path]


def test_a_file_that_has_to_be_new_overwrites_nothing(tmp_path, monkeypatch):
    """Also one that came while it was written; with and without links, which some disks do not know."""
    for link in (os.link, None):
        if link is None:
            monkeypatch.setattr(os, "link", lambda *names: (_ for _ in ()).throw(PermissionError(1, "no links")))
        path = tmp_path / f"{link is None}.txt"
        with whole_file(path, new=True) as file:
            file.write("first")
        assert path.read_text() == "first"
        for other in ("file", "link"):
            with pytest.raises(FileExistsError, match=path.name), whole_file(path, new=True) as file:
                file.write("second")
                if other == "link":
                    path.unlink()
                    path.symlink_to(tmp_path / "nothing")
        assert path.is_symlink() and not (tmp_path / "nothing").exists()
    assert len(list(tmp_path.iterdir())) == 2


def test_two_who_write_at_once_do_not_meet(tmp_path):
    path = tmp_path / "a.txt"
    with whole_file(path) as one, whole_file(path) as other:
        one.write("one")
        other.write("other")
    assert path.read_text() == "one" and list(tmp_path.iterdir()) == [path]


def test_the_longest_names_can_be_written(tmp_path):
    path = tmp_path / ("n" * 251 + ".txt")
    with whole_file(path) as file:
        file.write("x")
    assert path.exists()


def test_only_what_was_left_unfinished_is_removed(tmp_path):
    names = [".0123abcd.unfinished", ".89abcdef.unfinished", "thesis.unfinished", ".thesis.unfinished", "a.txt"]
    for name in names:
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / ".00000000.unfinished").mkdir()
    (tmp_path / ".89abcdef.unfinished").touch()  # somebody writes into it just now
    remove_unfinished(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*names[1:], ".00000000.unfinished"}


def test_files_that_would_swell_are_refused(tmp_path, rng):
    """Zeros that were packed, and holes: a few bytes on the disk that would fill the memory."""
    weights = rng.standard_normal(10**6).astype("float32")
    for save in (np.save, np.savez, np.savez_compressed):
        with open(tmp_path / "good", "wb") as file:
            save(file, weights)
        refuse_swollen(tmp_path / "good")
    np.savez_compressed(tmp_path / "packed.npz", np.zeros(10**8, "uint8"))
    with open(tmp_path / "holes.pt", "wb") as file:
        file.write(b"something")
        file.truncate(10**12)
    for name in ("packed.npz", "holes.pt"):
        with pytest.raises(ValueError, match="bytes in"):
            refuse_swollen(tmp_path / name)
