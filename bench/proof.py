"""What a proof costs: the bars of one busy day by both implementations, and a day's proof beside a longer history.

    make bench-proof                       (some minutes, 8 GB of disk for as long as it runs)
    python bench/proof.py --trades 51000 --symbols 11 --days 2

Loads made-up trades by SQL into a PostgreSQL of its own with the options of the embedded stack. The two implementations
take turns, each run in a process of its own for its memory; one that does not find a bar that was falsified gets no
number. Then one day is proved alone and again among more days like it. Exit status 1 when a limit is not kept.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import psycopg

from marketpulse.store.postgres import connect
from marketpulse.warehouse.equation import Tally
from marketpulse.warehouse.minute_bars import compare_bars
from marketpulse.warehouse.proof import prove
from marketpulse.warehouse.proof_view import as_text
from marketpulse.warehouse.rollups import compute_daily
from marketpulse.warehouse.second_engine import second_engine
from plain_python_bars import differing_bars
from rollups import sessions_before
from scratch_server import scratch_server

LAST_DAY = date(2026, 11, 20)
LIMIT_S = 60.0
# What a proof of one day may cost more when there is ten times the history.
GROWTH = 1.3
_BATCH_TRADES = 5_000


def load(dsn: str, number: int, day: date, given: argparse.Namespace) -> None:
    """One day of trades with everything that the stream books beside them. `dsn` is the owner's."""
    (session,) = sessions_before(day, 1)
    values = {
        "trading_date": day.isoformat(),
        "open_at": session.open_at,
        "close_at": session.close_at,
        "symbols": given.symbols,
        "trades": given.trades,
        "batch_trades": _BATCH_TRADES,
        "first_batch": 1 + number * (given.trades // _BATCH_TRADES + 1),
        "first_offset": number * given.trades,
    }
    query = (Path(__file__).parent / "proof" / "load.sql").read_text(encoding="utf-8")
    with psycopg.connect(dsn, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        with connection.transaction():
            connection.execute(query, values)
        connection.execute("VACUUM (ANALYZE)")


def recount(implementation: str, dsn: str, day: date) -> dict[str, float]:
    """One run of one implementation, in this process."""
    began_s, began_cpu_s = time.monotonic(), time.process_time()
    with connect(dsn, application_name="bench") as connection:
        if implementation == "second engine":
            tally = Tally()
            with second_engine(connection) as engine:
                compare_bars(engine, tally, day)
            found = tally.equation("bars", "", "")
            bars, differing = int(found.left), found.offences
        else:
            bars, differing = differing_bars(connection, day)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cpu_s = time.process_time() - began_cpu_s
    return {
        "bars": bars,
        "differing": differing,
        "seconds": time.monotonic() - began_s,
        "cpu": cpu_s,
        "peak_mb": peak_mb,
    }


def recount_apart(implementation: str, dsn: str, day: date) -> dict[str, float]:
    """The same in a process of its own."""
    argv = [sys.executable, __file__, "--recount", implementation, dsn, day.isoformat()]
    output = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    return dict(json.loads(output))


def falsified(dsn: str, amount: str, day: date) -> None:
    """One bar's notional moved by as little as there is; the opposite amount moves it back."""
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "UPDATE market.bar_1m SET notional = notional + %s WHERE symbol = 'S002' AND bar_start = ("
            "SELECT min(bar_start) FROM market.bar_1m WHERE trading_date = %s AND symbol = 'S002')",
            (amount, day),
        )


def compare(dsns: Mapping[str, str], day: date, given: argparse.Namespace) -> float:
    """Both implementations in turns; returns the median seconds of the second engine."""
    runs: dict[str, list[dict[str, float]]] = {"plain Python": [], "second engine": []}
    for _ in range(given.rounds):
        for name, found in runs.items():
            found.append(recount_apart(name, dsns["operations"], day))
    falsified(dsns["owner"], "0.000000000001", day)
    blind = {name for name in runs if recount_apart(name, dsns["operations"], day)["differing"] != 1}
    falsified(dsns["owner"], "-0.000000000001", day)
    for name, found in runs.items():
        if name in blind or any(run["differing"] for run in found):
            print(f"{name}: wrong, so no number")
            continue
        seconds = [run["seconds"] for run in found]
        print(
            f"{name}: {statistics.median(seconds):.1f} s ({min(seconds):.1f} to {max(seconds):.1f}), "
            f"{given.trades / statistics.median(seconds):,.0f} trades/s, "
            f"{statistics.median(run['cpu'] for run in found):.1f} CPU-s of its own, peak {found[0]['peak_mb']:,.0f} MB"
        )
    return statistics.median(run["seconds"] for run in runs["second engine"])


def proved(dsn: str, day: date) -> float:
    """Seconds of a whole proof of one day, which has to balance."""
    began_s = time.monotonic()
    proof = prove(dsn, date_from=day, date_to=day, settle_s=1)
    took_s = time.monotonic() - began_s
    assert proof.balanced, as_text(proof)
    return took_s


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trades", type=int, default=5_000_000)
    parser.add_argument("--symbols", type=int, default=500)
    parser.add_argument("--days", type=int, default=2, help="how much history in the end")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--recount", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.recount:
        implementation, dsn, day = given.recount
        print(json.dumps(recount(implementation, dsn, date.fromisoformat(day))))
        return 0
    dates = [session.trading_date for session in sessions_before(LAST_DAY, given.days)]
    with scratch_server(durable=False) as dsns:
        load(dsns["owner"], 0, dates[0], given)
        compute_daily(dsns["operations"], dates[0], dates[0])
        print(f"{given.trades:,} trades of {given.symbols} symbols on {dates[0]}", flush=True)
        bars_s = compare(dsns, dates[0], given)
        alone_s = min(proved(dsns["operations"], dates[0]) for _ in range(given.rounds))
        print(f"proof of the day, alone: {alone_s:.1f} s", flush=True)
        for number, day in enumerate(dates[1:], start=1):
            load(dsns["owner"], number, day, given)
            compute_daily(dsns["operations"], day, day)
        among_s = min(proved(dsns["operations"], dates[0]) for _ in range(given.rounds))
        print(f"proof of the day among {given.days}: {among_s:.1f} s")
    kept = bars_s < LIMIT_S and among_s < alone_s * GROWTH
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
