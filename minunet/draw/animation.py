"""`progress.gif`: a prediction that takes shape from epoch to epoch.

While a run goes on it keeps its frames in `progress/`, a PNG each, so that a run that is stopped and resumed goes on
with them; in the end they become one animated picture.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from minunet.data.dataset import Dataset
from minunet.data.depth import shown
from minunet.draw.colours import class_colours, painted
from minunet.files import own_folder, whole_file

FRAMES = 50  # at most
SHOWN = 3  # images: the first of the data set
LARGEST = 1024  # pixels a side of a picture before it is made a panel
PANEL, GAP, LINE = 160, 6, 20  # pixels: width of a picture, space between two, height of a line of text
SHARED = 200  # of 256 colours, the most that those of classes may take
FRAME_TIME, LAST_TIME = 200, 3000  # milliseconds


def is_drawn(epoch: int, epochs: int, most: int = FRAMES) -> bool:
    """Whether epoch number `epoch`, from 1, is drawn: all of few; of many every third, say, and first and last."""
    return epoch in np.linspace(1, epochs, min(epochs, most)).round()


def save_frame(run: Path, epoch: int, title: str, dataset: Dataset, predictions: Sequence[np.ndarray]) -> None:
    """Draw input, truth and prediction, (H, W) class ids, of the first few images of a data set."""
    colours = class_colours(dataset.classes)
    rows = [
        [_panel(each) for each in (shown(image), painted(truth, dataset.classes), painted(prediction, dataset.classes))]
        for image, truth, prediction in (
            [each[:: -(-max(each.shape[:2]) // LARGEST), :: -(-max(each.shape[:2]) // LARGEST)] for each in row]
            for row in zip(dataset.images[:SHOWN], dataset.labels, predictions, strict=False)
        )
    ]
    height = 3 * LINE + sum(row[0].height + GAP for row in rows)
    frame = Image.new("RGB", (3 * (PANEL + GAP) + GAP, height), "white")
    draw, font = ImageDraw.Draw(frame), ImageFont.load_default(14)
    draw.text((GAP, 2), title, "black", font)
    top = 2 * LINE
    for column, name in enumerate(("input", "truth", "prediction")):
        draw.text((GAP + column * (PANEL + GAP), LINE), name, "black", font)
    for row in rows:
        for column, panel in enumerate(row):
            frame.paste(panel, (GAP + column * (PANEL + GAP), top))
        top += row[0].height + GAP
    left = GAP
    for colour, name in zip(colours, dataset.classes, strict=True):  # of very many classes, as many as there is room
        draw.rectangle((left, top + 4, left + 10, top + 14), tuple(colour.tolist()), "black")
        draw.text((left + 16, top), name, "black", font)
        left += 16 + round(draw.textlength(name, font)) + 3 * GAP
    folder = run / "progress"
    own_folder(folder)
    with whole_file(folder / f"{epoch:05}.png", "wb") as file:
        frame.save(file, format="PNG")


def save_animation(run: Path, classes: Sequence[str]) -> None:
    """Make `progress.gif` of the frames so far, if there are any."""
    frames = []
    for path in (path for path in sorted((run / "progress").glob("*.png")) if path.is_file()):
        # One that is damaged is passed over. Nothing but PNG: for other formats Pillow would start programs.
        with suppress(OSError), Image.open(path, formats=["PNG"]) as frame:
            frames.append(frame.convert("RGB"))
    if not frames:
        return
    palette = _palette(frames, classes)
    first, *others = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)
    durations = [FRAME_TIME] * len(others) + [LAST_TIME]
    with whole_file(run / "progress.gif", "wb") as file:
        first.save(file, format="GIF", save_all=True, append_images=others, duration=durations, loop=0)


def _palette(frames: list[Image.Image], classes: Sequence[str]) -> Image.Image:
    """256 colours, the same for all frames, so that nothing flickers: those of the classes, and the most frequent."""
    sample = Image.fromarray(np.concatenate([np.asarray(frame)[::4, ::4].reshape(-1, 3) for frame in frames])[None])
    own = np.array(list(dict.fromkeys(map(tuple, class_colours(classes).tolist())))[:SHARED])  # the darkest are equal
    frequent = sample.quantize(256 - len(own) - 1).getpalette() or []
    colours = [*own.ravel().tolist(), 255, 255, 255, *frequent]
    palette = Image.new("P", (1, 1))
    palette.putpalette(colours[: 3 * 256])
    return palette


def _panel(picture: np.ndarray) -> Image.Image:
    """A picture (H, W, 3) uint8, PANEL pixels wide; small ones enlarged pixel by pixel."""
    image = Image.fromarray(picture)
    size = (PANEL, min(max(1, round(PANEL * image.height / image.width)), 4 * PANEL))
    return image.resize(size, Image.Resampling.NEAREST if image.width < PANEL else Image.Resampling.BOX)
