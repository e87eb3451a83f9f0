"""Colours that mean something differ for those who see two kinds of light where others see three.

Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency" (2009), the
matrices of severity 1, for linear RGB.
"""

import itertools
import re
from importlib import resources

import numpy as np
import pytest

from minunet.draw.colours import PALETTE, class_colours

SEEN_BY = {
    "everybody": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# In CIE Lab (1976): 2.3 is what people just notice side by side. Ends of a scale must be told apart at a glance, also
# where they are not: half the way from black to white. Patches of a few pixels in a picture: six times what is just
# noticed; they have hatching, too.
ENDS, CLASSES = 50, 15
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def linear(colours: np.ndarray) -> np.ndarray:
    """Of sRGB, (..., 3) of 0 to 255."""
    parts = np.asarray(colours) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(light: np.ndarray) -> np.ndarray:
    """CIE Lab of linear RGB, under D65."""
    xyz = light @ XYZ.T / XYZ.sum(axis=1)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def distances(colours: np.ndarray, who: str) -> np.ndarray:
    """Between each two of these colours, (N, N)."""
    seen = lab(np.clip(linear(colours) @ SEEN_BY[who].T, 0, 1))
    return np.linalg.norm(seen[:, None] - seen, axis=2)


def scale(name: str) -> np.ndarray:
    """The stops of a scale, as draw.js has them."""
    text = (resources.files("minunet.explore") / "draw.js").read_text(encoding="utf-8")
    (stops,) = re.findall(rf"^const {name} = \[(.+)\];", text, re.MULTILINE)
    return np.array([[int(n) for n in stop.split(",")] for stop in re.findall(r"\[([^\]]+)\]", stops)])


def test_distances_are_those_of_cie_lab():
    black_white_red = np.array([[0, 0, 0], [255, 255, 255], [255, 0, 0]])
    np.testing.assert_allclose(lab(linear(black_white_red)), [[0, 0, 0], [100, 0, 0], [53.2, 80.1, 67.2]], atol=0.1)
    red_green = np.array([[255, 0, 0], [120, 110, 0]])
    assert distances(red_green, "protanopia")[0, 1] < distances(red_green, "everybody")[0, 1] / 3


@pytest.mark.parametrize("who", SEEN_BY)
def test_the_ends_of_the_scales_differ(who):
    for name in ("SEQUENTIAL", "SIGNED"):
        assert distances(scale(name)[[0, -1]], who)[0, 1] > ENDS, name
    below, middle, above = scale("SIGNED")[[0, 2, 4]]
    for end in (below, above):
        assert distances(np.array([middle, end]), who)[0, 1] > ENDS


@pytest.mark.parametrize("who", SEEN_BY)
def test_the_scales_go_one_way(who):
    """From dark to bright; the signed one from dark to white and to dark."""
    steps = {name: lab(np.clip(linear(scale(name)) @ SEEN_BY[who].T, 0, 1))[:, 0] for name in ("SEQUENTIAL", "SIGNED")}
    assert (np.diff(steps["SEQUENTIAL"]) > 0).all()
    assert (np.sign(np.diff(steps["SIGNED"])) == [1, 1, -1, -1]).all()


@pytest.mark.parametrize("who", SEEN_BY)
def test_each_two_classes_differ(who):
    colours = class_colours([f"class {k}" for k in range(7)])
    assert len(np.unique(colours, axis=0)) == len(PALETTE) == 7
    apart = distances(colours, who)
    for a, b in itertools.combinations(range(7), 2):
        assert apart[a, b] > CLASSES, (a, b, apart[a, b])
