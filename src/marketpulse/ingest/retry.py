"""How often and how soon a failed request is tried again: a policy of values, and a breaker that keeps the state."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Attempts inside one cycle, with full jitter: a pause is uniform between 0 and `base_s` * 2^n, at most `cap_s`.

    A wait that the provider asks for is always granted, up to `patience_s` inside a cycle; a longer one ends the cycle.
    """

    attempts: int = 3
    base_s: float = 0.5
    cap_s: float = 8.0
    patience_s: float = 15.0

    def ceiling_s(self, attempt: int) -> float:
        """The longest pause after the attempt with this number, from 0."""
        return min(self.cap_s, self.base_s * 2.0**attempt)


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """Opens after `failures` failed cycles in a row for `open_s`, doubled by each failed probe up to `longest_s`.

    A probe a minute costs nothing of any provider's budget, while every minute missed costs freshness.
    """

    failures: int = 2
    open_s: float = 2.0
    longest_s: float = 60.0


class Breaker:
    """Of one endpoint: says from when on it may be asked again. Times are the host's monotonic seconds."""

    def __init__(self, policy: BreakerPolicy) -> None:
        self._policy = policy
        self._failures = 0
        self._open_until_s = 0.0

    def wait_s(self, now_s: float) -> float:
        """Seconds until the next request is allowed; 0 when it is allowed now."""
        return max(0.0, self._open_until_s - now_s)

    def succeeded(self) -> None:
        self._failures = 0
        self._open_until_s = 0.0

    def failed(self, now_s: float, retry_after_s: float | None = None) -> None:
        """Counts a failed cycle; a wait that the provider named is always granted."""
        self._failures += 1
        beyond = self._failures - self._policy.failures
        open_s = 0.0
        if beyond >= 0:
            open_s = min(self._policy.longest_s, self._policy.open_s * 2.0 ** min(beyond, 16))
        self._open_until_s = now_s + max(open_s, retry_after_s or 0.0)
