"""What a user can mend is shown as one sentence, without a traceback, and the command ends with exit status 2."""

import argparse
import os
import sys
from collections.abc import Callable


class InputError(ValueError, argparse.ArgumentTypeError):  # whose sentences argparse shows as they are
    """Something that was given to minunet (a file, a folder, an option) cannot be used as it is."""


def exit_status(command: Callable[[], int]) -> int:
    """The exit status of `command()`: its own; 2, with a sentence, after an InputError, an OSError or if memory is too
    small; 130 after Ctrl-C, as shells have it, and 141 if the program that reads the output has ended, as `head` does.
    """
    try:
        status = command()
        sys.stdout.flush()  # if nobody reads it any more, this is the place to learn it
        return status
    except KeyboardInterrupt:
        print("\nminunet: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python would try once more when it ends
        return 141
    except MemoryError as error:  # CuPy's OutOfMemoryError is one, too
        said = f"too little memory: {str(error) or 'NumPy got none'}. Smaller batches need less."
    except (InputError, OSError) as error:  # OSError: a full disk, a folder that is gone, a name that is too long
        said = str(error)
    print(f"minunet: {said}", file=sys.stderr)
    return 2
