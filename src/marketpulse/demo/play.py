"""What a demo plays: the session, under which feed, for which symbols. Decided before anything is started."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from marketpulse.errors import OperatorError
from marketpulse.events.listing import listings
from marketpulse.events.session import Session, calendar
from marketpulse.simulator.tape import TapeSource, load_tape

CALENDAR = "XNYS"


@dataclass(frozen=True, slots=True)
class Demo:
    """What a person asked for: the generated day, or a file of trades of one symbol."""

    tape: Path | None = None
    symbol: str = ""
    timezone: str = "America/New_York"
    day: date | None = None
    speed: float = 2500.0

    def __post_init__(self) -> None:
        if self.tape is not None and not self.symbol:
            raise OperatorError("a tape needs its symbol: make demo TAPE=FILE SYMBOL=BAC TIMEZONE=America/New_York")


@dataclass(frozen=True, slots=True)
class Play:
    """What will be played. `tape` is None for the generated day."""

    session: Session
    feed: str
    symbols: tuple[str, ...]
    speed: float
    tape: TapeSource | None = None


def choose(demo: Demo) -> Play:
    """The play that was asked for. Reads the whole tape. Raises OperatorError that says what cannot be played."""
    if demo.tape is None:
        symbols = tuple(listing.symbol for listing in listings())
        return Play(_generated_session(demo.day), "sip", symbols, demo.speed)
    source = TapeSource(str(demo.tape.absolute()), demo.symbol, demo.timezone)
    trading_date = load_tape(source, calendar(CALENDAR)).trading_date
    session = calendar(CALENDAR).session(trading_date)
    if session is None:
        raise OperatorError(f"{trading_date} of the tape is not a trading day of {CALENDAR}: check TIMEZONE")
    return Play(session, "tape", (demo.symbol,), demo.speed, source)


def _generated_session(day: date | None) -> Session:
    sessions = calendar(CALENDAR)
    if day is None:
        return sessions.last_completed(datetime.now(UTC))
    session = sessions.session(day)
    if session is None:
        raise OperatorError(f"{day} is not a trading day of {CALENDAR}: choose another --date")
    if session.post_close_at > datetime.now(UTC):
        raise OperatorError(f"the session of {day} is not over: choose an earlier --date")
    return session
