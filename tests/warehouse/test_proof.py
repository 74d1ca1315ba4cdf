"""The proof on a real server: a small balanced history, and every way in which one stored fact can break it."""

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.database import Database
from tests.warehouse.rows import load, read_case

from marketpulse.broker.topic import End
from marketpulse.errors import RetriableError
from marketpulse.warehouse.proof import Proof, prove
from marketpulse.warehouse.proof_view import as_text
from marketpulse.warehouse.rollups import compute_daily

DAY = date(2025, 7, 2)
ROLLUPS = ("rollups_recomputed", "rollup_bars_from_minutes", "rollup_days_from_minutes")
EQUATIONS = [
    "poll_records",
    "poll_sequences",
    "acknowledged_landed",
    "sequences_complete",
    "sequences_continuous",
    "offsets_continuous",
    "ledger_position",
    "offsets_accounted",
    "sources_accounted",
    "days_accounted",
    "facts_recounted",
    "dead_letters_recounted",
    "replays_landed",
    "bars_recomputed",
    "rollup_bars_from_minutes",
    "rollup_days_from_minutes",
    "rollups_recomputed",
]
TRUTH = {
    "trading_date": "2025-07-02",
    "feed": "sip",
    "market_at": "2025-07-03T01:00:00Z",
    "symbols": {
        "ABC": {"trades": 4, "versions": 6, "cancelled": 1, "corrected": 0, "volume": "157", "notional": "1592.1"},
    },
    "malformed": 1,
    "total_trades": 4,
}

# One of the letters was corrected, and sent as a copy of a trade under ids of its own.
CORRECTED_RECORD = """
    WITH letter AS (
        UPDATE ops.dead_letter
        SET feed = 'sip', status = 'replayed'
        WHERE kafka_topic = 'stock_analysis.dead_letter'
        RETURNING dead_letter_id
    ),
    event AS (
        INSERT INTO market.event
        SELECT (jsonb_populate_record(
            event, '{"producer_id": "p-r"}'::jsonb || ids.own
        )).*
        FROM market.event
        CROSS JOIN LATERAL (
            SELECT jsonb_build_object('entity_id', gen_random_uuid(), 'event_id', gen_random_uuid()) AS own
        ) AS ids
        WHERE event_type = 'trade' AND action = 'new'
        LIMIT 1
        RETURNING trading_date, entity_id, event_id
    )
    INSERT INTO ops.dead_letter_replay (
        dead_letter_id, poll_id, producer_id, partition, producer_seq, trading_date, entity_id, event_id, replayed_by
    )
    SELECT dead_letter_id, (SELECT min(poll_id) FROM ops.poll), 'p-r', 0, 1, trading_date, entity_id, event_id, 'ops'
    FROM letter
    CROSS JOIN event
"""


@pytest.fixture
def history(database: Database) -> Database:
    load(database.owner_dsn, read_case(Path(__file__).parent / "proof" / "balanced"))
    compute_daily(database.operations_dsn, DAY, DAY)
    return database


