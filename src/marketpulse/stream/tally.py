"""What became of the records of one transaction, counted in total and by provider and producer."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from marketpulse.stream.record import Origin

Verdict = Literal["landed", "duplicate", "superseding", "dead_lettered"]


@dataclass(slots=True)
class Tally:
    """Counts of one source; the sequence numbers are those of every record, whatever became of it."""

    landed: int = 0
    duplicate: int = 0
    superseding: int = 0
    dead_lettered: int = 0
    lowest_seq: int | None = None
    highest_seq: int | None = None

    @property
    def records(self) -> int:
        return self.landed + self.duplicate + self.superseding + self.dead_lettered

    def add(self, verdict: Verdict, producer_seq: int | None = None) -> None:
        if verdict == "landed":
            self.landed += 1
        elif verdict == "duplicate":
            self.duplicate += 1
        elif verdict == "superseding":
            self.superseding += 1
        else:
            self.dead_lettered += 1
        if producer_seq is not None:
            self.lowest_seq = producer_seq if self.lowest_seq is None else min(self.lowest_seq, producer_seq)
            self.highest_seq = producer_seq if self.highest_seq is None else max(self.highest_seq, producer_seq)


@dataclass(frozen=True, slots=True)
class Accounts:
    """The total and one tally a source."""

    total: Tally = field(default_factory=Tally)
    sources: dict[tuple[str, str], Tally] = field(default_factory=dict)


def account(verdicts: Iterable[tuple[Origin, Verdict]]) -> Accounts:
    """Count every record once."""
    accounts = Accounts()
    for origin, verdict in verdicts:
        accounts.total.add(verdict)
        source = accounts.sources.setdefault((origin.provider, origin.producer_id), Tally())
        source.add(verdict, origin.producer_seq)
    return accounts
