"""im2col gathers windows, col2im is its transpose."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minunet.layers.im2col import col2im, im2col, pad


def test_rows_are_the_windows():
    x = np.arange(12.0).reshape(1, 3, 4, 1)
    cols = im2col(x, (2, 2), (1, 2), (0, 0))
    assert cols.shape == (1, 2, 2, 4)
    np.testing.assert_array_equal(cols[0, 0], [[0, 1, 4, 5], [2, 3, 6, 7]])
    np.testing.assert_array_equal(cols[0, 1], [[4, 5, 8, 9], [6, 7, 10, 11]])


def test_overlapping_windows_are_summed():
    """With ones in every row, col2im counts in how many windows each pixel lies."""
    counts = col2im(np.ones((1, 3, 3, 4)), 4, 4, (2, 2), (1, 1), (0, 0))[0, :, :, 0]
    np.testing.assert_array_equal(counts, np.outer([1, 2, 2, 1], [1, 2, 2, 1]))


@given(
    seed=st.integers(0, 2**32 - 1),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
)
def test_col2im_is_the_transpose_of_im2col(seed, kernel, stride, padding):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((2, 5, 4, 3))
    cols = im2col(x, kernel, stride, padding)
    other = rng.standard_normal(cols.shape)
    back = col2im(other, 5, 4, kernel, stride, padding)
    np.testing.assert_allclose((cols * other).sum(), (x * back).sum(), rtol=1e-12, atol=1e-12)


def test_no_padding_is_no_copy():
    x = np.zeros((1, 2, 2, 1))
    assert pad(x, (0, 0)) is x
