"""Going on after a loss: nothing moves unasked, what is accepted is written down, and the proof balances again."""

import pytest
from tests.command import Command
from tests.database import Database
from tests.stream.sink_records import DAY, Feeder, trade
from tests.stream.topics import Topics
from tests.warehouse.rows import load

from marketpulse.broker.topic import Bounds, Topic
from marketpulse.errors import OperatorError
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC
from marketpulse.stream.ledger import Position
from marketpulse.stream.resume import find_losses, resume
from marketpulse.warehouse.proof import prove

PLACE = (EVENT_TOPIC, 0)


def at(next_offset: int, topic_id: str = "T") -> Position:
    return Position(EVENT_TOPIC, 0, topic_id, next_offset)


def losses(position: Position, *, first: int = 40, unlanded: int = 0, topic_id: str = "T") -> list[tuple[object, ...]]:
    topics = {EVENT_TOPIC: Topic(EVENT_TOPIC, topic_id, {0: Bounds(40, 100)})}
    found = find_losses([position], topics, {PLACE: unlanded}, lambda _, start: max(start, first))
    return [(loss.at.next_offset, loss.to_offset, loss.onward) for loss in found]


@pytest.mark.parametrize("next_offset", [40, 70, 100])
def test_where_kafka_goes_on_nothing_is_lost(next_offset: int) -> None:
    assert losses(at(next_offset), unlanded=5) == []


def test_expired_records_are_lost_up_to_the_first_that_is_there() -> None:
    assert losses(at(10)) == [(10, 40, at(40))]
    assert losses(at(10), first=43) == [(10, 43, at(43))]


def test_records_missing_within_the_log_are_lost() -> None:
    assert losses(at(50), first=53) == [(50, 53, at(53))]


def test_a_topic_made_anew_lost_what_was_acknowledged_and_never_landed() -> None:
    assert losses(at(70, "OLD"), unlanded=3) == [(70, 73, at(40, "T"))]


def test_offsets_of_a_cut_log_come_again_under_another_name() -> None:
    assert losses(at(120), unlanded=2) == [(120, 122, at(100, "T~1"))]
    assert losses(at(120, "T~1")) == [(120, 120, at(100, "T~2"))]


def test_a_partition_that_is_gone_is_read_no_more() -> None:
    topics = {EVENT_TOPIC: Topic(EVENT_TOPIC, "T", {})}
    (loss,) = find_losses([at(7)], topics, {}, lambda place, start: start)
    assert loss.onward is None
    assert "is read no more" in str(loss)


@pytest.mark.integration
def test_the_stream_goes_on_after_its_topic_was_lost_and_then_records_expired(
    kafka: Topics, feeder: Feeder, database: Database
) -> None:
    kafka.make()
    kafka.publish(5)
    kafka.enter()
    feeder.land(trade(1, producer_seq=1), b"junk of the first topic", trade(2, producer_seq=2))
    load(
        database.owner_dsn,
        {
            "ops.producer_run": [{"producer_id": "p-1", "trading_date": DAY}],
            "ops.poll": [{"trading_date": DAY, "records": 4, "events": 4, "highest_seq": {f"{EVENT_TOPIC}/0": 4}}],
        },
    )
    assert resume(database.writer_dsn, kafka.bootstrap) == ()

    kafka.lose()
    kafka.make()
    kafka.publish(9)
    with pytest.raises(OperatorError, match=r"stock_analysis/0: the ledger expects offset 3, .* stream resume"):
        kafka.enter()
    shown = resume(database.writer_dsn, kafka.bootstrap)
    assert [(loss.at.topic, loss.at.next_offset, loss.to_offset) for loss in shown] == [
        (EVENT_TOPIC, 3, 5),
        (DEAD_LETTER_TOPIC, 0, 0),
    ]
    assert "2 records from offset 3 on are lost, it goes on at offset 0" in str(shown[0])
    with pytest.raises(OperatorError):
        kafka.enter()

    assert resume(database.writer_dsn, kafka.bootstrap, accepted_by="ops@here") == shown
    assert resume(database.writer_dsn, kafka.bootstrap) == ()
    assert [place.next_offset for place in kafka.enter()] == [0, 0]
    feeder.ends.clear()
    # The producer is still the same one, and gives its numbers on; poison stands where poison stood.
    feeder.land(trade(5, producer_seq=5), b"junk of the second topic", trade(6, producer_seq=6))
    assert feeder.rows("SELECT count(*) FROM ops.dead_letter") == [(2,)]
    load(
        database.owner_dsn,
        {"ops.poll": [{"trading_date": DAY, "records": 4, "events": 4, "highest_seq": {f"{EVENT_TOPIC}/0": 8}}]},
    )
    feeder.execute("UPDATE ops.poll SET received_at = now() WHERE poll_id = 2")

    kafka.expire(5)
    with pytest.raises(OperatorError, match="expects offset 3, Kafka has 5 to 9: records expired"):
        kafka.enter()
    (loss,) = resume(database.writer_dsn, kafka.bootstrap, accepted_by="ops@here")
    assert (loss.at.next_offset, loss.to_offset) == (3, 5)
    assert kafka.enter()[0].next_offset == 5
    feeder.ends[PLACE] = 5
    feeder.land(trade(9, producer_seq=9))

    proof = prove(database.operations_dsn, settle_s=0)
    names = {"bars_recomputed", "rollups_recomputed"}
    assert [equation for equation in proof.equations if not equation.balanced and equation.name not in names] == []
    accepted = "SELECT from_offset, to_offset, accepted_by FROM ops.stream_loss WHERE topic = %s"
    assert feeder.rows(accepted, EVENT_TOPIC) == [(3, 5, "ops@here"), (3, 5, "ops@here")]


