"""ReLU, the rectified linear unit: y = max(x, 0), element by element.

Backward, dy passes where x was positive and is stopped elsewhere. At exactly x = 0 there is no derivative; we take
0, as PyTorch does. Nair and Hinton, "Rectified Linear Units Improve Restricted Boltzmann Machines" (2010).
"""

from minunet.backend import Array, array_module
from minunet.layers.shapes import check_dy


def relu(x: Array) -> tuple[Array, Array]:
    """y = max(x, 0), of the shape of x (any shape), and the cache for `relu_backward`.

    The cache is y itself: y > 0 exactly where x > 0, and a convolution that comes next keeps y anyway, as its input.
    """
    y = array_module(x).maximum(x, 0)
    return y, y


def relu_backward(dy: Array, cache: Array) -> Array:
    """dx = dy where x > 0, else 0; of the shape of dy."""
    check_dy(dy, cache.shape, cache.dtype)
    return dy * (cache > 0)
