"""One process at a time does a job with a stack; who does it stands in the lock's file, and can be ended."""

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from marketpulse.errors import OperatorError
from marketpulse.local.layout import unusable

PAUSE_S = 0.1


class Lock:
    """A lock that ends with its process, however that ends."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextlib.contextmanager
    def held(self, refusal: str) -> Iterator[None]:
        """Hold it for as long as the block lasts. Raises OperatorError with `refusal` while somebody else does."""
        with self._opened() as descriptor:
            if not _taken(descriptor):
                raise OperatorError(refusal)
            _sign(descriptor)
            yield

    @contextlib.contextmanager
    def taken_over(self, *, timeout_s: float) -> Iterator[None]:
        """Hold it; end its holder first and wait for that. Raises OperatorError when the holder does not end."""
        with self._opened() as descriptor:
            deadline = time.monotonic() + timeout_s
            ended = 0
            while not _taken(descriptor):
                holder = _signature(descriptor)
                if holder and holder != ended:
                    ended = holder
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(holder, signal.SIGTERM)
                if time.monotonic() > deadline:
                    raise OperatorError(
                        f"process {holder} holds {self._path} and does not end: kill it, then try again"
                    )
                time.sleep(PAUSE_S)
            _sign(descriptor)
            yield

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            try:
                # On a disk that became read-only the file can still be locked.
                descriptor = os.open(self._path, os.O_RDONLY)
            except OSError:
                raise unusable(self._path, error) from None
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(descriptor: int) -> None:
    # The lock counts; without room or permission for the signature nobody can be asked to end, and that is all.
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)


def _signature(descriptor: int) -> int:
    text = os.pread(descriptor, 20, 0)
    return int(text) if text.isdigit() else 0
