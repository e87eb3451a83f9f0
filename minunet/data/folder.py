"""Anyone's own images and masks: a folder with `images/` and `masks/`.

    images/NAME.jpg          PNG, JPEG, TIFF, and others, see `decode.KNOWN`
    masks/NAME.png           of the same name and size: one class id a pixel, 0, 1, 2, ...
    classes.txt              optional, a line a class: VALUE NAME, as "255 cell": which mask value means what

Without classes.txt the values in the masks must be 0 to K-1, and the classes are called after them. The images are
divided at random into 80 % for training, 10 % for validation and 10 % for the final test.
"""

import sys
from pathlib import Path

import numpy as np

from minunet.data.dataset import Dataset, Splits, into_splits
from minunet.data.decode import PICTURE_ENDINGS
from minunet.data.masks import (
    BRIGHT,
    Found,
    best_iou,
    look_like_objects,
    looks_smooth,
    refuse_mixed_greys,
    refuse_mixed_palettes,
)
from minunet.data.pictures import read_lines, read_mask, read_pairs, require_folders, shorten
from minunet.errors import InputError, printable

SMALL = 0.5  # IoU: a class that could not reach more is told


def load_folder(folder: Path, size: int, rng: np.random.Generator) -> Splits:
    """The images of the folder, size x size pixels."""
    hint = "A folder for training holds images/ and masks/, with the same names but for the ending."
    require_folders(hint, folder, folder / "images", folder / "masks")
    paths = _pairs(folder)
    classes = _read_classes(folder / "classes.txt")  # mask value -> name
    images, labels, found = read_pairs(paths, size, list(classes) or None, str(folder), overlaps=True)
    refuse_mixed_greys(found)
    refuse_mixed_palettes(found)
    if not classes:
        classes = {value: f"class {value}" for value in _consecutive(found)}
    _tell_what_is_too_small(best_iou(found, len(classes)), list(classes.values()), size)
    return into_splits(Dataset(images, labels, [image.name for image, _ in paths], tuple(classes.values())), rng)


def _pairs(folder: Path) -> list[tuple[Path, Path]]:
    """Every image with its mask, sorted by name; files that are no pictures by their ending are passed over."""
    images, masks = _by_stem(folder / "images"), _by_stem(folder / "masks")
    missing = [path.name for stem, path in images.items() if stem not in masks]
    if missing:
        others = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise InputError(
            f"The image {missing[0]}{others} has no mask: {folder / 'masks'} should hold {Path(missing[0]).stem}.png."
        )
    left_over = [path.name for stem, path in masks.items() if stem not in images]
    if left_over:
        print(f"masks without an image, which are passed over: {printable(shorten(left_over))}", file=sys.stderr)
    if len(images) < 3:
        raise InputError(f"{folder / 'images'} holds {len(images)} images; training, validation and test need 3.")
    return [(path, masks[stem]) for stem, path in images.items()]


def _by_stem(folder: Path) -> dict[str, Path]:
    """The pictures of a folder by their name without the ending, sorted."""
    files: dict[str, Path] = {}
    pictures = (path for path in folder.iterdir() if not path.is_dir() and path.suffix.lower() in PICTURE_ENDINGS)
    for path in sorted(path for path in pictures if not path.name.startswith(".")):
        if path.stem in files:
            raise InputError(f"{folder} holds {files[path.stem].name} and {path.name}: which of them is meant?")
        files[path.stem] = path
    return files


def _read_classes(path: Path) -> dict[int, str]:
    """Mask value -> name of its class, by ascending value; empty if there is no classes.txt."""
    if not path.is_file():
        return {}
    names: dict[int, str] = {}
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        value, *name = line.split(maxsplit=1)
        here = f"{path}, line {number}: {line!r}"
        if not (value.isascii() and value.isdecimal() and len(value) < 9 and int(value) <= 65535 and name):
            raise InputError(f"{here} is not VALUE NAME, as in '255 cell', with 0 <= VALUE <= 65535.")
        if int(value) in names or name[0].strip() in names.values():
            raise InputError(f"{here} names a value or a class that was named before.")
        if printable(name[0].strip()) != name[0].strip():
            raise InputError(f"{here} names a class by what cannot be shown.")
        names[int(value)] = name[0].strip()
    if not 2 <= len(names) <= 256:
        raise InputError(f"{path} names {len(names)} classes; there can be 2 to 256.")
    return dict(sorted(names.items()))


def _consecutive(found: list[Found]) -> list[int]:
    """The values of all masks, which must be 0 to K-1: anything else is more often a mistake than a wish."""
    values = sorted({int(value) for mask in found for value in mask.values})
    if len(values) < 2:
        raise InputError(f"All masks hold only the value {values[0]}: there is nothing to tell apart.")
    classes_file = found[0].path.parent.parent / "classes.txt"
    what = f"The masks hold the values {shorten(values)}"
    if looks_smooth(found):
        raise InputError(
            f"{what}, most of them rare, between {values[0]} and {values[-1]}: edges that were smoothed, by scaling or "
            "by JPEG, and no classes. Make each pixel one or the other, as `mask > 127` does, and save as PNG; "
            f"if they are classes, name them in {classes_file}, a line a class: VALUE NAME."
        )
    if look_like_objects(found, lambda path: read_mask(path)[0]):
        raise InputError(
            f"{what}, not the same in all masks, most of them in one piece: these look like single objects, and each "
            "number would be a class. To tell objects from background save `mask > 0`; if they are classes, "
            f"name them in {classes_file}, a line a class: VALUE NAME."
        )
    if len(values) > BRIGHT:
        raise InputError(
            f"{what}, {len(values)} of them: grey pictures, perhaps, and no class ids. If they are, name them in "
            f"{classes_file}, a line a class: VALUE NAME."
        )
    odd = next((value for place, value in enumerate(values) if value != place or value > 255), None)
    if odd is None:
        return values
    where = next(mask.path for mask in found if odd in mask.values)
    hint = f"Say what your values mean in {classes_file}, a line a class: VALUE NAME."
    if values in ([0, 255], [0, 65535]):
        hint = (
            f"0 and {values[1]} are black and white, good to look at but no class ids. "
            f"Write a file {classes_file} with the two lines '0 background' and '{values[1]} object'."
        )
    raise InputError(f"{what} ({where.name} the {odd}), but class ids are 0, 1, 2, ... {hint}")


def _tell_what_is_too_small(iou: np.ndarray, names: list[str], size: int) -> None:
    """A word to whoever scales things away before they can be learnt."""
    small = [f"{name} {value:.2f}" for name, value in zip(names, iou, strict=True) if value < SMALL]
    if small:
        print(
            f"Much is lost in scaling to {size} x {size} pixels: the best IoU that could be reached in the pictures "
            f"themselves is about, of {', '.join(small)}. A larger --size keeps more.",
            file=sys.stderr,
        )
