"""Landed facts against the simulator's own ledger of what it showed: the one witness outside the pipeline.

A day is compared when its sweep is complete and the simulated market is past its end. Of the feed's symbols those
count that the day subscribed. Versions are not compared: a trade that was shown and withdrawn between two polls was
only ever seen withdrawn. Official prices are compared where the day is rolled up.
"""

import logging
import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal, localcontext
from http import HTTPStatus

import msgspec
import psycopg
import requests

from marketpulse.clock import direct_session
from marketpulse.errors import RetriableError
from marketpulse.events.session import calendar
from marketpulse.events.timestamps import rfc3339_ns
from marketpulse.resources import read_sql
from marketpulse.warehouse.equation import Equation, Tally

logger = logging.getLogger(__name__)

# The ledger of a day that was never generated takes the simulator some seconds.
_TIMEOUT_S = 60.0
_STAMP = re.compile(rb'"(\d{4}-\d\d-\d\dT[0-9:.]+Z)"')


class SymbolTruth(msgspec.Struct, frozen=True):
    """One symbol's day as the simulator counts it; official reports are trades without volume."""

    trades: int = 0
    cancelled: int = 0
    corrected: int = 0
    volume: Decimal = Decimal(0)
    notional: Decimal = Decimal(0)
    open_auction: Decimal | None = None
    close_auction: Decimal | None = None
    close_correction: Decimal | None = None


class Truth(msgspec.Struct, frozen=True):
    """One day of one feed at `market_at`."""

    market_at: datetime
    symbols: dict[str, SymbolTruth]
    malformed: int = 0


class _Refusal(msgspec.Struct, frozen=True):
    error: str


class _Tallies:
    def __init__(self) -> None:
        self.trades = Tally()
        self.withdrawn = Tally()
        self.volume = Tally()
        self.notional = Tally()
        self.malformed = Tally()
        self.auctions = Tally()

    def equations(self) -> tuple[Equation, ...]:
        return (
            self.trades.equation("truth_trades", "trades in force that landed", "trades in force in the truth ledger"),
            self.withdrawn.equation("truth_withdrawn", "withdrawn trades that landed", "withdrawn in the truth ledger"),
            self.volume.equation("truth_volume", "volume that landed", "volume in the truth ledger"),
            self.notional.equation("truth_notional", "notional that landed", "notional in the truth ledger"),
            self.malformed.equation("truth_malformed", "unreadable trades kept", "unreadable in the truth ledger"),
            self.auctions.equation(
                "truth_auctions", "days rolled up", "days whose official prices are those of the truth ledger"
            ),
        )


def landed_against_truth(
    connection: psycopg.Connection, trading_dates: Iterable[date], truth_url: str
) -> tuple[Equation, ...]:
    """The equations over all complete days. Raises RetriableError when the control API does not answer."""
    tallies = _Tallies()
    with localcontext(prec=60):
        for trading_date in trading_dates:
            feeds = connection.execute(read_sql("proof/select_complete_feeds"), {"trading_date": trading_date})
            for feed, calendar_name in feeds.fetchall():
                _compare(connection, tallies, trading_date, feed, calendar_name, truth_url)
        return tallies.equations()


def fetch_truth(truth_url: str, trading_date: date, feed: str, calendar_name: str) -> Truth | None:
    """The ledger of one day, None when the simulator says that it does not know the feed (then it did not feed it)."""
    parameters = {"trading_date": trading_date.isoformat(), "feed": feed, "calendar": calendar_name}
    try:
        with direct_session(truth_url) as session:
            answer = session.get(truth_url.rstrip("/") + "/truth", params=parameters, timeout=_TIMEOUT_S)
    except requests.RequestException:
        raise RetriableError(f"the truth ledger at {truth_url} does not answer: is the simulator running?") from None
    try:
        # No other refusal may pass for "not mine": an equation would balance because nothing was compared.
        if answer.status_code == HTTPStatus.BAD_REQUEST:
            refusal = msgspec.json.decode(answer.content, type=_Refusal)
            if refusal.error.startswith("unknown feed"):
                return None
        answer.raise_for_status()
        return msgspec.json.decode(answer.content, type=Truth, strict=False)
    except (requests.RequestException, msgspec.MsgspecError) as error:
        raise RetriableError(f"the truth ledger at {truth_url} answered with something unreadable: {error}") from None


def _compare(
    connection: psycopg.Connection,
    tallies: _Tallies,
    trading_date: date,
    feed: str,
    calendar_name: str,
    truth_url: str,
) -> None:
    truth = fetch_truth(truth_url, trading_date, feed, calendar_name)
    session = calendar(calendar_name).session(trading_date)
    if truth is None or session is None or truth.market_at < session.post_close_at:
        logger.info("%s of %s is not compared: the truth ledger does not cover it", trading_date, feed)
        return
    day = {"trading_date": trading_date, "feed": feed}
    for symbol, opened, closed in connection.execute(read_sql("proof/select_auctions"), day).fetchall():
        true = truth.symbols.get(symbol, SymbolTruth())
        corrected = true.close_auction if true.close_correction is None else true.close_correction
        official = (true.open_auction, corrected)
        tallies.auctions.compare(f"{symbol} {feed} {trading_date}", (opened, closed), official)
    landed = connection.execute(read_sql("proof/select_landed"), day).fetchall()
    for symbol, trades, withdrawn, volume, notional in landed:
        true = truth.symbols.get(symbol, SymbolTruth())
        place = f"{symbol} {feed} {trading_date}"
        tallies.trades.add(place, trades, true.trades)
        tallies.withdrawn.add(place, withdrawn, true.cancelled + true.corrected)
        tallies.volume.add(place, volume, true.volume)
        tallies.notional.add(place, notional, true.notional)
    # The ledger does not say which symbol an unreadable record belongs to.
    if truth.symbols.keys() <= {symbol for symbol, *_ in landed}:
        bodies = connection.execute(read_sql("proof/select_rejected"), {"feed": feed})
        kept = sum(1 for (body,) in bodies if _trading_date(body, calendar_name) == trading_date)
        tallies.malformed.add(f"{feed} {trading_date}", kept, truth.malformed)


def _trading_date(body: bytes, calendar_name: str) -> date | None:
    """The trading date of the first time that stands in a rejected record."""
    found = _STAMP.search(body)
    if found is None:
        return None
    try:
        return calendar(calendar_name).place(rfc3339_ns(found[1].decode()))[0]
    except ValueError:
        return None
