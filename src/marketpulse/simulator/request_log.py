"""The last requests to the public face, for tests and for people who wonder what a client does."""

import threading
from collections import deque

import msgspec

_KEPT = 2000


class LoggedRequest(msgspec.Struct, frozen=True):
    """One answered request. The key appears as a fingerprint only; `elapsed_ms` is host time."""

    number: int
    market_at: str
    method: str
    path: str
    query: str
    key: str
    status: int
    bytes: int
    faults: tuple[str, ...]
    elapsed_ms: float


class RequestLog:
    """A ring of requests and their total number. Safe to share among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[LoggedRequest] = deque(maxlen=_KEPT)
        self._total = 0

    def add(self, entry: LoggedRequest) -> None:
        """The entry's number is set here."""
        with self._lock:
            self._total += 1
            self._entries.append(msgspec.structs.replace(entry, number=self._total))

    def last(self, count: int) -> tuple[int, tuple[LoggedRequest, ...]]:
        """Total number of requests, and the newest ones in order."""
        with self._lock:
            return self._total, tuple(self._entries)[-count:] if count else ()
