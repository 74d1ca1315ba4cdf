"""A topic as the broker has it."""

from dataclasses import dataclass

Place = tuple[str, int]
"""A topic's name and the number of one of its partitions."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The offsets that a partition holds: [earliest, end)."""

    earliest: int
    end: int


@dataclass(frozen=True, slots=True)
class End:
    """Where a partition ended, and the id of its topic: offsets of another topic of that name say nothing about it."""

    topic_id: str
    offset: int


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it is now. A topic that was deleted and made again has another id."""

    name: str
    topic_id: str
    partitions: dict[int, Bounds]
