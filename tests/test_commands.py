"""What the commands share."""

import os
import platform
import subprocess
import sys

import pytest

from minunet import InputError
from minunet.commands import at_least, new_folder


def test_whole_numbers():
    assert at_least(1)("1") == 1 and at_least(0)(" 007 ") == 7
    for text in ("0", "-1", "1.5", "²", "١", "1e3", "", "9" * 5000, "1_000"):
        with pytest.raises(InputError, match="must be a whole number of at least 1"):
            at_least(1)(text)


def test_memory_that_is_kept_is_not_asked_for_again():
    """A loop that makes and drops an array of 8 MB asks the system for pages only until the memory is kept."""
    script = """
import resource
import numpy as np
from minunet.commands import keep_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        arrays = [np.ones(100_000, "float32") for _ in range(20)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

keep_memory()
faults()
print(faults())
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    counts = [
        int(
            subprocess.run(
                [sys.executable, "-c", script], env=environment | extra, capture_output=True, check=True
            ).stdout
        )
        for extra in ({}, {"MALLOC_TRIM_THRESHOLD_": "131072"})  # what the user has set stays
    ]
    if sys.platform == "linux" and platform.libc_ver()[0] == "glibc":
        assert counts[0] < 20 < 1000 < counts[1]


def test_a_new_folder(tmp_path):
    for expected in ("run", "run-2", "run-3"):
        assert new_folder(None, tmp_path / "runs" / "run") == tmp_path / "runs" / expected
    assert new_folder(tmp_path / "a" / "b", tmp_path) == tmp_path / "a" / "b"
    assert new_folder(tmp_path / "a" / "b", tmp_path) == tmp_path / "a" / "b"


def test_a_folder_that_a_file_or_a_link_to_nothing_is_in_the_way_of(tmp_path):
    """Such as runs/, a link to a disk that is not there: no loop without an end."""
    (tmp_path / "runs").symlink_to(tmp_path / "not-there")
    (tmp_path / "file").write_text("")
    for asked, default in (
        (None, tmp_path / "runs" / "cells"),
        (None, tmp_path / "file" / "cells"),
        (tmp_path / "file", tmp_path),
        (tmp_path / "runs", tmp_path),
        (tmp_path / "runs" / "a", tmp_path),
    ):
        with pytest.raises(InputError, match="is a file, or a link to nothing|cannot be made"):
            new_folder(asked, default)
