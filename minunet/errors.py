"""What a user can mend is shown as one sentence, without a traceback, and the command ends with exit status 2."""

import argparse
import gc
import io
import os
import signal
import sys
import threading
import traceback
import unicodedata
from collections.abc import Callable
from contextlib import ExitStack, redirect_stderr, redirect_stdout, suppress
from types import FrameType
from typing import NoReturn


class InputError(ValueError, argparse.ArgumentTypeError):  # whose sentences argparse shows as they are
    """Something that was given to minunet (a file, a folder, an option) cannot be used as it is."""


class Terminated(KeyboardInterrupt):
    """A signal that ends a process as Ctrl-C does: SIGTERM of machines that shut down, SIGHUP of a closed terminal."""

    SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


# Of what could move a cursor, set a title, begin a line, or turn the direction of a line round.
CONTROLS = {"Cc", "Cs", "Zl", "Zp"}  # Unicode's categories
TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


LESS = (
    "Less is needed for a smaller --batch-size, --size, --base or --tile, and for fewer --threads, where there are "
    "such options."
)


def printable(text: object) -> str:
    """For terminals: what is more than letters, signs and spaces, in the name of a file say, is written out."""
    hidden = (sign in TURNS or unicodedata.category(sign) in CONTROLS for sign in str(text))
    return "".join(ascii(sign)[1:-1] if hide else sign for sign, hide in zip(str(text), hidden, strict=True))


def named(error: BaseException) -> str:
    """The type of an error and what it says, if it says anything."""
    return f"{type(error).__name__}: {text}" if (text := said(error)) else type(error).__name__


def said(error: BaseException) -> str:
    """What an error says; nothing, if that is an error itself, as in somebody's own class."""
    try:
        return str(error)
    except Exception:
        return ""


def exit_status(command: Callable[[], int]) -> int:
    """The exit status of `command()`: its own; 2, with a sentence, after an InputError, an OSError or if memory is too
    small; 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP, as shells have it, and 141 if the program that reads
    the output has ended, as `head` does.
    """
    with ExitStack() as stack:
        main = threading.current_thread() is threading.main_thread()  # signals reach no other
        for number in Terminated.SIGNALS if main else ():
            if signal.getsignal(number) == signal.SIG_DFL:
                stack.callback(signal.signal, number, signal.signal(number, _terminate))
        for stream, redirect in ((sys.stdout, redirect_stdout), (sys.stderr, redirect_stderr)):
            if stream is None:  # it was closed before Python began
                stack.enter_context(redirect(stack.enter_context(open(os.devnull, "w"))))
            elif isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")  # of letters that its encoding does not know
        return _status(command)


def _status(command: Callable[[], int]) -> int:
    try:
        status = command()
        sys.stdout.flush()  # if nobody reads it any more, this is the place to learn it
        return status
    except BrokenPipeError:
        _forget_output()
        return 141
    except MemoryError as error:  # CuPy's OutOfMemoryError is one, too
        sentence = f"too little memory: {str(error) or 'NumPy got none'}. {LESS}"
    except InputError as error:
        sentence = str(error)
    except RuntimeError as error:
        if "start new thread" not in str(error):
            raise
        sentence = f"{error}: the system gives this process no more of them. Fewer --threads need fewer."
    except OSError as error:  # a full disk, a folder that is gone, a name that is too long
        sentence = f"{error.filename or 'what is printed, perhaps'}: {error.strerror or error}"
        if error.filename is None:
            _forget_output()
    except BaseException as error:
        if (interrupt := _interrupt(error)) is None:
            raise
        with suppress(OSError):  # of a closed terminal
            print("\nminunet: stopped", file=sys.stderr)
        _let_go(error)
        return 128 + (interrupt.args[0] if isinstance(interrupt, Terminated) else signal.SIGINT)
    with suppress(OSError):  # if that cannot be written either, the status says it
        print(f"minunet: {printable(sentence)}", file=sys.stderr, flush=True)
    return 2


def _forget_output() -> None:
    """What could not be printed is lost; Python would try once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _let_go(error: BaseException | None) -> None:
    """Give back what an interrupted command held: half of a zip file complains of that, and nobody wants to read it."""
    with redirect_stderr(io.StringIO()):
        while error is not None:
            traceback.clear_frames(error.__traceback__)
            error = error.__context__
        gc.collect()


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated(number)


def _interrupt(error: BaseException | None) -> KeyboardInterrupt | None:
    """What an error came from, if that was Ctrl-C or SIGTERM; half of a zip file, say, cannot be closed after them."""
    return error if error is None or isinstance(error, KeyboardInterrupt) else _interrupt(error.__context__)
