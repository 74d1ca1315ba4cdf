"""Proof of conservation: everything fetched was published, everything published landed, was a duplicate, superseded
another version, or is a dead letter. Computed from stored facts in one snapshot, and stored itself in ops.proof.
"""

import time
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec
import psycopg
from psycopg import IsolationLevel, sql
from psycopg.types.json import Jsonb

from marketpulse.resources import read_sql
from marketpulse.store.postgres import connect, outages
from marketpulse.warehouse.account import Account, summarised
from marketpulse.warehouse.equation import Equation, Tally
from marketpulse.warehouse.minute_bars import bars_recomputed
from marketpulse.warehouse.rollups_recomputed import rollups_recomputed
from marketpulse.warehouse.topic_ends import TopicEnds, topic_ends
from marketpulse.warehouse.truth import landed_against_truth

_SETTLE_POLL_S = 0.25


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What `prove` found. The dates bound the equations on bars, rollups and truth; all others hold for all time."""

    proved_at: datetime
    date_from: date | None
    date_to: date | None
    equations: tuple[Equation, ...]

    @property
    def balanced(self) -> bool:
        return all(equation.balanced for equation in self.equations)


ACCOUNTS = (
    Account("poll_records", "records fetched", "=", "published + repeated + rejected"),
    Account("poll_sequences", "published and rejected by polls", "=", "numbers acknowledged by the broker"),
    Account("acknowledged_landed", "highest numbers that landed", ">=", "highest numbers acknowledged"),
    Account("sequences_complete", "numbered records read by the stream", "=", "highest numbers seen"),
    Account("sequences_continuous", "batches by producer", "=", "batches that continue the numbers"),
    Account("offsets_continuous", "batches", "=", "batches that continue the offsets"),
    Account("ledger_position", "next offsets of the ledger", "=", "ends of the last batches"),
    Account("offsets_accounted", "offsets passed", "=", "landed + duplicate + superseding + dead letters"),
    Account("sources_accounted", "outcomes by batch", "=", "outcomes by source"),
    Account("facts_recounted", "versions of facts in the tables", "=", "landed + superseding"),
    Account("dead_letters_recounted", "dead letters in the table", "=", "dead-lettered"),
)


def prove(
    dsn: str,
    *,
    date_from: date | None = None,
    date_to: date | None = None,
    truth_url: str | None = None,
    kafka_bootstrap: str | None = None,
    settle_s: float = 30.0,
) -> Proof:
    """Check every equation, store the proof and return it, balanced or not. `dsn` is the operations role's.

    The stream may be at work: what was acknowledged (and, with `kafka_bootstrap`, is in Kafka) when the proof began has
    to land within `settle_s`. `truth_url` is the simulator's control address. Without dates all kept days are checked.
    Raises RetriableError when Postgres, Kafka or the simulator does not answer.
    """
    ends = topic_ends(kafka_bootstrap) if kafka_bootstrap else None
    with outages(dsn), connect(dsn, application_name="proof", autocommit=True) as connection:
        until_poll_id = _settled(connection, ends, settle_s)
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.transaction():
            equations = _equations(connection, until_poll_id, ends, date_from, date_to, truth_url)
            proved_at = connection.execute(read_sql("proof/select_now")).fetchone()
        connection.read_only = False
        assert proved_at is not None  # noqa: S101 - a row by construction
        proof = Proof(proved_at=proved_at[0], date_from=date_from, date_to=date_to, equations=equations)
        values = {
            "date_from": date_from,
            "date_to": date_to,
            "balanced": proof.balanced,
            "equations": Jsonb(msgspec.to_builtins(equations)),
        }
        connection.execute(read_sql("proof/insert_proof"), values)
    return proof


def _settled(connection: psycopg.Connection, ends: TopicEnds | None, settle_s: float) -> int:
    """Wait until what is known now has landed, or the time is up; returns the newest poll of the beginning."""
    row = connection.execute(read_sql("proof/select_newest_poll")).fetchone()
    until_poll_id = int(row[0]) if row else 0
    landed = ACCOUNTS[2]
    end_s = time.monotonic() + settle_s
    while time.monotonic() < end_s:
        equations = [_account(connection, landed, {"until_poll_id": until_poll_id})]
        if ends is not None:
            equations.append(_kafka_drained(connection, ends))
        if all(equation.balanced for equation in equations):
            break
        time.sleep(_SETTLE_POLL_S)
    return until_poll_id


def _equations(
    connection: psycopg.Connection,
    until_poll_id: int,
    ends: TopicEnds | None,
    date_from: date | None,
    date_to: date | None,
    truth_url: str | None,
) -> tuple[Equation, ...]:
    equations = [_account(connection, account, {"until_poll_id": until_poll_id}) for account in ACCOUNTS]
    if ends is not None:
        equations.append(_kafka_drained(connection, ends))
    bounds = {"date_from": date_from, "date_to": date_to}
    days = connection.execute(read_sql("proof/select_dates"), bounds).fetchall()
    dates = [trading_date for trading_date, _ in days]
    equations.append(bars_recomputed(connection, dates))
    equations.append(rollups_recomputed(connection, days))
    if truth_url is not None:
        equations.extend(landed_against_truth(connection, dates, truth_url))
    return tuple(equations)


def _account(connection: psycopg.Connection, account: Account, parameters: Mapping[str, Any]) -> Equation:
    return summarised(connection, account, sql.SQL(read_sql(f"proof/{account.name}")), parameters)


def _kafka_drained(connection: psycopg.Connection, ends: TopicEnds) -> Equation:
    ledger = {
        (topic, partition): next_offset
        for topic, partition, next_offset in connection.execute(read_sql("proof/select_ledger"))
    }
    tally = Tally(">=")
    for (topic, partition), end in sorted(ends.items()):
        tally.add(f"{topic}/{partition}", ledger.get((topic, partition), 0), end)
    return tally.equation("kafka_drained", "next offsets of the ledger", "ends of the topics when the proof began")
