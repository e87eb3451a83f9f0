"""Which files of a folder belong together, and what its lists say they are for."""

import sys
from pathlib import Path
from typing import NamedTuple

from minunet.data.decode import PICTURE_ENDINGS
from minunet.data.lists import is_there, read_lists, require_folders, shorten
from minunet.errors import InputError, printable

LISTS = ("train.txt", "val.txt", "test.txt")
SUFFIXES = ("_mask", "_masks", "_cp_masks")  # of a mask beside its picture, or in a folder of masks
HINT = (
    "A folder for training holds images/ and masks/ with the same names but for the ending, images/ and instances/, or "
    "NAME.jpg beside NAME_mask.png."
)


class Layout(NamedTuple):
    """What belongs together in a folder."""

    folder: Path
    pairs: list[tuple[Path, Path]]  # picture and mask, sorted by name
    instances: bool  # whether masks hold a number for each object
    lists: dict[str, list[str]]  # of each list that is there the file names of its pictures


def find_layout(folder: Path, quiet: bool = False) -> Layout:
    """The pairs of a folder. Raises InputError if there are none, or a picture has no mask.

    What is passed over is told, unless it is asked `quiet`ly.
    """
    require_folders(HINT, folder)
    for path in folder.iterdir():
        wanted = f"{path.name.lower().split('.')[0]}.txt"  # Classes.txt, classes.txt.txt
        if wanted in ("classes.txt", *LISTS) and path.name.lower().endswith(".txt") and path.name != wanted:
            raise InputError(f"{path} should be called {wanted}, or otherwise, if it is meant for something else.")
    if not (folder / "images").is_dir() and (beside := _beside(folder, quiet)):
        pairs, kind = beside, "masks"
    else:
        kinds = [kind for kind in ("masks", "instances") if (folder / kind).is_dir()]
        if len(kinds) == 2:
            raise InputError(f"{folder} holds masks/ and instances/: which of them is meant? Move one elsewhere.")
        kind = kinds[0] if kinds else "masks"
        require_folders(HINT, folder / "images", folder / kind)
        pairs = _pairs(folder / "images", folder / kind, quiet)
    lists = _lists(folder, [image for image, _ in pairs])
    if len(lists) == len(LISTS):
        listed = {name for names in lists.values() for name in names}
        left_over = [image.name for image, _ in pairs if image.name not in listed]
        pairs = [pair for pair in pairs if pair[0].name in listed]
        if left_over and not quiet:
            told = f"pictures that no list names, which are passed over: {shorten(left_over)}"
            print(printable(told), file=sys.stderr)
    if len(pairs) < 3:
        raise InputError(f"{folder} holds {len(pairs)} images with masks; training, validation and test need 3.")
    return Layout(folder, pairs, kind == "instances", lists)


def _pairs(images: Path, masks: Path, quiet: bool) -> list[tuple[Path, Path]]:
    """Every image with its mask, sorted by name; files that are no pictures by their ending are passed over."""
    pictures, marked = by_stem(images), by_stem(masks)
    if not quiet:
        _tell_what_is_no_picture(images)
    for stem, path in list(marked.items()):
        if stem not in pictures and (base := _base(stem)) in pictures:
            if base in marked:
                raise InputError(f"{masks} holds {marked[base].name} and {path.name}: which of them is meant?")
            marked[base] = marked.pop(stem)
    missing = [path.name for stem, path in pictures.items() if stem not in marked]
    if missing:
        others = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        unused = [path.name for stem, path in marked.items() if stem not in pictures]
        instead = f", but holds {unused[0]}" if unused else ""
        stem = Path(missing[0]).stem
        raise InputError(
            f"The image {missing[0]}{others} has no mask: {masks} should hold {stem}.png, or .tif{instead}."
        )
    if not quiet:
        _tell_what_is_left_over(marked, pictures)
    return [(path, marked[stem]) for stem, path in pictures.items()]


def _tell_what_is_no_picture(folder: Path) -> None:
    """A word about what lies beside the pictures of a folder: other files, and folders."""
    shown = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    others = [path.name for path in shown if path.is_dir() or path.suffix.lower() not in (*PICTURE_ENDINGS, ".txt")]
    if others:
        told = f"passed over in {folder}, as they are folders, or no pictures by their ending: {shorten(others)}"
        print(printable(told), file=sys.stderr)


def _beside(folder: Path, quiet: bool) -> list[tuple[Path, Path]]:
    """Pictures with their masks beside them; empty if there is no mask."""
    files = by_stem(folder)
    masks: dict[str, Path] = {}
    for stem, path in files.items():
        if (base := _base(stem)) == stem:
            continue
        if base in masks:
            raise InputError(f"{folder} holds {masks[base].name} and {path.name}: which of them is meant?")
        masks[base] = path
    pictures = {stem: path for stem, path in files.items() if _base(stem) == stem}
    missing = [path.name for stem, path in pictures.items() if stem not in masks]
    if masks and missing:
        raise InputError(f"{folder} holds {missing[0]}, but no {Path(missing[0]).stem}_mask.png beside it. {HINT}")
    if masks and not quiet:
        _tell_what_is_no_picture(folder)
        _tell_what_is_left_over(masks, pictures)
    return [(path, masks[stem]) for stem, path in pictures.items() if stem in masks]


def _tell_what_is_left_over(masks: dict[str, Path], pictures: dict[str, Path]) -> None:
    """A word about masks without an image."""
    if left_over := [path.name for stem, path in masks.items() if stem not in pictures]:
        print(f"masks without an image, which are passed over: {printable(shorten(left_over))}", file=sys.stderr)


def _base(stem: str) -> str:
    """The name of the picture that a mask of this name belongs to."""
    ending = next((suffix for suffix in reversed(SUFFIXES) if stem.endswith(suffix)), "")
    return stem.removesuffix(ending)


def by_stem(folder: Path) -> dict[str, Path]:
    """The pictures of a folder by their name without the ending, sorted."""
    files: dict[str, Path] = {}
    pictures = (path for path in folder.iterdir() if not path.is_dir() and path.suffix.lower() in PICTURE_ENDINGS)
    for path in sorted(path for path in pictures if not path.name.startswith(".")):
        if path.stem in files:
            raise InputError(f"{folder} holds {files[path.stem].name} and {path.name}: which of them is meant?")
        files[path.stem] = path
    return files


def _lists(folder: Path, images: list[Path]) -> dict[str, list[str]]:
    """The file names of the pictures that each list names, with their ending or without it."""
    known = {image.stem: image.name for image in images} | {image.name: image.name for image in images}
    there = [folder / name for name in LISTS if is_there(folder / name)]
    lists = {}
    for path, names in zip(there, read_lists(lambda line: known.get(line.strip(), line.strip()), *there), strict=True):
        if unknown := [name for name in names if name not in known]:
            raise InputError(f"{path} names {unknown[0]}, but there is no picture of that name with a mask.")
        if not names:
            raise InputError(f"{path} is empty: without it, the pictures are divided at random.")
        lists[path.name] = names
    return lists
