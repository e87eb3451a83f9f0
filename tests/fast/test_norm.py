"""The fast group norm against the plain one."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minunet import fast, layers
from minunet.fast import norm
from minunet.gradcheck.cases import group_norm_case
from tests.layers.prove import prove

TOLERANCE = {"float64": 1e-10, "float32": 2e-5}  # of the largest value


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9)),
    channels=st.tuples(st.integers(1, 4), st.integers(1, 5)),
    mean=st.sampled_from([0.0, 3.0]),
    piece=st.sampled_from([1, 40, norm.PIECE]),
)
def test_it_equals_the_plain_one(dtype, seed, size, channels, mean, piece):
    """Over all sizes, pieces of a row and of many."""
    rng, (groups, each) = np.random.default_rng(seed), channels
    x = (mean + rng.standard_normal((*size, groups * each))).astype(dtype)
    dy = rng.standard_normal(x.shape).astype(dtype)
    weight, bias = rng.standard_normal((2, groups * each)).astype(dtype)
    before = [array.copy() for array in (x, dy, weight, bias)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(norm, "PIECE", piece)
        y, cache = fast.group_norm(x, weight, bias, groups=groups)
        results = y, *fast.group_norm_backward(dy, cache)
        again = y, *fast.group_norm_backward(dy, cache)
    wide = [array.astype("float64") for array in (x, dy, weight, bias)]  # the judge, in double precision
    expected, expected_cache = layers.group_norm(wide[0], wide[2], wide[3], groups=groups)
    judged = expected, *layers.group_norm_backward(wide[1], expected_cache)
    same, same_cache = layers.group_norm(x, weight, bias, groups=groups)
    plain = same, *layers.group_norm_backward(dy, same_cache)
    for result, repeated, plainly, other in zip(results, again, plain, judged, strict=True):
        assert result.dtype == dtype and result.shape == other.shape
        np.testing.assert_array_equal(result, repeated)
        scale = max(1.0, np.abs(other).max())
        if result is results[1]:  # dx is a difference of terms that are large where there is hardly any variance
            scale = max(scale, np.abs(dy * weight).max() * expected_cache[1].max())
        allowed = max(TOLERANCE[dtype] * scale, 3 * np.abs(plainly - other).max())
        np.testing.assert_allclose(result, other, rtol=0, atol=allowed)
    for array, copy in zip((x, dy, weight, bias), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_features_far_from_0(rng):
    """No more is lost to rounding than by the plain layer, twice that at most."""
    x, dy = rng.standard_normal((2, 2, 16, 16, 16), "float32")
    weight, bias = rng.standard_normal((2, 16), "float32")
    results = {}
    for name, room, dtype in (("fast", fast, "float32"), ("plain", layers, "float32"), ("exact", layers, "float64")):
        given = [array.astype(dtype) for array in (x + np.float32(1000), weight, bias, dy)]
        y, cache = room.group_norm(*given[:3], groups=4)
        results[name] = y, *room.group_norm_backward(given[3], cache)
    for got, plain, exact in zip(*results.values(), strict=True):
        assert np.abs(got - exact).max() <= max(2 * np.abs(plain - exact).max(), 2e-5 * np.abs(exact).max())


def test_gradients(rng):
    prove(group_norm_case(rng, library=fast))


def test_views_will_do(rng):
    """Features and gradients that do not lie in one piece."""
    x, dy = rng.standard_normal((2, 2, 5, 6, 8))[..., ::2]
    weight, bias = rng.standard_normal((2, 4))
    (y, cache), (expected, plain_cache) = (room.group_norm(x, weight, bias, groups=2) for room in (fast, layers))
    np.testing.assert_allclose(y, expected, atol=1e-12)
    both = fast.group_norm_backward(dy, cache), layers.group_norm_backward(dy, plain_cache)
    for got, other in zip(*both, strict=True):
        np.testing.assert_allclose(got, other, atol=1e-12)


@pytest.mark.parametrize("dtype", ["complex128", "int64", "float16", "float32"])
def test_what_it_is_not_made_for_goes_to_the_plain_one(rng, dtype, monkeypatch):
    """Complex numbers, and all mistakes, which the plain layer explains; the gradient follows by the cache."""
    x = np.ones((1, 2, 3, 4), dtype)
    weight = np.ones(5 if dtype == "float32" else 4, dtype)
    monkeypatch.setattr(layers, "group_norm", lambda *given, **options: ("plain", (1, 2, 3, 4)))
    y, cache = fast.group_norm(x, weight, weight, groups=2)
    assert y == "plain"
    monkeypatch.setattr(layers, "group_norm_backward", lambda dy, given: given)
    assert fast.group_norm_backward(x, cache) == cache


@pytest.mark.parametrize("change", [{"groups": 3}, {"groups": 0}, {"bias": np.ones(3)}, {"bias": np.ones(4, "f")}])
def test_errors_are_those_of_the_plain_layer(change):
    arguments = {"x": np.ones((1, 2, 3, 4)), "weight": np.ones(4), "bias": np.ones(4), "groups": 2} | change
    with pytest.raises((ValueError, TypeError)) as expected:
        layers.group_norm(**arguments)
    with pytest.raises(expected.type, match=re.escape(str(expected.value))):
        fast.group_norm(**arguments)
