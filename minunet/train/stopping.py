"""To stop when asked: Ctrl-C, SIGTERM and SIGHUP end a training between two steps, so that it can be saved."""

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from minunet.errors import Terminated


class StopSignals:
    """While this is entered, the first signal only asks to stop, between two steps; a second stops at once.

    By SIGTERM machines that shut down and queues that are out of time end a process, by SIGHUP a closed terminal does.
    What the process was told to ignore, as `nohup` and `&` in a script do, it still ignores.
    """

    SIGNALS = (signal.SIGINT, *Terminated.SIGNALS)
    number = int(signal.SIGINT)  # of the signal that came

    def __enter__(self) -> Callable[[], bool]:
        self.asked = False
        main = threading.current_thread() is threading.main_thread()  # signals reach no other
        previous = {each: signal.getsignal(each) for each in self.SIGNALS if main}
        self.previous = {each: handler for each, handler in previous.items() if handler is not signal.SIG_IGN}
        for each in self.previous:
            signal.signal(each, self._ask)
        return lambda: self.asked

    def __exit__(self, *exception: object) -> None:
        for each, previous in self.previous.items():
            signal.signal(each, previous)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked, self.number = True, number
        self.__exit__()  # the second one ends the process as ever
        with suppress(OSError):  # nobody may read it any more; print() may be in use just now
            os.write(2, b"\nstopping after this step; a second time stops at once\n")
