"""What a user can mend is shown as one sentence, without a traceback, and the command ends with exit status 2."""

from __future__ import annotations

import sys
from collections.abc import Callable


class InputError(ValueError):
    """Something that was given to minunet (a file, a folder, an option) cannot be used as it is."""


def exit_status(command: Callable[[], int]) -> int:
    """The exit status of `command()`: its own, 2 after an `InputError`, 130 after Ctrl-C, as shells have it."""
    try:
        return command()
    except InputError as error:
        print(f"minunet: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nminunet: stopped", file=sys.stderr)
        return 130
