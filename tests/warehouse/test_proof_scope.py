"""A proof of one day reads that day: others' contradictions are theirs to show, and their rows are not read."""

from datetime import date
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from tests.database import Database
from tests.warehouse.rows import load, read_case

from marketpulse.resources import read_sql
from marketpulse.warehouse.proof import prove
from marketpulse.warehouse.rollups import compute_daily
from marketpulse.warehouse.scope import Scope, create_scope

DAY, NEXT = date(2025, 7, 2), date(2025, 7, 3)
TRADE = {"symbol": "ABC", "trading_date": NEXT, "bar_start": "2025-07-03T13:30Z", "price": "10", "conditions": ["@"]}


@pytest.fixture
def two_days(database: Database) -> Database:
    load(database.owner_dsn, read_case(Path(__file__).parent / "proof" / "balanced"))
    source = {"producer_id": "p-2", "records": 1, "landed": 1, "lowest_seq": 1, "highest_seq": 1}
    load(
        database.owner_dsn,
        {
            "ops.producer_run": [{"producer_id": "p-2", "trading_date": NEXT}],
            "ops.poll": [
                {
                    "producer_id": "p-2",
                    "trading_date": NEXT,
                    "records": 1,
                    "events": 1,
                    "highest_seq": {"stock_analysis/0": 1},
                }
            ],
            "market.event": [
                TRADE | {"event_at": "2025-07-03T13:30:01+00:00", "producer_id": "p-2", "batch_id": 4},
            ],
            "market.bar_1m": [
                {
                    **{name: TRADE[name] for name in ("symbol", "trading_date", "bar_start")},
                    **dict.fromkeys(("open", "high", "low", "close"), "10"),
                    "volume": 100,
                    "notional": 1000,
                    "trade_count": 1,
                }
            ],
            "ops.stream_batch": [{"batch_id": 4, "first_offset": 7, "last_offset": 7, "records": 1, "landed": 1}],
            "ops.stream_batch_source": [source | {"batch_id": 4}],
            "ops.stream_batch_day": [{"trading_date": NEXT, "batch_id": 4, "versions": 1}],
        },
    )
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute("UPDATE ops.stream_ledger SET next_offset = 8 WHERE next_offset = 7")
    compute_daily(database.operations_dsn, DAY, NEXT)
    return database


def broken(database: Database, day: date | None) -> set[str]:
    proof = prove(database.operations_dsn, date_from=day, date_to=day, settle_s=0)
    return {equation.name for equation in proof.equations if not equation.balanced}


def test_both_days_and_all_balance(two_days: Database) -> None:
    assert broken(two_days, DAY) == broken(two_days, NEXT) == broken(two_days, None) == set()
    proof = prove(two_days.operations_dsn, date_from=NEXT, date_to=NEXT, settle_s=0)
    sides = {equation.name: (int(equation.left), int(equation.right)) for equation in proof.equations}
    for name in ("poll_records", "sequences_complete", "offsets_accounted", "facts_recounted", "bars_recomputed"):
        assert sides[name] == (1, 1)


@pytest.mark.parametrize(
    ("damage", "names"),
    [
        ("UPDATE ops.poll SET records = 2 WHERE producer_id = 'p-2'", {"poll_records"}),
        (
            "UPDATE ops.stream_batch_source SET lowest_seq = 2, highest_seq = 2 WHERE batch_id = 4",
            {"sequences_continuous", "sequences_complete"},
        ),
        (
            "DELETE FROM market.event WHERE trading_date = '2025-07-03'",
            {"facts_recounted", "bars_recomputed", "rollups_recomputed"},
        ),
        ("UPDATE ops.stream_batch_day SET versions = 2 WHERE batch_id = 4", {"facts_recounted", "days_accounted"}),
    ],
)
def test_a_contradiction_shows_in_the_proof_of_its_own_day(two_days: Database, damage: str, names: set[str]) -> None:
    with psycopg.connect(two_days.owner_dsn) as connection:
        assert connection.execute(damage).rowcount == 1
    assert broken(two_days, DAY) == set()
    assert broken(two_days, NEXT) == names
    assert broken(two_days, None) == names


@pytest.mark.parametrize(
    ("name", "unread"),
    [("facts_recounted", "event_20250702"), ("copy_trades", "event_20250702"), ("copy_bars", "Seq Scan on bar_1m")],
)
def test_other_days_rows_are_not_in_the_plan(two_days: Database, name: str, unread: str) -> None:
    query = read_sql(f"proof/{name}").replace("COPY (", "(").replace(") TO STDOUT (FORMAT csv)", ")")
    values = {"trading_date": NEXT, "date_from": NEXT, "date_to": NEXT}
    with psycopg.connect(two_days.operations_dsn, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute("SET enable_seqscan = off" if "Seq Scan" in unread else "SELECT 1")
        rows = connection.execute(sql.SQL("EXPLAIN ") + sql.SQL(query), values).fetchall()
    plan = "\n".join(line for (line,) in rows)
    assert unread not in plan
    assert "2025-07-03" in plan


def test_batches_of_the_day_are_found_by_index(two_days: Database) -> None:
    """With as little as there is here a scan is cheaper: that an index could serve is what counts."""
    scope = Scope(NEXT, NEXT)
    with psycopg.connect(two_days.operations_dsn, cursor_factory=psycopg.ClientCursor) as connection:
        create_scope(connection)
        scope.fill(connection)
        assert connection.execute("SELECT batch_id FROM proof_batch").fetchall() == [(4,)]
        assert connection.execute("SELECT producer_id FROM proof_producer").fetchall() == [("p-2",)]
        connection.execute("SET enable_seqscan = off")
        parts = {part: sql.SQL(read_sql(f"proof/{part}")) for part in ("followed_batches", "select_acknowledged")}
        values = {**scope.bounds, "until_poll_id": 9}
        for name in ("offsets_accounted", "sources_accounted", "days_accounted", "landing_awaited", "select_numbers"):
            text = read_sql(f"proof/{name}")
            query = sql.SQL(text).format(**parts) if "{followed" in text or "{select" in text else sql.SQL(text)
            plan = "\n".join(line for (line,) in connection.execute(sql.SQL("EXPLAIN ") + query, values).fetchall())
            assert "Seq Scan on stream_batch" not in plan, f"{name}\n{plan}"
            assert "Seq Scan on stream_batch_source" not in plan, f"{name}\n{plan}"
            assert "Seq Scan on poll" not in plan, f"{name}\n{plan}"
