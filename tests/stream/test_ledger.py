"""From where the stream reads on, and when only a person can say."""

import json

import pytest

from marketpulse.broker.topic import Bounds, Topic
from marketpulse.errors import OperatorError
from marketpulse.stream.ledger import Position, assignment, positions, starting_offsets

TOPIC = Topic("stock_analysis", "T1", {0: Bounds(0, 90), 1: Bounds(40, 100)})


def known(partition: int, next_offset: int, topic_id: str = "T1") -> dict[tuple[str, int], Position]:
    return {("stock_analysis", partition): Position("stock_analysis", partition, topic_id, next_offset)}


def test_the_ledger_says_where_to_start_and_new_partitions_start_at_their_beginning() -> None:
    wanted = positions(known(0, 17), TOPIC)
    assert json.loads(starting_offsets(wanted)) == {"stock_analysis": {"0": 17, "1": 40}}
    assert json.loads(assignment(wanted)) == {"stock_analysis": [0, 1]}


@pytest.mark.parametrize("next_offset", [40, 70, 100])
def test_every_offset_that_kafka_has_is_a_start(next_offset: int) -> None:
    assert positions(known(1, next_offset), TOPIC)[1].next_offset == next_offset


@pytest.mark.parametrize("next_offset", [39, 101])
def test_offsets_that_kafka_does_not_have_need_a_person(next_offset: int) -> None:
    text = rf"stock_analysis/1: the ledger expects offset {next_offset}, Kafka has 40 to 100"
    with pytest.raises(OperatorError, match=text):
        positions(known(1, next_offset), TOPIC)


def test_another_topic_of_that_name_needs_a_person() -> None:
    text = r"stock_analysis/0: the ledger expects offset 5, Kafka has 0 to 90: .* made anew, its id is T1 .* T0"
    with pytest.raises(OperatorError, match=text + r"; 'marketpulse stream resume' shows .* --accept-loss"):
        positions(known(0, 5, "T0"), TOPIC)


def test_a_log_that_was_cut_is_another_one_from_then_on() -> None:
    before = known(0, 95)["stock_analysis", 0]
    once = before.after_cut(90)
    twice = once.after_cut(80)
    assert (once.next_offset, twice.next_offset) == (90, 80)
    assert len({before.topic_id, once.topic_id, twice.topic_id}) == 3
    assert positions({("stock_analysis", 0): twice}, TOPIC)[0] == twice
