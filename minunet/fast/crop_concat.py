"""The way back through crop-and-concatenate: zeros around a cropped skip would only be added to something else."""

import numpy as np

from minunet.backend import Array, array_module


def crop_concat_backward_parts(dy: Array, cache: tuple) -> tuple[Array, Array]:
    """What `layers.crop_concat_backward` returns, with two passes saved.

    dskip comes without the zeros where it was cropped. It is a copy, as it has to wait until the way back arrives on
    the other side of the U: a view would keep all of dy alive. dx is needed at once and a view, read-only for NumPy
    arrays, so that nobody changes dy through it.
    """
    skip_shape, _, _ = cache
    dcentre, dx = dy[..., : skip_shape[3]].copy(), dy[..., skip_shape[3] :]
    if array_module(dy) is np:
        dx.flags.writeable = False
    return dcentre, dx


def add_to_centre(total: Array, dcentre: Array) -> Array:
    """`total` (N, HS, WS, C) += dskip, for the dskip without zeros, (N, H, W, C), of `crop_concat_backward_parts`."""
    top, left = (total.shape[1] - dcentre.shape[1]) // 2, (total.shape[2] - dcentre.shape[2]) // 2
    total[:, top : top + dcentre.shape[1], left : left + dcentre.shape[2]] += dcentre
    return total
