"""`python -m minunet.predict`: masks for any pictures, with the weights of a run or with those that come along."""

import argparse
import errno
import itertools
import os
import sys
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from minunet.backend import choose_device
from minunet.commands import Parser, at_least, keep_memory, new_folder
from minunet.data.batches import stretch
from minunet.data.dataset import background
from minunet.data.decode import PICTURE_ENDINGS
from minunet.data.depth import shown
from minunet.data.lists import shorten
from minunet.draw.colours import class_colours
from minunet.errors import InputError, exit_status, printable
from minunet.files import whole_file
from minunet.model import Model, load_model
from minunet.model.checkpoint import WEIGHTS
from minunet.model.config import Config
from minunet.model.objects import (
    ENDINGS,
    SMALLEST,
    Object,
    add_to_table,
    find_objects,
    most_likely,
    outlines,
    save_numbers,
    things,
    touching,
)
from minunet.model.tiling import TILE
from minunet.options import read
from minunet.threads import get_threads, set_threads

DESCRIPTION = """\
Say for every pixel of a picture which class it is. Without --weights: pet, background or the
border between, by a network that was trained on photographs of cats and dogs.

For each picture DIR gets
  NAME.mask.png      the class of every pixel, in the size of the picture: a palette PNG of ids
  NAME.overlay.png   the picture as bright as the network sees it, tinted by class
and with --objects
  NAME.objects.png   the number of the object that each pixel belongs to, 16 bits (.tif, 32 bits, if there are many)
  objects.csv        a line an object of all pictures: its class, area, centre, box, and how likely it is
A picture that cannot be read is reported, and the others are still done.
Exit status: 0 all done, 2 something given is wrong, 130 stopped by Ctrl-C, 143 by SIGTERM.
"""

