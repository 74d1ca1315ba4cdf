"""The driver loop against a real Postgres, with a scripted query and scripted topics."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

import psycopg
import pytest
from pydantic import SecretStr
from tests.database import Database

from marketpulse.broker.topic import Bounds, Topic
from marketpulse.errors import FencedError, MarketPulseError, OperatorError, RetriableError
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC, STREAM, Settings
from marketpulse.stream import driver as driver_module
from marketpulse.stream.driver import ApplicationEndedError, Driver
from marketpulse.stream.ledger import Position
from marketpulse.stream.sink import SinkPlan, session_name

GAP = "marketpulse.errors.GapError: gap in stock_analysis/0: expected offset 0, found 3\n"
OUTAGE = "marketpulse.errors.RetriableError: Postgres at h:1 does not answer\n"


Step = str | Callable[[], None] | None
Script = list[Step]


@dataclass(slots=True)
class Kafka:
    """The topics as the test wants them, or an outage."""

    topics: dict[str, Topic] = field(
        default_factory=lambda: {
            EVENT_TOPIC: Topic(EVENT_TOPIC, "E", {0: Bounds(0, 9), 1: Bounds(2, 9)}),
            DEAD_LETTER_TOPIC: Topic(DEAD_LETTER_TOPIC, "D", {0: Bounds(0, 0)}),
        }
    )
    outages: int = 0
    first: int | None = None

    def topic(self, name: str) -> Topic:
        if self.outages:
            self.outages -= 1
            raise RetriableError("Kafka is away")
        return self.topics[name]


@dataclass(slots=True)
class ScriptedQuery:
    """Plays one answer a look; a callable acts first and answers that the query runs."""

    script: Iterator[Step]
    app_id: str = "app-1"
    stopped: bool = False

    def failure(self, wait_s: float) -> str | None:
        step = next(self.script)
        if callable(step):
            step()
            return None
        return step

    def stop(self) -> None:
        self.stopped = True


@dataclass(slots=True)
class Rig:
    """A driver, what it started, and how long it slept."""

    database: Database
    kafka: Kafka = field(default_factory=Kafka)
    scripts: list[Script] = field(default_factory=list)
    starts: list[tuple[list[Position], SinkPlan]] = field(default_factory=list)
    queries: list[ScriptedQuery] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    look_s: int = 20

    def start_query(self, wanted: list[Position], plan: SinkPlan) -> ScriptedQuery:
        self.starts.append((wanted, plan))
        self.queries.append(ScriptedQuery(iter(self.scripts[len(self.queries)])))
        return self.queries[-1]

    def run(self) -> None:
        ticks = count(0, self.look_s)
        settings = Settings(writer_dsn=SecretStr(self.database.writer_dsn), kafka_bootstrap="127.0.0.1:1")
        Driver(settings, self.start_query, sleep=self.pauses.append, now_s=lambda: float(next(ticks))).run()

    def execute(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.database.owner_dsn) as connection:
            cursor = connection.execute(query)
            return cursor.fetchall() if cursor.description else []

    def take_over(self) -> None:
        self.execute("UPDATE ops.stream_run SET epoch = epoch + 1, host = 'elsewhere'")


@pytest.fixture
def rig(database: Database, monkeypatch: pytest.MonkeyPatch) -> Rig:
    rig = Rig(database)
    monkeypatch.setattr(driver_module, "TopicReader", lambda _: rig.kafka)
    monkeypatch.setattr(driver_module, "first_offset", lambda *_: rig.kafka.first)
    return rig


def test_it_starts_where_the_ledger_stands_and_ends_when_fenced(rig: Rig) -> None:
    rig.scripts = [[None, rig.take_over, None]]
    with pytest.raises(FencedError, match="run 1 of stock_stream ends: it was taken over by run 2 on elsewhere"):
        rig.run()
    [(wanted, plan)] = rig.starts
    assert [(place.topic, place.partition, place.next_offset) for place in wanted] == [
        (EVENT_TOPIC, 0, 0),
        (EVENT_TOPIC, 1, 2),
        (DEAD_LETTER_TOPIC, 0, 0),
    ]
    assert plan.epoch == 1
    assert rig.queries[0].stopped
    assert rig.execute("SELECT count(*) FROM ops.stream_ledger") == [(3,)]
    assert rig.execute("SELECT app_id FROM ops.stream_run") == [("app-1",)]


def test_an_outage_is_waited_out_and_the_next_query_reads_on_from_the_ledger(rig: Rig) -> None:
    def landed() -> None:
        rig.execute("UPDATE ops.stream_ledger SET next_offset = 5 WHERE topic = 'stock_analysis' AND partition = 0")

    rig.kafka.outages = 2
    rig.scripts = [[landed, OUTAGE], [GAP], [rig.take_over, None]]
    with pytest.raises(FencedError):
        rig.run()
    assert [wanted[0].next_offset for wanted, _ in rig.starts] == [0, 5, 5]
    assert {plan.epoch for _, plan in rig.starts} == {1}
    assert rig.pauses == [0.5, 1.0, 0.5, 0.5]


def test_an_outage_may_last(rig: Rig) -> None:
    outages: list[Script] = [[OUTAGE] for _ in range(30)]
    rig.scripts = [*outages, [rig.take_over, None]]
    with pytest.raises(FencedError):
        rig.run()
    assert max(rig.pauses) == 5.0


def test_the_same_gap_after_a_start_from_the_ledger_needs_a_person(rig: Rig) -> None:
    rig.scripts = [[GAP], [GAP]]
    with pytest.raises(OperatorError, match="expected offset 0, found 3"):
        rig.run()


def test_a_gap_that_a_second_crash_of_postgres_makes_again_needs_nobody(rig: Rig) -> None:
    """The ledger went back to the same offset twice, and Kafka still has what comes next."""
    rig.kafka.first = 0
    rig.scripts = [[GAP], [GAP], [GAP], [rig.take_over, None]]
    with pytest.raises(FencedError):
        rig.run()


def test_a_gap_that_never_ends_needs_a_person_whatever_kafka_has(rig: Rig) -> None:
    rig.kafka.first = 0
    rig.scripts = [[GAP]] * 10
    with pytest.raises(OperatorError, match="--accept-loss"):
        rig.run()
    assert len(rig.starts) == 6


def test_an_idle_driver_notices_within_five_seconds_that_it_was_replaced(rig: Rig) -> None:
    rig.look_s = 1
    rig.scripts = [[*[None] * 7, rig.take_over, *[None] * 5]]
    with pytest.raises(FencedError):
        rig.run()


def test_lost_offsets_need_a_person(rig: Rig) -> None:
    def expire() -> None:
        rig.kafka.topics[EVENT_TOPIC] = Topic(EVENT_TOPIC, "E", {0: Bounds(4, 9), 1: Bounds(2, 9)})

    rig.scripts = [[expire, OUTAGE]]
    with pytest.raises(OperatorError, match="stock_analysis/0: the ledger expects offset 0, Kafka has 4 to 9"):
        rig.run()


def test_a_topic_made_anew_under_the_running_query_needs_a_person(rig: Rig) -> None:
    def recreate() -> None:
        rig.kafka.topics[EVENT_TOPIC] = Topic(EVENT_TOPIC, "E2", {0: Bounds(0, 0), 1: Bounds(0, 0)})

    rig.scripts = [[recreate, None, None]]
    with pytest.raises(OperatorError, match="made anew"):
        rig.run()


def test_new_partitions_are_read_too(rig: Rig) -> None:
    def grow() -> None:
        rig.kafka.topics[EVENT_TOPIC] = Topic(EVENT_TOPIC, "E", {0: Bounds(0, 9), 1: Bounds(2, 9), 2: Bounds(0, 1)})

    rig.scripts = [[grow, None, None], [rig.take_over, None]]
    with pytest.raises(FencedError):
        rig.run()
    assert [len(wanted) for wanted, _ in rig.starts] == [3, 4]


def test_an_unknown_failure_that_comes_back_ends_the_run(rig: Rig) -> None:
    rig.scripts = [["TypeError: no"]] * 10
    with pytest.raises(MarketPulseError, match="TypeError: no") as caught:
        rig.run()
    assert caught.value.exit_status == 1
    assert len(rig.starts) == 6


def test_without_spark_there_is_nothing_to_start_again(rig: Rig) -> None:
    def end() -> None:
        raise ApplicationEndedError("the Spark application ended")

    rig.scripts = [[end]]
    with pytest.raises(ApplicationEndedError):
        rig.run()


def test_a_starting_run_ends_the_frozen_session_of_an_older_one(rig: Rig) -> None:
    """It holds the run's row and waits for COPY data, as a stopped process would leave it."""
    rig.execute(
        "INSERT INTO ops.stream_run VALUES ('stock_stream', 7, gen_random_uuid(), 'here', 1, NULL, now(), now())"
    )
    rig.scripts = [[rig.take_over, None]]
    with psycopg.connect(rig.database.writer_dsn, application_name=session_name(STREAM, 7)) as frozen:
        frozen.execute("SELECT * FROM ops.stream_run FOR SHARE")
        frozen.execute("CREATE TEMP TABLE received (line text)")
        frozen.pgconn.send_query(b"COPY received FROM STDIN")
        with pytest.raises(FencedError, match="run 8 of stock_stream"):
            rig.run()
        frozen.close()
