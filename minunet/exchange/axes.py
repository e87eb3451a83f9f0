"""PyTorch's order of axes, which ONNX and safetensors files share; the one file that knows it.

                          minunet                   PyTorch
images, features          (N, H, W, C)              (N, C, H, W)
convolution weight        (KH, KW, Cin, Cout)       (Cout, Cin, KH, KW)
transposed convolution    (KH, KW, Cin, Cout)       (Cin, Cout, KH, KW)
biases, norms             (C,)                      (C,)
"""

from collections.abc import Mapping

import numpy as np

from minunet.backend import to_numpy
from minunet.unet import Parameters


def torch_axes(name: str, ndim: int) -> tuple[int, ...]:
    """Where each of PyTorch's axes of the parameter `name` stands in minunet's order."""
    if ndim != 4:
        return tuple(range(ndim))
    return (2, 3, 0, 1) if "conv_transpose" in name else (3, 2, 0, 1)


def to_torch_order(params: Parameters) -> dict[str, np.ndarray]:
    """Parameters (or their gradients) in PyTorch's order: same names, contiguous copies."""
    return {name: to_numpy(array).transpose(torch_axes(name, array.ndim)).copy("C") for name, array in params.items()}


def from_torch_order(arrays: Mapping[str, np.ndarray]) -> Parameters:
    """The way back."""
    return {name: array.transpose(np.argsort(torch_axes(name, array.ndim))).copy("C") for name, array in arrays.items()}
