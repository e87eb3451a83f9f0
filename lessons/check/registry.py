"""All exercises, in the order of the lessons.

Those of a lesson are defined in lessonNN.py beside this file, or, where that would be long, in lessonNN_....py.
"""

import importlib
from pathlib import Path

from lessons.check.exercise import Exercise

EXERCISES: list[Exercise] = sorted(
    (
        exercise
        for path in sorted(Path(__file__).parent.glob("lesson[0-9][0-9]*.py"))
        for exercise in getattr(importlib.import_module(f"lessons.check.{path.stem}"), "EXERCISES", ())
    ),
    key=lambda exercise: tuple(map(int, exercise.number.split("."))),
)