@pytest.fixture
def truth() -> Iterator[tuple[str, dict[str, Any]]]:
    """The address of a control API and the ledger it serves, free to be changed."""
    ledger = json.loads(json.dumps(TRUTH))

    class Face(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = "feed=sip" in self.path
            body = json.dumps(ledger if known else {"error": "unknown feed 'other': use sip"}).encode()
            self.send_response(ledger.get("status", 200) if known else 400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Face)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", ledger
    server.shutdown()
    thread.join()
    server.server_close()


def broken(proof: Proof) -> set[str]:
    return {equation.name for equation in proof.equations if not equation.balanced}


def _sides(proof: Proof) -> dict[str, tuple[object, object]]:
    return {equation.name: (equation.left, equation.right) for equation in proof.equations}


def test_a_balanced_history(history: Database) -> None:
    proof = prove(history.operations_dsn, settle_s=0)
    assert broken(proof) == set()
    assert proof.balanced
    assert [equation.name for equation in proof.equations] == EQUATIONS
    sides = _sides(proof)
    assert sides["poll_records"] == (12, 12)
    assert sides["offsets_accounted"] == (8, 8)
    assert sides["facts_recounted"] == (6, 6)
    assert sides["dead_letters_recounted"] == (1, 1)
    assert sides["bars_recomputed"] == (1, 1)
    # A day, its minutes, its bars of three intervals, its place in the series, its week and its month.
    assert sides["rollups_recomputed"] == (8, 8)


def test_an_empty_database_is_balanced(database: Database) -> None:
    assert prove(database.operations_dsn, settle_s=0).balanced


@pytest.mark.parametrize(
    ("damage", "names"),
    [
        (
            "DELETE FROM market.event WHERE event_time_ns % 60000000000 = 2000000000",
            {"facts_recounted", "bars_recomputed"},
        ),
        ("DELETE FROM market.event_superseded", {"facts_recounted"}),
        ("UPDATE market.event SET batch_id = 1 WHERE batch_id = 2", {"facts_recounted"}),
        ("UPDATE market.event SET price = 10.15 WHERE price = 10.1", {"bars_recomputed"}),
        ("UPDATE market.event SET action = 'cancel' WHERE size = 50", {"bars_recomputed"}),
        ("UPDATE market.bar_1m SET notional = notional + 0.000001", {"bars_recomputed", *ROLLUPS}),
        ("DELETE FROM market.bar_1m", {"bars_recomputed", *ROLLUPS}),
        ("DELETE FROM ops.dead_letter", {"dead_letters_recounted"}),
        ("UPDATE rollup.daily SET high = high + 1", {"rollups_recomputed", "rollup_days_from_minutes"}),
        ("UPDATE rollup.daily SET minutes_covered = 3", {"rollups_recomputed"}),
        ("UPDATE rollup.coverage SET reason = 'halted' WHERE reason = 'no_trade'", {"rollups_recomputed"}),
        ("DELETE FROM rollup.coverage WHERE status = 'missing'", {"rollups_recomputed"}),
        ("DELETE FROM rollup.daily", {"rollups_recomputed", "rollup_days_from_minutes"}),
        (
            "UPDATE rollup.bar SET close = close + 1 WHERE interval_min = 60",
            {"rollups_recomputed", "rollup_bars_from_minutes"},
        ),
        ("DELETE FROM rollup.bar", {"rollups_recomputed", "rollup_bars_from_minutes"}),
        ("UPDATE rollup.bar SET notional = notional + 0.01", {"rollups_recomputed", "rollup_bars_from_minutes"}),
        ("UPDATE rollup.daily SET volume_pre = 1", {"rollups_recomputed", "rollup_days_from_minutes"}),
        ("UPDATE rollup.daily_series SET atr_14 = 1", {"rollups_recomputed"}),
        ("DELETE FROM rollup.period", {"rollups_recomputed"}),
        (
            "INSERT INTO rollup.daily (symbol, trading_date, feed, calendar, volume, notional, trade_count, volume_pre,"
            " volume_post, trade_count_pre, trade_count_post, minutes_with_trades)"
            " VALUES ('GHOST', '2025-07-02', 'sip', 'XNYS', 1000000, 1000000, 1, 0, 0, 0, 0, 1)",
            {"rollups_recomputed", "rollup_days_from_minutes"},
        ),
        (
            "UPDATE ops.stream_ledger SET next_offset = 8 WHERE next_offset = 7",
            {"ledger_position"},
        ),
        (
            "UPDATE ops.stream_batch SET first_offset = 5, last_offset = 7 WHERE batch_id = 2",
            {"offsets_continuous", "offsets_accounted", "ledger_position"},
        ),
        (
            "UPDATE ops.stream_batch SET landed = 2, duplicate = 0 WHERE batch_id = 2",
            {"sources_accounted", "days_accounted"},
        ),
        ("UPDATE ops.stream_batch_source SET lowest_seq = 4 WHERE batch_id = 2", {"sequences_continuous"}),
        (
            "UPDATE ops.stream_batch_source SET highest_seq = 8 WHERE batch_id = 2",
            {"sequences_continuous", "sequences_complete"},
        ),
        (
            "DELETE FROM ops.stream_batch_source WHERE batch_id = 3",
            {"sources_accounted", "acknowledged_landed"},
        ),
        (
            "UPDATE ops.poll SET highest_seq = jsonb_set(highest_seq, '{stock_analysis/0}', '9') WHERE events = 3",
            {"acknowledged_landed", "poll_sequences"},
        ),
        ("UPDATE ops.poll SET events = 4, repeated = 3 WHERE events = 3", {"poll_sequences"}),
        # Two polls whose errors cancel out in the sum of their producer.
        (
            "UPDATE ops.poll SET events = 7 - events, records = 7 - events + repeated + rejected",
            {"poll_sequences"},
        ),
        ("UPDATE ops.poll SET records = records + 1 WHERE events = 3", {"poll_records"}),
        ("UPDATE ops.stream_batch_day SET versions = 3 WHERE batch_id = 2", {"days_accounted", "facts_recounted"}),
        ("UPDATE market.event_superseded SET batch_id = 9", {"facts_recounted"}),
        # The version in force is chosen anew, and so is what its conditions allow.
        ("UPDATE market.event_superseded SET action = 'cancel', size = 5, event_id = entity_id", set()),
        (
            "UPDATE market.event SET received_at = '2000-01-01Z', action = 'new' WHERE action = 'cancel'",
            {"bars_recomputed"},
        ),
        ("UPDATE market.event SET conditions = '{@}' WHERE conditions = '{@,I}'", {"bars_recomputed"}),
        ("UPDATE market.event SET conditions = '{M}' WHERE size = 50", {"bars_recomputed"}),
        ("UPDATE market.event SET session_part = 'post' WHERE size = 50", {"bars_recomputed"}),
        ("UPDATE market.event SET event_time_ns = event_time_ns + 60000000000 WHERE size = 7", {"bars_recomputed"}),
        ("UPDATE market.bar_1m SET close = 10.1", {"bars_recomputed", *ROLLUPS}),
        (
            "UPDATE market.bar_1m SET volume_scope = 'unknown'",
            {"bars_recomputed", "rollups_recomputed", "rollup_bars_from_minutes"},
        ),
    ],
)
def test_one_changed_fact_breaks_its_equations(history: Database, damage: str, names: set[str]) -> None:
    with psycopg.connect(history.owner_dsn) as connection:
        assert connection.execute(damage).rowcount > 0
    proof = prove(history.operations_dsn, settle_s=0)
    assert broken(proof) == names
    assert all(equation.offending for equation in proof.equations if not equation.balanced)


@pytest.mark.parametrize(
    ("topic_id", "end", "names"),
    [
        ("t", 7, set()),
        ("t", 8, {"kafka_drained"}),
        ("t", 6, {"kafka_holds"}),
        # Made anew: that the old one was read beyond that offset says nothing, whatever the new one holds.
        ("anew", 5, {"kafka_drained", "kafka_holds"}),
        ("anew", 7, {"kafka_drained", "kafka_holds"}),
    ],
)
def test_kafka_is_drained_by_the_topic_that_is_there(
    history: Database, monkeypatch: pytest.MonkeyPatch, topic_id: str, end: int, names: set[str]
) -> None:
    ends = {("stock_analysis", 0): End(topic_id, end), ("stock_analysis.dead_letter", 0): End("t", 1)}
    monkeypatch.setattr("marketpulse.warehouse.proof.topic_ends", lambda _: ends)
    assert broken(prove(history.operations_dsn, kafka_bootstrap="a broker", settle_s=0)) == names


def test_a_session_that_nobody_swept_is_unproven_and_balances(history: Database) -> None:
    assert prove(history.operations_dsn, date_from=DAY, date_to=DAY, settle_s=0).unproven == ()
    with psycopg.connect(history.owner_dsn) as connection:
        connection.execute("UPDATE ops.poll SET purpose = 'poll'")
    proof = prove(history.operations_dsn, date_from=DAY, date_to=DAY, settle_s=0)
    assert proof.balanced
    assert proof.unproven == (
        "sip of 2025-07-02 was not read again after the session (1 of 1 symbols): late, corrected or cancelled trades"
        " may be missing; trigger DAG market_producer with session_date 2025-07-02, provider alpaca, feed sip and"
        " calendar XNYS, or run 'marketpulse produce --session 2025-07-02 --provider alpaca --feed sip --calendar"
        " XNYS'",
    )
    assert proof.unproven[0] in as_text(proof).splitlines()[-2]
    assert prove(history.operations_dsn, date_from=date(2025, 7, 3), settle_s=0).unproven == ()


def test_a_day_that_waits_for_its_rollup_is_no_contradiction(history: Database) -> None:
    with psycopg.connect(history.owner_dsn) as connection:
        connection.execute("UPDATE rollup.daily SET high = high + 1")
        connection.execute("INSERT INTO ops.dirty_day (symbol, trading_date) VALUES ('ABC', %s)", (DAY,))
    assert prove(history.operations_dsn, settle_s=0).balanced


def test_a_subscription_that_nothing_followed_yet_is_no_contradiction(history: Database) -> None:
    load(history.owner_dsn, {"market.subscription": [{"trading_date": DAY, "symbol": "LATER"}]})
    assert prove(history.operations_dsn, settle_s=0).balanced


def test_a_sealed_day_is_known_by_number(history: Database) -> None:
    with psycopg.connect(history.owner_dsn) as connection:
        assert connection.execute("SELECT market.seal_event_day(%s, now() + INTERVAL '1 day')", (DAY,)).fetchone() == (
            True,
        )
    assert prove(history.operations_dsn, settle_s=0).balanced
    with psycopg.connect(history.owner_dsn) as connection:
        connection.execute("UPDATE ops.sealed_day SET events = events - 1")
    assert broken(prove(history.operations_dsn, settle_s=0)) == {"facts_recounted"}


def test_the_truth_ledger_agrees(history: Database, truth: tuple[str, dict[str, Any]]) -> None:
    url, _ = truth
    proof = prove(history.operations_dsn, truth_url=url, settle_s=0)
    assert broken(proof) == set()
    sides = _sides(proof)
    assert sides["truth_trades"] == (4, 4)
    assert sides["truth_withdrawn"] == (1, 1)
    assert sides["truth_notional"] == (Decimal("1592.1"), Decimal("1592.1"))
    assert sides["truth_malformed"] == (1, 1)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("truth_trades", "trades", 5),
        ("truth_withdrawn", "corrected", 1),
        ("truth_volume", "volume", "158"),
        ("truth_notional", "notional", "1592.100001"),
        ("truth_auctions", "close_auction", "10.4"),
        ("truth_auctions", "close_correction", "10.4"),
    ],
)
def test_the_truth_ledger_disagrees(
    history: Database, truth: tuple[str, dict[str, Any]], name: str, field: str, value: object
) -> None:
    url, ledger = truth
    ledger["symbols"]["ABC"][field] = value
    proof = prove(history.operations_dsn, truth_url=url, settle_s=0)
    assert broken(proof) == {name}
    (offending,) = (equation.offending for equation in proof.equations if equation.name == name)
    assert offending[0].startswith("ABC sip 2025-07-02")


