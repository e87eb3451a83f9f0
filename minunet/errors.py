"""The error for what a user can mend: it is shown as one sentence, without a traceback, exit status 2."""

from __future__ import annotations


class InputError(ValueError):
    """Something that was given to minunet (a file, a folder, an option) cannot be used as it is."""
