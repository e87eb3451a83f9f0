"""Which files of a folder belong together, and what its lists say they are for."""

import sys
import unicodedata
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
OTHERS = {  # folders of pictures and of masks, as other tools and data sets call them
    ("JPEGImages", "SegmentationClass"): "Pascal VOC",
    ("JPEGImages", "SegmentationObject"): "Pascal VOC",
    ("imagesTr", "labelsTr"): "nnU-Net",
    ("leftImg8bit", "gtFine"): "Cityscapes",
    ("images", "labels"): "other tools",
    ("images", "annotations"): "other tools",
    ("images", "segmentations"): "other tools",
    ("image", "mask"): "other tools",
    ("imgs", "masks"): "other tools",
    ("img", "mask"): "other tools",
    ("input", "target"): "other tools",
}


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
        _refuse_other_layouts(folder)
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
    for path, files in ((images, pictures), (masks, marked)):
        inner = [each.name for each in path.iterdir() if each.is_dir() and not each.name.startswith(".")]
        if inner and not files:
            raise InputError(
                f"{path} holds folders ({shorten(inner)}) and no pictures: move what they hold up into it."
            )
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
        stem = _one_form(Path(missing[0]).stem)
        instead = _instead(stem, unused)
        raise InputError(
            f"The image {missing[0]}{others} has no mask: {masks} should hold {stem}.png, or .tif{instead}."
        )
    if not quiet:
        _tell_what_is_left_over(marked, pictures)
    return [(path, marked[stem]) for stem, path in pictures.items()]


def _instead(stem: str, unused: list[str]) -> str:
    """What there is in the place of the mask of a picture, in words that end a sentence."""
    alike = [name for name in unused if Path(name).stem.casefold() == stem.casefold()]
    if alike:
        return f", and {alike[0]} differs by capital letters: call both the same"
    longer = [name for name in unused if Path(name).stem.startswith(stem) or Path(name).stem.endswith(stem)]
    if longer:
        more = Path(longer[0]).stem.replace(stem, "NAME", 1)
        known = " or ".join(["NAME", *(f"NAME{each}" for each in SUFFIXES)])
        return f", but holds {longer[0]}: masks may be called {known}, not {more}"
    return f", but holds {unused[0]}" if unused else ""


def _refuse_other_layouts(folder: Path) -> None:
    """Raise InputError if there are no images/ and masks/, but folders that others call so, or one for each part."""
    if (folder / "images").is_dir() and any((folder / kind).is_dir() for kind in ("masks", "instances")):
        return
    there = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    for (pictures, masks), tool in OTHERS.items():
        if pictures in there and masks in there:
            held = next((path for path in sorted((folder / masks).rglob("*")) if path.is_file()), None)
            if held is not None and held.suffix.lower() in (".txt", ".json", ".xml"):
                raise InputError(
                    f"{folder / masks} holds {held.name}, and no pictures: a mask is a picture, a number a pixel; "
                    "polygons and boxes have to be drawn first."
                )
            raise InputError(f"{folder} is laid out as for {tool}: call {pictures}/ images/, and {masks}/ masks/.")
    parts = [name for name in there if name.lower() in ("train", "training", "val", "valid", "validation", "test")]
    if parts and (folder / parts[0] / "images").is_dir():
        raise InputError(
            f"{folder} holds {shorten(parts)}, each with pictures: put all into one images/ and one masks/, and their "
            f"names into {', '.join(LISTS)}."
        )


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


def _one_form(name: str) -> str:
    """A name whose letters with marks are one character each: some systems write two, and nobody sees it."""
    return unicodedata.normalize("NFC", name)


def by_stem(folder: Path) -> dict[str, Path]:
    """The pictures of a folder by their name without the ending, sorted; letters with marks in one form of two."""
    files: dict[str, Path] = {}
    pictures = (path for path in folder.iterdir() if not path.is_dir() and path.suffix.lower() in PICTURE_ENDINGS)
    for path in sorted(path for path in pictures if not path.name.startswith(".")):
        stem = _one_form(path.stem)
        if stem in files:
            raise InputError(f"{folder} holds {files[stem].name} and {path.name}: which of them is meant?")
        files[stem] = path
    return files


def _lists(folder: Path, images: list[Path]) -> dict[str, list[str]]:
    """The file names of the pictures that each list names, with their ending or without it."""
    known = {_one_form(image.stem): image.name for image in images}
    known |= {_one_form(image.name): image.name for image in images}  # of `a.png.png` and `a.png` the latter
    there = [folder / name for name in LISTS if is_there(folder / name)]
    lists = {}
    for path, names in zip(
        there, read_lists(lambda line: known.get(_one_form(line.strip()), line.strip()), *there), strict=True
    ):
        if unknown := [name for name in names if _one_form(name) not in known]:
            raise InputError(f"{path} names {unknown[0]}, but there is no picture of that name with a mask.")
        if not names:
            raise InputError(f"{path} is empty: without it, the pictures are divided at random.")
        lists[path.name] = names
    return lists
