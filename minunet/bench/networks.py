"""What is measured: tasks, and the convolutions that a network is made of."""

from dataclasses import dataclass

import numpy as np

from minunet.backend import Array
from minunet.unet import Parameters, UNet

CLASSES = 3


@dataclass(frozen=True)
class Task:
    """A network, a batch of images, and whether it is trained (forward, loss, backward, Adam) or only predicts."""

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
        network = f"base {self.base}, depth {self.depth}, {self.padding}"
        return f"{network}, batch {self.batch}, {self.size}x{self.size}" + ", forward only" * (not self.train)


TASKS = {
    task.name: task
    for task in (
        Task("seed", 64, 3, "valid", 8, 100),
        Task("base32", 32, 4, "same", 8, 128),
        Task("base16", 16, 4, "same", 8, 128),
        Task("small", 16, 3, "same", 16, 64),
        Task("base64-1", 64, 4, "valid", 1, 188),
        Task("base32-1", 32, 4, "same", 1, 256),
        Task("base16-5", 16, 4, "same", 5, 128),
        Task("seed-inference", 64, 3, "valid", 8, 100, train=False),
        Task("base32-inference", 32, 4, "same", 8, 128, train=False),
        Task("pets-inference", 16, 5, "same", 8, 128, train=False),
        Task("pets-inference-1", 16, 5, "same", 1, 128, train=False),
    )
}


@dataclass(frozen=True)
class Convolution:
    """One convolution of a network: kernel x kernel, C -> K channels, `size` pixels a side in, `out_size` out."""

    name: str
    kernel: int
    channels: int
    out_channels: int
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
        return 2 * self.kernel**2 * self.channels * self.out_channels * pixels


def convolutions(net: UNet, size: int) -> list[Convolution]:
    """Every convolution that an image of size x size pixels meets, in order."""
    found = []
    for name, shape in net.shapes().items():
        if len(shape) == 4:
            kernel, _, channels, out_channels = shape
            if name.startswith("down") and name.endswith("conv1.weight"):
                size //= 2  # by the max-pool before it
            transposed = "conv_transpose" in name
            out_size = 2 * size if transposed else size - (kernel - 1 if net.padding == "valid" else 0)
            name = name.removesuffix(".weight")
            found.append(Convolution(name, kernel, channels, out_channels, size, out_size, transposed))
            size = out_size
    return found


def task_flops(task: Task) -> int:
    """Of all convolutions of a task, as plain sums: backward twice as many as forward, but no dx of the images."""
    layers = convolutions(task.network(), task.size)
    forward = sum(layer.flops for layer in layers)
    return task.batch * (3 * forward - layers[0].flops if task.train else forward)
