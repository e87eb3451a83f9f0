"""An .npz of arrays and a text about them, which is believed only if it is what was written.

A zip file has a checksum for each of its members, but none for its list of members: a single wrong byte there, and a
part of the arrays is not found. So the text holds a digest of all names, shapes, types and numbers, and of itself.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from minunet.files import refuse_swollen, whole_file


def write_archive(path: Path, meta: dict[str, Any], arrays: dict[str, np.ndarray], compressed: bool = False) -> None:
    """Write the arrays, by name, and `meta`, which JSON can hold."""
    text = json.dumps({**meta, "digest": _digest(meta, arrays)})
    save = np.savez_compressed if compressed else np.savez
    with whole_file(path, "wb") as file:
        save(file, meta=np.array(text), **arrays)  # type: ignore[arg-type]


def read_archive(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The way back; archives of earlier versions have no digest.

    Raises an error of any kind if the file is not what was written, and before it is read if it would fill the memory.
    """
    refuse_swollen(path)
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    if not all(isinstance(array, np.ndarray) for array in arrays.values()):
        raise ValueError("it holds what is no array")  # of which NumPy returns the bytes
    meta = json.loads(str(arrays.pop("meta")))
    digest = meta.pop("digest", None)
    if digest is not None and digest != _digest(meta, arrays):
        raise ValueError("it is not what was written")
    return meta, arrays


def _digest(meta: dict[str, Any], arrays: dict[str, np.ndarray]) -> str:
    """A short text that is different if anything else, or anything under another name, is in the file."""
    state = hashlib.blake2b(json.dumps(meta).encode(), digest_size=16)
    for name, array in sorted(arrays.items()):
        state.update(repr((name, array.dtype.str, array.shape)).encode())
        state.update(np.ascontiguousarray(array).data)
    return state.hexdigest()
