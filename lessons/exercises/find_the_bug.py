"""Your answers to "find the planted bug": the guilty part of each patient, one of `lessons.bugs.SUSPECTS`.

How to look for it is in lessons/find-the-bug.md; `python -m lessons.check bug4` judges an answer.
"""

ANSWERS = {1: "", 2: "", 3: "", 4: "", 5: "", 6: "", 7: "", 8: "", 9: "", 10: ""}
