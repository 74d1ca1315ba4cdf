"""A provider's rate limits: a request takes its place in every window before it is sent, and never gives it back."""

import time
from collections import deque
from collections.abc import Callable, Sequence

from marketpulse.providers.provider import Window


class Budget:
    """Sliding windows of one provider and key, in this process."""

    def __init__(self, windows: Sequence[Window], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._windows = [(window, deque[float](maxlen=window.calls)) for window in windows]
        self._monotonic = monotonic

    def wait_s(self) -> float:
        """Seconds until every window grants a request; 0 when they do now."""
        now_s = self._monotonic()
        waits = [taken[0] + window.seconds - now_s for window, taken in self._windows if len(taken) == window.calls]
        return max(0.0, *waits, 0.0)

    def take(self) -> None:
        """Counts one request."""
        now_s = self._monotonic()
        for _, taken in self._windows:
            taken.append(now_s)