def test_a_corrected_record_is_no_more_than_the_simulator_showed(
    history: Database, truth: tuple[str, dict[str, Any]]
) -> None:
    """It sent the record unreadable, and its ledger counts it so; what a person read in it is in no ledger."""
    url, _ = truth
    with psycopg.connect(history.owner_dsn) as connection:
        connection.execute(CORRECTED_RECORD)
    proof = prove(history.operations_dsn, truth_url=url, settle_s=0)
    sides = _sides(proof)
    assert sides["replays_landed"] == (1, 1)
    assert sides["truth_trades"] == (4, 4)
    assert sides["truth_notional"] == (Decimal("1592.1"), Decimal("1592.1"))


def test_an_unfinished_day_is_not_compared(history: Database, truth: tuple[str, dict[str, Any]]) -> None:
    url, ledger = truth
    ledger.update(market_at="2025-07-02T15:00:00Z", symbols={})
    proof = prove(history.operations_dsn, truth_url=url, settle_s=0)
    assert proof.balanced
    assert proof.equations[-1].left == 0


def test_a_truth_ledger_that_refuses_is_an_outage_and_not_an_empty_day(
    history: Database, truth: tuple[str, dict[str, Any]]
) -> None:
    url, ledger = truth
    ledger["status"] = 404
    with pytest.raises(RetriableError, match="unreadable"):
        prove(history.operations_dsn, truth_url=url, settle_s=0)


