"""Crop and concatenate: the skip connection, which hands fine detail across the U.

The way down knows where things are, the way up knows what they are. The skip connection lays the features of both
side by side. Without padding the skip is larger, as it has lost fewer borders; its centre is cut out. Ronneberger,
Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation" (2015), section 2.
"""

from minunet.backend import Array, array_module
from minunet.layers.shapes import check_image, check_same_dtype


def crop_concat(skip: Array, x: Array) -> tuple[Array, tuple]:
    """Cut the centre of `skip` to the size of `x`, and put the two together along the channels, skip first.

    Args:
        skip: features from the way down, (N, HS, WS, CS) with HS >= H and WS >= W.
        x: features from below, (N, H, W, C).

    Returns:
        y, (N, H, W, CS + C), and the cache for `crop_concat_backward`. The crop starts at ((HS - H) // 2,
        (WS - W) // 2): if the difference is odd, one more row or column is cut at the lower or right end.

    Raises:
        ValueError: different batch sizes, or a skip smaller than x.
        TypeError: integer features, or different dtypes.
    """
    check_image(skip, "skip", exact=True)
    check_image(x, exact=True)
    check_same_dtype(x, "skip", skip)
    if len(skip) != len(x) or skip.shape[1] < x.shape[1] or skip.shape[2] < x.shape[2]:
        raise ValueError(
            f"skip {skip.shape} cannot be cropped to x {x.shape}: it needs the same batch size, "
            "and at least the height and width of x"
        )
    top, left = (skip.shape[1] - x.shape[1]) // 2, (skip.shape[2] - x.shape[2]) // 2
    centre = skip[:, top : top + x.shape[1], left : left + x.shape[2]]  # (N, H, W, CS), a view
    return array_module(x).concatenate((centre, x), axis=3), (skip.shape, top, left)


def crop_concat_backward(dy: Array, cache: tuple) -> tuple[Array, Array]:
    """From dy (N, H, W, CS + C) to dskip (N, HS, WS, CS), zero where it was cut off, and dx (N, H, W, C)."""
    skip_shape, top, left = cache
    check_image(dy, "dy", exact=True)
    height, width, skip_channels = dy.shape[1], dy.shape[2], skip_shape[3]
    if len(dy) != skip_shape[0] or top + height > skip_shape[1] or left + width > skip_shape[2]:
        raise ValueError(
            f"dy {dy.shape} does not fit into the skip {skip_shape} at ({top}, {left}), where it was cropped"
        )
    dskip = array_module(dy).zeros(skip_shape, dtype=dy.dtype)
    dskip[:, top : top + height, left : left + width] = dy[..., :skip_channels]
    return dskip, dy[..., skip_channels:].copy()  # a copy, so that nobody changes dy through it
