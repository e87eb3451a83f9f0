"""Find the planted bug: ten networks that train badly, see `lessons/find-the-bug.md`."""

from lessons.bugs.patient import SUSPECTS, Patient

__all__ = ["SUSPECTS", "Patient"]
