"""`python -m minunet.export`: the small file predicts like the run."""

from __future__ import annotations

import numpy as np

from minunet import export, train
from minunet.data.cells import make_cell_image
from minunet.model import load_model


def test_the_small_file_predicts_like_the_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert train.main(["--epochs", "1", "--size", "16", "--base", "8", "--depth", "2", "--device", "cpu"]) == 0
    assert export.main(["runs/cells", "--small", "small.npz"]) == 0
    assert "wrote small.npz" in capsys.readouterr().out
    before = (tmp_path / "runs/cells/last.npz").read_bytes()
    assert export.main(["runs/cells", "--small", "runs/cells/last.npz"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert (tmp_path / "runs/cells/last.npz").read_bytes() == before
    picture, _, _ = make_cell_image(16, np.random.default_rng(0))
    small, whole = (load_model(tmp_path / name).probabilities(picture) for name in ("small.npz", "runs/cells"))
    assert 0 < abs(small - whole).max() < 0.02


def test_what_is_wrong_is_said(tmp_path, capsys):
    assert export.main([str(tmp_path), "--small", str(tmp_path / "a.npz")]) == 2
    assert "There is no checkpoint" in capsys.readouterr().err
