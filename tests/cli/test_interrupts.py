"""Ctrl-C is heeded at once, or at the next thing where Python dropped it."""

import os
import signal
import threading

import pytest

from theodolite.cli.interrupts import interruptible


class Finalised:
    """Meets an interrupt in its finaliser, where Python drops it."""

    def __del__(self):
        interrupt()


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000):
        pass  # somewhere here the handler is run


def test_an_interrupt_is_raised_at_once():
    with interruptible(), pytest.raises(KeyboardInterrupt):
        interrupt()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_python_dropped_is_heeded_at_the_next_thing():
    with interruptible() as heed:
        heed()
        thing = Finalised()
        del thing
        with pytest.raises(KeyboardInterrupt):
            heed()


def test_afterwards_interrupts_are_what_they_were():
    before = signal.getsignal(signal.SIGINT)
    with interruptible():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_a_thread_beside_the_main_one_is_left_alone():
    heeded = []

    def work():
        with interruptible() as heed:
            heed()
            heeded.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert heeded
