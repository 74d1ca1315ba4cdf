"""The count of the wire beside what became of the records: an adapter that drops one without a word is found out."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.database import Database

from marketpulse.events.event import AnyEvent, DeadLetter
from marketpulse.events.session import SessionCalendar, calendar
from marketpulse.ingest.dead_letters import DeadLetterOffice
from marketpulse.ingest.fetch import Fetcher
from marketpulse.ingest.journal import Journal
from marketpulse.ingest.memory import EventMemory
from marketpulse.ingest.plan import ProducerPlan
from marketpulse.ingest.poll import Poller
from marketpulse.ingest.poll_result import Task
from marketpulse.ingest.redaction import Redactor
from marketpulse.ingest.shutdown import StopRequestedError
from marketpulse.providers.alpaca import Alpaca
from marketpulse.providers.provider import Page, Query, Request, Response
from marketpulse.warehouse.proof import Proof, prove
from marketpulse.warehouse.proof_view import as_json, as_text

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
DAY = date(2026, 11, 20)
QUERY = Query("trades", "sip", ("AAPL",), datetime(2026, 11, 20, 14, tzinfo=UTC), NOW)
TRADE = {"t": "2026-11-20T14:30:00Z", "x": "V", "p": 156.05, "s": 100, "c": ["@"], "z": "C"}


class SkippingAlpaca(Alpaca):
    """Drops the last event of every page, as if there had been none."""

    def normalize(self, response: Response, query: Query, calendar: SessionCalendar, *, synthetic: bool) -> Page:
        page = super().normalize(response, query, calendar, synthetic=synthetic)
        return Page(page.events[:-1], page.rejected, page.next_page_token, page.symbols)


@dataclass
class Script:
    bodies: list[object]

    def get(self, request: Request) -> Response:
        body = self.bodies.pop(0)
        return Response(200, {}, body if isinstance(body, bytes) else json.dumps(body).encode(), NOW, NOW)

    def close(self) -> None: ...


@dataclass
class Publisher:
    """Numbers what it is given; stops the run before the event of that number."""

    stops_at: int = 1000
    numbers: dict[str, int] = field(default_factory=dict)

    def publish(self, event: AnyEvent) -> None:
        self._number("stock_analysis/0")

    def publish_dead_letter(self, letter: DeadLetter) -> None:
        self._number("stock_analysis.dead_letter/0")

    def highest(self) -> Mapping[str, int]:
        return dict(self.numbers)

    def _number(self, spot: str) -> None:
        if sum(self.numbers.values()) + 1 == self.stops_at:
            raise StopRequestedError
        self.numbers[spot] = self.numbers.get(spot, 0) + 1


def answer(*trades: object) -> object:
    return {"trades": {"AAPL": list(trades)}, "next_page_token": None}


def numbered(*ids: int) -> list[dict[str, Any]]:
    return [{**TRADE, "i": number} for number in ids]


def polled(provider: Alpaca, bodies: list[object], publisher: Publisher | None = None) -> Poller:
    script: Any = Script(bodies)
    redact = Redactor(())
    fetcher = Fetcher(
        provider,
        script,
        calendar("XNYS"),
        synthetic=True,
        redact=redact,
        pause=lambda seconds: None,
        jitter=lambda: 1.0,
    )
    office = DeadLetterOffice("alpaca", "sip", redact, letter_bytes=100_000)
    used: Any = publisher or Publisher()
    return Poller(fetcher, used, office, EventMemory())


TASK = Task(QUERY, "poll", DAY, NOW, moves_cursor=True)


@pytest.fixture
def journal(database: Database) -> Iterator[Journal]:
    plan = ProducerPlan("alpaca", "sip", ("AAPL",), "XNYS", synthetic=True)
    journal = Journal(database.operations_dsn, "p-1", plan)
    journal.open_run(DAY, NOW)
    yield journal
    journal.close()


def proved(database: Database) -> tuple[Proof, set[str]]:
    proof = prove(database.operations_dsn, date_from=DAY, date_to=DAY, settle_s=0)
    return proof, {equation.name for equation in proof.equations if not equation.balanced}


def test_an_adapter_that_skips_a_record_fails_the_proof(journal: Journal, database: Database) -> None:
    poller = polled(SkippingAlpaca(), [answer(*numbered(1, 2, 3), {"p": None})])
    poll = poller.poll(TASK).poll
    assert (poll.records, poll.events, poll.rejected, poll.set_aside) == (4, 2, 1, 0)
    journal.commit([poll])
    proof, broken = proved(database)
    # Nothing landed here: what was acknowledged is missing too.
    assert broken == {"poll_records", "acknowledged_landed"}
    assert "BROKEN poll_records: 4 records on the wire = 3 published" in as_text(proof)
    offending = json.loads(as_json(proof))["equations"][0]["offending"]
    assert offending[0].startswith("poll ")
    assert "/v2/stocks/trades?symbols=AAPL" in offending[0]
    assert offending[0].endswith(": 4 against 3")


def test_an_honest_adapter_balances_whatever_it_reads(journal: Journal, database: Database) -> None:
    bodies = [answer(*numbered(1, 2), {"p": None}), answer(*numbered(2, 3), 7), b"<html>", b"<html>"]
    poller = polled(Alpaca(), bodies)
    polls = [poller.poll(TASK).poll for _ in range(3)]
    assert [(poll.records, poll.events, poll.repeated, poll.rejected) for poll in polls] == [
        (3, 2, 0, 1),
        (3, 1, 1, 1),
        (1, 0, 0, 1),
    ]
    journal.commit(polls)
    assert proved(database)[1] == {"acknowledged_landed"}


def test_a_stop_in_the_middle_of_a_page_sets_the_rest_aside(journal: Journal, database: Database) -> None:
    poller = polled(Alpaca(), [answer(*numbered(1, 2, 3, 4))], Publisher(stops_at=3))
    with pytest.raises(StopRequestedError):
        poller.poll(TASK)
    abandoned = poller.abandoned()
    assert abandoned is not None
    poll = abandoned[1].poll
    assert (poll.records, poll.events, poll.set_aside) == (4, 2, 2)
    journal.commit([poll])
    assert "poll_records" not in proved(database)[1]


def test_the_last_trade_of_an_earlier_day_is_set_aside() -> None:
    query = Query("snapshots", "sip", ("AAPL",))
    stale = {**TRADE, "i": 1, "t": "2026-11-19T14:30:00Z"}
    poller = polled(Alpaca(), [{"AAPL": {"latestTrade": stale}}])
    poll = poller.poll(Task(query, "poll", DAY, NOW, moves_cursor=False)).poll
    assert (poll.records, poll.events, poll.set_aside) == (1, 0, 1)
