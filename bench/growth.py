"""What a full table costs: the same drain into empty tables and into a database that holds twenty million trades.

    make bench-growth                      (an hour, 40 GB of disk for as long as it runs)
    python bench/growth.py --known 400000 --rows 100000 --pairs 1

Two servers of their own with the options of the embedded stack; one of them is filled by SQL with earlier sessions,
their bars and books. Each pair publishes new trades and drains them into both, in turns; the full one grows on. Rows,
sums and hash must be those that were published, or there is no number. Exit status 1 below the limit.
"""

import argparse
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median

import psycopg
from confluent_kafka import TopicPartition

from backlog.document import FOLDER, write_table
from backlog.gate import create_tables, empty, produced
from backlog.report import spread
from backlog.run import Figures, Stage, measured
from backlog.stack import Stack, running_stack
from backlog.topic import fill
from backlog.trades import DAY, Backlog
from contenders.ours import Ours
from marketpulse.broker.client import admin_client
from marketpulse.broker.topic_reader import TopicReader
from marketpulse.settings import EVENT_TOPIC
from proof import load
from rollups import sessions_before
from scratch_server import scratch_server

LEAST = 0.85
_SESSIONS = 4


def fill_table(owner_dsn: str, trades: int) -> None:
    """Sessions before the day that is drained; they came from a topic that is gone."""
    day_before = DAY - timedelta(days=1)
    given = argparse.Namespace(symbols=500, trades=trades // _SESSIONS)
    for number, session in enumerate(sessions_before(day_before, _SESSIONS)):
        load(owner_dsn, number, session.trading_date, given)
        print(f"{session.trading_date}: {given.trades:,} trades", flush=True)
    with psycopg.connect(owner_dsn) as connection:
        connection.execute("DELETE FROM ops.stream_ledger")
        connection.execute("SELECT setval('ops.stream_batch_id', max(batch_id)) FROM ops.stream_batch")


def publish(stack: Stack, backlog: Backlog, rows_file: Path) -> None:
    """In the place of what was drained before: a ledger that begins anew begins here."""
    if EVENT_TOPIC in TopicReader(stack.broker.bootstrap).partition_counts():
        bounds = TopicReader(stack.broker.bootstrap).topic(EVENT_TOPIC).partitions
        drained = [TopicPartition(EVENT_TOPIC, number, bounds[number].end) for number in bounds]
        for future in admin_client(stack.broker.bootstrap).delete_records(drained).values():
            future.result(30)
    fill(stack.broker.bootstrap, backlog, rows_file)


def pair(number: int, rows: int, stacks: Mapping[str, Stack]) -> dict[str, Figures]:
    """New trades into each database. Raises RuntimeError when one of them does not hold just those."""
    backlog = Backlog(rows, seed=number)
    any_stack = next(iter(stacks.values()))
    rows_file = any_stack.layout.state / "rows.copy"
    publish(any_stack, backlog, rows_file)
    wanted = produced(stacks["empty"].dsns["owner"], rows_file)
    found: dict[str, Figures] = {}
    for name in sorted(stacks, reverse=number % 2 == 0):
        run = measured(Ours(), Stage(stacks[name], backlog, rows_file, wanted))
        if isinstance(run, str):
            raise RuntimeError(f"{name}: {run}")
        print(f"pair {number}: {name}: {run}", flush=True)
        found[name] = run
    empty(stacks["empty"].dsns["owner"])
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--known", type=int, default=20_000_000, help="trades that are there already")
    parser.add_argument("--rows", type=int, default=1_000_000, help="trades of a drain")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--output", type=Path, default=FOLDER / "growth.md", help="where the table goes")
    given = parser.parse_args()
    # What was started ends with us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    pairs: list[dict[str, Figures]] = []
    with running_stack() as stack, scratch_server(durable=True) as full_dsns:
        stacks = {"empty": stack, "full": replace(stack, dsns=full_dsns)}
        for each in stacks.values():
            create_tables(each.dsns["owner"])
        fill_table(full_dsns["owner"], given.known)
        for number in range(1, given.pairs + 1):
            pairs.append(pair(number, given.rows, stacks))
            write(pairs, given)
    ratios = [_rate(one["full"]) / _rate(one["empty"]) for one in pairs]
    print(f"full to empty: {spread(ratios)}, at least {LEAST} wanted")
    return 0 if median(ratios) >= LEAST else 1


def write(pairs: list[dict[str, Figures]], given: argparse.Namespace) -> None:
    lines = ["| pair | empty, rows/s | full, rows/s | full to empty |", "|---" * 4 + "|"]
    for number, one in enumerate(pairs, start=1):
        empty_rate, full_rate = _rate(one["empty"]), _rate(one["full"])
        lines.append(f"| {number} | {empty_rate:,.0f} | {full_rate:,.0f} | {full_rate / empty_rate:.2f} |")
    write_table(
        given.output,
        title="Draining into a full table",
        command="make bench-growth",
        setup=f"{given.known:,} trades of {_SESSIONS} sessions were there already; each drain adds {given.rows:,} of"
        f" another day. Steady rates, in turns; at least {LEAST} is wanted.",
        table="\n".join(lines) + "\n",
    )


def _rate(run: Figures) -> float:
    return run.steady_rate or run.whole_rate


if __name__ == "__main__":
    sys.exit(main())
