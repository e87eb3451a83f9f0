"""The checker is checked: it passes what is right, and finds every planted bug."""

import dataclasses
import sys

import numpy as np
import pytest

from minunet.backend import why_no_torch
from minunet.gradcheck import __main__ as command
from minunet.gradcheck import reference
from minunet.gradcheck.check import check, relative_error
from tests.layers.prove import prove
from tests.planted_bugs import BUGS, Bug


def test_there_are_enough_bugs():
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 25


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_every_planted_bug_is_found(bug: Bug):
    rng = np.random.default_rng(1)
    right = bug.case(rng)
    assert all(row.ok for row in check(right, rng, with_torch=True))
    prove(right)
    wrong = dataclasses.replace(right, backward=bug.backward)
    rows = check(wrong, rng, with_torch=True)
    assert any(not row.ok for row in rows), f"{bug.name} was not found"
    # Each kind of evidence finds it alone, so that none of them is idle.
    exact = right.exact and right.differentiable
    kinds = {"numeric": right.differentiable, "complex": right.smooth, "exact": exact, "torch": True}
    for kind in (kind for kind, applies in kinds.items() if applies):
        assert max(row.errors[kind] for row in rows) > 1e-3, f"{kind} did not find {bug.name}"
    with pytest.raises(AssertionError):  # and so does what the tests of the layers call
        prove(wrong)


def test_the_command_takes_words_of_names(capsys):
    assert command.main(["relu", "pool"]) == 0
    printed = capsys.readouterr().out
    assert "max_pool2d" in printed and "relu" in printed and "conv2d" not in printed
    assert command.main(["nothing"]) == 2
    assert "no case has nothing in its name" in capsys.readouterr().err
    assert command.main(["conv2d", "maxpool2d"]) == 2  # and not the half of it
    told = capsys.readouterr()
    assert "no case has maxpool2d in its name" in told.err and told.out == ""


def test_the_command_prints_a_table_and_passes(capsys):
    assert command.main([]) == 0
    printed = capsys.readouterr().out
    for line in ("conv2d 3x3", "UNet, valid, depth 2, group norm", "up1.conv_transpose.weight", "gradients are right"):
        assert line in printed
    assert "WRONG" not in printed


def test_the_command_fails_on_a_wrong_gradient(capsys, monkeypatch):
    bug = BUGS[0]
    wrong = dataclasses.replace(bug.case(np.random.default_rng(0)), backward=bug.backward)
    monkeypatch.setattr(command, "default_cases", lambda rng: [wrong])
    assert command.main([]) == 1
    assert "WRONG: conv2d" in capsys.readouterr().out


def test_the_command_works_without_pytorch(capsys, monkeypatch, request, tmp_path):
    monkeypatch.setitem(sys.modules, "torch", None)  # makes `import torch` fail
    why_no_torch.cache_clear()
    request.addfinalizer(why_no_torch.cache_clear)
    assert command.main(["--seed", "3", "conv2d", "max_pool2d"]) == 0
    printed = capsys.readouterr().out
    assert "PyTorch is not installed" in printed
    assert "21 of 21 gradients are right." in printed and "kept: what PyTorch" in printed
    monkeypatch.setattr(reference, "FILE", tmp_path / "nothing.npz")
    assert command.main(["--seed", "3", "conv2d", "max_pool2d"]) == 0
    printed = capsys.readouterr().out
    assert "the column kept is empty" in printed and "No such file" in printed
    assert "gradients are right (not checked without PyTorch: 2)." in printed  # the ties in max-pools


def test_what_is_kept_finds_a_wrong_gradient(capsys, monkeypatch):
    version, kept = reference.load()
    wrong = kept["relu"]._replace(gradients={"x": 2 * kept["relu"].gradients["x"]})
    monkeypatch.setattr(reference, "load", lambda: (version, kept | {"relu": wrong}))
    assert command.main(["relu"]) == 1
    assert "WRONG: relu: x" in capsys.readouterr().out


def test_relative_error():
    assert relative_error(np.array([1.0, 2.0]), np.array([1.0, 4.0])) == 0.5
    assert relative_error(np.zeros(2), np.zeros(2)) == 0
    assert relative_error(np.zeros(2), np.zeros(3)) == np.inf
    assert relative_error(np.array([np.nan]), np.zeros(1)) == np.inf


@pytest.mark.parametrize("place", (40, 121_683, 300_000))
def test_a_damaged_file_of_pytorchs_gradients_is_told(place, capsys, monkeypatch, tmp_path):
    data = bytearray(reference.FILE.read_bytes())
    data[place] ^= 255
    monkeypatch.setattr(reference, "FILE", tmp_path / "gradients.npz")
    reference.FILE.write_bytes(data)
    assert command.main(["relu"]) == 0
    printed = capsys.readouterr().out
    assert "kept: what PyTorch" in printed or "the column kept is empty" in printed
