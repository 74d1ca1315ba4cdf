"""Ctrl-C ends a command once; what it then cleans up is not cut short by another."""

import os
import signal
import time

import pytest

from marketpulse.local.interruption import SIGNALS, ends_once, ignored


def send(number: int) -> None:
    os.kill(os.getpid(), number)
    # Python runs a handler between two instructions.
    time.sleep(0.01)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_ends_and_those_after_it_do_not(number: int) -> None:
    before = signal.getsignal(number)
    cleaned_up = False
    with ends_once():
        with pytest.raises(KeyboardInterrupt):
            send(number)
        send(number)
        send(signal.SIGINT)
        cleaned_up = True
    assert cleaned_up
    assert signal.getsignal(number) == before


def test_an_inner_command_ends_the_outer_one_once() -> None:
    with ends_once():
        with pytest.raises(KeyboardInterrupt), ends_once():
            send(signal.SIGTERM)
        with ignored():
            send(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGTERM)


def test_what_was_started_with_a_signal_ignored_goes_on_ignoring_it() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ends_once():
            send(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
