"""What PyTorch said of the cases of seed 0, kept in a file: a proof for those who have no PyTorch.

`python -m tests.reference` writes the file, with PyTorch's version in it. It holds, for each case, the inputs, y, dy
and the gradient of each input. The cases are drawn anew from seed 0, and asked about the inputs of the file.
"""

import errno
import json
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from minunet.gradcheck.cases import default_cases
from minunet.gradcheck.check import Arrays, Case, relative_error

FILE = Path(__file__).parents[2] / "tests" / "reference" / "gradients.npz"
SEED = 0


class Kept(NamedTuple):
    """One case, and what PyTorch said of it."""

    case: Case
    y: np.ndarray
    dy: np.ndarray
    gradients: Arrays

    def errors(self) -> dict[str, float]:
        """For each input the error of the gradient."""
        _, cache = self.case.forward(self.case.inputs)
        found = zip(self.case.inputs, self.case.backward(self.dy, cache), strict=True)
        return {name: relative_error(gradient, self.gradients[name]) for name, gradient in found}


def load(path: Path | None = None) -> tuple[str, dict[str, Kept]]:
    """PyTorch's version, and the cases by their names.

    Raises OSError or ValueError if the file is not there or is none; and ValueError, if this NumPy draws other numbers.
    """
    path = path or FILE
    try:
        if not path.is_file():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        with path.open("rb") as file:
            arrays = dict(np.load(file, allow_pickle=False))
        meta = json.loads(str(arrays["meta"]))
        kept = {}
        for case in default_cases(np.random.default_rng(SEED)):
            if case.name not in meta["cases"]:
                continue  # somebody's own
            number = meta["cases"].index(case.name)
            of_case: dict[str, Arrays] = {kind: {} for kind in ("inputs", "gradients")}
            for kind, found in of_case.items():
                found.update({name: arrays[f"{number}.{kind}.{name}"] for name in case.inputs})
            if any(relative_error(x, of_case["inputs"][name]) > 1e-12 for name, x in case.inputs.items()):
                raise ValueError(f"this NumPy draws other numbers for {case.name} than the file holds")
            case.inputs = of_case["inputs"]
            kept[case.name] = Kept(case, arrays[f"{number}.y"], arrays[f"{number}.dy"], of_case["gradients"])
    except (OSError, ValueError):
        raise
    except Exception as error:  # whatever NumPy and zipfile say of damaged files
        raise ValueError(f"{path.name} is damaged: {error}") from error
    return str(meta["torch"]), kept
