"""How long the report's queries take: five years of 500 symbols by day, 60 sessions of them by minute.

    make bench-mart                        (some minutes, about 6 GB of disk for as long as it runs)
    python bench/mart_queries.py --symbols 50 --days 300 --sessions 5

Loads made-up rows by SQL into a PostgreSQL of its own with the options of the embedded stack, then sends as the role
marketpulse_reader, each with other symbols and days: every query of bench/mart/queries, whose rows it fetches, and
every import of bench/mart/imports, which it copies out as a refresh of Power BI reads it: table by table, or partition
by partition. Prints the percentiles. Exit status 1 when a query is over 200 ms at p95, or an import over half of the
reader's statement timeout at worst.
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
from marketpulse.warehouse.roles import ReaderLimits
from scratch_server import scratch_server

FOLDER = Path(__file__).parent / "mart"
LIMIT_MS = 200.0
# The other half is for a machine that has more to do.
IMPORT_LIMIT_MS = 1000 * ReaderLimits().statement_timeout_s / 2
IMPORT_ROUNDS = 3
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


Measured = dict[str, tuple[int, list[float]]]


def measure(dsn: str, *, symbols: int, days: int, sessions: int, rounds: int) -> tuple[Measured, Measured]:
    """Rows of the last answer and milliseconds of every round, by query and by import."""
    chance = random.Random(1)  # noqa: S311 - the same questions in every run
    queries: Measured = {}
    imports: Measured = {}
    with psycopg.connect(dsn, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        known = [row[0] for row in connection.execute(
            "SELECT trading_date FROM mart.dim_session JOIN mart.dim_date ON calendar_date = trading_date"
            " WHERE is_recorded AND calendar = 'XNYS' ORDER BY trading_date"
        )]  # fmt: skip
        kinds = ((queries, "queries", ask, rounds), (imports, "imports", read, IMPORT_ROUNDS))
        for found, folder, send, times in kinds:
            for path in sorted((FOLDER / folder).glob("*.sql")):
                query, took, rows = path.read_text(encoding="utf-8"), [], 0
                for _ in range(times):
                    values = chosen(chance, known, symbols=symbols, sessions=sessions)
                    began = time.perf_counter()
                    rows = send(connection, query, values)
                    took.append((time.perf_counter() - began) * 1000)
                found[path.stem] = (rows, took)
    return queries, imports


def chosen(chance: random.Random, known: list[date], *, symbols: int, sessions: int) -> dict[str, object]:
    """A symbol and days for one question."""
    day, recent_day = chance.choice(known), chance.choice(known[-sessions:])
    return {
        "symbol": f"S{chance.randint(1, symbols):03d}",
        "day": day,
        "recent_day": recent_day,
        "week": recent_day - timedelta(days=recent_day.weekday()),
        "month": day.replace(day=1),
    }


def ask(connection: psycopg.Connection, query: str, values: dict[str, object]) -> int:
    return len(connection.execute(query, values).fetchall())


def read(connection: psycopg.Connection, query: str, values: dict[str, object]) -> int:
    """Copied out, so that what a million rows cost Python is no part of it."""
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT", values) as copy:
        return sum(bytes(block).count(b"\n") for block in copy)


def show(title: str, found: Measured, *, limit_ms: float, at_worst: bool) -> bool:
    """Print the table; whether every query keeps the limit, at p95 or at worst."""
    table = Table(title=f"{title}, milliseconds; limit {limit_ms:,.0f} {'at worst' if at_worst else 'at p95'}")
    for name in ("query", "rows", "p50", "p95", "max"):
        table.add_column(name, justify="left" if name == "query" else "right")
    slow = []
    for name, (rows, took) in found.items():
        p95 = statistics.quantiles(took, n=20, method="inclusive")[18]
        if (max(took) if at_worst else p95) > limit_ms:
            slow.append(name)
        table.add_row(name, f"{rows:,}", f"{statistics.median(took):,.1f}", f"{p95:,.1f}", f"{max(took):,.1f}")
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
        queries, imports = measure(dsns["reader"], **size, rounds=given.rounds)
        kept = show("Queries of the report", queries, limit_ms=LIMIT_MS, at_worst=False)
        kept &= show("Imports of a refresh", imports, limit_ms=IMPORT_LIMIT_MS, at_worst=True)
        if given.hold:
            input(f"{dsns['owner']}\nPress Enter to end. ")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
