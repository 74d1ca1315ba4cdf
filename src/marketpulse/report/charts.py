"""Which chart shows which rows. Each returns inline SVG, or nothing where there is nothing to draw.

Here alone decimals become floats: a chart has pixels, the tables beside it have the numbers.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from markupsafe import Markup

from marketpulse.report.drawing import chart
from marketpulse.report.figures import change
from marketpulse.report.reasons import reason
from marketpulse.report.rows import BarRow, DayRow, SessionHours, Stretch, VolumeRow

CANDLES_WIDTH, VOLUME_WIDTH, MAP_WIDTH = 400, 860, 960
# A letter needs this many pixels; a shorter stretch shows its pattern, and stands in the table. Where nobody traded is
# many short stretches, and their letters would hide the others.
LETTER_PX, QUIET_LETTER_PX = 9, 60
_PART_ORDER = {"regular": 0, "pre": 1, "post": 2}


def movers(days: Iterable[DayRow]) -> Markup | None:
    """A bar a symbol, from the highest return to the lowest."""
    rows = [
        {"symbol": day.symbol, "change_pct": float(day.return_1d * 100), "label": change(day.return_1d)}
        for day in days
        if day.return_1d is not None
    ]
    return chart("movers", rows) if rows else None


def candles(bars: Sequence[BarRow], sessions: Iterable[SessionHours], interval_min: int) -> Markup | None:
    """The regular part of one symbol's day; hollow bodies rose, filled ones fell, R marks restated bars."""
    regular = [bar for bar in bars if bar.session_part == "regular"]
    if not regular:
        return None
    half = timedelta(minutes=interval_min) / 2
    rows = [
        {
            "at": _ms(bar.bar_start_local + half),
            "open": _number(bar.open),
            "high": _number(bar.high),
            "low": _number(bar.low),
            "close": _number(bar.close),
            "volume": float(bar.volume),
            "is_up": bar.open is not None and bar.close is not None and bar.close >= bar.open,
            "is_restated": bool(bar.is_restated),
        }
        for bar in regular
    ]
    starts, ends = _bounds((bar.bar_start_local for bar in regular), sessions, interval_min)
    return chart("candles", rows, params=_frame(starts, ends, CANDLES_WIDTH, interval_min))


def volume(rows: Sequence[VolumeRow], sessions: Iterable[SessionHours], interval_min: int) -> Markup | None:
    """What was traded over the day, of one feed and scope; pre- and post-market bars are hollow."""
    if not rows:
        return None
    half = timedelta(minutes=interval_min) / 2
    data = [
        {
            "at": _ms(row.bar_start_local + half),
            "volume": float(row.volume),
            "session_part": row.session_part,
            "order": _PART_ORDER.get(row.session_part, 3),
        }
        for row in rows
    ]
    starts, ends = _bounds((row.bar_start_local for row in rows), sessions, interval_min)
    return chart("volume", data, params=_frame(starts, ends, VOLUME_WIDTH, interval_min))


def coverage_map(stretches: Sequence[Stretch], sessions: Iterable[SessionHours]) -> Markup | None:
    """A row a symbol, a pattern and a letter a reason; lines at the open and the close."""
    if not stretches:
        return None
    first = min(stretch.range_start_local for stretch in stretches)
    last = max(stretch.range_start_local + timedelta(minutes=stretch.minutes) for stretch in stretches)
    pixel = (last - first) / MAP_WIDTH
    rows = []
    for stretch in stretches:
        why = reason(stretch.reason, stretch.status)
        starts = stretch.range_start_local
        length = timedelta(minutes=stretch.minutes)
        needed = pixel * (QUIET_LETTER_PX if why.code == "no_trade" else LETTER_PX)
        rows.append(
            {
                "symbol": stretch.symbol,
                "starts": _ms(starts),
                "middle": _ms(starts + length / 2),
                "ends": _ms(starts + length),
                "fill": f"url(#{why.pattern})",
                "letter": why.letter if length >= needed else "",
            }
        )
    params = [{"name": "opens", "value": _ms(first)}, {"name": "closes", "value": _ms(last)}]
    marks = [{"at": _ms(at)} for session in sessions for at in (session.open_local, session.close_local)]
    return chart("coverage", rows, params=params, datasets={"hours": marks})


def _bounds(
    starts: Iterable[datetime], sessions: Iterable[SessionHours], interval_min: int
) -> tuple[datetime, datetime]:
    """From the first bar or the open to the end of the last bar or the close."""
    bars, hours = list(starts), list(sessions)
    length = timedelta(minutes=interval_min)
    return (
        min([*bars, *(session.open_local for session in hours)]),
        max([*(bar + length for bar in bars), *(session.close_local for session in hours)]),
    )


def _frame(starts: datetime, ends: datetime, width: int, interval_min: int) -> list[dict[str, object]]:
    """The bounds of the time axis, and how wide one bar may be."""
    bars = (ends - starts) / timedelta(minutes=interval_min)
    return [
        {"name": "opens", "value": _ms(starts)},
        {"name": "closes", "value": _ms(ends)},
        {"name": "body", "value": max(0.6, min(8.0, width / bars * 0.65))},
    ]


def _ms(at: datetime) -> float:
    """A plain exchange-local time as the milliseconds that the chart's UTC axis shows as that time."""
    return at.replace(tzinfo=UTC).timestamp() * 1000


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