def test_no_truth_ledger_and_no_database_are_outages(history: Database) -> None:
    with pytest.raises(RetriableError, match="truth ledger"):
        prove(history.operations_dsn, truth_url="http://127.0.0.1:1", settle_s=0)
    with pytest.raises(RetriableError, match="Postgres"):
        prove(history.operations_dsn.replace(f":{history.server.port}/", ":1/"))


def test_what_is_on_its_way_may_still_land(history: Database) -> None:
    """The stream commits the acknowledged record while the proof waits for it."""
    with psycopg.connect(history.owner_dsn, autocommit=True) as connection:
        connection.execute("UPDATE ops.stream_batch_source SET highest_seq = 6 WHERE batch_id = 2")
        assert "acknowledged_landed" in broken(prove(history.operations_dsn, settle_s=0))
        repair = "UPDATE ops.stream_batch_source SET highest_seq = 7 WHERE batch_id = 2"
        timer = threading.Timer(0.6, connection.execute, (repair,))
        timer.start()
        assert prove(history.operations_dsn, settle_s=20).balanced
        timer.join()


def expired(history: Database) -> None:
    """Three records expired before they landed; then the stream went on with the next one of the same producer."""
    batch = {"batch_id": 4, "first_offset": 10, "last_offset": 10, "records": 1, "duplicate": 1}
    source = {"batch_id": 4, "records": 1, "duplicate": 1, "lowest_seq": 11, "highest_seq": 11}
    poll = {"trading_date": DAY, "records": 4, "events": 4}
    tables: dict[str, list[dict[str, Any]]] = {
        "ops.poll": [poll | {"highest_seq": {"stock_analysis/0": 11, "stock_analysis.dead_letter/0": 1}}],
        "ops.stream_batch": [batch],
        "ops.stream_batch_source": [source],
    }
    load(history.owner_dsn, tables)
    with psycopg.connect(history.owner_dsn) as connection:
        connection.execute("UPDATE ops.stream_ledger SET next_offset = 11 WHERE topic = 'stock_analysis'")


