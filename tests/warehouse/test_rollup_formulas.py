"""Every figure of the rollups against a second implementation, by pandas and NumPy, on the same made-up data."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest
from psycopg.rows import dict_row
from tests.database import Database
from tests.warehouse.rows import load

from marketpulse.events.session import calendar
from marketpulse.warehouse.rollups import compute_daily

OPEN, CLOSE = datetime(2025, 7, 3, 13, 30, tzinfo=UTC), datetime(2025, 7, 3, 17, 0, tzinfo=UTC)
DAY = date(2025, 7, 3)
FIRST, DAYS = date(2023, 1, 3), 480
SPLITS = ((date(2024, 5, 10), 1, 20), (date(2023, 8, 14), 3, 2))
DIVIDENDS = ((date(2023, 3, 15), "0.75"), (date(2024, 7, 15), "0.1"))


def read(database: Database, query: str) -> pd.DataFrame:
    with psycopg.connect(database.owner_dsn, row_factory=dict_row) as connection:
        rows = connection.execute(query.encode()).fetchall()
    return pd.DataFrame(
        [{name: float(value) if isinstance(value, Decimal) else value for name, value in row.items()} for row in rows]
    )


def near(ours: pd.Series, other: pd.Series, tolerance: float = 2e-6) -> None:
    np.testing.assert_allclose(
        np.asarray(ours, dtype=float), np.asarray(other, dtype=float), rtol=0, atol=tolerance, equal_nan=True
    )


# One shortened session by minute.


@pytest.fixture
def minutes(database: Database) -> pd.DataFrame:
    """Two thirds of the minutes of a session of three and a half hours, with an auction after the bell."""
    chance, price, rows = random.Random(7), 100.0, []
    for number in range(int((CLOSE - OPEN).total_seconds() // 60) + 1):
        if number == 210 or chance.random() < 0.66:
            price *= 1 + chance.gauss(0, 0.002)
            open_, close = round(price, 2), round(price * (1 + chance.gauss(0, 0.001)), 2)
            volume = chance.randint(1, 900)
            rows.append(
                {
                    "symbol": "ABC",
                    "trading_date": DAY,
                    "bar_start": OPEN + timedelta(minutes=number),
                    "open": str(open_),
                    "high": str(max(open_, close) + 0.01),
                    "low": str(min(open_, close) - 0.01),
                    "close": str(close),
                    "volume": volume,
                    "notional": str(round(volume * open_, 4)),
                    "trade_count": chance.randint(1, 9),
                }
            )
    session = {
        "calendar": "XNYS",
        "trading_date": DAY,
        "pre_open_at": OPEN - timedelta(hours=5.5),
        "open_at": OPEN,
        "close_at": CLOSE,
        "post_close_at": CLOSE + timedelta(hours=4),
    }
    tables = {
        "market.session": [session],
        "market.subscription": [{"trading_date": DAY, "symbol": "ABC"}],
        "market.bar_1m": rows,
    }
    load(database.owner_dsn, tables)
    compute_daily(database.operations_dsn, DAY, DAY)
    return pd.DataFrame(rows).astype(dict.fromkeys(("open", "high", "low", "close", "notional"), float))


def buckets(minutes: pd.DataFrame, length: int) -> pd.DataFrame:
    inside = (minutes["bar_start"] - OPEN) // timedelta(minutes=1)
    return (
        minutes.assign(bucket=inside.clip(upper=209) // length, inside=inside < 210)
        .groupby("bucket")
        .agg(
            open=("open", "first"),
            high=("high", "max"),
            low=("low", "min"),
            close=("close", "last"),
            volume=("volume", "sum"),
            notional=("notional", "sum"),
            trade_count=("trade_count", "sum"),
            minutes_with_trades=("inside", "sum"),
        )
    )


def test_bars(database: Database, minutes: pd.DataFrame) -> None:
    for length in (5, 15, 60):
        ours = read(database, "SELECT * FROM rollup.bar ORDER BY bar_start").query(f"interval_min == {length}")
        other = buckets(minutes, length)
        assert [int((at - OPEN).total_seconds() // 60) // length for at in ours["bar_start"]] == list(other.index)
        for name in other:
            near(ours[name], other[name])
        near(ours["vwap"], other["notional"] / other["volume"])


def test_day(database: Database, minutes: pd.DataFrame) -> None:
    ours = read(database, "SELECT * FROM rollup.daily").iloc[0]
    closes = np.concatenate(([minutes["open"].iloc[0]], buckets(minutes, 5)["close"].to_numpy()))
    volatility = np.sqrt(np.sum(np.diff(np.log(closes)) ** 2))
    assert (ours["open"], ours["close"]) == (minutes["open"].iloc[0], minutes["close"].iloc[-1])
    assert (ours["high"], ours["low"]) == pytest.approx((minutes["high"].max(), minutes["low"].min()), abs=1e-6)
    assert (ours["volume"], ours["trade_count"]) == (minutes["volume"].sum(), minutes["trade_count"].sum())
    assert ours["vwap"] == pytest.approx(minutes["notional"].sum() / minutes["volume"].sum(), abs=1e-6)
    assert ours["realised_volatility"] == pytest.approx(volatility, abs=1e-9)
    assert ours["realised_volatility_annual"] == pytest.approx(volatility * np.sqrt(252), abs=1e-8)


# Two years by day, with splits, dividends, days without a trade and days that nobody recorded.


@pytest.fixture
def days(database: Database) -> list[dict[str, Any]]:
    """The raw days, as they would have been traded."""
    chance, price, rows = random.Random(11), 300.0, []
    xnys = calendar("XNYS")
    sessions = [day for number in range(DAYS * 2) if xnys.session(day := FIRST + timedelta(days=number)) is not None]
    for before, day, after in zip(sessions, sessions[1:], sessions[2 : DAYS + 2], strict=False):
        for ex_date, old, new in SPLITS:
            price = price * old / new if ex_date == day else price
        price *= 1 + chance.gauss(0.0005, 0.02)
        open_, close = (round(price * (1 + chance.gauss(0, 0.005)), 2) for _ in range(2))
        row = {
            "symbol": "ABC",
            "trading_date": day,
            "previous_date": before,
            "next_date": after,
            "volume_scope": "consolidated",
            "minutes_expected": 390,
            "minutes_covered": 390,
            "state": "final",
        }
        luck = chance.random()
        if luck < 0.02:
            continue
        if luck > 0.03:
            volume = chance.randint(1, 10**7)
            row |= {"open": open_, "high": max(open_, close) + 0.5, "low": min(open_, close) - 0.25, "close": close}
            row |= {"volume": volume, "notional": volume * open_, "trade_count": chance.randint(1, 999)}
        rows.append({name: str(value) if isinstance(value, float) else value for name, value in row.items()})
    actions = [
        {"symbol": "ABC", "ex_date": day, "action_type": "split", "split_from": old, "split_to": new}
        for day, old, new in SPLITS
    ] + [
        {"symbol": "ABC", "ex_date": day, "action_type": "cash_dividend", "cash_amount": amount, "currency": "USD"}
        for day, amount in DIVIDENDS
    ]
    planned = [
        {
            "calendar_date": day,
            "pre_open_at": session.pre_open_at,
            "open_at": session.open_at,
            "close_at": session.close_at,
            "post_close_at": session.post_close_at,
        }
        for day in sessions
        if (session := xnys.session(day)) is not None
    ]
    tables: dict[str, list[dict[str, Any]]] = {
        "market.corporate_action": actions,
        "market.calendar": [{"calendar": "XNYS"}],
        "market.calendar_day": planned,
    }
    load(database.owner_dsn, tables)
    return rows


def extend(database: Database, rows: list[dict[str, Any]]) -> None:
    """The days arrive and their series is computed from the first of them on."""
    dirty = {"symbol": "ABC", "from_date": rows[0]["trading_date"]}
    load(database.owner_dsn, {"rollup.daily": rows, "ops.dirty_series": [dirty]})
    compute_daily(database.operations_dsn)


def adjusted(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The raw days by trading date, prices and volumes in shares of the last day."""
    frame = pd.DataFrame(rows).set_index("trading_date")
    factor = pd.Series(1.0, index=frame.index)
    for ex_date, old, new in SPLITS:
        factor[frame.index < ex_date] *= old / new
    prices = frame[["open", "high", "low", "close"]].astype(float).mul(factor, axis=0)
    dividends = pd.Series({day: float(amount) for day, amount in DIVIDENDS}).reindex(frame.index, fill_value=0.0)
    known = frame["previous_date"].isin(frame.index)
    # A recorded session without a trade leaves the close before it standing, an unrecorded one does not.
    standing: dict[date, float] = {}
    for day in frame.index:
        close = prices.at[day, "close"]
        standing[day] = standing.get(frame.at[day, "previous_date"], np.nan) if np.isnan(close) else close
    return prices.assign(
        volume=frame["volume"].astype(float).fillna(0) / factor,
        notional=frame["notional"].astype(float).fillna(0),
        dividend=dividends * factor,
        before=pd.Series(standing).reindex(frame["previous_date"]).to_numpy(),
        standing=pd.Series(standing),
        next_date=frame["next_date"],
        is_linked=known.to_numpy(),
    )


