"""Who may ask for what: key kinds, the free plan's gates, and the calls that a key may make in a market minute."""

import hashlib
import threading
from dataclasses import dataclass
from typing import Literal

from marketpulse.events.timestamps import NS_PER_MINUTE, NS_PER_SECOND

Plan = Literal["free", "premium"]

CALLS_A_MINUTE: dict[Plan, int] = {"free": 200, "premium": 10_000}
RECENT_NS = 15 * NS_PER_MINUTE


def plan_of(key: str) -> Plan | None:
    """The plan of a key by its prefix; None for a key that is not accepted."""
    if key.startswith("premium-"):
        return "premium"
    return "free" if key.startswith("free-") else None


def fingerprint(key: str) -> str:
    """A key's name in logs: eight hex digits of its hash."""
    return hashlib.sha256(key.encode()).hexdigest()[:8] if key else ""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a key's market minute after this call; `remaining` below zero refuses it."""

    limit: int
    remaining: int
    reset_s: int

    def headers(self) -> dict[str, str]:
        return {
            "X-Ratelimit-Limit": str(self.limit),
            "X-Ratelimit-Remaining": str(max(self.remaining, 0)),
            "X-Ratelimit-Reset": str(self.reset_s),
        }


class RateLimit:
    """Counts calls per key and market minute. Safe to share among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used: dict[str, tuple[int, int]] = {}

    def take(self, key: str, plan: Plan, now_ns: int) -> Allowance:
        minute = now_ns // NS_PER_MINUTE
        with self._lock:
            held_minute, used = self._used.get(key, (minute, 0))
            used = used + 1 if held_minute == minute else 1
            self._used[key] = (minute, used)
        limit = CALLS_A_MINUTE[plan]
        return Allowance(limit, limit - used, (minute + 1) * NS_PER_MINUTE // NS_PER_SECOND)
