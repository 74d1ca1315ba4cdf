"""What the head of the page says about a session: its state, where its numbers come from, how complete they are."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from marketpulse.report.reasons import REASONS, Reason, reason
from marketpulse.report.rows import DayRow, ReasonMinutes, SessionFacts


@dataclass(frozen=True, slots=True)
class Counted:
    """One value and how many symbols have it."""

    value: str
    symbols: int


@dataclass(frozen=True, slots=True)
class ReasonTotal:
    """Minutes of one reason over all symbols of the regular part, and of how many symbols."""

    reason: Reason
    minutes: int
    symbols: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The head of the page. `state` is the least settled of the symbols' days; None where no symbol has a day."""

    state: str | None
    states: tuple[Counted, ...]
    feeds: tuple[Counted, ...]
    scopes: tuple[Counted, ...]
    delays: tuple[Counted, ...]
    synthetic: int
    symbols: int
    traded: int
    minutes_expected: int
    minutes_covered: int
    coverage_pct: Decimal | None
    totals: tuple[ReasonTotal, ...]
    restated_bars: int
    failing_checks: int


def summarise(facts: SessionFacts) -> Summary:
    """Counts over symbols; percentages over their expected minutes."""
    days = facts.days
    promised = [day for day in days if day.minutes_expected is not None]
    expected = sum(day.minutes_expected or 0 for day in promised)
    covered = sum(day.minutes_covered or 0 for day in promised)
    return Summary(
        state=_state({day.state for day in days}),
        states=_counted(day.state for day in days),
        feeds=_counted(day.feed for day in days),
        scopes=_counted(day.volume_scope or "unknown" for day in days),
        delays=_counted(_delay(day) for day in days),
        synthetic=sum(bool(day.is_synthetic) for day in days),
        symbols=len(days),
        traded=sum(day.trade_count > 0 for day in days),
        minutes_expected=expected,
        minutes_covered=covered,
        coverage_pct=Decimal(100 * covered) / expected if expected else None,
        totals=reason_totals(row for row in facts.reasons if row.session_part == "regular"),
        restated_bars=facts.restatements[0].in_all if facts.restatements else 0,
        failing_checks=sum(check.offending > 0 for check in facts.checks),
    )


def reason_totals(rows: Iterable[ReasonMinutes]) -> tuple[ReasonTotal, ...]:
    """Minutes and symbols by reason: what lowers the percentage first, what was received last."""
    minutes: Counter[str] = Counter()
    symbols: dict[str, set[str]] = {}
    for row in rows:
        minutes[row.reason] += row.minutes
        symbols.setdefault(row.reason, set()).add(row.symbol)
    order = {known.code: index for index, known in enumerate(REASONS)}
    codes = sorted(minutes, key=lambda code: (order.get(code, -1), code))
    return tuple(ReasonTotal(reason(code), minutes[code], len(symbols[code])) for code in codes if minutes[code])


@dataclass(frozen=True, slots=True)
class SymbolCoverage:
    """One symbol's minutes by reason."""

    symbol: str
    feed: str
    minutes: Counter[str]


def coverage_table(rows: Iterable[ReasonMinutes]) -> tuple[tuple[Reason, ...], tuple[SymbolCoverage, ...]]:
    """Columns, which are the reasons that occur, and a row a symbol."""
    found = list(rows)
    minutes: dict[tuple[str, str], Counter[str]] = {}
    for row in found:
        minutes.setdefault((row.symbol, row.feed), Counter())[row.reason] += row.minutes
    columns = tuple(total.reason for total in reversed(reason_totals(found)))
    return columns, tuple(SymbolCoverage(*key, counts) for key, counts in sorted(minutes.items()))


def _state(states: set[str]) -> str | None:
    return next((state for state in ("provisional", "restated", "final") if state in states), None)


def _delay(day: DayRow) -> str:
    if day.delay_seconds is None:
        return "unknown"
    return "real time" if day.delay_seconds == 0 else f"{day.delay_seconds} s delayed"


def _counted(values: Iterable[str]) -> tuple[Counted, ...]:
    return tuple(Counted(value, symbols) for value, symbols in Counter(values).most_common())
