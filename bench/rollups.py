"""What the rollups cost: 20 sessions of 500 symbols by minute (3.9 million bars), and one late trade.

    make bench-rollups                     (some minutes, about 4 GB of disk for as long as it runs)
    python bench/rollups.py --symbols 50 --sessions 4

Loads made-up minutes by SQL into a PostgreSQL of its own with the options of the embedded stack and computes everything
that follows from them: coverage, bars, days, series, weeks and months. Exit status 1 when a limit is not kept.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import psycopg

from marketpulse.events.session import Session, calendar
from marketpulse.warehouse.rollups import compute_daily
from scratch_server import scratch_server

LAST_DAY = date(2026, 11, 20)
ALL_LIMIT_S = 60.0
ONE_LIMIT_S = 1.0
# A day may cost this much more in a long run than in a short one: cost is linear in days.
LINEAR = 1.3


def sessions_before(last_day: date, count: int) -> list[Session]:
    """The newest full sessions, oldest first; a short one would have fewer than 390 minutes."""
    days = (calendar("XNYS").session(last_day - timedelta(days=back)) for back in range(count * 2 + 20))
    full = [day for day in days if day is not None and day.close_at - day.open_at == timedelta(minutes=390)]
    return full[:count][::-1]


def load(dsn: str, sessions: list[Session], *, symbols: int) -> None:
    """Fill the tables and gather their statistics. `dsn` is the owner's."""
    values = {
        "symbols": symbols,
        "dates": [session.trading_date for session in sessions],
        "opens": [session.open_at for session in sessions],
        "closes": [session.close_at for session in sessions],
    }
    query = (Path(__file__).parent / "rollups" / "load.sql").read_text(encoding="utf-8")
    with psycopg.connect(dsn, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(query, values)
        connection.execute("VACUUM (ANALYZE)")
        row = connection.execute("SELECT count(*) FROM market.bar_1m").fetchone()
        assert row is not None
        print(f"{row[0]:,} minute bars of {len(sessions)} sessions and {symbols} symbols")


def empty(dsn: str) -> None:
    """Forget what was computed."""
    with psycopg.connect(dsn) as connection:
        connection.execute("TRUNCATE rollup.bar, rollup.coverage, rollup.daily, rollup.daily_series, rollup.period")


def timed(act: Callable[[], object]) -> float:
    """Seconds that it took."""
    began = time.monotonic()
    act()
    return time.monotonic() - began


def late_trade(dsn: str, day: date, price: int) -> None:
    """One minute changes, as the stream leaves it."""
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "UPDATE market.bar_1m SET high = %s, trade_count = trade_count + 1 WHERE symbol = 'S001'"
            " AND bar_start = (SELECT max(bar_start) FROM market.bar_1m WHERE trading_date = %s AND symbol = 'S001')",
            (price, day),
        )
        connection.execute("INSERT INTO ops.dirty_day (symbol, trading_date) VALUES ('S001', %s)", (day,))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--symbols", type=int, default=500)
    parser.add_argument("--sessions", type=int, default=20)
    given = parser.parse_args()
    sessions = sessions_before(LAST_DAY, given.sessions)
    dates = [session.trading_date for session in sessions]
    with scratch_server(durable=True) as dsns:
        load(dsns["owner"], sessions, symbols=given.symbols)
        few = max(1, len(dates) // 4)
        few_s = timed(lambda: compute_daily(dsns["operations"], dates[0], dates[few - 1]))
        empty(dsns["owner"])
        all_s = timed(lambda: compute_daily(dsns["operations"], dates[0], dates[-1]))
        again_s = timed(lambda: compute_daily(dsns["operations"], dates[0], dates[-1]))
        ones_s = []
        for number, day in enumerate((dates[-1], dates[0], dates[len(dates) // 2], dates[-1], dates[-2])):
            late_trade(dsns["owner"], day, 1000 + number)
            ones_s.append(timed(lambda: compute_daily(dsns["operations"])))
    few_each_s, all_each_s = few_s / few, all_s / len(dates)
    print(f"{few} sessions: {few_s:.1f} s, {few_each_s:.2f} s each")
    print(f"{len(dates)} sessions: {all_s:.1f} s, {all_each_s:.2f} s each (limit {ALL_LIMIT_S:.0f} s)")
    print(f"the same again, nothing to change: {again_s:.1f} s")
    print(
        f"one late trade: median {statistics.median(ones_s):.2f} s, worst {max(ones_s):.2f} s (limit {ONE_LIMIT_S} s)"
    )
    kept = all_s < ALL_LIMIT_S and max(ones_s) < ONE_LIMIT_S and all_each_s < few_each_s * LINEAR
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