LOST = {"sequences_continuous", "sequences_complete", "offsets_continuous", "offsets_accounted"}


def test_a_loss_that_nobody_accepted_breaks_the_equations(history: Database) -> None:
    expired(history)
    assert broken(prove(history.operations_dsn, settle_s=0)) == LOST


def test_an_accepted_loss_is_counted(history: Database) -> None:
    with psycopg.connect(history.owner_dsn) as connection:
        connection.execute("UPDATE ops.stream_batch SET committed_at = now() - INTERVAL '1 hour'")
    load(history.owner_dsn, {"ops.stream_loss": [{"from_offset": 7, "to_offset": 10}]})
    expired(history)
    proof = prove(history.operations_dsn, settle_s=0)
    assert broken(proof) == set()
    assert _sides(proof)["offsets_accounted"] == (12, 12)


def test_a_loss_excuses_no_more_than_it_holds(history: Database) -> None:
    with psycopg.connect(history.owner_dsn) as connection:
        connection.execute("UPDATE ops.stream_batch SET committed_at = now() - INTERVAL '1 hour'")
    load(history.owner_dsn, {"ops.stream_loss": [{"from_offset": 7, "to_offset": 9}]})
    expired(history)
    assert broken(prove(history.operations_dsn, settle_s=0)) == LOST


def test_the_proof_is_stored(history: Database) -> None:
    prove(history.operations_dsn, date_from=DAY, date_to=DAY, settle_s=0)
    with psycopg.connect(history.operations_dsn) as connection:
        row = connection.execute("SELECT date_from, date_to, balanced, jsonb_array_length(equations) FROM ops.proof")
        assert row.fetchone() == (DAY, DAY, True, len(EQUATIONS))
