"""Rows from data files: what a case leaves out takes a plain value, so that a case shows only what it is about."""

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import yaml
from psycopg import sql
from psycopg.types.json import Jsonb

AT = "2025-07-03T12:00:00+00:00"

DEFAULTS: dict[str, dict[str, Any]] = {
    "market.symbol": {
        "valid_from": "2000-01-01",
        "name": "Company",
        "mic": "XNYS",
        "calendar": "XNYS",
        "currency": "USD",
        "sector": "Financials",
        "is_fictitious": False,
    },
    "market.calendar": {"time_zone": "America/New_York", "is_primary": True},
    "market.calendar_day": {"calendar": "XNYS", "is_trading_day": True, "is_early_close": False},
    "market.session": {},
    "market.subscription": {"feed": "sip", "calendar": "XNYS", "provider": "alpaca", "synthetic": True},
    "market.bar_1m": {
        "feed": "sip",
        "session_part": "regular",
        "volume_scope": "consolidated",
        "first_batch_id": 1,
        "batch_id": 1,
    },
    "market.halt": {},
    "market.provider_bar": {
        "event_id": uuid.UUID(int=0),
        "provider": "alpaca",
        "feed": "sip",
        "interval": "P1D",
        "adjustment": "raw",
        "is_final": True,
        "volume_scope": "consolidated",
    },
    "market.event": {
        "event_type": "trade",
        "action": "new",
        "provider": "alpaca",
        "endpoint": "trades",
        "feed": "sip",
        "session_part": "regular",
        "bar_session_part": "regular",
        "adds_volume": True,
        "sets_high_low": True,
        "sets_open_close": True,
        "size": 100,
        "synthetic": True,
        "requested_at": AT,
        "received_at": AT,
        "producer_id": "p-1",
        "producer_seq": 1,
        "kafka_topic": "stock_analysis",
        "kafka_partition": 0,
        "kafka_offset": 0,
        "batch_id": 1,
        "volume_scope": "consolidated",
    },
    "ops.producer_run": {
        "provider": "alpaca",
        "feed": "sip",
        "calendar": "XNYS",
        "symbols": ["ABC"],
        "started_at": AT,
    },
    "ops.poll": {
        "producer_id": "p-1",
        "provider": "alpaca",
        "feed": "sip",
        "endpoint": "trades",
        "purpose": "poll",
        "symbols": ["ABC"],
        "request": "/v2/stocks/trades",
        "requested_at": AT,
        "received_at": AT,
        "market_at": AT,
        "outcome": "ok",
        "pages": 1,
        "records": 0,
        "events": 0,
        "repeated": 0,
        "rejected": 0,
    },
    "ops.stream_ledger": {"topic": "stock_analysis", "partition": 0, "topic_id": "t", "epoch": 1},
    "ops.stream_batch": {
        "epoch": 1,
        "topic": "stock_analysis",
        "topic_id": "t",
        "partition": 0,
        "landed": 0,
        "duplicate": 0,
        "superseding": 0,
        "dead_lettered": 0,
        "market_at": AT,
    },
    "ops.stream_batch_day": {},
    "ops.stream_loss": {
        "topic": "stock_analysis",
        "topic_id": "t",
        "partition": 0,
        "reason": "expired",
        "accepted_by": "somebody",
    },
    "ops.stream_batch_source": {
        "provider": "alpaca",
        "producer_id": "p-1",
        "landed": 0,
        "duplicate": 0,
        "superseding": 0,
        "dead_lettered": 0,
    },
    "ops.restatement": {
        "feed": "sip",
        "session_part": "regular",
        "causes": [],
        "batch_id": 1,
        "market_at": AT,
    },
    "ops.dead_letter": {
        "kafka_topic": "stock_analysis.dead_letter",
        "kafka_partition": 0,
        "kafka_offset": 0,
        "batch_id": 1,
        "reason": "not_a_number",
        "detail": "price",
        "body": b"{}",
    },
    "ops.dirty_day": {},
    "ops.dirty_series": {},
    "market.corporate_action": {"source": "case"},
    "rollup.daily": {
        "feed": "sip",
        "calendar": "XNYS",
        "volume": 0,
        "notional": 0,
        "trade_count": 0,
        "volume_pre": 0,
        "volume_post": 0,
        "trade_count_pre": 0,
        "trade_count_post": 0,
        "minutes_with_trades": 0,
        "is_synthetic": True,
    },
}
DEFAULTS["market.event_superseded"] = DEFAULTS["market.event"] | {"superseded_by": uuid.UUID(int=0)}


def load(owner_dsn: str, tables: Mapping[str, list[dict[str, Any]]]) -> None:
    """Insert the rows of each table, in the order given, with defaults filled in and event partitions made."""
    with psycopg.connect(owner_dsn) as connection:
        for table, rows in tables.items():
            for number, row in enumerate(rows, start=1):
                full = DEFAULTS[table] | (_event_times(row, number) if table.startswith("market.event") else {}) | row
                if table == "market.event":
                    connection.execute("SELECT market.ensure_event_partition(%s)", (full["trading_date"],))
                _insert(connection, table, full)


def read_case(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The input tables of a case: every `<schema>.<table>.yaml` of its folder, parents before children."""
    present = {path.stem for path in folder.glob("*.*.yaml")}
    unknown = present - set(DEFAULTS)
    assert not unknown, f"{folder.name} has files for unknown tables: {unknown}"
    return {table: read_rows(folder / f"{table}.yaml") for table in DEFAULTS if table in present}


def read_rows(path: Path) -> list[dict[str, Any]]:
    """A YAML list of rows; numbers and times stay text, so that no price passes through a float."""
    rows = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - text only
    assert isinstance(rows, list)
    return [{name: None if value == "null" else value for name, value in row.items()} for row in rows]


def _event_times(row: dict[str, Any], number: int) -> dict[str, Any]:
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{row['symbol']} {number}")
    event_at = psycopg_timestamp(row["event_at"])
    return {
        "provider_symbol": row["symbol"],
        "entity_id": identity,
        "event_id": identity,
        "event_time_ns": event_at,
        "sequence_number": number,
    }


def psycopg_timestamp(text: str) -> int:
    from datetime import datetime

    moment = datetime.fromisoformat(text)
    return int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * 1_000


def _insert(connection: psycopg.Connection, table: str, row: dict[str, Any]) -> None:
    values = [Jsonb(value) if isinstance(value, dict) or name == "causes" else value for name, value in row.items()]
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(*table.split(".")),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join([sql.Placeholder()] * len(row)),
    )
    connection.execute(statement, values)
