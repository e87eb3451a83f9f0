"""Anyone's own images and masks: a folder with `images/` and `masks/`.

    images/NAME.jpg          any format that Pillow reads
    masks/NAME.png           of the same name and size: one class id a pixel, 0, 1, 2, ...
    classes.txt              optional, a line a class: VALUE NAME, as "255 cell": which mask value means what

Without classes.txt the values in the masks must be 0 to K-1, and the classes are called after them. The images are
divided at random into 80 % for training, 10 % for validation and 10 % for the final test.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from minunet.data.dataset import Dataset, split
from minunet.data.files import read_pair, read_pairs, require_folder, shorten
from minunet.errors import InputError

PART = 0.1  # for validation, and again for the test


def load_folder(folder: Path, size: int, rng: np.random.Generator) -> tuple[Dataset, Dataset, Dataset]:
    """Training, validation and test images, size x size pixels."""
    hint = "A folder for training holds images/ and masks/ with the same file names in both."
    for part in (folder, folder / "images", folder / "masks"):
        require_folder(part, hint)
    paths = _pairs(folder)
    values, classes = _read_classes(folder / "classes.txt")
    allowed = np.arange(256) if values is None else values
    images, masks = read_pairs(paths, lambda pair: read_pair(*pair, size, allowed), str(folder))
    if values is None:
        values = _consecutive(masks, paths)
        classes = tuple(f"class {value}" for value in values)
    labels = np.searchsorted(values, masks).astype("uint8")  # the values are sorted: their place is the class id
    dataset = Dataset(images, labels, [image.name for image, _ in paths], classes)
    validation, test, training = split(dataset, (PART, PART), rng)
    return training, validation, test


def _pairs(folder: Path) -> list[tuple[Path, Path]]:
    """Every image with its mask, sorted by name; hidden files are passed over."""
    images = sorted(path for path in (folder / "images").iterdir() if path.is_file() and not path.name.startswith("."))
    masks = {
        path.stem: path for path in (folder / "masks").iterdir() if path.is_file() and not path.name.startswith(".")
    }
    missing = [path.name for path in images if path.stem not in masks]
    if missing:
        others = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise InputError(
            f"The image {missing[0]}{others} has no mask: {folder / 'masks'} should hold {Path(missing[0]).stem}.png."
        )
    if len(images) < 3:
        raise InputError(
            f"{folder / 'images'} holds {len(images)} images; training, validation and test need at least 3."
        )
    return [(path, masks[path.stem]) for path in images]


def _read_classes(path: Path) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """The mask values, ascending, and the names of the classes; None if there is no classes.txt."""
    if not path.is_file():
        return None, ()
    names: dict[int, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        value, _, name = line.strip().partition(" ")
        if not line.strip():
            continue
        if not value.isdigit() or int(value) > 255 or not name.strip() or int(value) in names:
            raise InputError(
                f"{path}, line {number}: {line!r} is not VALUE NAME, as in '255 cell', each value 0-255 and once."
            )
        names[int(value)] = name.strip()
    if len(names) < 2:
        raise InputError(f"{path} names {len(names)} classes; at least 2 are needed.")
    return np.array(sorted(names)), tuple(names[value] for value in sorted(names))


def _consecutive(masks: np.ndarray, paths: list[tuple[Path, Path]]) -> np.ndarray:
    """All values of all masks, which must be 0 to K-1: anything else is more often a mistake than a wish."""
    found = np.unique(masks)
    if len(found) < 2:
        raise InputError(f"All masks hold only the value {found[0]}: there is nothing to tell apart.")
    if found[-1] == len(found) - 1:
        return found
    odd = found[found != np.arange(len(found))][0]
    where = next(path for (_, path), mask in zip(paths, masks, strict=True) if (mask == odd).any())
    hint = "Name the values that you mean in classes.txt, a line a class: VALUE NAME."
    if found.tolist() == [0, 255]:
        hint = (
            "0 and 255 are black and white, good to look at but no class ids. Write a file "
            f"{where.parent.parent / 'classes.txt'} with the two lines '0 background' and '255 object'."
        )
    raise InputError(
        f"The masks hold the values {shorten(found)} ({where.name} the {odd}), but class ids are 0, 1, 2, ... {hint}"
    )
