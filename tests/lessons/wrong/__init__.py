"""Typical wrong solutions of the exercises: what learners hand in, written as they write it.

Each must be refused, and of every five at least three must be told what is wrong by name. They are kept apart from the
mistakes that `lessons.check` knows: a wrong solution is a whole function, and is not written from the checker's list.
"""

from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]
WRONG: dict[str, list[Function]] = {}  # "3.2" -> functions


def wrong(number: str) -> Callable[[Function], Function]:
    """Decorator: this is a wrong solution of the exercise `number`."""

    def register(function: Function) -> Function:
        WRONG.setdefault(number, []).append(function)
        return function

    return register
