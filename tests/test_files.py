"""Files that are written whole or not at all."""

import os

import numpy as np
import pytest

from minunet.files import refuse_swollen, whole_file


def test_a_file_is_whole_or_the_old_one(tmp_path):
    path = tmp_path / "a.txt"
    with whole_file(path) as file:
        file.write("first")
    with pytest.raises(RuntimeError), whole_file(path) as file:
        file.write("second")
        raise RuntimeError
    assert path.read_text() == "first" and list(tmp_path.iterdir()) == [path]


def test_a_link_at_the_temporary_name_is_not_followed(tmp_path):
    """In a folder that others may write into, such a link could lead to a file of ours."""
    (tmp_path / "precious").write_text("precious")
    (tmp_path / f"a.txt.{os.getpid()}.unfinished").symlink_to(tmp_path / "precious")
    with whole_file(tmp_path / "a.txt") as file:
        file.write("new")
    assert (tmp_path / "precious").read_text() == "precious"
    assert (tmp_path / "a.txt").read_text() == "new" and not (tmp_path / "a.txt").is_symlink()


def test_what_a_crash_has_left_at_the_temporary_name_does_not_matter(tmp_path):
    (tmp_path / f"a.npz.{os.getpid()}.unfinished").write_bytes(b"half of the last one, and longer")
    with whole_file(tmp_path / "a.npz", "wb") as file:
        file.write(b"whole")
    assert (tmp_path / "a.npz").read_bytes() == b"whole"


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
