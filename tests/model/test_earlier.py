"""Files of earlier versions still predict what they predicted then; see `earlier/`, each written by its version."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from minunet import InputError
from minunet.model import load_model
from minunet.model.config import Config
from minunet.train import __main__ as train
from tests.model.texts import meta_of

EARLIER = Path(__file__).parent / "earlier"
ANSWERS = {  # sums of the probabilities of each class over the picture below, as that version gave them
    "1-as-last.npz": (61.214, 154.958, 39.828),  # the best epoch was saved whole; the network's size was all there was
    "2-zoom.npz": (59.526, 157.925, 38.549),  # pieces, and a field that is no more
    "3-momentum.npz": (59.526, 157.925, 38.549),
    "4-border.npz": (59.526, 157.925, 38.549),  # the last without split_seed
    "4-small.npz": (59.294, 158.297, 38.409),  # and rounded to 8 bits, as weights that come along are
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_file_of_an_earlier_version_predicts_what_it_did(name):
    rows, columns = np.mgrid[:16, :16]
    picture = np.stack([rows * 16, columns * 16, rows * columns], axis=2).astype("uint8")
    answer = load_model(EARLIER / name).probabilities(picture)
    np.testing.assert_allclose(answer.sum(axis=(0, 1)), ANSWERS[name], atol=2e-3)


def test_there_is_an_answer_for_every_file():
    assert {path.name for path in EARLIER.iterdir()} == {*ANSWERS, "4-last.npz"}


def test_a_field_that_is_no_more_is_passed_over_only_if_it_did_nothing():
    values = meta_of(EARLIER / "2-zoom.npz")["config"]
    assert Config.from_json(values).split_seed == 0
    with pytest.raises(InputError, match="enlarged pictures"):
        Config.from_json({**values, "zoom": 2})


def test_a_run_that_drew_its_batches_in_another_way_cannot_go_on(tmp_path, capsys):
    """Its images were dealt out otherwise, too: going on would test on what it was trained on."""
    shutil.copy(EARLIER / "4-last.npz", tmp_path / "last.npz")
    config = meta_of(tmp_path / "last.npz")["config"]
    (tmp_path / "config.json").write_text(json.dumps({"config": config}))
    before = (tmp_path / "last.npz").read_bytes()
    assert train.main(["--resume", str(tmp_path), "--device", "cpu"]) == 2
    assert "Its best.npz still predicts" in capsys.readouterr().err
    assert (tmp_path / "last.npz").read_bytes() == before
