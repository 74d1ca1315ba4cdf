"""How long the report's queries take: five years of 500 symbols by day, 60 sessions of them by minute.

    make bench-mart                        (some minutes, about 6 GB of disk for as long as it runs)
    python bench/mart_queries.py --symbols 50 --days 300 --sessions 5

Loads made-up rows by SQL into a PostgreSQL of its own with the options of the embedded stack, then sends every query of
bench/mart/queries as the role marketpulse_reader, each with other symbols and days, fetches all rows, and prints the
percentiles. Exit status 1 when one is over 200 ms at p95.
"""

import argparse
import random
import statistics
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table

from marketpulse.warehouse.dimensions import fill_dimensions
from scratch_server import scratch_server

FOLDER = Path(__file__).parent / "mart"
LIMIT_MS = 200.0
LAST_DAY = date(2026, 11, 20)


def load(dsn: str, *, symbols: int, days: int, sessions: int) -> None:
    """Fill the tables and gather their statistics. `dsn` is the owner's."""
    with psycopg.connect(dsn, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        # One old session, so that the calendar's days reach back far enough.
        first = LAST_DAY - timedelta(days=days * 365 // 250)
        connection.execute(
            "INSERT INTO market.session"
            " VALUES ('XNYS', %(day)s, %(day)s, %(day)s, %(day)s::date + 1, %(day)s::date + 1)",
            {"day": first},
        )
        fill_dimensions(dsn, "XNYS")
        connection.execute("DELETE FROM market.session")
        values = {"symbols": symbols, "days": days, "sessions": sessions, "last_day": LAST_DAY}
        for name in ("load_days", "load_intraday"):
            began = time.monotonic()
            connection.execute((FOLDER / f"{name}.sql").read_text(encoding="utf-8"), values)
            print(f"{name}: {time.monotonic() - began:.0f} s")
        connection.execute("VACUUM (ANALYZE)")


def measure(dsn: str, *, symbols: int, days: int, sessions: int, rounds: int) -> dict[str, tuple[int, list[float]]]:
    """Rows of the last answer and milliseconds of every round, by query."""
    chance = random.Random(1)  # noqa: S311 - the same questions in every run
    found: dict[str, tuple[int, list[float]]] = {}
    with psycopg.connect(dsn, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        known = [row[0] for row in connection.execute(
            "SELECT trading_date FROM mart.dim_session JOIN mart.dim_date ON calendar_date = trading_date"
            " WHERE is_recorded AND calendar = 'XNYS' ORDER BY trading_date"
        )]  # fmt: skip
        for path in sorted((FOLDER / "queries").glob("*.sql")):
            query, took, rows = path.read_text(encoding="utf-8"), [], 0
            for _ in range(rounds):
                day, recent_day = chance.choice(known), chance.choice(known[-sessions:])
                values = {
                    "symbol": f"S{chance.randint(1, symbols):03d}",
                    "day": day,
                    "recent_day": recent_day,
                    "week": recent_day - timedelta(days=recent_day.weekday()),
                    "month": day.replace(day=1),
                }
                began = time.perf_counter()
                rows = len(connection.execute(query, values).fetchall())
                took.append((time.perf_counter() - began) * 1000)
            found[path.stem] = (rows, took)
    return found


def show(found: dict[str, tuple[int, list[float]]]) -> bool:
    """Print the table; whether every query keeps the limit."""
    table = Table(title=f"Queries of the report, milliseconds; limit {LIMIT_MS:.0f} at p95")
    for name in ("query", "rows", "p50", "p95", "max"):
        table.add_column(name, justify="left" if name == "query" else "right")
    slow = []
    for name, (rows, took) in found.items():
        p95 = statistics.quantiles(took, n=20, method="inclusive")[18]
        if p95 > LIMIT_MS:
            slow.append(name)
        table.add_row(name, f"{rows:,}", f"{statistics.median(took):.1f}", f"{p95:.1f}", f"{max(took):.1f}")
    Console(width=100).print(table)
    if slow:
        print(f"over the limit: {', '.join(slow)}")
    return not slow


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--symbols", type=int, default=500)
    parser.add_argument("--days", type=int, default=1260)
    parser.add_argument("--sessions", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--hold", action="store_true", help="wait for Enter before the server goes")
    given = parser.parse_args()
    size = {"symbols": given.symbols, "days": given.days, "sessions": given.sessions}
    with scratch_server(durable=False) as dsns:
        load(dsns["owner"], **size)
        kept = show(measure(dsns["reader"], **size, rounds=given.rounds))
        if given.hold:
            input(f"{dsns['owner']}\nPress Enter to end. ")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
