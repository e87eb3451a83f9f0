"""A trained network, ready to predict any picture."""

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from minunet.backend import to_device, to_numpy
from minunet.data.batches import stretch, to_input
from minunet.data.decode import Page
from minunet.data.pictures import read_image
from minunet.data.resize import resize_picture, resize_probabilities, row_slices, scaled_size
from minunet.errors import InputError
from minunet.model import tiling
from minunet.model.checkpoint import Checkpoint, check_fits, load_checkpoint
from minunet.model.config import Config, make_network
from minunet.model.objects import SMALLEST, Object, find_objects, most_likely
from minunet.model.tiling import TILE, Advance, Band, Mirrors
from minunet.operations import QUICK, Operations
from minunet.unet import Parameters, UNet


@dataclass(frozen=True)
class Model:
    """A network, its weights, and how pictures have to be prepared for it."""

    net: UNet
    params: Parameters = dataclasses.field(repr=False)
    config: Config
    classes: tuple[str, ...]
    device: str = "cpu"
    epoch: int = 0  # after which the weights are those

    def checkpoint(self) -> Checkpoint:
        """The weights for a file of their own; not where the images lay, which is nobody's business."""
        return Checkpoint(dataclasses.replace(self.config, data_dir=None), self.classes, self.params)

    def about(self) -> dict[str, Any]:
        """What a file of weights says of itself."""
        return {"config": self.checkpoint().config.to_json(), "classes": list(self.classes)}

    def unchanging(self) -> "Model":
        """The same, for as long as nobody changes the weights: what depends on them alone is computed once.

        Without this, once for each picture.
        """
        return dataclasses.replace(self, net=tiling.settled(self.net))

    def steps_around(self) -> list[str]:
        """What `probabilities` does before and after the network sees the picture, for those who run it elsewhere."""
        config, steps = self.config, []
        if config.stretch:
            steps.append("before: the brightness is stretched, see minunet.data.batches.stretch")
        if not config.pieces:
            steps.append(f"before: the picture is scaled to {config.size} x {config.size} pixels")
        if config.scale != 1:
            steps.append(f"before: the picture is scaled by {config.scale:g}, and after: the prediction back")
        if config.ranges:
            steps.append("before: each channel is scaled by the ranges, see minunet.data.depth.to_16_bits")
        if self.net.padding == "valid" and config.labels == "aligned":
            margin = (config.size - self.net.output_size(config.size, config.size)[0]) // 2
            steps.append(
                f"before: the picture is mirrored at its edges: the prediction has {margin} pixels less on each side"
            )
        if any(config.mirror_images()):
            steps.append("after: the mean of the predictions for the picture and its mirror images")
        return steps

    def read(self, path: Path | str, page: Page = None) -> np.ndarray:
        """A picture from a file as the network sees it, (H, W, channels) uint8 or uint16; `page`: see `decode`."""
        return read_image(path, self.config.channels, self.config.ranges, page or self.config.page)

    def predict(self, picture: np.ndarray, **how: Any) -> np.ndarray:
        """The most likely class of each pixel, (H, W) uint8, an index into `classes`; see `bands`."""
        return np.concatenate([band.argmax(axis=2).astype("uint8") for _, band in self.bands(picture, **how)])

    def probabilities(self, picture: np.ndarray, **how: Any) -> np.ndarray:
        """How likely each class is in each pixel: (H, W, classes) float32; see `bands`."""
        return np.concatenate([band for _, band in self.bands(picture, **how)])

    def objects(self, picture: np.ndarray, smallest: int = SMALLEST, **how: Any) -> tuple[np.ndarray, list[Object]]:
        """The number of the object that each pixel belongs to, (H, W) int32, and the objects; see `find_objects`."""
        mask, likely = np.empty(picture.shape[:2], "uint8"), np.empty(picture.shape[:2], "float32")
        for rows, band in self.bands(picture, **how):
            mask[rows], likely[rows] = band.argmax(axis=2), most_likely(band)
        return find_objects(mask, likely, self.classes, self.border_in(picture.shape), smallest)

    def border_in(self, shape: tuple[int, ...]) -> int:
        """Pixels of a picture of this shape (H, W, ...) that the border between two objects takes of each."""
        seen = seen_size(shape[:2], self.config)
        return round(self.config.border * math.sqrt(shape[0] * shape[1] / (seen[0] * seen[1])))

    def bands(
        self,
        picture: np.ndarray,
        *,
        tile: int = TILE,
        tta: bool | None = None,
        advance: Advance = lambda tiles: None,
    ) -> Iterator[Band]:
        """How likely each class is in each pixel of a picture of any size, a few rows at a time.

        The picture is (H, W, channels), as `read` gives it: uint8, or uint16 for a network with `ranges`.
        A network that was trained on whole pictures is shown the picture at the size of its training, and what it
        predicts is stretched over the picture again; one that was trained on pieces sees every pixel, in tiles.

        Args:
            tile, advance: see `tiling.bands`; `tile` counts for networks of pieces only.
            tta: whether the prediction is the mean over mirror images; None for what the experiment says.

        Raises InputError if the network computes what is no number.
        """
        channels, dtype = self.config.channels, "uint16" if self.config.ranges else "uint8"
        if picture.ndim != 3 or picture.shape[2] != channels or picture.dtype != dtype:
            raise ValueError(f"a picture is (H, W, {channels}) {dtype}, not {picture.shape} {picture.dtype}")
        for rows, band in self._bands(picture, tile, self.config.mirror_images(tta), advance):
            if not np.isfinite(band).all():
                raise InputError("The network computes numbers that are not finite: its training has diverged.")
            yield rows, band

    def _bands(self, picture: np.ndarray, tile: int, mirrors: Mirrors, advance: Advance) -> Iterator[Band]:
        """As the network was trained: on pieces, in tiles; on whole pictures, all at once, and scaled up row by row."""
        seen, to_x = prepare(picture, self.config), partial(to_input, centred=self.config.centred)
        in_tiles = partial(tiling.bands, self.net, self.params, seen, to_x, mirrors=mirrors, device=self.device)
        if self.config.pieces and self.config.scale == 1:
            yield from in_tiles(tile=tile, advance=advance)
            return
        if self.config.labels == "resized":  # it was taught that its output, small as it is, is the whole picture
            x = to_device(to_x(seen[None]), self.device)
            prediction = to_numpy(tiling.predict(self.net, self.params, x, mirrors))[0]
        else:  # one pass over the whole picture, as in training, or all pieces of the scaled one
            tile = tile if self.config.pieces else self.config.size
            prediction = np.concatenate([band for _, band in in_tiles(tile=tile, advance=advance)])
        for rows in row_slices(*picture.shape[:2]):
            yield rows, resize_probabilities(prediction, picture.shape[:2], rows)


def prepare(picture: np.ndarray, config: Config) -> np.ndarray:
    """What the network sees of a picture (H, W, C): of another size perhaps, and its brightness stretched."""
    if config.stretch:
        picture = stretch(picture)
    return resize_picture(picture, seen_size(picture.shape[:2], config))


def seen_size(size: tuple[int, ...], config: Config) -> tuple[int, int]:
    """The height and width at which the network sees a picture of this one."""
    return scaled_size(size if config.pieces else (config.size, config.size), config.scale)


def load_model(source: Path | str, device: str = "cpu", operations: Operations = QUICK) -> Model:
    """The network of a run (its folder) or of a checkpoint file. Raises InputError if there is none."""
    source = Path(source)
    checkpoint = load_checkpoint(source / "best.npz" if source.is_dir() else source)
    net = make_network(checkpoint.config, len(checkpoint.classes), operations)
    check_fits(checkpoint.tested, net, source)
    params = {name: to_device(array, device) for name, array in checkpoint.tested.items()}
    return Model(net, params, checkpoint.config, checkpoint.classes, device, checkpoint.epoch)
