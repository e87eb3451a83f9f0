"""`python -m minunet.explore`: a page in which every number of a network can be asked where it comes from."""

import argparse
import itertools
import sys
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np

from minunet.commands import Parser
from minunet.data.augment import mirrored
from minunet.data.batches import centre_crop, to_input
from minunet.data.cells import make_cell_image
from minunet.data.dataset import IGNORED
from minunet.data.decode import decode
from minunet.data.depth import shown
from minunet.data.pictures import read_mask, require_size
from minunet.data.resize import resize_mask
from minunet.errors import InputError, exit_status, printable
from minunet.explore.page import Scene, write_page
from minunet.files import whole_file
from minunet.model.trained import Model, load_model, prepare
from minunet.predict import WEIGHTS
from minunet.seeds import generator

DESCRIPTION = """\
Write one file of HTML that opens a network: every map of every step for one picture, the sum behind
every number, what each number sees, what the skips bring, and the gradients on the way back. It opens
in a browser by double click, and asks no network for anything.

Without PICTURE one of cells is drawn, which training never saw, and the network for cells is opened
that comes along, or that of --weights; with a PICTURE the network for pets.
FILE is never written over: cat.html, cat-2.html, and so on.
Exit status: 0 done, 2 something given is wrong, 130 stopped by Ctrl-C, 143 by SIGTERM.
"""
CELLS = WEIGHTS.with_name("cells.npz")


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 done, 2 bad input, 130 or 143 stopped by Ctrl-C or SIGTERM."""
    parser = Parser(prog="python -m minunet.explore", description=DESCRIPTION)
    add = parser.add_argument
    add("picture", nargs="?", type=Path, metavar="PICTURE", help="of any kind and size")
    add("--weights", type=Path, metavar="RUN", help="the folder of a run, or a checkpoint file")
    add("--mask", type=Path, metavar="FILE", help="the true classes of PICTURE: gradients of the loss can be seen then")
    add("--at", type=position, metavar="ROW,COLUMN", help="for networks of pieces: around this pixel (default: middle)")
    add("--out", type=Path, metavar="FILE", help="default: the picture's name, or cells, with .html")
    return exit_status(lambda: _explore(parser.parse_args(arguments)))


def position(text: str) -> tuple[int, int]:
    """For argparse: a row and a column."""
    numbers = text.split(",")
    if len(numbers) != 2 or not all(number.strip().isascii() and number.strip().isdigit() for number in numbers):
        raise InputError(f"must be a row and a column, as 120,45, not {text!r}")
    return int(numbers[0]), int(numbers[1])


def _explore(options: argparse.Namespace) -> int:
    out = options.out
    if out is not None and (not out.name or out.name == ".." or out.is_dir()):
        raise InputError(f"--out is the name of a file, and {out} is a folder.")
    warnings.filterwarnings("ignore", module="PIL")  # what it only warns of is read all the same
    model = load_model(options.weights or (CELLS if options.picture is None else WEIGHTS))
    if options.picture is None:
        if options.mask or options.at:
            raise InputError("--mask and --at are for a PICTURE.")
        scene, name = look_at_cells(model), "cells"
    else:
        image, name = model.read(options.picture), options.picture.name
        truth = _read_truth(options.mask, options.picture, image, model) if options.mask else None
        scene = look(model, image, name, truth, options.at)
    page = write_page(scene)
    path = out or Path(f"{Path(name).stem}.html")
    path = _write(page, path if path.suffix in (".html", ".htm") else path.with_name(f"{path.name}.html"))
    print(f"{printable(path)}, {len(page) / 1e6:.1f} MB: open it in a browser")
    return 0


def look_at_cells(model: Model) -> Scene:
    """Cells that training never saw, and their classes. Raises InputError if the network is not for cells."""
    if model.config.preset != "cells":
        raise InputError("This network was not trained on cells: give it a PICTURE to look at.")
    image, labels, _ = make_cell_image(model.config.size, generator(model.config.split_seed, "explore"))
    return look(model, image, "cells", labels)


def look(
    model: Model, image: np.ndarray, name: str, truth: np.ndarray | None = None, at: tuple[int, int] | None = None
) -> Scene:
    """What the network sees of a picture (H, W, C), as `Model.read` gives it, and of its classes `truth` (H, W).

    Networks of whole pictures see them scaled, and networks of pieces the piece around `at`, a row and a column of the
    picture. Raises InputError if that lies outside.
    """
    config = model.config
    if at and not config.pieces:
        raise InputError("--at is for networks of pieces; this one sees whole pictures, scaled.")
    if at and not all(0 <= place < length for place, length in zip(at, image.shape, strict=False)):
        raise InputError(f"--at {at[0]},{at[1]} lies outside of {name}, which is {image.shape[0]} x {image.shape[1]}.")
    seen = prepare(image, config)
    truth = truth if truth is None else resize_mask(truth, seen.shape[:2])
    if config.pieces:
        middle = [round(place * config.scale) for place in at] if at else [length // 2 for length in seen.shape[:2]]
        pixels = np.ix_(*(piece(place, length, config.size) for place, length in zip(middle, seen.shape, strict=False)))
        seen, truth = seen[pixels], truth if truth is None else truth[pixels]
    about = [f"{name}, {seen.shape[0]} \u00d7 {seen.shape[1]}"]
    about.append(f"base {config.base}, depth {config.depth}, {model.net.parameters():,} parameters")
    if any(config.mirror_images()):
        about.append("one pass, where minunet.predict takes the mean over mirror images")
    if truth is not None:
        truth = centre_crop(truth[None], *model.net.output_size(*seen.shape[:2]))[0]
        if (truth == IGNORED).all():
            raise InputError("No pixel of the true classes counts in what the network sees here: all are 255.")
    x = to_input(seen, config.centred)
    black, white = to_input(np.array([0, 255], "uint8"), config.centred).tolist()
    return Scene(tuple(about), model.net, model.params, model.classes, x, shown(seen), truth, (black, white))


def piece(middle: int, length: int, size: int) -> np.ndarray:
    """`size` places around the middle, inside of 0 to length - 1; what is shorter is continued by its mirror image."""
    first = max(0, min(middle - size // 2, length - size))
    return mirrored(np.arange(first, first + size), length)


def _read_truth(path: Path, picture: Path, image: np.ndarray, model: Model) -> np.ndarray:
    """The classes of a picture, (H, W). Raises InputError if they are none of the network's."""
    mask, _, mask_turned = read_mask(path)
    if not mask_turned and decode(picture, model.config.page).turned:
        told = f"{picture} is turned upright by its orientation tag, and {path} has none: it is taken as painted so"
        print(printable(told), file=sys.stderr)
    require_size(path, mask.shape, image.shape[:2], "picture")
    wrong = sorted(set(np.unique(mask).tolist()) - {*range(len(model.classes)), IGNORED})
    known = f"{', '.join(f'{k} {name}' for k, name in enumerate(model.classes))}; 255 is ignored"
    if wrong:
        raise InputError(f"{path} holds {wrong[0]}, which is no class of this network. Its classes are {known}.")
    if set(np.unique(mask).tolist()) <= {0, IGNORED}:
        raise InputError(f"{path} holds nothing but 0 and 255, black and white perhaps. The classes are {known}.")
    print(f"{printable(path)} is read with these classes: {printable(known)}", file=sys.stderr)
    return mask.astype("uint8")


def _write(page: str, path: Path) -> Path:
    """Under this name, or the next one that is free: NAME-2.html."""
    free, numbers = path, itertools.count(2)
    while True:
        with suppress(FileExistsError), whole_file(free, new=True) as file:
            file.write(page)
            return free
        free = path.with_stem(f"{path.stem}-{next(numbers)}")


if __name__ == "__main__":
    sys.exit(main())
