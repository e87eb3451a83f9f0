"""The text of a checkpoint, read and changed past everything that guards it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from minunet.model.archive import write_archive


def meta_of(path: Path) -> dict[str, Any]:
    """As it stands in the file."""
    with np.load(path) as archive:
        return json.loads(str(archive["meta"]))


def change_meta(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Let `change` change it in the file, and the digest with it."""
    meta = meta_of(path)
    meta.pop("digest", None)
    change(meta)
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files if name != "meta"}
    write_archive(path, meta, arrays)
