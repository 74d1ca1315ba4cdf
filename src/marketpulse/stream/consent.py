"""Going on after a flood of unusable records: where the stream stopped is shown, and a person may let them all become
dead letters, as many as Kafka holds now. What comes later is counted anew."""

from dataclasses import dataclass, replace

from marketpulse.broker.topic_reader import TopicReader
from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC
from marketpulse.store.postgres import connect, outages
from marketpulse.stream.ledger import Position
from marketpulse.stream.statements import sql

TOPICS = (EVENT_TOPIC, DEAD_LETTER_TOPIC)


@dataclass(frozen=True, slots=True)
class Stop:
    """Why the stream does not go on at a position. `until_offset`: up to where a person lets it; None: not at all."""

    at: Position
    at_offset: int
    rule: str
    reason: str
    source: str
    until_offset: int | None = None

    def __str__(self) -> str:
        onward = "" if self.until_offset is None else f"; those before offset {self.until_offset} may be dead letters"
        return (
            f"{self.at.place}: {self.rule} up to offset {self.at_offset} are unusable, mostly {self.reason} from"
            f" {self.source}; nothing from offset {self.at.next_offset} on has landed{onward}"
        )


def stops(writer_dsn: str) -> tuple[Stop, ...]:
    """Where the stream stopped for a flood and nobody has let it go on. Raises RetriableError when Postgres is away."""
    with outages(writer_dsn), connect(writer_dsn, application_name="stream resume") as connection:
        rows = connection.execute(sql("select_stops")).fetchall()
    return tuple(Stop(Position(*row[:4]), *row[4:]) for row in rows)


def accept_dead_letters(writer_dsn: str, bootstrap: str, *, accepted_by: str) -> tuple[Stop, ...]:
    """Write down the consent for every partition, up to what Kafka holds now; nothing when the stream has not stopped.

    Every partition, because what is set up wrongly for some symbols is so for all. Returns the stops that it ends.
    Raises RetriableError when Postgres or Kafka does not answer.
    """
    found = stops(writer_dsn)
    if not found:
        return ()
    reader = TopicReader(bootstrap)
    topics = {name: reader.topic(name) for name in TOPICS}
    ends: dict[tuple[str, int], int] = {}
    with (
        outages(writer_dsn),
        connect(writer_dsn, application_name="stream resume") as connection,
        connection.transaction(),
    ):
        for position in (Position(*row) for row in connection.execute(sql("select_ledger")).fetchall()):
            topic = topics.get(position.topic)
            bounds = None if topic is None else topic.partitions.get(position.partition)
            if topic is None or bounds is None or not position.is_of(topic.topic_id):
                continue
            ends[position.topic, position.partition] = bounds.end
            values = {
                "topic": position.topic,
                "topic_id": position.topic_id,
                "partition": position.partition,
                "from_offset": position.next_offset,
                "until_offset": bounds.end,
                "accepted_by": accepted_by,
            }
            connection.execute(sql("insert_consent"), values)
    return tuple(replace(stop, until_offset=ends.get((stop.at.topic, stop.at.partition))) for stop in found)
