"""Ctrl-C during work on many things: remembered until it is heeded."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def interruptible() -> Iterator[Callable[[], None]]:
    """A function to call between one thing and the next: it raises KeyboardInterrupt, if there was one before.

    Python raises it wherever it happens to be, and where that is a finaliser or a callback, drops it again; the program
    would go on as if nobody had pressed a key. Outside the main thread, which gets no signals, it does nothing.
    """
    pressed: list[int] = []

    def note(number: int, _: object) -> None:
        pressed.append(number)
        raise KeyboardInterrupt

    def heed() -> None:
        if pressed:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield heed
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield heed
    finally:
        signal.signal(signal.SIGINT, before)
