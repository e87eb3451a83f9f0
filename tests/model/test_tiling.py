"""Tiles: a valid network gives the same answer whatever the tile, a padded one nearly, and both for any size."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from minunet import UNet, logits
from minunet.data.batches import to_input
from minunet.layers import softmax
from minunet.model import tiling
from minunet.model.tiling import OVERLAP, _cuts, bands, predict, probabilities
from minunet.operations import PLAIN

WHOLE = 10_000  # a tile that no picture here fills


def network(padding: str, depth: int, seed: int = 0):
    net = UNet(3, 2, base=4, depth=depth, padding=padding)
    return net, net.init(np.random.default_rng(seed))


def picture(height: int, width: int, seed: int = 0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype="uint8")


@settings(max_examples=15)
@given(depth=st.integers(1, 4), size=st.tuples(st.integers(1, 150), st.integers(1, 150)), tile=st.integers(1, 160))
@example(depth=4, size=(110, 100), tile=40)  # tiles of 44: the next one begins at 40, on the grid of the poolings
def test_tiles_of_a_valid_network_fit_without_a_seam(depth, size, tile):
    net, params = network("valid", depth)
    whole = probabilities(net, params, picture(*size), to_input, tile=WHOLE)
    tiled = probabilities(net, params, picture(*size), to_input, tile=tile)
    assert abs(tiled - whole).max() <= 1e-5


@pytest.mark.parametrize("depth", [3, 7, 8, 9])
def test_tiles_of_a_padded_network_begin_on_the_grid_of_its_poolings(depth):
    """Also where that grid is coarser than the overlap."""
    net = UNet(3, 2, base=1, depth=depth)
    for cut in _cuts(net, 1500, 300):
        assert cut.reads[0] % 2 ** (depth - 1) == 0
    assert sum(np.bincount(np.r_[cut.writes], cut.weight, 1500) for cut in _cuts(net, 1500, 300)) == pytest.approx(
        np.ones(1500)
    )


def test_a_valid_network_sees_the_picture_and_its_mirror_image():
    """One pass over the picture with 20 mirrored pixels on each side: what the whole answer is, by another way."""
    net, params = network("valid", 3)
    image = picture(60, 64)
    mirrored = np.pad(image, ((20, 20), (20, 20), (0, 0)), mode="symmetric")
    expected = softmax(logits(net, params, to_input(mirrored[None])))[0][0]
    for tile in (WHOLE, 16):
        np.testing.assert_allclose(probabilities(net, params, image, to_input, tile=tile), expected, atol=1e-5)


@settings(max_examples=15)
@given(padding=st.sampled_from(["valid", "same"]), size=st.tuples(st.integers(1, 300), st.integers(1, 20)))
def test_every_pixel_is_answered_once(padding, size):
    """Probabilities add up to 1 in every pixel, so the weights of the tiles do too."""
    net, params = network(padding, 3)
    result = probabilities(net, params, picture(*size), to_input, tile=40)
    assert result.shape == (*size, 2) and result.dtype == np.float32
    np.testing.assert_allclose(result.sum(axis=2), 1, atol=1e-5)


def test_a_picture_that_fits_is_one_pass():
    net, params = network("same", 3)
    image = picture(24, 32)
    expected = softmax(logits(net, params, to_input(image[None])))[0][0]
    np.testing.assert_array_equal(probabilities(net, params, image, to_input), expected)


@pytest.mark.parametrize("size", [1, 63, OVERLAP, 2 * OVERLAP, 2 * OVERLAP + 1, 3 * OVERLAP])
def test_sizes_around_the_overlap(size):
    net, _ = network("same", 4)
    for tile in (1, OVERLAP, 512):
        cuts = _cuts(net, size, tile)
        assert sum(np.bincount(np.r_[cut.writes], cut.weight, size) for cut in cuts) == pytest.approx(np.ones(size))


def test_padded_tiles_fade_into_each_other():
    """Where two tiles overlap, each counts less towards its own rim; alone, and at the edge of the picture, fully."""
    net, _ = network("same", 4)
    first, second = _cuts(net, 250, 160)
    assert first.reads[0] == 0 and second.reads[0] == 160 - OVERLAP and second.reads[-1] >= 249
    assert first.weight[0] == 1 and second.weight[-1] == 1
    assert (np.diff(first.weight[-OVERLAP:]) < 0).all() and (np.diff(second.weight[:OVERLAP]) > 0).all()


def test_every_inner_tile_overlaps_both_neighbours():
    net, _ = network("same", 4)
    cuts = _cuts(net, 600, 160)
    assert len(cuts) > 3
    for first, second in zip(cuts, cuts[1:], strict=False):
        assert first.writes.stop - second.writes.start >= OVERLAP


def test_smooth_pictures_have_hardly_a_seam():
    net, params = network("same", 3)
    rows, columns = np.mgrid[:200, :220]
    smooth = np.stack([rows, columns, (rows + columns) // 2], axis=2).astype("uint8")
    whole = probabilities(net, params, smooth, to_input, tile=WHOLE)
    tiled = probabilities(net, params, smooth, to_input, tile=130)
    assert 0 < abs(tiled - whole).mean() < 2e-3


@pytest.mark.parametrize(
    "mirrors", [(True, True, False), (True, False, False), (False, True, False), (True, True, True)]
)
def test_mirror_images_are_turned_back(mirrors):
    """The mean answer of a picture's mirror image is the mirror image of its mean answer."""
    net, params = network("same", 2)
    x = to_input(picture(8, 12)[None])
    mean = predict(net, params, x, mirrors)
    down, across = (-1 if flip else 1 for flip in mirrors[:2])
    axes = (0, 2, 1, 3) if mirrors[2] else (0, 1, 2, 3)
    mirrored = predict(net, params, x[:, ::down, ::across].transpose(axes).copy(), mirrors)
    np.testing.assert_allclose(mirrored.transpose(axes)[:, ::down, ::across], mean, atol=1e-6)
    assert abs(mean - predict(net, params, x)).max() > 1e-3


def test_progress_is_told():
    net, params = network("valid", 2)
    done = []
    for _ in bands(net, params, picture(50, 50), to_input, tile=20, advance=done.append):
        pass
    assert sum(done) == len(_cuts(net, 50, 20)) ** 2 > 1


def test_plain_operations_keep_nothing():
    net = UNet(3, 2, base=2, depth=2)
    plain = net.using(PLAIN)
    assert tiling.settled(plain) is plain and tiling.settled(net) is not net