def test_series(database: Database, days: list[dict[str, Any]]) -> None:
    extend(database, days)
    ours = read(database, "SELECT * FROM rollup.daily_series ORDER BY trading_date").set_index("trading_date")
    other = adjusted(days)
    assert not other["is_linked"].all()
    assert other["close"].isna().any()
    for name in ("open", "high", "low", "close", "volume"):
        near(ours[f"adj_{name}"], other[name])
    near(ours["return_1d"], other["close"] / other["before"] - 1)
    near(ours["total_return_1d"], (other["close"] + other["dividend"]) / other["before"] - 1)
    near(ours["gap_pct"], 100 * (other["open"] / other["before"] - 1), 1e-5)

    traded = other[other["close"].notna()]
    spans = pd.concat(
        [
            traded["high"] - traded["low"],
            (traded["high"] - traded["before"]).abs(),
            (traded["low"] - traded["before"]).abs(),
        ],
        axis=1,
    ).max(axis=1)
    ours = ours[ours["adj_close"].notna()]
    near(ours["true_range"], spans)
    # The mean of the first 14, then Wilder's smoothing, which is an exponential mean with alpha 1/14.
    seeded = pd.concat([pd.Series([spans.iloc[:14].mean()]), spans.iloc[14:]]).ewm(alpha=1 / 14, adjust=False).mean()
    near(ours["atr_14"].iloc[13:], seeded, 1e-5)
    assert ours["atr_14"].iloc[:13].isna().all()
    for length in (20, 50, 200):
        near(ours[f"sma_{length}"], traded["close"].rolling(length).mean())
    near(ours["drawdown_pct"], 100 * (traded["close"] / traded["close"].cummax() - 1), 1e-5)
    by_time = traded.set_index(pd.to_datetime(traded.index))
    near(ours["high_52w"], by_time["high"].rolling("364D").max())
    near(ours["low_52w"], by_time["low"].rolling("364D").min())