LEVEL = 2  # of PNG: a quarter of the time of the usual 6, which was half of all, for 7 to 16 % more bytes
MADE = (".mask.png", ".overlay.png")  # what this command writes, and does not take for a picture in a folder
TABLE = "objects.csv"  # of all pictures
# Of an error in writing: no other picture could be written either.
NOT_WRITABLE = (errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EACCES, errno.ENOENT)


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 all done, 2 bad input, 130 or 143 stopped by Ctrl-C or SIGTERM."""
    parser = Parser(prog="python -m minunet.predict", description=DESCRIPTION)
    add = parser.add_argument
    add("pictures", nargs="+", type=Path, metavar="PICTURE", help="files, or folders of files, of any kind and size")
    add("--weights", type=Path, default=WEIGHTS, metavar="RUN", help="the folder of a run, or a checkpoint file")
    add("--out", type=Path, metavar="DIR", help="where to (default: predictions, or predictions-2, ...)")
    add("--probabilities", action="store_true", help="NAME.npz too: 'probabilities' (H, W, classes), and 'classes'")
    add("--objects", action="store_true", help="single objects too, numbered and measured")
    add(
        "--smallest",
        type=at_least(1),
        metavar="N",
        help=f"with --objects: what has fewer pixels is none (default: {SMALLEST})",
    )
    add(
        "--tta",
        action=argparse.BooleanOptionalAction,
        help="the mean for the picture and its mirror images, or one only (default: as the network was tested)",
    )
    add(
        "--tile",
        type=at_least(1),
        default=TILE,
        metavar="N",
        help=f"pixels a side of a tile, for networks of pieces (default: {TILE}); smaller ones need less memory, "
        "and with group norm the answer depends on what a tile shows",
    )
    add(
        "--page",
        type=partial(read, Config, "page"),
        metavar="PAGE",
        help="of files with several pictures, its number, or channels for all of them as the channels of one, see "
        "minunet.train (default: as in training)",
    )
    add("--device", choices=("auto", "cpu", "gpu"), default="auto", help="where to compute (default: auto)")
    add("--threads", type=at_least(1), default=get_threads(), metavar="N", help="CPU threads (default: all cores)")
    return exit_status(lambda: _predict(parser.parse_args(arguments)))


def _predict(options: argparse.Namespace) -> int:
    keep_memory()
    warnings.filterwarnings("ignore", module="PIL")  # what it only warns of is read all the same
    set_threads(options.threads)
    model = load_model(options.weights, choose_device(options.device)).unchanging()
    found, passed_over, closed = _find(options.pictures)
    pictures = _named(found)
    there = options.out is not None and options.out.exists()
    out = new_folder(options.out, Path("predictions"))
    files = {name: _made(out, name, options.probabilities) for name in pictures}
    others = [out / TABLE, *(out / f"{name}{ending}" for name in pictures for ending in ENDINGS)]
    for made in itertools.chain(*files.values(), others if options.objects else []):
        if os.path.lexists(made):
            raise InputError(f"{made} exists already, and nothing is overwritten: choose another --out.")
    failed = 0
    smallest = (options.smallest or SMALLEST) if options.objects else None
    for name, path in tqdm(pictures.items(), desc="Predicting", unit="img", disable=None):
        try:
            with tqdm(desc=printable(name), unit="tile", leave=False, disable=None) as bar:
                how = {"tile": options.tile, "tta": options.tta, "advance": bar.update}
                with ExitStack() as stack:  # all files of a picture, or none
                    objects = _save(files[name], model.read(path, options.page), model, how, stack, smallest)
                    if smallest:
                        add_to_table(out / TABLE, path.name, objects)
                    stack.pop_all()
        except (InputError, MemoryError, OSError) as error:
            if isinstance(error, OSError) and error.errno in NOT_WRITABLE:
                raise InputError(f"{out} cannot be written: {error.strerror}.") from error
            failed += 1
            failure = f"{path} could not be done: {str(error) or 'too little memory'}."
            tqdm.write(f"minunet: {printable(error if isinstance(error, InputError) else failure)}", file=sys.stderr)
    done = len(pictures) - failed
    ids = ", ".join(f"{k} {name}" for k, name in enumerate(model.classes))
    where = f"; masks ({ids}){', objects' * options.objects} and overlays are in {printable(out)}" if done else ""
    print(f"{done} of {len(pictures)} pictures done{where}")
    if done and options.objects:
        what = ", ".join(model.classes[k] for k in things(model.classes))
        apart = "told apart where they touch" if touching(model.classes) else "pixels that share a side are of one"
        print(f"objects are islands of {what}, and not of {model.classes[background(model.classes)]}; {apart}")
    if not done and not there:
        with suppress(OSError):  # others may have written into it
            out.rmdir()
    if passed_over:
        print(f"files passed over in folders, as their endings are not those of pictures: {passed_over}")
    return 2 if failed or closed else 0


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _made(out: Path, name: str, whole: bool) -> list[Path]:
    """The files that are written for a picture."""
    return [out / f"{name}{ending}" for ending in (*MADE, *([".npz"] if whole else []))]


def _find(given: list[Path]) -> tuple[list[Path], int, int]:
    """The files that are given, and the pictures, by their ending, in given folders; how many others lie there.

    Hidden files do not count, nor what this command has made, or seems to have: that is told. So is a folder that
    cannot be read; the last number is how many. What cannot even be looked at is told when it is read, as a file.
    """
    found: list[Path] = []
    others: set[Path] = set()
    closed = 0
    for path in given:
        if not os.path.isdir(path):  # which raises no error, as Path.is_dir does
            found.append(path)
            continue
        try:
            held = sorted(path.iterdir())
        except OSError as error:
            closed += 1
            print(f"minunet: {printable(path)} cannot be read: {error.strerror}.", file=sys.stderr)
            continue
        files = [file for file in held if not os.path.isdir(file) and not file.name.startswith(".")]
        folders = [file.name for file in held if os.path.isdir(file) and not file.name.startswith(".")]
        if folders:
            print(printable(f"passed over in {path}, as they are folders: {shorten(folders)}"), file=sys.stderr)
        alike = [file.name for file in files if file.name.endswith((*MADE, *ENDINGS))]
        if alike:
            told = f"passed over in {path}, as this command makes files of such names: {shorten(alike)}"
            print(printable(told), file=sys.stderr)
        files = [file for file in files if not file.name.endswith((*MADE, *ENDINGS))]
        inside = [file for file in files if file.suffix.lower() in PICTURE_ENDINGS]
        if not inside:
            raise InputError(f"The folder {path} holds no pictures.")
        found.extend(inside)
        made = {file.name.removesuffix(MADE[0]) + ".npz" for file in path.glob(f"*{MADE[0]}")} | {TABLE}
        others.update(file for file in files if file not in inside and file.name not in made)
    return list(dict.fromkeys(found)), len(others), closed


def _named(paths: list[Path]) -> dict[str, Path]:
    """What each picture is called in the output: its name without the ending, or with it where that would not do."""
    stems = Counter(path.stem for path in paths)
    names = [path.stem if stems[path.stem] == 1 else path.name for path in paths]
    repeated = next((name for name, count in Counter(names).items() if count > 1), None)
    if repeated is not None:
        raise InputError(f"Two pictures are called {repeated}: give them separately, each with its own --out.")
    return dict(zip(names, paths, strict=True))


def _save(
    made: list[Path], picture: np.ndarray, model: Model, how: dict[str, Any], undo: ExitStack, smallest: int | None
) -> list[Object]:
    """Mask, overlay and, if asked for, the probabilities, beside each other; rows after rows, as they come.

    With a `smallest` size, the numbers of the objects, too, which are outlined in the overlay, and returned. `undo`
    removes all files again, if it is closed.
    """
    mask_file, overlay_file, *rest = made
    colours = class_colours(model.classes)
    tint = 7 * colours.astype("uint16") + 10  # 0.35 of each colour, in twentieths; 10 of them, to round
    mask = np.empty(picture.shape[:2], dtype="uint8")
    # What is dark for us, the network may see.
    overlay = shown(stretch(picture) if model.config.stretch else picture)
    overlay = overlay.copy() if np.may_share_memory(overlay, picture) else overlay
    likely = np.empty(mask.shape if smallest else (0, 0), dtype="float16")
    with ExitStack() as stack:
        write = [stack.enter_context(_probabilities(path, (*mask.shape, len(colours)), model.classes)) for path in rest]
        for rows, band in model.bands(picture, **how):
            mask[rows] = band.argmax(axis=2)
            overlay[rows] = (13 * overlay[rows].astype("uint16") + tint[mask[rows]]) // 20
            if smallest:
                likely[rows] = most_likely(band)
            for each in write:
                each(band)
    for path in rest:
        undo.callback(_remove, path)
    objects: list[Object] = []
    if smallest:
        numbers, objects = find_objects(mask, likely, model.classes, model.border_in(picture.shape), smallest)
        overlay[outlines(numbers)] = 255
        undo.callback(_remove, save_numbers(mask_file.with_name(mask_file.name.removesuffix(MADE[0])), numbers))
    for path, array in ((mask_file, mask), (overlay_file, overlay)):
        image = Image.fromarray(array)
        if path == mask_file:
            image.putpalette(colours.ravel().tolist())
        with whole_file(path, "wb", new=True) as file:
            image.save(file, format="PNG", compress_level=LEVEL)
        undo.callback(_remove, path)
    return objects


@contextmanager
def _probabilities(path: Path, shape: tuple[int, ...], classes: tuple[str, ...]) -> Iterator[Callable[[Any], object]]:
    """A function that writes the next rows of an .npz; what `np.savez_compressed` writes, but never all in memory."""
    with whole_file(path, "wb", new=True) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("classes.npy", "w") as member:
            np.lib.format.write_array(member, np.array(classes))
        with archive.open("probabilities.npy", "w", force_zip64=True) as member:
            about = {"descr": "<f4", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(member, about)
            yield lambda band: member.write(band.astype("<f4").tobytes())


if __name__ == "__main__":
    sys.exit(main())
