"""All exercises, in the order of the lessons. A lesson's exercises are defined in lessonNN.py beside this file."""

from __future__ import annotations

import importlib
from pathlib import Path

from lessons.check.exercise import Exercise

EXERCISES: list[Exercise] = [
    exercise
    for path in sorted(Path(__file__).parent.glob("lesson[0-9][0-9].py"))
    for exercise in importlib.import_module(f"lessons.check.{path.stem}").EXERCISES
]
