"""The provider's daily outage, played slowly: at the demo's speed it would be over within one request, and no stored
fact would tell of it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from marketpulse.events.session import Session
from marketpulse.simulator.market import EXCHANGE_FEEDS
from marketpulse.simulator.simulation import outage_hours

# Market seconds a second: seven minutes last five seconds, longer than the producer tries one request and rests.
SLOW_SPEED = 80.0
# Slow from here on, so that the last poll before the outage ends close to it.
LEAD = timedelta(minutes=4)
# However long the producer takes to come back, the day goes on after this much market time.
_PATIENCE = timedelta(minutes=20)
# The approach is left to the caller's polling until so little is left of it (seconds).
_LAST_STRETCH_S = 2.0


class Player(Protocol):
    """What is used of the market's control."""

    def market_at(self) -> datetime: ...

    def play(self, market_at: datetime, *, speed: float) -> None: ...


@dataclass(frozen=True, slots=True)
class OutagePassage:
    """Takes the market slowly through one outage. Both steps are asked again until they answer None."""

    player: Player
    start: datetime
    end: datetime
    speed: float
    sleep: Callable[[float], None] = time.sleep

    def arrive(self) -> str | None:
        """Waits for the outage at the demo's speed and goes on slowly from shortly before it; None when it has."""
        market_at, slow_from = self.player.market_at(), self.start - LEAD
        left_s = (slow_from - market_at).total_seconds() / self.speed
        if left_s > _LAST_STRETCH_S:
            return f"{market_at:%H:%M} UTC"
        self.sleep(max(0.0, left_s))
        self.player.play(max(slow_from, market_at), speed=min(SLOW_SPEED, self.speed))
        return None

    def leave(self, has_read_since: Callable[[datetime], bool]) -> str | None:
        """Waits until a poll has read what the outage kept back, then goes on at the demo's speed; None when it has."""
        market_at = self.player.market_at()
        is_over = market_at >= self.end and (has_read_since(self.end) or market_at >= self.end + _PATIENCE)
        if not is_over:
            return f"{market_at:%H:%M} UTC, the provider is out"
        self.player.play(market_at, speed=self.speed)
        return None


def passage(player: Player, session: Session, feed: str, *, speed: float) -> OutagePassage | None:
    """The passage of a session's outage; None when its feed has none."""
    if feed not in EXCHANGE_FEEDS:
        return None
    start, end = outage_hours(session.trading_date)
    return OutagePassage(player, start, end, speed)
