"""What became of the records of one transaction, counted in total and by provider and producer."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, get_args

import numpy as np

from marketpulse.stream.arrays import Integers
from marketpulse.stream.facts import Facts
from marketpulse.stream.numbers import Numbers
from marketpulse.stream.record import Origin

Verdict = Literal["landed", "duplicate", "superseding", "dead_lettered"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
Codes = np.ndarray[Any, np.dtype[np.int8]]


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
        setattr(self, verdict, getattr(self, verdict) + 1)
        if producer_seq is not None:
            self.numbers.add(producer_seq, is_duplicate=verdict == "duplicate")

    def extend(self, verdicts: Codes, producer_seqs: Integers | None = None) -> None:
        """Add records in the order of their offsets, each by the number of its verdict in VERDICTS."""
        for verdict, count in zip(VERDICTS, np.bincount(verdicts, minlength=len(VERDICTS)).tolist(), strict=True):
            setattr(self, verdict, getattr(self, verdict) + count)
        if producer_seqs is not None:
            self.numbers.extend(producer_seqs, verdicts == VERDICTS.index("duplicate"))


@dataclass(frozen=True, slots=True)
class Accounts:
    """The total, one tally a source, and the versions that were new by trading date."""

    total: Tally = field(default_factory=Tally)
    sources: dict[tuple[str, str], Tally] = field(default_factory=dict)
    days: Counter[date] = field(default_factory=Counter)


def account(facts: Facts, verdicts: Codes, letters: Iterable[tuple[Origin, Verdict]]) -> Accounts:
    """Count every record once: facts with the number in VERDICTS of what became of each, then dead letters."""
    accounts = Accounts()
    present = facts.present()
    for name, producer_id in {(cohort.provider, cohort.producer_id): None for cohort in present.values()}:
        mine = facts.of_cohorts(
            n for n, one in present.items() if (one.provider, one.producer_id) == (name, producer_id)
        )
        tally = accounts.sources.setdefault((name, producer_id), Tally())
        order = np.argsort(facts.column("offset")[mine])
        tally.extend(verdicts[mine][order], facts.column("producer_seq")[mine][order])
    accounts.total.extend(verdicts)
    new = np.isin(verdicts, [VERDICTS.index("landed"), VERDICTS.index("superseding")])
    for number, count in enumerate(np.bincount(facts.column("cohort")[new])):
        if count:
            accounts.days[facts.cohorts[number].trading_date] += int(count)
    for origin, verdict in letters:
        accounts.total.add(verdict)
        accounts.sources.setdefault((origin.provider, origin.producer_id), Tally()).add(verdict, origin.producer_seq)
    return accounts
