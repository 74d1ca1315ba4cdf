"""Sessions for the report's tests: plain, and with everything that a report can show."""

import math
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from marketpulse.report.rows import (
    BarRow,
    CheckRow,
    DayRow,
    PipelineRow,
    ReasonMinutes,
    ReconciliationRow,
    RestatementRow,
    SessionFacts,
    SessionHours,
    Stretch,
    VolumeRow,
)

DAY = date(2026, 11, 20)
MADE_AT = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
OPEN = datetime(2026, 11, 20, 9, 30)  # noqa: DTZ001 - exchange-local and plain, as the mart has it
NEW_YORK = timedelta(hours=-5)
FEED, SCOPE = "sip", "consolidated"


def hours(*, is_early_close: bool = False) -> SessionHours:
    minutes = 210 if is_early_close else 390
    close = OPEN + timedelta(minutes=minutes)
    return SessionHours(
        calendar="XNYS",
        trading_date=DAY,
        pre_open_at=datetime(2026, 11, 20, 9),  # noqa: DTZ001
        open_at=OPEN - NEW_YORK,
        close_at=close - NEW_YORK,
        post_close_at=close + timedelta(hours=4) - NEW_YORK,
        open_local=OPEN,
        close_local=close,
        regular_minutes=minutes,
        is_early_close=is_early_close,
    )


def day(symbol: str, **values: Any) -> DayRow:
    plain = DayRow(
        symbol=symbol,
        name=f"{symbol} Inc.",
        currency="USD",
        is_fictitious=False,
        feed=FEED,
        volume_scope=SCOPE,
        delay_seconds=0,
        state="final",
        version=1,
        is_synthetic=False,
        open=Decimal("100"),
        open_basis="auction",
        high=Decimal("103.5"),
        low=Decimal("99.25"),
        close=Decimal("102"),
        close_basis="auction",
        previous_close=Decimal("100"),
        return_1d=Decimal("0.02"),
        total_return_1d=Decimal("0.02"),
        gap_pct=Decimal("0.5"),
        realised_volatility_annual=Decimal("0.21"),
        volume=Decimal("1234567"),
        volume_pre=Decimal("1000"),
        volume_post=Decimal("2000"),
        notional=Decimal("125925834"),
        vwap=Decimal("102.000001"),
        trade_count=4321,
        minutes_expected=390,
        minutes_covered=390,
        minutes_unexplained=0,
        coverage_pct=Decimal("100.00"),
        restatements=0,
    )
    return replace(plain, **values)


def bar(symbol: str, minute: int, **values: Any) -> BarRow:
    plain = BarRow(
        symbol=symbol,
        bar_start_local=OPEN + timedelta(minutes=minute),
        session_part="regular",
        feed=FEED,
        open=Decimal("100"),
        high=Decimal("101"),
        low=Decimal("99"),
        close=Decimal("100.5"),
        volume=Decimal("500"),
        vwap=Decimal("100.2"),
        trade_count=5,
        coverage_pct=Decimal("100.00"),
        is_restated=False,
    )
    return replace(plain, **values)


def stretch(symbol: str, minute: int, minutes: int, reason: str | None = None, **values: Any) -> Stretch:
    plain = Stretch(
        symbol=symbol,
        feed=FEED,
        range_start_local=OPEN + timedelta(minutes=minute),
        session_part="regular",
        minutes=minutes,
        status="missing" if reason else "received",
        reason=reason,
    )
    return replace(plain, **values)


def restatement(symbol: str, **values: Any) -> RestatementRow:
    plain = RestatementRow(
        restatement_id=1,
        symbol=symbol,
        feed=FEED,
        bar_start_local=OPEN,
        session_part="regular",
        old_open=Decimal("100"),
        new_open=Decimal("100"),
        old_high=Decimal("101"),
        new_high=Decimal("103.5"),
        old_low=Decimal("99"),
        new_low=Decimal("99"),
        old_close=Decimal("100.5"),
        new_close=Decimal("100.5"),
        old_volume=Decimal("500"),
        new_volume=Decimal("620"),
        old_vwap=Decimal("100.2"),
        new_vwap=Decimal("100.9"),
        old_trade_count=5,
        new_trade_count=6,
        cause_count=1,
        cause="late trade",
        market_at=datetime(2026, 11, 20, 15, 2),  # noqa: DTZ001
        restated_at=datetime(2026, 11, 20, 15, 2, 1),  # noqa: DTZ001
        in_all=1,
    )
    return replace(plain, **values)


def facts(**values: Any) -> SessionFacts:
    """A recorded session of which nothing was received."""
    plain = SessionFacts(
        trading_date=DAY,
        sessions=(hours(),),
        interval_min=5,
        days=(),
        bars=(),
        volumes=(),
        reasons=(),
        stretches=(),
        restatements=(),
        checks=(),
        reconciliation=(),
        pipeline=None,
    )
    return replace(plain, **values)


def minutes_of(stretches: tuple[Stretch, ...]) -> tuple[ReasonMinutes, ...]:
    return tuple(
        ReasonMinutes(one.symbol, one.feed, one.session_part, one.reason or one.status, one.minutes)
        for one in stretches
    )


