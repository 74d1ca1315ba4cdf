"""Sending again through Kafka: counted once, whatever breaks off and however often it is repeated."""

import threading
from datetime import date
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr
from tests.database import Database
from tests.ingest.real_broker import Mark, RealBroker
from tests.stream.sink_records import Feeder, dead_letter, trade

from marketpulse.dlq import replay as replay_module
from marketpulse.dlq.candidate import Bench
from marketpulse.dlq.correction import fix, parse_set
from marketpulse.dlq.letter import Selection, changing, history, reading, the_letter
from marketpulse.dlq.replay import Replayed, replay
from marketpulse.errors import OperatorError, RetriableError
from marketpulse.events.codec import encode
from marketpulse.ingest.publisher import Publisher
from marketpulse.settings import EVENT_TOPIC, Settings
from marketpulse.warehouse.proof import prove

WIRE = '{"t":"2025-03-14T13:30:05Z","x":"V","p":-10.5,"s":100,"c":["@"],"i":77,"z":"A"}'
ALL = Selection()
BENCH = Bench(date(2025, 3, 14), "XNYS", synthetic=True)
STATES = "SELECT status, count(*) FROM ops.dead_letter GROUP BY 1 ORDER BY 1"
FACTS = "SELECT trade_id, price::float8 FROM market.event ORDER BY 1"
VERDICTS = "SELECT sum(landed), sum(duplicate), sum(dead_lettered) FROM ops.stream_batch"


def poison(trade_id: int, **changes: object) -> bytes:
    record = msgspec.json.decode(encode(trade(trade_id, producer_seq=trade_id))) | {"price": "x"} | changes
    return msgspec.json.encode(record)


class PostRoom:
    """Dead letters, a broker, and a stream that takes what the broker got."""

    def __init__(self, feeder: Feeder, database: Database, broker: RealBroker) -> None:
        self.feeder, self.database, self._broker = feeder, database, broker
        self.settings = Settings(
            kafka_bootstrap=broker.bootstrap, operations_dsn=SecretStr(database.operations_dsn), synthetic=True
        )
        self._mark: Mark = broker.mark(EVENT_TOPIC)

    def fix(self, reason: str, *edits: str) -> None:
        for (letter_id,) in self.feeder.rows(
            "SELECT dead_letter_id::text FROM ops.dead_letter WHERE reason = %s", reason
        ):
            dsn = self.database.operations_dsn
            fix(dsn, letter_id, [*map(parse_set, edits)], file=None, bench=BENCH, fixed_by="ops@here")

    def replay(self, selection: Selection = ALL, **more: Any) -> Replayed:
        return replay(self.settings, selection, replayed_by="ops@here", **more)

    def stream(self) -> int:
        """Land what the broker got since the last time; how many records that were."""
        values = self._broker.values_since(self._mark)
        self._mark = self._broker.mark(EVENT_TOPIC)
        for partition in sorted({partition for partition, _ in values}):
            # Partition 0 is where the test's own records came from, at offsets of their own.
            self.feeder.land(*(value for place, value in values if place == partition), partition=partition + 10)
        return len(values)

    def broken_equations(self) -> list[str]:
        """Without those that the test's own records, sent by no producer, cannot hold."""
        asked_of_others = {"sequences_complete", "sequences_continuous", "rollups_recomputed", "acknowledged_landed"}
        proof = prove(self.database.operations_dsn, settle_s=0)
        return [one.name for one in proof.equations if not one.balanced and one.name not in asked_of_others]


@pytest.fixture
def room(feeder: Feeder, database: Database, broker: RealBroker) -> PostRoom:
    return PostRoom(feeder, database, broker)


@pytest.mark.integration
def test_corrected_letters_land_once_and_the_books_balance(room: PostRoom) -> None:
    room.feeder.land(trade(1), poison(2), trade(3), b"junk", poison(4))
    room.feeder.land_dead_letters(dead_letter(WIRE, reason="negative"))
    assert room.replay().sent == ()
    room.fix("number", "price=10.25")
    room.fix("negative", "p=10.5")
    planned = room.replay(dry_run=True)
    assert (len(planned.sent), [str(one.error)[:8] for one in planned.unsent]) == (3, ["not_json"])
    assert room.stream() == 0

    done = room.replay()
    assert (done.sent, len(done.unsent)) == (planned.sent, 1)
    assert room.feeder.rows(STATES) == [("open", 1), ("replayed", 3)]
    assert room.feeder.rows("SELECT open_dead_letters FROM mart.pipeline_status") == [(1,)]
    assert room.broken_equations() == ["replays_landed"]
    assert room.stream() == 3
    assert room.feeder.rows(FACTS) == [("1", 10.0), ("2", 10.25), ("3", 10.0), ("4", 10.25), ("77", 10.5)]
    assert room.broken_equations() == []
    with reading(room.database.operations_dsn) as connection:
        past = history(connection, the_letter(connection, done.sent[0].hex))
    assert (past.outcome, past.replayed_by, past.trading_date) == ("landed", "ops@here", date(2025, 3, 14))

    assert room.replay().sent == ()
    assert room.stream() == 0
    assert room.feeder.rows("SELECT purpose, events, records FROM ops.poll") == [("replay", 3, 3)]
    assert room.feeder.rows("SELECT provider, outcome FROM ops.producer_run") == [("replay", "completed")]


