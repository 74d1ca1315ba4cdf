"""Drains a backlog by MarketPulse and by what a user would pick instead: same topic, same rows, empty tables, in turns.

    make bench                             (hours, 15 GB of disk for as long as it runs)
    make bench ROWS=500000 PAIRS=1 CONTENDERS=ours,append

Starts a broker, a PostgreSQL and a Spark cluster of its own, those of the embedded stack. Each round runs every
contender once and gives one ratio of ours to each other one; the table shows their median and range. It is written
again after each run, and the same command goes on where it was cut off. A contender whose rows, sums or hash differ
from what was produced gets no number, and the exit status is 1.
"""

import argparse
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from backlog.document import FOLDER, write_table
from backlog.gate import empty
from backlog.journal import Journal
from backlog.prepare import staged
from backlog.report import as_markdown
from backlog.run import Contender, Stage, measured
from backlog.stack import running_stack
from backlog.trades import SESSION_ROWS, Backlog
from contenders.debezium import Debezium
from contenders.floor import Floor
from contenders.ours import Ours, variant
from contenders.plain_consumer import PlainConsumer
from contenders.stock_spark import StockSpark

OURS = Ours()
CONTENDERS: Mapping[str, Contender] = {
    "ours": OURS,
    "append": StockSpark("append"),
    "rewrite": StockSpark("rewrite"),
    "upsert": StockSpark("upsert"),
    "consumer": PlainConsumer(guaranteed=False),
    "guaranteed": PlainConsumer(guaranteed=True),
    "debezium": Debezium(unnest=False),
    "unnest": Debezium(unnest=True),
    "floor": Floor(),
}


def turns(contenders: list[Contender], rounds: int) -> list[tuple[int, Contender]]:
    """Every contender once a round; every other round backwards, so that none always follows the same one."""
    return [
        (number, contender)
        for number in range(1, rounds + 1)
        for contender in (contenders if number % 2 else reversed(contenders))
    ]


def run(wanted: list[tuple[int, Contender]], backlog: Backlog, journal: Journal, table: Path) -> None:
    """The runs in turn, each in the journal and the table as soon as it ends."""
    with running_stack() as stack:
        stage: Stage = staged(stack, backlog)
        print(f"{backlog.rows:,} records in {backlog.partitions} partitions", flush=True)
        for number, contender in wanted:
            if not journal.needs(contender.name, number):
                continue
            found = measured(contender, stage)
            # Their disk at once, and the next one its empty tables.
            empty(stack.dsns["owner"])
            journal.add(contender.name, number, found)
            print(f"round {number}: {contender.name}: {found}", flush=True)
            write(journal, backlog, table)


def write(journal: Journal, backlog: Backlog, table: Path) -> None:
    rounds = max((len(runs) for runs in journal.figures.values()), default=0)
    write_table(
        table,
        title="Draining a backlog",
        command="make bench",
        setup=f"{backlog.rows:,} trades of {backlog.symbols} symbols (Zipf), {backlog.partitions} partitions, rounds in"
        f" turns: {rounds}.",
        table=as_markdown(journal, OURS.name),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=SESSION_ROWS)
    parser.add_argument("--pairs", type=int, default=3, help="rounds")
    parser.add_argument("--partitions", type=int, default=2)
    parser.add_argument("--contenders", default=",".join(CONTENDERS), help="some of: %(default)s")
    parser.add_argument("--anew", action="store_true", help="do not go on with the runs of an earlier call")
    parser.add_argument(
        "--against",
        action="append",
        default=[],
        help="ours of another checkout (a path), or with other settings (label:MARKETPULSE_X=1,spark.y=2)",
    )
    parser.add_argument("--output", type=Path, default=FOLDER / "drain.md", help="where the table goes")
    given = parser.parse_args()
    unknown = set(given.contenders.split(",")) - CONTENDERS.keys()
    if unknown:
        parser.error(f"no contender is called {', '.join(sorted(unknown))}: choose from {', '.join(CONTENDERS)}")
    # What was started ends with us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    contenders = [CONTENDERS[key] for key in given.contenders.split(",")]
    contenders[1:1] = [variant(told) for told in given.against]
    backlog = Backlog(given.rows, partitions=given.partitions)
    journal = Journal.open(given.output.with_suffix(".jsonl"), asdict(backlog))
    wanted = turns(contenders, given.pairs)
    if given.anew or not any(journal.needs(contender.name, number) for number, contender in wanted):
        journal.begin()
    run(wanted, backlog, journal, given.output)
    print(given.output.read_text(encoding="utf-8"))
    for name, reason in journal.rejected.items():
        print(f"{name} gets no number: {reason}", file=sys.stderr)
    return 1 if journal.rejected else 0


if __name__ == "__main__":
    sys.exit(main())
