"""Exercises of lesson 13: fewer products. Check yours with `python -m lessons.check 13`, or one with `13.2`.

The matrices of F(2, 3), two outputs of a filter with three taps from four inputs, are below, in the lesson's order:

    y = AT ((G g) * (BT d))        and for a tile of a picture        y = AT ((G g GT) * (BT d B)) A

`*` is place by place. As everywhere here no kernel is flipped: y[i] = d[i] g[0] + d[i+1] g[1] + d[i+2] g[2].
Use NumPy only.
"""

import numpy as np

BT = np.array([[1.0, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]])  # (4, 4)
G = np.array([[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]])  # (4, 3)
AT = np.array([[1.0, 1, 1, 0], [0, 1, -1, 1]])  # (2, 4)


def winograd_f23(d: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """13.1 (easy): the four products m (T, 4), and y (T, 2) made of them, for the inputs d (T, 4) and the taps g (3,).

    The four products, each of a sum of inputs and a sum of taps, in the order of the lesson:

        m[:, 0] = (d0 - d2) g0                          m[:, 1] = (d1 + d2) (g0 + g1 + g2) / 2
        m[:, 2] = (d2 - d1) (g0 - g1 + g2) / 2          m[:, 3] = (d3 - d1) g2

    y needs additions and subtractions of these only. Find out which, or look into the lesson.
    """
    raise NotImplementedError("lesson 13, exercise 1: winograd_f23")


def winograd_tile(d: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """13.2 (medium): one tile d (4, 4) and one kernel g (3, 3), by the matrices above.

    Returns the transformed tile v = BT d B (4, 4), the transformed kernel u = G g GT (4, 4), and the convolution y
    (2, 2), without padding, made of 16 products.
    """
    raise NotImplementedError("lesson 13, exercise 2: winograd_tile")


def winograd_conv(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """13.3 (hard): a 3x3 convolution, no padding, no bias: x (N, H, W, C), weight (3, 3, C, K) -> y (N, H-2, W-2, K).

    H and W are even and at least 4. Cut x into tiles of 4x4 pixels that begin 2 apart, transform each in every channel,
    multiply, and put the 2x2 outputs side by side. Each of the 16 places of a tile is a matrix product of its own over
    the channels, M[f] = V[f] @ U[f] with V[f] (T, C), U[f] (C, K): the sum over C is taken before the way back.
    Only the result is checked.
    """
    raise NotImplementedError("lesson 13, exercise 3: winograd_conv")


def sum_of_parts(
    losses: list[float], grads: list[dict[str, np.ndarray]], weights: list[float]
) -> tuple[float, dict[str, np.ndarray]]:
    """13.4 (medium): the loss of a batch and its gradients, from parts of the batch.

    Part i is some samples of the batch. Its pixels weigh weights[i] together (at least 0, not all are 0), losses[i] is
    the weighted mean over *its* pixels, and grads[i] holds the gradient of losses[i] for each parameter by name. Return
    the weighted mean over all pixels of the batch, and the gradient of that under the same names. A part that weighs 0
    counts for nothing, whatever is given as its loss and gradients. Add up in the order of the parts, and leave
    the arguments as they are.
    """
    raise NotImplementedError("lesson 13, exercise 4: sum_of_parts")
