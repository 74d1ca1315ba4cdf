"""What a producer run has to do, decided before it starts."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from marketpulse.errors import OperatorError
from marketpulse.events.event import SIMULATED_FEEDS
from marketpulse.events.listing import listings
from marketpulse.providers.registry import provider
from marketpulse.providers.sweep import sweep_wait
from marketpulse.settings import Settings


@dataclass(frozen=True, slots=True)
class ProducerPlan:
    """One run: which market, which symbols, from when to when, and how often.

    `trading_date` None is the current or next session; `until` (market time) ends the run before its sweep;
    `is_continuous` goes on with the next session for ever. `delay` is how long the feed holds back what happened: what
    lies behind it is all that can be asked for, and the overlap comes on top of it. `sweep_wait` is from the session's
    end to its sweep, the delay included.
    """

    provider: str
    feed: str
    symbols: tuple[str, ...]
    calendar: str
    synthetic: bool = False
    trading_date: date | None = None
    until: datetime | None = None
    is_continuous: bool = False
    poll_interval_s: float = 5.0
    snapshot_interval_s: float = 5.0
    overlap: timedelta = timedelta(minutes=15)
    sweep_wait: timedelta = timedelta(minutes=20)
    delay: timedelta = timedelta(0)


def plan_of(
    settings: Settings, *, trading_date: date | None = None, until: datetime | None = None, is_continuous: bool = False
) -> ProducerPlan:
    """The plan that the settings describe. Raises OperatorError for what can never work."""
    symbols = settings.symbols or tuple(
        listing.symbol for listing in listings() if settings.calendar in (listing.calendar, "24/7")
    )
    symbols = tuple(sorted({symbol.upper() for symbol in symbols}))
    if not symbols:
        raise OperatorError(
            f"no symbols: include/symbols.csv lists none for {settings.calendar}; set MARKETPULSE_SYMBOLS"
        )
    if is_continuous and (trading_date is not None or until is not None):
        raise OperatorError("--continuous goes on for ever: leave out --session and --until")
    return ProducerPlan(
        provider=settings.provider,
        feed=settings.feed,
        symbols=symbols,
        calendar=settings.calendar,
        synthetic=settings.synthetic or settings.feed in SIMULATED_FEEDS,
        trading_date=trading_date,
        until=until,
        is_continuous=is_continuous,
        poll_interval_s=settings.poll_interval_s,
        snapshot_interval_s=max(5.0, settings.poll_interval_s),
        overlap=timedelta(minutes=settings.overlap_min),
        sweep_wait=sweep_wait(settings),
        delay=timedelta(seconds=provider(settings.provider).delay_s(settings.feed)),
    )
