"""The ten steps of training that PyTorch was asked about: which networks, and how they begin."""

from pathlib import Path

import numpy as np

from minunet import UNet
from minunet.unet import Parameters

TRAINING = Path(__file__).parent / "training.npz"
STEPS = 10
NETWORKS = {
    "same": UNet(in_channels=2, classes=3, base=4, depth=2, padding="same"),
    "valid, norm": UNet(in_channels=2, classes=3, base=4, depth=2, padding="valid", norm="group"),
}


def beginning(net: UNet) -> tuple[Parameters, np.ndarray, np.ndarray]:
    """Weights, images (2, 24, 24, 2) and labels, all of float64 or whole numbers."""
    rng = np.random.default_rng(0)
    params = net.init(rng, dtype="float64")
    return params, rng.standard_normal((2, 24, 24, 2)), rng.integers(0, net.classes, (2, *net.output_size(24, 24)))
