"""Ctrl-C, SIGTERM and a closed terminal end a command the same way, and never cut its clean-up short."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Handler = Callable[[int, FrameType | None], None]


@contextmanager
def ends_once() -> Iterator[None]:
    """Inside, the first of the signals raises KeyboardInterrupt, and those after it are ignored."""

    def end(number: int, frame: FrameType | None) -> None:
        _handle_with(_ignore)
        raise KeyboardInterrupt

    with _handled(end):
        yield


@contextmanager
def ignored() -> Iterator[None]:
    """Inside, the signals do nothing: for a clean-up that has to come to its end."""
    with _handled(_ignore):
        yield


@contextmanager
def _handled(handler: Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    _handle_with(handler)
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _handle_with(handler: Handler) -> None:
    for number in SIGNALS:
        # What was started with a signal ignored (nohup, a shell's background) goes on ignoring it.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _ignore(number: int, frame: FrameType | None) -> None:
    """A handler instead of SIG_IGN, which child processes would inherit."""