def rich(symbols: int = 11) -> SessionFacts:
    """A whole day, made from a seed: movers both ways, an outage for all, halts, thin trading, restatements."""
    chance = random.Random(7)
    names = [
        f"{chr(65 + index % 26)}{chr(65 + index // 26 % 26)}{chr(65 + index * 7 % 26)}X" for index in range(symbols)
    ]
    days: list[DayRow] = []
    bars: list[BarRow] = []
    stretches: list[Stretch] = []
    volumes: dict[tuple[int, str], Decimal] = {}
    for index, symbol in enumerate(sorted(set(names))):
        price = before = Decimal(str(round(chance.uniform(0.4, 400), 2)))
        mine: list[BarRow] = []
        for number in range(-12, 90):
            minute = number * 5
            if 150 <= minute < 165 or (index == 2 and 60 <= minute < 120) or (index == 3 and chance.random() < 0.6):
                continue
            part = "pre" if minute < 0 else "regular" if minute < 390 else "post"
            opened = price
            price = max(Decimal("0.01"), price * Decimal(str(round(1 + chance.gauss(0, 0.003), 5))))
            price = price.quantize(Decimal("0.0001") if price < 1 else Decimal("0.01"))
            high = max(opened, price) * Decimal("1.001")
            low = min(opened, price) * Decimal("0.999")
            smile = 1 + 3 * math.cosh((minute - 195) / 80) / 10 if part == "regular" else 0.1
            volume = Decimal(int(chance.uniform(500, 1500) * smile))
            one = bar(
                symbol,
                minute,
                session_part=part,
                open=opened,
                high=high,
                low=low,
                close=price,
                volume=volume,
                is_restated=chance.random() < 0.03,
            )
            mine.append(one)
            before_volume = volumes.get((minute, part), Decimal(0))
            volumes[minute, part] = before_volume + volume
        bars += mine
        regular = [one for one in mine if one.session_part == "regular"]
        pieces = [
            stretch(symbol, -330, 270, "no_trade", session_part="pre"),
            stretch(symbol, -60, 60, session_part="pre"),
        ]
        pieces += [stretch(symbol, 0, 60), stretch(symbol, 60, 60, "halted" if index == 2 else None)]
        pieces += [stretch(symbol, 120, 30), stretch(symbol, 150, 15, "our_outage")]
        at = 165
        while at < 390:
            length = min(chance.randint(2, 60 if index != 3 else 6), 390 - at)
            quiet = index == 3 and at % 2
            why = "no_trade" if quiet else "unexplained" if length == 4 else None
            pieces.append(stretch(symbol, at, length, why))
            at += length
        pieces += [
            stretch(symbol, 390, 60, session_part="post"),
            stretch(symbol, 450, 180, "no_trade", session_part="post"),
        ]
        if index == 1:
            pieces[3] = stretch(symbol, 60, 60, status="late")
        stretches += pieces
        lost = sum(one.minutes for one in pieces if one.reason in ("our_outage", "unexplained"))
        closed = regular[-1].close or before
        days.append(
            day(
                symbol,
                name="A company with a rather long name Inc. class B" if index == 1 else f"{symbol} Inc.",
                state=("final", "final", "restated", "provisional")[index % 4],
                version=1 + index % 3,
                is_synthetic=True,
                open=regular[0].open,
                high=max(one.high or before for one in regular),
                low=min(one.low or before for one in regular),
                close=closed,
                close_basis="trade" if index == 4 else "auction",
                previous_close=before,
                return_1d=closed / before - 1,
                total_return_1d=closed / before - 1,
                volume=sum((one.volume for one in regular), Decimal(0)),
                minutes_covered=390 - lost,
                minutes_unexplained=lost - 15,
                coverage_pct=Decimal(100 * (390 - lost)) / 390,
                restatements=sum(bool(one.is_restated) for one in mine),
            )
        )
    every = tuple(stretches)
    return facts(
        days=tuple(days),
        bars=tuple(bars),
        volumes=tuple(
            VolumeRow(FEED, SCOPE, OPEN + timedelta(minutes=minute), part, volume, 1000, symbols)
            for (minute, part), volume in sorted(volumes.items())
        ),
        reasons=minutes_of(every),
        stretches=every,
        restatements=(
            restatement(days[0].symbol, restatement_id=3, in_all=3, cause="late trade", cause_count=2),
            restatement(
                days[1].symbol,
                restatement_id=2,
                in_all=3,
                new_trade_count=None,
                new_open=None,
                new_high=None,
                new_low=None,
                new_close=None,
                new_volume=None,
                new_vwap=None,
                cause="cancelled trade",
            ),
            restatement(days[2].symbol, in_all=3, cause="corrected trade"),
        ),
        checks=(
            CheckRow("unexplained_jumps", "warning", 2, MADE_AT.replace(tzinfo=None)),
            CheckRow("bar_prices_ordered", "error", 0, MADE_AT.replace(tzinfo=None)),
            CheckRow("daily_equals_bars", "error", 0, MADE_AT.replace(tzinfo=None)),
        ),
        reconciliation=(
            ReconciliationRow(
                days[0].symbol,
                FEED,
                "volume",
                Decimal(1000),
                Decimal(1010),
                Decimal(-10),
                Decimal(5),
                False,
                "the outage from 12:00",
                "alpaca",
            ),
            ReconciliationRow(
                days[0].symbol,
                FEED,
                "close",
                Decimal("102"),
                Decimal("102"),
                Decimal(0),
                Decimal("0.01"),
                True,
                "",
                "alpaca",
            ),
        ),
        pipeline=PipelineRow(
            "ok",
            MADE_AT.replace(tzinfo=None),
            MADE_AT.replace(tzinfo=None),
            0,
            Decimal("0.4"),
            MADE_AT.replace(tzinfo=None),
            MADE_AT.replace(tzinfo=None),
            0,
            MADE_AT.replace(tzinfo=None),
            True,
        ),
    )
