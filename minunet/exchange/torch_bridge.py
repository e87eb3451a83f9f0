"""The same network in PyTorch, and parameters there and back. Needs PyTorch, which minunet itself does not.

`TorchUNet` is `minunet.UNet` written with `torch.nn` and with the same names: the judge in the gradient checks, and the
other side in comparisons. `layer` turns a function of PyTorch into one that takes and returns minunet's order of axes
(see `axes.py`), so that PyTorch's gradients come back in it too.
"""

from collections.abc import Callable, Mapping

import torch
from torch import nn
from torch.nn import functional

from minunet.blocks import DoubleConv
from minunet.exchange.axes import from_torch_order, to_torch_order, torch_axes
from minunet.unet import Parameters, UNet


def to_torch(params: Parameters) -> dict[str, torch.Tensor]:
    """Parameters (or their gradients) as a PyTorch state dict: same names, PyTorch's order of axes, copied."""
    return {name: torch.tensor(array) for name, array in to_torch_order(params).items()}


def from_torch(state_dict: Mapping[str, torch.Tensor]) -> Parameters:
    """The way back: a PyTorch state dict with minunet's names as parameters (NumPy arrays, copied)."""
    return from_torch_order({name: tensor.detach().cpu().numpy() for name, tensor in state_dict.items()})


def torch_order(name: str, tensor: torch.Tensor) -> torch.Tensor:
    """The parameter `name` in PyTorch's order of axes, a view."""
    return tensor.permute(torch_axes(name, tensor.ndim))


def nchw(tensor: torch.Tensor) -> torch.Tensor:
    """(N, H, W, C) -> (N, C, H, W), a view."""
    return tensor.permute(0, 3, 1, 2)


def nhwc(tensor: torch.Tensor) -> torch.Tensor:
    """(N, C, H, W) -> (N, H, W, C), a view."""
    return tensor.permute(0, 2, 3, 1)


def layer(function: Callable[..., torch.Tensor], **options: object) -> Callable[..., torch.Tensor]:
    """`function(x, **parameters, **options)` of PyTorch as a function of tensors in minunet's order."""

    def call(x: torch.Tensor, **parameters: torch.Tensor) -> torch.Tensor:
        # contiguous: PyTorch 2.13 refuses the backward pass of some permuted weights that have an axis of length 1
        ordered = {name: torch_order(function.__name__, each).contiguous() for name, each in parameters.items()}
        return nhwc(function(nchw(x), **ordered, **options))

    return call


def crop_concat(skip: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Centre-crop `skip` to the size of `x` and concatenate, (N, C, H, W); at an odd difference less at the start."""
    top, left = (skip.shape[2] - x.shape[2]) // 2, (skip.shape[3] - x.shape[3]) // 2
    return torch.cat([skip[:, :, top : top + x.shape[2], left : left + x.shape[3]], x], dim=1)


class TorchUNet(nn.Module):
    """The network `net` in PyTorch, with random weights until `load_state_dict(to_torch(params))`."""

    def __init__(self, net: UNet) -> None:
        super().__init__()
        self.input = TorchDoubleConv(net.input)
        self.downs, self.ups = [], []
        for down in net.downs:
            self.add_module(down.convs.name, module := TorchDoubleConv(down.convs))
            self.downs.append(module)
        for up in net.ups:
            self.add_module(up.convs.name, module := TorchDoubleConv(up.convs))
            module.conv_transpose = nn.ConvTranspose2d(up.convs.in_channels, up.convs.out_channels, 2, stride=2)
            self.ups.append(module)
        self.out = nn.Conv2d(net.base, net.classes, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (N, C, H, W) -> logits (N, K, OH, OW)."""
        skips = [x := self.input(x)]
        for down in self.downs:
            skips.append(x := down(functional.max_pool2d(x, 2)))
        skips.pop()
        for up in self.ups:
            x = up(crop_concat(skips.pop(), up.conv_transpose(x)))
        return self.out(x)


class TorchDoubleConv(nn.Module):
    """Convolution, group norm if asked for, ReLU; twice."""

    def __init__(self, block: DoubleConv) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(block.in_channels, block.out_channels, 3, padding=block.padding)
        self.conv2 = nn.Conv2d(block.out_channels, block.out_channels, 3, padding=block.padding)
        normalised = block.groups is not None
        self.norm1 = nn.GroupNorm(block.groups, block.out_channels) if normalised else nn.Identity()
        self.norm2 = nn.GroupNorm(block.groups, block.out_channels) if normalised else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.norm2(self.conv2(x)))
