"""What is measured: five tasks, and the convolutions that a network is made of."""

from dataclasses import dataclass

import numpy as np

from minunet.backend import Array
from minunet.blocks import DoubleConv
from minunet.unet import Parameters, UNet

CLASSES = 3


@dataclass(frozen=True)
class Task:
    """A network, a batch of images, and whether it is trained (forward, loss, backward, Adam) or only asked."""

    name: str
    base: int
    depth: int
    padding: str
    batch: int
    size: int
    train: bool = True

    def network(self) -> UNet:
        return UNet(3, CLASSES, self.base, self.depth, self.padding)

    def data(self) -> tuple[Parameters, Array, Array]:
        """Parameters, images (N, H, W, 3) and labels (N, OH, OW), the same in every call."""
        rng, net = np.random.default_rng(0), self.network()
        params = net.init(rng)
        images = rng.standard_normal((self.batch, self.size, self.size, 3)).astype("float32")
        return params, images, rng.integers(0, CLASSES, (self.batch, *net.output_size(self.size, self.size)))

    def describe(self) -> str:
        what = "" if self.train else ", forward only"
        return (
            f"base {self.base}, depth {self.depth}, {self.padding}, batch {self.batch}, {self.size}x{self.size}{what}"
        )


TASKS = {
    task.name: task
    for task in (
        Task("seed", 64, 3, "valid", 8, 100),
        Task("base32", 32, 4, "same", 8, 128),
        Task("base16", 16, 4, "same", 8, 128),
        Task("small", 16, 3, "same", 16, 64),
        Task("seed-inference", 64, 3, "valid", 8, 100, train=False),
    )
}


@dataclass(frozen=True)
class Convolution:
    """One convolution of a network: kernel x kernel, C -> K channels, `size` pixels a side in, `out_size` out."""

    name: str
    kernel: int
    channels: int
    kernels: int
    size: int
    out_size: int
    transposed: bool = False

    @property
    def padding(self) -> int:
        return (self.out_size - self.size + self.kernel - 1) // 2

    @property
    def flops(self) -> int:
        """Additions and multiplications of the plain sum, for one image and one direction."""
        pixels = self.size**2 if self.transposed else self.out_size**2
        return 2 * self.kernel**2 * self.channels * self.kernels * pixels

    @property
    def bytes(self) -> int:
        """Of the image that goes in, the weight, and the image that comes out, each once, in float32."""
        weight = self.kernel**2 * self.channels * self.kernels
        return 4 * (self.channels * self.size**2 + weight + self.kernels * self.out_size**2)


def convolutions(net: UNet, size: int) -> list[Convolution]:
    """Every convolution that an image of size x size pixels meets, in order."""
    found: list[Convolution] = []

    def double_conv(block: DoubleConv, size: int) -> int:
        for number, channels in ((1, block.in_channels), (2, block.out_channels)):
            out_size = size + 2 * block.padding - 2
            found.append(Convolution(f"{block.name}.conv{number}", 3, channels, block.out_channels, size, out_size))
            size = out_size
        return size

    size = double_conv(net.input, size)
    for down in net.downs:
        size = double_conv(down.convs, size // 2)
    for up in net.ups:
        wide, narrow = up.convs.in_channels, up.convs.out_channels
        found.append(Convolution(f"{up.convs.name}.conv_transpose", 2, wide, narrow, size, 2 * size, transposed=True))
        size = double_conv(up.convs, 2 * size)
    found.append(Convolution("out", 1, net.base, net.classes, size, size))
    return found


def task_flops(task: Task) -> int:
    """Of all convolutions of a task, as plain sums: backward twice as many as forward, but no dx of the images."""
    layers = convolutions(task.network(), task.size)
    forward = sum(layer.flops for layer in layers)
    return task.batch * (3 * forward - layers[0].flops if task.train else forward)
