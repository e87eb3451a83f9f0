"""What the tests of this folder share: memory that is used again holds NaN, so that nobody reads what was there."""

import numpy as np
import pytest

from minunet.fast import im2col, norm, scratch, winograd, winograd_rows, winograd_weights


@pytest.fixture(autouse=True)
def scratch_memory_without_a_past(monkeypatch):
    def spoilt(name: str, shape: tuple[int, ...], dtype: str | np.dtype = "float32") -> np.ndarray:
        found = scratch.scratch(name, shape, dtype)
        found.view("uint8").fill(255)  # all bits set are NaN in every floating-point type
        return found

    for module in (im2col, norm, winograd, winograd_rows, winograd_weights):
        monkeypatch.setattr(module, "scratch", spoilt)
