from datetime import UTC, date, datetime

import psycopg
import pytest
from tests.database import Database

from marketpulse.events.session import calendar
from marketpulse.monitor.freshness import measure, open_seconds


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-11-20T15:00", "2026-11-20T16:00", 1),
        # Friday 19:00 to Monday 05:00 in New York: an hour of each day.
        ("2026-11-21T00:00", "2026-11-23T10:00", 2),
        # Over Thanksgiving; the day after closes early, at 17:00 with its post-market.
        ("2026-11-26T01:00", "2026-11-27T23:00", 13),
        ("2026-11-21T12:00", "2026-11-22T12:00", 0),
        ("2026-11-20T16:00", "2026-11-20T15:00", 0),
    ],
)
def test_only_open_hours_count(start: str, end: str, hours: int) -> None:
    assert open_seconds(calendar("XNYS"), at(start), at(end)) == hours * 3600


def test_round_the_clock_every_second_counts() -> None:
    assert open_seconds(calendar("24/7"), at("2026-11-20T15:00"), at("2026-11-22T15:00")) == 2 * 86400


def test_a_quiet_symbol_and_an_unasked_one_are_told_apart(database: Database) -> None:
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute(
            "INSERT INTO market.session VALUES ('XNYS', '2026-11-20', '2026-11-20 09:00Z', '2026-11-20 14:30Z',"
            " '2026-11-20 21:00Z', '2026-11-21 01:00Z')"
        )
        for symbol in ("QUIET", "UNASKED"):
            connection.execute(
                "INSERT INTO market.subscription (trading_date, symbol, feed, calendar, provider)"
                " VALUES ('2026-11-20', %s, 'sip', 'XNYS', 'alpaca')",
                (symbol,),
            )
        connection.execute("INSERT INTO market.feed_progress VALUES ('QUIET', 'sip', '2026-11-20 15:00Z')")
        connection.execute(
            "INSERT INTO ops.cursor (provider, feed, endpoint, symbol, trading_date, next_at, poll_id)"
            " VALUES ('alpaca', 'sip', 'trades', 'QUIET', '2026-11-20', '2026-11-20 15:59:30Z', 1),"
            " ('alpaca', 'sip', 'trades', 'UNASKED', '2026-11-20', '2026-11-20 15:30Z', 1)"
        )
        connection.execute(
            "INSERT INTO ops.producer_run VALUES ('p-1', 'alpaca', 'sip', 'XNYS', '2026-11-20', '{}', now())"
        )
        connection.execute(
            "INSERT INTO ops.poll (producer_id, provider, feed, endpoint, purpose, trading_date, symbols, request,"
            " requested_at, received_at, market_at, outcome, pages, records, events, repeated, rejected)"
            " VALUES ('p-1', 'alpaca', 'sip', 'trades', 'poll', '2026-11-20', '{}', '', now(), now(), now(), 'ok',"
            " 1, 0, 0, 0, 0)"
        )
    with psycopg.connect(database.operations_dsn) as connection:
        quiet, unasked = measure(connection, market_at=at("2026-11-20T16:00"))
        after = measure(connection, market_at=at("2026-11-25T16:00"))
    assert (quiet.symbol, quiet.trading_date) == ("QUIET", date(2026, 11, 20))
    assert (quiet.event_age_open_seconds, quiet.uncovered_open_seconds) == (3600, 30)
    assert (unasked.event_age_open_seconds, unasked.uncovered_open_seconds) == (None, 1800)
    # Once the day is over, only its own missing hours count.
    assert after[1].uncovered_open_seconds == 9.5 * 3600
