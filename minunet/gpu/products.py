"""Matrix products by cuBLAS without copies: parts of arrays, rows further apart than they are long, sums into an array.

cuBLAS counts the elements of a matrix down its columns; our arrays have them along the rows. Read down the columns, an
array is the transpose, and out.T = b.T @ a.T: so b goes in first and a second. cublasSgemmStridedBatched makes several
products of the same size, each of whose matrices begins a fixed number of elements after the one before.

float32 is exact by default. With `use_tf32` the GPU's tensor cores round each factor to 10 bits of mantissa first, and
add up in float32.
"""

from typing import NamedTuple

import numpy as np

from minunet.backend import Array, array_module

FACTORS = np.array([0, 1], "float32")  # cuBLAS takes its factors by address
ZERO, ONE = FACTORS.ctypes.data, FACTORS.ctypes.data + 4
DEFAULT_MATH, TF32_MATH = 0, 3  # cublasMath_t
TARGET = 1 << 21  # numbers of an output that should keep a whole GPU busy: 512 tiles of 64 x 64; not measured
SHORTEST = 256  # rows: shorter stretches are hardly worth a product of their own; not measured

_math = DEFAULT_MATH


def use_tf32(wanted: bool) -> None:
    """Whether the products from now on round their factors to TF32. Affects nothing on a CPU."""
    global _math
    _math = TF32_MATH if wanted else DEFAULT_MATH


class Matrix(NamedTuple):
    """(rows, columns) numbers of `array`, float32, from element number `start` on.

    From one row to the next it is `step` elements, from this matrix to the next of a batch `stride`. With `transposed`,
    the factor is its transpose.
    """

    array: Array
    rows: int
    columns: int
    step: int
    start: int = 0
    stride: int = 0
    transposed: bool = False

    @property
    def place(self) -> tuple[int, int, int]:
        """What cuBLAS asks about it: its address, its step and its stride."""
        return self.array.data.ptr + 4 * self.start, self.step, self.stride

    @property
    def shape(self) -> tuple[int, int]:
        return (self.columns, self.rows) if self.transposed else (self.rows, self.columns)


def rows_of(array: Array) -> Matrix:
    """A C-contiguous array as the matrix of its last axis: (..., columns)."""
    return Matrix(array, array.size // array.shape[-1], array.shape[-1], array.shape[-1])


def multiply(a: Matrix, b: Matrix, out: Matrix, *, batch: int = 1, accumulate: bool = False) -> None:
    """out = a @ b, or with `accumulate` out += a @ b, for each of `batch` matrices."""
    from cupy.cuda import cublas, device

    (rows, inner), (_, columns) = a.shape, b.shape
    if b.shape[0] != inner or out.shape != (rows, columns) or out.transposed:
        raise ValueError(f"{a.shape} @ {b.shape} is no {out.shape}")
    handle, beta = device.get_cublas_handle(), ONE if accumulate else ZERO
    if _math != DEFAULT_MATH:
        cublas.setMathMode(handle, _math)  # the handle is CuPy's, whose own products shall stay exact
    operations = int(b.transposed), int(a.transposed)  # cublasOperation_t: 0 as it is, 1 transposed
    cublas.sgemmStridedBatched(
        handle, *operations, columns, rows, inner, ONE, *b.place, *a.place, beta, *out.place, batch
    )
    if _math != DEFAULT_MATH:
        cublas.setMathMode(handle, DEFAULT_MATH)


def stretches(rows: int, columns: int, other_columns: int) -> int:
    """Into how many stretches the `rows` of a product a.T @ b with an output of columns x other_columns are cut."""
    return max(1, min(TARGET // (columns * other_columns), rows // SHORTEST))


def add_tall_product(a: Matrix, b: Matrix, parts: Array) -> None:
    """parts (P + 1, columns of a, columns of b) += a.T @ b, cut into P stretches of rows, and what is left over.

    a and b have very many rows and few columns: as one product, a few blocks of the GPU would work and the others wait.
    The sum over `parts`, which is left to the caller, is taken in the same order every time.
    """
    count, size = len(parts) - 1, a.columns * b.columns
    length = a.rows // count
    for first, rows, batch, slot in ((0, length, count, 0), (count * length, a.rows - count * length, 1, count)):
        if rows:
            multiply(
                a._replace(start=a.start + first * a.step, rows=rows, stride=rows * a.step, transposed=True),
                b._replace(start=b.start + first * b.step, rows=rows, stride=rows * b.step),
                Matrix(parts, a.columns, b.columns, b.columns, start=slot * size, stride=size),
                batch=batch,
                accumulate=True,
            )


def tall_product(a: Matrix, b: Matrix) -> Array:
    """a.T @ b, (columns of a, columns of b), for matrices of many rows."""
    xp = array_module(a.array)
    parts = xp.zeros((stretches(a.rows, a.columns, b.columns) + 1, a.columns, b.columns), a.array.dtype)
    add_tall_product(a, b, parts)
    return parts.sum(axis=0)