def bases(grouped: Any, closes: pd.Series) -> pd.Series:
    """What each period's return is counted from: the close of the one before, where that reaches its last session."""
    last = grouped.agg(standing=("standing", "last"), next_date=("next_date", "last"))
    ends = [
        not np.isnan(row.standing) and pd.Period(row.next_date, freq=at.freq) > at
        for at, row in zip(last.index, last.itertuples(), strict=True)
    ]
    return closes.where(ends).shift()


def planned_minutes(until: date) -> pd.Series:
    """Minutes from open to close of every session of the calendar from the first one on."""
    xnys = calendar("XNYS")
    days = [FIRST + timedelta(days=number) for number in range((until - FIRST).days + 1)]
    sessions = {day: session for day in days if (session := xnys.session(day)) is not None}
    return pd.Series({day: (at.close_at - at.open_at).total_seconds() / 60 for day, at in sessions.items()})


def test_weeks_and_months(database: Database, days: list[dict[str, Any]]) -> None:
    extend(database, days)
    other = adjusted(days)
    for period, rule in (("week", "W-SUN"), ("month", "M")):
        ours = read(database, "SELECT * FROM rollup.period ORDER BY period_start").query(f"period == '{period}'")
        grouped = other.groupby(pd.PeriodIndex(pd.to_datetime(other.index), freq=rule))
        totals = grouped.agg(
            open=("open", "first"),
            high=("high", "max"),
            low=("low", "min"),
            close=("close", "last"),
            volume=("volume", "sum"),
            notional=("notional", "sum"),
            sessions=("volume", "size"),
        )
        assert list(ours["period_start"]) == [at.start_time.date() for at in totals.index]
        assert list(ours["period_end"]) == [at.end_time.date() for at in totals.index]
        for name in totals:
            near(ours[name], totals[name], 1e-5)
        near(ours["return_pct"], 100 * (totals["close"] / bases(grouped, totals["close"]) - 1), 1e-5)
        planned = planned_minutes(other.index.max())
        expected = planned.where(~planned.index.isin(other.index), 390)
        by_period = pd.PeriodIndex(pd.to_datetime(expected.index), freq=rule)
        expected, recorded = expected.groupby(by_period).sum(), totals["sessions"] * 390
        near(ours["coverage_pct"], 100 * recorded / expected.reindex(recorded.index), 0.006)
        assert (ours["coverage_pct"] < 100).any()
        assert (ours["state"].to_numpy()[ours["coverage_pct"] < 100] == "provisional").all()
        near(ours["vwap"], totals["notional"] / totals["volume"], 1e-5)


def test_going_on_day_by_day_gives_what_computing_all_at_once_gives(
    database: Database, days: list[dict[str, Any]]
) -> None:
    everything = [
        "SELECT * FROM rollup.daily_series ORDER BY symbol, trading_date",
        "SELECT * FROM rollup.period ORDER BY symbol, period, period_start",
    ]
    last_split = max(number for number, row in enumerate(days) if row["trading_date"] < SPLITS[0][0])
    for first, last in ((0, 5), (5, 13), (13, 40), (40, last_split + 1)):
        extend(database, days[first:last])
    extend(database, days[last_split + 1 : last_split + 2])
    with psycopg.connect(database.owner_dsn, autocommit=True) as connection:
        # The day's own computation finds the split; these days have no minutes to be computed of.
        connection.execute("INSERT INTO ops.dirty_series VALUES ('ABC', '1900-01-01')")
    compute_daily(database.operations_dsn)
    for first in range(last_split + 2, len(days), 37):
        extend(database, days[first : first + 37])
    stepwise = [read(database, query).drop(columns="computed_at") for query in everything]
    with psycopg.connect(database.owner_dsn, autocommit=True) as connection:
        connection.execute("TRUNCATE rollup.daily_series, rollup.period")
        connection.execute("INSERT INTO ops.dirty_series VALUES ('ABC', '1900-01-01')")
    compute_daily(database.operations_dsn)
    for before, query in zip(stepwise, everything, strict=True):
        pd.testing.assert_frame_equal(before, read(database, query).drop(columns="computed_at"), check_exact=True)
