"""The course: its pages, their figures, the exercises, and the commands that judge and show them."""

import sys

if sys.argv[:1] == ["-m"]:  # a command of the course is being looked up
    import minunet  # noqa: F401, which says it in a sentence if the packages are missing
