"""Nuclei of cells under the microscope: the layout of the 2018 Data Science Bowl, stage 1.

Caicedo et al., "Nucleus segmentation across imaging experiments: the 2018 Data Science Bowl" (2019); images BBBC038 of
the Broad Bioimage Benchmark Collection, CC0. The folder:

    stage1_train/ID/images/ID.png     a picture, of any size
    stage1_train/ID/masks/*.png       black and white, one a nucleus
    train.txt, test.txt               optional: an ID a line; without them the images are divided at random

The classes are background, nucleus, and the border where two nuclei meet.
"""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from minunet.data.dataset import Dataset, split
from minunet.data.instances import BORDER, RADIUS, to_classes
from minunet.data.pictures import read_image, read_mask, require_folder
from minunet.errors import InputError
from minunet.threads import map_in_order

CLASSES = ("background", "nucleus", "border")
PART = 0.1  # for validation, and again for the test if there are no lists
HINT = "A folder of nuclei holds stage1_train/ID/images/ID.png and stage1_train/ID/masks/*.png."


def load_nuclei(folder: Path, rng: np.random.Generator, border: int = RADIUS) -> tuple[Dataset, Dataset, Dataset]:
    """Training, validation and test images with their nuclei, each of its own size.

    `border`: the pixels on each side that the class between two nuclei takes; with 0 there is no such class.
    """
    for part in (folder, folder / "stage1_train"):
        require_folder(part, HINT)
    if (folder / "train.txt").is_file() and (folder / "test.txt").is_file():
        training, test = (_load(folder, _read_list(folder / name), border) for name in ("train.txt", "test.txt"))
        shared = set(training.names) & set(test.names)
        if shared:
            raise InputError(f"{min(shared)} stands in train.txt and in test.txt: the test would not be one.")
        validation, training = split(training, (PART,), rng)
    else:
        names = sorted(path.name for path in (folder / "stage1_train").iterdir() if path.is_dir())
        validation, test, training = split(_load(folder, names, border), (PART, PART), rng)
    return training, validation, test


def _read_list(path: Path) -> list[str]:
    try:
        names = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:
        raise InputError(f"{path} is not text in UTF-8.") from None
    if len(set(names)) < len(names):
        raise InputError(f"{path} names {next(name for name in names if names.count(name) > 1)} twice.")
    return names


def _load(folder: Path, names: list[str], border: int) -> Dataset:
    """The pictures with these names."""
    if len(names) < 3:
        raise InputError(f"{folder} holds or lists {len(names)} images; training, validation and test need 3. {HINT}")
    bar = tqdm(
        map_in_order(lambda name: _read(folder / "stage1_train" / name), names),
        total=len(names),
        desc="Reading nuclei",
        unit="img",
        leave=False,
        disable=None,
    )
    images, instances = zip(*bar, strict=True)
    labels = [to_classes(each, border) for each in instances]
    return Dataset(list(images), labels, names, CLASSES if border else CLASSES[:BORDER], list(instances))


def _read(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Picture (H, W, 3) uint8 and its nuclei, instances (H, W) int32."""
    require_folder(folder / "images", HINT)
    require_folder(folder / "masks", HINT)
    pictures = [path for path in sorted((folder / "images").iterdir()) if not path.name.startswith(".")]
    if len(pictures) != 1:
        raise InputError(f"{folder / 'images'} should hold one picture, but holds {len(pictures)}.")
    image = np.asarray(read_image(pictures[0]))
    instances = np.zeros(image.shape[:2], dtype="int32")
    masks = [path for path in sorted((folder / "masks").iterdir()) if not path.name.startswith(".")]
    for number, path in enumerate(masks, start=1):
        mask = np.asarray(read_mask(path))
        if mask.shape != instances.shape:
            raise InputError(
                f"{path} has {mask.shape[1]} x {mask.shape[0]} pixels, but its picture {pictures[0].name} has "
                f"{image.shape[1]} x {image.shape[0]}: they must be equal."
            )
        instances[mask > 0] = number
    return image, instances
