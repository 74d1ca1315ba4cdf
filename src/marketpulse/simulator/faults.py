"""Faults that somebody armed: what goes wrong with the next answers, on which endpoint, for how many or how long."""

import threading
from typing import Annotated, Literal

import msgspec

from marketpulse.errors import OperatorError
from marketpulse.events.timestamps import NS_PER_SECOND, rfc3339_ns

Name = Literal["outage", "http_status", "latency", "truncate_body"]


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`count` answers, or all between `start_at` and `end_at` (market time), or for `for_s` market seconds from now.

    Without any of them until cleared. `endpoint` is the last part of a path (trades, bars, snapshots); empty: all.
    """

    name: Name
    endpoint: str = ""
    count: Annotated[int, msgspec.Meta(ge=1)] | None = None
    start_at: str | None = None
    end_at: str | None = None
    for_s: Annotated[float, msgspec.Meta(gt=0)] | None = None
    # For http_status.
    status: Annotated[int, msgspec.Meta(ge=400, le=599)] = 500
    body: str = '{"message":"internal server error"}'
    retry_after: str | None = None
    # For latency: host seconds before the answer.
    delay_s: Annotated[float, msgspec.Meta(ge=0, le=600)] = 1.0
    # For truncate_body: the share of the body that is sent; `full_length` announces the whole body all the same.
    keep: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.5
    full_length: bool = False


class _Armed:
    """A fault with what is left of it."""

    def __init__(self, fault: Fault, now_ns: int) -> None:
        self.fault = fault
        self.left = fault.count
        try:
            self.start_ns = rfc3339_ns(fault.start_at) if fault.start_at else 0
            self.end_ns = rfc3339_ns(fault.end_at) if fault.end_at else None
        except ValueError as error:
            raise OperatorError(f"start_at or end_at of the fault: {error}") from None
        if fault.for_s is not None:
            self.end_ns = max(self.start_ns, now_ns) + int(fault.for_s * NS_PER_SECOND)

    def matches(self, endpoint: str, now_ns: int) -> bool:
        if self.fault.endpoint and self.fault.endpoint != endpoint:
            return False
        return self.start_ns <= now_ns and (self.end_ns is None or now_ns < self.end_ns)

    def over(self, now_ns: int) -> bool:
        return self.left == 0 or (self.end_ns is not None and now_ns >= self.end_ns)


class Faults:
    """The armed faults. Safe to share among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []

    def arm(self, fault: Fault, now_ns: int) -> None:
        """Raises OperatorError for a time that cannot be read."""
        armed = _Armed(fault, now_ns)
        with self._lock:
            self._armed.append(armed)

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()

    def armed(self, now_ns: int) -> tuple[Fault, ...]:
        """What may still strike; `count` is what is left of it."""
        with self._lock:
            self._armed = [one for one in self._armed if not one.over(now_ns)]
            return tuple(msgspec.structs.replace(one.fault, count=one.left) for one in self._armed)

    def strike(self, endpoint: str, now_ns: int) -> tuple[Fault, ...]:
        """The faults that hit a request, counted as used."""
        with self._lock:
            hits = [one for one in self._armed if not one.over(now_ns) and one.matches(endpoint, now_ns)]
            for one in hits:
                one.left = None if one.left is None else one.left - 1
            return tuple(one.fault for one in hits)
