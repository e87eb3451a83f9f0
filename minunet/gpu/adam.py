"""Adam on a GPU: one kernel for up to 64 arrays, in one pass over parameters, gradients and moments; see adam.cu."""

from collections.abc import Sequence

import numpy as np

from minunet.backend import Array, array_module
from minunet.gpu.kernels import launch, serves

ARRAYS, PIECE = 64, 1024  # as in adam.cu
# `Arrays` of adam.cu, whose pointers are those of parameter, m, v and gradient
FIELDS = ("pointers", "u8", (4, ARRAYS)), ("size", "i4", ARRAYS), ("first_block", "i4", ARRAYS), ("count", "i4")
TABLE = np.dtype([*FIELDS], align=True)  # 2,568 bytes: a kernel takes up to 4,096 by value


def takes(arrays: Sequence[tuple[Array, ...]]) -> bool:
    """Whether `step` is for these: on a GPU, float32, and what changes C-contiguous."""
    return all(
        array_module(group[0]) is not np and serves(*group) and all(each.flags.c_contiguous for each in group[:3])
        for group in arrays
    )


def step(
    arrays: Sequence[tuple[Array, Array, Array, Array]], lr: float, beta1: float, beta2: float, eps: float
) -> None:
    """One step for each (parameter, m, v, gradient), as `takes` has it; the first three change."""
    arrays = [(*group[:3], array_module(group[3]).ascontiguousarray(group[3])) for group in arrays]
    for start in range(0, len(arrays), ARRAYS):
        table, blocks = np.zeros(1, TABLE), 0  # an array of one struct: CuPy hands its bytes on
        for place, group in enumerate(arrays[start : start + ARRAYS]):
            table["pointers"][0, :, place] = [array.data.ptr for array in group]
            table["size"][0, place], table["first_block"][0, place] = group[0].size, blocks
            blocks += -(-group[0].size // PIECE)
            table["count"] = place + 1
        launch("adam", "adam", blocks, 1, table, *map(float, (lr, beta1, 1 - beta1, beta2, 1 - beta2, eps)))