@pytest.mark.integration
def test_the_command_goes_on_where_the_log_ends_when_it_was_cut(
    kafka: Topics, feeder: Feeder, database: Database, command: Command
) -> None:
    """A broker that came back without its last records: the ledger stands ahead of the topic."""
    kafka.make()
    kafka.publish(5)
    kafka.enter()
    feeder.execute("UPDATE ops.stream_ledger SET next_offset = 8 WHERE topic = %s", EVENT_TOPIC)
    with pytest.raises(OperatorError, match="stock_analysis/0: the ledger expects offset 8, Kafka has 0 to 5: the log"):
        kafka.enter()
    addresses = {
        "MARKETPULSE_WRITER_DSN": database.writer_dsn,
        "MARKETPULSE_KAFKA_BOOTSTRAP": kafka.bootstrap,
    }
    shown = command.run("stream", "resume", **addresses)
    assert (shown.status, shown.out.splitlines()[-1]) == (
        1,
        "nothing was changed: --accept-loss goes on without the lost records",
    )
    accepted = command.run("stream", "resume", "--accept-loss", **addresses)
    assert (accepted.status, accepted.out.splitlines()) == (
        0,
        [
            "stock_analysis/0: the log was cut; 0 records from offset 8 on are lost, it goes on at offset 5",
            "accepted: start the stream again (the DAG market_stream)",
        ],
    )
    assert kafka.enter()[0].next_offset == 5
    [(from_offset, reason, by)] = feeder.rows("SELECT from_offset, reason, accepted_by FROM ops.stream_loss")
    assert (from_offset, reason) == (8, "the log was cut")
    assert "@" in by
    assert "nothing is lost" in command.run("stream", "resume", **addresses).out


@pytest.mark.integration
def test_the_command_shows_a_flood_and_lets_it_become_dead_letters(
    kafka: Topics, feeder: Feeder, database: Database, command: Command
) -> None:
    kafka.make()
    kafka.publish(1000)
    kafka.enter()
    records = feeder.records(*[b"x"] * 1000)
    with pytest.raises(OperatorError, match="1,000 records in a row up to offset 999 are unusable"):
        feeder.sink().land(records)
    addresses = {
        "MARKETPULSE_WRITER_DSN": database.writer_dsn,
        "MARKETPULSE_KAFKA_BOOTSTRAP": kafka.bootstrap,
    }
    shown = command.run("stream", "resume", **addresses)
    assert (shown.status, "mostly not_json (1,000 of 1,000" in shown.out) == (1, True)
    assert shown.out.endswith("--accept-dead-letters lets the unusable records become dead letters\n")
    with pytest.raises(OperatorError):
        feeder.sink().land(records)

    accepted = command.run("stream", "resume", "--accept-dead-letters", **addresses)
    assert (accepted.status, "those before offset 1000 may be dead letters" in accepted.out) == (0, True)
    assert feeder.sink().land(records).accounts.total.dead_lettered == 1000
    assert "nothing has stopped" in command.run("stream", "resume", **addresses).out
