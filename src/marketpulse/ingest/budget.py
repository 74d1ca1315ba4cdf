"""A provider's rate limits: a request takes its place in every window before it is sent, and never gives it back."""

import time
from collections import deque
from collections.abc import Callable, Sequence

from marketpulse.providers.provider import Window

# Our count and the provider's differ by clocks and by requests still under way.
_SHARE = 0.9


class Budget:
    """Sliding windows of one provider and key, in this process."""

    def __init__(self, windows: Sequence[Window], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._windows = tuple(windows)
        self._monotonic = monotonic
        self._taken: deque[float] = deque(maxlen=max((window.calls for window in windows), default=1))

    def learn(self, stated: Window) -> None:
        """Adopts the limit that an answer states for its span; the windows of other spans stay."""
        window = Window(max(1, int(stated.calls * _SHARE)), stated.seconds)
        if window in self._windows:
            return
        others = tuple(known for known in self._windows if known.seconds != window.seconds)
        self._windows = (*others, window)
        self._taken = deque(self._taken, maxlen=max(known.calls for known in self._windows))

    def wait_s(self) -> float:
        """Seconds until every window grants a request; 0 when they do now."""
        now_s = self._monotonic()
        waits = [
            self._taken[-window.calls] + window.seconds - now_s
            for window in self._windows
            if len(self._taken) >= window.calls
        ]
        return max(0.0, *waits, 0.0)

    def take(self) -> None:
        """Counts one request."""
        self._taken.append(self._monotonic())
