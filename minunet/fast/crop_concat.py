"""The way back through crop-and-concatenate without a copy.

The gradients of both parts lie in dy; zeros around that of a cropped skip would only be added to something else.
"""

from __future__ import annotations

import numpy as np

from minunet.backend import Array


def crop_concat_backward_views(dy: Array, cache: tuple) -> tuple[Array, Array]:
    """What `layers.crop_concat_backward` returns, as views of dy, and dskip without the zeros where it was cropped.

    The views of a NumPy array are read-only, so that nobody changes dy through them.
    """
    skip_shape, _, _ = cache
    dcentre, dx = dy[..., : skip_shape[3]], dy[..., skip_shape[3] :]
    if isinstance(dy, np.ndarray):
        dcentre.flags.writeable = dx.flags.writeable = False
    return dcentre, dx


def add_to_centre(total: Array, dcentre: Array) -> None:
    """`total` (N, HS, WS, C) += dskip, for the dskip without zeros, (N, H, W, C), of `crop_concat_backward_views`."""
    top, left = (total.shape[1] - dcentre.shape[1]) // 2, (total.shape[2] - dcentre.shape[2]) // 2
    total[:, top : top + dcentre.shape[1], left : left + dcentre.shape[2]] += dcentre
