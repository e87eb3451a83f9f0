"""The Oxford-IIIT Pet photographs: cats and dogs, each pixel pet, background or the border between them.

Parkhi, Vedaldi, Zisserman and Jawahar, "Cats and Dogs" (2012). The folder is what the two official archives unpack to:

    images/NAME.jpg                      some are PNG or GIF in truth, which does not matter
    annotations/trimaps/NAME.png         1 pet, 2 background, 3 border
    annotations/trainval.txt, test.txt   a line an image: NAME CLASS SPECIES BREED

The lists are read, not the folders: those hold hundreds of `._NAME` files that are no pictures.
"""

from pathlib import Path

import numpy as np

from minunet.data.dataset import Dataset, split
from minunet.data.pictures import read_pairs, require_folder
from minunet.errors import InputError

TRIMAP = (1, 2, 3)  # the values in the files, in the order of the classes
CLASSES = ("pet", "background", "border")
VALIDATION = 0.1  # the part of trainval on which the best epoch is chosen
FOLDER = "data/oxford-iiit-pet"  # where it is looked for if nothing else is said
ADDRESS = "https://www.robots.ox.ac.uk/~vgg/data/pets/"


def load_pets(
    folder: Path, size: int, rng: np.random.Generator, pooled: bool = False
) -> tuple[Dataset, Dataset, Dataset]:
    """Training, validation and test images, size x size pixels; test is the official list, `rng` divides the other.

    If `pooled`, `rng` divides both lists together, 80, 10 and 10 %.
    """
    command = f"python -m minunet.data pets --data-dir {folder}"
    hint = f"`{command}` downloads it (0.8 GB): images/ and annotations/ from {ADDRESS}"
    for part in (folder, folder / "images", folder / "annotations" / "trimaps"):
        require_folder(part, hint)
    known, test = (_load_list(folder, name, size) for name in ("trainval", "test"))
    if not pooled:
        validation, training = split(known, (VALIDATION,), rng)
        return training, validation, test
    images, labels = (np.concatenate([getattr(part, name) for part in (known, test)]) for name in ("images", "labels"))
    validation, test, training = split(Dataset(images, labels, known.names + test.names, CLASSES), (0.1, 0.1), rng)
    return training, validation, test


def _load_list(folder: Path, name: str, size: int) -> Dataset:
    """The images that `annotations/NAME.txt` lists."""
    path = folder / "annotations" / f"{name}.txt"
    if not path.is_file():
        raise InputError(f"{path} does not exist. It is part of annotations.tar.gz at {ADDRESS}")
    lines = path.read_text(encoding="utf-8").splitlines()
    names = [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]
    if len(names) < 2:
        raise InputError(f"{path} lists {len(names)} images; at least 2 are needed.")
    paths = [(folder / "images" / f"{n}.jpg", folder / "annotations" / "trimaps" / f"{n}.png") for n in names]
    (images, trimaps), _ = read_pairs(paths, size, TRIMAP, f"pets, {name}")
    return Dataset(images, (trimaps - 1).astype("uint8"), names, CLASSES)
