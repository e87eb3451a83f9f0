"""The right numbers in float64 where float32 came in: the same mistake in every layer."""

from collections.abc import Callable
from typing import Any

from lessons.check.exercise import Mistake

FLOAT64 = (
    "the numbers are right, but an array made on the way is float64, or a NumPy scalar is (np.float64): "
    "np.zeros(shape, dtype=x.dtype) is as x is, and Python's own numbers adapt."
)


def float64_mistakes(right: Callable[..., Any], *outputs: str) -> tuple[Mistake, ...]:
    """One for each output of `right`, an array or a dictionary of arrays: the judge asks where something is wrong."""

    def wrong(number: int) -> Callable[..., Any]:
        return lambda **case: _as_float64(right(**case)[number] if len(outputs) > 1 else right(**case))

    return tuple(Mistake(output, FLOAT64, wrong(number)) for number, output in enumerate(outputs))


def _as_float64(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_float64(each) for name, each in value.items()}
    return value.astype("float64")
