"""What became of the records of one transaction, counted in total and by provider and producer."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from marketpulse.stream.numbers import Numbers
from marketpulse.stream.record import Origin

Verdict = Literal["landed", "duplicate", "superseding", "dead_lettered"]


@dataclass(slots=True)
class Tally:
    """Counts of one source; the sequence numbers are those of every record, whatever became of it."""

    landed: int = 0
    duplicate: int = 0
    superseding: int = 0
    dead_lettered: int = 0
    numbers: Numbers = field(default_factory=Numbers)

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
            self.numbers.add(producer_seq, is_duplicate=verdict == "duplicate")


@dataclass(frozen=True, slots=True)
class Accounts:
    """The total, one tally a source, and the versions that were new by trading date."""

    total: Tally = field(default_factory=Tally)
    sources: dict[tuple[str, str], Tally] = field(default_factory=dict)
    days: Counter[date] = field(default_factory=Counter)


def account(verdicts: Iterable[tuple[Origin, Verdict, date | None]]) -> Accounts:
    """Count every record once. The date is a fact's, None for a dead letter."""
    accounts = Accounts()
    for origin, verdict, trading_date in verdicts:
        accounts.total.add(verdict)
        if trading_date is not None and verdict in ("landed", "superseding"):
            accounts.days[trading_date] += 1
        source = accounts.sources.setdefault((origin.provider, origin.producer_id), Tally())
        source.add(verdict, origin.producer_seq)
    return accounts
