"""Which sessions are open when: one after the other, without a gap, and again when the clock goes back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar, cast

import pytest

from marketpulse.errors import OperatorError
from marketpulse.events.session import Session, calendar
from marketpulse.ingest.journal import Journal
from marketpulse.ingest.patience import PostgresPatience
from marketpulse.ingest.plan import ProducerPlan
from marketpulse.ingest.sessions_under_way import SessionsUnderWay
from marketpulse.providers.provider import Endpoint

THURSDAY, FRIDAY, MONDAY = date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 23)
T = TypeVar("T")


@dataclass
class Books:
    """A journal in memory: what was opened, how far was read, what still lacks its sweep."""

    opened: list[date] = field(default_factory=list)
    read_until: dict[date, datetime] = field(default_factory=dict)
    unswept: set[date] = field(default_factory=set)

    def open_session(self, session: Session) -> None:
        self.opened.append(session.trading_date)

    def cursors(self, endpoint: Endpoint, trading_date: date, symbols: Sequence[str]) -> dict[str, datetime]:
        until = self.read_until.get(trading_date)
        return {} if until is None else dict.fromkeys(symbols, until)

    def lacks_sweep(self, session: Session) -> bool:
        return session.trading_date in self.unswept


class Calm:
    """Postgres never goes away."""

    def until_done(self, action: Callable[[], T]) -> T:
        return action()


def under_way(books: Books, **options: object) -> SessionsUnderWay:
    plan = ProducerPlan("alpaca", "sip", ("AAPL",), "XNYS", **options)  # type: ignore[arg-type]
    return SessionsUnderWay(plan, calendar("XNYS"), cast("Journal", books), cast("PostgresPatience", Calm()))


def session(day: date) -> Session:
    found = calendar("XNYS").session(day)
    assert found is not None
    return found


def days(sessions: SessionsUnderWay) -> list[date]:
    return [run.session.trading_date for run in sessions.runs]


def test_the_plan_names_the_first_session_or_the_clock_does() -> None:
    assert under_way(Books(), trading_date=THURSDAY).first(datetime(2030, 1, 1, tzinfo=UTC)) == session(THURSDAY)
    assert under_way(Books()).first(session(FRIDAY).open_at) == session(FRIDAY)
    with pytest.raises(OperatorError, match="no trading day"):
        under_way(Books(), trading_date=FRIDAY + timedelta(days=1)).first(session(FRIDAY).open_at)


@pytest.mark.parametrize("is_continuous", [False, True])
def test_a_session_that_lacks_its_sweep_is_opened_too_when_the_run_goes_on_for_ever(is_continuous: bool) -> None:
    books = Books(unswept={THURSDAY})
    sessions = under_way(books, is_continuous=is_continuous)
    sessions.open_first(session(FRIDAY))
    assert days(sessions) == books.opened == ([THURSDAY, FRIDAY] if is_continuous else [FRIDAY])


def test_the_next_session_is_opened_when_this_one_is_read() -> None:
    books = Books()
    sessions = under_way(books, is_continuous=True)
    sessions.open_first(session(FRIDAY))
    after_close = session(FRIDAY).post_close_at + timedelta(minutes=1)
    sessions.follow(after_close)
    assert days(sessions) == [FRIDAY]
    books.read_until[FRIDAY] = session(FRIDAY).post_close_at
    sessions.reload()
    sessions.follow(after_close)
    assert days(sessions) == [FRIDAY, MONDAY]
    assert sessions.newest.session.trading_date == MONDAY


def test_a_clock_that_goes_back_starts_its_session_anew() -> None:
    sessions = under_way(Books(), is_continuous=True)
    sessions.open_first(session(FRIDAY))
    sessions.follow(session(THURSDAY).open_at)
    assert days(sessions) == [THURSDAY]


def test_a_long_gap_is_left_out() -> None:
    books = Books(read_until={THURSDAY: session(THURSDAY).post_close_at})
    sessions = under_way(books, is_continuous=True)
    sessions.open_first(session(THURSDAY))
    sessions.follow(session(date(2026, 12, 1)).open_at)
    assert days(sessions) == [THURSDAY, date(2026, 12, 1)]


def test_a_session_is_left_when_it_is_read_and_swept() -> None:
    end = session(FRIDAY).post_close_at
    sessions = under_way(Books(read_until={FRIDAY: end}), trading_date=FRIDAY)
    sessions.open_first(session(FRIDAY))
    sessions.leave_finished(end + timedelta(hours=1))
    assert days(sessions) == [FRIDAY]
    for endpoint in sessions.newest.endpoints():
        while queries := sessions.newest.sweeps(endpoint):
            sessions.newest.swept(queries[0])
    sessions.leave_finished(end)
    assert days(sessions) == [FRIDAY]
    sessions.leave_finished(end + timedelta(hours=1))
    assert days(sessions) == []
