"""A trained network in Python: what a user does with it beside predicting."""

import copy
import pickle

import numpy as np
import pytest

from minunet import UNet
from minunet.model import Model
from minunet.model.config import Config


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_predicts_the_same_bits(copied, settled, rng):
    """As `multiprocessing.Pool.map(model.predict, pictures)` makes one for each process."""
    net = UNet(3, 2, base=32, depth=2)
    model = Model(net, net.init(rng), Config(preset="folder", size=32, base=32, depth=2), ("no", "yes"))
    model = model.unchanging() if settled else model
    picture = rng.integers(0, 256, (40, 30, 3), dtype="uint8")
    expected = model.probabilities(picture)  # and, if it is settled, weights are kept in a transformed form by now
    other = copied(model)
    model.params["out.weight"][:] = 0  # is not the copy's
    np.testing.assert_array_equal(other.probabilities(picture), expected)
