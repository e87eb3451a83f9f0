"""Exercises of lesson 6: skip connections. Check yours with `python -m lessons.check 6`, or one with `6.2`.

Everywhere: skip (N, HS, WS, CS) are the features from the way down, x (N, H, W, C) those from below, HS >= H and
WS >= W, and y (N, H, W, CS + C). The crop begins in row `top` and column `left` of the skip. Use NumPy only, and
change no argument.
"""

import numpy as np


def crop_concat(skip: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, tuple]:
    """6.1 (easy): y, and the cache (skip.shape, top, left).

    Cut the centre of skip to the height and width of x: top = (HS - H) // 2 and left = (WS - W) // 2, so that of an odd
    difference one more row or column is cut at the lower or right end. Put the centre and x together along the
    channels, the centre first.
    """
    raise NotImplementedError("lesson 6, exercise 1: crop_concat")


def crop_concat_backward(dy: np.ndarray, cache: tuple) -> tuple[np.ndarray, np.ndarray]:
    """6.2 (medium): dskip (N, HS, WS, CS) and dx (N, H, W, C), from dy (N, H, W, CS + C) and the cache of 6.1.

    Take top and left from the cache, (skip.shape, top, left).
    """
    raise NotImplementedError("lesson 6, exercise 2: crop_concat_backward")


def two_ways(dy_down: np.ndarray, dy_across: np.ndarray, top: int, left: int) -> np.ndarray:
    """6.3 (medium): the gradient of features that went two ways, a new array (N, HS, WS, C).

    The features went down whole; dy_down (N, HS, WS, C) is the gradient that came back from there. They went across
    cropped, features[:, top : top + H, left : left + W]; dy_across (N, H, W, C) is the gradient of that crop. Here top
    and left may be anything that fits, not only the centre.
    """
    raise NotImplementedError("lesson 6, exercise 3: two_ways")
