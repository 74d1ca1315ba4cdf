"""The report as one HTML page: everything inside, no script, nothing fetched.

The template escapes every value; the page also forbids itself scripts and addresses by a content security policy.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup

from marketpulse.report import changes, charts, figures, reasons, selection, summary
from marketpulse.report.rows import BarRow, DayRow, SessionFacts, Stretch, VolumeRow
from marketpulse.resources import include_path

MOST_STRETCHES = 300
MOST_RECONCILED = 300


@dataclass(frozen=True, slots=True)
class CandleChart:
    """One symbol's candles, their chart and their table."""

    day: DayRow
    bars: tuple[BarRow, ...]
    drawing: Markup | None
    restated: int


@dataclass(frozen=True, slots=True)
class VolumeCurve:
    """The volume over the day of one feed and scope: never of two together."""

    feed: str
    volume_scope: str
    rows: tuple[VolumeRow, ...]
    drawing: Markup | None


def render(facts: SessionFacts, generated_at: datetime) -> str:
    """The page's text. `generated_at` is UTC."""
    moved = selection.movers(facts.days)
    lost = [row for row in facts.stretches if reasons.reason(row.reason, row.status).is_lost]
    columns, coverage_rows = summary.coverage_table(facts.reasons)
    return _template().render(
        facts=facts,
        head=summary.summarise(facts),
        generated_at=generated_at,
        style=Markup(include_path("report/report.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        movers=moved,
        movers_in_all=sum(day.return_1d is not None for day in facts.days),
        movers_drawing=charts.movers(moved),
        candles=_candles(facts),
        curves=_curves(facts),
        coverage_columns=columns,
        coverage_rows=coverage_rows,
        coverage_drawing=charts.coverage_map(facts.stretches, facts.sessions),
        coverage_drawn=len({row.symbol for row in facts.stretches}),
        lost=lost[:MOST_STRETCHES],
        lost_in_all=len(lost),
        reconciled=facts.reconciliation[:MOST_RECONCILED],
        reconciled_within=sum(bool(row.is_within) for row in facts.reconciliation),
    )


def _candles(facts: SessionFacts) -> tuple[CandleChart, ...]:
    by_symbol: dict[str, list[BarRow]] = defaultdict(list)
    for bar in facts.bars:
        by_symbol[bar.symbol].append(bar)
    return tuple(
        CandleChart(
            day,
            tuple(by_symbol[day.symbol]),
            charts.candles(by_symbol[day.symbol], facts.sessions, facts.interval_min),
            sum(bool(bar.is_restated) for bar in by_symbol[day.symbol]),
        )
        for day in facts.days
        if day.symbol in by_symbol
    )


def _curves(facts: SessionFacts) -> tuple[VolumeCurve, ...]:
    by_feed: dict[tuple[str, str], list[VolumeRow]] = defaultdict(list)
    for row in facts.volumes:
        by_feed[row.feed, row.volume_scope].append(row)
    return tuple(
        VolumeCurve(feed, scope, tuple(rows), charts.volume(rows, facts.sessions, facts.interval_min))
        for (feed, scope), rows in sorted(by_feed.items())
    )


def _peak(rows: Sequence[VolumeRow]) -> VolumeRow:
    return max(rows, key=lambda row: row.volume)


def _stretch_reason(stretch: Stretch) -> reasons.Reason:
    return reasons.reason(stretch.reason, stretch.status)


def _legend(drawn: Iterable[Stretch]) -> tuple[reasons.Reason, ...]:
    codes = {_stretch_reason(stretch).code for stretch in drawn}
    return tuple(known for known in reasons.REASONS if known.code in codes)


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(include_path("report")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "amount": figures.amount,
        "change": figures.change,
        "changes": changes.changes,
        "clock_time": figures.clock_time,
        "duration": figures.duration,
        "kind": changes.kind,
        "legend": _legend,
        "long_date": figures.long_date,
        "moment": figures.moment,
        "offset": figures.offset,
        "peak": _peak,
        "price": figures.price,
        "reason": _stretch_reason,
        "share": figures.share,
        "signed_pct": figures.signed_pct,
        "words": figures.words,
    }
    environment.filters.update(filters)
    return environment.get_template("session.html.j2")