@pytest.mark.integration
@pytest.mark.parametrize(("point", "calls", "sent"), [("publish", 5, 4), ("flush", 1, 7), ("_write", 1, 7)])
def test_a_replay_that_broke_off_is_repeated_and_adds_nothing(
    room: PostRoom, monkeypatch: pytest.MonkeyPatch, point: str, calls: int, sent: int
) -> None:
    """Killed when some was sent, when all was, and when the broker had said so but nothing was written down."""
    room.feeder.land(*(poison(n, symbol=f"S{n}") for n in range(1, 8)))
    room.fix("number", "price=10.25")
    target: type[Any] = replay_module._Mail if point == "_write" else Publisher
    whole, left, flush = getattr(target, point), iter(range(calls - 1)), Publisher.flush

    def killed(self: Any, *arguments: Any, **more: Any) -> None:
        if next(left, None) is not None:
            whole(self, *arguments, **more)
            return
        if isinstance(self, Publisher):
            flush(self)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(target, point, killed)
        with pytest.raises(KeyboardInterrupt):
            room.replay()
    assert room.feeder.rows(STATES) == [("open", 7)]
    assert room.stream() == sent

    assert len(room.replay().sent) == 7
    assert room.stream() == 7
    assert room.feeder.rows(VERDICTS) == [(7, sent, 7)]
    assert room.feeder.rows("SELECT count(*), sum(trade_count) FROM market.bar_1m") == [(7, 7)]
    assert room.broken_equations() == []
    assert room.replay().sent == ()


@pytest.mark.integration
def test_many_letters_go_in_chunks_of_one_producer(room: PostRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_module, "CHUNK", 3)
    room.feeder.land(*(poison(n, symbol=f"S{n}") for n in range(1, 9)))
    room.fix("number", "price=10.25")
    assert len(room.replay().sent) == 8
    assert room.feeder.rows("SELECT records FROM ops.poll ORDER BY poll_id") == [(3,), (3,), (2,)]
    assert room.feeder.rows("SELECT count(*) FROM ops.producer_run") == [(1,)]
    room.stream()
    assert room.broken_equations() == []


@pytest.mark.integration
def test_only_the_letters_that_were_asked_for_are_sent(room: PostRoom) -> None:
    room.feeder.land(poison(1), poison(2, producer_id="p-2"))
    room.fix("number", "price=10.25")
    assert len(room.replay(Selection(producer="p-2")).sent) == 1
    room.stream()
    assert room.feeder.rows("SELECT trade_id FROM market.event") == [("2",)]


@pytest.mark.integration
def test_a_letter_that_can_be_read_now_needs_no_correction(room: PostRoom) -> None:
    """A clock that stood wrong made a dead letter of a good event."""
    at = trade(5).event_at.replace("2025", "2026")
    room.feeder.land(encode(trade(5, trading_date=date(2026, 3, 14), event_at=at, event_time_ns=1773495000000000000)))
    assert room.feeder.rows("SELECT reason FROM ops.dead_letter") == [("trading_date_out_of_range",)]
    assert len(room.replay().sent) == 1


@pytest.mark.integration
def test_an_event_of_a_sealed_day_stays_where_it_is(room: PostRoom) -> None:
    room.feeder.land(poison(1))
    room.fix("number", "price=10.25")
    room.feeder.execute("INSERT INTO ops.sealed_day (trading_date, events, superseded) VALUES ('2025-03-14', 0, 0)")
    done = room.replay()
    assert (done.sent, [one.error.reason for one in done.unsent]) == ((), ["sealed_day"])
    assert room.feeder.rows(STATES) == [("open", 1)]


@pytest.mark.integration
def test_a_replay_whose_record_is_lost_shows_in_the_proof(room: PostRoom) -> None:
    room.feeder.land(poison(1))
    room.fix("number", "price=10.25")
    room.replay()
    room.stream()
    assert room.broken_equations() == []
    room.feeder.execute("DELETE FROM market.event")
    assert "replays_landed" in room.broken_equations()


def test_without_kafka_nothing_is_written_down(feeder: Feeder, database: Database) -> None:
    feeder.land(poison(1))
    settings = Settings(kafka_bootstrap="127.0.0.1:1", operations_dsn=SecretStr(database.operations_dsn))
    [(letter_id,)] = feeder.rows("SELECT dead_letter_id::text FROM ops.dead_letter")
    fix(database.operations_dsn, letter_id, [parse_set("price=1")], file=None, bench=BENCH, fixed_by="ops@here")
    with pytest.raises(RetriableError, match=r"Kafka at 127\.0\.0\.1:1 does not answer"):
        replay(settings, Selection(), replayed_by="ops@here")
    assert feeder.rows(STATES) == [("open", 1)]
    assert feeder.rows("SELECT count(*) FROM ops.producer_run") == [(0,)]


def test_two_replays_never_run_at_once(feeder: Feeder, database: Database) -> None:
    settings = Settings(kafka_bootstrap="127.0.0.1:1", operations_dsn=SecretStr(database.operations_dsn))
    caught: list[BaseException] = []

    def second() -> None:
        try:
            replay(settings, Selection(), replayed_by="ops@here")
        except OperatorError as error:
            caught.append(error)

    with changing(database.operations_dsn):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(30)
    assert "another 'marketpulse dlq' command is at work" in str(caught[0])
