"""Group normalisation: bring the features of each sample to mean 0 and variance 1, group of channels by group.

With the channels of one sample split into groups, mean and variance taken over height, width and the channels
of a group (M numbers in all):

    xhat = (x - mean) / sqrt(variance + eps)          y = xhat * weight + bias

Unlike batch normalisation, samples never meet: a sample's result does not depend on who else is in the batch, so the
batch may be split over threads and machines. Wu and He, "Group Normalization" (2018), section 3.

Backward, every x of a group moves the mean and the variance of that group. With g = dy * weight,

    dx = (g - mean(g) - xhat * mean(g * xhat)) / sqrt(variance + eps)

The first mean is what comes back through the mean, the second what comes back through the variance; both are over
the group. The formula says that dx has no part along a constant, nor along xhat: shifting or stretching a whole
group changes nothing after normalisation.
"""

from minunet.backend import Array, array_module
from minunet.layers.shapes import check_dy, check_image, check_same_dtype


def group_norm(x: Array, weight: Array, bias: Array, *, groups: int, eps: float = 1e-5) -> tuple[Array, tuple]:
    """Normalise every group of channels of every sample, then scale and shift each channel.

    Args:
        x: features, (N, H, W, C).
        weight, bias: scale and shift, (C,) each, of the same dtype.
        groups: into how many groups of neighbouring channels C is split; must divide C.
        eps: added to the variance, so that a constant group does not divide by zero.

    Returns:
        y, (N, H, W, C), and the cache for `group_norm_backward`.

    Raises:
        ValueError: groups that do not divide C, or a weight or bias of another shape.
        TypeError: integer features, or different dtypes.
    """
    check_image(x)
    batch, height, width, channels = x.shape
    if groups < 1 or channels % groups:
        raise ValueError(f"{channels} channels cannot be split into {groups} equal groups")
    for name, array in (("weight", weight), ("bias", bias)):
        if array.shape != (channels,):
            raise ValueError(f"{name} must have the shape ({channels},), one number per channel, not {array.shape}")
        check_same_dtype(x, name, array)
    grouped = x.reshape(batch, height * width, groups, channels // groups)  # (N, H*W, G, C/G)
    centred = grouped - _mean(grouped)  # (N, H*W, G, C/G)
    variance = _mean(centred * centred)  # (N, 1, G, 1); not var(): that takes |.|^2 of complex numbers
    inverse_std = 1 / array_module(x).sqrt(variance + eps)  # (N, 1, G, 1)
    xhat = centred * inverse_std  # (N, H*W, G, C/G)
    return xhat.reshape(x.shape) * weight + bias, (xhat, inverse_std, weight, x.shape)


def group_norm_backward(dy: Array, cache: tuple) -> tuple[Array, Array, Array]:
    """From dy (N, H, W, C) to dx (N, H, W, C), dweight (C,) and dbias (C,)."""
    xhat, inverse_std, weight, shape = cache
    check_dy(dy, shape, xhat.dtype)
    dbias = dy.sum(axis=(0, 1, 2))
    dweight = (dy * xhat.reshape(dy.shape)).sum(axis=(0, 1, 2))
    g = (dy * weight).reshape(xhat.shape)  # (N, H*W, G, C/G)
    through_mean = _mean(g)  # (N, 1, G, 1)
    through_variance = xhat * _mean(g * xhat)  # (N, H*W, G, C/G)
    dx = (g - through_mean - through_variance) * inverse_std
    return dx.reshape(dy.shape), dweight, dbias


def _mean(grouped: Array) -> Array:
    """The mean over each group: (N, H*W, G, C/G) -> (N, 1, G, 1).

    The numbers of a group are brought side by side first, (N, G, H*W*C/G). NumPy adds what lies side by side in pairs,
    and pairs of pairs; `mean(axis=(1, 3))` would add one after the other, and round a hundred times as much.
    """
    batch, _, groups, _ = grouped.shape
    return grouped.swapaxes(1, 2).reshape(batch, groups, -1).mean(axis=2)[:, None, :, None]
